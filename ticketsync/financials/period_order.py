"""
Which periods are closed, and which comes next. Pure.

Periods are closed strictly in order, each on the day after the one before, so that no
day is in two of them or in none. What they have in common, the zone of their days and
the day that decides, is settled by the first one.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from ticketsync.core import errors, periods
from ticketsync.core.periods import Period
from ticketsync.core.redact import safe

CLOSED: Final = "closed"
REOPENED: Final = "reopened"
BASES: Final = ("sale", "show")


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodEvent:
    """
    That a period was closed or reopened, see `store.tables.periods`. `id` is our id and
    its place in the chain.
    """

    id: int
    name: str
    version: int
    state: str
    first: date
    last: date
    zone: str
    basis: str
    closed_at: datetime
    closed_by: str
    reason: str
    program: str
    rules: str
    checklist: str
    line_count: int
    digest: bytes
    chain: bytes

    @property
    def period(self) -> Period:
        return Period(self.first, self.last)


def closed_now(events: Sequence[PeriodEvent]) -> list[PeriodEvent]:
    """
    The periods that are closed, the oldest first: a reopening takes the newest away.
    """
    found: list[PeriodEvent] = []
    for event in events:
        if event.state == CLOSED:
            found.append(event)
        elif found:
            found.pop()
    return found


def name_of(period: Period) -> str:
    """
    The name of a period as `--period` takes it: `2026-10`, `2026-Q4`, `2026`, else its
    first and last day.

    Raises: `UsageError` for a period without a first or last day.
    """
    first, last = period.first, period.last
    if first is None or last is None:
        raise errors.UsageError(
            "Only a period with a first and a last day can be closed.",
            hint="Use a month such as 2026-10, or FROM..TO.",
        )
    is_whole = first.day == 1 and last.day == _days_in(last)
    months = periods.months_between(first, last)
    if is_whole and months == 1:
        return f"{first:%Y-%m}"
    if is_whole and months == 3 and first.month % 3 == 1:
        return f"{first:%Y}-Q{(first.month + 2) // 3}"
    if is_whole and months == 12 and first.month == 1:
        return f"{first:%Y}"
    return f"{first}" if first == last else f"{first}..{last}"


def _days_in(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def next_first(closed: Sequence[PeriodEvent]) -> date | None:
    """
    The day on which the next period begins; `None` while none is closed.
    """
    return closed[-1].last + timedelta(days=1) if closed else None


def month_from(day: date) -> Period:
    """
    The rest of the month of a day.
    """
    return Period(day, day.replace(day=_days_in(day)))


def check_next(
    period: Period, closed: Sequence[PeriodEvent], today: date, basis: str
) -> None:
    """
    Whether this period can be closed now.

    Raises: `GuardRefused` (`period-order`, `period-open`, `period-basis`).
    """
    first, last = period.first, period.last
    assert first is not None
    assert last is not None
    expected = next_first(closed)
    if expected is not None and first != expected:
        after = f"{closed[-1].name} is closed, and the next period begins on {expected}"
        raise errors.GuardRefused(
            f"Periods are closed in order: {after}.",
            hint=f"Close {name_of(month_from(expected))} first."
            if first > expected
            else "See `ticketsync period list`.",
            word="period-order",
        )
    if last >= today:
        raise errors.GuardRefused(
            f"{name_of(period)} is not over: its last day is {last}.",
            hint="Close it when it is over.",
            word="period-open",
        )
    if closed and basis != closed[-1].basis:
        raise errors.GuardRefused(
            f"Closed periods are by {closed[-1].basis}, and two bases would count a "
            "sale twice or never.",
            hint=f"Leave out --by, or use --by {closed[-1].basis}.",
            word="period-basis",
        )


def find_closed(
    events: Sequence[PeriodEvent], name: str, version: int | None = None
) -> PeriodEvent:
    """
    A closed period by its name; an earlier version of it only by its number.

    Raises: `NotFound`.
    """
    if version is None:
        found = [event for event in closed_now(events) if event.name == name]
    else:
        found = [
            event
            for event in events
            if (event.name, event.version, event.state) == (name, version, CLOSED)
        ]
    if not found:
        which = "" if version is None else f" version {version} of"
        raise errors.NotFound(
            f"There is no closed{which} period {safe(name)!r}.",
            hint="See `ticketsync period list`.",
        )
    return found[-1]


def check_reopen(events: Sequence[PeriodEvent], name: str) -> PeriodEvent:
    """
    The period to reopen.

    Raises: `NotFound`, `GuardRefused` (`period-order`) for any but the newest one.
    """
    event = find_closed(events, name)
    newest = closed_now(events)[-1]
    if event != newest:
        raise errors.GuardRefused(
            f"Only the newest closed period can be reopened: {newest.name}.",
            hint="What changed of an earlier one is booked as an adjustment.",
            word="period-order",
        )
    return event


def next_version(events: Sequence[PeriodEvent], name: str) -> int:
    closed = [e.version for e in events if (e.name, e.state) == (name, CLOSED)]
    return 1 + max(closed, default=0)


def words_of(event: PeriodEvent) -> str:
    """
    The period for people: `October 2026`.
    """
    return periods.in_words(event.period)
