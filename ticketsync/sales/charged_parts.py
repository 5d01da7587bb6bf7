"""
What was charged, and what it consists of: of an order and of each of its tickets. Pure.

charged = face + buyer fees + add-ons + donations − vouchers + tax on top + unexplained,
for each ticket and for the order, whatever the platform's numbers are. Each part of the
order is the sum of that part over its tickets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from ticketsync.core import money
from ticketsync.core.records import Order, Ticket


class ChargedParts(msgspec.Struct, frozen=True, array_like=True):
    """
    The parts of what was charged beside `face`, in minor units of the order's currency.
    `voucher` reduces what was charged; `unexplained` is what the other parts leave of
    it, and negative where they come to more.
    """

    buyer_fee: int = 0
    addons: int = 0
    donation: int = 0
    voucher: int = 0
    tax_added: int = 0
    unexplained: int = 0


NO_PARTS = ChargedParts()


def sum_parts(parts: Iterable[ChargedParts]) -> ChargedParts:
    """
    The sums of the parts of several tickets.
    """
    rows = [msgspec.structs.astuple(part) for part in parts if part is not NO_PARTS]
    return ChargedParts(*map(sum, zip(*rows, strict=True))) if rows else NO_PARTS


def weights_of(amounts: Sequence[int]) -> list[int]:
    """
    Amounts as weights to divide by: a negative one gets nothing.
    """
    return [amount if amount > 0 else 0 for amount in amounts]


def allocate_charged(order: Order) -> tuple[list[int], list[ChargedParts]]:
    """
    What was charged for each ticket of an order, and its parts.

    A ticket has its own price, fee and tax; what was charged for the whole order is
    divided by them. Where the numbers do not add up to what was charged, that is
    divided by them instead, and the difference is unexplained.

    The last of its tickets stand for the vouchers it sold, which cost what they cost:
    what was charged for the whole order is that of the others, if there are any.
    """
    tickets, sold = order.tickets, order.voucher_sales
    if sold and len(tickets) > len(sold):
        return _allocate_beside_vouchers(order, len(tickets) - len(sold))
    own = _own_amounts(tickets)
    shared = (*_shared_amounts(order), -order.vouchers)
    unexplained = order.charged - sum(own) - sum(shared)
    if not unexplained and not any(shared):
        return own, [
            ChargedParts(ticket.fee, tax_added=ticket.tax_added)
            if ticket.fee or ticket.tax_added
            else NO_PARTS
            for ticket in tickets
        ]
    weights = weights_of(own)
    divided = money.split(sum(shared), weights)
    parts = _divide(shared, divided, weights)
    explained = [a + b for a, b in zip(own, divided, strict=True)]
    charged = money.split(order.charged, weights) if unexplained else explained
    return charged, [
        ChargedParts(
            ticket.fee + fee, addons, donation, -voucher, ticket.tax_added + tax, rest
        )
        for ticket, fee, addons, donation, tax, voucher, rest in zip(
            tickets,
            *parts,
            [a - b for a, b in zip(charged, explained, strict=True)],
            strict=True,
        )
    ]


def _own_amounts(tickets: Iterable[Ticket]) -> list[int]:
    return [ticket.face + ticket.fee + ticket.tax_added for ticket in tickets]


def _allocate_beside_vouchers(
    order: Order, admissions: int
) -> tuple[list[int], list[ChargedParts]]:
    """
    The same of an order that sold vouchers beside so many tickets. Vouchers that pay
    more than the tickets cost pay the rest for those that are sold, so that nothing is
    charged below zero; nor is it where less was charged than the vouchers cost: that is
    divided by what tickets and vouchers cost.
    """
    tickets = order.tickets[:admissions]
    cost = sum(_own_amounts(tickets)) + sum(_shared_amounts(order))
    prices = [voucher.amount for voucher in order.voucher_sales]
    lacking = sum(prices) - max(0, order.charged)
    by_voucher = max(0, min(order.vouchers - cost, lacking))
    paid = money.split(by_voucher, prices)
    due = [price - part for price, part in zip(prices, paid, strict=True)]
    of_tickets, charged = order.charged - sum(due), due
    if of_tickets < 0:
        weights = weights_of([cost - (order.vouchers - by_voucher), *due])
        of_tickets, *charged = money.split(order.charged, weights)
    of_others = msgspec.structs.replace(
        order,
        tickets=tickets,
        voucher_sales=(),
        charged=of_tickets,
        vouchers=order.vouchers - by_voucher,
    )
    amounts, made_of = allocate_charged(of_others)
    of_sold = [
        ChargedParts(voucher=part, unexplained=got - price)
        for part, got, price in zip(paid, charged, due, strict=True)
    ]
    return [*amounts, *charged], [*made_of, *of_sold]


def parts_of_order(order: Order) -> ChargedParts:
    """
    The parts of an order without tickets.
    """
    shared = _shared_amounts(order)
    fees, addons, donations, tax = shared
    rest = order.charged - sum(shared) + order.vouchers
    return ChargedParts(fees, addons, donations, order.vouchers, tax, rest)


def _shared_amounts(order: Order) -> tuple[int, int, int, int]:
    """
    What was charged for the whole order: fees, add-ons, donations, tax on top.
    """
    tax = order.tax or 0 if order.tax_on_top else 0
    return order.buyer_fees, order.addons, order.donations, tax


def _divide(
    amounts: Sequence[int], sums: Sequence[int], weights: Sequence[int]
) -> list[list[int]]:
    """
    Each of these signed amounts divided among the tickets, so that those of one ticket
    come to its sum: `sums` is the whole divided by `weights`. No ticket gets a part of
    the other sign.
    """
    if sum(map(bool, amounts)) == 1:  # as most orders: a booking fee and nothing else
        return [[*sums] if amount else [0] * len(sums) for amount in amounts]
    more = sum(amount for amount in amounts if amount > 0)
    less = sum(-amount for amount in amounts if amount < 0)
    # Both are divided alike; the larger one takes what rounding leaves.
    if more >= less:
        taken = money.split(less, weights)
        given = [a + b for a, b in zip(sums, taken, strict=True)]
    else:
        given = money.split(more, weights)
        taken = [b - a for a, b in zip(sums, given, strict=True)]
    found = []
    for amount in amounts:
        if not amount:
            found.append([0] * len(sums))
            continue
        left = taken if amount < 0 else given
        # By what is left of each ticket's share, so that it never takes more than that.
        part = money.split(abs(amount), left)
        left[:] = [a - b for a, b in zip(left, part, strict=True)]
        found.append(part if amount >= 0 else [-share for share in part])
    return found
