"""
The one module that writes CSV, JSON and JSON lines, and files under their names.

Text cells that a spreadsheet would take for a formula get a leading apostrophe; numbers
are written according to their column and never changed, so that −5.00 stays a number
(F123).
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from ticketsync.core import clock, disk, errors, paths, tables
from ticketsync.core.invisible_characters import BLANKS, FILLERS, IN_LINE_UNSEEN
from ticketsync.core.tables import Column, Kind, Table
from ticketsync.reporting.output_files import OutputFile

# What begins a formula, in spreadsheets of East Asia also in full and small width; and
# what may stand before it without being seen.
_SIGN = "[-=+@＝＋－＠﹦﹢﹣﹫]"
_UNSEEN = f"[{IN_LINE_UNSEEN}{BLANKS}{FILLERS}]"
_BEGINS_FORMULA = re.compile(f"{_UNSEEN}*{_SIGN}| *[\t\n\0]")
# Where the list separator is another than the comma, a cell goes on in the next one
# after it, quotation marks or not; and a line feed begins a row.
_AFTER_SEPARATOR = re.compile(f"([;|\t\n])(?={_UNSEEN}*{_SIGN})")
_MAY_BE_DANGEROUS = re.compile(
    f"(?:^|[;|\t]){_UNSEEN}*{_SIGN}|^ *[\t\0]|\r", re.MULTILINE
)
_NEEDED = "-=+@\t\r\0"  # one of them is in every dangerous text of ASCII
_FOREIGN = (Kind.TEXT, Kind.LOCAL, Kind.DAY)
Row = Mapping[str, Any]
Texts = Sequence[str | None]
Guard = Callable[[Texts], Texts]


def write(table: Table, format: str, stream: IO[str], *, raw: bool = False) -> int:
    """
    Write a report as csv, json or jsonl, a batch of rows at a time; returns how many
    rows. `raw` leaves texts of a CSV as they are.
    """
    if format == "json":
        return write_json(tables.records(table), stream)
    if format == "jsonl":
        return write_json_lines(table, stream)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.names)
    guards = [_guard(column, raw=raw) for column in table.columns]
    count = 0
    for columns in tables.plain_batches(table):
        count += len(columns[0])
        writer.writerows(
            zip(
                *(
                    values if guard is None else guard(values)
                    for guard, values in zip(guards, columns, strict=True)
                ),
                strict=True,
            )
        )
    return count


def write_csv(
    rows: Iterable[Row], columns: Sequence[str], stream: IO[str], *, raw: bool = False
) -> int:
    """
    Write rows without money as CSV, lists and objects as JSON text; returns how many.
    Money needs a `Table`.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([_cell(row[name], raw=raw) for name in columns])
        count += 1
    return count


def write_json(rows: Iterable[Row], stream: IO[str]) -> int:
    """
    Write rows as a JSON list, one row at a time; returns how many.
    """
    count = 0
    stream.write("[")
    for row in rows:
        stream.write(",\n" if count else "\n")
        stream.write(json.dumps(row, ensure_ascii=True, default=_plain))
        count += 1
    stream.write("\n]\n")
    return count


def write_json_lines(table: Table, stream: IO[str]) -> int:
    """
    Write a report with a JSON object on each line; returns how many.
    """
    encode = json.JSONEncoder(ensure_ascii=True, default=_plain).encode
    count = 0
    for row in tables.records(table):
        stream.write(encode(row) + "\n")
        count += 1
    return count


@contextlib.contextmanager
def into_file(target: OutputFile) -> Iterator[IO[str]]:
    """
    A private text file that appears under its name only when it is complete.

    Raises: as `into_path`.
    """
    with (
        into_path(target) as path,
        path.open("w", encoding="utf-8", newline="") as stream,
    ):
        yield stream


@contextlib.contextmanager
def into_path(target: OutputFile) -> Iterator[Path]:
    """
    The path of a private, empty file, which appears under its name when it is complete.

    Raises: `UsageError` where it cannot be written or must not be replaced,
    `DatabaseError` (`disk-full`).
    """
    target.check()
    file = target.path
    try:
        handle, temporary = tempfile.mkstemp(
            prefix=f".{file.name}.", dir=file.parent or Path()
        )
    except OSError as error:
        raise _not_writable(
            file, error, "Choose a file in a folder that exists and is yours."
        ) from None
    try:
        with os.fdopen(handle, "rb") as stream:
            yield Path(temporary)
            os.fsync(stream.fileno())
        Path(temporary).replace(file)
    except OSError as error:
        raise _not_writable(
            file, error, "Check the disk and the folder's permissions."
        ) from None
    finally:
        Path(temporary).unlink(missing_ok=True)


def _not_writable(file: Path, error: OSError, hint: str) -> errors.TicketsyncError:
    if disk.is_full(error):
        return disk.full_error(file, error)
    return errors.UsageError(f"{file} cannot be written: {error.strerror}.", hint=hint)


def write_bytes(target: OutputFile, data: bytes) -> None:
    """
    Write a binary file; see `into_file`.

    Raises: as `into_file`.
    """
    with into_path(target) as path:
        path.write_bytes(data)


def file_name(show: Any) -> str:
    """
    A file name for a show that every file system accepts (F124): date, title, id.
    """
    title = paths.slug(show.production) or "show"
    return f"{show.starts_local[:10]}-{title}-{show.id}"


def _guard(column: Column, *, raw: bool) -> Guard | None:
    """
    The function to apply to the values of a column, if they may be foreign text.
    """
    if column.kind not in _FOREIGN:
        return None
    return _one_row_each if raw else _harmless_each


def _one_row_each(texts: Texts) -> Texts:
    return [_one_row(text) if text else text for text in texts]


def _harmless_each(texts: Texts) -> Texts:
    # Nearly always all are harmless, which a few searches find out.
    joined = "\n".join([text for text in texts if text])
    if joined.isascii() and not any(sign in joined for sign in _NEEDED):
        return texts
    if not _MAY_BE_DANGEROUS.search(joined):
        return texts
    return [_harmless(text) if text else text for text in texts]


def _cell(value: Any, *, raw: bool) -> Any:
    if isinstance(value, str):
        return _one_row(value) if raw else _harmless(value)
    if isinstance(value, dict | list | tuple):
        text = json.dumps(value, ensure_ascii=False, default=_plain)
        return text if raw else _harmless(text)
    return _plain(value) if isinstance(value, datetime) else value


def _harmless(text: str) -> str:
    text = _AFTER_SEPARATOR.sub(r"\1'", _one_row(text))
    return f"'{text}" if _BEGINS_FORMULA.match(text) else text


def _one_row(text: str) -> str:
    # The csv module quotes a lone carriage return only from Python 3.13 on; unquoted it
    # would begin a new row.
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.iso(value)
    raise TypeError(f"{type(value).__name__} cannot be written to a file")
