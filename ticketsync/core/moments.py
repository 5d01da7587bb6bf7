"""
How people read when something happened: always in one time zone, that of the business
(`store.business_zone`), which a heading or the sentence names.

JSON, CSV and the log have ISO 8601 in UTC instead (`core.clock.iso`). The start of a
show is local time at its venue and is not a matter of this module.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from ticketsync.core import clock

NEVER = "never"
_FIXED = re.compile(r"(?:Etc/)?GMT([+-])([0-9]{1,2})", re.ASCII)


def written(moment: datetime | None, zone: str) -> str:
    """
    `27 Nov 17:45` in that zone, with the year unless it is this one; `never` for none.
    """
    if moment is None:
        return NEVER
    local = clock.local(moment, zone)
    return f"{local:%d %b}{_year(local, zone)} {local:%H:%M}"


def written_end(end: datetime, zone: str) -> str:
    """
    Until when something holds, in that zone: `27 Nov 17:45`, or its last day alone,
    `27 Nov`, where it ends with that day; with the year unless it is this one.
    """
    if not ends_with_day(end, zone):
        return written(end, zone)
    day = clock.last_day(end, zone)
    return f"{day:%d %b}{_year(day, zone)}"


def ends_with_day(end: datetime, zone: str) -> bool:
    """
    Whether something that ends at that instant holds until a day is over.
    """
    return clock.start_of(clock.day_of(end, zone), zone) == end


def with_zone(moment: datetime | None, zone: str) -> str:
    """
    The same in a sentence that has to name the zone: `27 Nov 17:45 (Sydney time)`.
    """
    if moment is None:
        return NEVER
    return f"{written(moment, zone)} ({zone_in_words(zone)})"


def heading(title: str, zone: str) -> str:
    """
    The heading of a column of moments: `PLACED (SYDNEY)`.
    """
    return f"{title} ({place(zone).upper()})"


def zone_in_words(zone: str) -> str:
    """
    `Sydney time`, `UTC`, `UTC-05:00`.
    """
    name = place(zone)
    return name if name == zone or name.startswith("UTC") else f"{name} time"


def place(zone: str) -> str:
    """
    The place that an IANA zone is named after: `New York`; `UTC`. One that is only so
    many hours from UTC is named by these: `Etc/GMT+5`, whose sign is that of the other
    side, is `UTC-05:00`.
    """
    fixed = _FIXED.fullmatch(zone)
    if fixed is not None:
        hours = int(fixed[2])
        sign = "-" if fixed[1] == "+" else "+"
        return f"UTC{sign}{hours:02}:00" if hours else "UTC"
    return zone.rpartition("/")[2].replace("_", " ")


def _year(local: date, zone: str) -> str:
    this_year = clock.local(clock.now(), zone).year
    return "" if local.year == this_year else f" {local:%Y}"
