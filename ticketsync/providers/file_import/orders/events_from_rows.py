"""
The events and occurrences named by the lines of a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from ticketsync.core import clock, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OccurrenceStatus
from ticketsync.core.redact import safe
from ticketsync.providers import reading
from ticketsync.providers.base import Raw

NO_OCCURRENCE = ""


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


def named_event(line: Mapping[str, str]) -> str:
    """
    By what a line names its event: the platform's id, or else the title.
    """
    return line.get("event_id") or line.get("event", "")


def occurrence_of(
    line: Mapping[str, str], rules: Mapping[str, Any]
) -> dict[str, Any] | None:
    """
    The raw occurrence that a line is for; `None` if what it names cannot be parsed.
    """
    if "date" not in line and "starts" in line:
        return _named_occurrence(
            line["starts"],
            rules["formats"].get("starts"),
            rules["timezone"],
            line.get("event"),
            line.get("event_id"),
            line.get("show_id"),
            line.get("venue"),
            line.get("currency", rules["currency"]),
        )
    try:
        starts_at = parse_time(line, rules, "starts")
    except UnreadableRecord:
        return None
    return _occurrence(line, rules, starts_at)


@lru_cache(maxsize=4096)  # a report names the same few shows on every row
def _named_occurrence(
    starts: str,
    format_: str | None,
    timezone: str,
    event: str | None,
    event_id: str | None,
    show_id: str | None,
    venue: str | None,
    currency: str,
) -> dict[str, Any] | None:
    try:
        starts_at = _instant(starts, format_, timezone)
    except (ValueError, OverflowError):
        return None
    line = {"event": event, "event_id": event_id, "show_id": show_id, "venue": venue}
    rules = {"timezone": timezone, "currency": currency}
    return _occurrence(line, rules, starts_at)


def _occurrence(
    line: Mapping[str, str | None], rules: Mapping[str, Any], starts_at: datetime | None
) -> dict[str, Any] | None:
    name = line.get("event") or line.get("event_id")
    if starts_at is None or not name:
        return None
    event_id = line.get("event_id") or name
    currency = line.get("currency") or rules["currency"]
    return {
        "id": line.get("show_id") or f"{event_id} @ {clock.iso(starts_at)}",
        "event_id": event_id,
        "name": name,
        "starts_at": clock.iso(starts_at),
        "timezone": rules["timezone"],
        "currency": currency.upper(),
        "venue": line.get("venue"),
    }


def listed_occurrences(orders: Iterable[Raw]) -> list[dict[str, Any]]:
    """
    The raw occurrences that the lines of all orders name, each as the last line has it.
    A line in a currency that nobody knows decides nothing where another one is for the
    same occurrence: only its own order is set aside.
    """
    found: dict[str, dict[str, Any]] = {}
    for order in orders:
        for line in order["lines"]:
            occurrence = occurrence_of(line, order["rules"])
            if occurrence is not None and (
                occurrence["id"] not in found or _has_known_currency(occurrence)
            ):
                found[occurrence["id"]] = dict(occurrence)
    return list(found.values())


def _has_known_currency(occurrence: Mapping[str, Any]) -> bool:
    return reading.currency_or_none(occurrence["currency"]) is not None


def first_placed(
    lines: Iterable[Mapping[str, str]], rules: Mapping[str, Any]
) -> datetime | None:
    """
    When an order with these lines was bought: of several times the first one, in
    whatever sequence the lines stand. Raises as `parse_time`.
    """
    times = [parse_time(line, rules, "placed") for line in lines]
    return min((time for time in times if time is not None), default=None)


def parse_time(
    line: Mapping[str, str], rules: Mapping[str, Any], name: str
) -> datetime | None:
    """
    The instant in a field of a line; `None` if the line has none. Raises
    `UnreadableRecord` if it does not have the recipe's format.
    """
    text = line.get(name, "")
    format_ = rules["formats"].get(name)
    if name == "starts" and not text and line.get("date"):
        text = f"{line['date']} {line.get('time', '')}".strip()
        formats = rules["formats"]
        if "date" in formats or "time" in formats:
            format_ = (
                f"{formats.get('date', '%Y-%m-%d')} {formats.get('time', '%H:%M')}"
            )
    if not text:
        return None
    try:
        return _instant(text, format_, rules["timezone"])
    except clock.ClockChangeError as error:
        raise UnreadableRecord(
            f"{name} is {safe(text)!r}, not one time: {error}, where the clocks change"
        ) from None
    except (ValueError, OverflowError):  # the year 1 or 9999 in another zone
        expected = f", not a time written as {format_}" if format_ else ", not a time"
        raise UnreadableRecord(f"{name} is {safe(text)!r}{expected}") from None


@lru_cache(maxsize=4096)  # a report names the same few times on every row
def _instant(text: str, format_: str | None, timezone: str) -> datetime:
    time = _parse_datetime(text, format_)
    if time.tzinfo is not None:
        return clock.from_iso(time.isoformat())
    return clock.local_to_utc(time, timezone)


def _parse_datetime(text: str, format_: str | None) -> datetime:
    """
    In the recipe's format. A date cell of a workbook is ISO, whatever the recipe says.
    """
    if format_ is None:
        return datetime.fromisoformat(text)
    try:
        return datetime.strptime(text, format_)  # noqa: DTZ007  # the zone is the recipe's
    except ValueError:
        if re.match(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}$", text):
            return datetime.fromisoformat(text)
        raise


def provider_occurrence_id_of(raw: Raw) -> str:
    """
    The id of the first occurrence that an order names; `""` if it names none.
    """
    occurrences = (occurrence_of(line, raw["rules"]) for line in raw["lines"])
    return next((str(row["id"]) for row in occurrences if row), NO_OCCURRENCE)
