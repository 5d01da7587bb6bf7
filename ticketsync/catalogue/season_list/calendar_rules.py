"""
The dates of a repeating calendar entry: RRULE, RDATE and EXDATE. Pure.

A rule is expanded in the wall-clock time of its own zone, as RFC 5545 has it, so that a
weekly show stays at 19:30 when the clocks change.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any

MOST_DATES = 1000  # of one entry: more is not a season
_LONGEST_SEASON = timedelta(days=3653)
_LEAP_YEAR = 2028
_CYCLE_YEARS = 400  # after which the calendar repeats, weekdays included
# Years from which every fourth one is a leap year for as long as a season may last;
# among them the calendar repeats sooner.
_FIRST_REGULAR, _LAST_REGULAR, _REGULAR_CYCLE = 1901, 2088, 28
_LAST_YEAR = 9988  # from which the longest season ends before the year 9999
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


class UnreadableRule(ValueError):
    """
    A rule that cannot be expanded; the text says why.
    """


class EmptyRule(UnreadableRule):
    """
    A rule that no day matches. The library searches centuries for one.
    """


@dataclass(frozen=True, slots=True)
class Dates:
    """
    When an entry plays, in wall-clock time of its zone: `plays` in order, `dropped`
    those that it excludes, `unmatched` exclusions of none of its dates. `is_cut`: it
    has no end and was read to the given one.
    """

    plays: tuple[datetime, ...]
    dropped: tuple[datetime, ...] = ()
    is_cut: bool = False
    unmatched: tuple[datetime | date, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """
    A rule of repetition. `until` is its last moment in wall-clock time, `count` the
    number of its dates; where it has neither it goes on for ever.
    """

    text: str
    until: datetime | None = None
    count: int | None = None

    @property
    def has_end(self) -> bool:
        return self.until is not None or self.count is not None


def expand(
    first: datetime,
    *,
    rule: Rule | None,
    added: Iterable[datetime | date],
    excluded: Iterable[datetime | date],
    end: datetime,
) -> Dates:
    """
    All dates of an entry that starts at `first`. An endless rule is read up to `end`;
    all times are wall-clock times of the entry's zone. A date that is added without a
    time has that of `first`; one that is excluded without a time, or at midnight, is
    the only date of its day.

    Raises: `UnreadableRule` where the rule is none, has more than 1000 dates, or
    states their number and does not have `first`.
    """
    if rule is not None and rule.until is not None and rule.until < first:
        raise UnreadableRule(
            f"its rule ends {rule.until:%Y-%m-%d}, before it begins {first:%Y-%m-%d}"
        )
    by_rule = [] if rule is None else _dates(first, rule, end)
    if rule is not None and rule.count is not None and first not in by_rule:
        # RFC 5545, 3.8.5.3: undefined; some programs count the first date, some do not.
        raise UnreadableRule(
            f"its first date, {first:%Y-%m-%d %H:%M}, is not one of its rule's, which "
            "says how many there are: write the last date of the rule (UNTIL)"
        )
    extra = (
        at if isinstance(at, datetime) else datetime.combine(at, first.time())
        for at in added
    )
    wanted = sorted({first, *by_rule, *extra})
    by_day: dict[date, list[datetime]] = defaultdict(list)
    for at in wanted:
        by_day[at.date()].append(at)
    dropped: set[datetime] = set()
    unmatched = []
    is_cut = rule is not None and not rule.has_end
    for stated in dict.fromkeys(excluded):
        found = _excluded(stated, by_day)
        if found is not None:
            dropped.add(found)
        elif not (is_cut and _as_moment(stated) > end):
            unmatched.append(stated)
    return Dates(
        tuple(at for at in wanted if at not in dropped),
        tuple(sorted(dropped)),
        is_cut=is_cut,
        unmatched=tuple(sorted(unmatched, key=_as_moment)),
    )


def _excluded(
    at: datetime | date, by_day: Mapping[date, Sequence[datetime]]
) -> datetime | None:
    """
    The date that an exclusion means. Some programs write the day at midnight.
    """
    moment = _as_moment(at)
    on_day = by_day.get(moment.date(), ())
    if isinstance(at, datetime) and at in on_day:
        return at
    is_day = moment.time() == time(0)
    return on_day[0] if is_day and len(on_day) == 1 else None


def _as_moment(at: datetime | date) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, time(0))


def _dates(first: datetime, rule: Rule, end: datetime) -> list[datetime]:
    from dateutil import rrule

    most = MOST_DATES + 1 if rule.count is None else rule.count
    try:
        longest = first + _LONGEST_SEASON
        last = rule.until or (longest if rule.has_end else end)
        years = _years_to_last(first.year)
        dates = rrule.rrulestr(rule.text, dtstart=_moved(first, years)).replace(
            until=_moved(min(last, longest), years)
        )
        late = list(islice(dates, min(most, MOST_DATES + 1)))
        found = [_moved(date, -years) for date in late]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise UnreadableRule(
            f"its rule {rule.text!r} cannot be read: {error}"
        ) from None
    if not found and last >= first:
        raise EmptyRule(f"its rule {rule.text!r} matches no day")
    if len(found) > MOST_DATES:
        raise UnreadableRule(f"its rule has more than {MOST_DATES:,} dates")
    return found


def _years_to_last(year: int) -> int:
    """
    By how many years dates can be moved so that every day keeps its weekday, at least
    for the longest season. The library searches a rule that never matches until the
    year 9999, so that it is moved as near to it as possible.
    """
    if not _FIRST_REGULAR <= year <= _LAST_REGULAR:
        return max(_LAST_YEAR - year, 0) // _CYCLE_YEARS * _CYCLE_YEARS
    weekday = date(year, 1, 1).weekday()
    for last in range(_LAST_YEAR, _LAST_YEAR - _REGULAR_CYCLE, -1):
        is_alike = last % 4 == year % 4 and date(last, 1, 1).weekday() == weekday
        if is_alike:
            return last - year
    return 0


def _moved(moment: datetime, years: int) -> datetime:
    return moment.replace(year=moment.year + years)


def read_rule(recurrence: Mapping[str, Sequence[Any]], zone: tzinfo | None) -> Rule:
    """
    The rule of an entry (the parts of `RRULE`), with its end in the wall-clock time of
    `zone`; RFC 5545 gives it in UTC.

    Raises: `UnreadableRule` where an entry repeats within the day by its frequency.
    """
    parts = {name.upper(): list(values) for name, values in recurrence.items()}
    frequency = str(parts.get("FREQ", [""])[0]).upper()
    if frequency not in _FREQUENCIES:
        raise UnreadableRule(f"it repeats {frequency.lower() or 'in no known way'}")
    _refuse_no_day(parts)
    ends = [_local_end(end, zone) for end in parts.pop("UNTIL", [])]
    counts = parts.pop("COUNT", [])
    _refuse_nothing(parts, counts)
    text = ";".join(
        f"{name}={','.join(map(str, values))}" for name, values in parts.items()
    )
    return Rule(text, min(ends, default=None), int(counts[0]) if counts else None)


def _refuse_nothing(parts: Mapping[str, Sequence[Any]], counts: Sequence[Any]) -> None:
    """
    Numbers that make no repetition at all are mistakes, not a single show.
    """
    for name, values in (("INTERVAL", parts.get("INTERVAL", ())), ("COUNT", counts)):
        if any(int(value) < 1 for value in values):
            raise UnreadableRule(f"its rule says {name}={values[0]}")


def _refuse_no_day(parts: Mapping[str, Sequence[Any]]) -> None:
    """
    A rule for the 30th of February would be searched until the year 9999.
    """
    months, days = parts.get("BYMONTH"), parts.get("BYMONTHDAY")
    if months and days:
        longest = max(monthrange(_LEAP_YEAR, int(month))[1] for month in months)
        if all(abs(int(day)) > longest for day in days):
            raise UnreadableRule("it repeats on a day that no month of it has")
    if str(parts.get("FREQ", [""])[0]).upper() == "DAILY" and parts.get("BYSETPOS"):
        raise UnreadableRule("it repeats daily and chooses days by their position")


def _local_end(end: Any, zone: tzinfo | None) -> datetime:
    if not isinstance(end, datetime):
        return datetime.combine(end, time(23, 59, 59))
    return wall_clock(end, zone)


def wall_clock(moment: datetime, zone: tzinfo | None) -> datetime:
    """
    The wall-clock time of a moment in a zone; one without a zone is such a time.
    """
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(zone or UTC).replace(tzinfo=None)
