"""
One entry (VEVENT) of a calendar: what it says, before its dates are repeated.

What the library cannot read it keeps as a broken property; it is named by its text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from ticketsync.catalogue.show_states import State, split_title, state_of_status
from ticketsync.core import clock
from ticketsync.core.redact import safe


@dataclass(frozen=True, slots=True)
class Start:
    """
    A moment of a calendar: its wall-clock time, and its zone where it has one.
    """

    wall: datetime
    zone: tzinfo | None

    @property
    def zone_name(self) -> str:
        return str(getattr(self.zone, "key", "") or "")

    @property
    def instant(self) -> datetime | None:
        """
        The instant; `None` for a time without a zone, which is the venue's.

        Raises: `ValueError` where the clocks change.
        """
        if self.zone is None:
            return None
        if self.zone_name:
            return clock.local_to_utc(self.wall, self.zone_name)
        return self.wall.replace(tzinfo=self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One VEVENT. `start` is missing for a whole day, whose text is `day`; `changes` is
    the date of its rule that it stands for.
    """

    number: int
    source: Any
    uid: str
    cells: dict[str, str]
    state: State
    status: str
    sequence: int
    start: Start | None
    day: str = ""
    changes: datetime | date | None = None

    @property
    def position(self) -> str:
        return f"entry {self.number}"

    def says_the_same_as(self, other: Entry) -> bool:
        """
        Whether another entry would make the same show.
        """
        ours, theirs = (
            (entry.cells, entry.state, entry.start, entry.day)
            for entry in (self, other)
        )
        return ours == theirs


def read_entry(number: int, source: Any) -> Entry:
    """
    Raises: `ValueError` where a part of it cannot be read.
    """
    state, title = split_title(_text(source, "SUMMARY"))
    status = _text(source, "STATUS")
    said = state_of_status(status)
    uid = _text(source, "UID")
    begins, changes = read_value(source, "DTSTART"), read_value(source, "RECURRENCE-ID")
    value = None if begins is None else begins.dt
    sequence = _text(source, "SEQUENCE")
    return Entry(
        number=number,
        source=source,
        uid=uid,
        cells={
            "production": title,
            "venue": _text(source, "LOCATION"),
            "reference": uid,
        },
        state=said if state == "on" or said == "cancelled" else state,
        status=status,
        sequence=int(sequence) if sequence.isdigit() else 0,
        start=read_start(value, begins) if isinstance(value, datetime) else None,
        day="" if value is None else str(value),
        changes=None if changes is None else _changed_date(changes),
    )


def read_value(source: Any, name: str) -> Any:
    """
    A property as the library has it, `None` without it.

    Raises: `ValueError` where it cannot be read.
    """
    found = source.get(name)
    for one in found if isinstance(found, list) else [found]:
        if type(one).__name__ == "vBroken":
            raise ValueError(f'its {name} "{safe(one)}" cannot be read')
    return found


def _text(source: Any, name: str) -> str:
    found = source.get(name, "")
    if isinstance(found, list):
        raise ValueError(f"it has {name} more than once")
    return str(found).strip()


def read_start(value: datetime, stated: Any) -> Start:
    """
    Raises: `ValueError` for a time zone that nobody knows.
    """
    zone_id = stated.params.get("TZID")
    if value.tzinfo is None and zone_id:
        raise ValueError(
            f'"{zone_id}" is not a time zone, and the file does not define it '
            "(VTIMEZONE)"
        )
    return Start(value.replace(tzinfo=None), value.tzinfo)


def _changed_date(changes: Any) -> datetime | date:
    value: datetime | date = changes.dt
    if isinstance(value, datetime):
        read_start(value, changes)
    return value
