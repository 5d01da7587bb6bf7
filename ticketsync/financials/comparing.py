"""
Comparison of the stored figures with those computed from the stored tickets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, literal_column, select

from ticketsync.core import clock
from ticketsync.financials import recompute
from ticketsync.financials.fees import Schedules
from ticketsync.store.tables.financials import (
    show_financials,
    show_ticket_types,
    ticket_fees,
)

TABLES: tuple[Table, ...] = (
    show_financials,
    ticket_fees,
    show_ticket_types,
)
FIGURES = show_financials.name
WRITTEN_AT = "updated_at"  # depends only on when it was written

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    One row as it is stored and as it should be; either may be missing.
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


def shows_with_figures(connection: Connection) -> set[int]:
    """
    All shows that have, or should have, a row in any table of figures.
    """
    comparison = recompute.linked_shows(connection)
    for table in TABLES:
        shows = select(table.c.show_id).distinct()
        comparison |= set(connection.scalars(shows))
    return comparison


def compare_figures(
    connection: Connection, schedules: Schedules
) -> Iterator[Comparison]:
    """
    Every row of the tables of figures that is not as it should be.
    """
    shows = shows_with_figures(connection)
    fresh = recompute.compute_figures(connection, shows, schedules)
    for table in TABLES:
        key = [column.name for column in table.primary_key]
        stored = {_key_of(row, key): row for row in stored_rows(connection, table)}
        right = {_key_of(row, key): row for row in fresh.get(table, ())}
        for row_key in sorted({*stored, *right}, key=str):
            comparison = Comparison(
                table.name,
                dict(zip(key, row_key, strict=True)),
                stored.get(row_key),
                right.get(row_key),
            )
            if (
                comparison.stored is None
                or comparison.right is None
                or comparison.differing
            ):
                yield comparison


def stored_rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """
    The rows of a table as the database has them, without conversion.
    """
    columns: list[Any] = [
        literal_column(f"{table.name}.{column.name}").label(column.name)
        for column in table.columns
    ]
    rows = connection.execute(select(*columns).select_from(table)).mappings()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    return clock.iso(value) if isinstance(value, datetime) else value


def _key_of(row: Values, names: list[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)
