"""
Refusals where an order of our own box office has nothing that could go back.
"""

from __future__ import annotations

from typing import Final

from ticketsync.boxoffice import refusals
from ticketsync.boxoffice.placed_orders import ISSUED, PAID, PENDING, PlacedOrder

_HAND_OVER: Final = (
    "To hand over what was planned to go back, leave --amount, --keep-tickets and "
    "--later out."
)
_VOID: Final = "Leave --amount and --keep-tickets out to void its tickets."


def refuse_unpaid(order: PlacedOrder) -> None:
    """
    Raises: `SaleRefused` (`wrong-state`).
    """
    if order.state != PAID:
        raise refusals.refused(
            refusals.WRONG_STATE,
            f"Order {order.reference} is {order.state}: there is nothing to return.",
            hint=f"Run `ticketsync boxoffice cancel {order.reference}` to give up held "
            "seats."
            if order.state == PENDING
            else "",
        )


def refuse_nothing_paid(
    order: PlacedOrder, amount: int | None, *, keeps_tickets: bool, is_paid_out: bool
) -> None:
    """
    Raises: `SaleRefused` (`amount-mismatch`) where money is to go back of which nothing
    is left, beside what is planned to go back and is handed over without an amount.
    """
    is_left = any(payment.kept for payment in order.payments)
    if is_left or not (amount or keeps_tickets):
        return
    if has_planned(order) and is_paid_out and amount is None:
        return
    has_tickets = any(ticket.state == ISSUED for ticket in order.tickets)
    raise refusals.refused(
        refusals.AMOUNT_MISMATCH,
        f"Nothing is left of what was paid for order {order.reference}: there is "
        "nothing to return.",
        hint=_HAND_OVER if has_planned(order) else _VOID if has_tickets else "",
    )


def refuse_spent_voucher(
    order: PlacedOrder, amount: int | None, *, is_paid_out: bool
) -> None:
    """
    Raises: `SaleRefused` (`voucher-spent`) where nothing is left of the voucher that
    the order sold, beside what is planned to go back, as above.
    """
    voucher = order.voucher
    assert voucher is not None, "an order of no show sold one"
    if voucher.left or (has_planned(order) and is_paid_out and amount is None):
        return
    raise refusals.refused(
        refusals.VOUCHER_SPENT,
        f"Nothing is left of voucher {voucher.id}, which order {order.reference} "
        "sold: there is nothing to return.",
        hint=_HAND_OVER if has_planned(order) else "",
    )


def has_planned(order: PlacedOrder) -> bool:
    """
    Whether something is planned to go back that nobody has handed over yet.
    """
    return any(payment.planned for payment in order.payments)
