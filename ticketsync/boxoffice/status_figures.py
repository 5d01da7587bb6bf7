"""
What our own box office has to do now: shows on sale, held orders whose money waits, and
refunds that nobody has handed over yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from ticketsync.boxoffice import seats, shows_on_sale
from ticketsync.core import clock
from ticketsync.core.money import Money
from ticketsync.store.tables.boxoffice import (
    boxoffice_orders,
    payment_refunds,
    payments,
)

_LOCAL = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class CounterSummary:
    """
    How many `shows` are on sale with how many seats `left` (`None` where a capacity is
    unknown); how many orders are `held`, whose money is `waiting`; and what is
    `to_return`, by currency.
    """

    shows: int
    left: int | None
    held: int
    waiting: tuple[Money, ...]
    to_return: tuple[Money, ...]


def read_counter(connection: Connection, now: datetime) -> CounterSummary:
    """
    A show that has begun is not on sale any more.
    """
    on_sale = [
        show
        for show in shows_on_sale.list_shows(connection)
        if show.is_open(now)
        and clock.local(now, show.timezone).strftime(_LOCAL) < show.starts_local
    ]
    left = [
        seats.seats_left(show, seats.count_taken(connection, show, now))
        for show in on_sale
    ]
    known = [number for number in left if number is not None]
    is_held = (
        boxoffice_orders.c.state == "pending",
        boxoffice_orders.c.held_until > now,
    )
    currency = boxoffice_orders.c.currency
    held = connection.execute(
        select(currency, func.count(), func.sum(boxoffice_orders.c.total))
        .where(*is_held)
        .group_by(currency)
        .order_by(currency)
    ).all()
    planned = connection.execute(
        select(payments.c.currency, func.sum(payment_refunds.c.amount))
        .join(payments, payments.c.id == payment_refunds.c.payment_id)
        .where(payment_refunds.c.state == "planned")
        .group_by(payments.c.currency)
        .order_by(payments.c.currency)
    )
    return CounterSummary(
        len(on_sale),
        sum(known) if len(known) == len(left) else None,
        sum(number for _, number, _ in held),
        tuple(Money(int(total), code) for code, _, total in held),
        tuple(Money(int(total), code) for code, total in planned),
    )
