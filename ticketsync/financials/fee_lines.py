"""
The named fee lines of shows: those that platforms reported, by occurrence, and those of
the venue's own rates for orders whose fees are unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    false,
    func,
    or_,
    select,
)

from ticketsync.core.settings.config import FeeSchedule
from ticketsync.financials import fees
from ticketsync.financials.fees import LineRate, OrderPart, Schedules, Span
from ticketsync.store import counted, totals
from ticketsync.store.business_zone import get_business_zone
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.sales import fees as fees_table
from ticketsync.store.tables.sales import orders, tickets
from ticketsync.store.types import whole_sum

Key = tuple[int, int, str]  # show, account, currency
OrderKey = tuple[int, int, str, datetime]  # order, account, currency, sale
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
class ScheduledLine:
    """
    A line of a show by the venue's own rates: minor units, and the rate if all of it
    has the same.
    """

    amount: int
    rate: LineRate

    def with_more(self, amount: int, rate: LineRate) -> ScheduledLine:
        """
        The line with the part of one more order.
        """
        return ScheduledLine(
            self.amount + amount, rate if rate == self.rate else LineRate()
        )


@dataclass(frozen=True, slots=True)
class Bill:
    """
    What one of the venue's own rates makes of an order (our id), as far as it is for
    one show.
    """

    order_id: int
    show_id: int
    account_id: int
    currency: str
    lines: Lines
    schedule: FeeSchedule

    @property
    def tax_ppm(self) -> int | None:
        """
        The rate of the tax inside, `None` where the venue does not say it.
        """
        return self.schedule.tax


def add_lines(one: Mapping[str, int], other: Mapping[str, int]) -> Lines:
    """
    The lines of both, by name.
    """
    names = dict.fromkeys((*one, *other))
    return {name: one.get(name, 0) + other.get(name, 0) for name in names}


def account_spans(
    connection: Connection, schedules: Schedules
) -> dict[int, list[Span]]:
    """
    When the rates of each account (our id) begin, in the zone of the business.
    """
    if not schedules:
        return {}
    zone = get_business_zone(connection)
    return {account: fees.spans(own, zone) for account, own in schedules.items()}


def is_covered(connection: Connection, schedules: Schedules) -> ColumnElement[bool]:
    """
    Whether the venue had a rate of its own for an order on the day of its sale.
    """
    known = [
        and_(
            orders.c.account_id == account,
            *(() if own[0].start is None else (orders.c.placed_at >= own[0].start,)),
        )
        for account, own in account_spans(connection, schedules).items()
        if own
    ]
    return or_(false(), *known)


def uncovered(
    connection: Connection, of_shows: Any, schedules: Schedules
) -> frozenset[Key]:
    """
    The figures that contain a paid order whose fees are unknown and that was sold
    before the first of its account's dated rates.
    """
    dated = [a for a, own in schedules.items() if own and own[0].since is not None]
    if not dated:
        return frozenset()
    query = (
        select(show_links.c.show_id, orders.c.account_id, orders.c.currency)
        .select_from(
            counted.counted_tickets().join(orders, orders.c.id == tickets.c.order_id)
        )
        .where(of_shows, totals.lacks_fees(), orders.c.account_id.in_(dated))
        .where(~is_covered(connection, schedules))
        .distinct()
    )
    return frozenset((row[0], row[1], row[2]) for row in connection.execute(query))


def reported(
    connection: Connection, of_shows: Any, schedules: Schedules
) -> dict[Key, ReportedLines]:
    """
    The lines that platforms reported of the shows in `of_shows`, a restriction of
    links; without the known part of orders that the venue's own rates are applied to.
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
        select(*group, whole_sum(fees_table.c.amount))
        .select_from(
            counted.counted_links()
            .join(fees_table, fees_table.c.occurrence_id == show_links.c.occurrence_id)
            .join(orders, orders.c.id == fees_table.c.order_id)
        )
        .where(of_shows, fees_table.c.amount.is_not(None))
        .where(or_(is_partial == 0, ~is_covered(connection, schedules)))
        .group_by(*group)
    )
    found: dict[Key, ReportedLines] = {}
    for show, account, currency, name, partial, amount in connection.execute(query):
        of_show = found.setdefault((show, account, currency), ReportedLines())
        (of_show.partial if partial else of_show.complete)[name] = amount
    return found


