"""
The allocation of an order's amounts to its tickets.

The parts always add up to the order, and an order over several shows books its money
where its tickets are. A voucher that was sold is a line among them of its own kind: it
is no sale of a show, and counts for none (`store.counted`). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from ticketsync.core import money
from ticketsync.core.records import (
    Fee,
    LineKind,
    LooseTicket,
    Order,
    OrderStatus,
    TicketStatus,
)
from ticketsync.sales import charged_parts, refunds_of_tickets, voucher_lines
from ticketsync.sales.charged_parts import NO_PARTS, ChargedParts

# Asking an enum for a value takes as long as a sum; here once for every ticket.
_ADMISSION, _VOUCHER_SALE = LineKind.ADMISSION.value, LineKind.VOUCHER_SALE.value


class TicketAllocation(msgspec.Struct, frozen=True, array_like=True):
    """
    One ticket and its part of its order, in minor units of the order's currency. Ids
    are the platform's.

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
    seat: str = ""
    parts: ChargedParts = NO_PARTS


class FeeAllocation(msgspec.Struct, frozen=True, array_like=True):
    """
    One occurrence's part of a named fee of its order; `amount` is `None` where the fee
    was kept but its amount is not reported, `tax` where the tax inside it is not.
    """

    occurrence_id: str
    name: str
    amount: int | None
    tax: int | None = None


# face, discount, charged, refunded, whether its price was, tax, tax remitted, fees,
# parts of charged
_Amounts = tuple[int, int, int, int, bool, int | None, int, int | None, ChargedParts]


class AllocatedOrder(msgspec.Struct, frozen=True, array_like=True):
    """
    An order as it is stored: its own fields, the allocation to its tickets, its fees by
    occurrence, the content hash of its raw record, and the parts of what was charged.
    """

    order: Order
    shares: list[TicketAllocation]
    fees: list[FeeAllocation]
    content: bytes
    parts: ChargedParts = NO_PARTS


class IncomingTicket(msgspec.Struct, frozen=True):
    """
    One ticket without an order, in the currency of its occurrence, and the hash of its
    content.
    """

    loose: LooseTicket
    currency: str
    content: bytes


def allocate(order: Order, content: bytes) -> AllocatedOrder:
    """
    An order with the parts of its tickets. What its own numbers do not explain of what
    was charged is a discrepancy, if its platform's numbers have no other one, and so is
    a refund that may be of its tickets or of the vouchers it sold.
    """
    shares = allocate_tickets(order)
    parts = charged_parts.sum_parts(share.parts for share in shares)
    doubt = order.doubt or _discrepancy(order, parts.unexplained)
    doubt = doubt or _doubtful_refund(order, shares)
    kept = msgspec.structs.replace(order, tickets=(), doubt=doubt)
    fees = fee_allocations(order, shares)
    return AllocatedOrder(kept, shares, fees, content, parts)


def _discrepancy(order: Order, unexplained: int) -> str | None:
    if not unexplained:
        return None
    parts, charged = (
        money.text_with_currency(amount, order.currency)
        for amount in (order.charged - unexplained, order.charged)
    )
    return f"its parts come to {parts}, and {charged} was charged"


def _doubtful_refund(order: Order, shares: Sequence[TicketAllocation]) -> str | None:
    """
    Why it is not known of what a refund is: it was divided among tickets that are not
    void and vouchers that were sold, and the platform says nothing of it.
    """
    if not order.voucher_sales:
        return None
    whole = sum(refund.amount for refund in order.refunds)
    sold = [it for it in shares if it.kind == LineKind.VOUCHER_SALE]
    others = [it for it in shares if it.kind != LineKind.VOUCHER_SALE]
    if not any(0 < it.refunded < it.charged for it in sold):
        return None
    if not any(it.refunded < it.charged for it in others):
        return None
    amount = money.text_with_currency(whole, order.currency)
    return (
        f"{amount} went back of tickets or a gift card: its platform does not say of "
        "which, and it is divided by price"
    )


