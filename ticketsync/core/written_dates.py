"""
Dates and times as people write them: `22/12/2026`, `Sat 5 Dec 2026`, `7.30 pm`.

Nothing is guessed. Whether `05/12/2026` is in December or in May is decided by a whole
column, by the venue's country or by a person, never by the single cell; a date without
a year, an hour without its half of the day or two times in one cell raise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Literal

Order = Literal["dmy", "mdy"]
ORDERS: tuple[Order, ...] = ("dmy", "mdy")
TO_BE_CONFIRMED = re.compile(
    r"\?+|t\.?b\.?[acd]\.?|to be (?:announced|confirmed|determined|decided)",
    re.IGNORECASE,
)

_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTH = r"(?P<month>[a-z]+)\.?"
_YEAR = r"(?P<year>\d{4}|'?\d\d)"
_GAP = r"[\s,./-]*"
_WEEKDAY = re.compile(
    r"(?P<name>mon|tue|wed|thu|fri|sat|sun)"
    r"(?:day|s|sday|rs|rsday|nesday|urday)?\b\.?,?\s*"
)
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b")
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})(?P<sign>[-/.])(?P<month>\d\d?)(?P=sign)(?P<day>\d\d?)"
    r"|(?P<year_>(?:19|20)\d\d)(?P<month_>\d\d)(?P<day_>\d\d)"
)
_NUMBERS = re.compile(
    rf"(?P<first>\d\d?)(?P<sign>[-/.])(?P<second>\d\d?)(?P=sign){_YEAR}"
)
_NAMED = (
    re.compile(rf"(?P<day>\d\d?)(?:\s+of)?{_GAP}{_MONTH}{_GAP}{_YEAR}"),
    re.compile(rf"{_MONTH}{_GAP}(?P<day>\d\d?)[\s,./-]+{_YEAR}"),
    re.compile(rf"(?P<year>\d{{4}}){_GAP}{_MONTH}{_GAP}(?P<day>\d\d?)"),
)
_WITHOUT_YEAR = (
    re.compile(r"\d\d?[-/.]\d\d?\.?"),
    re.compile(rf"\d\d?(?:\s+of)?{_GAP}{_MONTH}"),
    re.compile(rf"{_MONTH}{_GAP}\d\d?"),
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
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
IN_TWO_ORDERS = "could be read with the day or with the month first"
_EARLIEST_SHORT_YEAR = 20  # `05` may as well be a month or a day


class ColumnOrder(StrEnum):
    """
    What the dates of one column say about their order: one of the two; `open` where
    every one of them could be read both ways; `contradictory` where some are possible
    in one order only and others in the other one only; `clear` where none depends on
    it.
    """

    DMY = "dmy"
    MDY = "mdy"
    OPEN = "open"
    CONTRADICTORY = "contradictory"
    CLEAR = "clear"


class WrittenDateError(ValueError):
    """
    A text that is not one date or one time; `reason` is the rest of a sentence that
    begins with the text: `has no year`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Numbers:
    """
    A date in numbers whose order is open, and the weekday beside it (0 is Monday).
    """

    first: int
    second: int
    year: int
    weekday: int | None

    def read(self, order: Order) -> date | None:
        """
        The day in that order; `None` where there is none, or on another weekday.
        """
        day, month = self.first, self.second
        if order == "mdy":
            day, month = month, day
        found = _day(self.year, month, day)
        is_other = found is not None and self.weekday not in (None, found.weekday())
        return None if is_other else found


def column_order(texts: Iterable[str]) -> ColumnOrder:
    """
    What the dates of one column, with or without a time, say about their order. Texts
    that are no dates say nothing.
    """
    possible = dict.fromkeys(ORDERS, 0)
    is_open = False
    for numbers in map(_find_numbers, texts):
        if numbers is None:
            continue
        days = {order: numbers.read(order) for order in ORDERS}
        readable = [order for order, day in days.items() if day is not None]
        if len(readable) == 1:
            possible[readable[0]] += 1
        is_open = is_open or (len(readable) == 2 and days["dmy"] != days["mdy"])
    if possible["dmy"] and possible["mdy"]:
        return ColumnOrder.CONTRADICTORY
    if possible["dmy"] or possible["mdy"]:
        return ColumnOrder.DMY if possible["dmy"] else ColumnOrder.MDY
    return ColumnOrder.OPEN if is_open else ColumnOrder.CLEAR


