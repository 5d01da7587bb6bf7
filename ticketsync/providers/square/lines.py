"""
The lines of a Square order as tickets, and the occurrences that they sell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation

from ticketsync.core import money, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import TicketStatus
from ticketsync.providers import reading
from ticketsync.providers.base import Raw
from ticketsync.providers.square import line_prices
from ticketsync.providers.square.spec import ANY_AMOUNT, CUSTOM, WITHOUT_SALE


def occurrence_id_of(line: Raw) -> str:
    """
    The occurrence that a line sells: its variation, or its name.
    """
    variation_id = line.get("catalog_object_id")
    if variation_id:
        return str(variation_id)
    return f"{CUSTOM}{line.get('name') or 'Custom Amount'}"


def occurrences_in(raw: Raw) -> dict[str, str]:
    """
    Id → name of the occurrences that a raw record is about: those of its lines, the
    ones with a quantity of 0 last. An order without lines is for a custom amount.
    """
    if "unlinked" in raw:
        lines = [line for part in raw["returns"] for line in part["return_line_items"]]
        names = {occurrence_id_of(line): line_name(line) for line in lines}
        return names if len(names) == 1 else {WITHOUT_SALE: "Refunds without a sale"}
    sold = raw["order"].get("line_items") or ()
    ordered = sorted(sold, key=lambda line: str(line.get("quantity")) == "0")
    names = {}
    for line in ordered:
        names.setdefault(occurrence_id_of(line), line_name(line))
    return names or {ANY_AMOUNT: "Custom Amount"}


def is_about(raw: Raw, occurrence_id: str) -> bool:
    """
    Whether a raw record, not validated yet, is about an occurrence.
    """
    try:
        return occurrence_id in reading.parsed(occurrences_in, raw)
    except UnreadableRecord:
        return False


def line_name(line: Raw) -> str:
    """
    Item and variation.
    """
    names = (line.get("name"), line.get("variation_name"))
    return ", ".join(str(name) for name in names if name) or "Custom Amount"


def money_amount(raw: Raw, name: str, currency: str) -> int:
    """
    A Money object in minor units, 0 if it is missing. Raises `UnreadableRecord` for
    another currency.
    """
    value = raw.get(name)
    if value is None:
        return 0
    code = value.get("currency") or value.get("currency_code")
    if code != currency:
        raise UnreadableRecord(f"{name} is in {code}, not in {currency}")
    return reading.whole(value, "amount") if "amount" in value else 0


def _quantity(raw: Raw) -> Decimal:
    try:
        quantity = Decimal(reading.text(raw, "quantity"))
    except InvalidOperation:
        quantity = Decimal("NaN")
    if not quantity.is_finite() or quantity < 0:
        raise reading.wrong("quantity", raw["quantity"], "a number")
    return quantity


class OrderLines:
    """
    The lines of an order as tickets. Of each line the last tickets are void, as many as
    were returned.
    """

    def __init__(self, order: Raw, returns: Sequence[Raw], currency: str) -> None:
        self._order = order
        self._currency = currency
        self._lines: list[Raw] = list(order.get("line_items") or ())
        self._quantities = [_quantity(line) for line in self._lines]
        self._keys = _line_keys(self._lines)
        self._returned = [Decimal(0)] * len(self._lines)
        self._unmatched = Decimal(0)
        for part in returns:
            for line in part.get("return_line_items") or ():
                self._return(line)

    def tickets(self) -> Iterator[records.Ticket]:
        for index, line in enumerate(self._lines):
            units = self._units(index)
            if units:
                yield from self._tickets_of_line(index, line, units)

    def discrepancy(self) -> str | None:
        """
        Whether something was returned that was not sold, or the amounts of a line
        contradict its quantity.
        """
        if self._unmatched:
            if self._unmatched == 1:
                return "1 returned item matches none of its lines"
            return f"{self._unmatched} returned items match none of its lines"
        names = map(line_name, self._lines)
        sold = zip(names, self._quantities, self._lines, strict=True)
        return line_prices.find_contradiction(sold, self._currency)

    def _units(self, index: int) -> int:
        """
        What is sold by weight is one unit, whatever it weighs.
        """
        quantity = self._quantities[index]
        return int(quantity) if quantity == int(quantity) else 1

    def _return(self, line: Raw) -> None:
        """
        A return reduces the line that it names; if it names none, those that sell the
        same.
        """
        remaining = _quantity(line)
        uid = str(line.get("source_line_item_uid") or "")
        indexes = [n for n, key in enumerate(self._keys) if uid and key == uid]
        if not indexes:
            same = occurrence_id_of(line)
            indexes = [
                n
                for n, sold in enumerate(self._lines)
                if occurrence_id_of(sold) == same
            ]
        for index in indexes:
            quantity = min(remaining, self._quantities[index] - self._returned[index])
            self._returned[index] += quantity
            remaining -= quantity
        self._unmatched += remaining

    def _tickets_of_line(
        self, index: int, line: Raw, units: int
    ) -> Iterator[records.Ticket]:
        is_returned = self._returned[index] == self._quantities[index]
        void = units if is_returned else int(self._returned[index])
        gross = money_amount(line, "gross_sales_money", self._currency)
        price = gross - money_amount(line, "total_discount_money", self._currency)
        on_top = money_amount(line, "total_money", self._currency) - price
        tax = money_amount(line, "total_tax_money", self._currency)
        parts = zip(
            money.split_evenly(gross, units),
            money.split_evenly(price, units),
            money.split_evenly(on_top, units),
            money.split_evenly(self._tax_added(line, on_top, tax), units),
            money.split_evenly(tax, units),
            strict=True,
        )
        for n, (listed, face, more, added, of_ticket) in enumerate(parts):
            yield records.Ticket(
                id=f"{self._order['id']}/{self._keys[index]}/{n + 1}",
                occurrence_id=occurrence_id_of(line),
                type_id=occurrence_id_of(line),
                type_name=str(line.get("variation_name") or line_name(line)),
                status=TicketStatus.VOID if n >= units - void else TicketStatus.VALID,
                checked_in=False,
                face=face,
                fee=more - added,
                listed=listed,
                tax=of_ticket,
                tax_added=added,
            )

    def _tax_added(self, line: Raw, on_top: int, tax: int) -> int:
        """
        The tax of a line that is beyond its price; the rest of what is on top are
        service charges.
        """
        charges = money_amount(line, "total_service_charge_money", self._currency)
        return max(0, min(tax, on_top - charges))


def _line_keys(lines: Sequence[Raw]) -> list[str]:
    """
    What distinguishes the lines of an order: their `uid`, or their position.
    """
    keys: list[str] = []
    for n, line in enumerate(lines, 1):
        uid = str(line.get("uid") or "")
        keys.append(uid if uid and uid not in keys else f"{uid}#{n}")
    return keys
