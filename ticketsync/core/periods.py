"""
Spans of calendar days as a person writes them: `2026-10`, `2026-Q4`, `FROM..TO`.

Days are those of a calendar on the wall; which instants they are depends on the zone.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ticketsync.core import clock, errors
from ticketsync.core.redact import safe

_YEAR = re.compile(r"(\d{4})", re.ASCII)
_QUARTER = re.compile(r"(\d{4})-[Qq]([1-4])", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """
    The days from `first` to `last`, both included; `None` where it is open.
    """

    first: date | None = None
    last: date | None = None

    @property
    def end(self) -> date | None:
        """
        The day after the last one.
        """
        if self.last is None or self.last == date.max:
            return None
        return self.last + timedelta(days=1)

    def instants(self, zone: str) -> tuple[datetime | None, datetime | None]:
        """
        When it begins in that time zone, and when it is over.
        """
        first, end = self.first, self.end
        return (
            None if first is None else clock.start_of(first, zone),
            None if end is None else clock.start_of(end, zone),
        )


ALWAYS = Period()


def parse_period(text: str) -> Period:
    """
    The period that a text means: a year, quarter, month or day, or two of them with
    `..` between, of which one may be left out. An empty text means always.

    Raises: `UsageError` for anything else, and where the end is before the beginning.
    """
    if not text:
        return ALWAYS
    begin, dots, end = text.partition("..")
    if not dots:
        return _one(text, text)
    first = _one(begin, text).first if begin else None
    last = _one(end, text).last if end else None
    if first is not None and last is not None and last < first:
        raise errors.UsageError(
            f"The period {safe(text)!r} ends before it begins.",
            hint="Write FROM..TO, for example 2026-10-01..2026-10-15.",
        )
    return Period(first, last)


def monday_of(day: date) -> date:
    """
    The first day of the week that a day is in.
    """
    return day - timedelta(days=day.weekday())


def _one(part: str, text: str) -> Period:
    try:
        return _parsed(part.strip())
    except ValueError:
        raise errors.UsageError(
            f"{safe(text)!r} is not a period.",
            hint="Use a month (2026-10), a quarter (2026-Q4), a year, a day "
            "(2026-10-31), or FROM..TO.",
        ) from None


def _parsed(part: str) -> Period:
    if found := _QUARTER.fullmatch(part):
        year, number = int(found[1]), int(found[2])
        return _months(year, 3 * number - 2, 3 * number)
    if found := _MONTH.fullmatch(part):
        return _months(int(found[1]), int(found[2]), int(found[2]))
    if found := _YEAR.fullmatch(part):
        return _months(int(found[1]), 1, 12)
    if _DAY.fullmatch(part):
        day = date.fromisoformat(part)
        return Period(day, day)
    raise ValueError(part)


def _months(year: int, first: int, last: int) -> Period:
    begin = date(year, first, 1)
    return Period(begin, date(year, last, calendar.monthrange(year, last)[1]))