def may_be_swapped(texts: Iterable[str]) -> bool:
    """
    Whether a spreadsheet may have exchanged day and month in some dates of a column.

    A program that expects the other order turns `05/12/2026` into a date cell of 12 May
    and leaves `22/12/2026` a text: the column then has texts that are impossible in one
    order, and dates with the year first whose day and month are both 12 or less.
    `texts` are the cells of a workbook's column, date cells with the year first.
    """
    numbers, year_first = [], []
    for text in texts:
        found = _find_numbers(text)
        if found is not None:
            numbers.append(found)
        elif match := _YEAR_FIRST.match(_plain(text)):
            year_first.append(match)
    is_left = all(None in (n.read("dmy"), n.read("mdy")) for n in numbers)
    return bool(numbers) and is_left and any(map(_is_ambiguous_day, year_first))


def is_swappable(text: str) -> bool:
    """
    Whether a date with the year first would be another date with day and month
    exchanged.
    """
    found = _YEAR_FIRST.match(_plain(text))
    return found is not None and _is_ambiguous_day(found)


def has_halves(texts: Iterable[str]) -> bool:
    """
    Whether times of one column say am or pm.
    """
    half = re.compile(rf"\d\s*{_HALF}")
    return any(half.search(_plain(text)) is not None for text in texts)


def is_to_be_confirmed(text: str) -> bool:
    """
    Whether a cell says that it is not decided yet: `TBC`, `tba`, `?`.
    """
    return TO_BE_CONFIRMED.fullmatch(text.strip()) is not None


def is_partly_to_be_confirmed(text: str) -> bool:
    """
    Whether a cell says of what else it holds that it is not decided yet: `18/12/2026
    TBC`, `7:30 pm (tbc)`, `TBA, December`.
    """
    word = TO_BE_CONFIRMED.pattern
    return (
        re.search(rf"(?<!\w)(?:{word})\W*$|^\W*(?:{word})(?!\w)", text, re.I)
        is not None
    )


def read_day(text: str, order: Order | None = None) -> date:
    """
    A day as a person writes it.

    Raises: `WrittenDateError` for everything that is not exactly one day, and for one
    in numbers that needs an order where none is given.
    """
    weekday, plain = _without_weekday(_ORDINAL.sub("", _plain(text)))
    numbers = _as_numbers(weekday, plain)
    if numbers is not None:
        return _ordered(numbers, order)
    found = _year_first(plain) or _named(plain)
    if found is None:
        raise WrittenDateError(_why_not(plain))
    if weekday not in (None, found.weekday()):
        raise WrittenDateError(f"is a {found:%A}")
    return found


def read_time(text: str, *, needs_half: bool = False) -> time:
    """
    A time of day as a person writes it, or that of a show beside the one at which its
    doors open: `19:30 (doors 19:00)`. `needs_half`: the column says am or pm, so that
    an hour up to 12 without it could be either.

    Raises: `WrittenDateError` for everything that is not exactly one time.
    """
    plain = _plain(text)
    if plain in ("noon", "midday", "12 noon"):
        return time(12)
    match = _TIME.fullmatch(plain)
    beside = _WITH_DOORS.fullmatch(plain)
    if match is None and beside is not None:
        return _after_doors(beside, needs_half=needs_half)
    if match is None or (_NUMBER.fullmatch(plain) and not _has_minutes(plain)):
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
    plain = _plain(text)
    if re.fullmatch(_CLOCK, plain) and not re.fullmatch(r"\d\d?\.\d\d", plain):
        return "", plain
    match = _DAY_THEN_TIME.fullmatch(plain) or _TIME_THEN_DAY.fullmatch(plain)
    if match is None:
        return plain, ""
    return match["day"].rstrip(" ,-–—|"), match["time"]


# One text


def _plain(text: str) -> str:
    """
    Lower case with single spaces; no-break spaces are spaces.
    """
    return " ".join(text.split()).lower()


def _without_weekday(plain: str) -> tuple[int | None, str]:
    match = _WEEKDAY.match(plain)
    if match is not None:
        return _DAYS.index(match["name"]), plain[match.end() :]
    behind = re.search(r"[\s,(]+(?P<name>mon|tue|wed|thu|fri|sat|sun)[a-z]*\)?$", plain)
    if behind is not None:
        return _DAYS.index(behind["name"]), plain[: behind.start()]
    return None, plain


def _find_numbers(text: str) -> _Numbers | None:
    """
    The date in numbers of a cell, which may have a weekday and a time beside it.
    """
    return _as_numbers(*_without_weekday(split(text)[0]))


