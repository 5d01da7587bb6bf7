"""
What went back of each ticket of an order, and of each voucher that it sold. Pure.
"""

from __future__ import annotations

from ticketsync.core import money
from ticketsync.core.records import Order, TicketStatus
from ticketsync.sales.charged_parts import ChargedParts


def divide_refunds(order: Order, charged: list[int]) -> list[int]:
    """
    The refunds of each ticket: as they are reported, or void tickets first, then all in
    proportion.

    Few platforms report which ticket a refund was for. Void tickets are the best guess,
    each in full, one after the other; totals do not depend on it. Where the refund
    covers the prices of all of them, each gets its price first: fees are often not
    refunded.
    """
    left = sum([refund.amount for refund in order.refunds])
    if not left:
        return [0] * len(charged)
    return _reported_refunds(order, left) or _void_first(order, left, charged)


def _reported_refunds(order: Order, whole: int) -> list[int]:
    """
    The refund of each ticket as the platform reports it; empty where it does not, or
    not all of the whole.
    """
    sold = len(order.voucher_sales)
    reported = [it.refunded for it in order.tickets if it.refunded is not None]
    is_whole = len(reported) + sold == len(order.tickets) and sum(reported) == whole
    return [*reported, *[0] * sold] if is_whole and reported else []


def divide_returned(
    order: Order,
    charged: list[int],
    made_of: list[ChargedParts],
    refunded: list[int],
) -> list[int]:
    """
    What of each ticket went back to the buyer: the refund, and what vouchers got back
    of what they had paid. Where vouchers paid a part of each ticket, money may still
    give back the whole price of one.
    """
    if order.vouchers <= 0:
        return refunded
    left = sum(refunded)
    to_vouchers = max(0, min(order.credited, order.vouchers))
    if not to_vouchers and _reported_refunds(order, left):
        return refunded
    paid = [a + part.voucher for a, part in zip(charged, made_of, strict=True)]
    return _void_first(order, left + to_vouchers, paid)


def _void_first(order: Order, left: int, charged: list[int]) -> list[int]:
    """
    So much divided among the tickets, of which this was charged.
    """
    allocated = [0] * len(charged)
    void = [n for n, t in enumerate(order.tickets) if t.status is TicketStatus.VOID]
    prices = [min(order.tickets[n].face, charged[n]) for n in void]
    if sum(prices) <= left:
        for n, price in zip(void, prices, strict=True):
            allocated[n] = price
            left -= price
    for n in void:
        more = max(0, min(left, charged[n] - allocated[n]))
        allocated[n] += more
        left -= more
    if left:
        rest = [max(0, a - b) for a, b in zip(charged, allocated, strict=True)]
        parts = _divide_rest(order, left, rest)
        allocated = [a + b for a, b in zip(allocated, parts, strict=True)]
    return allocated


def _divide_rest(order: Order, left: int, rest: list[int]) -> list[int]:
    """
    So much divided by what is left of each ticket. Of an order that sold vouchers it is
    prices before fees where it covers all prices: nothing more is owed then.
    """
    prices = [
        max(0, min(ticket.face, amount))
        for ticket, amount in zip(order.tickets, rest, strict=True)
    ]
    if not order.voucher_sales or sum(prices) > left:
        return money.split(left, rest)
    fees = [a - b for a, b in zip(rest, prices, strict=True)]
    more = money.split(left - sum(prices), fees if any(fees) else rest)
    return [a + b for a, b in zip(prices, more, strict=True)]
