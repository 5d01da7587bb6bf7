"""
Times of day as people write them, alone or beside a day: `7.30 pm`, `19:30 (doors
19:00)`, `22/12/2026 at 19:30`.

Nothing is guessed: an hour without its half of the day or two times in one cell raise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, time

from ticketsync.core.written.written_dates import (
    Order,
    WrittenDateError,
    is_number,
    looks_like_day,
    may_be_clock,
    plain_text,
    read_day,
)

_HALF = r"[ap]\.?\s?m\b\.?"
_CLOCK = (
    rf"\d\d?(?:[:.h]\d\d(?::\d\d)?)?\s*{_HALF}"
    r"|\d\d?[:.h]\d\d(?::\d\d)?(?:\s*(?:uhr|h|hrs?)\b)?|\d\d?\s?h\b|noon|midday|midnight"
)
_TIME = re.compile(
    r"(?P<hour>\d\d?)(?:\s?[:.h]\s?(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?"
    rf"|\s?h)?\s*(?:(?P<half>{_HALF})|uhr|hrs?|h)?"
)
_DAY_THEN_TIME = re.compile(
    rf"(?P<day>.*?\S)(?:\s*[,@]\s*|\s+(?:at|um|[-–—|])\s+|\s+)(?P<time>{_CLOCK})"
)
_TIME_THEN_DAY = re.compile(
    rf"(?P<time>{_CLOCK})(?:\s*,\s*|\s+(?:on|[-–—|])\s+|\s+)(?P<day>\S.*)"
)
_WITH_DOORS = re.compile(
    rf"(?P<show>{_CLOCK})\s*(?:[,;/|(–—-]\s*)?"
    r"doors?(?:\s+(?:open|at|from|open at|open from))?\s*:?\s*"
    rf"(?P<doors>{_CLOCK})\s*\)?"
)
_EARLIEST_DOORS = 180  # minutes before the show


def read_time(text: str, *, needs_half: bool = False) -> time:
    """
    A time of day as a person writes it, or that of a show beside the one at which its
    doors open: `19:30 (doors 19:00)`. `needs_half`: the column says am or pm, so that
    an hour up to 12 without it could be either.

    Raises: `WrittenDateError` for everything that is not exactly one time.
    """
    plain = plain_text(text)
    if plain in ("noon", "midday", "12 noon"):
        return time(12)
    match = _TIME.fullmatch(plain)
    beside = _WITH_DOORS.fullmatch(plain)
    if match is None and beside is not None:
        return _after_doors(beside, needs_half=needs_half)
    if match is None or (is_number(plain) and not may_be_clock(plain)):
        raise WrittenDateError(_why_no_time(plain))
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    second = int(match["second"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            raise WrittenDateError("is not a time of day")
        hour = hour % 12 + (12 if match["half"][0] == "p" else 0)
    elif needs_half and 1 <= hour <= 12 and not plain.startswith("0"):
        raise WrittenDateError("says neither am nor pm, as others of its column do")
    try:
        return time(hour, minute, second)
    except ValueError:
        raise WrittenDateError("is not a time of day") from None


def read_moment(
    text: str, order: Order | None = None, *, needs_half: bool = False
) -> datetime:
    """
    A day with a time of day; aware where the text says its offset from UTC.

    Raises: `WrittenDateError` where it is not exactly one of each.
    """
    moment = _iso_moment(text)
    if moment is not None:
        return moment
    day, clock = split(text)
    if not clock:
        read_day(day, order)
        raise WrittenDateError("has no time of day")
    return datetime.combine(
        read_day(day, order), read_time(clock, needs_half=needs_half)
    )


def split(text: str) -> tuple[str, str]:
    """
    The day and the time of a text; one of them is empty where it has only the other.
    """
    plain = plain_text(text)
    if re.fullmatch(_CLOCK, plain) and not may_be_clock(plain):
        return "", plain
    match = _DAY_THEN_TIME.fullmatch(plain) or _TIME_THEN_DAY.fullmatch(plain)
    if match is None:
        return plain, ""
    return match["day"].rstrip(" ,-–—|"), match["time"]


def has_halves(texts: Iterable[str]) -> bool:
    """
    Whether times of one column say am or pm.
    """
    half = re.compile(rf"\d\s*{_HALF}")
    return any(half.search(plain_text(text)) is not None for text in texts)


# One text


def _iso_moment(text: str) -> datetime | None:
    stripped = text.strip()
    if not any(sign in stripped for sign in (":", "T")):
        return None
    try:
        return datetime.fromisoformat(stripped)
    except ValueError:
        return None


def _after_doors(match: re.Match[str], *, needs_half: bool) -> time:
    """
    When a show starts whose doors open before; any other two times are two times.
    """
    show, doors = (
        read_time(match[name], needs_half=needs_half) for name in ("show", "doors")
    )
    before = (show.hour - doors.hour) * 60 + show.minute - doors.minute
    if not 0 < before <= _EARLIEST_DOORS:
        raise WrittenDateError("has more than one time")
    return show


def _why_no_time(plain: str) -> str:
    if is_number(plain):
        return "is a number, not a time of day"
    if looks_like_day(plain):
        return "is a date, not a time of day"
    if plain == "midnight":
        return "could be the beginning or the end of its day"
    if len(re.findall(_CLOCK, plain)) > 1:
        return "has more than one time"
    if re.search(r"\d", plain) and re.search(r"[a-z(*]", plain):
        return "has more than a time of day"
    return "is not a time of day"
