"""
Payments of our own orders, and what goes back of them.

Cash and a card recorded by hand succeed at once: somebody has seen the money. A refund
that nobody has paid out yet is planned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from ticketsync.boxoffice import transitions, vouchers
from ticketsync.boxoffice.placed_orders import (
    PLANNED,
    RETURNED,
    SUCCEEDED,
    Payment,
    PlacedOrder,
)
from ticketsync.store.boxoffice_states import PAYMENT, REFUND
from ticketsync.store.tables.boxoffice import payment_refunds, payments


@dataclass(frozen=True, slots=True)
class NewPayment:
    """
    Money that somebody has received, in minor units; `reference` is that of the card
    terminal, `till_id` the drawer that cash went into.
    """

    method: str
    amount: int
    reference: str = ""
    voucher_id: int | None = None
    till_id: int | None = None


def add(
    connection: Connection, order: PlacedOrder, new: Sequence[NewPayment], now: datetime
) -> None:
    """
    Save payments that succeeded.
    """
    for attempt, payment in enumerate(new, len(order.payments) + 1):
        row = insert(payments).values(
            order_id=order.id,
            attempt=attempt,
            method=payment.method,
            state=SUCCEEDED,
            amount=payment.amount,
            currency=order.currency,
            idempotency_key=f"{order.reference}/{attempt}",
            reference=payment.reference,
            voucher_id=payment.voucher_id,
            till_id=payment.till_id,
            settled_at=now,
        )
        payment_id = connection.scalars(row.returning(payments.c.id)).one()
        transitions.record(connection, PAYMENT, payment_id, "", SUCCEEDED, now)


def plan_refunds(order: PlacedOrder, amount: int) -> list[tuple[Payment, int]]:
    """
    Of which payments so much goes back: of money first, the latest payment first, then
    of vouchers.
    """
    parts = []
    found = sorted(order.payments, key=lambda it: (not it.is_money, -it.attempt))
    for payment in found:
        part = min(amount, payment.kept)
        if part > 0:
            parts.append((payment, part))
            amount -= part
    return parts


def save_refunds(
    connection: Connection,
    order: PlacedOrder,
    parts: Sequence[tuple[Payment, int]],
    now: datetime,
    reason: str,
    *,
    is_paid_out: bool,
    till_id: int | None = None,
) -> None:
    """
    Save refunds: made, or money to be paid out later. What goes back to a voucher is
    there at once.
    """
    for payment, amount in parts:
        is_made = is_paid_out or not payment.is_money
        number = len(payment.refunds) + 1
        row = insert(payment_refunds).values(
            payment_id=payment.id,
            number=number,
            state=SUCCEEDED if is_made else PLANNED,
            amount=amount,
            idempotency_key=f"{order.reference}/{payment.attempt}/{number}",
            reason=reason,
            till_id=till_id if is_made and payment.method == "cash" else None,
            settled_at=now if is_made else None,
        )
        refund_id = connection.scalars(row.returning(payment_refunds.c.id)).one()
        state = SUCCEEDED if is_made else PLANNED
        transitions.record(connection, REFUND, refund_id, "", state, now, reason=reason)
        if payment.voucher_id is not None:
            vouchers.give_back(connection, payment.voucher_id, amount)


def lock_vouchers(connection: Connection, orders: Iterable[PlacedOrder]) -> None:
    """
    Lock the vouchers that paid these orders, before any of them gets its money back.
    """
    found = (payment.voucher_id for order in orders for payment in order.payments)
    vouchers.lock(connection, (id_ for id_ in found if id_ is not None))


def settle_planned(
    connection: Connection, order: PlacedOrder, now: datetime, till_id: int | None
) -> int:
    """
    Record that what was planned to go back was paid out; returns how much that was.
    """
    total = 0
    for payment in order.payments:
        for planned in payment.refunds:
            if planned.state != PLANNED:
                continue
            transitions.change_state(
                *(connection, REFUND, planned.id, PLANNED, SUCCEEDED, now),
                settled_at=now,
                till_id=till_id if payment.method == "cash" else None,
            )
            total += planned.amount
    return total


def note_returned(connection: Connection, order: PlacedOrder, now: datetime) -> None:
    """
    Mark the payments of which all went back.
    """
    for payment in order.payments:
        is_all = payment.amount and payment.returned == payment.amount
        if payment.state == SUCCEEDED and is_all:
            transitions.change_state(
                connection, PAYMENT, payment.id, SUCCEEDED, RETURNED, now
            )
