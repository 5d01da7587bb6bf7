"""
Whether the mapped columns of a row say already what an unmapped one says of it: that it
does not count, that it takes something back, that nothing was paid for it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ticketsync.core import money
from ticketsync.core.written import written_amounts
from ticketsync.core.written.written_amounts import WrittenAmountError
from ticketsync.core.written.written_numbers import whole_number
from ticketsync.providers.file_import.one_report import no_sale_words
from ticketsync.providers.file_import.one_report.heading import Heading
from ticketsync.providers.file_import.one_report.unmapped_columns import UnmappedColumn
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.recipes.recipe_keys import (
    NEVER_PAID,
    WITHOUT_ENTRY,
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
        self._currency = recipe.currency
        self._free = {word.casefold() for word in recipe.free}

    def answers(self, item: UnmappedColumn, cells: Sequence[str]) -> bool:
        """
        Whether nothing is left to ask about what a row says in this column.
        """
        if item.is_payment and (self.is_free(cells) or self._is_not_charged(cells)):
            return True
        if item.is_payment and self.takes_back(cells):
            return not no_sale_words.is_open_payment(cells[item.column])
        if not self.is_voided(cells):
            return False
        if not no_sale_words.names_returns(item.plain):
            return True
        state = self._status.get(self._text(cells, "status").lower())
        if state == "cancelled":  # was never paid, so nothing can have gone back
            return False
        return state != "refunded" or self._is_whole(cells[item.column], cells)

    def _is_not_charged(self, cells: Sequence[str]) -> bool:
        """
        Whether a mapped column says that nothing was paid for a row.
        """
        state = self._status.get(self._text(cells, "status").lower())
        return state == "comp" or state in NEVER_PAID

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
            written_amounts.is_below_zero(self._text(cells, field))
            for field in ("quantity", "total", "price")
        )

    def is_free(self, cells: Sequence[str]) -> bool:
        """
        Whether a row has a price, and it is 0.
        """
        texts = [self._text(cells, name) for name in ("total", "price", "fee")]
        priced = [text for text in texts if text]
        return bool(priced) and all(
            written_amounts.is_zero(text) or text.casefold() in self._free
            for text in priced
        )

    def _is_whole(self, text: str, cells: Sequence[str]) -> bool:
        """
        Whether an amount that went back is all that was paid; what is not a plain
        amount, such as a day, says nothing else.
        """
        if text == self._text(cells, "total"):
            return True
        back = self._minor_units(text, cells)
        if back is None:
            return _DAY.fullmatch(text) is not None or not re.search(r"\d", text)
        paid = self._paid(cells)
        fee = self._minor_units(self._text(cells, "fee"), cells) or 0
        return paid is not None and back in (paid, paid + fee)

    def _paid(self, cells: Sequence[str]) -> int | None:
        """
        What the tickets of a row cost; `None` where it cannot be said.
        """
        total = self._minor_units(self._text(cells, "total"), cells)
        if total is not None:
            return total
        each = self._minor_units(self._text(cells, "price"), cells)
        number = self._number(cells)
        return None if each is None or number is None else each * number

    def _minor_units(self, text: str, cells: Sequence[str]) -> int | None:
        """
        An amount without its sign; `None` for what is none in the currency of the row,
        or may be two.
        """
        code = self._text(cells, "currency").strip().upper() or self._currency
        if code not in money.EXPONENTS:
            return None
        try:
            return abs(written_amounts.minor_units(text, code, ""))
        except WrittenAmountError:
            return None

    def _number(self, cells: Sequence[str]) -> int | None:
        """
        How many tickets a row is; `None` where a number cannot be read.
        """
        texts = [cells[c] for c in self._numbers if c < len(cells) and cells[c]]
        try:
            return abs(sum(whole_number(text) for text in texts or ["1"]))
        except ValueError:
            return None

    def _text(self, cells: Sequence[str], field: str) -> str:
        column = self._place.get(field)
        return "" if column is None or column >= len(cells) else cells[column]
