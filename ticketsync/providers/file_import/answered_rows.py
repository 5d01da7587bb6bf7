"""
Whether the mapped columns of a row say already what an unmapped one says of it: that it
does not count, that it takes something back, that nothing was paid for it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from ticketsync.providers.file_import import no_sale_words
from ticketsync.providers.file_import.heading import Heading
from ticketsync.providers.file_import.recipe import Recipe
from ticketsync.providers.file_import.recipe_keys import WITHOUT_ENTRY
from ticketsync.providers.file_import.unmapped_columns import UnmappedColumn

_MINUS = re.compile(r"[-−–(].*\d|.*\d\s?(?:[-−]|CR)", re.IGNORECASE)
_ZERO = re.compile(r"[^\d]{0,4}0+(?:[.,]0+)?[^\d]{0,4}")
_AMOUNT = re.compile(
    r"[^\d.,]{0,4}(\d{1,3}(?:[ ,.'’\u00a0\u202f]\d{3})+|\d{1,7})"
    r"(?:[.,](\d{1,2}))?[^\d.,]{0,4}"
)
_DAY = re.compile(r"\d{1,4}[-/. ]{1,2}\w{1,9}[-/., ]{1,2}\d{1,4}\b.*")


class AnsweredRows:
    """
    Looks at the cells of one table's rows as they are written.
    """

    def __init__(self, heading: Heading, recipe: Recipe) -> None:
        place: dict[str, int] = {}
        for column, field in heading.fields:
            place.setdefault(field, column)
        self._place = place
        self._numbers = [c for c, field in heading.fields if field == "quantity"]
        self._status, self._kind = recipe.status, recipe.kind
        self._free = {word.casefold() for word in recipe.free}

    def answers(self, item: UnmappedColumn, cells: Sequence[str]) -> bool:
        """
        Whether nothing is left to ask about what a row says in this column.
        """
        if item.is_payment and self.is_free(cells):
            return True
        if not self.is_voided(cells):
            return False
        if not no_sale_words.names_returns(item.plain):
            return True
        state = self._status.get(self._text(cells, "status").lower())
        if state == "cancelled":  # was never paid, so nothing can have gone back
            return False
        return state != "refunded" or self._is_whole(cells[item.column], cells)

    def is_voided(self, cells: Sequence[str]) -> bool:
        """
        Whether a mapped column says that a row does not count or takes back.
        """
        state = self._status.get(self._text(cells, "status").lower())
        kind = self._kind.get(self._text(cells, "kind").lower())
        return state in WITHOUT_ENTRY or kind in ("refund", "ignore")

    def takes_back(self, cells: Sequence[str]) -> bool:
        """
        Whether a row is written below zero.
        """
        return any(
            _MINUS.fullmatch(self._text(cells, field))
            for field in ("quantity", "total", "price")
        )

    def is_free(self, cells: Sequence[str]) -> bool:
        """
        Whether a row has a price, and it is 0.
        """
        texts = [self._text(cells, name) for name in ("total", "price", "fee")]
        priced = [text for text in texts if text]
        return bool(priced) and all(
            _ZERO.fullmatch(text) or text.casefold() in self._free for text in priced
        )

    def _is_whole(self, text: str, cells: Sequence[str]) -> bool:
        """
        Whether an amount that went back is all that was paid; what is no plain amount,
        such as a day, says nothing else.
        """
        back = _plain(text)
        price = _plain(self._text(cells, "total"))
        if price is None and (each := _plain(self._text(cells, "price"))) is not None:
            number = self._number(cells)
            price = None if number is None else each * number
        if back is None:
            return _DAY.fullmatch(text) is not None or not re.search(r"\d", text)
        return price is not None and back in (
            price,
            price + (_plain(self._text(cells, "fee")) or 0),
        )

    def _number(self, cells: Sequence[str]) -> Decimal | None:
        """
        How many tickets a row is; `None` where a number cannot be read.
        """
        texts = [cells[c] for c in self._numbers if c < len(cells) and cells[c]]
        numbers = [_plain(text) for text in texts or ["1"]]
        known = [number for number in numbers if number is not None]
        return sum(known, Decimal()) if len(known) == len(numbers) else None

    def _text(self, cells: Sequence[str], field: str) -> str:
        column = self._place.get(field)
        return "" if column is None or column >= len(cells) else cells[column]


def _plain(text: str) -> Decimal | None:
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    whole = re.sub(r"\D", "", match[1])
    return Decimal(f"{whole}.{match[2] or 0}")
