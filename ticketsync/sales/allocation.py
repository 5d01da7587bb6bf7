"""
What each ticket of an order earned.

An order's amounts are divided among its tickets, so that parts always add up to the
order and an order over several shows puts its money where its tickets are. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from ticketsync.core import money
from ticketsync.core.records import Fee, Order, OrderStatus, TicketStatus


class TicketAllocation(msgspec.Struct, frozen=True):
    """
    One ticket and its part of its order, in minor units of the order's currency.

    `fees` and `tax` are `None` where they are not reported, the codes where there are
    none.
    """

    id: str
    occurrence_id: str
    kind: str
    status: str
    type_id: str
    type_name: str
    is_sold: bool
    is_comp: bool
    is_refunded: bool
    is_checked_in: bool
    face: int
    discount: int
    charged: int
    refunded: int
    tax: int | None
    tax_remitted: int
    fees: int | None
    code: str | None
    second_code: str | None
    voided_at: datetime | None = None


class FeeAllocation(msgspec.Struct, frozen=True):
    """
    One occurrence's part of a named fee of its order; `amount` is `None` where the fee
    was kept but nobody reports how much.
    """

    occurrence_id: str
    name: str
    amount: int | None


# face, discount, charged, refunded, tax, tax remitted, fees
_Amounts = tuple[int, int, int, int, int | None, int, int | None]


class AllocatedOrder(msgspec.Struct, frozen=True):
    """
    An order as it is kept: what it tells beside its tickets, what each of these
    earned, its fees by occurrence, and the content hash of what it was read from.
    """

    order: Order
    shares: list[TicketAllocation]
    fees: list[FeeAllocation]
    content: bytes


def allocate(order: Order, content: bytes) -> AllocatedOrder:
    parts = allocate_tickets(order)
    kept = msgspec.structs.replace(order, tickets=())
    return AllocatedOrder(kept, parts, fee_allocations(order, parts), content)


def is_counted(order: Order) -> bool:
    """
    Whether the order's money counts: it was paid, even if it was cancelled later.
    """
    if order.status is OrderStatus.PAID:
        return True
    return order.status is OrderStatus.CANCELLED and order.charged != 0


def allocate_tickets(order: Order) -> list[TicketAllocation]:
    """
    The parts of an order; they add up to it, whatever its numbers are.
    """
    if not order.tickets:
        is_told = is_counted(order) and (order.charged or order.refunds)
        return [_without_ticket(order)] if is_told else []
    is_paid = order.status is OrderStatus.PAID
    found = []
    for ticket, (face, discount, charged, refunded, tax, remitted, fees) in zip(
        order.tickets, _divided(order), strict=True
    ):
        is_sold = is_paid and ticket.status is TicketStatus.VALID
        found.append(
            TicketAllocation(
                id=ticket.id,
                occurrence_id=ticket.occurrence_id,
                kind="admission",
                status=ticket.status.value,
                type_id=ticket.type_id,
                type_name=ticket.type_name,
                is_sold=is_sold,
                is_comp=is_sold and not face,
                is_refunded=0 < face <= refunded,
                is_checked_in=is_sold and ticket.checked_in,
                face=face,
                discount=discount,
                charged=charged,
                refunded=refunded,
                tax=tax,
                tax_remitted=remitted,
                fees=fees,
                code=ticket.code,
                second_code=ticket.second_code,
                voided_at=ticket.voided_at,
            )
        )
    return found


def fee_allocations(order: Order, parts: list[TicketAllocation]) -> list[FeeAllocation]:
    """
    Each named fee divided among the occurrences that the order is for, as `shares`
    divided it among its tickets: what an occurrence's tickets bear is what its lines
    come to.
    """
    if not order.fees or not is_counted(order):
        return []
    occurrences = list(dict.fromkeys(part.occurrence_id for part in parts))
    weights = _weights([part.charged for part in parts])
    found = []
    for fee in _named(order.fees):
        if fee.amount is None or len(occurrences) == 1:
            found += [FeeAllocation(id_, fee.name, fee.amount) for id_ in occurrences]
            continue
        amounts = dict.fromkeys(occurrences, 0)
        for part, amount in zip(parts, money.split(fee.amount, weights), strict=True):
            amounts[part.occurrence_id] += amount
        found += [FeeAllocation(id_, fee.name, a) for id_, a in amounts.items() if a]
    return found


def _divided(order: Order) -> Iterator[_Amounts]:
    """
    What each ticket earned; nothing where the order does not count.
    """
    nothing = [0] * len(order.tickets)
    if not is_counted(order):
        unknown = [None] * len(order.tickets)
        tax = unknown if order.tax is None else nothing
        return zip(*[nothing] * 4, tax, nothing, unknown, strict=True)
    faces = [ticket.face for ticket in order.tickets]
    weights = _weights(faces)
    charged = _charged(order)
    return zip(
        faces,
        _discounts(order, weights),
        charged,
        _refunded(order, charged),
        _taxes(order, weights),
        money.split(order.tax_remitted, weights) if order.tax_remitted else nothing,
        _fees(order, charged),
        strict=True,
    )


def _charged(order: Order) -> list[int]:
    own = [ticket.face + ticket.fee for ticket in order.tickets]
    beside = order.buyer_fees + order.addons + order.donations - order.vouchers
    if order.tax_on_top:
        beside += order.tax or 0
    if sum(own) + beside == order.charged:
        if not beside:
            return own
        parts = money.split(beside, _weights(own))
        return [a + b for a, b in zip(own, parts, strict=True)]
    return money.split(order.charged, _weights(own))


def _refunded(order: Order, charged: list[int]) -> list[int]:
    """
    Where the returned money came from: void tickets first, then all alike.

    Few platforms tell which ticket a refund was for. A void ticket is the best guess,
    taken whole one after the other; totals do not depend on it. Where the money covers
    the price of each of them, each gets its price first: fees often stay behind.
    """
    given = [0] * len(charged)
    left = sum([refund.amount for refund in order.refunds])
    if not left:
        return given
    void = [n for n, t in enumerate(order.tickets) if t.status is TicketStatus.VOID]
    prices = [min(order.tickets[n].face, charged[n]) for n in void]
    if sum(prices) <= left:
        for n, price in zip(void, prices, strict=True):
            given[n] = price
            left -= price
    for n in void:
        more = max(0, min(left, charged[n] - given[n]))
        given[n] += more
        left -= more
    if left:
        rest = [max(0, a - b) for a, b in zip(charged, given, strict=True)]
        parts = money.split(left, rest)
        given = [a + b for a, b in zip(given, parts, strict=True)]
    return given


def _taxes(order: Order, weights: list[int]) -> list[int] | list[None]:
    if order.tax is None:
        return [None] * len(weights)
    told = [ticket.tax for ticket in order.tickets if ticket.tax is not None]
    if len(told) == len(weights) and sum(told) == order.tax:
        return told
    return money.split(order.tax, weights)


def _discounts(order: Order, weights: list[int]) -> list[int]:
    own = [
        ticket.listed - ticket.face
        if ticket.listed is not None and ticket.listed > ticket.face
        else 0
        for ticket in order.tickets
    ]
    if sum(own) == order.discounts:
        return own
    return money.split(order.discounts, weights)


def _fees(order: Order, charged: list[int]) -> list[int] | list[None]:
    """
    What each ticket bears of the fees: its part of every one of them.
    """
    if order.fees is None:
        return [None] * len(charged)
    weights = _weights(charged)
    found = [0] * len(charged)
    for fee in _named(order.fees):
        if fee.amount is None:
            return [None] * len(charged)
        parts = money.split(fee.amount, weights)
        found = [a + b for a, b in zip(found, parts, strict=True)]
    return found


def _named(fees: tuple[Fee, ...]) -> list[Fee]:
    """
    The fees, each name once; one that is partly unknown is unknown.
    """
    if len(fees) < 2:
        return list(fees)
    found: dict[str, int | None] = {}
    for fee in fees:
        before = found.get(fee.name, 0)
        if before is None or fee.amount is None:
            found[fee.name] = None
        else:
            found[fee.name] = before + fee.amount
    return [Fee(name, amount) for name, amount in found.items()]


def _weights(amounts: list[int]) -> list[int]:
    return [amount if amount > 0 else 0 for amount in amounts]


def _without_ticket(order: Order) -> TicketAllocation:
    assert order.occurrence_id is not None
    return TicketAllocation(
        id=f"{order.id}/rest",
        occurrence_id=order.occurrence_id,
        kind="other",
        status=TicketStatus.VALID.value,
        type_id="",
        type_name="Without ticket",
        is_sold=False,
        is_comp=False,
        is_refunded=False,
        is_checked_in=False,
        face=0,
        discount=order.discounts,
        charged=order.charged,
        refunded=sum(refund.amount for refund in order.refunds),
        tax=order.tax,
        tax_remitted=order.tax_remitted,
        fees=order.total_fees,
        code=None,
        second_code=None,
    )
