"""
Which currency the number format of a workbook's cell shows: `€80.00` is 80 to a program
that reads the number alone.

Formats in the manner of `[$€-407] #,##0.00` or `"USD" 0.00`. Source: ECMA-376, part 1,
18.8.30 and 18.8.31. Those without a code of their own (5 to 8, 37 to 44) show what the
computer's own currency is, and say nothing here.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections import defaultdict

from ticketsync.core import written_amounts

_PART = re.compile(r'\[\$([^\]-]*)[^\]]*\]|"([^"]*)"|\\(.)|_.|\*.|\[[^\]]*\]|(.)', re.S)
_SYMBOL = re.compile(r"[$€£¥₹₩₪₫₱₽₺฿₴₦]")
_FORMAT = re.compile(r"<(?:\w+:)?numFmt\s[^>]*>")
_STYLES = re.compile(r"<(?:\w+:)?cellXfs\b[^>]*>(.*?)</(?:\w+:)?cellXfs>", re.S)
_STYLE = re.compile(r"<(?:\w+:)?xf\s[^>]*>")


class CellCurrencies:
    """
    The currencies that the formats of the cells of one sheet show, as ranges of rows.
    Places count from 0 and come from the top.
    """

    def __init__(self) -> None:
        self._begins: dict[int, list[int]] = defaultdict(list)
        self._ranges: dict[int, list[tuple[int, str]]] = defaultdict(list)

    def __bool__(self) -> bool:
        return bool(self._begins)

    def add(self, row: int, column: int, currency: str, *, rows: int = 1) -> None:
        ranges, last = self._ranges[column], row + rows - 1
        if ranges and ranges[-1] == (row - 1, currency):
            ranges[-1] = last, currency
            return
        self._begins[column].append(row)
        ranges.append((last, currency))

    def of_row(self, row: int) -> dict[int, str]:
        """
        The currencies in one row, by column.
        """
        found: dict[int, str] = {}
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
    text = ""
    for bracket, quoted, escaped, plain in _PART.findall(code):
        literal = bracket or quoted or escaped
        text += literal or (plain if _SYMBOL.match(plain) else " ")
    words = (word.strip(".,:()") for word in text.split())
    return next((word for word in words if written_amounts.is_currency(word)), "")


def currencies_of_styles(styles: str) -> dict[int, str]:
    """
    The currency of each style of a workbook (`xl/styles.xml`) that shows one, by the
    number by which cells name it.
    """
    formats = {
        _attribute(tag, "numFmtId"): currency
        for tag in _FORMAT.findall(styles)
        if (currency := currency_in(html.unescape(_attribute(tag, "formatCode"))))
    }
    found = _STYLES.search(styles) if formats else None
    tags = _STYLE.findall(found[1]) if found else []
    ids = [_attribute(tag, "numFmtId") for tag in tags]
    return {n: formats[id_] for n, id_ in enumerate(ids) if id_ in formats}


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf"\s{name}=(?:\"([^\"]*)\"|'([^']*)')", tag)
    return (found[1] or found[2] or "") if found else ""
