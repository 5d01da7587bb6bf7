"""
The row of headings of a table, which may stand below title lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from ticketsync.core.spreadsheets.rows import Row
from ticketsync.core.spreadsheets.table_files import Table

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FoundHeading(Generic[T]):
    """
    The headings of a table as they were read, and the rows below them, once.
    """

    heading: T
    below: Iterator[Row]


def find_heading(
    table: Table, read: Callable[[Row], T | None], *, within: int | None = None
) -> FoundHeading[T] | None:
    """
    The first row, of so many, that `read` takes for the headings; `None` if there is
    none.
    """
    rows = table.read()
    for row in islice(rows, within):
        heading = read(row)
        if heading is not None:
            return FoundHeading(heading, rows)
    return None
