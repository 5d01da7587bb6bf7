"""
One row of a table, wherever it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

# What is in a workbook's cell.
TEXT = "t"
NUMBER = "n"
MOMENT = "m"  # a date with a time of day
DAY = "d"  # a date alone
TIME = "h"  # a time of day alone
FLAG = "b"
ERROR = "e"  # such as #N/A
NOT_COMPUTED = "f"  # a formula whose value the file does not have
MERGED = "g"  # covered by a merged cell

UNKNOWN = {
    ERROR: "an error value such as #N/A",
    NOT_COMPUTED: "a formula without its value",
    MERGED: "part of a merged cell",
}


class Row(msgspec.Struct, frozen=True):
    """
    A row and its position in words (`line 3`, `sheet Sales, row 3`).

    kinds    of a workbook's row: one letter for each cell, see above; `""` for text
    problem  why the row could not be read; it has no cells then
    shown_in  the currencies that the formats of its numbers show, or `%`, by column
    is_hidden  whether whoever opens the workbook does not see it, as of a filter
    """

    position: str
    number: int
    cells: tuple[str, ...]
    kinds: str = ""
    problem: str = ""
    shown_in: Mapping[int, str] | None = None
    is_hidden: bool = False

    def kind(self, index: int) -> str:
        """
        What is in a cell, `TEXT` where nothing says so.
        """
        return self.kinds[index] if index < len(self.kinds) else TEXT


def column_letters(index: int) -> str:
    """
    The name of a column (from 0) as spreadsheets write it: A, B, …, AA.
    """
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
