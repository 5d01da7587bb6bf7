"""
What an event has on sale: its ticket classes, which are listed with it.
"""

from __future__ import annotations

from typing import Any

from ticketsync.core import records
from ticketsync.core.records import TicketTypeStatus
from ticketsync.providers import reading
from ticketsync.providers.base import Raw
from ticketsync.providers.eventbrite.spec import ON_SALE_STATUS


def parse_ticket_classes(event: Raw) -> tuple[records.TicketType, ...] | None:
    """
    The ticket classes of an event; `None` where it was listed without them. Add-ons are
    left out: they do not count as tickets.
    """
    raws = event.get("ticket_classes")
    if not isinstance(raws, list):
        return None
    currency = str(event.get("currency") or "").upper() or None
    return reading.ticket_types(
        [raw for raw in raws if not _is_add_on(raw)],
        lambda raw: _parse_ticket_class(raw, currency),
    )


def _is_add_on(raw: Any) -> bool:
    return isinstance(raw, dict) and raw.get("category") == "add_on"


def _parse_ticket_class(raw: Raw, currency: str | None) -> records.TicketType:
    quantity = reading.count_or_none(raw, "quantity_total")
    sold = reading.count_or_none(raw, "quantity_sold")
    left = None if quantity is None or sold is None else max(0, quantity - sold)
    price, currency = _parse_price(raw, currency)
    return records.TicketType(
        id=reading.text(raw, "id"),
        name=reading.text_or_none(raw, "name") or "Ticket",
        price=price,
        currency=currency,
        status=_parse_status(raw),
        quantity=quantity,
        sold=sold,
        available=left,
        sale_starts_at=reading.moment_or_none(raw, "sales_start"),
        sale_ends_at=reading.moment_or_none(raw, "sales_end"),
    )


def _parse_price(raw: Raw, currency: str | None) -> tuple[int | None, str | None]:
    """
    The price in minor units and its currency; of a donation the buyer chooses it. The
    cost is a field of its own or, in the documents' example, one of several in `cost`.
    """
    if raw.get("free"):
        return 0, currency
    if raw.get("donation") or raw.get("category") == "donation":
        return None, currency
    cost = raw.get("cost")
    if isinstance(cost, dict) and "value" not in cost:
        cost = cost.get("cost")
    if cost is None:
        return None, currency
    return reading.whole(cost, "value"), reading.text(cost, "currency").upper()


def _parse_status(raw: Raw) -> TicketTypeStatus:
    if raw.get("hidden"):
        return TicketTypeStatus.HIDDEN
    word = str(raw.get("on_sale_status") or "").lower()
    return ON_SALE_STATUS.get(word, TicketTypeStatus.UNKNOWN)
