"""
Rows of headings below the first ones: the same again, as each page of a printed report
has them, or others, under which the cells mean something else. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ticketsync.providers.file_import.one_report.heading import Heading, normalise
from ticketsync.providers.file_import.recipes.recipe_keys import AMOUNTS

_LEAST = 3  # cells of a row of headings
_WITH_DIGITS = ("starts", "date", "time", "placed", "quantity", *AMOUNTS)
_WORDS = frozenset(
    (
        *("order", "orders", "booking", "event", "show", "performance", "production"),
        *("date", "time", "start", "starts", "type", "ticket", "tickets", "price"),
        *("qty", "quantity", "seat", "seats", "total", "amount", "amounts", "paid"),
        *("refund", "refunds", "refunded", "returned", "returns", "reason", "fee"),
        *("fees", "tax", "gst", "vat", "status", "state", "name", "email", "phone"),
        *("number", "no", "nr", "id", "ref", "reference", "purchased", "bought"),
        *("placed", "venue", "kind", "commission", "discount", "gross", "net", "sold"),
        *("value", "per", "of", "on", "at", "original", "row", "customer", "currency"),
    )
)


class HeadingRows:
    """
    Recognises rows of headings of one table.
    """

    def __init__(self, heading: Heading) -> None:
        self._names = [normalise(name) for name in heading.names]
        self._written = heading.names
        self._mapped = [column for column, _ in heading.fields]
        self._numbers = [c for c, name in heading.fields if name in _WITH_DIGITS]

    def is_heading(self, cells: Sequence[str]) -> bool:
        """
        Whether a row has headings, the same or others.
        """
        if any(_has_digit(cells[c]) for c in self._numbers if c < len(cells)):
            return False
        found = [(n, normalise(cell)) for n, cell in enumerate(cells) if cell]
        known = sum(self._is_known(n, name) for n, name in found)
        return len(found) >= _LEAST and known * 2 > len(found)

    def difference(self, cells: Sequence[str]) -> tuple[str, str]:
        """
        The first heading of such a row that differs, and the one of its column above,
        each as written; two times `""` where it has the same headings.
        """
        for n in (*self._mapped, *range(len(cells))):
            there = cells[n] if n < len(cells) else ""
            above = self._names[n] if n < len(self._names) else ""
            if normalise(there) != above and (there or n in self._mapped):
                return there, self._written[n] if above else ""
        return "", ""

    def _is_known(self, column: int, name: str) -> bool:
        if column < len(self._names) and name == self._names[column]:
            return True
        words = re.findall(r"[^\W\d_]+", name)
        return bool(words) and _WORDS.issuperset(words)


def _has_digit(text: str) -> bool:
    return text[:1].isdigit() or any(map(str.isdigit, text))
