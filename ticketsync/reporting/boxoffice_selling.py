"""
How our own box office sells: of the orders that were begun, how many were paid and how
many expired, and how full its shows are.

An order is what somebody held or bought at once, complimentary tickets too. One whose
hold is over has expired, whether anything has marked it or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Subquery,
    and_,
    case,
    func,
    literal,
    or_,
    select,
)

from ticketsync.core import tables
from ticketsync.core.periods import ALWAYS, Period
from ticketsync.core.tables import Column, Kind, Row, Table
from ticketsync.store import counted
from ticketsync.store.tables.boxoffice import (
    boxoffice_orders,
    boxoffice_tickets,
    payments,
)
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import productions, show_links, shows
from ticketsync.store.tables.sales import tickets
from ticketsync.store.types import Instant

COLUMNS: Final = (
    Column("starts_local", Kind.LOCAL),
    Column("show_id", Kind.ID),
    Column("production"),
    Column("orders", Kind.COUNT),
    Column("paid", Kind.COUNT),
    Column("held", Kind.COUNT),
    Column("expired", Kind.COUNT),
    Column("cancelled", Kind.COUNT),
    Column("conversion", Kind.RATE),
    Column("expiry_rate", Kind.RATE),
    Column("tickets", Kind.COUNT),
    Column("seats", Kind.COUNT),
    Column("taken", Kind.COUNT),
    Column("use_of_seats", Kind.RATE),
    Column("currency"),
    Column("gross", Kind.MONEY),
)
_SUMS: Final = ("orders", "paid", "held", "expired", "cancelled", "tickets", "gross")


def selling_table(
    connection: Connection,
    now: datetime,
    *,
    zone: str,
    by: str = "sale",
    period: Period = ALWAYS,
) -> Table:
    """
    One line for each show that the box office sells or sold, in the order they play: of
    the orders that were begun in the period, by the calendar of `zone`, or by `show` of
    all orders for shows that play in it.

    `conversion` and `expiry_rate` are what was paid and what expired, of the orders
    that are decided: all but those that are still held. `tickets` are those of these
    orders that are valid now; `seats` and `taken`, of the whole show and all platforms
    that share its seats, do not depend on the period.
    """
    begun = _orders(now, zone, period if by == "sale" else ALWAYS)
    query = (
        select(
            shows.c.id.label("show_id"),
            shows.c.starts_local,
            shows.c.currency,
            productions.c.title.label("production"),
            *(func.coalesce(begun.c[n], 0).label(n) for n in _SUMS),
            func.coalesce(boxoffice_shows.c.capacity, shows.c.capacity).label("seats"),
            func.coalesce(_taken(), 0).label("taken"),
        )
        .select_from(boxoffice_shows)
        .join(shows, shows.c.id == boxoffice_shows.c.show_id)
        .join(productions, productions.c.id == shows.c.production_id)
        .outerjoin(begun, begun.c.show_id == boxoffice_shows.c.show_id)
        .order_by(shows.c.starts_at, shows.c.id)
    )
    if by == "sale" and period != ALWAYS:
        query = query.where(begun.c.orders > 0)
    rows = [
        row._mapping
        for row in connection.execute(query)
        if by == "sale" or period.has_start(row.starts_local)
    ]
    return with_rates(Table(COLUMNS, [_row(row) for row in rows]))


def with_rates(table: Table) -> Table:
    """
    The report with its rates, which are computed from the counts of each line; of a
    line of totals as well.
    """
    return Table(table.columns, [*_with_rates(table)])


def _with_rates(table: Table) -> Iterator[Row]:
    for row in table.rows:
        values = dict(zip(table.names, row, strict=True))
        decided = values["orders"] - values["held"]
        values["conversion"] = tables.rate(values["paid"], decided)
        values["expiry_rate"] = tables.rate(values["expired"], decided)
        values["use_of_seats"] = tables.rate(values["taken"], values["seats"])
        yield tuple(values.values())


def _row(values: Any) -> Row:
    """
    A row without its rates. Sums are numbers of arbitrary size on PostgreSQL.
    """
    sums = {name: int(values[name]) for name in _SUMS}
    return tuple({**values, **sums}.get(column.name) for column in COLUMNS)


def _orders(now: datetime, zone: str, period: Period) -> Subquery:
    """
    The orders that were begun in a period, by show and by how they stand.
    """
    is_over = boxoffice_orders.c.held_until <= literal(now, Instant)
    is_pending = boxoffice_orders.c.state == "pending"
    is_expired = or_(boxoffice_orders.c.state == "expired", and_(is_pending, is_over))
    is_paid = boxoffice_orders.c.state.in_(("paid", "refunded"))
    charged = boxoffice_orders.c.total - _by_voucher()
    begin, end = period.instants(zone)
    created = boxoffice_orders.c.created_at
    within: list[ColumnElement[bool]] = []
    if begin is not None:
        within.append(created >= begin)
    if end is not None:
        within.append(created < end)
    return (
        select(
            boxoffice_orders.c.show_id,
            func.count().label("orders"),
            _number(is_paid).label("paid"),
            _number(and_(is_pending, ~is_over)).label("held"),
            _number(is_expired).label("expired"),
            _number(boxoffice_orders.c.state == "cancelled").label("cancelled"),
            func.sum(_valid_tickets()).label("tickets"),
            func.sum(case((is_paid, charged), else_=0)).label("gross"),
        )
        .where(*within)
        .group_by(boxoffice_orders.c.show_id)
        .subquery("begun")
    )


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _valid_tickets() -> ColumnElement[int]:
    return (
        select(func.count())
        .select_from(boxoffice_tickets)
        .where(
            boxoffice_tickets.c.order_id == boxoffice_orders.c.id,
            boxoffice_tickets.c.state == "issued",
        )
        .correlate(boxoffice_orders)
        .scalar_subquery()
    )


def _by_voucher() -> ColumnElement[int]:
    """
    What was paid of an order by vouchers that are money.
    """
    return (
        select(func.coalesce(func.sum(payments.c.amount), 0))
        .where(
            payments.c.order_id == boxoffice_orders.c.id,
            payments.c.method == "voucher",
            payments.c.state.in_(("succeeded", "returned")),
        )
        .correlate(boxoffice_orders)
        .scalar_subquery()
    )


def _taken() -> ColumnElement[int]:
    """
    The seats of a show that somebody will be admitted to.
    """
    is_of_show = show_links.c.show_id == boxoffice_shows.c.show_id
    shares_seats = or_(
        boxoffice_shows.c.counts_other_platforms,
        tickets.c.account_id == boxoffice_shows.c.account_id,
    )
    return (
        select(func.count())
        .select_from(counted.admitting_tickets())
        .where(is_of_show, shares_seats)
        .correlate(boxoffice_shows)
        .scalar_subquery()
    )
