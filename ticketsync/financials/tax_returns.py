"""
The boxes of tax returns, filled from a worksheet: Australia's activity statement, the
United Kingdom's VAT return, New Zealand's GST return. Pure.

Labels are those of the forms as they are generally known; check them against a current
form. Amounts are minor units of the worksheet's currency.

What has no rule is in no box: a box that it could belong to is not complete, and holds
nothing instead of a zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ticketsync.core import money
from ticketsync.core.settings.tax_rules import EXEMPT, FREE
from ticketsync.financials.tax_worksheet import FEE, REFUND, SALE, Worksheet
from ticketsync.financials.taxing import OUTSIDE, TAXED

PLAIN: Final = "plain"
_SALES: Final = (SALE, REFUND)
_FEES: Final = (FEE,)
_BOTH: Final = (*_SALES, *_FEES)
# The lines of each side that are in a box.
_IN_BOXES: Final = {_SALES: (TAXED, FREE, EXEMPT), _FEES: (TAXED, OUTSIDE)}
_NOT_FILLED: Final = "–"


@dataclass(frozen=True, slots=True)
class Box:
    """
    One box of a return, in minor units. `exact` is the amount before it was cut to
    whole units, where the form drops what is below one (`is_whole`). It is made of
    `flows`; it is complete where the rules say of all of them how they are taxed, and
    not filled where it would be nothing, or the difference of nothing, without it.
    """

    label: str
    text: str
    amount: int
    exact: int
    is_whole: bool = False
    flows: tuple[str, ...] = _SALES
    is_complete: bool = True
    is_filled: bool = True

    def written(self, currency: str) -> str | None:
        """
        The amount as the form wants it: `5452`, `3747.27`; `None` where it is not
        filled.
        """
        if not self.is_filled:
            return None
        return self._as_form(money.decimal_text(self.amount, currency))

    def written_exact(self, currency: str) -> str | None:
        """
        The amount before it was cut: `5452.40`.
        """
        return money.decimal_text(self.exact, currency) if self.is_filled else None

    def grouped(self, currency: str) -> str:
        """
        The same for people, its thousands separated: `5,452`; a dash where it is not
        filled.
        """
        if not self.is_filled:
            return _NOT_FILLED
        return self._as_form(money.grouped_text(self.amount, currency))

    def _as_form(self, text: str) -> str:
        return text.partition(".")[0] if self.is_whole else text


def _whole_units(amount: int, currency: str) -> int:
    """
    An amount with what is below one unit dropped, towards zero.
    """
    unit: int = 10 ** money.exponent(currency)
    cut = abs(amount) // unit * unit
    return -cut if amount < 0 else cut


def _cut(
    label: str, text: str, exact: int, currency: str, flows: tuple[str, ...] = _SALES
) -> Box:
    whole = _whole_units(exact, currency)
    return Box(label, text, whole, exact, is_whole=True, flows=flows)


def _box(label: str, text: str, exact: int, flows: tuple[str, ...] = _SALES) -> Box:
    return Box(label, text, exact, exact, flows=flows)


def _bas(sheet: Worksheet, currency: str) -> list[Box]:
    sales = sheet.total(currency, (TAXED, FREE, EXEMPT))
    values = (
        ("G1", "total sales, GST included", sales),
        ("G3", "other GST-free sales", sheet.total(currency, (FREE,))),
        ("G4", "input taxed sales", sheet.total(currency, (EXEMPT,))),
        ("1A", "GST on sales", sheet.tax(currency)),
    )
    reclaimed = sheet.tax(currency, _FEES)
    return [
        *(_cut(label, text, exact, currency) for label, text, exact in values),
        _cut("1B", "GST on purchases: fees", reclaimed, currency, _FEES),
    ]


def _uk_vat(sheet: Worksheet, currency: str) -> list[Box]:
    due = sheet.tax(currency)
    reclaimed = sheet.tax(currency, (FEE,))
    sales = sheet.total(currency, (TAXED, FREE, EXEMPT)) - due
    fees = sheet.bought(currency) - reclaimed
    return [
        _box("1", "VAT due on sales", due),
        _box("4", "VAT reclaimed on fees", reclaimed, _FEES),
        _box("5", "difference of 1 and 4", due - reclaimed, _BOTH),
        _cut("6", "sales without VAT", sales, currency),
        _cut("7", "fees without VAT", fees, currency, _FEES),
    ]


def _nz_gst(sheet: Worksheet, currency: str) -> list[Box]:
    taxed = sheet.total(currency, (TAXED,))
    free = sheet.total(currency, (FREE,))
    fees = sheet.total(currency, (TAXED,), (FEE,))
    due = sheet.tax(currency)
    reclaimed = sheet.tax(currency, (FEE,))
    return [
        _box("5", "sales and income, GST included", taxed + free),
        _box("6", "zero-rated sales in 5", free),
        _box("7", "5 without 6", taxed),
        _box("8", "GST in 7", due),
        _box("11", "fees, GST included", fees, _FEES),
        _box("12", "GST in 11", reclaimed, _FEES),
        _box("15", "difference of 8 and 12", due - reclaimed, _BOTH),
    ]


def _plain(sheet: Worksheet, currency: str) -> list[Box]:
    return []


_LAYOUTS: Final[Mapping[str, Callable[[Worksheet, str], list[Box]]]] = {
    "bas": _bas,
    "uk-vat": _uk_vat,
    "nz-gst": _nz_gst,
    PLAIN: _plain,
}
LAYOUTS: Final = tuple(_LAYOUTS)
_OF_COUNTRIES: Final = {"AU": "bas", "GB": "uk-vat", "UK": "uk-vat", "NZ": "nz-gst"}


def layout_of(country: str) -> str:
    """
    The layout for a country (ISO 3166, two letters); the plain one where there is none.
    """
    return _OF_COUNTRIES.get(country.strip().upper(), PLAIN)


def fill_boxes(layout: str, sheet: Worksheet, currency: str) -> list[Box]:
    """
    The boxes of one of `LAYOUTS` in one currency.
    """
    return [_checked(box, sheet, currency) for box in _LAYOUTS[layout](sheet, currency)]


def _checked(box: Box, sheet: Worksheet, currency: str) -> Box:
    """
    The box, with whether it is complete and filled.
    """
    if sheet.is_complete(currency, box.flows):
        return box
    is_filled = box.exact != 0 and all(
        _has_any(sheet, currency, side)
        for side in (_SALES, _FEES)
        if {*side} <= {*box.flows} and not sheet.is_complete(currency, side)
    )
    return replace(box, is_complete=False, is_filled=is_filled)


def _has_any(sheet: Worksheet, currency: str, side: tuple[str, ...]) -> bool:
    """
    Whether there are lines of these flows that are in a box.
    """
    return any(
        line.currency == currency
        and line.flow in side
        and line.state in _IN_BOXES[side]
        for line in sheet.lines
    )
