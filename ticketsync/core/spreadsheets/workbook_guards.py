"""
What must be known of a workbook before a library opens it: how large it is unpacked and
how many cells it spans, since the library reserves memory for all of them at once and
a single stray cell at the end of a sheet would end the process.

The same pass over the bytes finds what the library does not show: cells whose formula
has no value, or a 0 that was never computed, error cells, and the currencies and
percentages of number formats.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from ticketsync.core import errors
from ticketsync.core.spreadsheets import number_formats
from ticketsync.core.spreadsheets.number_formats import CellCurrencies, attribute_of
from ticketsync.core.written import written_amounts

MOST_CELLS = 3_000_000  # that all sheets may span together, empty ones included
MOST_UNPACKED = 120 * 1024 * 1024
MOST_PARTS = 10_000  # of an archive: its sheets, pictures and so on
WIDE = 1000  # columns of a sheet from which it may have fewer cells
MOST_WIDE_CELLS = 500_000
_CHUNK = 1 << 20
_LARGEST_ROW = 4 << 20

_PART_ENTRY = b"PK\x01\x02"  # of the directory of an archive
Place = tuple[int, int]  # row and column, from 0


@dataclass(frozen=True, slots=True)
class SheetScan:
    """
    The cells of one sheet that have no value though something is in them, the
    currencies (or `%`) that number formats show, how many cells it spans, and the rows
    (from 0) that whoever opens it does not see.
    """

    errors: AbstractSet[Place] = frozenset()
    not_computed: AbstractSet[Place] = frozenset()
    currencies: CellCurrencies = field(default_factory=CellCurrencies)
    cells: int = 0
    hidden: AbstractSet[int] = frozenset()


NOTHING = SheetScan()


@dataclass(frozen=True, slots=True)
class WorkbookScan:
    """
    What was found in each sheet, by its name.
    """

    sheets: dict[str, SheetScan] = field(default_factory=dict)

    def scan_of(self, sheet: str) -> SheetScan:
        return self.sheets.get(sheet, NOTHING)


# The last is zipfile's for a password and for a compression that it does not know.
_CANNOT_UNPACK = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError),
    RuntimeError,
)


def open_zip(name: str, data: bytes) -> zipfile.ZipFile:
    """
    The archive that a workbook is. Raises `BadFile` for one that is damaged or unpacks
    to more than any report.
    """
    if data.count(_PART_ENTRY) > MOST_PARTS:
        raise too_large(name, f"has more than {MOST_PARTS:,} parts")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError):
        raise damaged(name) from None
    if unpacked > MOST_UNPACKED:
        raise too_large(name, f"unpacks to {unpacked / 2**20:,.0f} MB")
    return archive


def scan_xlsx(name: str, archive: zipfile.ZipFile) -> WorkbookScan:
    """
    Raises `BadFile` if a sheet spans more cells than any report, or is damaged.
    """
    titles = _sheet_titles(name, archive)
    styles = number_formats.currencies_of_styles(_text(name, archive, _STYLES))
    formulas = _formulas_without_value(_text(name, archive, "xl/workbook.xml"))
    sheets: dict[str, SheetScan] = {}
    left = MOST_CELLS
    for member in archive.namelist():
        if not member.startswith("xl/"):
            continue
        if not re.match(r"xl/worksheets/[^/]+\.xml$", member):
            for _ in _chunks(name, archive, member):  # proves its size and checksum
                pass
            continue
        found = _scan_sheet(name, archive, member, styles, formulas, left)
        sheets[titles.get(member, member)] = found
        left -= found.cells
    return WorkbookScan(sheets)


_STYLES = "xl/styles.xml"
_CELL_COLUMN = re.compile(rb"\sr=[\"']([A-Za-z]+)\d")
_CELL_ROW = re.compile(rb"\sr=[\"'][A-Za-z]*(\d+)[\"']")
# No tag reaches beyond the next one, so that no search does: a part of a sheet without
# the end of any tag would else be read once for each of them.
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_UNNAMED_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])(?![^<>]*\sr=)")
_HIDDEN_ROW = re.compile(
    rb"<(?:\w+:)?row(?=\s)(?=[^<>]*\shidden=[\"'](?:1|true)[\"'])"
    rb"[^<>]*?\sr=[\"'](\d{1,9})[\"']"
)
_ERROR_CELL = re.compile(rb"<(?:\w+:)?c\s[^<>]*\bt=[\"']e[\"'][^<>]*>")
_REFERENCE = re.compile(rb"\sr=[\"']([A-Za-z]+)(\d+)[\"']")
_STYLED_CELL = re.compile(rb"<(?:\w+:)?c\s(?:[^<>]*\s)?s=[\"'](\d{1,9})[\"'][^<>]*>")
_FORMULA = (
    rb"<(?:\w+:)?c\s([^<>]*[^/<>]|)>\s*"
    rb"<(?:\w+:)?f\b[^<>]*?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
)
_NO_VALUE = rb"(?:(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*%b</(?:\w+:)?v>)\s*)?</(?:\w+:)?c>"
_FORMULA_CELL = re.compile(_FORMULA + _NO_VALUE % b"")
# Programs that cannot compute write 0 and ask the next one to do it.
_FORMULA_CELL_OR_ZERO = re.compile(_FORMULA + _NO_VALUE % rb"(?:0(?:\.0+)?\s*)?")
_ASKS_TO_COMPUTE = re.compile(
    r"<(?:\w+:)?calcPr\s(?:[^<>]*\s)?fullCalcOnLoad=[\"'](?:1|true)[\"']"
)


def _formulas_without_value(workbook: str) -> re.Pattern[bytes]:
    """
    Which cells with a formula have no value: with a 0, too, in a workbook
    (`xl/workbook.xml`) that asks the program that opens it to compute all of them.
    """
    is_open = _ASKS_TO_COMPUTE.search(workbook) is not None
    return _FORMULA_CELL_OR_ZERO if is_open else _FORMULA_CELL


def _scan_sheet(
    name: str,
    archive: zipfile.ZipFile,
    member: str,
    styles: Mapping[int, str],
    formulas: re.Pattern[bytes],
    most: int,
) -> SheetScan:
    rows = columns = 0
    counted = 0
    failed: set[Place] = set()
    empty: set[Place] = set()
    hidden: set[int] = set()
    currencies = CellCurrencies()
    for chunk in _whole_rows(name, archive, member):
        counted += chunk.count(b"<row") + chunk.count(b":row")
        numbers = {*_CELL_ROW.findall(chunk)}
        if any(len(number) > 9 for number in numbers):
            raise damaged(name)
        rows = max(rows, counted, *map(int, numbers), 0)
        letters = {*_CELL_COLUMN.findall(chunk)}
        columns = max(columns, *map(_column, letters), _unnamed(chunk), 0)
        if _is_too_large(rows, columns, most):
            raise _too_wide(name, rows, columns, most)
        if b"hidden=" in chunk:
            hidden |= {int(found[1]) - 1 for found in _HIDDEN_ROW.finditer(chunk)}
        if b'"e"' in chunk or b"'e'" in chunk:
            failed |= set(_places(_ERROR_CELL.findall(chunk)))
        if b"<f" in chunk or b":f" in chunk:
            cells = (b" " + found for found in formulas.findall(chunk))
            empty |= set(_places(cells))
        for cell in _STYLED_CELL.finditer(chunk) if styles else ():
            if (shown := styles.get(int(cell[1]))) is not None:
                for row, column in _places([cell[0]]):
                    currencies.add(row, column, shown)
    return SheetScan(failed, empty, currencies, rows * columns, hidden)


def _unnamed(chunk: bytes) -> int:
    """
    How many cells the longest row has, where cells do not say their place.
    """
    if _UNNAMED_CELL.search(chunk) is None:
        return 0
    return max(len(_CELL.findall(row)) for row in chunk.split(b"row>"))


def _places(cells: Iterator[bytes] | list[bytes]) -> Iterator[Place]:
    for cell in cells:
        match = _REFERENCE.search(cell)
        if match is not None:
            yield int(match[2]) - 1, _column(match[1]) - 1


def _column(letters: bytes) -> int:
    """
    The number of a column, from 1: A is 1, AA is 27.
    """
    number = 0
    for letter in letters.upper()[:8]:
        number = number * 26 + letter - 64
    return number


def _whole_rows(name: str, archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    """
    A sheet in parts that end at the end of a row.
    """
    rest = b""
    for chunk in _chunks(name, archive, member):
        rest += chunk
        end = rest.rfind(b"row>")
        if end >= 0:
            yield rest[: end + 4]
            rest = rest[end + 4 :]
        elif len(rest) > _LARGEST_ROW:
            raise too_large(
                name, "has a row, or a list below its rows, of more than 4 MB"
            )
    yield rest


def _chunks(name: str, archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    try:
        with archive.open(member) as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except _CANNOT_UNPACK:
        raise damaged(name) from None


def read_member(name: str, archive: zipfile.ZipFile, member: str) -> bytes:
    """
    What a part of an archive contains. Raises `BadFile` if it is damaged.
    """
    return b"".join(_chunks(name, archive, member))


def _text(name: str, archive: zipfile.ZipFile, member: str) -> str:
    if member not in archive.namelist():
        return ""
    return read_member(name, archive, member).decode("utf-8", "replace")


def _sheet_titles(name: str, archive: zipfile.ZipFile) -> dict[str, str]:
    """
    The title of each sheet by the member that holds it.
    """

    relations = _text(name, archive, "xl/_rels/workbook.xml.rels")
    targets: dict[str, str] = {}
    for tag in re.findall(r"<(?:\w+:)?Relationship\s[^<>]*>", relations):
        id_, target = attribute_of(tag, "Id"), attribute_of(tag, "Target")
        targets[id_] = "xl/" + target.removeprefix("/xl/").removeprefix("xl/")
    titles: dict[str, str] = {}
    workbook = _text(name, archive, "xl/workbook.xml")
    for tag in re.findall(r"<(?:\w+:)?sheet\s[^<>]*>", workbook):
        relation = re.search(r"\w+:id=[\"']([^\"']*)", tag)
        if relation is not None and relation[1] in targets:
            titles[targets[relation[1]]] = html.unescape(attribute_of(tag, "name"))
    return titles


_ODS_TOKEN = re.compile(
    rb"<table:(table-row|table-cell|covered-table-cell|table)(?=[\s/>])([^<>]*)>"
)
_ROWS = re.compile(rb"number-rows-repeated=[\"'](\d+)")
_COLUMNS = re.compile(rb"number-columns-repeated=[\"'](\d+)")
_VALUE_TYPE = re.compile(rb"value-type=[\"'](\w+)")
_ODS_CURRENCY = re.compile(rb"office:currency=[\"']([A-Z]{3})[\"']")
_ODS_PERCENT = re.compile(rb"office:value-type=[\"']percentage[\"']")
_MOST_REPEATED = 1000  # equal rows of which each is remembered
_NOT_SHOWN = re.compile(rb"table:visibility=[\"'](?:collapse|filter)")
_ODS_ERROR = re.compile(rb"calcext:value-type=[\"']error")


def scan_ods(name: str, archive: zipfile.ZipFile) -> WorkbookScan:
    """
    Raises `BadFile` if a sheet spans more cells than any report, or is damaged.

    A row or a cell may be there once and stand for a million of them.
    """
    if "content.xml" not in archive.namelist():
        raise damaged(name)
    content = b"".join(_chunks(name, archive, "content.xml"))
    row = next_row = column = rows = columns = 0
    is_hidden = False
    left = MOST_CELLS
    sheets: dict[str, SheetScan] = {}
    failed: set[Place] = set()
    hidden: set[int] = set()
    currencies = CellCurrencies()
    for match in _ODS_TOKEN.finditer(content):
        tag, attributes = match[1], match[2]
        if tag == b"table":
            left -= rows * columns  # the library reads all sheets at once
            row = next_row = rows = columns = 0
            failed, hidden, currencies = set(), set(), CellCurrencies()
            title = html.unescape(
                attribute_of(attributes.decode("utf-8", "replace"), "table:name")
            )
            sheets[title] = SheetScan(failed, currencies=currencies, hidden=hidden)
        elif tag == b"table-row":
            row, column = next_row, 0
            next_row = row + _repeated(_ROWS, attributes)
            is_hidden = _NOT_SHOWN.search(attributes) is not None
        else:
            if _ODS_ERROR.search(attributes):
                failed.add((row, column))
            before = column
            column += _repeated(_COLUMNS, attributes)
            if _VALUE_TYPE.search(attributes):
                rows, columns = max(rows, next_row), max(columns, column)
                if _is_too_large(rows, columns, left):
                    raise _too_wide(name, rows, columns, left)
                if is_hidden:
                    hidden.update(range(row, min(next_row, row + _MOST_REPEATED)))
                if word := _ods_shown(attributes):
                    repeated = next_row - row
                    if column - before == 1:
                        currencies.add(row, before, word, rows=repeated)
                    else:
                        wide = range(before, column)
                        currencies.add_wide(row, wide, word, rows=repeated)
    return WorkbookScan(sheets)


def _is_too_large(rows: int, columns: int, most: int) -> bool:
    return rows * columns > (min(most, MOST_WIDE_CELLS) if columns > WIDE else most)


def _too_wide(name: str, rows: int, columns: int, most: int) -> errors.BadFile:
    what = f"has a sheet of {rows:,} × {columns:,} cells"
    if most < MOST_CELLS and not _is_too_large(rows, columns, MOST_CELLS):
        what += f", and {MOST_CELLS - most:,} in those before it"
    return too_large(name, what)


def _ods_shown(attributes: bytes) -> str:
    """
    The currency that a cell of an open document names, or `%`; `""` for neither.
    """
    if _ODS_PERCENT.search(attributes) is not None:
        return number_formats.PERCENT
    currency = _ODS_CURRENCY.search(attributes)
    return "" if currency is None else _sign_of(currency[1].decode())


def _sign_of(code: str) -> str:
    """
    A currency that a document names, or `$` for a dollar: a program that knows a format
    by its sign alone names the dollars of its own country.
    """
    return "$" if not written_amounts.is_other_currency("$", code) else code


def _repeated(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    if b"-repeated" not in attributes:
        return 1
    found = pattern.search(attributes)
    return int(found[1][:10]) if found else 1


_DIMENSIONS = re.compile(rb"\x00\x02\x0e\x00(.{14})", re.DOTALL)


def refuse_large_xls(name: str, data: bytes) -> None:
    """
    `BadFile` if a sheet of the old format says that it spans too many cells.
    """
    for match in _DIMENSIONS.finditer(data):
        first_row = int.from_bytes(match[1][0:4], "little")
        last_row = int.from_bytes(match[1][4:8], "little")
        first, last = match[1][8:10], match[1][10:12]
        columns = int.from_bytes(last, "little")
        is_plausible = first_row <= last_row <= 65536 and columns <= 256
        if not is_plausible or int.from_bytes(first, "little") > columns:
            continue
        if last_row * columns > MOST_CELLS:
            raise too_large(name, f"has a sheet of {last_row:,} × {columns} cells")


def damaged(name: str) -> errors.BadFile:
    """
    The error for a workbook that no program could open.
    """
    return errors.BadFile(
        f"{name} is not a readable workbook: the file is damaged.",
        hint="Save it as .xlsx again.",
    )


def too_large(name: str, what: str) -> errors.BadFile:
    """
    The error for a workbook of which something is more than any report has.
    """
    return errors.BadFile(
        f"{name} {what}, which no report has.",
        hint="Delete what is outside the table (a stray cell far down or far to the "
        "right, too), and save it again.",
        word="file-too-large",
    )
