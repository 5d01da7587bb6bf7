"""
How things look: tables for people, JSON and CSV for machines.

A report with money in it is a `core.tables.Table`: `machine` and `report` draw it, with
one total for each currency. Lists without money may be rows by name: `show`.

All foreign text passes `safe()`; tables are built of plain text, so that nothing in a
show's name can be taken for markup.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from ticketsync.core import clock, tables
from ticketsync.core.money import Money
from ticketsync.core.redact import safe
from ticketsync.core.tables import NUMERIC, Kind, Table

Row = Mapping[str, Any]
NARROWEST = 60
LEAST_TEXT = 8  # characters of a text that are left whatever the terminal
GAP = 3
NARROW_GAPS = (2, 1)  # where the usual one does not fit

UNKNOWN = "–"
# What stands between two columns is a line of the box or a blank, and this around it.
_PADDING = {3: (0, 1, 0, 1), 2: (0, 1, 0, 0), 1: (0, 0, 0, 0)}


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column: the row's key, its title, whether it holds numbers or must not shrink.
    """

    key: str
    title: str
    numeric: bool = False
    most: int | None = None
    rigid: bool = False


def show(
    rows: Sequence[Row],
    columns: Sequence[Column],
    format: str,
    *,
    machine: Sequence[Row] | None = None,
    empty: str = "Nothing to show.",
) -> None:
    """
    Print rows to standard output. `machine` are the complete rows for json and csv.
    """
    complete = rows if machine is None else machine
    if format == "json":
        print_json(list(complete))
    elif format == "csv":
        from ticketsync.reporting import exports

        names = list(complete[0]) if complete else [column.key for column in columns]
        exports.write_csv(complete, names, sys.stdout)
    elif not rows:
        print(empty)  # noqa: T201
    else:
        table(rows, columns)


def machine(table: Table, format: str) -> None:
    """
    Print a report as json or csv to standard output.
    """
    if format == "json":
        print_json(list(tables.records(table)))
        return
    from ticketsync.reporting import exports

    exports.write(table, format, sys.stdout)


