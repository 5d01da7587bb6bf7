"""
How things look: tables for people, JSON and CSV for machines.

All foreign text passes `safe()`; tables are built of plain text, so that nothing in a
show's name can be taken for markup.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from ticketsync.core import clock, money
from ticketsync.core.redact import safe

Row = Mapping[str, Any]
NARROWEST = 60
LEAST_TEXT = 10  # characters of a text that are left whatever the terminal
GAP = 3


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


def print_json(value: Any, stream: IO[str] | None = None) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=True, default=_plain)
    print(text, file=stream or sys.stdout)


def table(
    rows: Sequence[Row],
    columns: Sequence[Column],
    *,
    stream: IO[str] | None = None,
    title: str = "",
    total: Row | None = None,
) -> None:
    """
    A table that fits the terminal; the last row may hold totals.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(
        box=box.SIMPLE_HEAD if _can_draw() else box.ASCII,
        title=title or None,
        title_justify="left",
        show_footer=total is not None,
        show_edge=False,
        pad_edge=False,
    )
    cells = [[_cell(row.get(column.key)) for column in columns] for row in rows]
    feet = ["" if total is None else str(total.get(c.key, "")) for c in columns]
    widths = _widths(columns, [*cells, feet])
    for column, foot, room in zip(columns, feet, widths, strict=True):
        grid.add_column(
            Text(column.title),
            footer=Text(foot),
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


def _widths(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> list[int]:
    """
    How wide each column is, so that all of them fit the terminal.

    Only texts shrink: a number that is cut off is a wrong number.
    """
    widths = []
    for place, column in enumerate(columns):
        longest = max(len(column.title), *(len(row[place]) for row in cells))
        widths.append(min(longest, column.most or longest))
    while sum(widths) + GAP * (len(widths) - 1) > width():
        shrinkable = [
            place
            for place, column in enumerate(columns)
            if not (column.numeric or column.rigid) and widths[place] > LEAST_TEXT
        ]
        if not shrinkable:
            break
        widths[max(shrinkable, key=lambda place: widths[place])] -= 1
    return widths


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
        return "–"
    text = money.decimal_text(abs(minor), currency)
    whole, dot, part = text.partition(".")
    return f"{'-' if minor < 0 else ''}{int(whole):,}{dot}{part}"


def when(moment: datetime | None) -> str:
    """
    An instant for people, in UTC where no zone is given.
    """
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def day(local: str) -> str:
    """
    A poster time for people: `2026-11-27 19:30` becomes `Fri 27 Nov 19:30`.

    The year is told where it could be mistaken.
    """
    moment = datetime.fromisoformat(local)
    is_near = abs((moment.date() - clock.now().date()).days) < 300
    year = "" if is_near else f" {moment:%Y}"
    return f"{moment:%a %d %b}{year} {moment:%H:%M}"


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
