"""
Local times and days as options of the box office take them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def local_instant(text: str, zone: str) -> datetime | None:
    """
    The instant of a local date and time; `None` for no text.

    Raises: `UsageError` for anything else.
    """
    if not text:
        return None
    try:
        return _instant(text, zone)
    except ValueError as error:
        raise _refused(text, error, "Use 2026-11-27 19:30.") from None


def _instant(text: str, zone: str) -> datetime:
    """
    Raises: `ValueError`.
    """
    from datetime import datetime

    from ticketsync.core import clock

    local = datetime.fromisoformat(text)
    if local.tzinfo is not None:
        raise ValueError(f"it is a local time of {zone}, without another zone")
    return clock.local_to_utc(local, zone)


def local_end(text: str, zone: str) -> datetime | None:
    """
    The instant at which something ends: at a local date and time, or when a day is
    over that is written alone; `None` for no text.

    Raises: `UsageError` for anything else.
    """
    if not text:
        return None
    try:
        return _end(text, zone)
    except ValueError as error:
        hint = "Use 2026-11-27 19:30, or a day alone: 2026-11-27."
        raise _refused(text, error, hint) from None


def _end(text: str, zone: str) -> datetime:
    """
    Raises: `ValueError`.
    """
    from datetime import date

    from ticketsync.core import clock

    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _instant(text, zone)
    return clock.end_of(day, zone)


def _refused(text: str, error: ValueError, hint: str) -> Exception:
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    return errors.UsageError(
        f"{safe(text, longest=40)!r} is not a date and time here: {error}.", hint=hint
    )


def last_day(end: datetime | None, zone: str) -> str | None:
    """
    The last day on which something holds that ends then, as `2026-11-27`; `None` where
    it does not end.
    """
    from ticketsync.core import clock

    return None if end is None else clock.last_day(end, zone).isoformat()
