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
from dataclasses import replace
from datetime import datetime
from typing import IO, Any

from ticketsync.cli import drawn_grids, table_layout, terminal
from ticketsync.cli.table_layout import Column as Column
from ticketsync.core import clock, moments, tables
from ticketsync.core.money import Money, grouped_text
from ticketsync.core.plurals import joined, number_of
from ticketsync.core.redact import LONGEST, safe
from ticketsync.core.tables import NUMERIC, Kind, Table

Row = Mapping[str, Any]

UNKNOWN = "–"
SHORT_ID = 24  # as long as those of most platforms


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
        from ticketsync.reporting import file_writers

        names = list(machine_rows[0]) if machine_rows else [c.key for c in columns]
        file_writers.write_csv(machine_rows, names, terminal.data_stream())
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
    from ticketsync.reporting import file_writers

    file_writers.write(table, format, terminal.data_stream())


def report(
    table: Table,
    *,
    most: Mapping[str, int] | None = None,
    totals: Table | None = None,
    label: Callable[[str], str] | None = None,
    growth: Collection[str] = (),
    optional: Sequence[str] = (),
    last_optional: Sequence[str] = (),
    uncut: Collection[str] = (),
    in_full: Collection[str] = (),
    keeping_end: Collection[str] = (),
    below: Collection[str] = (),
    short_dates: Collection[str] = (),
    zone: str = "",
) -> None:
    """
    Print a loaded report as a table. `most` limits the width of columns; `growth` names
    those that hold differences; `optional` those that are left out, the last one first,
    where the terminal is too narrow for all, `last_optional` only where rows would
    become lists, with a line that says so; `uncut` those of ids, which end in what
    tells them apart; `keeping_end` those that are cut in their middle; `in_full` those
    that stand below their row where they are cut, and are not cut where all are short;
    `below` those that stand there, and nowhere else, where there is no room for them;
    `short_dates` those whose dates of other years have no weekday where there is none.
    The `totals` follow, one row for each currency, whose first cell is
    `label(currency)`. Instants are written in `zone`, which their heading names; a
    report that has some needs it.
    """
    rows = list(_as_text(table, growth, zone))
    short = [
        c.name for c in table.columns if c.name in in_full and _is_short(rows, c.name)
    ]
    columns = [
        Column(
            column.name,
            moments.heading(column.title, zone)
            if column.kind is Kind.INSTANT
            else column.title,
            numeric=column.kind in NUMERIC,
            most=(most or {}).get(column.name),
            rigid=column.name in (*uncut, *short)
            or column.kind in (Kind.LOCAL, Kind.INSTANT, Kind.DAY),
            in_full=column.name in in_full,
            keeps_end=column.name in keeping_end,
            below=column.name in below,
            spare=_place(column.name, optional),
            last_spare=_place(column.name, last_optional),
            short=_short(column.name) if column.name in short_dates else "",
        )
        for column in table.columns
    ]
    for name in short_dates:
        at = table.position(name)
        for text, values in zip(rows, table.rows, strict=True):
            text[_short(name)] = day(values[at], is_short=True)
    footer = [] if totals is None else list(_as_text(totals, growth, zone))
    for row in footer:
        row[table.names[0]] = label(row["currency"]) if label else "total"
        row.update({_short(name): row[name] for name in short_dates})
    _draw(rows, columns, footer=footer)


def _short(name: str) -> str:
    """
    The key of the shorter text of a column.
    """
    return f"{name}, short"


def _is_short(rows: Sequence[Row], name: str) -> bool:
    return all(len(row[name]) <= SHORT_ID for row in rows)


def _place(name: str, names: Sequence[str]) -> int:
    return 1 + names.index(name) if name in names else 0


def _as_text(
    table: Table, growth: Collection[str], zone: str
) -> Iterator[dict[str, str]]:
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
                zone=zone,
            )
            for column in table.columns
        }


