"""
The one writer for files that go to accountants.

Text cells that a spreadsheet would take for a formula get a leading apostrophe;
numbers are written by type and never touched, so that −5.00 stays a number (F123).
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from ticketsync.core import clock, errors, money, paths

_DANGEROUS = tuple("=+-@\t\r\n\0＝＋－＠")
Row = Mapping[str, Any]


class Amount(str):
    """
    A number as text that the writer must not touch.
    """

    __slots__ = ()


def amount(minor: int | None, currency: str) -> Amount | None:
    """
    An amount in major units, fit for a numeric column.
    """
    return None if minor is None else Amount(money.decimal_text(minor, currency))


def write_csv(
    rows: Iterable[Row], columns: Sequence[str], stream: IO[str], *, raw: bool = False
) -> int:
    """
    Write rows as CSV; returns how many. `raw` leaves texts as they are.
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
        plain = {name: _plain(value) for name, value in row.items()}
        stream.write(json.dumps(plain, ensure_ascii=True))
        count += 1
    stream.write("\n]\n")
    return count


@contextlib.contextmanager
def into_file(file: Path) -> Iterator[IO[str]]:
    """
    A private file that appears under its name only when it is whole.
    """
    try:
        handle, beside = tempfile.mkstemp(
            prefix=f".{file.name}.", dir=file.parent or Path()
        )
    except OSError as error:
        raise errors.UsageError(
            f"{file} cannot be written: {error.strerror}.",
            hint="Choose a file in a folder that exists and is yours.",
        ) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(beside).replace(file)
    except OSError as error:
        raise errors.UsageError(
            f"{file} cannot be written: {error.strerror}.",
            hint="Check the disk and the folder's permissions.",
        ) from None
    finally:
        Path(beside).unlink(missing_ok=True)


def write_bytes(file: Path, data: bytes) -> None:
    """
    The same for what is no text.
    """
    with into_file(file) as stream:
        stream.buffer.write(data)  # type: ignore[attr-defined]


def file_name(show: Any) -> str:
    """
    A name made of a show's, fit for every file system (F124): date, title, number.
    """
    title = paths.slug(show.production) or "show"
    return f"{show.starts_local[:10]}-{title}-{show.id}"


def _cell(value: Any, *, raw: bool) -> str:
    text = _plain(value)
    if text is None:
        return ""
    is_number = isinstance(value, Amount | int | bool)
    if is_number or not isinstance(text, str):
        return str(text)
    # The csv module quotes a lone carriage return only from Python 3.13 on; unquoted it
    # would begin a new row.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if raw else _harmless(text)


def _harmless(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(_DANGEROUS) else text


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.iso(value)
    return str(value) if isinstance(value, Amount) else value
