"""
Parses raw Square catalogue items. A variation has a time only if somebody wrote one
into its name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import msgspec

from ticketsync.core import clock, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OccurrenceStatus, TicketTypeStatus
from ticketsync.providers import reading
from ticketsync.providers.base import Raw
from ticketsync.providers.square.lines import occurrences_in
from ticketsync.providers.square.spec import FIXED_PRICING


def parse_event(raw: Raw) -> records.Event:
    """
    Raises `UnreadableRecord`.
    """
    item = reading.mapping(raw, "item")
    data = reading.mapping(item, "item_data")
    event_id = reading.text(item, "id")
    name = reading.text(data, "name")
    url = reading.text_or_none(data, "ecom_uri")
    zone = reading.text_or_none(raw, "timezone") or ""
    return records.Event(
        event_id,
        name,
        url,
        tuple(
            _parse_variation(variation, event_id, name, url, zone, raw)
            for variation in data.get("variations") or ()
            if not variation.get("is_deleted")
        ),
    )


def events_in(raw: Raw) -> Sequence[records.Event]:
    """
    The events that a raw order sold, for items that the catalogue does not contain.
    """
    if "unlinked" in raw:
        amount = reading.mapping(reading.mapping(raw, "unlinked"), "amount_money")
    else:
        amount = reading.mapping(reading.mapping(raw, "order"), "total_money")
    currency = reading.text(amount, "currency")
    return [
        records.Event(
            f"line:{id_}",
            name,
            None,
            (
                _undated_occurrence(
                    id_,
                    f"line:{id_}",
                    name,
                    currency,
                    fingerprint=records.FROM_ORDERS,
                ),
            ),
        )
        for id_, name in occurrences_in(raw).items()
    ]


_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_TIME_IN_NAME = re.compile(
    rf"\b(\d{{1,2}}) ({_MONTHS})[a-z]* (\d{{4}}),? (\d{{1,2}})[:.](\d{{2}}) ?([ap]m)\b",
    re.IGNORECASE,
)


def parse_written_time(text: str) -> datetime | None:
    """
    The local time in `6 Mar 2026 7:30pm`; `None` for any other format.
    """
    match = _TIME_IN_NAME.search(text)
    if match is None:
        return None
    day, month, year, hour, minute, half = match.groups()
    number = _MONTHS.lower().split("|").index(month.lower()) + 1
    hours = int(hour) % 12 + (12 if half.lower() == "pm" else 0)
    try:
        return datetime(int(year), number, int(day), hours, int(minute))  # noqa: DTZ001  # local
    except ValueError:
        return None


def _parse_variation(
    raw: Raw, event_id: str, item: str, url: str | None, zone: str, listed: Raw
) -> records.Occurrence:
    data = reading.mapping(raw, "item_variation_data")
    name = reading.text_or_none(data, "name")
    currency = _price_money(data).get("currency") or listed.get("currency")
    local = parse_written_time(f"{item} {name or ''}")
    undated = _undated_occurrence(
        reading.text(raw, "id"),
        event_id,
        f"{item}, {name}" if name else item,
        currency,
        zone=zone or "UTC",
        url=url,
    )
    listing = msgspec.structs.replace(
        undated,
        ticket_types=_ticket_types(raw, name or item, currency),
        changed_at=_changed_at(raw, reading.mapping(listed, "item")),
    )
    if local is None:
        return listing
    if not zone:
        raise UnreadableRecord(
            f"{undated.name} has a time, but its location has no time zone"
        )
    return msgspec.structs.replace(
        listing,
        name=item,
        starts_at=clock.local_to_utc(local, zone),
        status=OccurrenceStatus.ON_SALE,
        is_dated=True,
    )


def _price_money(variation: Raw) -> Raw:
    price = variation.get("price_money")
    return price if isinstance(price, dict) else {}


def _ticket_types(
    variation: Raw, name: str, currency: object
) -> tuple[records.TicketType, ...]:
    """
    A variation is a ticket type of its own.
    """

    def parse(raw: Raw) -> records.TicketType:
        data = raw["item_variation_data"]
        code = reading.currency_or_none(currency)
        is_free = (data.get("pricing_type") or FIXED_PRICING) != FIXED_PRICING
        price = reading.count_or_none(_price_money(data), "amount")
        return records.TicketType(
            id=reading.text(raw, "id"),
            name=name,
            price=None if is_free or code is None else price,
            currency=code,
            status=TicketTypeStatus.ON_SALE,
        )

    return reading.ticket_types([variation], parse)


def _changed_at(variation: Raw, item: Raw) -> datetime | None:
    """
    When the variation or its item was last changed.
    """
    times = [reading.moment_or_none(raw, "updated_at") for raw in (variation, item)]
    return max((time for time in times if time is not None), default=None)


def _undated_occurrence(
    id_: str,
    event_id: str,
    name: str,
    currency: str | None,
    *,
    zone: str = "UTC",
    url: str | None = None,
    fingerprint: str = "",
) -> records.Occurrence:
    return records.Occurrence(
        id=id_,
        event_id=event_id,
        name=name,
        starts_at=clock.from_epoch(0),
        ends_at=None,
        timezone=zone,
        status=OccurrenceStatus.ON_SALE,
        capacity=None,
        currency=currency,
        venue=None,
        url=url,
        listed_at=None,
        issued=None,
        ordered=None,
        fingerprint=fingerprint,
        is_dated=False,
    )
