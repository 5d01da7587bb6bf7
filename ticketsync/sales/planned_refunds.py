"""
The movements of refunds that orders would have once they are saved: those that are
stored, and those that saving would add. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from ticketsync.core.records import TicketStatus
from ticketsync.sales.allocation import AllocatedOrder
from ticketsync.sales.refunds import HeldOrder, Moment, RefundSum, new_movements
from ticketsync.store.tables.sales import orders, refunds, tickets


@dataclass(frozen=True, slots=True)
class PlannedRefund:
    """
    Money that went back (or, negative, did not after all), in minor units; the day that
    it counts on, and what the day is based on.
    """

    amount: int
    on_day: str
    basis: str


@dataclass(frozen=True, slots=True)
class StoredRefunds:
    """
    What is stored of an order: its movements, and what new ones are compared with.
    """

    movements: Sequence[PlannedRefund]
    held: HeldOrder


def planned_refunds(
    item: AllocatedOrder, stored: StoredRefunds | None, moment: Moment
) -> list[PlannedRefund]:
    """
    The movements of an order, those that are stored first; `stored` is `None` for an
    order that is not.
    """
    new = new_movements(item, stored.held if stored else None, moment)
    added = [PlannedRefund(it.moved.amount, it.on_day, it.basis) for it in new]
    return [*(stored.movements if stored else ()), *added]


def read_stored_refunds(
    connection: Connection, account_id: int
) -> dict[str, StoredRefunds]:
    """
    What is stored of the refunds of each of an account's orders, by the platform's id
    of the order.
    """
    is_ours = orders.c.account_id == account_id
    stored = connection.scalars(select(orders.c.provider_id).where(is_ours))
    movements: dict[str, list[PlannedRefund]] = {id_: [] for id_ in stored}
    sums: dict[str, dict[str, dict[datetime | None, RefundSum]]] = {}
    names = ("amount", "kind", "face", "buyer_fee", "tax")
    query = (
        select(
            orders.c.provider_id,
            refunds.c.on_day,
            refunds.c.basis,
            refunds.c.provider_id,
            refunds.c.refunded_at,
            *(refunds.c[name] for name in names),
        )
        .join(refunds, refunds.c.order_id == orders.c.id)
        .where(is_ours)
        .order_by(refunds.c.id)
    )
    for order, day, basis, id_, date, *values in connection.execute(query):
        moved = RefundSum(*values)
        movements[order].append(PlannedRefund(moved.amount, day, basis))
        by_date = sums.setdefault(order, {}).setdefault(id_, {})
        by_date[date] = moved.plus(by_date.get(date, RefundSum()))
    void = _void_tickets(connection, account_id)
    return {
        order: StoredRefunds(
            made, HeldOrder(sums.get(order, {}), frozenset(void.get(order, ())))
        )
        for order, made in movements.items()
    }


def _void_tickets(connection: Connection, account_id: int) -> dict[str, set[str]]:
    query = (
        select(orders.c.provider_id, tickets.c.provider_id)
        .join(tickets, tickets.c.order_id == orders.c.id)
        .where(
            orders.c.account_id == account_id,
            tickets.c.status == TicketStatus.VOID.value,
        )
    )
    found: dict[str, set[str]] = {}
    for order, ticket in connection.execute(query):
        found.setdefault(order, set()).add(ticket)
    return found
