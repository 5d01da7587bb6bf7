"""
Dates that sell in another currency than that of their show.

Their sales count, each in its own currency, and no sum has two; but a show in AUD that
a platform sells in NZD is a wrong link or a wrong listing as often as not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, and_, select

from ticketsync.core.listed_dates import date_key, group_parts
from ticketsync.reporting import waiting_rows
from ticketsync.store import counted
from ticketsync.store.tables.catalogue import (
    occurrences,
    productions,
    show_links,
    shows,
)
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.tables.sales import tickets


@dataclass(frozen=True, slots=True)
class OtherCurrencies:
    """
    A linked date by its first part that sells so, as `waiting_rows.read_occurrences`
    reads it with its show, and the currencies of all its parts that are not the show's.
    """

    row: Any
    currencies: tuple[str, ...]

    @property
    def version(self) -> str:
        """
        What a person agrees to who says that it is right.
        """
        return f"{self.row.show_id} {self.row.currency} {' '.join(self.currencies)}"


def list_other_currencies(
    connection: Connection, occurrence_ids: Collection[int] | None = None
) -> list[OtherCurrencies]:
    """
    Dates whose sales count for a show and are listed, or were sold, in another currency
    than its own, by time: all, or those of which these occurrences are such parts.
    """
    rows: dict[int, Any] = {}
    found: dict[int, set[str]] = {}
    for row in (*_listed(connection), *_sold(connection)):
        rows[row.id] = row
        found.setdefault(row.id, set()).add(row.other)
    by_time = sorted(rows.values(), key=lambda row: (row.starts_at, row.id))
    return [
        OtherCurrencies(
            parts[0], tuple(sorted(set().union(*(found[part.id] for part in parts))))
        )
        for parts in group_parts(by_time, date_key)
        if occurrence_ids is None or any(part.id in occurrence_ids for part in parts)
    ]


def _listed(connection: Connection) -> Iterator[Any]:
    return _read(
        connection,
        occurrences.c.currency,
        lambda joined: joined,
        occurrences.c.gone_since.is_(None),
    )


def _sold(connection: Connection) -> Iterator[Any]:
    """
    The figures say which few shows to look at; they have a line in the currency of a
    listing, old or new, also where nothing was sold.
    """
    figures = show_financials
    of_account = and_(
        figures.c.show_id == show_links.c.show_id,
        figures.c.account_id == occurrences.c.account_id,
    )
    has_tickets = (
        select(tickets.c.id)
        .where(
            tickets.c.occurrence_id == occurrences.c.id,
            tickets.c.currency == figures.c.currency,
        )
        .correlate(occurrences, figures)
        .exists()
    )
    return _read(
        connection,
        figures.c.currency,
        lambda joined: joined.join(figures, of_account),
        has_tickets,
    )


def _read(
    connection: Connection,
    currency: ColumnElement[Any],
    join: Any,
    *restrictions: ColumnElement[bool],
) -> Iterator[Any]:
    def with_show(joined: FromClause) -> FromClause:
        of_show = shows.c.id == show_links.c.show_id
        work = productions.c.id == shows.c.production_id
        wider: FromClause = join(joined.join(shows, of_show).join(productions, work))
        return wider

    return waiting_rows.read_occurrences(
        connection,
        counted.is_counted(),
        currency != shows.c.currency,
        *restrictions,
        columns=[
            productions.c.title,
            shows.c.currency,
            shows.c.starts_local.label("show_local"),
            currency.label("other"),
        ],
        join=with_show,
    )
