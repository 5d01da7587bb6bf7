"""
Orders and refunds by the span of time in which they were placed or given back.

For several spans each database has a way of its own that takes half as long as the
other's. Their moments are one parameter, however many they are, so that the statement
around them is compiled once. A single span is a list of conditions, empty where it has
neither beginning nor end.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Integer,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    func,
    select,
)

from ticketsync.core.periods import Period
from ticketsync.store.tables.sales import orders, refunds, tickets
from ticketsync.store.types import Instant

_INSTANT = Instant()


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


def orders_by_span(connection: Connection, moments: Sequence[datetime]) -> Select[Any]:
    """
    The orders placed since the first of these moments, which are in order: each
    `order_id` with `span`, the index of the last moment that is not after it.
    """
    if connection.dialect.name == "sqlite":
        return _from_each_span(connection, moments)
    return _from_each_order(moments)


def of_orders_since(
    connection: Connection, query: Select[Any], since: datetime
) -> Select[Any]:
    """
    A query over tickets, only over those whose orders were placed since.
    """
    if connection.dialect.name == "sqlite":
        placed = _from_each_span(connection, [since]).subquery("placed")
        return query.join(placed, placed.c.order_id == tickets.c.order_id)
    # An array is looked up in the index in one go; a join asks it for every order, or
    # looks at every ticket.
    lately = select(orders.c.id).where(orders.c.placed_at >= since)
    ids = func.array(lately.scalar_subquery())
    return query.where(tickets.c.order_id == any_(ids))


def _from_each_span(connection: Connection, moments: Sequence[datetime]) -> Select[Any]:
    """
    Begins at the spans and finds the orders of each by the index on their time.
    """
    starts = [_INSTANT.process_bind_param(at, connection.dialect) for at in moments]
    # The last span has no end: "~" comes after all digits.
    pairs = json.dumps([*zip(starts, [*starts[1:], "~"], strict=True)])
    span = func.json_each(bindparam(None, pairs, Text())).table_valued("key", "value")
    first, end = (
        func.json_extract(span.c.value, path, type_=_INSTANT)
        for path in ("$[0]", "$[1]")
    )
    placed_at = orders.c.placed_at
    is_within = and_(placed_at >= first, placed_at < end)
    return (
        select(span.c.key.label("span"), orders.c.id.label("order_id"))
        .select_from(span)
        .join(orders, is_within)
    )


def _from_each_order(moments: Sequence[datetime]) -> Select[Any]:
    starts = bindparam(None, list(moments), ARRAY(Instant()))
    number = func.width_bucket(orders.c.placed_at, starts, type_=Integer())
    # In the order of the index that their tickets are found by: joining two sorted
    # lists takes three quarters of the time of a hash table of the orders.
    return (
        select((number - 1).label("span"), orders.c.id.label("order_id"))
        .where(orders.c.placed_at >= moments[0])
        .order_by(orders.c.id)
    )
