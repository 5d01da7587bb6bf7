"""
The calendars of an iCalendar file (RFC 5545), before anything in them is read as a
show. A file that was cut off still parses, with its last dates missing: it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ticketsync.catalogue.season_list.calendar_lines import lines_of_shows
from ticketsync.catalogue.season_list.list_rows import refuse_more_than_a_season
from ticketsync.core import clock, errors
from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets import encodings

_BEGINS = re.compile(r"^BEGIN:VCALENDAR\s*$", re.IGNORECASE | re.MULTILINE)
_ENDS = re.compile(r"^END:VCALENDAR\s*$", re.IGNORECASE | re.MULTILINE)
_ENTRY = re.compile(r"^BEGIN:VEVENT\s*$", re.IGNORECASE | re.MULTILINE)
_EXPORT = "Export the calendar as .ics again."
_YEARS = range(2020, 2040)  # in which a time zone is compared with its definition


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """
    The calendars of a file, as the library has them, and what a reader should know.
    """

    calendars: Sequence[Any]
    notes: tuple[str, ...]


def read_calendars(name: str, data: bytes) -> CalendarFile:
    """
    The calendars in the file called `name`.

    Raises: `BadFile` where it is none, is cut off, or has more entries than a season.
    """
    from icalendar import Calendar

    if data.startswith(b"PK\3\4"):
        raise errors.BadFile(
            f"{name} is a workbook or a ZIP file, not a calendar.",
            hint=f"Rename it to .xlsx if it is a workbook. {_EXPORT}",
        )
    decoded = encodings.decode(name, data)
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    _refuse_cut_off(name, text)
    refuse_more_than_a_season(name, len(_ENTRY.findall(text)))
    text = lines_of_shows(name, text)
    try:
        found: Sequence[Any] = Calendar.from_ical(text, multiple=True)
    except (ValueError, IndexError, KeyError) as error:
        reason = str(error).partition(":")[0][:80]
        raise errors.BadFile(
            f"{name} is not a readable calendar ({safe(reason)}).", hint=_EXPORT
        ) from None
    notes = [decoded.note] if decoded.note else []
    for calendar in found:
        notes += _other_zones(calendar)
    return CalendarFile(found, tuple(notes))


def _refuse_cut_off(name: str, text: str) -> None:
    begun, ended = len(_BEGINS.findall(text)), len(_ENDS.findall(text))
    if not text.strip():
        raise errors.BadFile(f"{name} is empty.", hint=_EXPORT)
    if not begun:
        raise errors.BadFile(
            f"{name} is not a calendar: it has no line BEGIN:VCALENDAR.", hint=_EXPORT
        )
    if ended < begun:
        which = "it" if begun == 1 else "one of its calendars"
        raise errors.BadFile(
            f"{name} is cut off: {which} has no line END:VCALENDAR.", hint=_EXPORT
        )


def _other_zones(calendar: Any) -> Iterator[str]:
    """
    Notes about zones whose definition in the file (VTIMEZONE) is another one.
    """
    for defined in calendar.walk("VTIMEZONE"):
        name = str(defined.get("TZID", ""))
        offsets = {
            part["TZOFFSETTO"].td
            for part in defined.subcomponents
            if hasattr(part.get("TZOFFSETTO"), "td")
        }
        known = _offsets(name)
        if offsets and known and not offsets & known:
            yield (
                f"the file defines {safe(name)} with other offsets from UTC than that "
                f"time zone has; its times are read as those of {safe(name)}"
            )


def _offsets(name: str) -> set[timedelta]:
    """
    The offsets from UTC that a time zone has; none for an unknown one.
    """
    try:
        zone = clock.zone(name)
    except ValueError:
        return set()
    moments = (
        datetime(year, month, 1, tzinfo=UTC) for year in _YEARS for month in (1, 7)
    )
    return {moment.astimezone(zone).utcoffset() or timedelta() for moment in moments}
