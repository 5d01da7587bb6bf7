"""
What time it is, and how instants are written.

Instants are aware UTC datetimes. Only this module asks the machine for the time;
tests replace `_now`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def _machine_now() -> datetime:
    return datetime.now(UTC)


SMALL_HOURS = timedelta(hours=5)  # they belong to the evening before
SKEW = timedelta(minutes=5)  # between the clocks of machines that share a database


_now: Callable[[], datetime] = _machine_now


def now() -> datetime:
    """
    The present instant in UTC, to the second.
    """
    return _now().replace(microsecond=0)


def stamp() -> str:
    """
    The present instant for a log: ISO 8601 in UTC, to the microsecond.
    """
    return _now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_epoch(seconds: int) -> datetime:
    """
    The instant of a unix time in seconds.

    Raises: `ValueError` if it is not one.
    """
    if type(seconds) is not int:
        raise ValueError(f"{seconds!r} is not a unix time in whole seconds")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError):
        raise ValueError(f"{seconds!r} is not a unix time") from None


def iso(moment: datetime | None) -> str | None:
    """
    ISO 8601 in UTC with a `Z`, or `None` for an unknown moment.
    """
    if moment is None:
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_iso(text: str) -> datetime:
    """
    The UTC instant of an ISO text that carries its offset.

    Raises: `ValueError` for any other text, also for one whose instant lies before the
    year 1 or after 9999 in UTC.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} does not say its offset from UTC")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999") from None


def zone(name: str) -> ZoneInfo:
    """
    The IANA time zone of that name.

    Raises: `ValueError` if there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not an IANA time zone") from None


class ClockChangeError(ValueError):
    """
    A wall-clock time that a clock change skips or repeats; the message says which, and
    `advice` what to write instead.
    """

    advice = "Choose another time."


def local_to_utc(local: datetime, zone_name: str) -> datetime:
    """
    The instant of a wall-clock time in a zone.

    Raises: `ClockChangeError` in the hour that a clock change skips, and in the one
    that it repeats: any result would be a guess; `ValueError` outside the years 1 to
    9999 in UTC.
    """
    timezone = zone(zone_name)
    try:
        early = local.replace(tzinfo=timezone, fold=0).astimezone(UTC)
        late = local.replace(tzinfo=timezone, fold=1).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{local} lies outside the years 1 to 9999") from None
    if early != late:
        exists = early.astimezone(timezone).replace(tzinfo=None) == local
        problem = "happens twice" if exists else "does not exist"
        error = ClockChangeError(f"{local:%Y-%m-%d %H:%M} {problem} in {zone_name}")
        if exists:
            first, second = (with_offset(it, zone_name) for it in (early, late))
            error.advice = f'Write which one: "{first}" or "{second}".'
        raise error
    return early


def with_offset(moment: datetime, zone_name: str) -> str:
    """
    The wall-clock time of an instant with its offset: `2027-04-04 02:30+11:00`.
    """
    return local(moment, zone_name).isoformat(" ", "minutes")


def advice_about(error: ValueError) -> str:
    """
    What to do about a wall-clock time that is no instant.
    """
    known = error.advice if isinstance(error, ClockChangeError) else ""
    return known or ClockChangeError.advice


def parse_local(text: str) -> datetime:
    """
    A local time without a zone, as printed on a poster: `2026-11-27 19:30`.
    """
    return datetime.fromisoformat(text)


def local_text(moment: datetime, zone_name: str) -> str:
    """
    The local time in a zone, as on a poster: `2026-11-27 19:30`.
    """
    return f"{local(moment, zone_name):%Y-%m-%d %H:%M}"


def format_local(starts_local: str) -> str:
    """
    A local start as people read it: `Fri 27 Nov 2026, 19:30`.
    """
    return format_moment(parse_local(starts_local))


def format_moment(moment: datetime) -> str:
    """
    A moment by the clock of its zone as people read it: `Fri 27 Nov 2026, 19:30`.
    """
    return f"{moment:%a %d %b %Y, %H:%M}"


def local(moment: datetime, zone_name: str) -> datetime:
    """
    The wall-clock time of an instant in a zone.
    """
    return moment.astimezone(zone(zone_name))


def day_of(moment: datetime, zone_name: str) -> date:
    """
    The calendar day of an instant in a zone.
    """
    return local(moment, zone_name).date()


def start_of(day: date, zone_name: str) -> datetime:
    """
    The instant at which a calendar day begins in a zone.

    Raises: `ValueError` before the year 1 and after 9999.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone(zone_name))
    try:
        return midnight.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"the year {day.year} cannot be") from None


def end_of(day: date, zone_name: str) -> datetime:
    """
    The instant at which a calendar day is over in a zone.

    Raises: `ValueError` for the last day of the year 9999, and as `start_of` does.
    """
    try:
        return start_of(day + timedelta(days=1), zone_name)
    except OverflowError:
        raise ValueError(f"there is no day after {day}") from None


def last_day(end: datetime, zone_name: str) -> date:
    """
    The calendar day in a zone, on which something still holds that ends at that
    instant: for midnight that is the day before.
    """
    return day_of(end - timedelta(seconds=1), zone_name)


def evening_of(starts_local: str) -> date:
    """
    The evening to which a local time belongs: a day up to five in the morning, so that
    a show after midnight belongs to the evening before it.
    """
    return (parse_local(starts_local) - SMALL_HOURS).date()


def evening_now(zone_name: str, moment: datetime | None = None) -> date:
    """
    The evening that it is in a zone, now or at another instant: until five in the
    morning that of the day before.
    """
    return (local(moment or now(), zone_name) - SMALL_HOURS).date()


def until(moment: datetime | None) -> str:
    """
    Time until then, as text for people: `in 4 min`, `now`; a dash for never.
    """
    if moment is None:
        return "–"
    seconds = int((moment - now()) / timedelta(seconds=1))
    if seconds <= 0:
        return "now"
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"in {seconds // size} {name}"
    return "in a moment"


def ago(moment: datetime | None) -> str:
    """
    Time since then, as text for people: `4 min ago`, `2 d ago`, `never`.
    """
    if moment is None:
        return "never"
    seconds = max(0, int((now() - moment) / timedelta(seconds=1)))
    if seconds < 60:
        return "just now"
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {name} ago"
    raise AssertionError
