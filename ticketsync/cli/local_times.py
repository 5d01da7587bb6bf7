"""
Local times and days as options of the box office take them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


def local_instant(text: str, zone: str) -> datetime | None:
    """
    The instant of a local date and time; `None` for no text.

    Raises: `UsageError` for anything else.
    """
    return _read(text, zone, _instant, "Use 2026-11-27 19:30.")


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
    return _read(text, zone, _end, "Use 2026-11-27 19:30, or a day alone: 2026-11-27.")


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


def _read(
    text: str, zone: str, read: Callable[[str, str], datetime], hint: str
) -> datetime | None:
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    if not text:
        return None
    try:
        return read(text, zone)
    except ValueError as error:
        raise errors.UsageError(
            f"{safe(text, longest=40)!r} is not a date and time here: {error}.",
            hint=hint,
        ) from None


def last_day(end: datetime | None, zone: str) -> str | None:
    """
    The last day on which something holds that ends then, as `2026-11-27`; `None` where
    it does not end.
    """
    from ticketsync.core import clock

    return None if end is None else clock.last_day(end, zone).isoformat()