def _as_numbers(weekday: int | None, plain: str) -> _Numbers | None:
    match = _NUMBERS.fullmatch(plain)
    if match is None:
        return None
    try:
        year = _full_year(match["year"])
    except WrittenDateError:
        return None
    return _Numbers(int(match["first"]), int(match["second"]), year, weekday)


def _ordered(numbers: _Numbers, order: Order | None) -> date:
    days = {order: numbers.read(order) for order in ORDERS}
    if order is not None:
        found = days[order]
        if found is None:
            raise WrittenDateError(_why_not_ordered(numbers, order))
        return found
    readable = {day for day in days.values() if day is not None}
    if len(readable) == 1:
        return readable.pop()
    if not readable:
        raise WrittenDateError("is not a date")
    raise WrittenDateError(IN_TWO_ORDERS)


def _why_not_ordered(numbers: _Numbers, order: Order) -> str:
    first = "day" if order == "dmy" else "month"
    on_any_day = _Numbers(numbers.first, numbers.second, numbers.year, None)
    other_day = on_any_day.read(order)
    if other_day is not None:
        return f"is a {other_day:%A}, read with the {first} first"
    return f"is not a date with the {first} first"


def _full_year(text: str) -> int:
    digits = text.lstrip("'")
    if len(digits) == 4:
        return int(digits)
    if int(digits) < _EARLIEST_SHORT_YEAR:
        raise WrittenDateError("needs a year of four digits")
    return 2000 + int(digits)


def _year_first(plain: str) -> date | None:
    match = _YEAR_FIRST.fullmatch(plain)
    if match is None:
        return None
    found = _day(*_year_month_day(match))
    if found is None:
        raise WrittenDateError("is not a date")
    return found


def _year_month_day(match: re.Match[str]) -> tuple[int, int, int]:
    parts = [match[name] or match[f"{name}_"] for name in ("year", "month", "day")]
    return int(parts[0]), int(parts[1]), int(parts[2])


def _is_ambiguous_day(match: re.Match[str]) -> bool:
    _, month, day = _year_month_day(match)
    return day <= 12 and day != month


def _named(plain: str) -> date | None:
    for pattern in _NAMED:
        match = pattern.fullmatch(plain)
        month = _month(match["month"]) if match else None
        if match is not None and month is not None:
            found = _day(_full_year(match["year"]), month, int(match["day"]))
            if found is None:
                raise WrittenDateError("is not a date")
            return found
    return None


def _month(name: str) -> int | None:
    if name == "sept":
        return 9
    for number, full in enumerate(_MONTH_NAMES, start=1):
        if name in (full, full[:3]):
            return number
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _why_not(plain: str) -> str:
    if _NUMBER.fullmatch(plain) and not re.fullmatch(r"\d\d?\.\d\d?", plain):
        return "is a number, not a date"
    match = next((m for p in _WITHOUT_YEAR if (m := p.fullmatch(plain))), None)
    has_month = match is None or "month" not in match.re.groupindex
    if match is not None and (has_month or _month(match["month"]) is not None):
        return "has no year"
    if numbers := _NUMBERS.fullmatch(plain):
        _full_year(numbers["year"])
    return "is not a date"


def _iso_moment(text: str) -> datetime | None:
    stripped = text.strip()
    if not any(sign in stripped for sign in (":", "T")):
        return None
    try:
        return datetime.fromisoformat(stripped)
    except ValueError:
        return None


def _has_minutes(plain: str) -> bool:
    return re.fullmatch(r"\d\d?\.\d\d", plain) is not None


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


def _looks_like_day(plain: str) -> bool:
    """
    Whether a text is one day, perhaps without its year.
    """
    _, day = _without_weekday(_ORDINAL.sub("", plain))
    if _NUMBERS.fullmatch(day) or _YEAR_FIRST.fullmatch(day):
        return True
    found = [m for p in (*_NAMED, *_WITHOUT_YEAR) if (m := p.fullmatch(day))]
    named = [m for m in found if "month" in m.re.groupindex]
    has_month = any(_month(match["month"]) is not None for match in named)
    return has_month or (len(found) > len(named) and not _has_minutes(day))


def _why_no_time(plain: str) -> str:
    if _NUMBER.fullmatch(plain):
        return "is a number, not a time of day"
    if _looks_like_day(plain):
        return "is a date, not a time of day"
    if plain == "midnight":
        return "could be the beginning or the end of its day"
    if len(re.findall(_CLOCK, plain)) > 1:
        return "has more than one time"
    if re.search(r"\d", plain) and re.search(r"[a-z(*]", plain):
        return "has more than a time of day"
    return "is not a time of day"
