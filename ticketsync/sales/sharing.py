"""
What each ticket of an order earned.

An order's amounts are divided among its tickets, so that parts always add up to the
order and an order over several shows puts its money where its tickets are. Pure.
"""

from __future__ import annotations

import msgspec

from ticketsync.core import money
from ticketsync.core.records import Order, OrderStatus, Ticket, TicketStatus


class Share(msgspec.Struct, frozen=True):
    """
    One ticket's part of its order, in minor units of the order's currency.

    `ticket` is `None` for the money of an order that has no ticket. `fees` is `None`
    while nobody tells them.
    """

    ticket: Ticket | None
    is_sold: bool
    is_comp: bool
    is_refunded: bool
    face: int
    discount: int
    charged: int
    refunded: int
    tax: int
    tax_remitted: int
    fees: int | None


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
    if not counts(order):
        return [_nothing(ticket) for ticket in order.tickets]
    if not order.tickets:
        return [_without_ticket(order)] if order.charged or order.refunds else []
    tickets = order.tickets
    weights = _weights([ticket.face for ticket in tickets])
    charged = _charged(order)
    refunded = _refunded(order, charged)
    discounts = _discounts(order, weights)
    taxes = _taxes(order, weights)
    remitted = money.split(order.tax_remitted, weights)
    fees = _fees(order, charged)
    is_paid = order.status is OrderStatus.PAID
    found = []
    for n, ticket in enumerate(tickets):
        is_sold = is_paid and ticket.status is TicketStatus.VALID
        face = ticket.face
        found.append(
            Share(
                ticket=ticket,
                is_sold=is_sold,
                is_comp=is_sold and not face,
                is_refunded=0 < face <= refunded[n],
                face=face,
                discount=discounts[n],
                charged=charged[n],
                refunded=refunded[n],
                tax=taxes[n],
                tax_remitted=remitted[n],
                fees=fees[n],
            )
        )
    return found


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


def _nothing(ticket: Ticket | None) -> Share:
    return Share(
        ticket,
        is_sold=False,
        is_comp=False,
        is_refunded=False,
        face=0,
        discount=0,
        charged=0,
        refunded=0,
        tax=0,
        tax_remitted=0,
        fees=None,
    )


def _without_ticket(order: Order) -> Share:
    fees = order.fees
    return Share(
        ticket=None,
        is_sold=False,
        is_comp=False,
        is_refunded=False,
        face=0,
        discount=order.discounts,
        charged=order.charged,
        refunded=sum(refund.amount for refund in order.refunds),
        tax=order.tax,
        tax_remitted=order.tax_remitted,
        fees=None if fees is None else sum(fee.amount for fee in fees),
    )
