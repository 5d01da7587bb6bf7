"""
Error cells of a workbook in the format of Excel 97 to 2003 (.xls), which the library
gives as empty ones, and its percentages, which it gives as their numbers.

The records of such a workbook (BIFF) are a stream of a compound document. Source:
[MS-XLS]. Records that do not look like that are left to the library: then nothing is
found here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ticketsync.core.spreadsheets import (
    number_formats,
    workbook_guards,
    xls_number_formats,
)
from ticketsync.core.spreadsheets.compound_documents import (
    CompoundDocument,
    DamagedDocument,
)
from ticketsync.core.spreadsheets.number_formats import CellCurrencies
from ticketsync.core.spreadsheets.workbook_guards import Place, SheetScan, WorkbookScan
from ticketsync.core.spreadsheets.xls_number_formats import PercentStyles

_NAMES = ("workbook", "book")  # since Excel 97, and before

_BOUND_SHEET, _BEGIN = 0x0085, 0x0809
_FORMULA, _BOOLEAN_OR_ERROR = 0x0006, 0x0205
# Numbers and texts; those of the last kind are several, up to the column at its end.
_SINGLE_CELLS = frozenset({_FORMULA, _BOOLEAN_OR_ERROR, 0x0203, 0x0204, 0x027E, 0x00FD})
_ROW, _ZERO_HEIGHT = 0x0208, 0x20  # the record of a row, and its mark for a hidden one
_SEVERAL_CELLS = 0x00BD
_READ = (
    xls_number_formats.CELLS
    | xls_number_formats.STYLES
    | {_BOUND_SHEET, _BOOLEAN_OR_ERROR}
)


def find_errors(name: str, data: bytes) -> WorkbookScan:
    """
    The error cells (`#REF!`, `#DIV/0!`) of each sheet, those of formulas included, and
    the cells that show a percentage.

    Raises `BadFile` for a damaged document, before the library follows its chains, and
    for more cells than any report, before it reserves memory for all sheets.
    """
    try:
        stream = CompoundDocument(data).stream(_NAMES)
        _refuse_large(name, stream)
        return WorkbookScan(_scan(stream))
    except DamagedDocument:
        raise workbook_guards.damaged(name) from None
    except (struct.error, IndexError, ValueError, KeyError):
        return WorkbookScan()


def _refuse_large(name: str, stream: bytes) -> None:
    """
    Raises `BadFile` where the sheets span too many cells together, wherever their cells
    are.
    """
    total = rows = columns = 0
    for kind, at, length in _records(stream):
        if kind == _BEGIN:
            total, rows, columns = total + rows * columns, 0, 0
        elif kind in _SINGLE_CELLS and length >= 4:
            rows = max(rows, _short(stream, at) + 1)
            columns = max(columns, _short(stream, at + 2) + 1)
        elif kind == _SEVERAL_CELLS and length >= 6:
            rows = max(rows, _short(stream, at) + 1)
            columns = max(columns, _short(stream, at + length - 2) + 1)
        if total + rows * columns > workbook_guards.MOST_CELLS:
            what = f"has sheets of more than {workbook_guards.MOST_CELLS:,} cells"
            raise workbook_guards.too_large(name, what)


def _records(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """
    The kind of each record, where its body begins, and how long that is.
    """
    at, end = 0, len(stream) - 4
    while at <= end:
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, at + 4, length
        at += 4 + length


def _scan(stream: bytes) -> dict[str, SheetScan]:
    titles: dict[int, str] = {}
    found: dict[str, SheetScan] = {}
    failed: set[Place] = set()
    shown = CellCurrencies()
    styles, has_percentages = PercentStyles(), False
    hidden: set[int] = set()
    for kind, at, length in _records(stream):
        body = stream[at : at + length] if kind in _READ else b""
        if kind in xls_number_formats.STYLES:
            styles.add(kind, body)
        if has_percentages and kind in xls_number_formats.CELLS:
            for row, column in styles.percentages(kind, body):
                shown.add(row, column, number_formats.PERCENT)
        if kind == _BEGIN and at - 4 in titles:
            failed, shown, hidden = set(), CellCurrencies(), set()
            has_percentages = styles.has_percentages()
            found[titles[at - 4]] = SheetScan(failed, currencies=shown, hidden=hidden)
        elif kind == _ROW and length >= 14 and stream[at + 12] & _ZERO_HEIGHT:
            hidden.add(_short(stream, at))
        elif kind == _BOUND_SHEET:
            titles[_long(body, 0)] = _title(body)
        elif kind in (_BOOLEAN_OR_ERROR, _FORMULA):
            is_error = (
                body[7] == 1
                if kind == _BOOLEAN_OR_ERROR
                else body[6] == 2 and body[12:14] == b"\xff\xff"
            )
            if is_error:
                failed.add((_short(body, 0), _short(body, 2)))
    return found


def _title(body: bytes) -> str:
    """
    The name of a sheet: its length, in newer files a mark, and one or two bytes for
    each character.
    """
    length, rest = body[6], body[7:]
    if len(rest) == length:  # before Excel 97
        return rest.decode("cp1252", "replace")
    if rest[0] & 1:
        return rest[1 : 1 + 2 * length].decode("utf-16-le", "replace")
    return rest[1 : 1 + length].decode("latin-1")


def _short(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<H", data, at)[0])


def _long(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])
