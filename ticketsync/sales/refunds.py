"""
Refunds as movements: each is written once and never changed or deleted.

The refunds that a platform reports for an order are compared with the stored movements;
the difference is a new movement, negative where less is reported than before. So the
movements of an order always add up to the refunds of the order.

A refund under the order's own id is the sum of all that went back, as far as it has no
id of its own, and may be reported by dates and occurrences: then each is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select

from ticketsync.core import clock, records
from ticketsync.sales.allocation import AllocatedOrder, TicketAllocation
from ticketsync.sales.refund_changes import (
    ByRefundKey,
    RefundKey,
    RefundSum,
    change_of_refund,
    changes_of_order,
    sums_by_id,
)
from ticketsync.store.tables.catalogue import occurrences as occurrence_table
from ticketsync.store.tables.sales import refunds

REPORTED = "reported"
VOID = "void"
SEEN = "seen"
ASSUMED = "assumed"
MOVED_PARTS = ("face", "buyer_fee", "tax")  # what a movement may say beside its amount


_NOTHING: Mapping[str, ByRefundKey] = {}
# Of an order: its occurrence (our id), and whether it is the vouchers that it sold.
Part = tuple[int, bool]


@dataclass(frozen=True, slots=True)
class Moment:
    """
    The time of writing, and the zone whose calendar decides which day that is.
    """

    now: datetime
    zone: str

    def day(self, moment: datetime) -> str:
        return clock.day_of(moment, self.zone).isoformat()


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """
    What was stored of an order before this write: the sums of its movements by refund
    id, date and occurrence, and which of its tickets were void.
    """

    sums: Mapping[str, ByRefundKey]
    void_tickets: frozenset[str]


@dataclass(frozen=True, slots=True)
class Movement:
    """
    Money that was returned (or, negative, not returned after all), the date and the
    occurrence that the platform gives, its day, and what that day is based on.
    """

    refund_id: str
    moved: RefundSum
    refund_key: RefundKey
    on_day: str
    basis: str


def new_movements(
    item: AllocatedOrder, held: HeldOrder | None, moment: Moment
) -> list[Movement]:
    """
    The new movements of an order that follow from its reported refunds; `held` is
    `None` for an order that was not stored before.
    """
    before = held.sums if held else _NOTHING
    refunds = item.order.refunds
    if not refunds and not before:
        return []
    reported = sums_by_id(refunds)
    found = []
    for id_ in {**before, **reported}:
        now, earlier = reported.get(id_, {}), before.get(id_, {})
        if id_ == item.order.id:
            occurrences = {share.occurrence_id for share in item.shares}
            changes = changes_of_order(now, earlier, occurrences)
        else:
            changes = change_of_refund(now, earlier)
        for refund_key, moved in changes:
            is_return = moved.amount > 0
            day, basis = _day(item, held, moment, refund_key.date, is_return=is_return)
            found.append(Movement(id_, moved, refund_key, day, basis))
    return found


def _day(
    item: AllocatedOrder,
    held: HeldOrder | None,
    moment: Moment,
    reported: datetime | None,
    *,
    is_return: bool,
) -> tuple[str, str]:
    """
    The day of a movement, and what it is based on.
    """
    if reported is not None:
        return moment.day(reported), REPORTED
    voided = _newly_voided(item.shares, held) if is_return else None
    if voided is not None:
        return moment.day(voided), VOID
    if held is not None:
        return moment.day(moment.now), SEEN
    return moment.day(item.order.changed_at or item.order.placed_at), ASSUMED


def _newly_voided(
    shares: Iterable[TicketAllocation], held: HeldOrder | None
) -> datetime | None:
    """
    When the last ticket was voided that was not stored as void before: the refund of a
    ticket that was known to be void came later than its void.
    """
    known = held.void_tickets if held else frozenset()
    voided = [
        share.voided_at
        for share in shares
        if share.voided_at is not None
        and share.status == records.TicketStatus.VOID
        and share.id not in known
    ]
    return max(voided, default=None)


def _row(movement: Movement, moment: Moment) -> dict[str, Any]:
    return {
        "provider_id": movement.refund_id,
        "amount": movement.moved.amount,
        "kind": movement.moved.kind,
        "face": movement.moved.face,
        "buyer_fee": movement.moved.buyer_fee,
        "tax": movement.moved.tax,
        "refunded_at": movement.refund_key.date,
        "seen_at": moment.now,
        "on_day": movement.on_day,
        "basis": movement.basis,
    }


def save_movements(
    connection: Connection,
    account_id: int,
    incoming: Iterable[AllocatedOrder],
    order_ids: Mapping[str, int],
    occurrences: Mapping[str, int],
    void_tickets: Mapping[int, frozenset[str]],
    refunded: Mapping[int, Mapping[Part, int]],
    moment: Moment,
) -> None:
    """
    Save the new movements of these orders, each order once. `order_ids` and
    `occurrences` map the platform's ids to ours; `void_tickets` has the void tickets of
    each order that was stored before, by our id, and `refunded` what had gone back of
    its parts.
    """
    sums: Mapping[int, Mapping[str, ByRefundKey]] = {}
    if void_tickets:
        sums = sum_movements(connection, refunds.c.order_id.in_([*void_tickets]))
    new = [
        (order_ids[item.order.id], movement)
        for item in incoming
        if item.order.refunds or order_ids[item.order.id] in sums
        for movement in new_movements(
            item, _held_order(order_ids[item.order.id], sums, void_tickets), moment
        )
    ]
    if not new:
        return
    last = _last_numbers(connection, account_id, {m.refund_id for _, m in new})
    alone = _returned_alone(incoming, order_ids, occurrences, refunded, new)
    rows = []
    for order, movement in new:
        number = last[movement.refund_id] = last.get(movement.refund_id, 0) + 1
        for_ = movement.refund_key.occurrence_id
        place = {
            "account_id": account_id,
            "order_id": order,
            "number": number,
            "occurrence_id": alone.get(order) if for_ is None else occurrences[for_],
        }
        rows.append({**place, **_row(movement, moment)})
    connection.execute(insert(refunds), rows)


def _returned_alone(
    incoming: Iterable[AllocatedOrder],
    order_ids: Mapping[str, int],
    occurrences: Mapping[str, int],
    refunded: Mapping[int, Mapping[Part, int]],
    new: Iterable[tuple[int, Movement]],
) -> dict[int, int]:
    """
    Of orders of several parts, of which one movement is new, the occurrence (our id) of
    which alone it took back: what goes back later of another part does not change it.
    """
    amounts: dict[int, list[int]] = {}
    for order, movement in new:
        amounts.setdefault(order, []).append(movement.moved.amount)
    found = {}
    for item in incoming:
        order = order_ids[item.order.id]
        if len(amounts.get(order, ())) != 1:
            continue
        change = {part: -amount for part, amount in refunded.get(order, {}).items()}
        for share in item.shares:
            is_voucher = share.kind == records.LineKind.VOUCHER_SALE
            part = occurrences[share.occurrence_id], is_voucher
            change[part] = change.get(part, 0) + share.refunded
        moved = [(part, amount) for part, amount in change.items() if amount]
        if len(change) > 1 and [amount for _, amount in moved] == amounts[order]:
            ((occurrence, is_voucher), _) = moved[0]
            if not is_voucher:
                found[order] = occurrence
    return found


def _held_order(
    order: int,
    sums: Mapping[int, Mapping[str, ByRefundKey]],
    void_tickets: Mapping[int, frozenset[str]],
) -> HeldOrder | None:
    if order not in void_tickets:
        return None
    return HeldOrder(sums.get(order, _NOTHING), void_tickets[order])


def sum_movements(
    connection: Connection, wanted: ColumnElement[bool]
) -> dict[int, dict[str, ByRefundKey]]:
    """
    The sums of the movements for which a condition holds, by order (our id), refund,
    date and occurrence.
    """
    found: dict[int, dict[str, dict[RefundKey, RefundSum]]] = {}
    names = ("amount", "kind", *MOVED_PARTS)
    query = (
        select(
            refunds.c.order_id,
            refunds.c.provider_id,
            refunds.c.refunded_at,
            occurrence_table.c.provider_id,
            *(refunds.c[name] for name in names),
        )
        .outerjoin(occurrence_table, occurrence_table.c.id == refunds.c.occurrence_id)
        .where(wanted)
        .order_by(refunds.c.id)
    )
    for order, id_, date, occurrence_id, *values in connection.execute(query):
        by_key = found.setdefault(order, {}).setdefault(id_, {})
        refund_key = RefundKey(date, occurrence_id)
        by_key[refund_key] = RefundSum(*values).plus(
            by_key.get(refund_key, RefundSum())
        )
    return {order: dict(of_order) for order, of_order in found.items()}


def _last_numbers(
    connection: Connection, account_id: int, refund_ids: Iterable[str]
) -> dict[str, int]:
    """
    The last stored number of each of these refunds.
    """
    wanted = {"account": account_id, "ids": sorted(refund_ids)}
    rows = connection.execute(_LAST_NUMBERS, wanted)
    return {str(id_): int(number) for id_, number in rows}


_LAST_NUMBERS = (
    select(refunds.c.provider_id, func.max(refunds.c.number))
    .where(
        refunds.c.account_id == bindparam("account"),
        refunds.c.provider_id.in_(bindparam("ids", expanding=True)),
    )
    .group_by(refunds.c.provider_id)
)
