"""
What each ticket of an order earned.

An order's amounts are divided among its tickets, so that parts always add up to the
order and an order over several shows puts its money where its tickets are. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ticketsync.core import money
from ticketsync.core.records import Order, OrderStatus, TicketStatus


class Share(msgspec.Struct, frozen=True):
    """
    One ticket and its part of its order, in minor units of the order's currency.

    `fees` is `None` while nobody tells them, the codes where there are none.
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
    tax: int
    tax_remitted: int
    fees: int | None
    code: str | None
    second_code: str | None


# face, discount, charged, refunded, tax, tax remitted, fees
_Amounts = tuple[int, int, int, int, int, int, int | None]


class Shared(msgspec.Struct, frozen=True):
    """
    An order as it is kept: what it tells beside its tickets, what each of these
    earned, and the content hash of what it was read from.
    """

    order: Order
    shares: list[Share]
    content: bytes


def shared(order: Order, content: bytes) -> Shared:
    return Shared(msgspec.structs.replace(order, tickets=()), shares(order), content)


def counts(order: Order) -> bool:
    """
    Whether the order's money counts: it was paid, even if it was cancelled later.
    """
    if order.status is OrderStatus.PAID:
        return True
    return order.status is OrderStatus.CANCELLED and order.charged != 0


def shares(order: Order) -> list[Share]:
    """
    The parts of an order; they add up to it, whatever its numbers are.
    """
    if not order.tickets:
        is_told = counts(order) and (order.charged or order.refunds)
        return [_without_ticket(order)] if is_told else []
    is_paid = order.status is OrderStatus.PAID
    found = []
    for ticket, (face, discount, charged, refunded, tax, remitted, fees) in zip(
        order.tickets, _divided(order), strict=True
    ):
        is_sold = is_paid and ticket.status is TicketStatus.VALID
        found.append(
            Share(
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
            )
        )
    return found


def _divided(order: Order) -> Iterator[_Amounts]:
    """
    What each ticket earned; nothing where the order does not count.
    """
    nothing = [0] * len(order.tickets)
    if not counts(order):
        unknown = [None] * len(order.tickets)
        return zip(*[nothing] * 6, unknown, strict=True)
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
        beside += order.tax
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


def _taxes(order: Order, weights: list[int]) -> list[int]:
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
    if order.fees is None:
        return [None] * len(charged)
    return money.split(sum(fee.amount for fee in order.fees), _weights(charged))


def _weights(amounts: list[int]) -> list[int]:
    return [amount if amount > 0 else 0 for amount in amounts]


def _without_ticket(order: Order) -> Share:
    assert order.occurrence_id is not None
    fees = order.fees
    return Share(
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
        fees=None if fees is None else sum(fee.amount for fee in fees),
        code=None,
        second_code=None,
    )