def report(
    table: Table,
    *,
    most: Mapping[str, int] | None = None,
    totals: Table | None = None,
    label: Callable[[str], str] | None = None,
    growth: Collection[str] = (),
) -> None:
    """
    Print a loaded report for people. `most` limits the width of columns; `growth` names
    those that hold differences. Below stand the `totals`, one row for each currency,
    each of which begins with what `label` says of the currency.
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
    feet = [] if totals is None else list(_as_read(totals, growth))
    for foot in feet:
        foot[table.names[0]] = label(foot["currency"]) if label else "total"
    _draw(list(_as_read(table, growth)), columns, feet=feet)


def _as_read(table: Table, growth: Collection[str]) -> Iterator[dict[str, str]]:
    """
    The rows as people read them, by name.
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
    A table of rows by name that fits the terminal, with totals below.
    """
    _draw(rows, columns, feet=totals, stream=stream, title=title)


def _draw(
    rows: Sequence[Row],
    columns: Sequence[Column],
    *,
    feet: Sequence[Row] = (),
    stream: IO[str] | None = None,
    title: str = "",
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    cells = [[_cell(row.get(column.key)) for column in columns] for row in rows]
    footers = [[_cell(row.get(column.key)) for column in columns] for row in feet]
    widths, gap = _widths(columns, [*cells, *footers])
    grid = Grid(
        box=box.SIMPLE_HEAD if _can_draw() else box.ASCII,
        title=title or None,
        title_justify="left",
        show_footer=bool(feet),
        show_edge=False,
        pad_edge=False,
        padding=_PADDING[gap],
    )
    for place, (column, room) in enumerate(zip(columns, widths, strict=True)):
        grid.add_column(
            Text(column.title),
            footer=Text("\n".join(foot[place] for foot in footers)),
            justify="right" if column.numeric else "left",
            no_wrap=True,
            width=room,
            overflow="ellipsis",
        )
    for texts in cells:
        grid.add_row(*map(Text, texts))
    console = Console(
        file=stream or sys.stdout,
        markup=False,
        highlight=False,
        emoji=False,
        width=sum(widths) + 8 * len(widths),  # we have seen to it that it fits
        no_color="NO_COLOR" in os.environ or None,
    )
    console.print(grid)


def _widths(
    columns: Sequence[Column], cells: Sequence[Sequence[str]]
) -> tuple[list[int], int]:
    """
    How wide each column and the gap between them is, so that all fit the terminal.

    Only texts shrink: a number that is cut off is a wrong number.
    """
    wanted = []
    for place, column in enumerate(columns):
        longest = max([len(column.title), *(len(row[place]) for row in cells)])
        wanted.append(min(longest, column.most or longest))
    between = len(columns) - 1
    if sum(wanted) + GAP * between <= width():
        return wanted, GAP
    for gap in NARROW_GAPS:
        widths = _shrunk(columns, wanted, width() - gap * between)
        if sum(widths) + gap * between <= width():
            break
    return widths, gap


def _shrunk(columns: Sequence[Column], wanted: Sequence[int], room: int) -> list[int]:
    """
    These widths, texts made so much narrower that all fit, as far as they go.
    """
    widths = [*wanted]
    while sum(widths) > room:
        shrinkable = [
            place
            for place, column in enumerate(columns)
            if not (column.numeric or column.rigid) and widths[place] > LEAST_TEXT
        ]
        if not shrinkable:
            break
        widths[max(shrinkable, key=lambda place: widths[place])] -= 1
    return widths


def wrapped(text: str, indent: str = "") -> str:
    """
    A sentence over as many lines as the terminal needs, never cut inside a word.
    """
    import textwrap

    return textwrap.fill(
        text,
        width(),
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def width() -> int:
    """
    How wide the terminal is; 80 where there is none.
    """
    import shutil

    return max(NARROWEST, shutil.get_terminal_size((80, 24)).columns)


def amount(minor: int | None, currency: str) -> str:
    """
    An amount for people: `1,234.50`; a dash where it is not known.
    """
    if minor is None:
        return UNKNOWN
    text = Money(abs(minor), currency).text
    whole, dot, part = text.partition(".")
    return f"{'-' if minor < 0 else ''}{int(whole):,}{dot}{part}"


def with_code(amount_: Money) -> str:
    """
    An amount with its currency: `1,234.50 AUD`.
    """
    return f"{amount(amount_.minor, amount_.currency)} {amount_.currency}"


def sums(amounts: Iterable[Money]) -> str:
    """
    Amounts in several currencies, side by side and never added: `5.00 AUD + 980 JPY`.
    """
    return " + ".join(map(with_code, amounts)) or UNKNOWN


def signed(minor: int | None, currency: str) -> str:
    """
    How much an amount grew: `+1,234.50`, `-5.00`, a dash for not at all.
    """
    if not minor:
        return UNKNOWN
    return f"{'+' if minor > 0 else ''}{amount(minor, currency)}"


def shows(number: int, currency: str) -> str:
    """
    How many shows a total is of: `1 show, AUD`, `40 shows, NZD`.
    """
    return f"{number} show{'' if number == 1 else 's'}, {currency}"


def when(moment: datetime | None) -> str:
    """
    An instant for people, in UTC where no zone is given.
    """
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def day(local: str) -> str:
    """
    A poster time for people: `2026-11-27 19:30` becomes `Fri 27 Nov 19:30`.
    """
    moment = datetime.fromisoformat(local)
    return f"{moment:%a %d %b}{_year(moment)} {moment:%H:%M}"


def _instant(moment: datetime) -> str:
    """
    An instant in a column whose heading says that it is UTC.
    """
    return f"{moment:%d %b}{_year(moment)} {moment:%H:%M}"


def _year(moment: datetime) -> str:
    """
    The year, where it could be mistaken.
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
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def _can_draw() -> bool:
    encoding = getattr(sys.stdout, "encoding", None) or ""
    return encoding.lower().startswith("utf") and os.environ.get("TERM") != "dumb"
