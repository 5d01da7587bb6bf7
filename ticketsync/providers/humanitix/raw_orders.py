"""
Our raw record of a Humanitix order, put together from the order and its tickets.
"""

from __future__ import annotations

from collections.abc import Iterable

from ticketsync.providers.base import Raw


def assemble_order(order: Raw, tickets: list[Raw]) -> Raw:
    """
    Our record of an order. `swappedTo` is emptied with what holds people, so what it
    says is written down here.
    """
    tickets = sorted(tickets, key=lambda ticket: str(ticket["_id"]))
    found = {"id": order.get("_id"), "order": order, "tickets": tickets}
    moved = [t["_id"] for t in tickets if swapped_to(t) and is_cancelled(t)]
    return {**found, "moved": moved} if moved else found


def swapped_to(ticket: Raw) -> str:
    """
    The ticket that this one was swapped for, `""` if it was not.
    """
    told = ticket.get("swappedTo")
    return str(told.get("id") or "") if isinstance(told, dict) else ""


def is_cancelled(ticket: Raw) -> bool:
    return str(ticket.get("status")).lower() == "cancelled"


def tickets_by_order(tickets: Iterable[Raw]) -> dict[str, list[Raw]]:
    """
    Tickets by their order's id; one that names none stands by itself.
    """
    found: dict[str, list[Raw]] = {}
    for ticket in tickets:
        order_id = str(ticket.get("orderId") or f"ticket:{ticket['_id']}")
        found.setdefault(order_id, []).append(ticket)
    return found
