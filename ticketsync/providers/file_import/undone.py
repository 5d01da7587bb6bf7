"""
What an order lost that does not come undone at a box office: money that went back, and
tickets that were void. A report without them is older than one with them, whatever the
time of its file says. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ticketsync.core import money
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.plurals import number_of
from ticketsync.core.records import TicketStatus
from ticketsync.providers.file_import import parse


@dataclass(frozen=True, slots=True)
class Figures:
    """
    What an order comes to: its tickets, and amounts in minor units.
    """

    currency: str
    valid: int
    void: int
    charged: int
    refunded: int


def figures_of(raw: Mapping[str, Any]) -> Figures | None:
    """
    What a raw order comes to; `None` where it cannot be read.
    """
    try:
        order = parse.parse_order(dict(raw))
    except UnreadableRecord:
        return None
    valid = sum(ticket.status is TicketStatus.VALID for ticket in order.tickets)
    return Figures(
        order.currency,
        valid,
        len(order.tickets) - valid,
        order.charged,
        sum(refund.amount for refund in order.refunds),
    )


def can_be(raw: Mapping[str, Any]) -> bool | None:
    """
    Whether no more goes back of a raw order than it has and cost; `None` where another
    thing of it cannot be read.
    """
    try:
        order = parse.parse_order(dict(raw))
    except UnreadableRecord as error:
        return False if error.word in _TOO_MUCH else None
    return sum(refund.amount for refund in order.refunds) <= order.charged


_TOO_MUCH = ("too-many-returned", "too-much-returned")


def what_is_undone(old: Figures | None, new: Figures | None) -> str:
    """
    What an order had and has no longer, in words; `""` for nothing. A sale that is less
    by its refund now is the same.
    """
    if old is None or new is None or old.currency != new.currency:
        return ""
    is_same_net = old.charged - old.refunded == new.charged - new.refunded
    if new.refunded < old.refunded and not is_same_net:
        lost = money.decimal_text(old.refunded - new.refunded, old.currency)
        return f"{lost} less was taken back"
    if new.void < old.void and new.valid > old.valid:
        number = number_of(old.void - new.void, "ticket")
        return f"{number} fewer void"
    return ""
