"""
The lines of an order that sell, and the tickets that they make. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ticketsync.core import money, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OrderStatus, TicketStatus
from ticketsync.providers.base import Raw
from ticketsync.providers.file_import.orders import ticket_ids
from ticketsync.providers.file_import.orders.line_values import Cells, LineValues
from ticketsync.providers.file_import.recipes.recipe_keys import WITHOUT_ENTRY


@dataclass(frozen=True, slots=True)
class Sale:
    """
    A line that sells, and its status. `is_charged` is false for a line that was
    cancelled in an order of which something else was paid.
    """

    line: Cells
    word: str
    is_charged: bool


def sold_tickets(
    values: LineValues, raw: Raw, sales: Sequence[Sale]
) -> list[records.Ticket]:
    """
    The tickets of all sales, in their sequence. Raises `UnreadableRecord`.
    """
    ticket_ids.refuse_other_case([sale.line for sale in sales])
    labels = raw.get("labels")
    if labels is None or len(labels) != len(sales):
        rows = [
            ticket_ids.SoldRow(sale.line, values.occurrence(sale.line)["id"])
            for sale in sales
        ]
        labels = ticket_ids.labels_of([rows])
    return [
        ticket
        for sale, label in zip(sales, labels, strict=True)
        for ticket in _tickets(values, sale, f"{raw['id']}/{label}")
    ]


def _tickets(values: LineValues, sale: Sale, row_id: str) -> list[records.Ticket]:
    line, word = sale.line, sale.word
    occurrence = values.occurrence(line)
    quantity = values.quantity(line)
    if quantity == 0:
        raise UnreadableRecord("quantity is 0")
    total = 0 if word == "comp" else values.line_total(line)
    faces = money.split_evenly(total if sale.is_charged else 0, quantity)
    fees = money.split_evenly(values.fee(line) if sale.is_charged else 0, quantity)
    listed = values.amount(line, "list_price")
    discounts = money.split_evenly(values.amount(line, "discount") or 0, quantity)
    is_void = word in WITHOUT_ENTRY
    type_name = line.get("type") or "Ticket"
    return [
        records.Ticket(
            id=f"{row_id}/{n + 1}",
            occurrence_id=occurrence["id"],
            type_id=type_name,
            type_name=type_name,
            status=TicketStatus.VOID if is_void else TicketStatus.VALID,
            checked_in=_is_checked_in(line),
            face=face,
            fee=fee,
            listed=(listed if listed is not None else face + discount)
            if sale.is_charged
            else None,
        )
        for n, (face, fee, discount) in enumerate(
            zip(faces, fees, discounts, strict=True)
        )
    ]


def _is_checked_in(line: Cells) -> bool:
    return line.get("checked_in", "").lower() in ("1", "y", "yes", "true", "x")


def order_status(words: Sequence[str]) -> OrderStatus:
    """
    The status of an order whose lines have these, as `recipe_keys.STATUSES` names them.

    Raises: `UnreadableRecord` where some are paid and others pending.
    """
    if "pending" in words and set(words) != {"pending"}:
        raise UnreadableRecord("some of its lines are paid and others pending")
    if any(word in ("paid", "comp", "refunded", "void") for word in words) or not words:
        return OrderStatus.PAID
    if "pending" in words:
        return OrderStatus.PENDING
    return OrderStatus.CANCELLED