def scheduled(
    connection: Connection, of_shows: Any, schedules: Schedules
) -> dict[Key, dict[str, ScheduledLine]]:
    """
    The venue's own rates for those orders of the shows in `of_shows` whose fees are
    unknown: each order is billed once, and each show bears its part. By name.
    """
    found: dict[Key, dict[str, ScheduledLine]] = {}
    for bill in scheduled_bills(connection, of_shows, schedules):
        key = (bill.show_id, bill.account_id, bill.currency)
        lines = found.setdefault(key, {})
        for name, amount in bill.lines.items():
            rate = fees.rate_of(name, bill.schedule, bill.currency)
            line = lines.get(name, ScheduledLine(0, rate))
            lines[name] = line.with_more(amount, rate)
    return found


def scheduled_bills(
    connection: Connection, of_shows: Any, schedules: Schedules
) -> Iterator[Bill]:
    """
    The same order by order.
    """
    if not schedules:
        return
    show_ids = _read_show_ids(connection)
    of_accounts = account_spans(connection, schedules)
    for order, parts in _unknown_orders(connection, of_shows, schedules):
        order_id, account, currency, placed_at = order
        # A ticket's account may have been changed by hand.
        schedule = fees.in_force(of_accounts.get(account, ()), placed_at)
        if schedule is None:
            continue
        lines = fees.by_schedule(parts, schedule, currency)
        for part, of_part in zip(parts, lines, strict=True):
            show = show_ids.get(part.occurrence_id)
            if show is not None:
                yield Bill(order_id, show, account, currency, of_part, schedule)


def _read_show_ids(connection: Connection) -> dict[int, int]:
    """
    The show that each counted occurrence is linked to.
    """
    query = select(show_links.c.occurrence_id, show_links.c.show_id)
    rows = connection.execute(query.select_from(counted.counted_links()))
    return {int(row.occurrence_id): int(row.show_id) for row in rows}


def _orders_without_fees(of_shows: Any, schedules: Schedules) -> Select[Any]:
    bill_free = [a for a, own in schedules.items() if any(s.free_tickets for s in own)]
    is_billed = totals.lacks_fees()
    if bill_free:
        is_free = and_(
            tickets.c.is_comp,
            tickets.c.fees.is_(None),
            tickets.c.account_id.in_(bill_free),
        )
        is_billed = or_(is_billed, is_free)
    return (
        select(tickets.c.order_id)
        .select_from(counted.counted_tickets())
        .where(of_shows, is_billed, tickets.c.account_id.in_(list(schedules)))
        .where(tickets.c.order_id.is_not(None))
    )


def _unknown_orders(
    connection: Connection, of_shows: Any, schedules: Schedules
) -> Iterable[tuple[OrderKey, list[OrderPart]]]:
    """
    Orders with a ticket of these shows and unknown fees, whole: our id, account,
    currency and sale, and their parts by occurrence, also of other shows and of none.
    """
    wanted = _orders_without_fees(of_shows, schedules)
    group = (
        tickets.c.order_id,
        tickets.c.account_id,
        tickets.c.currency,
        orders.c.placed_at,
        tickets.c.occurrence_id,
        case((counted.is_admission(), 1), else_=0),
        tickets.c.face,
        tickets.c.charged,
        tickets.c.is_comp,
    )
    query = (
        select(*group, func.count())
        .join_from(tickets, orders, orders.c.id == tickets.c.order_id)
        .where(tickets.c.order_id.in_(wanted), counted.is_of_show())
        .group_by(*group)
    )
    found: dict[OrderKey, dict[int, OrderPart]] = {}
    for row in connection.execute(query):
        *order, occurrence, is_ticket, face, charged, is_comp, number = row
        parts = found.setdefault((order[0], order[1], order[2], order[3]), {})
        held = parts.get(occurrence, OrderPart(occurrence, 0, 0))
        paid = number if is_ticket and face > 0 else 0
        parts[occurrence] = OrderPart(
            occurrence,
            held.charged + charged * number,
            held.paid_tickets + paid,
            (*held.prices, *[charged] * paid),
            held.free_tickets + (number if is_comp else 0),
        )
    for order_key, parts in found.items():
        # The order of groups is undefined; a tie goes to the earlier occurrence.
        yield order_key, [parts[occurrence] for occurrence in sorted(parts)]
