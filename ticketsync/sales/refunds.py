"""
Refunds as movements: each is written once and never changed or deleted.

The refunds that a platform reports for an order are compared with the stored movements;
the difference is a new movement, negative where less is reported than before. So the
movements of an order always add up to the refunds of the order.

A refund under the order's own id is the sum of all that went back, as far as it has no
id of its own, and may be reported by dates: then each date is compared. Money that was
written already, without a date or with another one, is never written a second time.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from ticketsync.core import clock, records
from ticketsync.sales.allocation import AllocatedOrder, TicketAllocation
from ticketsync.store.tables.sales import refunds

REPORTED = "reported"
VOID = "void"
SEEN = "seen"
ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class RefundSum:
    """
    All that went back under one refund id, in minor units; a part is `None` where it is
    not completely reported.
    """

    amount: int = 0
    kind: str = records.RefundKind.REFUND.value
    face: int | None = 0
    buyer_fee: int | None = 0
    tax: int | None = 0

    def plus(self, other: RefundSum, *, sign: int = 1) -> RefundSum:
        """
        Both together, or with `sign` -1 what the other leaves; of the kind of this one.
        """
        return RefundSum(
            self.amount + sign * other.amount,
            self.kind,
            _add(self.face, other.face, sign),
            _add(self.buyer_fee, other.buyer_fee, sign),
            _add(self.tax, other.tax, sign),
        )


def _add(one: int | None, other: int | None, sign: int) -> int | None:
    return None if one is None or other is None else one + sign * other


# Of one refund id: what went back, by the date that the platform gives it.
ByDate = Mapping[datetime | None, RefundSum]
_NOTHING: Mapping[str, ByDate] = {}


@dataclass(frozen=True, slots=True)
class Moment:
    """
    The time of writing, and the zone whose calendar decides which day that is.
    """

    now: datetime
    zone: str

    def day(self, moment: datetime) -> str:
        return clock.local(moment, self.zone).date().isoformat()


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """
    What was stored of an order before this write: the sums of its movements by refund
    id and date, and which of its tickets were void.
    """

    sums: Mapping[str, ByDate]
    void_tickets: frozenset[str]


@dataclass(frozen=True, slots=True)
class Movement:
    """
    Money that was returned (or, negative, not returned after all), its day, and what
    that day is based on.
    """

    refund_id: str
    moved: RefundSum
    refunded_at: datetime | None
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
    reported = _by_id_and_date(refunds)
    found = []
    for id_ in {**before, **reported}:
        changes = _changes_by_date if id_ == item.order.id else _change
        for date, moved in changes(reported.get(id_, {}), before.get(id_, {})):
            day, basis = _day(item, held, moment, date, is_return=moved.amount > 0)
            found.append(Movement(id_, moved, date, day, basis))
    return found


def _by_id_and_date(refunds: Iterable[records.Refund]) -> dict[str, ByDate]:
    found: dict[str, dict[datetime | None, RefundSum]] = {}
    for refund in refunds:
        by_date = found.setdefault(refund.id, {})
        known = by_date.get(refund.refunded_at)
        one = _sum_of(refund)
        by_date[refund.refunded_at] = one if known is None else one.plus(known)
    return dict(found)


def _sum_of(refund: records.Refund) -> RefundSum:
    return RefundSum(
        refund.amount, refund.kind.value, refund.face, refund.buyer_fee, refund.tax
    )


_Change = tuple[datetime | None, RefundSum]


def _change(reported: ByDate, before: ByDate) -> list[_Change]:
    """
    What moved of a refund with an id of its own. The platform's date is that of the
    refund, not of a later correction.
    """
    now, earlier = (_total(it.values()) if it else None for it in (reported, before))
    moved = _moved(now, earlier)
    date = None if before else [*reported][-1]
    return [(date, moved)] if moved.amount else []


def _changes_by_date(reported: ByDate, before: ByDate) -> list[_Change]:
    """
    What moved of the sum of an order, by the dates that are reported now. What was
    written without a date, or for one that is no longer reported, is the oldest of the
    money that is reported elsewhere now: it stays where it was written.
    """
    dates = sorted({*before, *reported}, key=lambda it: (it is not None, it or _FIRST))
    changes = [(it, _moved(reported.get(it), before.get(it))) for it in dates]
    less = _total(moved for _, moved in changes if moved.amount < 0)
    written = open_ = -less.amount
    found: list[_Change] = []
    for date, moved in changes:
        if moved.amount > 0:
            covered = min(open_, moved.amount)
            open_ -= covered
            found.append((date, _rest(moved, covered)))
    found.append((None, _rest(less, open_ - written)))
    return [(date, moved) for date, moved in found if moved.amount]


_FIRST = datetime.min.replace(tzinfo=UTC)


def _rest(moved: RefundSum, amount: int) -> RefundSum:
    """
    What is left of a movement without this amount, of which the parts are not known.
    """
    if not amount:
        return moved
    return RefundSum(moved.amount - amount, moved.kind, None, None, None)


def _total(sums: Iterable[RefundSum]) -> RefundSum:
    """
    All of these together, of the kind of the last one.
    """
    return functools.reduce(lambda total, one: one.plus(total), sums, RefundSum())


def _moved(reported: RefundSum | None, before: RefundSum | None) -> RefundSum:
    """
    What moved since; what is no longer reported is of the kind that it was.
    """
    if before is None:
        return reported or RefundSum()
    return (reported or RefundSum(kind=before.kind)).plus(before, sign=-1)


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
        "refunded_at": movement.refunded_at,
        "seen_at": moment.now,
        "on_day": movement.on_day,
        "basis": movement.basis,
    }


def save_movements(
    connection: Connection,
    account_id: int,
    incoming: Iterable[AllocatedOrder],
    order_ids: Mapping[str, int],
    void_tickets: Mapping[int, frozenset[str]],
    moment: Moment,
) -> None:
    """
    Save the new movements of these orders, each order once. `order_ids` maps the
    platform's ids to ours; `void_tickets` has the void tickets of each order that was
    stored before, by our id.
    """
    sums = _sum_movements(connection, void_tickets)
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
    rows = []
    for order, movement in new:
        number = last[movement.refund_id] = last.get(movement.refund_id, 0) + 1
        place = {"account_id": account_id, "order_id": order, "number": number}
        rows.append({**place, **_row(movement, moment)})
    connection.execute(insert(refunds), rows)


def _held_order(
    order: int,
    sums: Mapping[int, Mapping[str, ByDate]],
    void_tickets: Mapping[int, frozenset[str]],
) -> HeldOrder | None:
    if order not in void_tickets:
        return None
    return HeldOrder(sums.get(order, _NOTHING), void_tickets[order])


def _sum_movements(
    connection: Connection, orders: Iterable[int]
) -> dict[int, dict[str, ByDate]]:
    """
    The sums of the movements of these orders, by order, refund and date.
    """
    wanted = list(orders)
    found: dict[int, dict[str, dict[datetime | None, RefundSum]]] = {}
    if not wanted:
        return {}
    names = ("amount", "kind", "face", "buyer_fee", "tax")
    query = select(
        refunds.c.order_id,
        refunds.c.provider_id,
        refunds.c.refunded_at,
        *(refunds.c[name] for name in names),
    ).order_by(refunds.c.id)
    rows = connection.execute(query.where(refunds.c.order_id.in_(wanted)))
    for order, id_, date, *values in rows:
        by_date = found.setdefault(order, {}).setdefault(id_, {})
        by_date[date] = RefundSum(*values).plus(by_date.get(date, RefundSum()))
    return {order: dict(of_order) for order, of_order in found.items()}


def _last_numbers(
    connection: Connection, account_id: int, refund_ids: Iterable[str]
) -> dict[str, int]:
    """
    The last stored number of each of these refunds.
    """
    query = (
        select(refunds.c.provider_id, func.max(refunds.c.number))
        .where(
            refunds.c.account_id == account_id,
            refunds.c.provider_id.in_(sorted(refund_ids)),
        )
        .group_by(refunds.c.provider_id)
    )
    rows = connection.execute(query)
    return {str(id_): int(number) for id_, number in rows}
