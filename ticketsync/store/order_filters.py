"""
Conditions on orders and refunds: sold or given back within a span of time, and of which
accounts. Where nothing is asked for there is no condition, so that a database need not
look at a column for it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement

from ticketsync.core.periods import Period
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.sales import orders, refunds


def placed_within(period: Period, zone: str) -> list[ColumnElement[bool]]:
    """
    Whether an order was placed on a day of the period, by the calendar of the zone.
    """
    return placed_between(*period.instants(zone))


def placed_between(
    begin: datetime | None, end: datetime | None
) -> list[ColumnElement[bool]]:
    """
    Whether an order was placed from the first instant to before the second.
    """
    return [
        *([] if begin is None else [orders.c.placed_at >= begin]),
        *([] if end is None else [orders.c.placed_at < end]),
    ]


def refunded_within(period: Period) -> list[ColumnElement[bool]]:
    """
    Whether a refund counts for a day of the period.
    """
    first, last = period.first, period.last
    return [
        *([] if first is None else [refunds.c.on_day >= first.isoformat()]),
        *([] if last is None else [refunds.c.on_day <= last.isoformat()]),
    ]


def of_accounts(names: Collection[str]) -> list[ColumnElement[bool]]:
    """
    Whether it is of one of these accounts; without names those of all are meant.
    """
    return [accounts.c.name.in_(sorted(names))] if names else []
