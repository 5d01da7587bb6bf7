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

from ticketsync.catalogue.season_list import calendar_files, calendar_rules
from ticketsync.catalogue.season_list.calendar_entries import (
    Entry,
    Start,
    read_entry,
    read_start,
    read_value,
)
from ticketsync.catalogue.season_list.calendar_rules import (
    EmptyRule,
    UnreadableRule,
    wall_clock,
)
from ticketsync.catalogue.season_list.list_rows import (
    ListedRow,
    ListedRows,
    cut_cells,
    refuse_more_than_a_season,
)
from ticketsync.core import clock, errors
from ticketsync.core.redact import safe

_MOST_EMPTY = 20  # rules that are searched in vain
_SEASON = timedelta(days=366)  # how far a rule without an end is read


def read_calendar(name: str, data: bytes, until: date | None = None) -> ListedRows:
    """
    The shows of the calendar file called `name`. A rule without an end is read up to
    `until`, or for a year.

    Raises: `BadFile` where it is not a calendar, or has more than 5000 dates.
    """
    rows: list[ListedRow] = []
    opened = calendar_files.read_calendars(name, data)
    notes = [*opened.notes]
    number = 0
    for calendar in opened.calendars:
        zone = _calendar_zone(calendar)
        entries: list[Entry] = []
        for source in calendar.walk("VEVENT"):
            number += 1
            try:
                entries.append(read_entry(number, source))
            except ValueError as error:
                problem = ("", safe(error))
                rows.append(ListedRow(f"entry {number}", {}, problem=problem))
        for row in _rows(name, entries, zone, until, notes):
            rows.append(row)
            refuse_more_than_a_season(name, len(rows))
    return ListedRows(tuple(map(_cut, rows)), tuple(notes))


def _cut(row: ListedRow) -> ListedRow:
    cells, problem = cut_cells(row.cells)
    return replace(row, cells=cells, problem=row.problem or problem)


def _calendar_zone(calendar: Any) -> tzinfo | None:
    """
    The zone in which Google shows a calendar whose times it exports in UTC.
    """
    try:
        return clock.zone(str(calendar.get("X-WR-TIMEZONE", "")))
    except ValueError:
        return None


# All entries of one calendar


def _rows(
    name: str,
    entries: Sequence[Entry],
    zone: tzinfo | None,
    until: date | None,
    notes: list[str],
) -> Iterator[ListedRow]:
    current = _current(entries, notes)
    changes: dict[str, list[Entry]] = defaultdict(list)
    repeating = {e.uid for e in current if e.changes is None and _repeats(e)}
    for entry in current:
        if entry.changes is not None and entry.uid in repeating:
            changes[entry.uid].append(entry)
    empty = 0
    for entry in current:
        if entry.changes is None and _repeats(entry):
            series = _Series(entry, changes.pop(entry.uid, []), zone, until)
            try:
                yield from series.rows(notes)
            except (ValueError, AttributeError) as error:
                empty += isinstance(error, EmptyRule)
                if empty > _MOST_EMPTY:
                    raise errors.BadFile(
                        f"{name} has more than {_MOST_EMPTY:,} repeating entries whose "
                        "rule matches no day.",
                        hint="Export it again, without them.",
                    ) from None
                problem = ("", safe(error))
                yield ListedRow(entry.position, entry.cells, problem=problem)
        elif entry.changes is None or entry.uid not in repeating:
            yield _single(entry)


def _current(entries: Sequence[Entry], notes: list[str]) -> list[Entry]:
    """
    Of several versions of one entry the newest. Two of the same version stay: which of
    them is right only a person knows.
    """
    newest: dict[tuple[str, Any], Entry] = {}
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


def _repeats(entry: Entry) -> bool:
    has_rule = any(
        name in entry.source for name in ("RRULE", "RDATE", "EXRULE", "EXDATE")
    )
    return has_rule and entry.start is not None


def _single(entry: Entry) -> ListedRow:
    """
    An entry without a rule, or a changed date of a series that the file does not have.
    """
    if entry.start is None:
        cells = {**entry.cells, "starts_at": entry.day}
        return ListedRow(entry.position, cells, state=entry.state, status=entry.status)
    day = ""
    if isinstance(entry.changes, datetime):
        day = f"{wall_clock(entry.changes, entry.start.zone):%Y%m%d}"
    elif entry.changes is not None:
        day = f"{entry.changes:%Y%m%d}"
    return _row(entry, entry.start, entry.position, entry.uid, day)