def is_counted(order: Order) -> bool:
    """
    Whether the order's money counts: it was paid, even if cancelled later.
    """
    if order.status is OrderStatus.PAID:
        return True
    return order.status is OrderStatus.CANCELLED and order.charged != 0


def allocate_tickets(order: Order) -> list[TicketAllocation]:
    """
    The parts of an order's tickets, and of the vouchers it sold; they add up to the
    order, whatever its numbers are.
    """
    order = voucher_lines.with_lines(order)
    admissions = len(order.tickets) - len(order.voucher_sales)
    if not order.tickets:
        has_money = is_counted(order) and (order.charged or order.refunds)
        return [_order_without_tickets(order)] if has_money else []
    is_paid = order.status is OrderStatus.PAID
    found = []
    for number, (
        ticket,
        (
            face,
            discount,
            charged,
            refunded,
            is_refunded,
            tax,
            remitted,
            fees,
            made_of,
        ),
    ) in enumerate(zip(order.tickets, _amounts_of_tickets(order), strict=True)):
        admits = number < admissions
        is_sold = admits and is_paid and ticket.status is TicketStatus.VALID
        found.append(
            TicketAllocation(
                id=ticket.id,
                occurrence_id=ticket.occurrence_id,
                kind=_ADMISSION if admits else _VOUCHER_SALE,
                status=ticket.status.value,
                type_id=ticket.type_id,
                type_name=ticket.type_name,
                is_sold=is_sold,
                is_comp=is_sold and not face,
                is_refunded=is_refunded,
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
                seat=ticket.seat,
                parts=made_of,
            )
        )
    return found


def fee_allocations(order: Order, parts: list[TicketAllocation]) -> list[FeeAllocation]:
    """
    Each named fee divided among the occurrences of the order in the same way as
    `allocate_tickets` divided it among its tickets, so that both have the same sums.
    The part of a voucher that was sold is no occurrence's.
    """
    if not order.fees or not is_counted(order):
        return []
    of_shows = [part for part in parts if part.kind != LineKind.VOUCHER_SALE]
    occurrences = list(dict.fromkeys(part.occurrence_id for part in of_shows))
    weights = charged_parts.weights_of([part.charged for part in parts])
    found = []
    for fee in _sum_by_name(order.fees):
        if fee.amount is None or (len(occurrences) == 1 and of_shows == parts):
            tax = None if fee.amount is None else fee.tax
            found += [
                FeeAllocation(id_, fee.name, fee.amount, tax) for id_ in occurrences
            ]
            continue
        amounts = _sum_by_occurrence(parts, _fee_parts(fee, fee.amount, weights))
        taxes: dict[str, int | None] = dict.fromkeys(amounts)
        if fee.tax is not None:
            taxes |= _sum_by_occurrence(parts, money.split(fee.tax, weights))
        found += [
            FeeAllocation(id_, fee.name, amount, taxes[id_])
            for id_, amount in amounts.items()
            if amount or taxes[id_]
        ]
    return found


def _sum_by_occurrence(
    parts: list[TicketAllocation], amounts: Sequence[int]
) -> dict[str, int]:
    sums: dict[str, int] = {}
    for part, amount in zip(parts, amounts, strict=True):
        if part.kind == LineKind.VOUCHER_SALE:
            continue
        sums[part.occurrence_id] = sums.get(part.occurrence_id, 0) + amount
    return sums


