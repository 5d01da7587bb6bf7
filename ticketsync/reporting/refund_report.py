"""
Refunds of a time or of shows: each movement with its day and what that day is based on.

The sums are one for each currency and basis, so that a platform's dates and days on
which we first saw a refund are never added up without saying so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, select

from ticketsync.core import tables
from ticketsync.core.tables import Column, Kind, Table
from ticketsync.reporting import sales
from ticketsync.reporting.figure_filter import EVERYTHING, FigureFilter
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import productions, shows, venues
from ticketsync.store.tables.sales import orders, refunds

BY: Final = ("refund", "show")
# In the order in which sums are listed.
BASES: Final[Mapping[str, str]] = {
    "reported": "the platform's date",
    "void": "the day of the void",
    "seen": "the day first seen",
    "assumed": "an assumed day (there at the first read)",
}
SUMS: Final = (
    Column("basis"),
    Column("currency"),
    Column("refunds", Kind.COUNT),
    Column("amount", Kind.MONEY),
)


def refunds_table(
    connection: Connection, chosen: FigureFilter = EVERYTHING, *, by: str = "refund"
) -> Table:
    """
    The refunds chosen, loaded, the newest day first. `by` says which day is in the
    period (one of `BY`): that of the refund, by the calendar of the default venue, or
    that of the show, at its venue.
    """
    query = sales.refunds_query()
    if chosen.account:
        query = query.where(accounts.c.name == chosen.account)
    if chosen.currency:
        query = query.where(orders.c.currency == chosen.currency)
    if by == "refund":
        first, last = chosen.period.first, chosen.period.last
        if first is not None:
            query = query.where(refunds.c.on_day >= first.isoformat())
        if last is not None:
            query = query.where(refunds.c.on_day <= last.isoformat())
    query = query.order_by(None).order_by(refunds.c.on_day.desc(), refunds.c.id.desc())
    show = Table(sales.REFUNDS, ()).position("show_id")
    ids = _show_ids(connection, chosen, by)
    rows = [
        row
        for row in sales.refund_rows(connection, query)
        if ids is None or row[show] in ids
    ]
    return Table(sales.REFUNDS, rows)


def _show_ids(
    connection: Connection, chosen: FigureFilter, by: str
) -> frozenset[int] | None:
    """
    The shows (our ids) that are chosen; `None` where refunds without a show are, too.
    """
    if by == "refund":
        chosen = replace(chosen, period=EVERYTHING.period)
        if chosen == replace(
            EVERYTHING, account=chosen.account, currency=chosen.currency
        ):
            return None
    query = (
        select(shows.c.id)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(venues, venues.c.id == shows.c.venue_id)
        .where(*chosen.of_shows())
    )
    return frozenset(connection.scalars(query))


def sums_by_basis(report: Table) -> Table:
    """
    The sums of loaded refunds: one for each basis and currency. A refund of an order
    over several shows, which has a row for each of them, counts once.
    """
    counted: set[tuple[Any, ...]] = set()
    rows = []
    names = ("account", "order_id", "number", "basis", "currency", "amount")
    places = [report.position(name) for name in names]
    for row in report.rows:
        *movement, basis, currency, amount = (row[place] for place in places)
        number = 0 if tuple(movement) in counted else 1
        counted.add(tuple(movement))
        rows.append((basis, currency, number, amount))
    sums = tables.grouped(Table(SUMS, rows), ["basis"])
    order = [*BASES]
    return Table(SUMS, sorted(sums.rows, key=lambda row: (row[1], order.index(row[0]))))
