"""
A season list in a spreadsheet, as people write it: title lines above the headings,
columns under other names, unknown columns, totals, dates still to be confirmed.

What is not a show is left out with a note. Nothing is taken for a column by its
content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ticketsync.catalogue.season_list import start_times
from ticketsync.catalogue.season_list.list_rows import (
    ListedRow,
    ListedRows,
    cut_cells,
    refuse_more_than_a_season,
)
from ticketsync.catalogue.show_states import split_title, state_of_status
from ticketsync.core import errors
from ticketsync.core.plurals import joined
from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets import heading_rows, rows
from ticketsync.core.spreadsheets.rows import Row
from ticketsync.core.spreadsheets.table_files import OpenedFile, Table

COLUMNS = (
    *("production", "starts_at", "date", "time", "venue", "timezone", "capacity"),
    *("currency", "reference", "status"),
)
_HEADING_WITHIN = 40  # rows
_MOST_NAMED = 50  # unused columns
_MOST_UNKNOWN = 6  # headings, of a list without any that is enough
_LARGEST_EXACT = 2**53
_EXPONENT = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
# By column the headings that people use, the first ones before the others.
_HEADINGS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "production": (
        ("production",),
        (
            *("show", "title", "event", "production title", "show title"),
            *("event title", "show name", "event name", "production name"),
        ),
        ("name", "what"),
    ),
    "starts_at": (
        ("starts at",),
        ("date and time", "date time", "datetime", "start date and time"),
    ),
    "date": (
        ("date",),
        ("show date", "event date", "start date", "performance date"),
        ("day",),
    ),
    "time": (("time",), ("start time", "show time", "showtime", "curtain")),
    "start": (("start", "starts", "when", "performance"),),
    "venue": (
        ("venue",),
        ("room", "hall", "theatre", "theater", "stage", "space", "venue name"),
        ("where", "location", "place"),
    ),
    "timezone": (("timezone",), ("time zone", "tz")),
    "capacity": (("capacity",), ("cap", "seats", "number of seats")),
    "currency": (("currency",),),
    "reference": (
        ("reference",),
        ("ref", "ref no", "our ref", "reference number", "show code"),
    ),
    "status": (("status",), ("state",)),
}
_KNOWN = {name for ranks in _HEADINGS.values() for rank in ranks for name in rank}
_TOTAL = re.compile(
    r"(?:grand |sub[- ]?)?totals?[\s:\d]*(?:seats|shows|capacity)?:?"
    r"|sum:?|\d+ (?:shows|performances)\b.*",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"[*(†].*|(?:notes?|n\.?b|updated|printed|page|week|as of)\b.*"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?(?: '?\d{2,4})?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Heading:
    """
    Which column of a table is which of ours, and the headings that are none.
    """

    row: Row
    columns: Mapping[int, str]
    unused: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        ours = set(self.columns.values())
        return "production" in ours and bool(ours & {*start_times.DAY_COLUMNS})

    @property
    def written(self) -> dict[str, str]:
        """
        The headings of the list that are not simply our names of the columns, by these.
        """
        return {
            ours: self.row.cells[index].strip()
            for index, ours in self.columns.items()
            if _plain(self.row.cells[index]) != _plain(ours)
        }

    def cells(self, row: Row) -> dict[str, str]:
        found = {
            name: row.cells[index] if index < len(row.cells) else ""
            for index, name in self.columns.items()
        }
        return {name: text.strip() for name, text in found.items()}


def read_table(opened: OpenedFile, *, sheet: str = "") -> ListedRows:
    """
    The shows of the named sheet, or of the first one that is not hidden and has the
    headings.

    Raises: `BadFile` where no sheet has them, or two headings mean the same.
    """
    table, heading, below = _find_heading(opened, sheet)
    listed: list[ListedRow] = []
    notes = [*opened.notes, *_notes_about(opened, table, heading)]
    for row in below:
        refuse_more_than_a_season(opened.name, max(len(listed), len(notes)))
        if row.problem:
            listed.append(ListedRow(row.position, {}, problem=("", row.problem)))
            continue
        if aside := _why_no_show(row, heading):
            notes.append(f"{row.position}: {aside}")
            continue
        if any(heading.cells(row).values()):
            cells = heading.cells(row)
            listed.append(listed_row(row.position, cells, _unknown(row, heading)))
            notes += _beyond(row, heading)
    rows = _without_swapped(listed, heading)
    return ListedRows(rows, tuple(notes), heading.written)


def _find_heading(
    opened: OpenedFile, sheet: str
) -> tuple[Table, _Heading, Iterator[Row]]:
    tables = [
        table
        for table in opened.tables
        if (table.name == sheet if sheet else not table.is_hidden)
    ]
    if not tables:
        titles = ", ".join(table.name for table in opened.tables)
        raise errors.BadFile(
            f"{opened.name} has no sheet {safe(sheet)!r}.",
            hint=f"It has: {safe(titles)}.",
        )
    closest: Row | None = None

    def read(row: Row) -> _Heading | None:
        nonlocal closest
        heading = _read_heading(opened.name, row)
        if closest is None or _likeness(row) > _likeness(closest):
            closest = row
        return heading if heading.is_complete else None

    for table in tables:
        found = heading_rows.find_heading(table, read, within=_HEADING_WITHIN)
        if found is not None:
            return table, found.heading, found.below
    raise _no_heading(opened.name, closest)


def _read_heading(file: str, row: Row) -> _Heading:
    """
    The columns of a row that may be the heading.

    Raises: `BadFile` where it is one and two of its columns mean the same.
    """
    names = [_plain(cell) for cell in row.cells]
    columns: dict[int, str] = {}
    twice: list[tuple[str, list[int]]] = []
    for ours, ranks in _HEADINGS.items():
        for rank in ranks:
            places = [index for index, name in enumerate(names) if name in rank]
            if places:
                columns[places[0]] = ours
                if len(places) > 1:
                    twice.append((ours, places))
                break
    heading = _with_start(row, columns)
    if heading.is_complete and twice:
        ours, places = twice[0]
        same = joined(f'"{safe(row.cells[index])}"' for index in places)
        raise errors.BadFile(
            f"{file}, {row.position}: the columns {same} could both be the {ours}; "
            "a column is duplicated.",
            hint="Remove one of them, or give it another heading.",
        )
    return heading


def _with_start(row: Row, columns: dict[int, str]) -> _Heading:
    """
    A column called Start is the time of a list with dates, otherwise both in one.
    """
    ours = set(columns.values())
    for index in [index for index, name in columns.items() if name == "start"]:
        del columns[index]
        if "date" not in ours and "starts_at" not in ours:
            columns[index] = "starts_at"
        elif "time" not in ours and "date" in ours:
            columns[index] = "time"
    unused = tuple(
        cell for index, cell in enumerate(row.cells) if cell and index not in columns
    )
    return _Heading(row, columns, unused)


def _likeness(row: Row) -> tuple[int, bool]:
    """
    How much a row looks like headings: how many it has that are known, and whether it
    has more cells than a title line.
    """
    known = sum(_plain(cell) in _KNOWN for cell in row.cells)
    return known, sum(bool(cell.strip()) for cell in row.cells) > 1


def _no_heading(file: str, closest: Row | None) -> errors.BadFile:
    names = [] if closest is None else [c.strip() for c in closest.cells if c.strip()]
    unknown = [name for name in names if _plain(name) not in _KNOWN]
    if closest is None or not names:
        problem = "it is empty"
    elif unknown:
        named = joined(repr(safe(name)) for name in unknown[:_MOST_UNKNOWN])
        is_not = "is not" if len(unknown[:_MOST_UNKNOWN]) == 1 else "are not"
        columns = _columns(len(unknown[:_MOST_UNKNOWN]))
        problem = f"in {closest.position}, {columns} {named} {is_not} known"
    else:
        problem = (
            f"in {closest.position}, a column is duplicated, or `production` is "
            "missing or its start"
        )
    return errors.BadFile(
        f"{file} has no line with the headings of a list of shows; {problem}.",
        hint=f"The columns are {', '.join(COLUMNS)}; or Show, Date, Time, Room, Cap.",
    )


def _plain(heading: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", heading.lower()).split())


def _notes_about(opened: OpenedFile, table: Table, heading: _Heading) -> list[str]:
    notes = []
    if heading.unused:
        shown = heading.unused[:_MOST_NAMED]
        names = ", ".join(f'"{safe(name, longest=60)}"' for name in shown)
        more = len(heading.unused) - len(shown)
        names += f" and {more} more" if more else ""
        notes.append(f"not used: {_columns(len(heading.unused))} {names}")
    others = [other for other in opened.tables if other is not table]
    if others and not opened.alternatives:
        names = ", ".join(
            f'"{safe(other.name)}"{" (hidden)" if other.is_hidden else ""}'
            for other in others
        )
        notes.append(f"not read: the sheets {names}; --sheet NAME reads another one")
    return notes


def _columns(number: int) -> str:
    return "the column" if number == 1 else "the columns"


# One row


def _why_no_show(row: Row, heading: _Heading) -> str:
    """
    Why a row is not meant to be a show; `""` where it is.
    """
    cells = heading.cells(row)
    texts = [cell.strip() for cell in row.cells if cell.strip()]
    if [_plain(cell) for cell in texts] == [
        _plain(cell) for cell in heading.row.cells if cell
    ]:
        return "the headings again"
    is_alone = len(texts) == 1 and len(heading.columns) > 1
    is_remark = is_alone and _REMARK.fullmatch(texts[0]) is not None
    days = [cells[name] for name in start_times.DAY_COLUMNS if cells.get(name)]
    if days and not is_remark and not any(map(_TOTAL.fullmatch, days)):
        return ""
    for text in texts:
        if _TOTAL.fullmatch(text):
            return f'"{safe(text)}" is a total'
    if not cells.get("production") and cells.get("capacity", "").isdigit():
        return "a number without a title and a date is a total"
    if is_remark or (is_alone and not cells.get("production")):
        return f'"{safe(texts[0], longest=60)}" is not a show'
    return ""


def listed_row(
    position: str, cells: Mapping[str, str], problem: tuple[str, str] | None = None
) -> ListedRow:
    """
    A row by its cells; whether it plays is in its status, its title or its dates.
    """
    cells, too_long = cut_cells(cells)
    problem = problem or too_long
    ours = {name: text for name, text in cells.items() if name != "status"}
    status = cells.get("status", "")
    state, ours["production"] = split_title(cells.get("production", ""))
    said = state_of_status(status)
    if state == "on" or said == "cancelled":
        state = said
    if state == "on" and start_times.is_unconfirmed(ours):
        state = "unconfirmed"
    if state in ("on", "unknown") and _says_cancelled(ours):
        state = "cancelled"
    return ListedRow(position, ours, state=state, problem=problem, status=status)


def _says_cancelled(cells: Mapping[str, str]) -> bool:
    """
    Whether a cancelled show has that word in place of its date or its time.
    """
    texts = (cells.get(name, "") for name in start_times.TIME_COLUMNS)
    return any(state_of_status(text) == "cancelled" for text in texts if text)


def _beyond(row: Row, heading: _Heading) -> list[str]:
    """
    A note about the cells of a row to the right of the last heading.
    """
    width = max((i + 1 for i, cell in enumerate(heading.row.cells) if cell.strip()))
    found = [cell.strip() for cell in row.cells[width:] if cell.strip()]
    if not found:
        return []
    return [f'{row.position}: not used: "{safe(found[0], longest=60)}" has no heading']


def _unknown(row: Row, heading: _Heading) -> tuple[str, str] | None:
    """
    The first cell of ours that has no value although it seems to: an error, a formula
    without its value, a part of a merged cell.
    """
    for index, name in heading.columns.items():
        if row.kind(index) in rows.UNKNOWN:
            return name, f"it is {rows.UNKNOWN[row.kind(index)]}"
        text = row.cells[index].strip() if index < len(row.cells) else ""
        if name == "reference" and _is_rounded(text, row.kind(index)):
            return name, (
                f'"{safe(text)}" is a number that a spreadsheet has rounded; format '
                "the column as text, and enter it again"
            )
    return None


def _is_rounded(text: str, kind: str) -> bool:
    """
    Whether a reference was a number with more digits than a spreadsheet keeps.
    """
    if _EXPONENT.fullmatch(text):
        return True
    digits = text.removesuffix(".0")
    is_number = kind == rows.NUMBER and digits.isascii() and digits.isdigit()
    return is_number and (len(digits) > 16 or int(digits) > _LARGEST_EXACT)


def _without_swapped(
    listed: Sequence[ListedRow], heading: _Heading
) -> tuple[ListedRow, ...]:
    """
    The rows, with a problem at those dates whose day and month a spreadsheet may have
    exchanged.
    """
    if not heading.row.kinds:
        return tuple(listed)
    found = list(listed)
    for column in start_times.DAY_COLUMNS:
        swapped = start_times.swapped_cells(row.cells.get(column, "") for row in found)
        for index, row in enumerate(found):
            text = row.cells.get(column, "")
            if text in swapped:
                reason = (
                    f'"{safe(text)}" is a date cell between dates written as text: a '
                    "spreadsheet may have exchanged its day and month"
                )
                found[index] = ListedRow(
                    row.position, row.cells, state=row.state, problem=(column, reason)
                )
    return tuple(found)
