"""
The record of an order of our own box office, as a platform would report it: all other
parts of ticketsync know it by this.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import msgspec

from ticketsync.boxoffice.placed_orders import (
    CARD,
    PAID,
    PENDING,
    REFUNDED,
    RESERVED,
    SUCCEEDED,
    VOID,
    OrderedTicket,
    PlacedOrder,
    Returned,
    sum_taxes,
)
from ticketsync.core import digest, records

_STATUS = {
    PENDING: records.OrderStatus.PENDING,
    PAID: records.OrderStatus.PAID,
}
_DISCOUNT = "Voucher"  # what stands where platforms name a promo code


def as_record(order: PlacedOrder, until: datetime | None = None) -> records.Order:
    """
    The order as a platform would report it; with an instant, without refunds after it.

    A hold that ended was never charged, and its tickets were never ordered, as those
    that left the basket. A refunded order was: it is cancelled, and its money counts
    among what was charged and what went back. One that vouchers alone paid stays paid,
    with void tickets: a cancelled order without money counts as never sold, and what
    it was taxed on its day would change later.
    """
    was_paid = order.state in (PAID, REFUNDED)
    vouchers = sum(p.amount for p in order.payments if p.voucher_id is not None)
    status = _STATUS.get(order.state, records.OrderStatus.CANCELLED)
    if was_paid and 0 < vouchers == order.total:
        status = records.OrderStatus.PAID
    discounts = sum(ticket.discount for ticket in order.basket)
    is_placed = was_paid or order.state == PENDING
    return records.Order(
        id=order.reference,
        occurrence_id=order.provider_occurrence_id,
        status=status,
        placed_at=order.paid_at or order.created_at,
        currency=order.currency,
        total=order.total,
        charged=order.total - vouchers if was_paid else 0,
        tickets=tuple(
            _ticket_record(order, ticket)
            for ticket in (order.basket if is_placed else ())
        ),
        tax=sum_taxes(order.basket),
        vouchers=vouchers if was_paid else 0,
        discounts=discounts,
        fees=_fees(order) if was_paid else None,
        refunds=_refunds(order, until),
        credited=sum(it.amount for it in _succeeded(order, until, is_money=False)),
        channel=order.channel,
        payment_reference=_payment_reference(order),
        promo_code=_DISCOUNT if discounts else "",
        voucher_sales=_voucher_sales(order) if is_placed else (),
    )


def as_held(order: PlacedOrder) -> records.Order:
    """
    The record of an order before it was paid, with every ticket that ever was in its
    basket.
    """
    tickets = (
        replace(ticket, state=RESERVED, code="", voided_at=None)
        for ticket in order.tickets
    )
    return as_record(
        replace(order, state=PENDING, tickets=tuple(tickets), payments=(), paid_at=None)
    )


def content_of(record: records.Order) -> bytes:
    """
    The content hash of an order's record, with the names of its fields: it is stored,
    and another one would be another version of the order.
    """
    fields = msgspec.structs.asdict(record)
    return digest.content(msgspec.json.encode(fields, order="sorted"))


def ticket_id(order: PlacedOrder, number: int) -> str:
    """
    The id under which a ticket is known elsewhere.
    """
    return f"{order.reference}-{number}"


def _ticket_record(order: PlacedOrder, ticket: OrderedTicket) -> records.Ticket:
    is_void = ticket.state == VOID
    status = records.TicketStatus.VOID if is_void else records.TicketStatus.VALID
    return records.Ticket(
        id=ticket_id(order, ticket.number),
        occurrence_id=order.provider_occurrence_id,
        type_id=str(ticket.tier.id),
        type_name=ticket.tier.name,
        status=status,
        checked_in=False,
        face=ticket.face,
        fee=ticket.buyer_fee,
        listed=ticket.price + ticket.discount,
        tax=ticket.tax,
        voided_at=ticket.voided_at,
        code=ticket.code or None,
        tax_added=ticket.tax_added,
    )


def _voucher_sales(order: PlacedOrder) -> tuple[records.VoucherSale, ...]:
    """
    The voucher that an order sold. What has been spent of it is no matter of the order.
    """
    if order.voucher is None:
        return ()
    return (
        records.VoucherSale(
            id=f"{order.reference}-V",
            occurrence_id=order.provider_occurrence_id,
            name=f"Gift voucher {order.voucher.id}",
            amount=order.voucher.amount,
            is_void=order.state == REFUNDED,
        ),
    )


def _fees(order: PlacedOrder) -> tuple[records.Fee, ...] | None:
    """
    What was kept by others: nothing of cash; what a card terminal costs is not known.
    """
    by_card = any(p.method == CARD and p.is_received for p in order.payments)
    return None if by_card else ()


def _refunds(order: PlacedOrder, until: datetime | None) -> tuple[records.Refund, ...]:
    return tuple(
        records.Refund(
            id=f"{order.reference}-R{it.payment_id}.{it.number}",
            amount=it.amount,
            refunded_at=it.settled_at,
        )
        for it in _succeeded(order, until, is_money=True)
    )


def _succeeded(
    order: PlacedOrder, until: datetime | None, *, is_money: bool
) -> list[Returned]:
    return [
        returned
        for payment in order.payments
        if payment.is_money is is_money
        for returned in payment.refunds
        if returned.state == SUCCEEDED and returned.settled_at is not None
        if until is None or returned.settled_at <= until
    ]


def _payment_reference(order: PlacedOrder) -> str | None:
    found = [p.reference for p in order.payments if p.reference]
    return found[0] if found else None
