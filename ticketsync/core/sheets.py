"""
Spreadsheets: CSV, TSV, XLSX, XLS and ODS as rows of text.

Cells stay text until the code that knows their meaning converts them: no library's
guess about types is used (F35).
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from ticketsync.core import errors
from ticketsync.core.redact import safe

WORKBOOKS = (".xlsx", ".xls", ".ods", ".xlsm")
TEXTS = (".csv", ".tsv", ".txt")
_LARGEST_FILE = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """
    One row of a table, and its position in words.
    """

    position: str
    number: int
    cells: tuple[str, ...]


def lines(file: Path, *, sheet: str = "") -> Iterator[Line]:
    """
    The rows that are not empty; of a workbook those of the named sheet, or the first.

    Raises: `BadFile` where the file cannot be read.
    """
    kind = file.suffix.lower()
    data = bytes_of(file)
    if kind in WORKBOOKS:
        return _of_workbook(file, data, sheet)
    if kind in TEXTS:
        return _of_text(file, text_of(file, data))
    raise errors.BadFile(
        f"{file.name}: {safe(kind or 'a file without extension')!r} is not a supported "
        "file type.",
        hint="Use .csv, .tsv, .xlsx, .xls or .ods.",
    )


def bytes_of(file: Path) -> bytes:
    """
    The content of a file.

    Raises: `BadFile` where it cannot be read or is larger than 20 MB.
    """
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise errors.BadFile(f"{file} is larger than 20 MB.", hint="Split it.")
        return file.read_bytes()
    except OSError as error:
        raise errors.BadFile(
            f"{file} cannot be read: {error.strerror}.", hint="Check the name."
        ) from None


def text_of(file: Path, data: bytes) -> str:
    """
    The text of a file: UTF-8, with or without a byte order mark, or UTF-16 with one.

    Raises: `BadFile` for any other encoding.
    """
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise errors.BadFile(
            f"{file.name} is not UTF-8 text.", hint="Save it as “CSV UTF-8”."
        ) from None


def _of_text(file: Path, text: str) -> Iterator[Line]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            texts = tuple(cell.strip() for cell in cells)
            if any(texts):
                yield Line(f"line {reader.line_num}", reader.line_num, texts)
    except csv.Error as error:
        raise errors.BadFile(
            f"{file.name}, line {reader.line_num}: {error}.",
            hint="Open it in a spreadsheet and save it as CSV again.",
        ) from None


def _of_workbook(file: Path, data: bytes, wanted: str) -> Iterator[Line]:
    from python_calamine import CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheet = wanted or workbook.sheet_names[0]
        is_there = sheet in workbook.sheet_names
        rows = (
            workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
            if is_there
            else []
        )
    except Exception as error:  # the library has other errors for each file type
        raise errors.BadFile(
            f"{file.name} is not a readable workbook ({safe(error)}).",
            hint="Save it as .xlsx again.",
        ) from None
    if not is_there:
        raise errors.BadFile(
            f"{file.name} has no sheet {safe(wanted)!r}.",
            hint=f"It has: {safe(', '.join(workbook.sheet_names))}.",
        )
    for number, cells in enumerate(rows, start=1):
        texts = tuple(_cell_text(cell) for cell in cells)
        if any(texts):
            yield Line(f"sheet {safe(sheet)}, row {number}", number, texts)


def _cell_text(cell: Any) -> str:
    """
    A workbook's cell as text, as a person would type it.
    """
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return cell.isoformat(timespec="minutes")
    if isinstance(cell, timedelta):
        minutes = int(cell.total_seconds()) // 60
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
