"""
Rendering: tables for people, JSON and CSV for machines.

A report with amounts is a `core.tables.Table`, rendered by `report` and `machine` with
one total for each currency. Lists without amounts may be rows of dicts: `show`.

All foreign text passes `safe()`. Tables are built from plain text, so that nothing in a
show's name is interpreted as markup.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from ticketsync.cli import terminal
from ticketsync.core import clock, tables
from ticketsync.core.money import Money
from ticketsync.core.redact import safe
from ticketsync.core.tables import NUMERIC, Kind, Table

Row = Mapping[str, Any]
MIN_WIDTH = 60
MIN_TEXT_WIDTH = 8  # texts are not made narrower, whatever the terminal
GAP = 3
NARROW_GAPS = (2, 1)  # where the default does not fit

UNKNOWN = "–"
# Around the line or blank between two columns.
_PADDING = {3: (0, 1, 0, 1), 2: (0, 1, 0, 0), 1: (0, 0, 0, 0)}


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column: the row's key, its title, its maximal width, whether it holds numbers,
    whether it must not shrink, whether what does not fit goes on in another line.
    """

    key: str
    title: str
    numeric: bool = False
    most: int | None = None
    rigid: bool = False
    wraps: bool = False


def show(
    rows: Sequence[Row],
    columns: Sequence[Column],
    format: str,
    *,
    machine: Sequence[Row] | None = None,
    empty: str = "Nothing to show.",
) -> None:
    """
    Print rows to standard output. `machine` holds the complete rows for JSON and CSV.
    """
    machine_rows = rows if machine is None else machine
    if format == "json":
        print_json(list(machine_rows))
    elif format == "csv":
        from ticketsync.reporting import exports

        names = list(machine_rows[0]) if machine_rows else [c.key for c in columns]
        exports.write_csv(machine_rows, names, terminal.data_stream())
    elif not rows:
        terminal.echo(empty)
    else:
        table(rows, columns)


def machine(table: Table, format: str) -> None:
    """
    Print a report as JSON or CSV to standard output.
    """
    if format == "json":
        print_json(list(tables.records(table)))
        return
    from ticketsync.reporting import exports

    exports.write(table, format, terminal.data_stream())


def report(
    table: Table,
    *,
    most: Mapping[str, int] | None = None,
    totals: Table | None = None,
    label: Callable[[str], str] | None = None,
    growth: Collection[str] = (),
    optional: Sequence[str] = (),
) -> None:
    """
    Print a loaded report as a table. `most` limits the width of columns; `growth` names
    those that hold differences; `optional` those that are left out, the last one first,
    where the terminal is too narrow for all. The `totals` follow, one row for each
    currency, whose first cell is `label(currency)`.
    """
    columns = [
        Column(
            column.name,
            column.title,
            numeric=column.kind in NUMERIC,
            most=(most or {}).get(column.name),
            rigid=column.kind in (Kind.LOCAL, Kind.INSTANT, Kind.DAY),
        )
        for column in table.columns
    ]
    footer = [] if totals is None else list(_as_text(totals, growth))
    for row in footer:
        row[table.names[0]] = label(row["currency"]) if label else "total"
    rows = list(_as_text(table, growth))
    left_out = [*optional]
    while left_out and not _fits(columns, [*rows, *footer]):
        last = left_out.pop()
        columns = [column for column in columns if column.key != last]
    _draw(rows, columns, footer=footer)


def _as_text(table: Table, growth: Collection[str]) -> Iterator[dict[str, str]]:
    """
    The rows as text, by column name.
    """
    for row in table.rows:
        values = dict(zip(table.names, row, strict=True))
        yield {
            column.name: _text(
                column.kind,
                values[column.name],
                values.get(column.currency, ""),
                is_growth=column.name in growth,
            )
            for column in table.columns
        }


def _text(kind: Kind, value: Any, currency: str, *, is_growth: bool) -> str:
    if kind is Kind.MONEY:
        return signed(value, currency) if is_growth else amount(value, currency)
    if kind is Kind.RATE:
        return UNKNOWN if value is None else f"{tables.per_cent(value)} %"
    if value is None:
        return ""
    if kind is Kind.LOCAL:
        return day(value)
    if kind is Kind.INSTANT:
        return _instant(clock.from_iso(value) if isinstance(value, str) else value)
    if kind is Kind.FLAG:
        return "yes" if value else "no"
    if is_growth:
        return f"{value:+d}" if value else UNKNOWN
    return _cell(value)


def print_json(value: Any, stream: IO[str] | None = None) -> None:
    """
    Print a value as JSON to standard output or a stream.
    """
    text = json.dumps(value, indent=2, ensure_ascii=True, default=_plain)
    print(text, file=stream or sys.stdout)


def table(
    rows: Sequence[Row],
    columns: Sequence[Column],
    *,
    stream: IO[str] | None = None,
    title: str = "",
    totals: Sequence[Row] = (),
) -> None:
    """
    Print rows of dicts as a table that fits the terminal, with totals below.
    """
    _draw(rows, columns, footer=totals, stream=stream, title=title)


