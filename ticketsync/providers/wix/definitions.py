"""
A ticket definition: one ticket type of an event, or several prices under one name.
"""

from __future__ import annotations

from ticketsync.core import records
from ticketsync.core.records import TicketTypeStatus
from ticketsync.providers import reading
from ticketsync.providers.base import Raw
from ticketsync.providers.wix.spec import SALE_STATUS


def parse_ticket_types(raw: Raw) -> tuple[records.TicketType, ...]:
    """
    What an event has on sale, from our raw record of it. Each pricing option is a
    ticket type of its own, without counts: these are of the whole definition.

    Definitions that cannot be read are left out. A free one without a currency has that
    of the others. Raises `UnreadableRecord`.
    """
    parts = [
        {"definition": definition, "option": option}
        for definition in reading.rows(raw, "definitions")
        for option in _options_of(definition) or [None]
    ]
    priced = reading.ticket_types(parts, lambda part: _parse_part(part, None))
    currency = next((kind.currency for kind in priced if kind.currency), None)
    return reading.ticket_types(parts, lambda part: _parse_part(part, currency))


def _options_of(definition: Raw) -> list[Raw | None]:
    method = definition.get("pricingMethod")
    options = method.get("pricingOptions") if isinstance(method, dict) else None
    rows = options.get("optionDetails") if isinstance(options, dict) else None
    return rows if isinstance(rows, list) else []


def _parse_part(part: Raw, currency: str | None) -> records.TicketType:
    definition, option = part["definition"], part["option"]
    if option is None:
        return _parse_definition(definition, currency)
    return _parse_option(definition, option)


def _parse_definition(raw: Raw, usual: str | None) -> records.TicketType:
    details = raw.get("salesDetails") or {}
    price, currency, is_minimum = _parse_pricing(reading.mapping(raw, "pricingMethod"))
    period = raw.get("salePeriod") or {}
    return records.TicketType(
        id=reading.text(raw, "id"),
        name=_name_of(raw),
        price=price,
        currency=usual if currency is None and price == 0 else currency,
        status=_parse_status(raw),
        is_minimum=is_minimum,
        quantity=reading.count_or_none(raw, "actualLimit"),
        sold=reading.count_or_none(details, "soldCount"),
        available=reading.count_or_none(details, "unsoldCount"),
        sale_starts_at=reading.moment_or_none(period, "startDate"),
        sale_ends_at=reading.moment_or_none(period, "endDate"),
    )


def _parse_option(raw: Raw, option: Raw) -> records.TicketType:
    price, currency = _parse_money(reading.mapping(option, "price"))
    period = raw.get("salePeriod") or {}
    name = reading.text_or_none(option, "name")
    return records.TicketType(
        id=f"{reading.text(raw, 'id')}/{reading.text(option, 'optionId')}",
        name=", ".join(filter(None, (_name_of(raw), name))),
        price=price,
        currency=currency,
        status=_parse_status(raw),
        sale_starts_at=reading.moment_or_none(period, "startDate"),
        sale_ends_at=reading.moment_or_none(period, "endDate"),
    )


def _name_of(raw: Raw) -> str:
    return reading.text_or_none(raw, "name") or "Ticket"


def _parse_pricing(method: Raw) -> tuple[int | None, str | None, bool]:
    """
    The price in minor units, its currency, and whether the buyer may pay more.
    """
    is_minimum = method.get("guestPrice") is not None
    price = method.get("guestPrice") if is_minimum else method.get("fixedPrice")
    amount, currency = _parse_money(price) if price is not None else (None, None)
    return (0 if method.get("free") else amount), currency, is_minimum


def _parse_money(price: Raw) -> tuple[int | None, str | None]:
    currency = reading.currency_or_none(price.get("currency"))
    name = "value" if price.get("value") is not None else "amount"
    return reading.price_or_none(price, name, currency), currency


def _parse_status(raw: Raw) -> TicketTypeStatus:
    if raw.get("hidden"):
        return TicketTypeStatus.HIDDEN
    if (raw.get("salesDetails") or {}).get("soldOut"):
        return TicketTypeStatus.SOLD_OUT
    word = str(raw.get("saleStatus") or "").lower()
    return SALE_STATUS.get(word, TicketTypeStatus.UNKNOWN)
