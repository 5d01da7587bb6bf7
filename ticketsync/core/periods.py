"""
Spans of calendar days as a person writes them: `2026-10`, `2026-Q4`, `last-week`,
`FROM..TO`.

Days are those of a calendar on the wall; which instants they are depends on the zone.
`tonight` and `last-night` are evenings: to these a show after midnight belongs, too.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from ticketsync.core import clock, errors, near_words
from ticketsync.core.redact import safe

_YEAR = re.compile(r"(\d{4})", re.ASCII)
_QUARTER = re.compile(r"(\d{4})-[Qq]([1-4])", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """
    The days from `first` to `last`, both included; `None` where it is open. Of shows,
    the days of `is_of_evenings` are those of `clock.evening_of`.
    """

    first: date | None = None
    last: date | None = None
    is_of_evenings: bool = False

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

    @property
    def local_starts(self) -> tuple[str | None, str | None]:
        """
        The local time (`2026-11-27 00:00`) from which shows are in it, and the one from
        which they no longer are.
        """
        hours = clock.SMALL_HOURS // timedelta(hours=1)
        time = f"{hours if self.is_of_evenings else 0:02}:00"
        first, end = self.first, self.end
        return (
            None if first is None else f"{first} {time}",
            None if end is None else f"{end} {time}",
        )

    def has_start(self, starts_local: str) -> bool:
        """
        Whether a show with this local start is in it.
        """
        begin, end = self.local_starts
        return (begin or "") <= starts_local and (end is None or starts_local < end)


ALWAYS = Period()


def parse_period(
    text: str, today: date | None = None, *, evening: date | None = None
) -> Period:
    """
    The period that a text means: a year, quarter, month or day, one of `WORDS` where
    it is known which day is `today`, or two of them with `..` between, of which one may
    be left out. `evening` is the present one, as in `clock.evening_now`, where it may
    be another day. An empty text means always.

    Raises: `UsageError` for anything else, and where the end is before the beginning.
    """
    if not text:
        return ALWAYS
    begin, dots, end = text.partition("..")
    if not dots:
        return _one(text, text, today, evening)
    begins = _one(begin, text, today, evening) if begin else ALWAYS
    ends = _one(end, text, today, evening) if end else ALWAYS
    first, last = begins.first, ends.last
    if first is not None and last is not None and last < first:
        raise errors.UsageError(
            f"The period {safe(text)!r} ends before it begins.",
            hint="Write FROM..TO, for example 2026-10-01..2026-10-15.",
        )
    return Period(first, last, begins.is_of_evenings or ends.is_of_evenings)


def monday_of(day: date) -> date:
    """
    The first day of the week that a day is in.
    """
    return day - timedelta(days=day.weekday())


def week_of(day: date) -> Period:
    """
    The week that a day is in, from Monday to Sunday.
    """
    monday = monday_of(day)
    return Period(monday, monday + timedelta(days=6))


def months_between(first: date, last: date) -> int:
    """
    How many months these days are in, the first and the last included.
    """
    return 12 * (last.year - first.year) + last.month - first.month + 1


def is_period(text: str) -> bool:
    """
    Whether a text means a period, on any day.
    """
    try:
        parse_period(text, date(2000, 1, 1))
    except errors.UsageError:
        return False
    return True


def before(period: Period) -> Period | None:
    """
    The period of the same length before this one: whole months before whole months,
    else as many days. `None` where this one is open, or nothing lies before it.
    """
    first, last = period.first, period.last
    if first is None or last is None:
        return None
    if first.day == 1 and last == _month_of(last).last:
        earlier = _moved(first, -months_between(first, last))
        return (
            None
            if earlier is None
            else replace(period, first=earlier, last=first - timedelta(days=1))
        )
    days = (last - first).days + 1
    if (first - date.min).days < days:
        return None
    return replace(
        period, first=first - timedelta(days=days), last=first - timedelta(days=1)
    )


def in_words(period: Period) -> str:
    """
    A period for people: `November 2026`, `16–22 November 2026`, `Thu 26 Nov 2026`,
    `from 1 November 2026`; empty for always.
    """
    first, last = period.first, period.last
    if first is None or last is None:
        return " ".join(
            [
                *([] if first is None else [f"from {_day(first)}"]),
                *([] if last is None else [f"until {_day(last)}"]),
            ]
        )
    if first == last:
        return f"{first:%A} {_day(first)}"
    if period == _month_of(first):
        return f"{first:%B} {first.year:04}"
    if period == Period(date(first.year, 1, 1), date(first.year, 12, 31)):
        return f"{first.year:04}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{_day(last)}"
    if first.year == last.year:
        return f"{first.day} {first:%B} – {_day(last)}"
    return f"{_day(first)} – {_day(last)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year:04}"


def _one(part: str, text: str, today: date | None, evening: date | None) -> Period:
    try:
        return _parsed(part.strip(), today, evening or today)
    except (ValueError, OverflowError):
        meant = near_words.nearest(_as_word(part), WORDS) if today is not None else ""
        question = f"Did you mean {meant}? Else use" if meant else "Use"
        raise errors.UsageError(
            f"{safe(text)!r} is not a period.",
            hint=f"{question} a month (2026-10), a quarter (2026-Q4), a year, a day "
            "(2026-10-31), FROM..TO, today, yesterday, tomorrow, tonight, last-night, "
            "or last-, this- or next- with week, month, quarter or year (last-month).",
        ) from None


def _parsed(part: str, today: date | None, evening: date | None) -> Period:
    if found := _QUARTER.fullmatch(part):
        return _quarter(int(found[1]), int(found[2]))
    if found := _MONTH.fullmatch(part):
        return _months(int(found[1]), int(found[2]), int(found[2]))
    if found := _YEAR.fullmatch(part):
        return _months(int(found[1]), 1, 12)
    if _DAY.fullmatch(part):
        day = date.fromisoformat(part)
        return Period(day, day)
    word = _as_word(part)
    if evening is not None and word in _EVENINGS:
        return replace(_EVENINGS[word](evening), is_of_evenings=True)
    if today is None or word not in _WORDS:
        raise ValueError(part)
    return _WORDS[word](today)


def _as_word(part: str) -> str:
    """
    How a word for a period is spelt: `last-week` for `Last week`.
    """
    return "-".join(part.casefold().replace("-", " ").split())


def _months(year: int, first: int, last: int) -> Period:
    begin = date(year, first, 1)
    return Period(begin, date(year, last, calendar.monthrange(year, last)[1]))


def _month_of(day: date) -> Period:
    return _months(day.year, day.month, day.month)


def _quarter(year: int, number: int) -> Period:
    return _months(year, 3 * number - 2, 3 * number)


def _quarter_of(day: date) -> Period:
    return _quarter(day.year, (day.month + 2) // 3)


def _year_of(day: date) -> Period:
    return _months(day.year, 1, 12)


def _day_of(day: date) -> Period:
    return Period(day, day)


def _moved(day: date, months: int) -> date | None:
    """
    The first day of the month that is so many months later; `None` before the year 1.
    """
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    return date(year, month + 1, 1) if year >= date.min.year else None


def _before(of: Callable[[date], Period]) -> Callable[[date], Period]:
    """
    The span before the one that a day is in.
    """

    def earlier(today: date) -> Period:
        first = of(today).first
        assert first is not None
        return of(first - timedelta(days=1))

    return earlier


def _after(of: Callable[[date], Period]) -> Callable[[date], Period]:
    """
    The span after the one that a day is in.
    """

    def later(today: date) -> Period:
        last = of(today).last
        assert last is not None
        return of(last + timedelta(days=1))

    return later


_SPANS: Final[Mapping[str, Callable[[date], Period]]] = {
    "week": week_of,
    "month": _month_of,
    "quarter": _quarter_of,
    "year": _year_of,
}
_WORDS: Final[Mapping[str, Callable[[date], Period]]] = {
    "today": _day_of,
    "yesterday": _before(_day_of),
    "tomorrow": _after(_day_of),
    **{
        f"{which}-{name}": change(of)
        for name, of in _SPANS.items()
        for which, change in (
            ("last", _before),
            ("this", lambda of: of),
            ("next", _after),
        )
    },
}
_EVENINGS: Final[Mapping[str, Callable[[date], Period]]] = {
    "tonight": _day_of,
    "last-night": _before(_day_of),
}
WORDS: Final = (*_EVENINGS, *_WORDS)