def _draw(
    rows: Sequence[Row],
    columns: Sequence[Column],
    *,
    footer: Sequence[Row] = (),
    stream: IO[str] | None = None,
    title: str = "",
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    cells = [[_cell(row.get(column.key)) for column in columns] for row in rows]
    footer_cells = [
        [_cell(row.get(column.key)) for column in columns] for row in footer
    ]
    widths, gap = _widths(columns, [*cells, *footer_cells])
    grid = Grid(
        box=box.SIMPLE_HEAD if _can_draw_lines() else box.ASCII,
        title=Text(safe(title)) if title else None,
        title_justify="left",
        show_footer=bool(footer),
        show_edge=False,
        pad_edge=False,
        padding=_PADDING[gap],
    )
    for index, (column, column_width) in enumerate(zip(columns, widths, strict=True)):
        grid.add_column(
            Text(safe(column.title)),
            footer=Text("\n".join(row[index] for row in footer_cells)),
            justify="right" if column.numeric else "left",
            no_wrap=not column.wraps,
            width=column_width,
            overflow="fold" if column.wraps else "ellipsis",
        )
    for texts in cells:
        grid.add_row(*map(Text, texts))
    console = Console(
        file=stream or sys.stdout,
        markup=False,
        highlight=False,
        emoji=False,
        width=sum(widths) + 8 * len(widths),  # the widths already fit
        no_color="NO_COLOR" in os.environ or None,
    )
    console.print(grid)


def _widths(
    columns: Sequence[Column], cells: Sequence[Sequence[str]]
) -> tuple[list[int], int]:
    """
    The width of each column and of the gap between them, so that they fit the terminal.

    Only texts shrink: a truncated number would be a wrong number.
    """
    wanted = _wanted(columns, cells)
    gaps = len(columns) - 1
    if sum(wanted) + GAP * gaps <= width():
        return wanted, GAP
    for gap in NARROW_GAPS:
        widths = _shrunk(columns, wanted, width() - gap * gaps)
        if sum(widths) + gap * gaps <= width():
            break
    return widths, gap


def _wanted(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> list[int]:
    """
    The width of each column if there is room for all.
    """
    wanted = []
    for index, column in enumerate(columns):
        longest = max([len(column.title), *(len(row[index]) for row in cells)])
        wanted.append(min(longest, column.most or longest))
    return wanted


def _fits(columns: Sequence[Column], rows: Sequence[Row]) -> bool:
    """
    Whether the terminal has room for all columns as wide as they want to be.
    """
    cells = [[_cell(row.get(column.key)) for column in columns] for row in rows]
    return sum(_wanted(columns, cells)) + GAP * (len(columns) - 1) <= width()


def _shrunk(
    columns: Sequence[Column], wanted: Sequence[int], available: int
) -> list[int]:
    """
    These widths, with text columns shrunk until all fit or none can shrink further.
    """
    widths = [*wanted]
    while sum(widths) > available:
        shrinkable = [
            index
            for index, column in enumerate(columns)
            if not (column.numeric or column.rigid) and widths[index] > MIN_TEXT_WIDTH
        ]
        if not shrinkable:
            break
        widths[max(shrinkable, key=lambda index: widths[index])] -= 1
    return widths


def wrapped(text: str, indent: str = "") -> list[str]:
    """
    The lines of a text wrapped to the terminal, never inside a word.
    """
    import textwrap

    return textwrap.wrap(
        text,
        width(),
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def width() -> int:
    """
    The width of the terminal; 80 if there is none.
    """
    import shutil

    return max(MIN_WIDTH, shutil.get_terminal_size((80, 24)).columns)


def amount(minor: int | None, currency: str) -> str:
    """
    An amount as text: `1,234.50`; a dash if it is unknown.
    """
    if minor is None:
        return UNKNOWN
    text = Money(abs(minor), currency).text
    whole, point, fraction = text.partition(".")
    return f"{'-' if minor < 0 else ''}{int(whole):,}{point}{fraction}"


def with_code(amount_: Money) -> str:
    """
    An amount with its currency: `1,234.50 AUD`.
    """
    return f"{amount(amount_.minor, amount_.currency)} {amount_.currency}"


def sums(amounts: Iterable[Money]) -> str:
    """
    Amounts in several currencies, listed and never added: `5.00 AUD + 980 JPY`.
    """
    return " + ".join(map(with_code, amounts)) or UNKNOWN


def signed(minor: int | None, currency: str) -> str:
    """
    A difference: `+1,234.50`, `-5.00`, a dash for none.
    """
    if not minor:
        return UNKNOWN
    return f"{'+' if minor > 0 else ''}{amount(minor, currency)}"


def shows(number: int, currency: str) -> str:
    """
    The label of a total over shows: `1 show, AUD`, `40 shows, NZD`.
    """
    return f"{number} show{'' if number == 1 else 's'}, {currency}"


def when(moment: datetime | None) -> str:
    """
    An instant as text, in UTC.
    """
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def day(local: str) -> str:
    """
    A local start as text: `2026-11-27 19:30` becomes `Fri 27 Nov 19:30`.
    """
    moment = datetime.fromisoformat(local)
    return f"{moment:%a %d %b}{_year(moment)} {moment:%H:%M}"


def _instant(moment: datetime) -> str:
    """
    An instant in a column whose heading says UTC.
    """
    return f"{moment:%d %b}{_year(moment)} {moment:%H:%M}"


def _year(moment: datetime) -> str:
    """
    The year, unless the date is near.
    """
    is_near = abs((moment.date() - clock.now().date()).days) < 300
    return "" if is_near else f" {moment:%Y}"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return when(value)
    return safe(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.iso(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _can_draw_lines() -> bool:
    encoding = getattr(sys.stdout, "encoding", None) or ""
    return encoding.lower().startswith("utf") and os.environ.get("TERM") != "dumb"
