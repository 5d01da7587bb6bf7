"""
What an order lost that does not come undone at a box office: money that went back, and
tickets that were void. A report without them is older than one with them, whatever the
time of its file says. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketsync.core import clock, money, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.plurals import number_of
from ticketsync.core.records import TicketStatus
from ticketsync.providers.file_import.orders import parse

Seat = tuple[str, str, str]  # occurrence, type, seat
Night = str | None  # an occurrence, in an order over several


@dataclass(frozen=True, slots=True)
class Figures:
    """
    What an order comes to: its tickets, and amounts in minor units.

    seats      valid and void tickets by night, type and, where each has one, seat
    nights     charged less refunded by night; empty in an order of a single one
    returned   what went back by night and day; no day where it has none
    """

    currency: str
    valid: int
    void: int
    charged: int
    refunded: int
    seats: Mapping[bool, Counter[Seat]] = field(compare=False)
    nights: Mapping[str, int] = field(compare=False)
    returned: Mapping[Night, Mapping[str, int]] = field(compare=False)


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
        seats=_seats(order, raw["lines"]),
        nights=_nights(order),
        returned=_returned(order, raw["rules"]["timezone"]),
    )


def _seats(
    order: records.Order, lines: Sequence[Mapping[str, str]]
) -> dict[bool, Counter[Seat]]:
    has_seats = all("line" in line for line in lines)
    found: dict[bool, Counter[Seat]] = {True: Counter(), False: Counter()}
    for ticket in order.tickets:
        seat = ticket.id if has_seats else ""
        is_valid = ticket.status is TicketStatus.VALID
        found[is_valid][ticket.occurrence_id, ticket.type_name, seat] += 1
    return found


def _nights(order: records.Order) -> dict[str, int]:
    found: Counter[str] = Counter()
    for it in order.tickets:
        if it.refunded is not None:
            paid = it.face + it.fee + it.tax_added
            found[it.occurrence_id] += paid - it.refunded
    return dict(found) if len(found) > 1 else {}


def _returned(order: records.Order, zone: str) -> dict[Night, Counter[str]]:
    found: dict[Night, Counter[str]] = {}
    for refund in order.refunds:
        date = refund.refunded_at
        day = "" if date is None else clock.day_of(date, zone).isoformat()
        found.setdefault(refund.occurrence_id, Counter())[day] += refund.amount
    return found


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
    by its refund now is the same, if it is so on each night.
    """
    if old is None or new is None or old.currency != new.currency:
        return ""
    less = _less_returned(old, new)
    if less:
        return f"{money.decimal_text(less, old.currency)} less was taken back"
    number = old.void - new.void
    if number <= 0 or new.valid <= old.valid:
        number = sum(_valid_again(old, new).values())
    return f"{number_of(number, 'ticket')} fewer void" if number else ""


def is_net_of(new: Figures | None, old: Figures | None) -> bool:
    """
    Whether an order says the same as the other one, with what went back taken off its
    sale: less is known of it.
    """
    if old is None or new is None or old.currency != new.currency:
        return False
    return (
        new.refunded < old.refunded
        and new.charged - new.refunded == old.charged - old.refunded
        and new.valid == old.valid
        and not what_is_undone(old, new)
    )


def _less_returned(old: Figures, new: Figures) -> int:
    """
    What went back in all, or of a night, or on a day, and did not any more.
    """
    is_same_net = old.charged - old.refunded == new.charged - new.refunded
    if is_same_net and new.refunded < old.refunded:
        differing = [
            abs(old.nights[night] - new.nights.get(night, 0)) for night in old.nights
        ]
        return max(differing, default=0) if new.nights else 0
    if new.refunded < old.refunded:
        return old.refunded - new.refunded
    if (None in old.returned) != (None in new.returned):
        return 0  # one of them says nothing of nights
    return sum(
        _less_of_days(days, new.returned.get(night, {}))
        for night, days in old.returned.items()
    )


def _less_of_days(old: Mapping[str, int], new: Mapping[str, int]) -> int:
    """
    What is on no day any more; what has no day now may be of any.
    """
    less = sum(max(0, amount - new.get(day, 0)) for day, amount in old.items() if day)
    whole = sum(old.values()) - sum(new.values())
    undated = new.get("", 0) - old.get("", 0)
    return max(0, whole, less - max(0, undated))


def _valid_again(old: Figures, new: Figures) -> Counter[Seat]:
    """
    The void tickets of which others of the kind are valid again.
    """
    fewer = old.seats[False] - new.seats[False]
    more = new.seats[True] - old.seats[True]
    return fewer & more
