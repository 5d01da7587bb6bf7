"""
The named fee lines of shows: those that platforms reported, by occurrence, and those of
the venue's own rates for orders whose fees are unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, case, cast, func, select

from ticketsync.core.config import FeeSchedule
from ticketsync.financials import fees
from ticketsync.financials.fees import OrderPart
from ticketsync.store import counted, totals
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.sales import fees as fees_table
from ticketsync.store.tables.sales import orders, tickets
from ticketsync.store.types import WHOLE

Key = tuple[int, int, str]  # show, account, currency
Lines = dict[str, int]  # name → amount in minor units


@dataclass(frozen=True, slots=True)
class ReportedLines:
    """
    The reported fees of a show: of orders whose fees are completely known, and the
    known part of the others.
    """

    complete: Lines = field(default_factory=dict)
    partial: Lines = field(default_factory=dict)

    def all_known(self) -> Lines:
        return add_lines(self.complete, self.partial)


@dataclass(frozen=True, slots=True)
class Bill:
    """
    What the venue's own rates make of an order (our id), as far as it is for one show.
    """

    order_id: int
    show_id: int
    account_id: int
    currency: str
    lines: Lines


def add_lines(one: Mapping[str, int], other: Mapping[str, int]) -> Lines:
    """
    The lines of both, by name.
    """
    names = dict.fromkeys((*one, *other))
    return {name: one.get(name, 0) + other.get(name, 0) for name in names}


def reported(connection: Connection, of_shows: Any) -> dict[Key, ReportedLines]:
    """
    The lines that platforms reported of the shows in `of_shows`, a restriction of
    links.
    """
    if connection.execute(select(fees_table.c.order_id).limit(1)).first() is None:
        return {}  # most venues have none, and the join is slow
    open_orders = select(fees_table.c.order_id).where(fees_table.c.amount.is_(None))
    is_partial = case((fees_table.c.order_id.in_(open_orders), 1), else_=0)
    group = (
        show_links.c.show_id,
        orders.c.account_id,
        orders.c.currency,
        fees_table.c.name,
        is_partial,
    )
    query = (
        select(*group, cast(func.sum(fees_table.c.amount), WHOLE))
        .select_from(
            counted.counted_links()
            .join(fees_table, fees_table.c.occurrence_id == show_links.c.occurrence_id)
            .join(orders, orders.c.id == fees_table.c.order_id)
        )
        .where(of_shows, fees_table.c.amount.is_not(None))
        .group_by(*group)
    )
    found: dict[Key, ReportedLines] = {}
    for show, account, currency, name, partial, amount in connection.execute(query):
        of_show = found.setdefault((show, account, currency), ReportedLines())
        (of_show.partial if partial else of_show.complete)[name] = amount
    return found


def scheduled(
    connection: Connection, of_shows: Any, schedules: Mapping[int, FeeSchedule]
) -> dict[Key, Lines]:
    """
    The venue's own rates for those orders of the shows in `of_shows` whose fees are
    unknown: each order is billed once, and each show bears its part.
    """
    found: dict[Key, Lines] = {}
    for bill in scheduled_bills(connection, of_shows, schedules):
        key = (bill.show_id, bill.account_id, bill.currency)
        found[key] = add_lines(found.get(key, {}), bill.lines)
    return found


def scheduled_bills(
    connection: Connection, of_shows: Any, schedules: Mapping[int, FeeSchedule]
) -> Iterator[Bill]:
    """
    The same order by order.
    """
    if not schedules:
        return
    show_ids = _read_show_ids(connection)
    for order, parts in _unknown_orders(connection, of_shows, schedules):
        order_id, account, currency = order
        if account not in schedules:  # a ticket whose account was changed by hand
            continue
        lines = fees.by_schedule(parts, schedules[account], currency)
        for part, of_part in zip(parts, lines, strict=True):
            show = show_ids.get(part.occurrence_id)
            if show is not None:
                yield Bill(order_id, show, account, currency, of_part)


def _read_show_ids(connection: Connection) -> dict[int, int]:
    """
    The show that each counted occurrence feeds.
    """
    query = select(show_links.c.occurrence_id, show_links.c.show_id)
    rows = connection.execute(query.select_from(counted.counted_links()))
    return {int(row.occurrence_id): int(row.show_id) for row in rows}


def _orders_without_fees(of_shows: Any, accounts: Iterable[int]) -> Select[Any]:
    return (
        select(tickets.c.order_id)
        .select_from(counted.counted_tickets())
        .where(of_shows, totals.lacks_fees(), tickets.c.account_id.in_(list(accounts)))
        .where(tickets.c.order_id.is_not(None))
    )


def _unknown_orders(
    connection: Connection, of_shows: Any, accounts: Iterable[int]
) -> Iterable[tuple[tuple[int, int, str], list[OrderPart]]]:
    """
    Orders with a ticket of these shows and unknown fees, whole: our id, account and
    currency, and their parts by occurrence, also those of other shows and of none.
    """
    wanted = _orders_without_fees(of_shows, accounts)
    paid = (tickets.c.kind == "admission") & (tickets.c.face > 0)
    group = (
        tickets.c.order_id,
        tickets.c.account_id,
        tickets.c.currency,
        tickets.c.occurrence_id,
    )
    query = (
        select(
            *group,
            cast(func.sum(tickets.c.charged), WHOLE),
            cast(func.sum(case((paid, 1), else_=0)), WHOLE),
        )
        .where(tickets.c.order_id.in_(wanted))
        .group_by(*group)
    )
    found: dict[tuple[int, int, str], list[OrderPart]] = {}
    rows = connection.execute(query)
    for order, account, currency, occurrence, charged, number in rows:
        parts = found.setdefault((order, account, currency), [])
        parts.append(OrderPart(occurrence, charged, number))
    for order_key, parts in found.items():
        # The order of groups is undefined; a tie goes to the earlier occurrence.
        yield order_key, sorted(parts, key=lambda part: part.occurrence_id)
