"""
What totals and footers of reports are called, and which cell of a row that looks like a
sale says that it is a total. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from ticketsync.providers.file_import.one_report.heading import Heading
from ticketsync.providers.file_import.one_report.unmapped_columns import other_columns
from ticketsync.providers.file_import.recipes.recipe import Recipe

_BEFORE = (
    *("grand", "sub", "page", "report", "overall", "running", "daily", "weekly"),
    *("monthly", "event", "show", "order"),
)
_SUMS = ("sum", "sums", "summe", "gesamt", "gesamtsumme", "zwischensumme")
_TOTAL = rf"(?:{'|'.join(_BEFORE)})?[\s-]?totals?"
_ALL = rf"{'|'.join(_SUMS)}|averages?|avg|all\s(?:orders|shows|sales|tickets)"
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
WORDS = frozenset(
    word
    for plain in (
        *_SUMS,
        *("total", "totals"),
        *map("".join, product(_BEFORE, ("", "-", " "), ("total", "totals", "sum"))),
    )
    for word in (
        *(plain, plain.capitalize(), plain.title(), plain.upper()),
        plain.capitalize() + ":",
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


@dataclass(frozen=True, slots=True)
class TotalCell:
    """
    A cell with the name of a total; `heading` is that of a column that the recipe does
    not map.
    """

    text: str
    heading: str = ""


class TotalCells:
    """
    Finds the cell by which a row with a number and a start is a total.
    """

    def __init__(self, heading: Heading, recipe: Recipe) -> None:
        self._number = [c for c, name in heading.fields if name == "order"]
        self._type = [c for c, name in heading.fields if name == "type"]
        self._event = [c for c, name in heading.fields if name == "event"]
        self._sale = [c for c, name in heading.fields if name in _ELSEWHERE]
        self._unmapped = other_columns(heading, recipe)
        self._names = heading.names
        self._is_sale_word = recipe.is_sale_word

    def find(self, cells: Sequence[str]) -> TotalCell | None:
        """
        The name of a total; `None` if no cell has one.
        """
        text = self._find_mapped(cells)
        if text:
            return TotalCell(text)
        if not WORDS.isdisjoint(cells):
            for column in self._unmapped:
                text = cells[column] if column < len(cells) else ""
                if text in WORDS and not self._is_sale_word(text):
                    return TotalCell(text, self._names[column])
        return None

    def _find_mapped(self, cells: Sequence[str]) -> str:
        is_sale = self._is_sale(cells)
        found = (
            text
            for columns, is_named in (
                (self._number, lambda text: _names_total(text, is_sale=is_sale)),
                (self._type, _is_total_type),
                (() if is_sale else self._event, _is_total_event),
            )
            for text in self._texts(cells, columns)
            if is_named(text) and not self._is_sale_word(text)
        )
        return next(found, "")

    def _is_sale(self, cells: Sequence[str]) -> bool:
        return len(self._texts(cells, self._sale)) == len(self._sale)

    def _texts(self, cells: Sequence[str], columns: Sequence[int]) -> list[str]:
        return [cells[c] for c in columns if c < len(cells) and cells[c]]


def _names_total(text: str, *, is_sale: bool) -> bool:
    """
    Whether an order number is what a total is called. It has a letter where it begins
    or ends then; most numbers have none.
    """
    if text[-1].isdigit() and not text[0].isalpha():
        return False
    if is_sale and _NUMBER.fullmatch(text):
        return False
    return is_total(text) or _NUMBER_OF_TOTAL.fullmatch(text) is not None


@lru_cache(maxsize=1000)
def _is_total_type(text: str) -> bool:
    return is_total(text) or _TYPE_OF_TOTAL.fullmatch(text) is not None


_is_total_event = lru_cache(maxsize=1000)(is_total)
