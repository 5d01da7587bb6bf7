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


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column: the row's key, its title, and whether it holds numbers.
    """

    key: str
    title: str
    numeric: bool = False
    most: int | None = None


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
        pad_edge=False,
        padding=(0, 1),
    )
    for column in columns:
        foot = "" if total is None else str(total.get(column.key, ""))
        grid.add_column(
            Text(column.title),
            footer=Text(foot),
            justify="right" if column.numeric else "left",
            no_wrap=column.numeric or column.most is not None,
            max_width=column.most,
            overflow="ellipsis" if column.most else "fold",
        )
    for row in rows:
        grid.add_row(*(Text(_cell(row.get(column.key))) for column in columns))
    console = Console(
        file=stream or sys.stdout,
        markup=False,
        highlight=False,
        emoji=False,
        width=width(),
        no_color="NO_COLOR" in os.environ or None,
    )
    console.print(grid)


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
    """
    moment = datetime.strptime(local, "%Y-%m-%d %H:%M")  # noqa: DTZ007  # on the poster
    this_year = clock.now().year
    year = "" if moment.year == this_year else f" {moment:%Y}"
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