def _text(kind: Kind, value: Any, currency: str, *, is_growth: bool, zone: str) -> str:
    if kind is Kind.MONEY:
        return signed(value, currency) if is_growth else amount(value, currency)
    if kind is Kind.RATE:
        return UNKNOWN if value is None else f"{tables.per_cent(value)} %"
    if value is None:
        return ""
    if kind is Kind.LOCAL:
        return day(value)
    if kind is Kind.INSTANT:
        moment = clock.from_iso(value) if isinstance(value, str) else value
        return moments.written(moment, zone)
    if kind is Kind.FLAG:
        return "yes" if value else "no"
    if is_growth:
        return f"{value:+,}" if value else UNKNOWN
    if kind in (Kind.COUNT, Kind.NUMBER):
        return f"{value:,}"
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
    """
    Draw a table that fits the terminal; on a pipe write its complete rows.
    """
    stream = stream or sys.stdout
    if stream is None:  # it was closed before we began
        return
    if not is_drawn(stream):
        _write_rows(rows, columns, footer, stream)
        return
    available = terminal.width(stream)
    cells = [_cells(columns, row) for row in [*rows, *footer]]
    layout = table_layout.fit(columns, cells, available)
    if any(column.short for column in columns) and table_layout.is_tight(
        columns, cells, layout
    ):
        short = [replace(column, key=column.short or column.key) for column in columns]
        cells = [_cells(short, row) for row in [*rows, *footer]]
        layout = table_layout.fit(columns, cells, available)
    cells, footer_cells = cells[: len(rows)], cells[len(rows) :]
    if layout.fits:
        drawn_grids.draw(columns, layout, cells, footer_cells, stream, title)
        if layout.missed:
            titles = joined(columns[index].title for index in layout.missed)
            text = f"No room for {titles} here; a wider terminal and files have them."
            for line in terminal.wrapped(text, available):
                print(line, file=stream)
    else:
        _write_lists(columns, [*cells, *footer_cells], stream, available)


def is_drawn(stream: IO[str] | None = None) -> bool:
    """
    Whether a person reads this stream, by default standard output: it is a terminal, or
    `COLUMNS` is exported, which says how wide a table is wanted.
    """
    return terminal.is_terminal(stream or sys.stdout) or "COLUMNS" in os.environ


def _cells(columns: Sequence[Column], row: Row) -> list[str]:
    return [_cell(_written(column, row.get(column.key))) for column in columns]


def _written(column: Column, value: Any) -> Any:
    """
    A whole number with its thousands separated, unless it is an id.
    """
    return f"{value:,}" if type(value) is int and not column.is_id else value


def _write_rows(
    rows: Sequence[Row],
    columns: Sequence[Column],
    footer: Sequence[Row],
    stream: IO[str],
) -> None:
    """
    Write all columns separated by tabs, uncut, below their titles.
    """
    lines = [[column.title for column in columns]]
    for row in [*rows, *footer]:
        values = [
            _written(column, row.get(column.whole or column.key, row.get(column.key)))
            for column in columns
        ]
        lines.append([_cell(value, longest=terminal.LONGEST_LINE) for value in values])
    for line in lines:
        print("\t".join(line), file=stream)


def _write_lists(
    columns: Sequence[Column],
    cells: Sequence[Sequence[str]],
    stream: IO[str],
    available: int,
) -> None:
    """
    Write each row as a list of its values, where no table fits.
    """
    for row in cells:
        for column, text in zip(columns, row, strict=True):
            if text:
                line = f"{column.title}: {text}" if column.title else text
                for part in terminal.wrapped(line, available):
                    print(part, file=stream)
        print(file=stream)


def wrapped(text: str, indent: str = "", *, margin: str | None = None) -> list[str]:
    """
    The lines of a text wrapped to the terminal, never inside a word.
    """
    return terminal.wrapped(text, terminal.width(), indent, margin=margin)


def width() -> int:
    """
    The width of the terminal; 80 if there is none.
    """
    return terminal.width()


def amount(minor: int | None, currency: str) -> str:
    """
    An amount as text: `1,234.50`; a dash if it is unknown.
    """
    return UNKNOWN if minor is None else grouped_text(minor, currency)


def with_code(amount_: Money) -> str:
    """
    An amount with its currency: `1,234.50 AUD`.
    """
    return str(amount_)


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
    return f"{number_of(number, 'show')}, {currency}"


def day(local: str, *, is_short: bool = False) -> str:
    """
    A local start as text: `2026-11-27 19:30` becomes `Fri 27 Nov 19:30`; one of another
    year `Fri 15 Jan 2027 19:30`, in short `15 Jan 2027 19:30`.
    """
    moment = datetime.fromisoformat(local)
    if moment.year == clock.now().year:
        return f"{moment:%a %d %b %H:%M}"
    return f"{moment:%d %b %Y %H:%M}" if is_short else f"{moment:%a %d %b %Y %H:%M}"


def _cell(value: Any, *, longest: int = LONGEST) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        raise TypeError("a moment in a table has to be written in a time zone")
    return safe(value, longest=longest)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.iso(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
