"""
One report file: its rows by order, each in plain text or with its problem, and what a
person should know about what was not read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ticketsync.core import digest, errors
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets import table_files
from ticketsync.core.spreadsheets.table_files import OpenedFile
from ticketsync.providers.file_import.one_report import left_out_rows
from ticketsync.providers.file_import.one_report.columns import (
    Line,
    find_converters,
    plain_lines,
)
from ticketsync.providers.file_import.one_report.date_notes import (
    DateNote,
    notes_on_dates,
)
from ticketsync.providers.file_import.one_report.heading import FoundTable, find_tables
from ticketsync.providers.file_import.one_report.ignored_worth import worth
from ticketsync.providers.file_import.one_report.near_sheets import find_near_sheets
from ticketsync.providers.file_import.one_report.report_rows import (
    STATUS_ADVICE,
    RowReader,
)
from ticketsync.providers.file_import.one_report.several_tickets import refuse_several
from ticketsync.providers.file_import.one_report.unlabelled_sums import split_sums
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.recipes.recipe_keys import NEVER_PAID
from ticketsync.providers.report_folder import report_key

_MOST_NAMED = 3  # rows that a note names
_MOST_WORDS = 8  # of a column


@dataclass(frozen=True, slots=True)
class Source:
    """
    One table of a report: its rows by order number, how old its content is, what the
    report is known by (`report_key`), and the name under which it was read first.
    """

    file: str
    key: str
    modified_at: int  # nanoseconds
    orders: dict[str, list[Line]]
    first_name: str

    def place(self, line: Line) -> str:
        return f"{self.file}, {line.position}"


@dataclass(frozen=True, slots=True)
class Report:
    """
    A file as it was read. `unmapped` are headings that the recipe does not use; `notes`
    are sentences about what was left out or decided by evidence, and `date_notes` those
    about the order of its dates. `digest` is that of its content, and `modified_at` the
    time of the file in nanoseconds; `unread` are sheets that should be reports, and why
    they are not read.
    """

    file: Path
    digest: str
    modified_at: int
    sources: tuple[Source, ...]
    unmapped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = field(default=())
    date_notes: tuple[DateNote, ...] = ()
    unread: Mapping[str, errors.BadFile] = field(default_factory=dict)


def read_report(recipe: Recipe, file: Path) -> Report:
    """
    One report. Raises `BadFile` if it is not a table, or none with the recipe's
    headings.
    """
    start = start_of(recipe, file)
    modified_at = file.stat().st_mtime_ns
    data = table_files.read_bytes(file)
    opened = table_files.open_file(file, data)
    content = digest.content(b"%b %b" % (data, start.encode()) if start else data).hex()
    key = report_key(file.name, content)
    del data  # a table may hold it no longer than it needs
    found = find_tables(recipe, opened)
    sources: list[Source] = []
    notes = list(opened.notes)
    unanswered: list[str] = []
    dates: list[DateNote] = []
    for table in found:
        reader = RowReader(recipe, table, is_text=opened.alternatives)
        orders = _read_table(recipe, table, reader, file.name, start, notes, dates)
        sources.append(Source(file.name, key, modified_at, orders, file.name))
        unanswered += _unanswered(file.name, reader)
    unread = find_near_sheets(recipe, opened, found)
    notes += _unread_sheets(opened, found, unread)
    heading = found[0].heading
    unmapped = tuple(heading.names[n] for n in heading.unmapped)
    return Report(
        file,
        content,
        modified_at,
        tuple(sources),
        unmapped,
        (*unanswered, *notes),
        tuple(unanswered),
        tuple(dates),
        unread,
    )


def start_of(recipe: Recipe, file: Path) -> str:
    """
    When the shows of a report start, as its recipe says: a fixed time, or the one in
    the file's name. `""` where the recipe leaves it to a column.

    Raises: `BadFile` for a name that does not have it, `ConfigurationError` for a
    recipe whose `start` is neither.
    """
    pattern = recipe.start
    if not pattern:
        return ""
    before, brace, rest = pattern.partition("{")
    format_, _, after = rest.partition("}")
    if not brace:
        try:
            return datetime.fromisoformat(pattern).isoformat(sep=" ")
        except ValueError:
            raise errors.ConfigurationError(
                f"`start` in the recipe is {safe(pattern)!r}, not a time.",
                hint="Write 2026-12-05 19:30, or a file's name with {%Y-%m-%d_%H%M}.",
            ) from None
    time = re.sub(r"%-?[a-zA-Z]|.", lambda code: _digits(code[0]), format_)
    match = re.fullmatch(
        f"{_as_pattern(before)}({time}){_as_pattern(after)}", file.name
    )
    try:
        if match is None:
            raise ValueError
        moment = datetime.strptime(match[1], format_)  # noqa: DTZ007  # the recipe's zone
    except ValueError:
        raise errors.BadFile(
            f"{file.name} is not named {safe(pattern)!r}, as `start` says.",
            hint="Rename the file, or correct `start`.",
            word="file-name",
        ) from None
    return moment.isoformat(sep=" ")


def _digits(code: str) -> str:
    """
    What a code of a format may stand for in a file's name, as a regular expression.
    """
    if code == "%Y":
        return r"\d{4}"
    if code in ("%b", "%B", "%a", "%A", "%p"):
        return r"[^\W\d_]+"
    return r"\d{1,2}" if code.startswith("%") else re.escape(code)


def _as_pattern(text: str) -> str:
    return ".*".join(map(re.escape, text.split("*")))


def _read_table(
    recipe: Recipe,
    found: FoundTable,
    reader: RowReader,
    file: str,
    start: str,
    notes: list[str],
    dates: list[DateNote],
) -> dict[str, list[Line]]:
    fields = [name for _, name in found.heading.fields]
    mapped = list(reader.read())
    refused = {row.position for row in mapped if row.problem}
    converters = find_converters(recipe, fields, mapped)
    dates += notes_on_dates(recipe, file, fields, mapped, converters)
    lines = plain_lines(recipe, fields, mapped, start, converters)
    ignored = plain_lines(recipe, fields, reader.ignored, start)
    lines = [
        line
        for line in lines
        if line.position in refused or not _is_ignored(recipe, line)
    ]
    orders: dict[str, list[Line]] = {}
    others, sums = split_sums(lines)
    refuse_several(recipe, others)
    for line in others:
        orders.setdefault(_order_id(line, file), []).append(line)
    notes += _settle_repeated_rows(recipe, orders, file)
    notes += _equal_but_for_status(recipe, orders, file)
    unnumbered = plain_lines(recipe, fields, reader.unnumbered, start)
    notes += _unnamed(recipe, file, unnumbered, sums)
    notes += _left_out(file, reader, worth(recipe, ignored))
    return orders


def _is_ignored(recipe: Recipe, line: Line) -> bool:
    return recipe.kind_of(line.cells) == "ignore"


def _order_id(line: Line, file: str) -> str:
    """
    The order that a row belongs to, or the row itself where it names none.
    """
    cells = line.cells
    if "refund_of" in cells:
        return cells["refund_of"]
    return cells.get("order") or f"{file} {line.position}"


def _settle_repeated_rows(
    recipe: Recipe, orders: dict[str, list[Line]], file: str
) -> Iterator[str]:
    """
    Rows that are equal in every cell: named, counted or dropped, as the recipe says.
    """
    repeated: list[str] = []
    for id_, lines in orders.items():
        if len(lines) == 1:
            continue
        seen: dict[int, Line] = {}
        kept: list[Line] = []
        for line in lines:
            first = seen.setdefault(line.whole, line)
            if first is line or line.problem or first.cells != line.cells:
                kept.append(line)
                continue
            repeated.append(line.position)
            if recipe.repeated_rows == "once":
                continue
            kept.append(line)
            if recipe.repeated_rows == "refuse":
                line.problem = (
                    f"it is equal to {first.position} in every cell: say "
                    "`repeated_rows: count` or `once` in the recipe"
                )
                line.word = "repeated-row"
        orders[id_] = kept
    if repeated and recipe.repeated_rows != "refuse":
        counted = "counted" if recipe.repeated_rows == "count" else "left out"
        yield (
            f"{file}: {_rows(len(repeated))} equal to an earlier one {counted} "
            f"({_some(repeated)})"
        )


def _equal_but_for_status(
    recipe: Recipe, orders: dict[str, list[Line]], file: str
) -> Iterator[str]:
    """
    Rows of an order that sell and differ in nothing but a status under which both were
    paid: two tickets, or one that is listed once more.
    """
    if recipe.repeated_rows == "count":
        return
    found: list[str] = []
    for lines in orders.values():
        states: dict[int, str] = {}
        for line in lines if len(lines) > 1 else ():
            status = recipe.status.get(line.cells.get("status", "").lower(), "")
            if line.is_return or not line.beside or status in ("", *NEVER_PAID):
                continue
            if states.setdefault(line.beside, status) != status:
                found.append(line.position)
    if found:
        yield (
            f"{file}: {_rows(len(found))} equal to an earlier one of the order in all "
            f"but the status ({_some(found)}); each counts as a ticket: remove the "
            "earlier one if it is the same ticket, or say `repeated_rows: count` if "
            "such rows are tickets of their own"
        )


def _left_out(file: str, reader: RowReader, ignored: str) -> Iterator[str]:
    """
    What was left out and why; `ignored` is what the rows are worth that the recipe
    ignores.
    """
    by_reason: dict[str, list[str]] = {}
    for row in reader.left_out:
        by_reason.setdefault(row.why, []).append(f"{row.position} {row.text!r}")
    for why, rows in by_reason.items():
        reason = (
            f"{why}; {ignored}" if why == left_out_rows.IGNORED and ignored else why
        )
        yield f"{file}: {_rows(len(rows))} left out ({reason}): {_some(rows)}"
    if reader.hidden:
        yield (
            f"{file}: {_rows(len(reader.hidden))} that the workbook hides or filters "
            f"out counted like the others ({_some(reader.hidden)})"
        )
    if reader.beyond:
        yield f"{file}: {_rows(reader.beyond)} with cells beyond the headings"


def _unnamed(
    recipe: Recipe, file: str, unnumbered: Sequence[Line], sums: Sequence[Line]
) -> Iterator[str]:
    """
    Which rows were left out that have no order number: by the recipe, and those that
    are sums.
    """
    value = worth(recipe, unnumbered)
    asked = "no order number, as `stop_at` says" + (f"; {value}" if value else "")
    for why, lines in ((asked, unnumbered), ("sums of the rows above", sums)):
        if lines:
            positions = _some([line.position for line in lines])
            yield f"{file}: {_rows(len(lines))} left out ({why}): {positions}"


def _unanswered(file: str, reader: RowReader) -> Iterator[str]:
    for name, words in reader.unanswered.items():
        if words:
            yield (
                f"{file}: the recipe does not map the column {safe(name)!r} "
                f"({counted_words(words)}); {reader.advice.get(name, STATUS_ADVICE)}, "
                "or add it to `ignore_columns`"
            )


def counted_words(words: Counter[str]) -> str:
    """
    The words of a column and how many rows have each, the most frequent first.
    """
    by_number = sorted(words.items(), key=lambda item: (-item[1], item[0]))
    some = [
        f"{safe(word, longest=30)!r} in {_rows(number)}"
        for word, number in by_number[:_MOST_WORDS]
    ]
    more = len(words) - _MOST_WORDS
    return ", ".join([*some, *([f"and {more} more"] if more > 0 else [])])


def _unread_sheets(
    opened: OpenedFile, found: Sequence[FoundTable], unread: Collection[str]
) -> Iterator[str]:
    if opened.alternatives:
        return
    read = {item.table.name for item in found}
    for table in opened.tables:
        name = f"{opened.name}, sheet {safe(table.name)}"
        if table.name not in read and name not in unread:
            hidden = "hidden " if table.is_hidden else ""
            yield f"{opened.name}: the {hidden}sheet {safe(table.name)!r} was not read"


def _rows(number: int) -> str:
    return number_of(number, "row")


def _some(texts: Sequence[str]) -> str:
    more = "; …" if len(texts) > _MOST_NAMED else ""
    return "; ".join(texts[:_MOST_NAMED]) + more
