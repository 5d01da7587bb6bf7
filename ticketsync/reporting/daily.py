"""
The daily summary: every show on sale, its recent sales and its totals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from ticketsync.core import tables
from ticketsync.core.money import Money
from ticketsync.core.tables import Column, Kind, Table
from ticketsync.reporting import fullness
from ticketsync.store import counted, order_spans, query_results
from ticketsync.store.capacity import Seats
from ticketsync.store.tables.catalogue import (
    occurrences,
    productions,
    show_links,
    shows,
)
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.tables.sales import tickets

Key = tuple[int, str]  # a show and a currency

SUMS = (
    Column("currency"),
    Column("recently", Kind.COUNT),
    Column("sold", Kind.COUNT),
    Column("comps", Kind.COUNT),
    Column("gross", Kind.MONEY),
)

BY_CURRENCY = (
    Column("show_id", Kind.ID),
    Column("production"),
    Column("starts_at", Kind.INSTANT),
    Column("allocation", Kind.NUMBER),
    Column("currency"),
    Column("sold_since_yesterday", Kind.COUNT),
    Column("tickets_sold", Kind.COUNT),
    Column("tickets_comp", Kind.COUNT),
    Column("gross", Kind.MONEY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """
    The sales of a show in one currency. `recently` counts tickets that were ordered
    since the given instant and still admit somebody.
    """

    currency: str
    recently: int
    sold: int
    comps: int
    gross: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSale:
    """
    One upcoming show. `allocation` is its capacity by the rule of `store.capacity`;
    `None` if unknown. `sums` has one entry per currency.
    """

    show_id: int
    production: str
    starts_at: datetime
    starts_local: str
    timezone: str
    seats: Seats
    sums: tuple[Sums, ...]

    @property
    def recently(self) -> int:
        return sum(item.recently for item in self.sums)

    @property
    def comps(self) -> int:
        return sum(item.comps for item in self.sums)

    @property
    def gross(self) -> tuple[Money, ...]:
        return tuple(item.gross for item in self.sums)

    @property
    def allocation(self) -> int | None:
        return self.seats.capacity

    @property
    def sold(self) -> int:
        return self.seats.sold


def table_by_currency(shows: Iterable[OnSale]) -> Table:
    """
    One row for each show and currency; a show without sales has one row without a
    currency.
    """
    return Table(BY_CURRENCY, (row for show in shows for row in _rows_of(show)))


def _rows_of(show: OnSale) -> Iterator[tuple[Any, ...]]:
    named = (show.show_id, show.production, show.starts_at, show.allocation)
    if not show.sums:
        yield (*named, None, 0, 0, 0, None)
    for sums in show.sums:
        counts = (sums.recently, sums.sold, sums.comps)
        yield (*named, sums.currency, *counts, sums.gross.minor)


def totals(shows: Iterable[OnSale]) -> list[Sums]:
    """
    The sums over these shows, one for each currency.
    """
    sums = [item for show in shows for item in show.sums]
    found = tables.totals(tables.of_values(SUMS, sums))
    return [Sums(**row) for row in tables.by_name(found)]


def list_on_sale(
    connection: Connection, *, now: datetime, since: datetime
) -> list[OnSale]:
    """
    The upcoming shows that some platform has on sale, in the order they play.
    """
    rows = connection.execute(
        select(
            shows.c.id,
            productions.c.title,
            shows.c.starts_at,
            shows.c.starts_local,
            shows.c.timezone,
        )
        .select_from(counted.counted_links())
        .join(productions, productions.c.id == shows.c.production_id)
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .where(
            shows.c.starts_at >= now,
            counted.is_listed_as("on_sale"),
        )
        .group_by(
            shows.c.id,
            productions.c.title,
            shows.c.starts_at,
            shows.c.starts_local,
            shows.c.timezone,
        )
        .order_by(shows.c.starts_at, shows.c.id)
    ).all()
    sums = _sums(connection, since)
    seats = fullness.read_seats(connection)
    return [
        OnSale(
            show_id=row.id,
            production=row.title,
            starts_at=row.starts_at,
            starts_local=row.starts_local,
            timezone=row.timezone,
            seats=seats[row.id],
            sums=tuple(sums.get(row.id, ())),
        )
        for row in rows
    ]


def _sums(connection: Connection, since: datetime) -> dict[int, list[Sums]]:
    recently, figures = _recently(connection, since), _totals(connection)
    found: dict[int, list[Sums]] = {}
    for show_id, currency in sorted({*recently, *figures}):
        sold, comps, gross = figures.get((show_id, currency), (0, 0, 0))
        found.setdefault(show_id, []).append(
            Sums(
                currency=currency,
                recently=recently.get((show_id, currency), 0),
                sold=sold,
                comps=comps,
                gross=Money(gross, currency),
            )
        )
    return found


def _recently(connection: Connection, since: datetime) -> dict[Key, int]:
    # What was ordered in that time first, then its shows. SQLite sorts tickets by
    # occurrence and currency in two thirds of the time of the other way round.
    group = (tickets.c.occurrence_id, tickets.c.currency)
    admitting = (
        select(*group, func.count().label("number"))
        .select_from(tickets)
        .where(counted.admits(), counted.is_counted_ticket())
        .group_by(*group)
    )
    ordered = order_spans.of_orders_since(connection, admitting, since).subquery()
    rows = connection.execute(
        select(show_links.c.show_id, ordered.c.currency, func.sum(ordered.c.number))
        .join(ordered, ordered.c.occurrence_id == show_links.c.occurrence_id)
        .group_by(show_links.c.show_id, ordered.c.currency)
    )
    return {(int(show), currency): int(number) for show, currency, number in rows}


def _totals(connection: Connection) -> dict[Key, tuple[int, int, int]]:
    """
    Tickets sold, comps among them and gross in minor units.
    """
    rows = connection.execute(
        select(
            show_financials.c.show_id,
            show_financials.c.currency,
            func.sum(show_financials.c.tickets_sold),
            func.sum(show_financials.c.tickets_comp),
            func.sum(show_financials.c.gross),
        )
        .where(query_results.is_known(show_financials.c.currency))
        .group_by(show_financials.c.show_id, show_financials.c.currency)
    )
    return {
        (int(show), currency): (int(sold), int(comps), int(gross))
        for show, currency, sold, comps, gross in rows
    }
