"""
What one line of an order says: its amounts in minor units, its number of tickets, its
status, and what it is. Pure: the rules come with the raw record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketsync.core import money
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.redact import safe
from ticketsync.core.written import written_amounts
from ticketsync.core.written.written_numbers import whole_number
from ticketsync.providers import reading
from ticketsync.providers.base import Raw
from ticketsync.providers.file_import.orders.events_from_rows import (
    occurrence_of,
    parse_time,
)
from ticketsync.providers.file_import.recipes.recipe_keys import STATUSES

Cells = Mapping[str, str]
_AMOUNTS = ("total", "discount", "fee", "kept", "tax", "refunded", "order_total")


_SIGNED = ("quantity", "total", "price")  # below zero on a row that takes back


class LineValues:
    """
    Reads the lines of one order. `has_quantity` says whether its report has numbers of
    tickets. Its methods raise `UnreadableRecord`.
    """

    def __init__(self, raw: Raw) -> None:
        self.rules: Mapping[str, Any] = raw["rules"]
        self.currency = _currency(raw["lines"], self.rules)
        self.has_quantity = bool(
            self.rules.get("has_quantity", "quantity" in raw["lines"][0])
        )

    def kind(self, line: Cells) -> str:
        """
        What a line is: `sale`, `refund`, `fee`, `tax`, or `nothing` for a price that
        the report lists and nobody bought. Raises `UnreadableRecord` for a discount of
        more than the price.
        """
        kinds: Mapping[str, str] = self.rules.get("kind", {})
        kind = str(kinds.get(line.get("kind", "").lower(), ""))
        if kind in ("fee", "tax", "refund"):
            return kind
        quantity = self.quantity(line)
        if quantity == 0 and not any(self.amount(line, name) for name in _AMOUNTS):
            return "nothing"
        if quantity < 0 or self.line_total(line) < 0:
            if not any(line.get(it, "").startswith("-") for it in _SIGNED):
                raise UnreadableRecord("its discount is more than its price")
            return "refund"
        return "sale"

    def status(self, line: Cells) -> str:
        """
        Raises `UnreadableRecord` for a word that the recipe does not know.
        """
        word = line.get("status", "")
        if not word and not self.rules["status"]:
            return "paid"
        try:
            return str(self.rules["status"][word.lower()])
        except KeyError:
            raise UnreadableRecord(
                f"status is {safe(word, longest=60)!r}, which the recipe does not "
                f"know: add it to one of {', '.join(STATUSES)} under `status`",
                word="unknown-status",
            ) from None

    def status_of_entry(self, line: Cells) -> str:
        """
        The status of a row that sells no ticket. A row without one is a fact. Raises
        `UnreadableRecord` as `status` does.
        """
        return self.status(line) if line.get("status") else "paid"

    def quantity(self, line: Cells) -> int:
        """
        Raises `UnreadableRecord` for what is not a whole number.
        """
        text = line.get("quantity", "1")
        try:
            return whole_number(text, self.rules["decimal"])
        except ValueError:
            raise UnreadableRecord(
                f"quantity is {safe(text)!r}, not a whole number"
            ) from None

    def line_total(self, line: Cells) -> int:
        """
        The price of all tickets of a line, after discounts. Raises `UnreadableRecord`
        where it has none.
        """
        total = self.amount(line, "total")
        if total is not None:
            return total
        price = self.amount(line, "price")
        if price is None:
            raise UnreadableRecord(
                "it has no price; if it was free, and the recipe maps only one of "
                '`price` and `total`: `free: [""]` in the recipe'
            )
        return price * abs(self.quantity(line)) - (self.amount(line, "discount") or 0)

    def fee(self, line: Cells) -> int:
        """
        What the buyer paid beside the price of a line.
        """
        if self._is_listed_alone(line):
            return 0
        return self.amount(line, "fee") or 0

    def tax(self, line: Cells) -> int | None:
        """
        The tax of a line; `None` where it says nothing of it.
        """
        if self._is_listed_alone(line):
            return 0
        per_ticket = self.amount(line, "tax_per_ticket")
        if per_ticket is not None:
            return per_ticket * abs(self.quantity(line))
        return self.amount(line, "tax")

    def _is_listed_alone(self, line: Cells) -> bool:
        """
        Whether the amounts of a line are those of a list that nobody paid: of a
        complimentary ticket with a price, of which nothing went back.
        """
        word = line.get("status", "").lower()
        if self.rules["status"].get(word) != "comp":
            return False
        return bool(self.line_total(line)) and not self.amount(line, "refunded")

    def added_tax(self, line: Cells) -> int:
        """
        The tax that was added to the price of a line, as far as it is known.
        """
        return (self.tax(line) or 0) if self.rules["tax_on_top"] else 0

    def side(self, line: Cells) -> int:
        """
        On which side of zero a row that takes something back writes what went back: -1
        or 1. Reports that write all amounts above zero say by the kind of the row, or
        by the number of tickets, that they went back.
        """
        total = self.amount(line, "total")
        if total:
            return -1 if total < 0 else 1
        price = self.amount(line, "price") if total is None else None
        if self.quantity(line) < 0 or not price:
            return -1
        return -1 if price < 0 else 1

    def occurrence(self, line: Cells) -> Raw:
        """
        The occurrence that a line names. Raises `UnreadableRecord` if it names none.
        """
        occurrence = occurrence_of(line, self.rules)
        if occurrence is None:
            parse_time(line, self.rules, "starts")  # says what is wrong with the time
            raise UnreadableRecord("it has no event or no time")
        return occurrence

    def amount(self, line: Cells, name: str) -> int | None:
        """
        The amount in a field in minor units; `None` if the line has none. Raises
        `UnreadableRecord` for what is not an amount.
        """
        text = line.get(name)
        if text is None:
            return None
        try:
            if self.rules.get("is_plain"):
                return money.from_decimal_text(text, self.currency)
            decimal: written_amounts.DecimalSign = (
                "," if self.rules["decimal"] == "," else "."
            )
            return written_amounts.minor_units(text, self.currency, decimal)
        except ValueError as error:
            reason = getattr(error, "reason", f"not an amount in {self.currency}")
            raise UnreadableRecord(f"{name} is {safe(text)!r}, {reason}") from None

    def shown(self, minor: int) -> str:
        return money.text_with_currency(minor, self.currency)


def _currency(lines: list[Cells], rules: Mapping[str, Any]) -> str:
    codes = {line.get("currency", rules["currency"]).strip().upper() for line in lines}
    if len(codes) != 1 or not codes - {""}:
        raise UnreadableRecord(f"its currency is {safe(', '.join(sorted(codes)))!r}")
    code = str(codes.pop())
    reading.refuse_unknown_currency(code)
    return code
