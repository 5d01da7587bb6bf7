"""
What a door pass is limited to: one show, or the shows of one evening.

An evening is a day at the venue up to five in the morning, so that a show after
midnight belongs to the evening before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ticketsync.core import clock, errors
from ticketsync.core.redact import safe

NOON = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Limit:
    """
    The show (our id) or the evening that a pass is for, and when it ends. Without
    either it is for all shows.
    """

    show_id: int | None = None
    evening: str | None = None  # 2026-11-27
    ends_at: datetime | None = None

    @property
    def is_set(self) -> bool:
        return self.show_id is not None or self.evening is not None

    def allows(self, show_id: int, starts_local: str) -> bool:
        """
        Whether a pass with this limit is for that show.
        """
        if self.show_id is not None:
            return self.show_id == show_id
        return self.evening in (None, clock.evening_of(starts_local).isoformat())


UNLIMITED = Limit()


def for_show(show_id: int, starts_local: str, zone: str) -> Limit:
    """
    The limit to one show: until noon after its evening.
    """
    ends_at = _end_of(clock.evening_of(starts_local), zone)
    return Limit(show_id=show_id, ends_at=ends_at)


def for_evening(evening: date, zone: str) -> Limit:
    """
    The limit to one evening at a venue: until noon of the next day.
    """
    return Limit(evening=evening.isoformat(), ends_at=_end_of(evening, zone))


def refuse_both(show: str, evening: str, *, hint: str) -> None:
    """
    A pass is limited to one of them at most.

    Raises: `UsageError` where both are given.
    """
    if show and evening:
        raise errors.UsageError("A pass is for one show or for one evening.", hint=hint)


def parse_evening(text: str, zone: str, *, hint: str) -> Limit:
    """
    The limit to an evening that is written as a day, `2026-11-27`.

    Raises: `UsageError` for what is not a day.
    """
    try:
        return for_evening(date.fromisoformat(text), zone)
    except (ValueError, OverflowError):
        raise errors.UsageError(f"{safe(text)!r} is not a day.", hint=hint) from None


def _end_of(evening: date, zone: str) -> datetime:
    return clock.start_of(evening + timedelta(days=1), zone) + NOON
