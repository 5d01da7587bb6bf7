"""
The formats of exported reports: how they are named, recognised and written. A report is
an iterator of tuples, and a row is never more than that in any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import ticketsync
from ticketsync.core import clock, errors
from ticketsync.core.tables import Table
from ticketsync.reporting import file_writers, output_files
from ticketsync.reporting.output_files import IsOurs

TEXT: Final = ("csv", "json", "jsonl")
FORMATS: Final = (*TEXT, "xlsx", "parquet")
# Of programs that would not open a CSV file called so, or take it for damaged.
_OTHERS: Final = ("pdf", "xls", "ods", "html", "htm", "docx", "zip", "gz", "xml")
BYTE_ORDER_MARK: Final = "\ufeff"  # by which Excel knows that a CSV file is UTF-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    A report to export. `about` are lines of a name and a text that say what it is, and
    `zone` is that of dates in a workbook. `totals` are its sums where they are not
    those of the rows.
    """

    name: str
    table: Table
    zone: str
    about: Sequence[tuple[str, str]] = ()
    totals: Table | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvStyle:
    """
    `raw` leaves texts of a CSV as they are, `for_excel` begins it with a mark.
    """

    raw: bool = False
    for_excel: bool = False


def chosen_format(format: str, output: Path | None) -> str:
    """
    The format that is meant: the one named, else by the ending of the file, else CSV.

    Raises: `UsageError` for one that there is not, and for the ending of another kind
    of file where none is named.
    """
    ending = "" if output is None else output.suffix.lower().removeprefix(".")
    wanted = format or (ending if ending in (*FORMATS, *_OTHERS) else "csv")
    if wanted not in FORMATS:
        raise errors.UsageError(
            f"There is no export format {wanted!r}.",
            hint=f"Use {', '.join(FORMATS[:-1])} or {FORMATS[-1]}.",
        )
    return wanted


def recognised(report: Report, format: str) -> IsOurs:
    """
    What recognises an earlier file of the same report.
    """
    names = report.table.names
    by_format: dict[str, Callable[[], IsOurs]] = {
        "csv": lambda: output_files.is_csv(names),
        "json": lambda: output_files.is_json(names[0]),
        "jsonl": lambda: output_files.is_json_lines(names[0]),
        "xlsx": lambda: output_files.is_workbook(report.name),
        "parquet": lambda: output_files.is_parquet(report.name),
    }
    return by_format[format]()


def write_text(report: Report, format: str, stream: IO[str], style: CsvStyle) -> int:
    """
    Write a report in one of the formats `TEXT`; returns how many rows.
    """
    if style.for_excel:
        stream.write(BYTE_ORDER_MARK)
    return file_writers.write(report.table, format, stream, raw=style.raw)


def write_path(report: Report, format: str, path: Path) -> int:
    """
    Write a report in one of the other formats; returns how many rows.

    Raises: as `workbooks.write_workbook` and `parquet.write_parquet`.
    """
    if format == "parquet":
        from ticketsync.reporting import parquet

        return parquet.write_parquet(report.table, report.name, path)
    with path.open("wb") as stream:
        return write_workbook(report, stream)


def write_workbook(report: Report, stream: IO[bytes]) -> int:
    """
    Write a report as a workbook, with the present moment on its first sheet.

    Raises: as `workbooks.write_workbook`.
    """
    from ticketsync.reporting import workbooks

    now = clock.now()
    made = f"{clock.local(now, report.zone):%Y-%m-%d %H:%M:%S} in {report.zone}"
    lines = [
        ("report", report.name),
        *report.about,
        ("made", made),
        ("made by", f"ticketsync {ticketsync.__version__}"),
    ]
    sheet = workbooks.Sheet(name=report.name, table=report.table, totals=report.totals)
    about = workbooks.About(lines=lines, zone=report.zone, made_at=now)
    return workbooks.write_workbook(sheet, about, stream)