def _row(
    entry: Entry, start: Start, position: str, uid: str, day: str = ""
) -> ListedRow:
    reference = f"{uid}#{day}" if uid and day else uid
    cells = {**entry.cells, "reference": reference}
    row = ListedRow(position, cells, state=entry.state, status=entry.status)
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

    entry: Entry
    changes: Sequence[Entry]
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
        if dates.unmatched:
            notes.append(f"{self.entry.position} {_left_over(dates.unmatched)}")
        yield from self._of_dates(first, dates, notes)

    def _first(self) -> Start:
        """
        The first date, in the calendar's zone where the entry only has UTC.
        """
        start = self.entry.start
        assert start is not None
        if start.zone_name == "UTC" and self.calendar_zone is not None:
            moment = start.wall.replace(tzinfo=UTC)
            return Start(wall_clock(moment, self.calendar_zone), self.calendar_zone)
        return start

    def _dates(self, first: Start) -> calendar_rules.Dates:
        source = self.entry.source
        if "EXRULE" in source:
            raise UnreadableRule("it excludes dates by a rule (EXRULE)")
        rule = read_value(source, "RRULE")
        if isinstance(rule, list):
            raise UnreadableRule("it has more than one rule")
        latest = max(clock.now().replace(tzinfo=None), first.wall) + _SEASON
        if self.until is not None:
            latest = datetime.combine(self.until, datetime.max.time())
        return calendar_rules.expand(
            first.wall,
            rule=None if rule is None else calendar_rules.read_rule(rule, first.zone),
            added=_moments(source, "RDATE", first.zone),
            excluded=_moments(source, "EXDATE", first.zone),
            end=latest,
        )

    def _of_dates(
        self, first: Start, dates: calendar_rules.Dates, notes: list[str]
    ) -> Iterator[ListedRow]:
        days = Counter(at.date() for at in (*dates.plays, *dates.dropped))
        changed, contradicting = self._changes_by_date(first)
        yield from contradicting
        refused = {row.cells["date"] for row in contradicting}
        for at in sorted((*dates.plays, *dates.dropped)):
            if str(at) in refused or str(at.date()) in refused:
                continue
            day = f"{at:%Y%m%d}" if days[at.date()] == 1 else f"{at:%Y%m%dT%H%M}"
            if not self._has_dates:
                day = ""
            position = f"{self.entry.position} ({at:%Y-%m-%d})"
            by_day = at.date() if days[at.date()] == 1 else at
            entry = changed.pop(at, None) or changed.pop(by_day, None)
            if entry is not None:
                yield self._of_change(entry, day, Start(at, first.zone))
            elif at in dates.dropped:
                dropped = replace(self.entry, state="cancelled")
                start = Start(at, first.zone)
                yield _row(dropped, start, position, self.entry.uid, day)
            else:
                start = Start(at, first.zone)
                yield _row(self.entry, start, position, self.entry.uid, day)
        for unknown, entry in changed.items():
            notes.append(
                f"{entry.position} changes {unknown:%Y-%m-%d}, which its rule does not "
                "have"
            )
            yield self._of_change(entry, f"{unknown:%Y%m%d}")

    @property
    def _has_dates(self) -> bool:
        return any(name in self.entry.source for name in ("RRULE", "RDATE"))

    def _of_change(self, entry: Entry, day: str, at: Start | None = None) -> ListedRow:
        """
        A changed date; what it does not say is as in the series, where the date is
        `at`.
        """
        given = {name: text for name, text in entry.cells.items() if text}
        merged = replace(entry, cells={**self.entry.cells, **given})
        if at is not None and not entry.day:
            return _row(merged, at, entry.position, self.entry.uid, day)
        if entry.start is None:
            cells = {**merged.cells, "starts_at": entry.day}
            return ListedRow(
                entry.position, cells, state=entry.state, status=entry.status
            )
        return _row(merged, entry.start, entry.position, self.entry.uid, day)

    def _changes_by_date(
        self, first: Start
    ) -> tuple[dict[datetime | date, Entry], list[ListedRow]]:
        """
        The change of each date, and a problem for those that two entries of the same
        version change differently; which of them is right only a person knows.
        """
        changed: dict[datetime | date, Entry] = {}
        contradicting = {}
        for at, entry in self._changed(first):
            other = changed.setdefault(at, entry)
            if entry.says_the_same_as(other):
                continue
            reason = f"it changes {at}, which {other.position} changes differently"
            cells = {**self.entry.cells, "date": str(at)}
            contradicting[at] = ListedRow(
                entry.position, cells, problem=("", f"{reason}; export it again")
            )
        for at in contradicting:
            del changed[at]
        return changed, [*contradicting.values()]

    def _changed(self, first: Start) -> Iterator[tuple[datetime | date, Entry]]:
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


def _left_over(excluded: Sequence[datetime | date]) -> str:
    texts = [str(at).removesuffix(":00") for at in excluded[:5]]
    more = len(excluded) - len(texts)
    listed = ", ".join(texts) + (f" and {more:,} more" if more else "")
    return f"excludes {listed}, which its dates do not have: nothing is cancelled there"


def _moments(source: Any, name: str, zone: tzinfo | None) -> Iterator[datetime | date]:
    """
    The dates of RDATE or EXDATE, in wall-clock time of `zone`.
    """
    found = read_value(source, name)
    if found is None:
        return
    for group in found if isinstance(found, list) else [found]:
        for value in group.dts:
            moment = value.dt[0] if isinstance(value.dt, tuple) else value.dt
            if isinstance(moment, datetime):
                read_start(moment, group)
                yield wall_clock(moment, zone)
            else:
                yield moment