def _amounts_of_tickets(order: Order) -> Iterator[_Amounts]:
    """
    The amounts of each ticket; zero where the order does not count.
    """
    nothing = [0] * len(order.tickets)
    if not is_counted(order):
        unknown = [None] * len(order.tickets)
        tax = unknown if order.tax is None else nothing
        no_parts = [NO_PARTS] * len(order.tickets)
        no_prices = [False] * len(order.tickets)
        return zip(
            *([nothing] * 4),
            *(no_prices, tax, nothing, unknown, no_parts),
            strict=True,
        )
    faces = [ticket.face for ticket in order.tickets]
    weights = charged_parts.weights_of(faces)
    charged, made_of = charged_parts.allocate_charged(order)
    refunded = refunds_of_tickets.divide_refunds(order, charged)
    returned = refunds_of_tickets.divide_returned(order, charged, made_of, refunded)
    return zip(
        faces,
        _discounts(order, weights),
        charged,
        refunded,
        [0 < face <= back for face, back in zip(faces, returned, strict=True)],
        _taxes(order, weights),
        _among_tickets(order, order.tax_remitted, weights),
        _fees(order, charged),
        made_of,
        strict=True,
    )


def _taxes(order: Order, weights: list[int]) -> list[int] | list[None]:
    if order.tax is None:
        return [None] * len(weights)
    reported = [ticket.tax for ticket in order.tickets if ticket.tax is not None]
    if len(reported) == len(weights) and sum(reported) == order.tax:
        return reported
    return _among_tickets(order, order.tax, weights)


def _discounts(order: Order, weights: list[int]) -> list[int]:
    own_amounts = [
        ticket.listed - ticket.face
        if ticket.listed is not None and ticket.listed > ticket.face
        else 0
        for ticket in order.tickets
    ]
    if sum(own_amounts) == order.discounts:
        return own_amounts
    return _among_tickets(order, order.discounts, weights)


def _among_tickets(order: Order, amount: int, weights: list[int]) -> list[int]:
    """
    Discounts and tax of the whole order divided by weight: among its tickets, and among
    the vouchers that it sold only where there is no ticket.
    """
    if not amount:
        return [0] * len(weights)
    sold = len(order.voucher_sales)
    admissions = len(weights) - sold or len(weights)
    of_tickets = money.split(amount, weights[:admissions])
    return [*of_tickets, *[0] * (len(weights) - admissions)]


def _fees(order: Order, charged: list[int]) -> list[int] | list[None]:
    """
    The fees of each ticket: its part of every one of them.
    """
    if order.fees is None:
        return [None] * len(charged)
    weights = charged_parts.weights_of(charged)
    found = [0] * len(charged)
    for fee in _sum_by_name(order.fees):
        if fee.amount is None:
            return [None] * len(charged)
        parts = _fee_parts(fee, fee.amount, weights)
        found = [a + b for a, b in zip(found, parts, strict=True)]
    return found


def _fee_parts(fee: Fee, amount: int, weights: list[int]) -> Sequence[int]:
    """
    The part of each ticket: as it is reported, or by weight where that is not, or does
    not come to the fee.
    """
    own = fee.by_ticket
    if own is not None and len(own) == len(weights) and sum(own) == amount:
        return own
    return money.split(amount, weights)


def _sum_by_name(fees: tuple[Fee, ...]) -> list[Fee]:
    """
    The fees summed by name; one that is partly unknown is unknown, and so are its tax
    and its parts by ticket.
    """
    if len(fees) < 2:
        return list(fees)
    found: dict[str, Fee] = {}
    for fee in fees:
        before = found.get(fee.name)
        if before is None:
            found[fee.name] = fee
        else:
            amount, tax = _plus(before.amount, fee.amount), _plus(before.tax, fee.tax)
            parts = _plus_each(before.by_ticket, fee.by_ticket)
            found[fee.name] = Fee(fee.name, amount, tax, parts)
    return list(found.values())


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _plus_each(
    one: tuple[int, ...] | None, other: tuple[int, ...] | None
) -> tuple[int, ...] | None:
    if one is None or other is None or len(one) != len(other):
        return None
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _order_without_tickets(order: Order) -> TicketAllocation:
    assert order.occurrence_id is not None
    return TicketAllocation(
        id=f"{order.id}/rest",
        occurrence_id=order.occurrence_id,
        kind=LineKind.OTHER.value,
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
        parts=charged_parts.parts_of_order(order),
    )
