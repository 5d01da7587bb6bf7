"""
What totals and footers of reports are called, and which cell of a row that looks like a
sale says that it is a total. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import product

from ticketsync.providers.file_import.heading import Heading

_TOTAL = (
    r"(?:grand|sub|page|report|overall|running|daily|weekly|monthly|event|show|order)?"
    r"[\s-]?totals?"
)
_ALL = (
    r"sums?|summe|gesamt(?:summe)?|zwischensumme|averages?|avg"
    r"|all\s(?:orders|shows|sales|tickets)"
)
_FOOTER = re.compile(
    rf"(?:{_TOTAL}|{_ALL}|printed|generated|exported|created"
    r"|end of (?:report|file)|page|report|powered by|note|notes|copyright|©)\b",
    re.IGNORECASE,
)
# What a total is called; "Total Eclipse" is not.
_PLAIN_TOTAL = re.compile(
    rf"{_TOTAL}\s+(?:for|of|per|gross|net|amount|sales?|tickets?|orders?|sold|paid"
    rf"|revenue|income|refund(?:s|ed)?)\b.*|(?:{_TOTAL}|{_ALL})"
    r"\s*(?:[:=(–—-].*)?",
    re.IGNORECASE,
)
# No order number begins or ends so: "Total Gala", and "1001 Total" by Excel.
_NUMBER_OF_TOTAL = re.compile(rf"{_TOTAL}\s.*|.*\S\s{_TOTAL}\s?:?", re.IGNORECASE)
_NUMBER = re.compile(r"[^\W\d_]+\s?[-–]?\s?\d+")  # such as SUM-9
_TYPE_OF_TOTAL = re.compile(rf".*\S\s{_TOTAL}\s?:?", re.IGNORECASE)
# As people write it under any heading; a set is compared with the cells of each row.
_WORDS = frozenset(
    word
    for before, plain in product(
        ("", "sub", "sub-", "sub ", "grand ", "show ", "event ", "daily ", "order "),
        ("total", "totals", "sum"),
    )
    for word in (
        *(before + plain, (before + plain).capitalize(), (before + plain).title()),
        *((before + plain).upper(), (before + plain).capitalize() + ":"),
    )
)
_ELSEWHERE = ("type", "line", "placed")  # what a sale has and a total does not


def begins_footer(text: str) -> bool:
    """
    Whether a text begins as totals and footers do.
    """
    return _FOOTER.match(text) is not None


def is_total(text: str) -> bool:
    """
    Whether a text is what a total is called.
    """
    return _PLAIN_TOTAL.fullmatch(text) is not None


class TotalCells:
    """
    Finds the cell by which a row with a number and a start is a total.
    """

    def __init__(self, heading: Heading) -> None:
        self._number = [c for c, name in heading.fields if name == "order"]
        self._type = [c for c, name in heading.fields if name == "type"]
        self._event = [c for c, name in heading.fields if name == "event"]
        self._sale = [c for c, name in heading.fields if name in _ELSEWHERE]
        self._unmapped = heading.unmapped

    def find(self, cells: Sequence[str]) -> str:
        """
        The name of a total; `""` if no cell has one.
        """
        for text in self._texts(cells, self._number):
            if _may_name(text) and _is_total_number(text, is_sale=self._is_sale(cells)):
                return text
        for text in self._texts(cells, self._type):
            if _is_total_type(text):
                return text
        if not _WORDS.isdisjoint(cells):
            for text in self._texts(cells, self._unmapped):
                if text in _WORDS:
                    return text
        for text in self._texts(cells, self._event):
            if _is_total_event(text) and not self._is_sale(cells):
                return text
        return ""

    def _is_sale(self, cells: Sequence[str]) -> bool:
        return len(self._texts(cells, self._sale)) == len(self._sale)

    def _texts(self, cells: Sequence[str], columns: Sequence[int]) -> list[str]:
        return [cells[c] for c in columns if c < len(cells) and cells[c]]


def _may_name(text: str) -> bool:
    """
    Whether an order number has a letter where it begins or ends; most have none.
    """
    return text[0].isalpha() or not text[-1].isdigit()


def _is_total_number(text: str, *, is_sale: bool) -> bool:
    if is_sale and _NUMBER.fullmatch(text):
        return False
    return is_total(text) or _NUMBER_OF_TOTAL.fullmatch(text) is not None


@lru_cache(maxsize=1000)
def _is_total_type(text: str) -> bool:
    return is_total(text) or _TYPE_OF_TOTAL.fullmatch(text) is not None


_is_total_event = lru_cache(maxsize=1000)(is_total)
