"""
Writes reports as an XLSX workbook, row by row: a sheet that says what it is, one for
each report, and the totals of each currency.

Amounts and dates are numbers with a format, everything else is written as a string;
there are no formulas, so that foreign text cannot become one. A spreadsheet keeps 15
digits of a number: a larger amount is refused rather than rounded.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from ticketsync.core import clock, errors, money, tables
from ticketsync.core.tables import Column, Kind, Row, Table

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 1_048_575  # of data, below the heading: a sheet has 1,048,576 rows
_MOST_DIGITS: Final = 15
_LOOKED_AT: Final = 200  # rows from which the widths of columns are taken
_WIDEST: Final = 40
_DAY_ZERO: Final = datetime(1899, 12, 30)  # noqa: DTZ001  # a cell has no zone
_FIRST_DAY: Final = datetime(1900, 3, 1)  # noqa: DTZ001  # earlier ones are off by one
_FORMATS: Final = {
    Kind.INSTANT: "yyyy-mm-dd hh:mm:ss",
    Kind.LOCAL: "yyyy-mm-dd hh:mm",
    Kind.DAY: "yyyy-mm-dd",
    Kind.RATE: "0.0%",
    Kind.COUNT: "#,##0",
    Kind.NUMBER: "#,##0",
    Kind.ID: "0",
}

Put = Callable[[int, Row], None]  # writes one cell of a row
Number = Callable[[Any], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """
    A report and its name. `totals` are its sums where they are not those of the rows;
    without `has_totals` it has none.
    """

    name: str
    table: Table
    totals: Table | None = None
    has_totals: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """
    What the first sheet says: lines of a name and a text. `made_at` is in the file, and
    the zone is the one of its instants.
    """

    lines: Sequence[tuple[str, str]]
    zone: str
    made_at: datetime


def write_workbook(sheet: Sheet, about: About, stream: IO[bytes]) -> int:
    """
    Write a report as a workbook; returns how many rows. The same rows and moment give
    the same bytes.

    Raises: `UsageError` (`too-many-digits`) for a number that would not be exact.
    """
    return write_sheets(sheet.name, [sheet], about, stream)


def write_sheets(
    title: str, sheets: Sequence[Sheet], about: About, stream: IO[bytes]
) -> int:
    """
    Write several reports as one workbook; otherwise as `write_workbook`. At most one of
    them has totals.
    """
    import xlsxwriter

    with tempfile.TemporaryDirectory() as folder:  # of rows that are not packed yet
        options = {"constant_memory": True, "tmpdir": folder}
        book = xlsxwriter.Workbook(stream, options)
        book.set_properties(
            {
                "title": title,
                "author": "ticketsync",
                "created": about.made_at.astimezone(UTC).replace(tzinfo=None),
            }
        )
        writer = _Writer(book, about)
        try:
            writer.write_about()
            count = sum(map(writer.write_report, sheets))
        except BaseException:
            _abandon(book)
            raise
        book.close()
    return count


def _abandon(book: Workbook) -> None:
    """
    Close the temporary files of a workbook that will not be complete.
    """
    for sheet in book.worksheets():
        sheet.row_data_fh.close()
    book.fileclosed = True


def parts_of(count: int) -> int:
    """
    On how many sheets a report of so many rows is.
    """
    return max(1, -(-count // MOST_ROWS))


class _Writer:
    """
    Writes the sheets of one workbook, each from its top to its end.
    """

    def __init__(self, book: Workbook, about: About) -> None:
        self._book = book
        self._about = about
        self._bold = book.add_format({"bold": True})
        self._formats: dict[str, Format] = {}

    def write_about(self) -> None:
        sheet = self._book.add_worksheet("About")
        lines = [
            *self._about.lines,
            ("times", f"in {self._about.zone}; a show's local time at its venue"),
            ("empty cells", "unknown, or nothing to say"),
        ]
        for number, (name, text) in enumerate(lines):
            sheet.write_string(number, 0, name, self._bold)
            sheet.write_string(number, 1, text)
        sheet.set_column(0, 0, 14)
        sheet.set_column(1, 1, 80)

    def write_report(self, sheet: Sheet) -> int:
        """
        Write a report and its totals; returns how many rows.
        """
        sums = self._sums_of(sheet)
        rows = iter(sheet.table.rows)
        count = here = self._write_part(sheet.name, sheet.table, rows, sums)
        while here == MOST_ROWS and (first := next(rows, None)) is not None:
            part = f"{sheet.name} ({count // MOST_ROWS + 1})"
            here = self._write_part(part, sheet.table, _after(first, rows), sums)
            count += here
        totals = sums.table() if sums is not None else sheet.totals
        if totals is not None and sheet.has_totals:
            shown = _of_totals(totals)
            self._write_part("Totals", shown, iter(shown.rows), None)
        return count

    def _sums_of(self, sheet: Sheet) -> tables.Sums | None:
        columns = sheet.table.columns
        has_money = any(column.kind is Kind.MONEY for column in columns)
        is_summed = has_money and sheet.has_totals and sheet.totals is None
        return tables.Sums(sheet.table) if is_summed else None

    def _write_part(
        self,
        name: str,
        table: Table,
        rows: Iterator[Row],
        sums: tables.Sums | None,
    ) -> int:
        """
        Write one sheet, at most as many rows as it can have; returns how many.
        """
        sheet = self._book.add_worksheet(name)
        widths = []
        for index, column in enumerate(table.columns):
            heading = self._heading(column)
            sheet.write_string(0, index, heading, self._bold)
            widths.append(len(heading) + 3)  # the filter's button
        sheet.freeze_panes(1, 0)
        puts = [self._compiled(sheet, table, n) for n in range(len(table.columns))]
        count = 0
        for row in rows:
            count += 1
            for put in puts:
                put(count, row)
            if sums is not None:
                sums.add(row)
            if count <= _LOOKED_AT:
                widths = [max(w, _width(v)) for w, v in zip(widths, row, strict=True)]
            if count == MOST_ROWS:
                break
        sheet.autofilter(0, 0, count, len(table.columns) - 1)
        for index, width in enumerate(widths):
            sheet.set_column(index, index, min(width, _WIDEST))
        return count

    def _heading(self, column: Column) -> str:
        if column.kind is Kind.INSTANT:
            return f"{column.name} ({self._about.zone})"
        return column.name

    def _compiled(self, sheet: Worksheet, table: Table, index: int) -> Put:
        """
        What writes the cells of one column, chosen once.
        """
        column = table.columns[index]
        if column.kind is Kind.MONEY:
            return self._money(sheet, table, index)
        if column.kind is Kind.FLAG:
            return _flags(sheet, index)
        if column.kind is Kind.TEXT:
            return _texts(sheet, index)
        number = _converter(column, self._about.zone)
        return _numbers(sheet, index, number, self._format(_FORMATS[column.kind]))

    def _money(self, sheet: Worksheet, table: Table, index: int) -> Put:
        column = table.columns[index]
        code = table.position(column.currency)
        kinds = {
            currency: (10**digits, self._format(_money_format(digits)))
            for currency, digits in money.EXPONENTS.items()
        }
        write, name = sheet.write_number, column.name

        def put(place: int, row: Row) -> None:
            minor = row[index]
            if minor is None:
                return
            if not _LEAST < minor < _LIMIT:
                raise _too_many_digits(minor, name)
            divisor, shape = kinds[row[code]]
            write(place, index, minor / divisor, shape)

        return put

    def _format(self, text: str) -> Format:
        if text not in self._formats:
            self._formats[text] = self._book.add_format({"num_format": text})
        return self._formats[text]


_LIMIT = 10**_MOST_DIGITS
_LEAST = -_LIMIT


def _after(first: Row, rows: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rows


def _of_totals(totals: Table) -> Table:
    """
    The totals with their currency first, then what is summed.
    """
    codes = {c.currency for c in totals.columns if c.kind is Kind.MONEY}
    named = [column for column in totals.columns if column.name in codes]
    return totals.shown(*named, *(c for c in totals.columns if c.is_summed))


def _texts(sheet: Worksheet, index: int) -> Put:
    write = sheet.write_string

    def put(place: int, row: Row) -> None:
        text = row[index]
        if text:
            write(place, index, text)

    return put


def _flags(sheet: Worksheet, index: int) -> Put:
    write = sheet.write_boolean

    def put(place: int, row: Row) -> None:
        if row[index] is not None:
            write(place, index, bool(row[index]))

    return put


def _numbers(sheet: Worksheet, index: int, number: Number, shape: Format) -> Put:
    write, write_text = sheet.write_number, sheet.write_string

    def put(place: int, row: Row) -> None:
        value = row[index]
        if value is None:
            return
        found = number(value)
        if found is None:  # a day that a spreadsheet cannot have, or a month
            write_text(place, index, str(value))
        else:
            write(place, index, found, shape)

    return put


def _converter(column: Column, zone: str) -> Number:
    """
    What makes the number of a cell from a value that is known.
    """
    name = column.name
    match column.kind:
        case Kind.INSTANT:
            return _instants_in(clock.zone(zone))
        case Kind.LOCAL | Kind.DAY:
            return _local_number
        case Kind.RATE:
            return lambda rate_ppm: float(rate_ppm / 1_000_000)
        case _:
            return lambda value: _exact(value, name)


def _exact(value: int, name: str) -> int:
    if not _LEAST < value < _LIMIT:
        raise _too_many_digits(value, name)
    return value


def _too_many_digits(value: int, name: str) -> errors.UsageError:
    return errors.UsageError(
        f"A spreadsheet keeps {_MOST_DIGITS} digits of a number, and {name} has a "
        f"value of {len(str(abs(value)))}.",
        hint="Use --format csv or json, which keep all digits.",
        word="too-many-digits",
    )


def _instants_in(zone: ZoneInfo) -> Number:
    """
    What makes the number of an instant by the clocks of a zone.
    """

    def number(value: datetime | str) -> float | None:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        try:
            local = moment.astimezone(zone)
        except OverflowError:
            return None
        return _serial(local.replace(tzinfo=None))

    return number


@lru_cache(maxsize=1 << 12)  # shows are on few days
def _local_number(value: date | str) -> float | None:
    try:
        return _serial(datetime.fromisoformat(str(value)))
    except ValueError:
        return None


def _serial(local: datetime) -> float | None:
    """
    The days since the beginning of a spreadsheet's time, a second being a fraction.
    """
    if local < _FIRST_DAY:
        return None
    since = local - _DAY_ZERO
    return since.days + since.seconds / 86_400 if since.seconds else since.days


def _money_format(digits: int) -> str:
    return f"#,##0.{'0' * digits}" if digits else "#,##0"


def _width(value: Any) -> int:
    return len(str(value)) + 1
