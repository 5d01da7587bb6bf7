"""
The venue's own list of shows from a file: CSV, XLSX, XLS, ODS, ICS, YAML.

Every problem names its row and column, and nothing is imported unless everything is
valid (or bad rows are skipped on request). Cells are text until this module converts
them: no library's guess about types is used (F35).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from ticketsync.catalogue import show_states
from ticketsync.catalogue.entered_values import MOST_SEATS
from ticketsync.catalogue.known_names import (
    Kind,
    NameAnswers,
    NameQuestion,
    OtherName,
)
from ticketsync.catalogue.new_shows import NewShow
from ticketsync.catalogue.season_list import (
    from_calendar,
    from_table,
    from_yaml,
    named_productions,
    start_times,
)
from ticketsync.catalogue.season_list.list_rows import (
    InvalidCell,
    ListedRow,
    ListedRows,
    ListedShow,
    OpenRow,
    SheetProblem,
)
from ticketsync.catalogue.season_list.missing_shows import MissingAnswers
from ticketsync.catalogue.season_list.named_productions import (
    NO_OTHER_NAMES,
    OurOtherNames,
)
from ticketsync.catalogue.season_list.start_times import TimeStyle
from ticketsync.catalogue.show_states import StatusAnswer
from ticketsync.catalogue.shows import VenueInfo
from ticketsync.core import clock, errors, money
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets import sheets, table_files
from ticketsync.core.written.written_dates import Order

_CALENDARS = (".ics", ".ical")
_NO_ZONE = "is not a time zone; write the name of its region, such as Australia/Sydney"


MOST_NAMES = 1000  # of venues or of productions; each is compared with all others


@dataclass(frozen=True, slots=True)
class ListOptions:
    """
    How to read a list where it does not say so itself: the order of its dates, the
    season (local days, both included), the sheet, and what was answered about names
    and about shows that the list does not have; `statuses` is what a status means, by
    its text in lower case.
    """

    order: Order | None = None
    since: date | None = None
    until: date | None = None
    sheet: str = ""
    names: NameAnswers = field(default_factory=NameAnswers)
    missing: MissingAnswers = field(default_factory=MissingAnswers)
    statuses: Mapping[str, StatusAnswer] = field(default_factory=dict)


class HasProblems(Protocol):
    """
    A list as it was read, or compared with our shows.
    """

    @property
    def problems(self) -> tuple[SheetProblem, ...]: ...


@dataclass(frozen=True, slots=True)
class ParsedShows:
    """
    What a list says. `unconfirmed` are rows whose date or time is not decided yet,
    `notes` what else a reader should know, `questions` names nearly as one we have;
    `open_rows` are the undecided ones as far as they could be read, and
    `unknown_statuses` the words that wait for an answer, with their number of rows;
    `answered_names` those of the list that an answer decided.
    """

    listed: tuple[ListedShow, ...]
    problems: tuple[SheetProblem, ...]
    unconfirmed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    questions: tuple[NameQuestion, ...] = ()
    open_rows: tuple[OpenRow, ...] = ()
    unknown_statuses: Mapping[str, int] = field(default_factory=dict)
    answered_names: tuple[tuple[Kind, OtherName], ...] = ()

    @property
    def shows(self) -> tuple[NewShow, ...]:
        """
        The shows that play.
        """
        return tuple(item.new for item in self.listed if not item.is_cancelled)


def read_shows(
    file: Path,
    default_venue: VenueInfo,
    known: Sequence[VenueInfo] = (),
    productions: Sequence[str] = (),
    options: ListOptions = ListOptions(),
    others: OurOtherNames = NO_OTHER_NAMES,
) -> ParsedShows:
    """
    The shows in a file. Missing zone and currency are those of the row's venue, a
    missing venue is the default one; `productions` are the titles we have, `others`
    what else lists may call them.

    Raises: `BadFile` where the file cannot be read or holds no shows,
    `DateOrderNeeded` where all its dates can be read in two ways.
    """
    listed = _rows(file, options)
    _refuse_many_names(listed.rows)
    venues = {venue.name: venue for venue in (default_venue, *known)}
    rows, names = named_productions.with_known_names(
        listed.rows, list(venues), productions, options.names, others
    )
    style, note = start_times.find_style(
        file.name, rows, options.order, default_venue.timezone
    )
    parser = _Parser(default_venue, venues, style, options.statuses, listed.headings)
    for row in rows:
        parser.add(row)
    if not parser.listed and not parser.problems and not parser.open_rows:
        raise errors.BadFile(
            f"{file.name} holds no shows.",
            hint="A calendar needs entries (VEVENT)."
            if file.suffix.lower() in _CALENDARS
            else "It needs a heading line with production and starts_at.",
        )
    kept, outside = _in_season(parser.listed, options)
    return ParsedShows(
        kept,
        tuple(parser.problems),
        tuple(parser.unconfirmed),
        (
            *listed.notes,
            *([note] if note else []),
            *names.notes,
            *parser.notes,
            *_mornings(parser.mornings),
            *outside,
        ),
        names.questions,
        tuple(parser.open_rows),
        parser.statuses,
        names.answered,
    )


def _mornings(positions: Sequence[str]) -> list[str]:
    if not positions:
        return []
    number = number_of(len(positions), "time")
    return [
        f"{number} read as in the morning, such as {positions[0]}; write 19:30 or "
        "7:30 pm for the evening"
    ]


def _refuse_many_names(rows: Sequence[ListedRow]) -> None:
    """
    Raises: `BadFile` for a list with more names than can be compared with one another.
    """
    for column in ("venue", "production"):
        number = len({row.cells.get(column, "") for row in rows})
        if number > MOST_NAMES:
            raise errors.BadFile(
                f"The list has {number:,} different {column}s.",
                hint=f"Divide it into files with at most {MOST_NAMES:,} each.",
            )


def _in_season(
    listed: Sequence[ListedShow], options: ListOptions
) -> tuple[tuple[ListedShow, ...], list[str]]:
    """
    The shows of the season, and a note about the others.
    """
    kept = []
    for item in listed:
        day = clock.day_of(item.new.starts_at, item.new.timezone)
        is_early = options.since is not None and day < options.since
        is_late = options.until is not None and day > options.until
        if not is_early and not is_late:
            kept.append(item)
    left = len(listed) - len(kept)
    return tuple(kept), [
        f"{left:,} outside --since and --until left out"
    ] if left else []


def refuse_problems(
    parsed: HasProblems, file: Path, *, number: int | None = None
) -> None:
    """
    `number` says how many problems there are where only the first ones were kept.

    Raises: `BadFile` with the first problems as its details, if there are any.
    """
    if not parsed.problems:
        return
    problems = number_of(number or len(parsed.problems), "problem")
    raise errors.BadFile(
        f"{file.name}: {problems}, nothing was imported.",
        hint="Fix the file, or add --skip-bad.",
        details=errors.first_of([str(message) for message in parsed.problems]),
    )


# One row


class _Parser:
    """
    Reads rows one by one; what is wrong with one is a problem with its position.
    """

    def __init__(
        self,
        default_venue: VenueInfo,
        venues: dict[str, VenueInfo],
        style: TimeStyle,
        statuses: Mapping[str, StatusAnswer],
        headings: Mapping[str, str],
    ) -> None:
        self._headings = headings
        self.listed: list[ListedShow] = []
        self.problems: list[SheetProblem] = []
        self.unconfirmed: list[str] = []
        self.open_rows: list[OpenRow] = []
        self.notes: list[str] = []
        self._default_venue = default_venue
        self._venues = venues
        self._style = style
        self._statuses = statuses
        self.statuses: dict[str, int] = {}
        self.mornings: list[str] = []

    def add(self, row: ListedRow) -> None:
        if row.state == "unknown":
            row = replace(
                row, state=show_states.answered_state(row.status, self._statuses)
            )
        if row.state == "unknown":
            self.open_rows.append(self._open_row(row))
            self.statuses[row.status] = self.statuses.get(row.status, 0) + 1
            title = safe(row.cells.get("production") or "a show without a title")
            self.unconfirmed.append(
                f'{row.position}: {title} has the status "{safe(row.status)}"'
            )
            return
        if row.state == "unconfirmed":
            title = safe(row.cells.get("production") or "a show without a title")
            cell = start_times.partly_unconfirmed(row.cells)
            said = f' ("{safe(cell)}"; remove that word once it is)' if cell else ""
            self.unconfirmed.append(f"{row.position}: {title} is not confirmed{said}")
            self.open_rows.append(self._open_row(row))
            return
        try:
            if row.problem is not None:
                raise InvalidCell(*row.problem)
            new = self._show(row)
            self.listed.append(
                ListedShow(
                    row.position,
                    new,
                    is_cancelled=row.state == "cancelled",
                    room=row.room,
                    called=row.called,
                )
            )
        except InvalidCell as problem:
            column = f", column {problem.column}" if problem.column else ""
            heading = safe(self._headings.get(problem.column, ""), longest=40)
            self.problems.append(
                SheetProblem(f"{row.position}{column}", problem.reason, heading)
            )

    def _open_row(self, row: ListedRow) -> OpenRow:
        zone = self._default_venue.timezone
        try:
            if row.starts_at is not None:
                day = clock.day_of(row.starts_at, zone)
            else:
                day = start_times.read_day(row.cells, self._style)
        except InvalidCell:
            day = None
        cells = row.cells
        return OpenRow(cells.get("production", ""), cells.get("reference", ""), day)

    def _show(self, row: ListedRow) -> NewShow:
        cells = row.cells
        if not cells.get("production"):
            raise InvalidCell("production", "the title is missing")
        zone = _checked(cells, "timezone", "", clock.zone, _NO_ZONE)
        currency = _checked(
            cells, "currency", "", money.exponent, "is not an ISO 4217 currency"
        ).upper()
        capacity = _capacity(cells.get("capacity", ""))
        venue = self._venue(cells.get("venue", ""), zone, currency)
        starts_at = row.starts_at or start_times.read_start(
            cells, zone or venue.timezone, self._style
        )
        if zone and zone != venue.timezone:
            self.notes.append(
                f"{row.position}: {clock.local_text(starts_at, zone)} in "
                f"{zone} is {clock.local_text(starts_at, venue.timezone)} "
                f"at {safe(venue.name)}"
            )
        if row.starts_at is None and start_times.may_be_evening(cells):
            self.mornings.append(row.position)
        return NewShow(
            production=cells["production"],
            starts_at=starts_at,
            venue=venue.name,
            timezone=venue.timezone,
            currency=venue.currency,
            capacity=capacity,
            reference=cells.get("reference") or None,
        )

    def _venue(self, name: str, zone: str, currency: str) -> VenueInfo:
        """
        The venue of a row; a new one gets its time zone and currency from the first
        row that names it.
        """
        default = self._default_venue
        if not name:
            name = default.name
        if name not in self._venues:
            self._venues[name] = VenueInfo(
                0, name, zone or default.timezone, currency or default.currency
            )
        venue = self._venues[name]
        if currency and currency != venue.currency:
            raise InvalidCell(
                "currency", f"{safe(venue.name)} sells in {venue.currency}"
            )
        return venue


def _checked(
    cells: dict[str, str],
    column: str,
    default: str,
    check: Callable[[str], Any],
    message: str,
) -> str:
    text = cells.get(column) or default
    if not text:
        return ""
    try:
        check(text.upper() if column == "currency" else text)
    except ValueError:
        raise InvalidCell(column, f'"{safe(text)}" {message}') from None
    return text


def _capacity(text: str) -> int | None:
    if not text:
        return None
    whole = text.removesuffix(".0")
    if not (whole.isascii() and whole.isdigit()):
        raise InvalidCell(
            "capacity", f'"{safe(text)}" is not a number of seats; write 180'
        )
    # The number of digits first: Python refuses to read thousands of them.
    if len(whole) > len(str(MOST_SEATS)) or int(whole) > MOST_SEATS:
        raise InvalidCell("capacity", f'"{safe(text)}" is more seats than a show has')
    return int(whole)


# The kinds of file


def _rows(file: Path, options: ListOptions) -> ListedRows:
    kind = file.suffix.lower()
    if kind in (".yaml", ".yml"):
        return from_yaml.read_yaml(file)
    if kind in _CALENDARS:
        data = sheets.bytes_of(file)
        return from_calendar.read_calendar(file.name, data, options.until)
    if kind in (*sheets.WORKBOOKS, *sheets.TEXTS):
        opened = table_files.open_file(file)
        return from_table.read_table(opened, sheet=options.sheet)
    sheets.bytes_of(file)  # raises where the file is missing
    raise errors.BadFile(
        f"{file.name}: {safe(kind or 'a file without extension')!r} is not a "
        "supported file type.",
        hint="Use .csv, .xlsx, .xls, .ods, .ics or .yaml.",
    )
