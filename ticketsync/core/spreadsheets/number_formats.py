"""
What the number format of a workbook's cell shows beside the number: `€80.00` is 80 to a
program that reads the number alone, and `10%` is 0.1.

Formats in the manner of `[$€-407] #,##0.00` or `"USD" 0.00`. Source: ECMA-376, part 1,
18.8.30 and 18.8.31. Those without a code of their own (5 to 8, 37 to 44) show what the
computer's own currency is, and say nothing here.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass

from ticketsync.core.written import written_amounts

PERCENT = "%"
_PERCENT_FORMATS = ("9", "10")  # `0%` and `0.00%`, which a workbook need not list

_PART = re.compile(r'\[\$([^\]-]*)[^\]]*\]|"([^"]*)"|\\(.)|_.|\*.|\[[^\]]*\]|(.)', re.S)
_SYMBOL = re.compile(r"[$€£¥₹₩₪₫₱₽₺฿₴₦]")
_LONGEST_FORMAT = 255  # characters, in any program
_FORMAT = re.compile(r"<(?:\w+:)?numFmt\s[^<>]*>")
_STYLES_BEGIN = re.compile(r"<(?:\w+:)?cellXfs\b[^<>]*>")
_STYLES_END = re.compile(r"</(?:\w+:)?cellXfs>")
_STYLE = re.compile(r"<(?:\w+:)?xf\s[^<>]*>")


@dataclass(frozen=True, slots=True)
class _Wide:
    """
    Cells side by side of the same currency, in the rows from `first` to `last`.
    """

    first: int
    last: int
    columns: range
    currency: str


class CellCurrencies:
    """
    The currencies that the formats of the cells of one sheet show, or `%`, as ranges of
    rows. Places count from 0 and come from the top.
    """

    def __init__(self) -> None:
        self._begins: dict[int, list[int]] = defaultdict(list)
        self._ranges: dict[int, list[tuple[int, str]]] = defaultdict(list)
        self._wide: list[_Wide] = []

    def __bool__(self) -> bool:
        return bool(self._begins or self._wide)

    def add(self, row: int, column: int, currency: str, *, rows: int = 1) -> None:
        ranges, last = self._ranges[column], row + rows - 1
        if ranges and ranges[-1] == (row - 1, currency):
            ranges[-1] = last, currency
            return
        self._begins[column].append(row)
        ranges.append((last, currency))

    def add_wide(
        self, row: int, columns: range, currency: str, *, rows: int = 1
    ) -> None:
        """
        The same for cells side by side, which may be as many as a sheet is wide.
        """
        self._wide.append(_Wide(row, row + rows - 1, columns, currency))

    def of_row(self, row: int) -> dict[int, str]:
        """
        The currencies in one row, by column.
        """
        found: dict[int, str] = {}
        place = bisect_right(self._wide, row, key=lambda wide: wide.first) - 1
        while place >= 0 and self._wide[place].last >= row:
            wide = self._wide[place]
            found |= dict.fromkeys(wide.columns, wide.currency)
            place -= 1
        for column, begins in self._begins.items():
            place = bisect_right(begins, row) - 1
            if place >= 0:
                last, currency = self._ranges[column][place]
                if row <= last:
                    found[column] = currency
        return found


def currency_in(code: str) -> str:
    """
    The sign or the code of the currency that a number format shows; `""` if it shows
    none.
    """
    if len(code) > _LONGEST_FORMAT:
        return ""
    text = ""
    for bracket, quoted, escaped, plain in _PART.findall(code):
        literal = bracket or quoted or escaped
        text += literal or (plain if _SYMBOL.match(plain) else " ")
    words = (word.strip(".,:()") for word in text.split())
    return next((word for word in words if written_amounts.is_currency(word)), "")


def is_percent(code: str) -> bool:
    """
    Whether a number format shows a percentage, of the number or of 100 times that.
    """
    is_short = len(code) <= _LONGEST_FORMAT
    return is_short and any(
        PERCENT in quoted + escaped + plain
        for _, quoted, escaped, plain in _PART.findall(code)
    )


def _shown(code: str) -> str:
    return currency_in(code) or (PERCENT if is_percent(code) else "")


def currencies_of_styles(styles: str) -> dict[int, str]:
    """
    The currency of each style of a workbook (`xl/styles.xml`) that shows one, or `%`,
    by the number by which cells name it.
    """
    formats = dict.fromkeys(_PERCENT_FORMATS, PERCENT) | {
        attribute_of(tag, "numFmtId"): shown
        for tag in _FORMAT.findall(styles)
        if (shown := _shown(html.unescape(attribute_of(tag, "formatCode"))))
    }
    begin = _STYLES_BEGIN.search(styles)
    end = _STYLES_END.search(styles, begin.end()) if begin else None
    tags = _STYLE.findall(styles, begin.end(), end.start()) if begin and end else []
    ids = [attribute_of(tag, "numFmtId") for tag in tags]
    return {n: formats[id_] for n, id_ in enumerate(ids) if id_ in formats}


def attribute_of(tag: str, name: str) -> str:
    """
    An attribute of a tag in XML as it is written there; empty where it has none.
    """
    found = re.search(rf"\s{name}=(?:\"([^\"]*)\"|'([^']*)')", tag)
    return (found[1] or found[2] or "") if found else ""
