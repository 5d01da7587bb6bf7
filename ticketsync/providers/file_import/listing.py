"""
The events and occurrences that the lines of a report name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ticketsync.core import clock, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OccurrenceStatus
from ticketsync.core.redact import safe
from ticketsync.providers.base import Raw

NO_DATE = ""


def parse_event(raw: Raw) -> records.Event:
    occurrence = records.Occurrence(
        id=str(raw["id"]),
        event_id=str(raw["event_id"]),
        name=str(raw["name"]),
        starts_at=clock.from_iso(str(raw["starts_at"])),
        ends_at=None,
        timezone=str(raw["timezone"]),
        status=OccurrenceStatus.ON_SALE,
        capacity=None,
        currency=raw["currency"] or None,
        venue=raw["venue"] or None,
        url=None,
        listed_at=None,
        issued=None,
        ordered=None,
        fingerprint="",
    )
    return records.Event(
        occurrence.event_id, occurrence.name, None, (occurrence,), is_listing=False
    )


def first_occurrence(raw: Raw) -> dict[str, Any]:
    """
    The listing record of the date that an order's first line is for.
    """
    found = occurrence_of(raw["lines"][0], raw["rules"])
    assert found is not None
    return found


def occurrence_of(
    line: Mapping[str, str], rules: Mapping[str, Any]
) -> dict[str, Any] | None:
    """
    The listing record of the date that a line is for; `None` if it cannot be read.
    """
    try:
        starts = parse_time(line, rules, "starts")
    except UnreadableRecord:
        return None
    name = line.get("event") or line.get("event_id")
    if starts is None or not name:
        return None
    event = line.get("event_id") or name
    return {
        "id": line.get("show_id") or f"{event} @ {clock.iso(starts)}",
        "event_id": event,
        "name": name,
        "starts_at": clock.iso(starts),
        "timezone": rules["timezone"],
        "currency": line.get("currency", rules["currency"]).upper(),
        "venue": line.get("venue"),
    }


def parse_time(
    line: Mapping[str, str], rules: Mapping[str, Any], name: str
) -> datetime | None:
    text = line.get(name, "")
    written = rules["formats"].get(name)
    if name == "starts" and not text and line.get("date"):
        text = f"{line['date']} {line.get('time', '')}".strip()
        formats = rules["formats"]
        if "date" in formats or "time" in formats:
            written = (
                f"{formats.get('date', '%Y-%m-%d')} {formats.get('time', '%H:%M')}"
            )
    if not text:
        return None
    try:
        moment = _parsed(text, written)
        if moment.tzinfo is not None:
            return clock.from_iso(moment.isoformat())
        return clock.local_to_utc(moment, rules["timezone"])
    except ValueError:
        expected = f", not a time written as {written}" if written else ", not a time"
        raise UnreadableRecord(f"{name} is {safe(text)!r}{expected}") from None


def _parsed(text: str, written: str | None) -> datetime:
    """
    As the recipe says it is written; a workbook's own date is ISO whatever it says.
    """
    if written is None:
        return datetime.fromisoformat(text)
    try:
        return datetime.strptime(text, written)  # noqa: DTZ007  # the zone is the recipe's
    except ValueError:
        if re.match(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}$", text):
            return datetime.fromisoformat(text)
        raise


def provider_occurrence_id_of(raw: Raw) -> str:
    dates = (occurrence_of(line, raw["rules"]) for line in raw["lines"])
    return next((str(date["id"]) for date in dates if date), NO_DATE)
