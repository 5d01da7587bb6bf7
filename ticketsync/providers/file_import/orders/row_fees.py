"""
Which tickets bear what the platform kept: a fee that stands on a row is of the tickets
which that row sells or takes back. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ticketsync.core import money
from ticketsync.core.records import Ticket, TicketStatus


@dataclass(frozen=True, slots=True)
class RowFee:
    """
    What was kept for a row.

    amount         in minor units
    sells          how many tickets; 0 for a row that takes back, or sells nothing
    occurrence_id  `""` where the row names none
    type_name      `""` where the row names none
    """

    amount: int
    sells: int
    occurrence_id: str
    type_name: str


def fees_by_ticket(
    rows: Sequence[RowFee], tickets: Sequence[Ticket]
) -> tuple[int, ...]:
    """
    The part of each ticket, in minor units. The rows that sell come first, in the
    sequence of their tickets.
    """
    parts = [0] * len(tickets)
    begin = 0
    for row in rows:
        if row.sells:
            places = list(range(begin, begin + row.sells))
            begin += row.sells
        else:
            places = _places_of(row, tickets)
        if row.amount and places:
            amounts = money.split_evenly(row.amount, len(places))
            for place, amount in zip(places, amounts, strict=True):
                parts[place] += amount
    return tuple(parts)


def buyer_fees_by_ticket(
    tickets: Sequence[Ticket], amount: int
) -> tuple[int, ...] | None:
    """
    The part of each ticket in what its buyers' fees come to after returns, in minor
    units. `None` where it is not known whose went back.
    """
    paid = tuple(ticket.fee for ticket in tickets)
    left = tuple(
        0 if ticket.status is TicketStatus.VOID else ticket.fee for ticket in tickets
    )
    return next((parts for parts in (paid, left) if sum(parts) == amount), None)


def added(
    parts: tuple[int, ...] | None, more: tuple[int, ...] | None
) -> tuple[int, ...] | None:
    """
    Both parts of each ticket together; `None` where one of them is not known.
    """
    if parts is None or more is None:
        return None
    return tuple(a + b for a, b in zip(parts, more, strict=True))


def _places_of(row: RowFee, tickets: Sequence[Ticket]) -> list[int]:
    """
    The tickets that a row without any is about: of its date and type, those that were
    taken back first.
    """
    places = list(range(len(tickets)))
    for is_meant in (
        lambda ticket: ticket.occurrence_id == row.occurrence_id,
        lambda ticket: ticket.type_name == row.type_name,
        lambda ticket: ticket.status is TicketStatus.VOID,
    ):
        places = [n for n in places if is_meant(tickets[n])] or places
    return places
