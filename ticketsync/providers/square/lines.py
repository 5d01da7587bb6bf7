"""
The lines of a Square order as tickets, and the occurrences that they sell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from ticketsync.core import money, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import TicketStatus
from ticketsync.providers import reading
from ticketsync.providers.base import Raw
from ticketsync.providers.square.spec import ANY_AMOUNT, CUSTOM, WITHOUT_SALE

if TYPE_CHECKING:
    pass


def occurrence_id_of(line: Raw) -> str:
    """
    The occurrence that a line sells: its variation, or its name.
    """
    told = line.get("catalog_object_id")
    return str(told) if told else f"{CUSTOM}{line.get('name') or 'Custom Amount'}"


def occurrences_in(raw: Raw) -> dict[str, str]:
    """
    The occurrences that a record is about, with their names: those of its lines, those
    of which nothing was bought last. An order without lines is for an amount.
    """
    if "unlinked" in raw:
        lines = [line for part in raw["returns"] for line in part["return_line_items"]]
        found = {occurrence_id_of(line): line_name(line) for line in lines}
        return found if len(found) == 1 else {WITHOUT_SALE: "Refunds without a sale"}
    sold = raw["order"].get("line_items") or ()
    ordered = sorted(sold, key=lambda line: str(line.get("quantity")) == "0")
    found = {}
    for line in ordered:
        found.setdefault(occurrence_id_of(line), line_name(line))
    return found or {ANY_AMOUNT: "Custom Amount"}


def is_about(raw: Raw, occurrence_id: str) -> bool:
    try:
        return occurrence_id in reading.parsed(occurrences_in, raw)
    except UnreadableRecord:
        return False


def line_name(line: Raw) -> str:
    names = (line.get("name"), line.get("variation_name"))
    return ", ".join(str(name) for name in names if name) or "Custom Amount"


def money_amount(raw: Raw, name: str, currency: str) -> int:
    told = raw.get(name)
    if told is None:
        return 0
    code = told.get("currency") or told.get("currency_code")
    if code != currency:
        raise UnreadableRecord(f"{name} is in {code}, not in {currency}")
    return reading.whole(told, "amount") if "amount" in told else 0


def _quantity(raw: Raw) -> Decimal:
    try:
        found = Decimal(reading.text(raw, "quantity"))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found < 0:
        raise reading.wrong("quantity", raw["quantity"], "a number")
    return found


class OrderLines:
    """
    The lines of an order as tickets; of each line the last ones returned are void.
    """

    def __init__(self, order: Raw, returns: Sequence[Raw], currency: str) -> None:
        self._order = order
        self._currency = currency
        self._lines: list[Raw] = list(order.get("line_items") or ())
        self._quantities = [_quantity(line) for line in self._lines]
        self._keys = _line_keys(self._lines)
        self._returned = [Decimal(0)] * len(self._lines)
        self._astray = Decimal(0)
        for part in returns:
            for line in part.get("return_line_items") or ():
                self._take_back(line)

    def tickets(self) -> Iterator[records.Ticket]:
        for place, line in enumerate(self._lines):
            units = self._units(place)
            if units:
                yield from self._of_line(place, line, units)

    def doubt(self) -> str | None:
        if self._astray:
            return f"a return of {self._astray} things names none of its lines"
        return None

    def _units(self, place: int) -> int:
        """
        What is sold by weight is one thing, whatever it weighs.
        """
        quantity = self._quantities[place]
        return int(quantity) if quantity == int(quantity) else 1

    def _take_back(self, line: Raw) -> None:
        """
        From the line that it names; if it names none, from those that sell the same.
        """
        left = _quantity(line)
        named = str(line.get("source_line_item_uid") or "")
        places = [n for n, key in enumerate(self._keys) if named and key == named]
        if not places:
            same = occurrence_id_of(line)
            places = [
                n for n, it in enumerate(self._lines) if occurrence_id_of(it) == same
            ]
        for place in places:
            more = min(left, self._quantities[place] - self._returned[place])
            self._returned[place] += more
            left -= more
        self._astray += left

    def _of_line(self, place: int, line: Raw, units: int) -> Iterator[records.Ticket]:
        is_whole = self._returned[place] == self._quantities[place]
        gone = units if is_whole else int(self._returned[place])
        gross = money_amount(line, "gross_sales_money", self._currency)
        price = gross - money_amount(line, "total_discount_money", self._currency)
        whole = money_amount(line, "total_money", self._currency)
        parts = zip(
            money.split_evenly(gross, units),
            money.split_evenly(price, units),
            money.split_evenly(whole - price, units),
            money.split_evenly(
                money_amount(line, "total_tax_money", self._currency), units
            ),
            strict=True,
        )
        for n, (listed, face, on_top, tax) in enumerate(parts):
            yield records.Ticket(
                id=f"{self._order['id']}/{self._keys[place]}/{n + 1}",
                occurrence_id=occurrence_id_of(line),
                type_id=occurrence_id_of(line),
                type_name=str(line.get("variation_name") or line_name(line)),
                status=TicketStatus.VOID if n >= units - gone else TicketStatus.VALID,
                checked_in=False,
                face=face,
                fee=on_top,
                listed=listed,
                tax=tax,
            )


def _line_keys(lines: Sequence[Raw]) -> list[str]:
    """
    What tells the lines of an order apart: their `uid`, or where they stand.
    """
    found: list[str] = []
    for n, line in enumerate(lines, 1):
        uid = str(line.get("uid") or "")
        found.append(uid if uid and uid not in found else f"{uid}#{n}")
    return found
