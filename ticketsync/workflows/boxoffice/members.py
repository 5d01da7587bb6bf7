"""
Members of the venue: a list of them is read and saved. Everything in it was typed by
people, so each text is cleaned here and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ticketsync.boxoffice import members
from ticketsync.boxoffice.members import NewMember
from ticketsync.core import clock, errors
from ticketsync.core.redact import safe
from ticketsync.core.settings.config import Settings
from ticketsync.core.spreadsheets import sheets, table_files
from ticketsync.core.storable_text import storable
from ticketsync.core.written import date_orders, written_dates
from ticketsync.core.written.date_orders import ColumnOrder
from ticketsync.core.written.written_dates import Order
from ticketsync.store.business_zone import get_business_zone
from ticketsync.store.engine import Database
from ticketsync.workflows.retention import first_kept_day

REQUIRED = ("number", "from", "until")
OPTIONAL = ("name", "email", "level")
DAYS = ("from", "until")
LONGEST_NUMBER = 40  # characters
LONGEST_TEXT = 200
COLUMNS = "The columns are number, from, until and, where known, name, email, level."


@dataclass(frozen=True, slots=True)
class SavedMembers:
    """
    How many members were `added`, `changed`, are `unchanged`, or were `erased` once and
    stay so; the lines that could not be read, in words; and how dates were read that
    could be read in two ways.
    """

    counts: Counter[str]
    bad_lines: Sequence[str] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    """
    A line of the list and its place in words; `problem`: why it could not be read.
    """

    place: str
    values: Mapping[str, str]
    problem: str = ""
    is_of_workbook: bool = False


@dataclass(frozen=True, slots=True)
class _Days:
    """
    How the days of a list are read: in this order, and for some texts not at all, for
    the reason that is given.
    """

    order: Order | None
    refused: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def import_members(
    database: Database, settings: Settings, file: Path, *, dry_run: bool = False
) -> SavedMembers:
    """
    Read a list of members: those who are new are added, those whose numbers are known
    are changed, and nobody is removed.

    Raises: `BadFile` for a file that is no such list.
    """
    lines = _read_lines(file)
    with database.read() as connection:
        zone = get_business_zone(connection)
    days = _days(lines, zone)
    listed: dict[str, NewMember] = {}
    bad = []
    for line in lines:
        try:
            member = _parse(line, days)
            if member.number in listed:
                raise errors.BadFile(
                    f"{line.place}: member {safe(member.number)!r} is there twice.",
                    hint="Leave one of the two.",
                )
        except errors.BadFile as error:
            bad.append(error.message)
        else:
            listed[member.number] = member
    counts = _save(database, settings, [*listed.values()], dry_run=dry_run)
    return SavedMembers(counts, bad, days.note)


def add_member(
    database: Database,
    settings: Settings,
    values: Mapping[str, str],
    *,
    dry_run: bool = False,
) -> SavedMembers:
    """
    Add a member, or change the one of that number; `values` by the columns of a list.

    Raises: `UsageError` for what a list could not have, `GuardRefused` for a number
    whose member was erased.
    """
    with database.read() as connection:
        order = date_orders.order_in_zone(get_business_zone(connection))
    try:
        member = _parse(_Line("The member", values), _Days(order))
    except errors.BadFile as error:
        raise errors.UsageError(
            error.message, hint="See `ticketsync members add --help`."
        ) from None
    counts = _save(database, settings, [member], dry_run=dry_run)
    if counts[members.ERASED]:
        raise errors.GuardRefused(
            f"Member {safe(member.number)!r} was erased on request.",
            hint="Give somebody who joins again another number.",
            word="erased",
        )
    return SavedMembers(counts)


def _save(
    database: Database,
    settings: Settings,
    listed: Sequence[NewMember],
    *,
    dry_run: bool,
) -> Counter[str]:
    opened = database.read() if dry_run else database.write()
    with opened as connection:
        kept = first_kept_day(connection, settings, clock.now())
        return members.save(connection, listed, kept, dry_run=dry_run)


# Reading


def _read_lines(file: Path) -> list[_Line]:
    """
    Raises: `BadFile` where it cannot be read, or has not the columns.
    """
    rows = sheets.rows_of(table_files.open_file(file))
    heading = next(rows, None)
    names = [cell.strip().lower() for cell in heading.cells] if heading else []
    missing = [name for name in REQUIRED if name not in names]
    twice = [name for name in (*REQUIRED, *OPTIONAL) if names.count(name) > 1]
    if missing or twice:
        raise errors.BadFile(
            f"{file.name} has no column {missing[0]!r}."
            if missing
            else f"{file.name} has two columns {twice[0]!r}.",
            hint=COLUMNS,
        )
    return [
        _Line(
            f"{row.position[:1].upper()}{row.position[1:]} of {file.name}",
            dict(zip(names, row.cells, strict=False)),
            row.problem,
            is_of_workbook=bool(row.kinds),
        )
        for row in rows
    ]


def _days(lines: Sequence[_Line], zone: str) -> _Days:
    """
    What comes first in the dates of a list: as its own dates say, else as the venue's
    country writes them. Dates that contradict the others, or whose day and month a
    spreadsheet may have exchanged, are refused.
    """
    texts = [text for line in lines for name in DAYS if (text := _cell(line, name))]
    of_workbook = any(line.is_of_workbook for line in lines)
    swapped = (
        [text for text in texts if written_dates.is_swappable(text)]
        if of_workbook and date_orders.may_be_swapped(texts)
        else []
    )
    refused = dict.fromkeys(swapped, "may have its day and month exchanged") | {
        text: date_orders.why_out_of_order(order)
        for text, order in date_orders.out_of_order(texts).items()
    }
    found = date_orders.column_order(texts)
    if found in (ColumnOrder.DMY, ColumnOrder.MDY):
        order: Order | None = "dmy" if found is ColumnOrder.DMY else "mdy"
    else:
        is_open = found is ColumnOrder.OPEN
        order = date_orders.order_in_zone(zone) if is_open else None
    example = date_orders.doubtful(texts, order, zone) if order else None
    if example is None or order is None:
        return _Days(order, refused)
    first = date_orders.comes_first(order)
    note = f'Dates such as "{safe(example)}" are read with the {first} first.'
    return _Days(order, refused, note)


def _cell(line: _Line, name: str) -> str:
    return storable(" ".join(line.values.get(name, "").split()))


def _parse(line: _Line, days: _Days) -> NewMember:
    """
    Raises: `BadFile`, which says where and what is wrong.
    """
    if line.problem:
        raise _bad(line, f"it cannot be read ({line.problem})")
    texts = {name: _cell(line, name) for name in (*REQUIRED, *OPTIONAL)}
    if not texts["number"]:
        raise _bad(line, "there is no number")
    if len(texts["number"]) > LONGEST_NUMBER:
        raise _bad(line, f"the number has more than {LONGEST_NUMBER} characters")
    if any(len(text) > LONGEST_TEXT for text in texts.values()):
        raise _bad(line, f"a text has more than {LONGEST_TEXT} characters")
    if texts["email"] and "@" not in texts["email"]:
        raise _bad(line, f"{safe(texts['email'])!r} is no e-mail address")
    start, end = (_read_day(line, texts[name], name, days) for name in DAYS)
    if end < start:
        raise _bad(line, f"the membership ends on {end}, before it begins on {start}")
    return NewMember(
        texts["number"],
        texts["name"],
        texts["email"],
        start.isoformat(),
        end.isoformat(),
        texts["level"],
    )


def _read_day(line: _Line, text: str, name: str, days: _Days) -> date:
    if not text:
        raise _bad(line, f"there is no day in {name!r}")
    if text in days.refused:
        raise _bad(line, f"{safe(text)!r} {days.refused[text]}")
    try:
        return written_dates.read_day(text, days.order)
    except written_dates.WrittenDateError as error:
        raise _bad(line, f"{safe(text)!r} {error.reason}") from None


def _bad(line: _Line, what: str) -> errors.BadFile:
    return errors.BadFile(f"{line.place}: {what}.", hint="Correct the line.")
