"""
A file as tables of rows, by what its bytes are: a report that is named .csv and is a
workbook is read as a workbook, and an HTML page named .xls as an HTML page.

Limits are enforced before anything is read into memory, so that no file can end the
process. Cells stay text until the code that knows their meaning converts them (F35).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets import (
    delimited,
    encodings,
    html_tables,
    rows,
    workbook_guards,
    xls_error_cells,
)
from ticketsync.core.spreadsheets.merged_cells import MergedCells
from ticketsync.core.spreadsheets.rows import Row
from ticketsync.core.spreadsheets.workbook_guards import SheetScan, WorkbookScan

LARGEST_FILE = 20 * 1024 * 1024

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FOREIGN = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a compressed archive",
    b"Rar!": "an archive",
    b"7z\xbc\xaf": "an archive",
    b"SQLite format 3": "a database",
    b"{\\rtf": "a text document",
}


@dataclass(frozen=True, slots=True)
class Table:
    """
    One sheet of a workbook, one table of a page, or a text file under one delimiter.

    name       of the sheet; `""` where there is only one table
    is_hidden  whether a person who opens the file does not see it
    read       reads its rows that are not empty; may raise `BadFile`
    """

    name: str
    is_hidden: bool
    read: Callable[[], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """
    The tables of a file. `alternatives` says that they are the same text under several
    delimiters, the most probable one first; `notes` what was found by evidence.
    """

    name: str
    tables: tuple[Table, ...]
    alternatives: bool = False
    notes: tuple[str, ...] = ()


def read_bytes(file: Path) -> bytes:
    """
    The content of a file.

    Raises: `BadFile` where it cannot be read or is larger than 20 MB.
    """
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise errors.BadFile(f"{file} is larger than 20 MB.", hint="Split it.")
        return file.read_bytes()
    except OSError as error:
        raise errors.BadFile(
            f"{file} cannot be read: {error.strerror}.", hint="Check the name."
        ) from None


def open_file(file: Path, data: bytes | None = None) -> OpenedFile:
    """
    What a file contains; `data` where it was read already.

    Raises: `BadFile` where it is not a table, is protected or is too large.
    """
    name = file.name
    data = read_bytes(file) if data is None else data
    if data.startswith(_OLE):
        return _open_old_workbook(name, data)
    if data.startswith(b"PK\x03\x04"):
        return _open_zip(name, data)
    for mark, what in _FOREIGN.items():
        if data.startswith(mark):
            raise errors.BadFile(
                f"{name} is {what}, not a table.",
                hint="Export the report as .csv or .xlsx.",
            )
    return _open_text(name, data)


def _open_text(name: str, data: bytes) -> OpenedFile:
    decoded = encodings.decode(name, data)
    text = decoded.text
    if "\n" not in text:
        text = text.replace("\r", "\n")
    delimited.refuse_oversized(name, text)
    notes = (decoded.note,) if decoded.note else ()
    if html_tables.looks_like_html(text):
        return _open_html(name, text, notes)
    _refuse_markup(name, text)

    def table(delimiter: str) -> Table:
        return Table("", False, lambda: delimited.read_rows(name, text, delimiter))

    found = delimited.delimiters_by_evidence(text)
    return OpenedFile(name, tuple(map(table, found)), alternatives=True, notes=notes)


def _open_html(name: str, text: str, notes: tuple[str, ...]) -> OpenedFile:
    try:
        tables = html_tables.read_tables(text)
    except html_tables.UnreadablePage as error:
        raise errors.BadFile(
            f"{name} is an HTML page that {error}, which no report has.",
            hint="Export it again, as .csv or .xlsx.",
            word="file-too-large",
        ) from None
    if not tables:
        raise errors.BadFile(
            f"{name} is an HTML page without a table.",
            hint="Export the report as .csv or .xlsx.",
        )

    def table(number: int, found: tuple[Row, ...]) -> Table:
        title = f"table {number}" if len(tables) > 1 else ""
        return Table(title, False, lambda: iter(found))

    return OpenedFile(
        name,
        tuple(table(n, found) for n, found in enumerate(tables, start=1)),
        notes=(*notes, f"{name} is an HTML page and was read as one"),
    )


def _refuse_markup(name: str, text: str) -> None:
    begin = text[:4096].lstrip().lower()
    what = ""
    if begin.startswith("<?xml") and "office:spreadsheet" in begin:
        what = "an XML spreadsheet of Excel 2003"
    elif begin.startswith("<"):
        what = "an XML or HTML file without a table"
    elif begin.startswith("mime-version:"):
        what = "a web archive"
    if what:
        raise errors.BadFile(
            f"{name} is {what}.", hint="Open it in a spreadsheet and save it as .xlsx."
        )


def _open_zip(name: str, data: bytes) -> OpenedFile:
    archive = workbook_guards.open_zip(name, data)
    with archive:
        members = set(archive.namelist())
        if "xl/workbook.xml" in members:
            scan = workbook_guards.scan_xlsx(name, archive)
        elif "content.xml" in members:
            scan = workbook_guards.scan_ods(name, archive)
        else:
            is_binary = "xl/workbook.bin" in members
            what = "a binary workbook (.xlsb)" if is_binary else "an archive"
            raise errors.BadFile(
                f"{name} is {what}, not a supported file type.",
                hint="Save it as .xlsx.",
            )
    return _open_workbook(name, data, scan)


def _open_old_workbook(name: str, data: bytes) -> OpenedFile:
    if _ENCRYPTED in data:
        raise _is_protected(name)
    workbook_guards.refuse_large_xls(name, data)
    return _open_workbook(name, data, xls_error_cells.find_errors(name, data))


def _open_workbook(name: str, data: bytes, scan: WorkbookScan) -> OpenedFile:
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [
            (sheet.name, sheet.visible != SheetVisibleEnum.Visible)
            for sheet in workbook.sheets_metadata
        ]
    except BaseException as error:  # the library has its own errors, and panics
        raise _not_readable(name, error) from None

    def table(sheet: str, is_hidden: bool) -> Table:
        def read() -> Iterator[Row]:
            return _read_sheet(name, workbook, sheet, scan.scan_of(sheet))

        return Table(sheet, is_hidden, read)

    return OpenedFile(name, tuple(table(*sheet) for sheet in sheets))


def _not_readable(name: str, error: BaseException) -> errors.BadFile:
    if isinstance(error, (KeyboardInterrupt, SystemExit, MemoryError)):
        raise error
    if "password" in str(error).lower():
        return _is_protected(name)
    return errors.BadFile(
        f"{name} is not a readable workbook ({safe(error)}).",
        hint="Save it as .xlsx again.",
    )


def _is_protected(name: str) -> errors.BadFile:
    return errors.BadFile(
        f"{name} is protected by a password.",
        hint="Save it without one.",
        word="protected",
    )


def _read_sheet(name: str, workbook: Any, sheet: str, scan: SheetScan) -> Iterator[Row]:
    try:
        found = workbook.get_sheet_by_name(sheet)
        merged = _covered(name, found)
        cells_of_rows = found.iter_rows()
        # Rows are given from the top of the sheet, columns from the first in use.
        before = ("",) * (found.start[1] if found.start else 0)
    except errors.BadFile:
        raise
    except BaseException as error:
        raise _not_readable(name, error) from None
    marked = _marks(scan)
    title = safe(sheet)
    number = 0
    while True:
        try:
            cells = next(cells_of_rows)
        except StopIteration:
            return
        except BaseException as error:
            raise _not_readable(name, error) from None
        number += 1
        texts = (*before, *[_TEXT_OF.get(type(cell), _other)(cell) for cell in cells])
        marks = marked.get(number - 1) if marked else None
        if covered := merged.of_row(number - 1):
            marks = {**dict.fromkeys(covered, rows.MERGED), **(marks or {})}
        if not any(texts) and not marks:
            continue
        kinds = rows.TEXT * len(before)
        kinds += "".join([_KIND_OF.get(type(cell), rows.TEXT) for cell in cells])
        if marks:
            kinds = _with_marks(kinds, marks)
        shown_in = scan.currencies.of_row(number - 1) if scan.currencies else None
        position = f"sheet {title}, row {number}"
        is_hidden = number - 1 in scan.hidden
        yield Row(
            position, number, texts, kinds, shown_in=shown_in, is_hidden=is_hidden
        )


def _covered(name: str, sheet: Any) -> MergedCells:
    """
    The cells of a sheet below or beside the first one of each merged range.

    Raises: `BadFile` for ranges that overlap more often than they can.
    """
    end = sheet.end or (0, 0)
    try:
        return MergedCells(sheet.merged_cell_ranges or (), *end)
    except OverflowError:
        raise workbook_guards.too_large(name, "merges more cells than it has") from None


def _marks(scan: SheetScan) -> dict[int, dict[int, str]]:
    """
    By row, the columns of cells that are something else than what they seem.
    """
    marks: dict[int, dict[int, str]] = {}
    for places, kind in (
        (scan.errors, rows.ERROR),
        (scan.not_computed, rows.NOT_COMPUTED),
    ):
        for row, column in places:
            marks.setdefault(row, {})[column] = kind
    return marks


def _with_marks(kinds: str, marks: dict[int, str]) -> str:
    letters = list(kinds)
    for column, kind in marks.items():
        if column < len(letters):
            letters[column] = kind
    return "".join(letters)


# A workbook's cell as text, as a person would type it


def _text(cell: str) -> str:
    return cell.strip()


def _number(cell: float) -> str:
    return str(int(cell)) if cell.is_integer() else repr(cell)


def _moment(cell: datetime) -> str:
    if cell.microsecond:  # a day's fraction as a float is not exact
        cell = (cell + timedelta(microseconds=500_000)).replace(microsecond=0)
    return cell.isoformat(sep=" ", timespec="seconds" if cell.second else "minutes")


def _day(cell: date) -> str:
    return cell.isoformat()


def _time(cell: time) -> str:
    return cell.isoformat(timespec="minutes")


def _duration(cell: timedelta) -> str:
    minutes = int(cell.total_seconds()) // 60
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _other(cell: object) -> str:
    return str(cell).strip()


_TEXT_OF: dict[type, Callable[[Any], str]] = {
    str: _text,
    float: _number,
    datetime: _moment,
    date: _day,
    time: _time,
    timedelta: _duration,
}
_KIND_OF: dict[type, str] = {
    float: rows.NUMBER,
    int: rows.NUMBER,
    datetime: rows.MOMENT,
    date: rows.DAY,
    time: rows.TIME,
    timedelta: rows.TIME,
    bool: rows.FLAG,
}
_EXPONENT = re.compile(r"[+-]?\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)


def is_in_exponent_form(text: str) -> bool:
    """
    Whether a spreadsheet has shortened a number: `1.23457E+11` was 123456789012.
    """
    return "E+" in text.upper() and _EXPONENT.fullmatch(text) is not None
