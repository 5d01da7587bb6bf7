"""
A season list in a calendar file (RFC 5545): single entries, repeating ones with their
exceptions, cancelled ones.

One date of a repeating entry has the reference `UID#20261204`, by the day on which the
rule has it: it stays the same show when that date, or the time of the rule, is moved.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from ticketsync.catalogue import calendar_rules
from ticketsync.catalogue.calendar_rules import UnreadableRule, wall_clock
from ticketsync.catalogue.listed_rows import (
    ListedRow,
    ListedRows,
    State,
    split_cancelled,
)
from ticketsync.core import clock, errors
from ticketsync.core.redact import safe

MOST_ROWS = 5000
_SEASON = timedelta(days=366)  # how far a rule without an end is read
_STATES: dict[str, State] = {"CANCELLED": "cancelled", "TENTATIVE": "unconfirmed"}


@dataclass(frozen=True, slots=True)
class _Start:
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
class _Entry:
    """
    One VEVENT. `start` is missing for a whole day, whose text is `day`; `changes` is
    the date of its rule that it stands for.
    """

    number: int
    source: Any
    uid: str
    cells: dict[str, str]
    state: State
    sequence: int
    start: _Start | None
    day: str = ""
    changes: datetime | date | None = None

    @property
    def position(self) -> str:
        return f"entry {self.number}"


def read_calendar(name: str, data: bytes, until: date | None = None) -> ListedRows:
    """
    The shows of the calendar file called `name`. A rule without an end is read up to
    `until`, or for a year.

    Raises: `BadFile` where it is no calendar, or has more than 5000 dates.
    """
    rows: list[ListedRow] = []
    notes: list[str] = []
    number = 0
    for calendar in _calendars(name, data):
        zone = _calendar_zone(calendar)
        entries: list[_Entry] = []
        for source in calendar.walk("VEVENT"):
            number += 1
            try:
                entries.append(_read_entry(number, source))
            except ValueError as error:
                problem = ("", safe(error))
                rows.append(ListedRow(f"entry {number}", {}, problem=problem))
        for row in _rows(entries, zone, until, notes):
            rows.append(row)
            if len(rows) > MOST_ROWS:
                raise errors.BadFile(
                    f"{name} has more than {MOST_ROWS} dates.",
                    hint="Add --until DATE, or export one season only.",
                )
    return ListedRows(tuple(rows), tuple(notes))


def _calendars(name: str, data: bytes) -> Sequence[Any]:
    from icalendar import Calendar

    try:
        found: Sequence[Any] = Calendar.from_ical(data, multiple=True)
    except (ValueError, IndexError, KeyError) as error:
        raise errors.BadFile(
            f"{name} is not a readable calendar ({safe(error)}).",
            hint="Export it as .ics again.",
        ) from None
    return found


def _calendar_zone(calendar: Any) -> tzinfo | None:
    """
    The zone in which Google shows a calendar whose times it exports in UTC.
    """
    try:
        return clock.zone(str(calendar.get("X-WR-TIMEZONE", "")))
    except ValueError:
        return None


# One entry


def _read_entry(number: int, source: Any) -> _Entry:
    """
    Raises: `ValueError` where a part of it cannot be read.
    """
    is_cancelled, title = split_cancelled(_text(source, "SUMMARY"))
    state = _STATES.get(_text(source, "STATUS").upper(), "on")
    uid = _text(source, "UID")
    begins, changes = source.get("DTSTART"), source.get("RECURRENCE-ID")
    value = None if begins is None else begins.dt
    sequence = _text(source, "SEQUENCE")
    return _Entry(
        number=number,
        source=source,
        uid=uid,
        cells={
            "production": title,
            "venue": _text(source, "LOCATION"),
            "reference": uid,
        },
        state="cancelled" if is_cancelled else state,
        sequence=int(sequence) if sequence.isdigit() else 0,
        start=_start(value, begins) if isinstance(value, datetime) else None,
        day="" if value is None else str(value),
        changes=None if changes is None else _changed_date(changes),
    )


def _text(source: Any, name: str) -> str:
    found = source.get(name, "")
    if isinstance(found, list):
        raise ValueError(f"it has {name} more than once")
    return str(found).strip()


def _start(value: datetime, stated: Any) -> _Start:
    """
    Raises: `ValueError` for a time zone that nobody knows.
    """
    zone_id = stated.params.get("TZID")
    if value.tzinfo is None and zone_id:
        raise ValueError(
            f'"{zone_id}" is not a time zone, and the file does not define it '
            "(VTIMEZONE)"
        )
    return _Start(value.replace(tzinfo=None), value.tzinfo)


def _changed_date(changes: Any) -> datetime | date:
    value: datetime | date = changes.dt
    if isinstance(value, datetime):
        _start(value, changes)
    return value


# All entries of one calendar


def _rows(
    entries: Sequence[_Entry],
    zone: tzinfo | None,
    until: date | None,
    notes: list[str],
) -> Iterator[ListedRow]:
    current = _current(entries, notes)
    changes: dict[str, list[_Entry]] = defaultdict(list)
    repeating = {e.uid for e in current if e.changes is None and _repeats(e)}
    for entry in current:
        if entry.changes is not None and entry.uid in repeating:
            changes[entry.uid].append(entry)
    for entry in current:
        if entry.changes is None and _repeats(entry):
            series = _Series(entry, changes.pop(entry.uid, []), zone, until)
            try:
                yield from series.rows(notes)
            except (ValueError, AttributeError) as error:
                problem = ("", safe(error))
                yield ListedRow(entry.position, entry.cells, problem=problem)
        elif entry.changes is None or entry.uid not in repeating:
            yield _single(entry)


def _current(entries: Sequence[_Entry], notes: list[str]) -> list[_Entry]:
    """
    Of several versions of one entry the newest. Two of the same version stay: which of
    them is right only a person knows.
    """
    newest: dict[tuple[str, Any], _Entry] = {}
    for entry in entries:
        key = (entry.uid, entry.changes)
        if entry.uid and entry.sequence > newest.get(key, entry).sequence:
            newest[key] = entry
        newest.setdefault(key, entry)
    found = []
    for entry in entries:
        other = newest[entry.uid, entry.changes]
        if entry.uid and entry.sequence < other.sequence:
            notes.append(f"{entry.position} is an older version of {other.position}")
        else:
            found.append(entry)
    return found


def _repeats(entry: _Entry) -> bool:
    has_rule = any(name in entry.source for name in ("RRULE", "RDATE", "EXRULE"))
    return has_rule and entry.start is not None


def _single(entry: _Entry) -> ListedRow:
    """
    An entry without a rule, or a changed date of a series that the file does not have.
    """
    if entry.start is None:
        cells = {**entry.cells, "starts_at": entry.day}
        return ListedRow(entry.position, cells, state=entry.state)
    day = ""
    if isinstance(entry.changes, datetime):
        day = f"{wall_clock(entry.changes, entry.start.zone):%Y%m%d}"
    elif entry.changes is not None:
        day = f"{entry.changes:%Y%m%d}"
    return _row(entry, entry.start, entry.position, entry.uid, day)


def _row(
    entry: _Entry, start: _Start, position: str, uid: str, day: str = ""
) -> ListedRow:
    reference = f"{uid}#{day}" if uid and day else uid
    cells = {**entry.cells, "reference": reference}
    row = ListedRow(position, cells, state=entry.state)
    try:
        instant = start.instant
    except ValueError as error:
        return replace(row, problem=("starts_at", str(error)))
    if instant is None:
        cells["starts_at"] = start.wall.isoformat(sep=" ", timespec="minutes")
    elif start.zone_name not in ("", "UTC"):
        cells["timezone"] = start.zone_name
    return replace(row, starts_at=instant)


@dataclass(frozen=True, slots=True)
class _Series:
    """
    A repeating entry with the entries that change single dates of it.
    """

    entry: _Entry
    changes: Sequence[_Entry]
    calendar_zone: tzinfo | None
    until: date | None

    def rows(self, notes: list[str]) -> Iterator[ListedRow]:
        """
        Raises: `ValueError` where its rule cannot be read.
        """
        first = self._first()
        dates = self._dates(first)
        if dates.is_cut:
            last = max(dates.plays, default=first.wall)
            notes.append(
                f"{self.entry.position} repeats without an end: read up to "
                f"{last:%Y-%m-%d}; --until DATE sets another end"
            )
        if first.zone_name == "UTC" and len(dates.plays) > 1:
            notes.append(
                f"{self.entry.position} repeats in UTC: its local time changes with "
                "the clocks"
            )
        yield from self._of_dates(first, dates, notes)

    def _first(self) -> _Start:
        """
        The first date, in the calendar's zone where the entry only has UTC.
        """
        start = self.entry.start
        assert start is not None
        if start.zone_name == "UTC" and self.calendar_zone is not None:
            moment = start.wall.replace(tzinfo=UTC)
            return _Start(wall_clock(moment, self.calendar_zone), self.calendar_zone)
        return start

    def _dates(self, first: _Start) -> calendar_rules.Dates:
        source = self.entry.source
        if "EXRULE" in source:
            raise UnreadableRule("it excludes dates by a rule (EXRULE)")
        rule = source.get("RRULE")
        if isinstance(rule, list):
            raise UnreadableRule("it has more than one rule")
        latest = max(clock.now().replace(tzinfo=None), first.wall) + _SEASON
        if self.until is not None:
            latest = datetime.combine(self.until, datetime.max.time())
        return calendar_rules.expand(
            first.wall,
            rule=None if rule is None else calendar_rules.read_rule(rule, first.zone),
            added=[
                at
                for at in _moments(source, "RDATE", first.zone)
                if isinstance(at, datetime)
            ],
            excluded=_moments(source, "EXDATE", first.zone),
            end=latest,
        )

    def _of_dates(
        self, first: _Start, dates: calendar_rules.Dates, notes: list[str]
    ) -> Iterator[ListedRow]:
        days = Counter(at.date() for at in (*dates.plays, *dates.dropped))
        changed = dict(self._changed(first))
        for at in sorted((*dates.plays, *dates.dropped)):
            day = f"{at:%Y%m%d}" if days[at.date()] == 1 else f"{at:%Y%m%dT%H%M}"
            position = f"{self.entry.position} ({at:%Y-%m-%d})"
            by_day = at.date() if days[at.date()] == 1 else at
            entry = changed.pop(at, None) or changed.pop(by_day, None)
            if entry is not None:
                yield self._of_change(entry, day)
            elif at in dates.dropped:
                dropped = replace(self.entry, state="cancelled")
                start = _Start(at, first.zone)
                yield _row(dropped, start, position, self.entry.uid, day)
            else:
                start = _Start(at, first.zone)
                yield _row(self.entry, start, position, self.entry.uid, day)
        for unknown, entry in changed.items():
            notes.append(
                f"{entry.position} changes {unknown:%Y-%m-%d}, which its rule does not "
                "have"
            )
            yield self._of_change(entry, f"{unknown:%Y%m%d}")

    def _of_change(self, entry: _Entry, day: str) -> ListedRow:
        """
        A changed date; what it does not say is as in the series.
        """
        given = {name: text for name, text in entry.cells.items() if text}
        merged = replace(entry, cells={**self.entry.cells, **given})
        if entry.start is None:
            cells = {**merged.cells, "starts_at": entry.day}
            return ListedRow(entry.position, cells, state=entry.state)
        return _row(merged, entry.start, entry.position, self.entry.uid, day)

    def _changed(self, first: _Start) -> Iterator[tuple[datetime | date, _Entry]]:
        """
        The changed dates by the wall-clock time, or the day, that the rule has.

        Raises: `UnreadableRule` where one entry changes all later dates, too.
        """
        for entry in self.changes:
            stated = entry.source.get("RECURRENCE-ID")
            if stated.params.get("RANGE"):
                raise UnreadableRule(
                    f"{entry.position} changes all its later dates (RANGE)"
                )
            at = entry.changes
            assert at is not None
            if isinstance(at, datetime):
                yield wall_clock(at, first.zone), entry
            else:
                yield at, entry


def _moments(source: Any, name: str, zone: tzinfo | None) -> Iterator[datetime | date]:
    """
    The dates of RDATE or EXDATE, in wall-clock time of `zone`.
    """
    found = source.get(name)
    if found is None:
        return
    for group in found if isinstance(found, list) else [found]:
        for value in group.dts:
            moment = value.dt[0] if isinstance(value.dt, tuple) else value.dt
            if isinstance(moment, datetime):
                _start(moment, group)
                yield wall_clock(moment, zone)
            else:
                yield moment
