"""
What the cells of a report mean, decided by whole columns: the decimal sign, the order
of day and month, and whether fees and discounts are written below zero.

Out come lines of plain text: amounts as `-1234.50`, times as `2026-12-05 19:30`, whole
numbers; a line with a cell that cannot be read has a problem instead. Parsing an order
later decides nothing about how a report was written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial

import msgspec

from ticketsync.core import clock, money
from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets import rows, table_files
from ticketsync.core.written.written_numbers import whole_number
from ticketsync.providers import reading
from ticketsync.providers.file_import.one_report import no_sale_words, summed_columns
from ticketsync.providers.file_import.one_report.amount_cells import (
    AmountCells,
    decimal_signs,
)
from ticketsync.providers.file_import.one_report.cell_problem import CellProblem, Column
from ticketsync.providers.file_import.one_report.report_rows import MappedRow
from ticketsync.providers.file_import.one_report.sections import Section
from ticketsync.providers.file_import.one_report.time_cells import time_cells
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.recipes.recipe_keys import (
    AMOUNTS,
    COMING,
    IDS,
    NEVER_PAID,
    WITHOUT_ENTRY,
)

MOST_TICKETS = 5000  # of one row; a barcode has more digits than a hall has seats
FILL_IN = "fill in the number of its order in the report if it is a sale"
NO_SHOW = "it has no event or no time"
_LARGEST_EXACT = 2**53
_MOST_CACHED = 5000  # converted cells of a column
_NOT_SOLD = {*NEVER_PAID, *WITHOUT_ENTRY}
_SHOW = ("event", "event_id")
_TIMES = ("starts", "date", "time", "placed")


class Line(msgspec.Struct):
    """
    One row of a report in plain text, by field; empty cells are left out.

    is_return  whether it takes back what another row sold
    place      where the show plays, by a column that the recipe does not map
    beside     of all cells but the status, as `whole` is of all; 0 without a status
    has_more   whether it has a cell that the recipe does not map
    """

    position: str
    cells: dict[str, str]
    whole: int
    problem: str = ""
    word: str = "unreadable"
    is_return: bool = False
    place: str = ""
    beside: int = 0
    has_more: bool = False


Convert = Callable[..., str]  # a cell's text and kind → plain text


def plain_lines(
    recipe: Recipe,
    fields: Sequence[str],
    found: list[MappedRow],
    start: str,
    converters: Mapping[str, Convert] | None = None,
) -> list[Line]:
    """
    The rows of one table as plain lines; takes them out of the list. `start` is when
    the shows of all of them start, as plain text, if the file says so. `converters` are
    those of the columns where they are known.
    """
    converters = converters or find_converters(recipe, fields, found)
    read = _LineReader(recipe, fields, converters, start)
    # From the end, so that each row leaves the memory once its line is there.
    backwards = [read.line(found.pop()) for _ in range(len(found))]
    backwards.reverse()
    return backwards


def find_converters(
    recipe: Recipe, fields: Sequence[str], mapped: Sequence[MappedRow]
) -> dict[str, Convert]:
    """
    How the cells of each column are converted, by all of them.
    """
    columns = _deciding_columns(fields, mapped)
    signs = decimal_signs(recipe, columns)
    found: dict[str, Convert] = {}
    for field in fields:
        if field in IDS:
            found[field] = partial(_identifier, field)
        elif field in _TIMES:
            found[field] = time_cells(recipe, field, columns[field])
        elif field == "quantity":
            found[field] = partial(_quantity, recipe.decimal)
        elif field not in AMOUNTS:
            found[field] = _as_it_is
    is_free_blank = not {"price", "total"} <= columns.keys()
    return found | {
        field: AmountCells(recipe, field, sign, blank_is_free=is_free_blank)
        for field, sign in signs.items()
    }


def _deciding_columns(
    fields: Sequence[str], mapped: Sequence[MappedRow]
) -> Mapping[str, Column]:
    """
    The cells that differ of each column that decides as a whole how it is read.
    """
    good = [row for row in mapped if not row.problem]
    found: dict[str, set[tuple[str, str]]] = {}
    for n, field in enumerate(fields):
        if field in AMOUNTS or field in _TIMES:
            found.setdefault(field, set()).update(
                (row.values[n], row.kinds[n] if row.kinds else rows.TEXT)
                for row in good
            )
    return found


# Other columns


def _identifier(field: str, text: str, kind: str) -> str:
    if kind == rows.NUMBER and text:
        number = Decimal(text)
        if abs(number) >= _LARGEST_EXACT:
            raise CellProblem(
                f"{field} is {safe(text)}, a number of more digits than a spreadsheet "
                "keeps: format the column as text and export it again"
            )
    if table_files.is_in_exponent_form(text):
        raise CellProblem(
            f"{field} is {safe(text)!r}, a number that a spreadsheet has shortened: "
            "format the column as text and export it again"
        )
    return text


def _quantity(decimal: str, text: str, kind: str) -> str:
    if not text:
        return ""
    try:
        if kind not in (rows.TEXT, rows.NUMBER):
            raise ValueError
        # A number cell is a number, whatever the recipe says of text.
        number = whole_number(text, "." if kind == rows.NUMBER else decimal)
    except ValueError:
        raise CellProblem(f"quantity is {safe(text)!r}, not a whole number") from None
    if abs(number) > MOST_TICKETS:
        raise CellProblem(
            f"quantity is {safe(text)!r}, more than {MOST_TICKETS:,}: is it a barcode?"
        )
    return str(number)


def _as_it_is(text: str, kind: str) -> str:
    return text


# Lines


class _LineReader:
    """
    Makes plain lines of rows; equal cells of a column are converted once.
    """

    def __init__(
        self,
        recipe: Recipe,
        fields: Sequence[str],
        converters: Mapping[str, Convert],
        start: str,
    ) -> None:
        self._recipe = recipe
        self._start = start
        self._plain = [
            (n, field, converters[field], _Cache())
            for n, field in enumerate(fields)
            if field not in AMOUNTS
        ]
        self._amounts = [
            (n, field, converters[field], _Cache())
            for n, field in enumerate(fields)
            if field in AMOUNTS
        ]
        self._has_quantity = "quantity" in fields
        self._today = clock.day_of(clock.now(), recipe.timezone)

    def line(self, row: MappedRow) -> Line:
        if row.problem:
            cells = {}
            if row.values:
                names = {"order", "event", "event_id", "show_id", "status", "kind"}
                cells = {
                    field: row.values[n]
                    for n, field, _, _ in self._plain
                    if field in names and row.values[n]
                }
            return Line(row.position, cells, row.whole, row.problem, row.word)
        cells = {}
        problems: list[str] = []
        self._convert(self._plain, row, cells, problems, ())
        currency = cells.get("currency", self._recipe.currency).strip().upper()
        unknown = None
        if not currency:
            problems.insert(0, "it has no currency")
        elif currency not in money.EXPONENTS:
            unknown = reading.unknown_currency(currency)
            problems.insert(0, unknown.reason)
        else:
            cells |= {"currency": currency} if "currency" in cells else {}
            self._convert(self._amounts, row, cells, problems, (currency,))
        self._set_start(cells)
        if problems and cells.keys().isdisjoint(("order", "refund_of")):
            problems[1:] = [
                f"{FILL_IN}, or list how it begins under `stop_at` if it is a footer"
            ]
        line = Line(row.position, cells, row.whole, "; ".join(problems[:2]))
        if unknown is not None:
            line.word = unknown.word
        line.place = row.place
        line.beside = row.beside
        line.has_more = row.has_more
        if not problems:
            line.is_return = is_return(cells, self._recipe)
            line.problem = (
                self._missing(line)
                or self._no_sale(row.section, line)
                or self._settle_coming_day(line)
            )
        return line

    def _settle_coming_day(self, line: Line) -> str:
        """
        A report cannot know what has not happened. A sale on a day to come cannot be
        read; money that went back did so, and only its day is not taken: it is kept
        under a name of its own, for the order to be named.
        """
        placed = line.cells.get("placed", "")
        if not placed or self._day(placed) <= self._today:
            return ""
        if line.is_return:
            line.cells[COMING] = line.cells.pop("placed")
            return ""
        return (
            f"placed is {safe(placed)!r}, after today ({self._today.isoformat()}): "
            "correct the day in the report, or the order of day and month by `dates` "
            "in the recipe"
        )

    def _day(self, placed: str) -> date:
        moment = datetime.fromisoformat(placed)
        if moment.tzinfo is not None:
            moment = clock.local(moment, self._recipe.timezone)
        return moment.date()

    def _set_start(self, cells: dict[str, str]) -> None:
        """
        A start of a day and a time in two columns, or of the file.
        """
        day, time = cells.pop("date", ""), cells.pop("time", "")
        if "starts" not in cells and day and time:
            cells["starts"] = f"{day} {time.removesuffix(':00')}"
        elif "starts" not in cells and day:
            cells["date"] = day  # named by `_missing`
        if self._start and "starts" not in cells:
            cells["starts"] = self._start

    def _with_day_and_time(self, row: MappedRow, field: str, problem: str) -> str:
        """
        The problem of a day or of a time, with both of them in its text.
        """
        if field not in ("date", "time"):
            return problem
        values = {field: row.values[n] for n, field, _, _ in self._plain}
        both = f"{values.get('date', '')} {values.get('time', '')}".strip()
        return problem.replace(f"{safe(values[field])!r}", f"{safe(both)!r}", 1)

    def _convert(
        self,
        columns: Sequence[tuple[int, str, Convert, _Cache]],
        row: MappedRow,
        cells: dict[str, str],
        problems: list[str],
        more: tuple[str, ...],
    ) -> None:
        kinds = row.kinds
        for n, field, convert, cache in columns:
            key = (row.values[n], kinds[n] if kinds else rows.TEXT, *more)
            found = cache.get(key)
            if found is None:
                try:
                    found = (convert(*key), "")
                except CellProblem as problem:
                    found = ("", str(problem))
                cache[key] = found
            plain, problem_text = found
            if problem_text:
                problems.append(self._with_day_and_time(row, field, problem_text))
            elif plain and field in cells:
                self._add(cells, field, plain, problems, *more)
            elif plain:
                cells[field] = plain

    def _add(
        self,
        cells: dict[str, str],
        field: str,
        plain: str,
        problems: list[str],
        currency: str = "",
    ) -> None:
        """
        Add the amount, or without a currency the number, of a further column of a
        field, in place.
        """
        try:
            cells[field] = summed_columns.add(field, cells[field], plain, currency)
        except CellProblem as problem:
            problems.append(str(problem))

    def _missing(self, line: Line) -> str:
        """
        What a line lacks that nothing may be assumed for.
        """
        cells = line.cells
        kind = self._recipe.kind_of(cells)
        if self._recipe.kind and not kind:
            word = safe(cells.get("kind", ""))
            return f"kind is {word!r}, which the recipe does not know"
        needs_quantity = self._has_quantity and kind in ("", "sale")
        if needs_quantity and "quantity" not in cells and not line.is_return:
            return "quantity is missing"
        if "date" in cells and "starts" not in cells:
            return f"starts is {cells['date']!r}, which has no time of day"
        return self._missing_name(line, kind)

    def _missing_name(self, line: Line, kind: str) -> str:
        """
        Whether a line says of which order it is, and a sale of which show.
        """
        cells = line.cells
        has_show = "starts" in cells and not cells.keys().isdisjoint(_SHOW)
        if cells.keys().isdisjoint(("order", "refund_of")):
            what = "it has no order number" if has_show else f"{NO_SHOW}, nor a number"
            return (
                f"{what}: {FILL_IN}; if it is a total, "
                '`stop_at: [""]` in the recipe leaves out all rows without an order '
                "number, also those of sales"
            )
        is_sale = kind in ("", "sale") and not line.is_return
        if is_sale and not has_show and cells.get("quantity", "1").strip("-0"):
            return NO_SHOW
        return ""

    def _no_sale(self, section: Section | None, line: Line) -> str:
        """
        Why a line that is written as a sale is none by the title above it. What the
        line says itself counts.
        """
        cells = line.cells
        status = self._recipe.status.get(cells.get("status", "").lower())
        is_clear = line.is_return or self._recipe.kind or "refunded" in cells
        if section is None or is_clear or status in _NOT_SOLD:
            return ""
        return (
            f"it is below {section.text}, and is written as a sale: write what "
            "went back below zero, or map a column to `kind` or `status`, or rename "
            f"that title; {no_sale_words.if_sale(section.title, several=True)}"
        )


class _Cache(dict[tuple[str, ...], tuple[str, str]]):
    """
    Cells of one column that were converted already → plain text or a problem. It begins
    anew when it is full: most cells of a column with so many are there once.
    """

    def __setitem__(self, key: tuple[str, ...], value: tuple[str, str]) -> None:
        if len(self) >= _MOST_CACHED:
            self.clear()
        super().__setitem__(key, value)


def is_return(cells: Mapping[str, str], recipe: Recipe) -> bool:
    """
    Whether a plain line takes back what another one sold.
    """
    if recipe.kind_of(cells) == "refund":
        return True
    return any(
        _is_minus(cells.get(name, "")) for name in ("quantity", "total", "price")
    )


def is_below_zero(cells: Mapping[str, str]) -> bool:
    """
    Whether a plain line that takes something back writes what went back below zero:
    its total, or else its price, or where that is for one ticket, their number.
    """
    for name in ("total", "price"):
        text = cells.get(name, "")
        if text.strip("-0."):
            return _is_minus(text) or (
                name == "price" and _is_minus(cells.get("quantity", ""))
            )
    return True


def _is_minus(text: str) -> bool:
    return text[:1] == "-" and text.strip("-0.") != ""
