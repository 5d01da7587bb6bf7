"""
The venue's own list of shows from a file: CSV, XLSX, XLS, ODS, ICS, YAML.

Every problem names its row and column, and nothing is imported unless everything is
valid (or bad rows are skipped on request). Cells are text until this module converts
them: no library's guess about types is used (F35).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ticketsync.catalogue.new_shows import NewShow
from ticketsync.catalogue.shows import VenueInfo
from ticketsync.core import clock, errors, money, plain_yaml, sheets
from ticketsync.core.redact import safe

COLUMNS = (
    "production",
    "starts_at",
    "date",
    "time",
    "venue",
    "timezone",
    "capacity",
    "currency",
    "reference",
)


@dataclass(frozen=True, slots=True)
class SheetProblem:
    """
    A problem with one cell.
    """

    position: str
    reason: str

    def __str__(self) -> str:
        return f"{self.position}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ParsedShows:
    shows: tuple[NewShow, ...]
    problems: tuple[SheetProblem, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """
    One row of the file: its position in words, and its cells as text by column.
    """

    position: str
    cells: dict[str, str]
    starts_at: datetime | None = None


class _InvalidCell(ValueError):
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def read_shows(
    file: Path, default_venue: VenueInfo, known: Sequence[VenueInfo] = ()
) -> ParsedShows:
    """
    The shows in a file. Missing zone and currency are those of the row's venue, a
    missing venue is the default one.

    Raises: `BadFile` where the file cannot be read or holds no shows.
    """
    shows: list[NewShow] = []
    problems: list[SheetProblem] = []
    venues = {venue.name: venue for venue in (default_venue, *known)}
    for row in _rows(file):
        try:
            shows.append(_show(row, default_venue, venues))
        except _InvalidCell as problem:
            position = f"{row.position}, column {problem.column}"
            problems.append(SheetProblem(position, problem.reason))
    if not shows and not problems:
        raise errors.BadFile(
            f"{file.name} holds no shows.",
            hint="It needs a heading line with production and starts_at.",
        )
    return ParsedShows(tuple(shows), tuple(problems))


def refuse_problems(parsed: ParsedShows, file: Path) -> None:
    """
    Raises: `BadFile` with the first problems, if there are any.
    """
    if not parsed.problems:
        return
    shown = "; ".join(str(message) for message in parsed.problems[:5])
    more = len(parsed.problems) - 5
    raise errors.BadFile(
        f"{file.name}: {shown}{f'; and {more} more' if more > 0 else ''}.",
        hint="Nothing was imported. Fix the file, or add --skip-bad.",
    )


# One row


def _show(row: _Row, default_venue: VenueInfo, venues: dict[str, VenueInfo]) -> NewShow:
    cells = row.cells
    if not cells.get("production"):
        raise _InvalidCell("production", "the title is missing")
    name = cells.get("venue") or default_venue.name
    venue = venues.get(name, default_venue)
    zone = _checked(cells, "timezone", venue.timezone, clock.zone, "is not a time zone")
    currency = _checked(
        cells, "currency", venue.currency, money.exponent, "is not an ISO 4217 currency"
    ).upper()
    return NewShow(
        production=cells["production"],
        starts_at=row.starts_at or _starts_at(cells, zone),
        venue=name,
        timezone=zone,
        currency=currency,
        capacity=_capacity(cells.get("capacity", "")),
        reference=cells.get("reference") or None,
    )


def _checked(
    cells: dict[str, str],
    column: str,
    default: str,
    check: Callable[[str], Any],
    message: str,
) -> str:
    text = cells.get(column) or default
    try:
        check(text.upper() if column == "currency" else text)
    except ValueError:
        raise _InvalidCell(column, f'"{safe(text)}" {message}') from None
    return text


def _starts_at(cells: dict[str, str], zone: str) -> datetime:
    value = cells.get("starts_at", "")
    if value:
        return _moment("starts_at", value, zone)
    if not cells.get("date"):
        raise _InvalidCell("starts_at", "there is neither starts_at nor date and time")
    if not cells.get("time"):
        raise _InvalidCell("time", "the time is missing")
    return _moment("date", f"{cells['date']} {cells['time']}", zone)


def _moment(column: str, text: str, zone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise _InvalidCell(
            column,
            f'"{safe(text)}" is not a date and time. Use YYYY-MM-DD HH:MM, '
            "for example 2026-06-30 19:30",
        ) from None
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    if not any(sign in text for sign in (":", "T")):
        raise _InvalidCell(column, f'"{safe(text)}" has no time of day')
    try:
        return clock.local_to_utc(moment, zone)
    except ValueError as error:
        raise _InvalidCell(
            column, f"{error}; write it with its offset from UTC"
        ) from None


def _capacity(text: str) -> int | None:
    if not text:
        return None
    whole = text.removesuffix(".0")
    if not (whole.isascii() and whole.isdigit()):
        raise _InvalidCell("capacity", f'"{safe(text)}" is not a number of seats')
    return int(whole)


# The kinds of file


def _rows(file: Path) -> Iterator[_Row]:
    kind = file.suffix.lower()
    if kind in (".yaml", ".yml"):
        yield from _from_yaml(file, sheets.text_of(file, sheets.bytes_of(file)))
    elif kind in (".ics", ".ical"):
        yield from _from_calendar(file, sheets.bytes_of(file))
    elif kind in (*sheets.WORKBOOKS, *sheets.TEXTS):
        yield from _from_table(file)
    else:
        sheets.bytes_of(file)  # raises where the file is missing
        raise errors.BadFile(
            f"{file.name}: {safe(kind or 'a file without extension')!r} is not a "
            "supported file type.",
            hint="Use .csv, .xlsx, .xls, .ods, .ics or .yaml.",
        )


def _from_table(file: Path) -> Iterator[_Row]:
    lines = sheets.lines(file)
    first = next(lines, None)
    heading = _heading(file, first.cells if first else ())
    for line in lines:
        yield _row(line.position, heading, line.cells)


def _from_yaml(file: Path, text: str) -> Iterator[_Row]:
    tree = plain_yaml.read(text, file.name)
    entries = tree.value
    if isinstance(entries, dict) and set(entries) == {"shows"}:
        entries = entries["shows"].value
    if not isinstance(entries, list):
        raise errors.BadFile(
            f"{file.name} is not a list of shows.",
            hint="Begin with `- production: …`, or with `shows:` and such a list.",
        )
    for entry in entries:
        cells = {key: node.text for key, node in entry.items()}
        _refuse_unknown(file, list(cells), f"line {entry.line}")
        if None in cells.values() or not cells:
            raise errors.BadFile(
                f"{file.name}, line {entry.line}: a show is a list of `column: text`.",
                hint=f"The columns are {', '.join(COLUMNS)}.",
            )
        texts = {key: (text or "").strip() for key, text in cells.items()}
        yield _Row(f"line {entry.line}", texts)


def _from_calendar(file: Path, data: bytes) -> Iterator[_Row]:
    from icalendar import Calendar

    try:
        calendars = Calendar.from_ical(data, multiple=True)
    except (ValueError, IndexError, KeyError) as error:
        raise errors.BadFile(
            f"{file.name} is not a readable calendar ({safe(error)}).",
            hint="Export it as .ics again.",
        ) from None
    number = 0
    for calendar in calendars:
        for entry in calendar.walk("VEVENT"):
            number += 1
            yield _calendar_row(f"entry {number}", entry)


def _calendar_row(position: str, entry: Any) -> _Row:
    begins = entry.get("DTSTART")
    value = begins.dt if begins is not None else None
    cells = {
        "production": str(entry.get("SUMMARY", "")).strip(),
        "venue": str(entry.get("LOCATION", "")).strip(),
        "reference": str(entry.get("UID", "")).strip(),
    }
    if not isinstance(value, datetime):
        cells["starts_at"] = value.isoformat() if value is not None else ""
        return _Row(position, cells)
    if value.tzinfo is None:
        cells["starts_at"] = value.isoformat(sep=" ", timespec="minutes")
        return _Row(position, cells)
    zone = getattr(value.tzinfo, "key", None)
    if zone is not None and zone != "UTC":
        cells["timezone"] = zone
    return _Row(position, cells, starts_at=value.astimezone(UTC))


def _heading(file: Path, cells: Sequence[str]) -> list[str]:
    names = [cell.strip().lower().replace(" ", "_") for cell in cells]
    while names and not names[-1]:
        names.pop()
    _refuse_unknown(file, names, "the heading")
    return names


def _refuse_unknown(file: Path, names: Sequence[str], position: str) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or len(set(names)) != len(names) or "production" not in names:
        problem = (
            f"the column {safe(unknown[0])!r} is not known"
            if unknown
            else "a column is duplicated or `production` is missing"
        )
        raise errors.BadFile(
            f"{file.name}, {position}: {problem}.",
            hint=f"The columns are {', '.join(COLUMNS)}.",
        )


def _row(position: str, heading: Sequence[str], cells: Sequence[str]) -> _Row:
    padded = [*cells, *[""] * (len(heading) - len(cells))]
    return _Row(
        position,
        {name: cell.strip() for name, cell in zip(heading, padded, strict=False)},
    )
