"""
Rows of an order that are not tickets: the fees, or the taxes, of a report that has a
row for each. Above zero they were charged at purchase, below zero they went back.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.redact import safe
from ticketsync.providers.file_import.orders import returned_tickets, row_returns
from ticketsync.providers.file_import.orders.line_values import Cells, LineValues
from ticketsync.providers.file_import.recipes.recipe_keys import NEVER_PAID


class Entries:
    """
    The fee rows, or the tax rows, of one order; `sold` are the statuses of its sales.

    words    the status of each row that charges something, as far as it has one
    Raises `UnreadableRecord`, also for a row without a status in an order of which
    something went back or was cancelled.
    """

    def __init__(
        self, values: LineValues, lines: Sequence[Cells], sold: Sequence[str]
    ) -> None:
        self._values = values
        self._sold = set(sold)
        self.lines = lines
        self._amounts = [values.line_total(line) for line in lines]
        charging = [
            (line, amount)
            for line, amount in zip(lines, self._amounts, strict=True)
            if amount > 0
        ]
        self._words = [self._word(line, amount) for line, amount in charging]
        self._charging = [
            (line, amount, word)
            for (line, amount), word in zip(charging, self._words, strict=True)
        ]

    @property
    def words(self) -> list[str]:
        return self._words

    @functools.cached_property
    def charged_rows(self) -> list[tuple[Cells, int]]:
        """
        What was charged at purchase, row by row in minor units; all of it where nothing
        of the order was paid.
        """
        words = {*self._sold, *self._words}
        is_open = bool(words) and words <= set(NEVER_PAID)
        return [
            (line, amount)
            for line, amount, word in self._charging
            if word != "comp" and (is_open or word not in NEVER_PAID)
        ]

    @functools.cached_property
    def charged(self) -> int:
        return sum(amount for _, amount in self.charged_rows)

    @property
    def taken_back(self) -> list[tuple[Cells, int]]:
        """
        The rows below zero, each with what it takes back in minor units.
        """
        return [
            (line, -amount)
            for line, amount in zip(self.lines, self._amounts, strict=True)
            if amount < 0
        ]

    @functools.cached_property
    def returned(self) -> int:
        """
        What went back of it, in minor units. Raises `UnreadableRecord` where the rows
        take back more than the order was charged, or say it in two ways.
        """
        stated = sum(amount for _, amount in self._stated)
        below = self.taken_back
        for line, _ in below:
            row_returns.refuse_open(self._values, line)
        back = sum(amount for _, amount in below)
        if back > self.charged:
            shown = self._values.shown
            raise UnreadableRecord(
                f"a row of the kind {safe(below[0][0].get('kind', ''))!r} "
                f"takes back {shown(back)}, and no report that was read has more than "
                f"{shown(self.charged)} of it for this order",
                word="too-much-returned",
            )
        return returned_tickets.counted_once(
            stated, back, self.charged, self._values.shown
        )

    @property
    def returned_rows(self) -> list[tuple[Cells, int]]:
        """
        The rows that say what went back, each once. Raises as `returned`.
        """
        below = self.taken_back
        is_repeated = sum(amount for _, amount in below) == self.returned
        return below if is_repeated else [*self._stated, *below]

    @property
    def _stated(self) -> list[tuple[Cells, int]]:
        return [(line, amount) for line, amount, w in self._charging if w == "refunded"]

    def _word(self, line: Cells, amount: int) -> str:
        if line.get("status") or not self._values.rules["status"]:
            return self._values.status_of_entry(line)
        if len(self._sold) == 1 and self._sold <= set(NEVER_PAID):
            return next(iter(self._sold))
        if self._sold & {"refunded", *NEVER_PAID}:
            raise UnreadableRecord(
                f"{safe(line.get('kind', ''))} of {self._values.shown(amount)} has no "
                "status, and of its order something was not paid or went back: give "
                "the row a status",
                word="unknown-status",
            )
        return "paid"
