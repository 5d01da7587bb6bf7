"""
Days as people write them: `22/12/2026`, `Sat 5 Dec 2026`.

Nothing is guessed. Whether `05/12/2026` is in December or in May is decided by a whole
column, by the venue's country or by a person (`date_orders`), never by the single cell;
a date without a year raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
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
IN_TWO_ORDERS = "could be read with the day or with the month first"
_EARLIEST_SHORT_YEAR = 20  # `05` may as well be a month or a day


class WrittenDateError(ValueError):
    """
    A text that is not one date or one time; `reason` is the rest of a sentence that
    begins with the text: `has no year`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class DateInNumbers:
    """
    A date in numbers whose order is open, the weekday beside it (0 is Monday), and
    whether it is written with dots.
    """

    first: int
    second: int
    year: int
    weekday: int | None
    has_dots: bool = False

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


def is_swappable(text: str) -> bool:
    """
    Whether a date with the year first would be another date with day and month
    exchanged.
    """
    found = _YEAR_FIRST.match(plain_text(text))
    return found is not None and _is_ambiguous_day(found)


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
    weekday, plain = _without_weekday(_ORDINAL.sub("", plain_text(text)))
    numbers = _as_numbers(weekday, plain)
    if numbers is not None:
        return _ordered(numbers, order)
    found = _year_first(plain) or _named(plain)
    if found is None:
        raise WrittenDateError(_why_not(plain))
    if weekday not in (None, found.weekday()):
        raise WrittenDateError(f"is a {found:%A}")
    return found


def plain_text(text: str) -> str:
    """
    Lower case with single spaces; no-break spaces are spaces.
    """
    return " ".join(text.split()).lower()


def is_number(plain: str) -> bool:
    """
    Whether a plain text is a number only, perhaps with decimals.
    """
    return _NUMBER.fullmatch(plain) is not None


def may_be_clock(plain: str) -> bool:
    """
    Whether a plain text is a number such as `7.30`, which may be a time of day.
    """
    return re.fullmatch(r"\d\d?\.\d\d", plain) is not None


def date_in_numbers(plain: str) -> DateInNumbers | None:
    """
    The date in numbers of a plain text, which may have a weekday beside it.
    """
    return _as_numbers(*_without_weekday(plain))


def looks_like_day(plain: str) -> bool:
    """
    Whether a text is one day, perhaps without its year.
    """
    _, day = _without_weekday(_ORDINAL.sub("", plain))
    if _NUMBERS.fullmatch(day) or _YEAR_FIRST.fullmatch(day):
        return True
    found = [m for p in (*_NAMED, *_WITHOUT_YEAR) if (m := p.fullmatch(day))]
    named = [m for m in found if "month" in m.re.groupindex]
    has_month = any(_month(match["month"]) is not None for match in named)
    return has_month or (len(found) > len(named) and not may_be_clock(day))


# One text


def _without_weekday(plain: str) -> tuple[int | None, str]:
    match = _WEEKDAY.match(plain)
    if match is not None:
        return _DAYS.index(match["name"]), plain[match.end() :]
    behind = re.search(r"[\s,(]+(?P<name>mon|tue|wed|thu|fri|sat|sun)[a-z]*\)?$", plain)
    if behind is not None:
        return _DAYS.index(behind["name"]), plain[: behind.start()]
    return None, plain


def _as_numbers(weekday: int | None, plain: str) -> DateInNumbers | None:
    match = _NUMBERS.fullmatch(plain)
    if match is None:
        return None
    try:
        year = _full_year(match["year"])
    except WrittenDateError:
        return None
    first, second = int(match["first"]), int(match["second"])
    return DateInNumbers(first, second, year, weekday, match["sign"] == ".")


def _ordered(numbers: DateInNumbers, order: Order | None) -> date:
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


def _why_not_ordered(numbers: DateInNumbers, order: Order) -> str:
    first = "day" if order == "dmy" else "month"
    on_any_day = DateInNumbers(numbers.first, numbers.second, numbers.year, None)
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
    if is_number(plain) and not re.fullmatch(r"\d\d?\.\d\d?", plain):
        return "is a number, not a date"
    match = next((m for p in _WITHOUT_YEAR if (m := p.fullmatch(plain))), None)
    has_month = match is None or "month" not in match.re.groupindex
    if match is not None and (has_month or _month(match["month"]) is not None):
        return "has no year"
    if numbers := _NUMBERS.fullmatch(plain):
        _full_year(numbers["year"])
    return "is not a date"
