"""
Dates that sell in another currency than before, or than their show.

Their sales count, each in its own currency, and no sum has two. A show may well sell in
two currencies, on two platforms; but a date whose sales have another one than its
listing was changed by its platform, or is listed by mistake.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, and_, func, select

from ticketsync.core.date_keys import date_key, group_parts
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
class DateCurrencies:
    """
    A linked date by its first part that sells so, as `waiting_rows.read_occurrences`
    reads it with its show, and the other currencies of all its parts.
    """

    row: Any
    currencies: tuple[str, ...]


def list_changed(connection: Connection) -> list[DateCurrencies]:
    """
    Dates whose sales count for a show and are in another currency than the listing, by
    time. Without a listed currency that of the show counts.
    """
    listed = func.coalesce(occurrences.c.currency, shows.c.currency)
    return _by_date(_sold(connection, listed))


def list_unlike_show(
    connection: Connection, occurrence_ids: Collection[int]
) -> list[DateCurrencies]:
    """
    Those of these linked dates that are listed, or were sold, in another currency than
    that of their show.
    """
    among = occurrences.c.id.in_(sorted(occurrence_ids))
    listed = _read(
        connection,
        occurrences.c.currency,
        lambda joined: joined,
        *(occurrences.c.gone_since.is_(None), among),
        occurrences.c.currency != shows.c.currency,
    )
    return _by_date([*listed, *_sold(connection, shows.c.currency, among)])


def _by_date(rows: Iterable[Any]) -> list[DateCurrencies]:
    of: dict[int, Any] = {}
    found: dict[int, set[str]] = {}
    for row in rows:
        of[row.id] = row
        found.setdefault(row.id, set()).add(row.other)
    by_time = sorted(of.values(), key=lambda row: (row.starts_at, row.id))
    return [
        DateCurrencies(
            parts[0], tuple(sorted(set().union(*(found[part.id] for part in parts))))
        )
        for parts in group_parts(by_time, date_key)
    ]


def _sold(
    connection: Connection,
    usual: ColumnElement[Any],
    *restrictions: ColumnElement[bool],
) -> list[Any]:
    """
    What has tickets in another currency than the usual one. The figures say which few
    shows to look at; they have a line in the currency of a listing, old or new, also
    where nothing was sold.
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
            counted.is_of_show(),
        )
        .correlate(occurrences, figures)
        .exists()
    )
    return _read(
        connection,
        figures.c.currency,
        lambda joined: joined.join(figures, of_account),
        *(figures.c.currency != usual, has_tickets, *restrictions),
    )


def _read(
    connection: Connection,
    currency: ColumnElement[Any],
    join: Any,
    *restrictions: ColumnElement[bool],
) -> list[Any]:
    def with_show(joined: FromClause) -> FromClause:
        of_show = shows.c.id == show_links.c.show_id
        work = productions.c.id == shows.c.production_id
        wider: FromClause = join(joined.join(shows, of_show).join(productions, work))
        return wider

    found = waiting_rows.read_occurrences(
        connection,
        counted.is_counted(),
        *restrictions,
        columns=[
            productions.c.title,
            shows.c.currency,
            shows.c.starts_local.label("show_local"),
            func.coalesce(occurrences.c.currency, shows.c.currency).label("usual"),
            currency.label("other"),
        ],
        join=with_show,
    )
    return list(found)
