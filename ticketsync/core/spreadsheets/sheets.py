"""
Spreadsheets for people's own lists: CSV, TSV, XLSX, XLS, ODS and HTML tables as rows
of text, from the sheet that is named or else the first one that is not hidden.

Cells stay text until the code that knows their meaning converts them: no library's
guess about types is used (F35). What a file is decides `table_files`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets import encodings, table_files
from ticketsync.core.spreadsheets.rows import Row
from ticketsync.core.spreadsheets.table_files import OpenedFile, Table

WORKBOOKS = (".xlsx", ".xls", ".ods", ".xlsm")
TEXTS = (".csv", ".tsv", ".txt")


def rows_of(opened: OpenedFile, *, sheet: str = "") -> Iterator[Row]:
    """
    The rows of the named sheet, or of the first that is not hidden; a row that cannot
    be read has a `problem`.

    Raises: `BadFile` where there is no such sheet.
    """
    return find_table(opened, sheet).read()


def find_table(opened: OpenedFile, sheet: str = "") -> Table:
    """
    The named sheet, or the first one that is not hidden.

    Raises: `BadFile` where there is none.
    """
    visible = [table for table in opened.tables if not table.is_hidden]
    if sheet and not opened.alternatives:
        named = [table for table in opened.tables if table.name == sheet]
        if not named:
            titles = ", ".join(table.name for table in opened.tables)
            raise errors.BadFile(
                f"{opened.name} has no sheet {safe(sheet)!r}.",
                hint=f"It has: {safe(titles)}.",
            )
        return named[0]
    if not visible:
        raise errors.BadFile(
            f"{opened.name} has no sheet that is not hidden.",
            hint="Save it as .xlsx again.",
        )
    return visible[0]


def bytes_of(file: Path) -> bytes:
    """
    The content of a file.

    Raises: `BadFile` where it cannot be read or is larger than 20 MB.
    """
    return table_files.read_bytes(file)


def text_of(file: Path, data: bytes) -> str:
    """
    The text of a file: UTF-8, UTF-16, or Windows-1252 by evidence.

    Raises: `BadFile` for any other encoding.
    """
    return encodings.decode(file.name, data).text
