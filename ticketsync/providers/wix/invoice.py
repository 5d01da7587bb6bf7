"""
The invoice of a Wix order.
"""

from __future__ import annotations

from ticketsync.core import money
from ticketsync.core.errors import (
    UnreadableRecord,
)
from ticketsync.providers import reading
from ticketsync.providers.base import (
    Raw,
)


def money_amount(raw: Raw, name: str, currency: str) -> int:
    """
    A Money object: `value` first, the older `amount` where it is missing.
    """
    told = raw.get(name)
    if told is None:
        return 0
    if told.get("currency") not in (None, "", currency):
        raise UnreadableRecord(f"{name} is in {told['currency']}, not in {currency}")
    return reading.amount(
        told, "value" if told.get("value") is not None else "amount", currency
    )


class Invoice:
    """
    The money of an order in minor units; a free order may have no invoice.
    """

    def __init__(self, order: Raw) -> None:
        self.is_reported = order.get("invoice") is not None
        raw = reading.mapping(order, "invoice") if self.is_reported else {}
        price = order.get("totalPrice") or raw.get("grandTotal") or {}
        self.currency = reading.text(price, "currency").upper()
        money.exponent(self.currency)
        self.items = list(raw.get("items") or ())
        self.subtotal = self.of(raw, "subTotal")
        self.discount = self.of(raw.get("discount") or {}, "amount")
        tax = raw.get("tax") or {}
        self.tax = None if tax.get("amount") is None else self.of(tax, "amount")
        self.tax_on_top = bool(tax) and str(tax.get("type")).upper() != "INCLUDED"
        self.fees = [
            (str(fee.get("type") or "").upper(), self.of(fee, "amount"))
            for fee in raw.get("fees") or ()
        ]
        self.total = (
            self.of(raw, "grandTotal")
            if raw.get("grandTotal")
            else self.of(order, "totalPrice")
        )

    def of(self, raw: Raw, name: str) -> int:
        return money_amount(raw, name, self.currency)

    @property
    def added_fees(self) -> int:
        return sum(amount for kind, amount in self.fees if "ADDED" in kind)

    @property
    def faces(self) -> int:
        return self.subtotal - self.discount

    def doubt(self, refunded: int, charged: int) -> str | None:
        on_top = (self.tax or 0) if self.tax_on_top else 0
        parts = self.faces + on_top + self.added_fees
        if self.is_reported and parts != self.total:
            ours, theirs = (
                money.decimal_text(a, self.currency) for a in (parts, self.total)
            )
            return f"its invoice comes to {ours} {self.currency}, not to {theirs}"
        if refunded > charged:
            ours, theirs = (
                money.decimal_text(a, self.currency) for a in (refunded, charged)
            )
            return f"refunded {ours} of {theirs} {self.currency} paid"
        return None


def balance_due(order: Raw, currency: str) -> int:
    """
    What a partly paid order still owes.
    """
    if str(order.get("status")).upper() != "PARTIALLY_PAID":
        return 0
    return money_amount(order.get("balanceSummary") or {}, "balance", currency)
