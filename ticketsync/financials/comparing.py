"""
The stored figures beside what the stored tickets come to, cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import literal_column, select
from sqlmodel import Session, SQLModel

from ticketsync.core import clock
from ticketsync.core.config import FeeSchedule
from ticketsync.financials import recompute
from ticketsync.store.tables.financials import (
    ShowFinancials,
    ShowTicketType,
    TicketFee,
)
from ticketsync.store.upsert import table_of

TABLES: tuple[type[SQLModel], ...] = (ShowFinancials, TicketFee, ShowTicketType)
FIGURES = table_of(ShowFinancials).name
WRITTEN_AT = "updated_at"  # follows from nothing but the moment of writing

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    One row as it is stored and as it must be; either may be missing.
    """

    table: str
    key: Mapping[str, Any]
    stored: Values | None
    right: Values | None

    @property
    def differing(self) -> list[str]:
        """
        The columns that differ; none where one of the two is missing.
        """
        if self.stored is None or self.right is None:
            return []
        return [
            name for name in self.right if self.stored.get(name) != self.right[name]
        ]


def shows_with_figures(session: Session) -> set[int]:
    """
    All shows that have, or should have, a row in any table of figures.
    """
    found = recompute.linked_shows(session)
    for model in TABLES:
        shows = select(table_of(model).c.show_id).distinct()
        found |= set(session.connection().scalars(shows))
    return found


def comparisons(
    session: Session, schedules: Mapping[int, FeeSchedule]
) -> Iterator[Comparison]:
    """
    Every row of the tables of figures that is not what it must be.
    """
    shows = shows_with_figures(session)
    fresh = recompute.recomputed(session, shows, schedules)
    for model in TABLES:
        table = table_of(model)
        key = [column.name for column in table.primary_key]
        stored = {_part(row, key): row for row in stored_rows(session, model)}
        right = {_part(row, key): row for row in fresh.get(model, ())}
        for place in sorted({*stored, *right}, key=str):
            found = Comparison(
                table.name,
                dict(zip(key, place, strict=True)),
                stored.get(place),
                right.get(place),
            )
            if found.stored is None or found.right is None or found.differing:
                yield found


def stored_rows(session: Session, model: type[SQLModel]) -> list[dict[str, Any]]:
    """
    The rows of a table as the database has them, whatever stands in them.
    """
    table = table_of(model)
    columns: list[Any] = [
        literal_column(f"{table.name}.{column.name}").label(column.name)
        for column in table.columns
    ]
    rows = session.connection().execute(select(*columns).select_from(table)).mappings()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    return clock.iso(value) if isinstance(value, datetime) else value


def _part(row: Values, names: list[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)
