"""
The vouchers that an order sold, as lines that its amounts are divided among. Pure.
"""

from __future__ import annotations

import msgspec

from ticketsync.core.records import Order, Ticket, TicketStatus, VoucherSale


def with_lines(order: Order) -> Order:
    """
    The order with a ticket more for each voucher that it sold, after its own.
    """
    if not order.voucher_sales:
        return order
    of_vouchers = [_as_ticket(voucher) for voucher in order.voucher_sales]
    return msgspec.structs.replace(order, tickets=(*order.tickets, *of_vouchers))


def _as_ticket(voucher: VoucherSale) -> Ticket:
    return Ticket(
        id=voucher.id,
        occurrence_id=voucher.occurrence_id,
        type_id="",
        type_name=voucher.name,
        status=TicketStatus.VOID if voucher.is_void else TicketStatus.VALID,
        checked_in=False,
        face=voucher.amount,
        tax=0,
    )
