"""
The folder of a closed month: everything that was closed, as files that are the same
bytes whenever and wherever they are written, because they are made of frozen lines.

A workbook and the PDF are the same for one version of the library that writes them;
another version may write the same cells otherwise. The other files are always the same.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from ticketsync.core import clock
from ticketsync.core.plurals import number_of
from ticketsync.core.tables import Table
from ticketsync.financials import (
    closed_periods,
    frozen_lines,
    period_order,
    period_tables,
    tax_tables,
)
from ticketsync.financials.frozen_lines import FrozenLine
from ticketsync.financials.period_order import PeriodEvent
from ticketsync.ledger import programs
from ticketsync.reporting import file_writers, output_files, printing, workbooks
from ticketsync.reporting.output_files import IsOurs, OutputFile
from ticketsync.workflows.month_end import period_ledger, tax_worksheets

SUMS_FILE: Final = "SHA256SUMS"
ABOUT_FILE: Final = "period.json"
_LEDGERS: Final = {"ledger": "hledger", "beancount": "beancount"}  # by their endings
_FOR_MACHINES: Final = (
    "state",
    "code",
    "rate",
)  # columns that `treatment` says in words
_IS_SUM = re.compile(rb"[0-9a-f]{64}  ")

Target = Callable[[Path, IsOurs], OutputFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """
    A closed period with its lines; `names` are those of the periods that its lines
    belong in, by our id.
    """

    event: PeriodEvent
    lines: list[FrozenLine]
    names: Mapping[int, str]

    def tables(self) -> dict[str, Table]:
        """
        Every report of it by name.
        """
        return {
            "accounts": period_tables.accounts_table(self.lines),
            "shows": period_tables.shows_table(self.lines),
            "sales": period_tables.sales_table(self.lines),
            "refunds": period_tables.refunds_table(self.lines),
            "fees": period_tables.fees_table(self.lines),
            "adjustments": period_tables.adjustments_table(self.lines, self.names),
            "lines": period_tables.lines_table(self.lines, self.names),
        }


def read_month(connection: Connection, name: str, version: int | None = None) -> Month:
    """
    A closed period by its name; the present version, or an earlier one by its number.

    Raises: `NotFound`.
    """
    events = closed_periods.list_events(connection)
    event = period_order.find_closed(events, name, version)
    return Month(
        event=event,
        lines=list(closed_periods.read_lines(connection, [event.id])),
        names={event.id: event.name for event in events},
    )


def about(event: PeriodEvent) -> dict[str, Any]:
    """
    What is said of a closed period beside its lines, as JSON values.
    """
    return {
        "period": event.name,
        "version": event.version,
        "first": event.first.isoformat(),
        "last": event.last.isoformat(),
        "zone": event.zone,
        "basis": event.basis,
        "closed_at": clock.iso(event.closed_at),
        "closed_by": event.closed_by,
        "program": event.program,
        "lines": event.line_count,
        "fingerprint": frozen_lines.fingerprint(event.chain),
        "digest": event.digest.hex(),
        "chain": event.chain.hex(),
        "rules": json.loads(event.rules),
        "checklist": json.loads(event.checklist),
    }


def write_folder(
    connection: Connection, month: Month, folder: Path, target: Target
) -> list[str]:
    """
    Write the files of a closed period into a folder that exists; returns their names.

    Raises: as `file_writers.into_path`.
    """
    sums = []
    for file, write, is_ours in _files(connection, month):
        with file_writers.into_path(target(folder / file, is_ours)) as path:
            write(path)
            sums.append((file, hashlib.sha256(path.read_bytes()).hexdigest()))
    text = "".join(f"{digest}  {file}\n" for file, digest in sorted(sums))
    is_sums = _IS_SUM.match
    sums_target = target(folder / SUMS_FILE, lambda head: bool(is_sums(head)))
    file_writers.write_bytes(sums_target, text.encode())
    return [*(file for file, _ in sums), SUMS_FILE]


File = tuple[str, Callable[[Path], object], IsOurs]


def _files(connection: Connection, month: Month) -> Iterator[File]:
    event = month.event
    text = json.dumps(about(event), indent=2, ensure_ascii=True) + "\n"
    yield (
        ABOUT_FILE,
        lambda path: path.write_text(text, encoding="utf-8"),
        output_files.is_json_lines("period"),
    )
    tables = month.tables()
    if event.basis == "sale":
        worksheet = tax_worksheets.read_closed(connection, event)
        tables |= {
            "tax": tax_tables.lines_table(worksheet.sheet),
            "tax-orders": tax_tables.orders_table(worksheet.orders),
        }
        books = period_ledger.read_books(connection, event)
        for ending, program in _LEDGERS.items():
            text_of = programs.write(program, books.entries, books.balances)
            yield f"{event.name}.{ending}", _text_writer(text_of), _begins(program)
    for name, table in tables.items():
        yield f"{name}.csv", _csv_writer(table), output_files.is_csv(table.names)
    yield (
        f"{event.name}.xlsx",
        lambda path: _write_workbook(event, tables, path),
        output_files.is_workbook(_title(event)),
    )
    if printing.is_installed():
        pdf = _statement(month, tables)
        yield (
            f"{event.name}.pdf",
            lambda path: path.write_bytes(pdf),
            output_files.is_pdf,
        )


def _text_writer(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(text.encode())


def _begins(program: str) -> IsOurs:
    begins = programs.PROGRAMS[program].begins
    return lambda head: head.startswith(begins)


def _csv_writer(table: Table) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as stream:
            file_writers.write(table, "csv", stream)

    return write


def _title(event: PeriodEvent) -> str:
    return f"period {event.name}"


def _write_workbook(event: PeriodEvent, tables: Mapping[str, Table], path: Path) -> int:
    said = about(event)
    names = ("version", "first", "last", "zone", "basis", "closed_at", "closed_by")
    lines = [
        ("period", period_order.words_of(event)),
        *((name, str(said[name])) for name in (*names, "program", "fingerprint")),
        ("adjustments", "what changes earlier periods; it is in no other sheet"),
        *((f"tax: {name}", "; ".join(w)) for name, w in _rules(said).items()),
    ]
    sheets = [
        workbooks.Sheet(name=name, table=table, has_totals=False)
        for name, table in tables.items()
        if name != "lines"
    ]
    header = workbooks.About(lines=lines, zone=event.zone, made_at=event.closed_at)
    with path.open("wb") as stream:
        return workbooks.write_sheets(_title(event), sheets, header, stream)


def _statement(month: Month, tables: Mapping[str, Table]) -> bytes:
    """
    What the month came to, for paper: by account, by tax, what changes earlier months.
    """
    event, said = month.event, about(month.event)
    sections = {"By account": tables["accounts"]}
    if "tax" in tables:
        columns = [c for c in tables["tax"].columns if c.name not in _FOR_MACHINES]
        sections["Tax"] = tables["tax"].shown(*columns)
    causes = period_tables.causes_table(month.lines, month.names)
    if causes.rows:
        sections["What changes earlier periods"] = causes
    title = period_order.words_of(event)
    name = said["rules"]["legal_name"]
    still_open = [
        f"Open when it was closed: {name}, {count}."
        for name, count in said["checklist"].items()
        if count
    ]
    tax_rules = [f"Tax of {n}: {'; '.join(words)}" for n, words in _rules(said).items()]
    return printing.period_statement(
        f"{name}: {title}" if name else title,
        [
            f"By the day of the {event.basis}; {event.first} to {event.last}, days of "
            f"{event.zone}.",
            f"Closed {said['closed_at']} by {event.closed_by}, version "
            f"{event.version}, {number_of(event.line_count, 'line')}, fingerprint "
            f"{said['fingerprint']}.",
        ],
        sections,
        [*still_open, *tax_rules],
        clock.day_of(event.closed_at, event.zone),
    )


def _rules(said: Mapping[str, Any]) -> Mapping[str, list[str]]:
    found: Mapping[str, list[str]] = said["rules"]["tax_rules"]
    return found
