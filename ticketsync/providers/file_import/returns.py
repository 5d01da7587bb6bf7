"""
Which tickets a row takes back: those of its own date and type, and of its own seat
where it names one. A refund that takes back no ticket keeps them all (F45).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import Ticket, TicketStatus
from ticketsync.core.redact import safe


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """
    A row that takes something back.

    amount         in minor units, above zero
    quantity       of tickets; `None` in a report with one ticket on each row
    occurrence_id  `""` where the row names none
    type_name      `""` where the row names none
    label          the part of a ticket's id that names its seat or line, else `""`
    """

    amount: int
    quantity: int | None
    occurrence_id: str
    type_name: str
    label: str


def find_returned(tickets: Sequence[Ticket], row: ReturnedRow) -> set[int]:
    """
    The places of the tickets that a row takes back; the last of several that are alike.

    Raises: `UnreadableRecord` where the order does not have so many.
    """
    if row.quantity == 0:
        return set()
    places = [
        n
        for n, ticket in enumerate(tickets)
        if ticket.status is TicketStatus.VALID
        and row.occurrence_id in ("", ticket.occurrence_id)
        and row.type_name in ("", ticket.type_name)
    ]
    if row.label:
        places = [n for n in places if row.label in tickets[n].id] or places
    if row.quantity is None:
        return _one_ticket(tickets, places, row)
    if len(places) < row.quantity:
        what = safe(row.type_name, longest=40) or "tickets"
        raise UnreadableRecord(
            f"a row takes back {row.quantity} {what}, and the order has {len(places)} "
            "of that date and type left",
            word="too-many-returned",
        )
    each = row.amount // row.quantity
    # Of several, those with the price that went back, and of those the last.
    by_price = sorted(places, key=lambda n: (tickets[n].face == each, n))
    return set(by_price[len(by_price) - row.quantity :])


def _one_ticket(
    tickets: Sequence[Ticket], places: Sequence[int], row: ReturnedRow
) -> set[int]:
    """
    The one ticket that went back with its whole price; none for a part of a price.
    """
    if not places:
        raise UnreadableRecord(
            "a row takes back a ticket, and the order has none of that date and type "
            "left",
            word="too-many-returned",
        )
    prices = {tickets[n].face for n in places}
    exact = [
        n
        for n in places
        if row.amount in (tickets[n].face, tickets[n].face + tickets[n].fee)
    ]
    if exact:
        return {exact[-1]}
    if row.amount < min(prices - {0} or {0}):
        return set()
    if len(prices) > 1:
        raise UnreadableRecord(
            "a row takes back an amount that is the price of none of the order's "
            f"{len(places)} tickets",
            word="unclear-return",
        )
    return {places[-1]}
