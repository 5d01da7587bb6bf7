"""
The movements of refunds that orders would have once they are saved: those that are
stored, and those that saving would add. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from ticketsync.core.records import TicketStatus
from ticketsync.sales.allocation import AllocatedOrder
from ticketsync.sales.refunds import (
    HeldOrder,
    Moment,
    new_movements,
    sum_movements,
)
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
    rows = connection.execute(
        select(orders.c.id, orders.c.provider_id).where(
            orders.c.account_id == account_id
        )
    )
    order_ids = {row.id: str(row.provider_id) for row in rows}
    is_ours = refunds.c.account_id == account_id
    movements: dict[int, list[PlannedRefund]] = {row: [] for row in order_ids}
    columns = (refunds.c.order_id, refunds.c.amount, refunds.c.on_day, refunds.c.basis)
    query = select(*columns).where(is_ours).order_by(refunds.c.id)
    for order_row, *moved in connection.execute(query):
        movements[order_row].append(PlannedRefund(*moved))
    sums = sum_movements(connection, is_ours)
    void = _void_tickets(connection, account_id)
    return {
        order_id: StoredRefunds(
            movements[row],
            HeldOrder(sums.get(row, {}), frozenset(void.get(order_id, ()))),
        )
        for row, order_id in order_ids.items()
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
