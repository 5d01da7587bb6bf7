"""
What a Ticket Tailor event has on sale: its own ticket types, with their prices.
"""

from __future__ import annotations

from ticketsync.core import records
from ticketsync.core.records import TicketTypeStatus
from ticketsync.providers import reading
from ticketsync.providers.base import Raw
from ticketsync.providers.ticket_tailor.spec import TICKET_TYPE_STATUS


def list_types(event: Raw) -> list[Raw]:
    """
    The raw ticket types of an event, as far as they are objects.
    """
    raws = event.get("ticket_types")
    rows = raws if isinstance(raws, list) else ()
    return [raw for raw in rows if isinstance(raw, dict)]


def parse_ticket_types(event: Raw) -> tuple[records.TicketType, ...] | None:
    """
    `None` where the event does not report them. Its prices have no multiplier of their
    own, as those of orders have: they are minor units as in ISO 4217.
    """
    if not isinstance(event.get("ticket_types"), list):
        return None
    currency = reading.currency_or_none(event.get("currency"))

    def parse(raw: Raw) -> records.TicketType:
        available = _available(raw)
        return records.TicketType(
            id=reading.text(raw, "id"),
            name=reading.text_or_none(raw, "name") or "Ticket",
            price=reading.count_or_none(raw, "price") if currency else None,
            currency=currency,
            status=_status(raw, available),
            quantity=reading.count_or_none(raw, "quantity_total"),
            sold=reading.count_or_none(raw, "quantity_issued"),
            available=available,
        )

    return reading.ticket_types(event["ticket_types"], parse)


def _available(raw: Raw) -> int | None:
    """
    How many are left; none where more were issued than there are.
    """
    left = raw.get("quantity")
    return max(0, left) if type(left) is int else None


def _status(raw: Raw, available: int | None) -> TicketTypeStatus:
    """
    One that is sold out may still be called on sale.
    """
    word = str(raw.get("status")).lower()
    status = TICKET_TYPE_STATUS.get(word, TicketTypeStatus.UNKNOWN)
    if status is TicketTypeStatus.ON_SALE and available == 0:
        return TicketTypeStatus.SOLD_OUT
    return status
