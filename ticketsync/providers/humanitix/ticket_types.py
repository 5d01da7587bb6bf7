"""
What a Humanitix event has on sale: its ticket types and packages, with their prices.
They belong to the event: every date of it has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ticketsync.core import records
from ticketsync.core.records import TicketTypeStatus
from ticketsync.providers import reading
from ticketsync.providers.base import Raw


def parse_ticket_types(
    event: Raw, *, has_one_date: bool
) -> tuple[records.TicketType, ...] | None:
    """
    `None` where the event does not report them. How many there are is believed for an
    event with one date, like `totalCapacity`.
    """
    lists = [event.get(name) for name in ("ticketTypes", "packagedTickets")]
    raws = [raw for rows in lists if isinstance(rows, list) for raw in rows]
    if not any(isinstance(rows, list) for rows in lists):
        return None
    currency = reading.currency_or_none(event.get("currency"))

    def parse(raw: Raw) -> records.TicketType:
        price, is_minimum = _price(raw, currency)
        return records.TicketType(
            id=reading.text(raw, "_id"),
            name=reading.text_or_none(raw, "name") or "Ticket",
            price=price,
            currency=currency,
            status=_status(raw),
            is_minimum=is_minimum,
            quantity=reading.count_or_none(raw, "quantity") if has_one_date else None,
        )

    return reading.ticket_types([raw for raw in raws if not _is_deleted(raw)], parse)


def _is_deleted(raw: Any) -> bool:
    return isinstance(raw, dict) and bool(raw.get("deleted"))


def _price(raw: Raw, currency: str | None) -> tuple[int | None, bool]:
    """
    The price, and whether it is only the lowest one.
    """
    if raw.get("isDonation"):
        return None, False
    if (span := _enabled(raw, "priceRange")) is not None:
        lowest = reading.price_or_none(span, "min", currency)
    elif (choice := _enabled(raw, "priceOptions")) is not None:
        lowest = min(_option_prices(choice, currency), default=None)
    else:
        return reading.price_or_none(raw, "price", currency), False
    return lowest, lowest is not None


def _enabled(raw: Raw, name: str) -> Raw | None:
    value = raw.get(name)
    return value if isinstance(value, dict) and value.get("enabled") is True else None


def _option_prices(choice: Raw, currency: str | None) -> Iterator[int]:
    options = choice.get("options")
    for option in options if isinstance(options, list) else ():
        if isinstance(option, dict):
            price = reading.price_or_none(option, "value", currency)
            if price is not None:
                yield price


def _status(raw: Raw) -> TicketTypeStatus:
    """
    Humanitix reports neither a time of sale nor how many are left.
    """
    if raw.get("disabled"):
        return TicketTypeStatus.CLOSED
    hiding = raw.get("hiddenOptions")
    hiding = hiding if isinstance(hiding, dict) else {}
    is_hidden = hiding.get("hidden") is True and hiding.get("when") == "always"
    return TicketTypeStatus.HIDDEN if is_hidden else TicketTypeStatus.ON_SALE
