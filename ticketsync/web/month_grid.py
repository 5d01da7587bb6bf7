"""
A month as weeks of seven days, from Monday, each with the shows that play on it. Pure.
"""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ticketsync.core import clock
from ticketsync.reporting.calendar import Performance

YEARS = range(1990, 2101)


@dataclass(frozen=True, slots=True)
class Day:
    """
    One day of the grid; those of the months beside it fill the first and last week.
    """

    day: date
    is_in_month: bool
    is_today: bool
    shows: Sequence[Performance]


@dataclass(frozen=True, slots=True)
class Month:
    """
    A month with its weeks, and the months before and after it as `2026-11`.
    """

    first: date
    weeks: Sequence[Sequence[Day]]

    @property
    def is_empty(self) -> bool:
        return not any(day.shows for week in self.weeks for day in week)

    @property
    def before(self) -> str:
        return f"{self.first - timedelta(days=1):%Y-%m}"

    @property
    def after(self) -> str:
        return f"{self.first + timedelta(days=31):%Y-%m}"


def first_of(text: str, today: date) -> date:
    """
    The first day of the month in a text such as `2026-11`; of this month for any other.
    """
    return date.fromisoformat(f"{text}-01") if is_month(text) else today.replace(day=1)


def is_month(text: str) -> bool:
    """
    Whether a text such as `2026-11` is a month that the calendar has.
    """
    try:
        return date.fromisoformat(f"{text}-01").year in YEARS
    except ValueError:
        return False


def build_month(first: date, shows: Sequence[Performance], *, today: date) -> Month:
    """
    The month that begins on this day. A show stands on the day on its poster.
    """
    by_day: dict[date, list[Performance]] = {}
    for show in shows:
        day = clock.parse_local(show.starts_local).date()
        by_day.setdefault(day, []).append(show)
    return Month(
        first,
        [
            [
                Day(
                    day,
                    is_in_month=day.month == first.month,
                    is_today=day == today,
                    shows=by_day.get(day, ()) if day.month == first.month else (),
                )
                for day in week
            ]
            for week in Calendar().monthdatescalendar(first.year, first.month)
        ],
    )
