"""
Number cells of a workbook in the format of Excel 97 to 2003 (.xls) that are shown as
percentages: `10%` is 0.1 to a program that reads the number alone.

Source: [MS-XLS] 2.4.126 (Format), 2.4.353 (XF), 2.4.180 (Number), 2.4.220 (RK) and
2.4.175 (MulRk).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ticketsync.core.spreadsheets import number_formats

FORMAT, STYLE = 0x041E, 0x00E0
FORMULA, NUMBER, SHORT_NUMBER, SHORT_NUMBERS = 0x0006, 0x0203, 0x027E, 0x00BD
_SINGLE = frozenset({FORMULA, NUMBER, SHORT_NUMBER})
CELLS = frozenset({*_SINGLE, SHORT_NUMBERS})
STYLES = frozenset({FORMAT, STYLE})
_OF_EVERY_WORKBOOK = (9, 10)  # `0%` and `0.00%`


class PercentStyles:
    """
    Collects the formats and styles of a workbook as its records come, and says which
    cells have one that shows a percentage.
    """

    def __init__(self) -> None:
        self._formats = set(_OF_EVERY_WORKBOOK)
        self._styles: list[int] = []  # the format of each

    def add(self, kind: int, body: bytes) -> None:
        """
        A record of the whole workbook, of the kinds `STYLES`.
        """
        if kind == FORMAT and number_formats.is_percent(_format_code(body)):
            self._formats.add(int.from_bytes(body[:2], "little"))
        elif kind == STYLE:
            self._styles.append(int.from_bytes(body[2:4], "little"))

    def has_percentages(self) -> bool:
        """
        Whether a style that was added shows a percentage.
        """
        return not self._formats.isdisjoint(self._styles)

    def percentages(self, kind: int, body: bytes) -> Iterator[tuple[int, int]]:
        """
        The row and column, from 0, of each cell in a record of the kinds `CELLS` that
        shows a percentage.
        """
        if kind in _SINGLE and len(body) >= 6:
            row, column, style = struct.unpack_from("<HHH", body)
            if self._is_percent(style):
                yield row, column
        elif kind == SHORT_NUMBERS:
            row, first = struct.unpack_from("<HH", body)
            for n in range((len(body) - 6) // 6):
                (style,) = struct.unpack_from("<H", body, 4 + 6 * n)
                if self._is_percent(style):
                    yield row, first + n

    def _is_percent(self, style: int) -> bool:
        return style < len(self._styles) and self._styles[style] in self._formats


def _format_code(body: bytes) -> str:
    """
    The code of a format: its length, in newer files a mark, and one or two bytes for
    each character.
    """
    length = int.from_bytes(body[2:4], "little")
    if len(body) == 3 + body[2]:  # before Excel 97
        return body[3:].decode("cp1252", "replace")
    if body[4] & 1:
        return body[5 : 5 + 2 * length].decode("utf-16-le", "replace")
    return body[5 : 5 + length].decode("latin-1")
