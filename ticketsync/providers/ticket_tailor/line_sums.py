"""
The lines of a Ticket Tailor order. Whether a line's amounts are per unit or per line is
unverified: the interpretation under which the order adds up is taken.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ticketsync.core import money
from ticketsync.core.errors import UnreadableRecord
from ticketsync.providers import reading
from ticketsync.providers.base import Raw


class Amounts:
    """
    Parses amounts of one order, which states its own currency multiplier.
    """

    def __init__(self, currency: str, multiplier: int) -> None:
        if multiplier <= 0:
            raise UnreadableRecord(f"base_multiplier is {multiplier}")
        self._currency = currency
        self._multiplier = multiplier
        self._is_iso = multiplier == 10 ** money.exponent(currency)

    def get(self, raw: Raw, name: str) -> int:
        value = reading.whole(raw, name)
        if self._is_iso:
            return value
        return money.rescale(value, self._multiplier, self._currency)

    def get_or_zero(self, raw: Raw, name: str) -> int:
        return 0 if raw.get(name) is None else self.get(raw, name)


class _Line(msgspec.Struct, frozen=True):
    kind: str
    item: str
    quantity: int
    value: int
    fee: int
    total: int


class LineSums(msgspec.Struct, frozen=True):
    """
    The lines of an order under one interpretation: prices and fees of each ticket, by
    ticket type, and the sums of everything else. A gift card that pays is below zero,
    one that is sold above it: a debt of the venue and no sale of a show. What the buyer
    pays for its booking is among the charges.
    """

    faces: dict[str, list[int]]
    fees: dict[str, list[int]]
    charges: int
    addons: int
    donations: int
    vouchers: int
    gift_cards_sold: int
    adds_up: bool


_LINE_KINDS = {
    "ticket": "ticket",
    "transaction_charge": "charge",
    "donation": "donation",
    "gift_card": "voucher",
    "tax": "tax",
    "void": "void",
    "product": "addon",
}


def parse_lines(amounts: Amounts, raws: list[Raw]) -> list[_Line]:
    """
    Raises `UnreadableRecord` for an unknown type of line.
    """
    return [
        _Line(
            kind=_line_kind(raw),
            item=str(raw.get("item_id") or ""),
            quantity=reading.whole(raw, "quantity"),
            value=amounts.get(raw, "value"),
            fee=amounts.get_or_zero(raw, "booking_fee"),
            total=amounts.get(raw, "total"),
        )
        for raw in raws
    ]


def _line_kind(raw: Raw) -> str:
    if str(raw.get("item_id") or "").startswith("pr_"):
        return "addon"
    return reading.word(raw, "type", _LINE_KINDS)


# An interpretation says what one line cost: (price, booking fee, does the line agree?).
# The most plausible first; see the unverified points in the package's docstring.
_INTERPRETATIONS = (
    lambda q, v, f, total: (q * v, q * f, total == q * (v + f)),
    lambda q, v, f, total: (q * v, q * f, total == q * v),
    lambda q, v, f, total: (v, f, total == v + f),
    lambda q, v, f, total: (v, f, total == v),
    lambda q, v, f, total: (total, 0, True),
)


def sum_lines_of_order(lines: list[_Line], total: int, tax_on_top: int) -> LineSums:
    """
    The order's sums under the first interpretation by which it adds up to its total.
    """
    has_tax_line = any(line.kind == "tax" for line in lines)
    on_top = 0 if has_tax_line else tax_on_top
    fallback: LineSums | None = None
    for interpret in _INTERPRETATIONS:
        sums, of_lines, agrees = _sum_lines(lines, interpret)
        voided = sum(line.total for line in lines if line.kind == "void")
        if agrees and total in (of_lines + on_top, of_lines + on_top + voided):
            return sums
        fallback = sums
    assert fallback is not None
    return msgspec.structs.replace(fallback, adds_up=False)


def _sum_lines(lines: list[_Line], interpret: Any) -> tuple[LineSums, int, bool]:
    """
    The sums, their total, and whether every line agrees with the interpretation.
    """
    faces: dict[str, list[int]] = {}
    fees: dict[str, list[int]] = {}
    other = {"charge": 0, "addon": 0, "donation": 0, "voucher": 0, "tax": 0}
    total = cards_sold = 0
    agrees = True
    for line in lines:
        if line.kind == "void":
            continue
        price, fee, is_consistent = interpret(
            line.quantity, line.value, line.fee, line.total
        )
        agrees = agrees and is_consistent
        total += price + fee
        if line.kind == "ticket" and line.quantity > 0:
            faces.setdefault(line.item, []).extend(
                money.split_evenly(price, line.quantity)
            )
            fees.setdefault(line.item, []).extend(
                money.split_evenly(fee, line.quantity)
            )
        elif line.kind == "ticket":
            agrees = agrees and price == 0
        else:
            if line.kind == "voucher" and price > 0:
                cards_sold += price
                other["charge"] += fee  # it is no part of what is owed
            else:
                other[line.kind] += price + fee
    sums = LineSums(
        faces,
        fees,
        charges=other["charge"],
        addons=other["addon"],
        donations=other["donation"],
        vouchers=-other["voucher"],
        gift_cards_sold=cards_sold,
        adds_up=True,
    )
    return sums, total, agrees
