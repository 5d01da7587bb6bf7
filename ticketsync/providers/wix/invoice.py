"""
The invoice of a Wix order.
"""

from __future__ import annotations

from ticketsync.core import money
from ticketsync.core.errors import UnreadableRecord
from ticketsync.providers import reading
from ticketsync.providers.base import Raw


def money_amount(raw: Raw, name: str, currency: str) -> int:
    """
    A Money object in minor units: its `value`, or the older `amount` where that is
    missing. Raises `UnreadableRecord` for another currency.
    """
    value = raw.get(name)
    if value is None:
        return 0
    if value.get("currency") not in (None, "", currency):
        raise UnreadableRecord(f"{name} is in {value['currency']}, not in {currency}")
    return reading.amount(
        value, "value" if value.get("value") is not None else "amount", currency
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
        self.subtotal = self.amount(raw, "subTotal")
        self.discount = self.amount(raw.get("discount") or {}, "amount")
        tax = raw.get("tax") or {}
        self.tax = None if tax.get("amount") is None else self.amount(tax, "amount")
        self.tax_on_top = bool(tax) and str(tax.get("type")).upper() != "INCLUDED"
        self.fees = [
            (str(fee.get("type") or "").upper(), self.amount(fee, "amount"))
            for fee in raw.get("fees") or ()
        ]
        self.total = (
            self.amount(raw, "grandTotal")
            if raw.get("grandTotal")
            else self.amount(order, "totalPrice")
        )

    def amount(self, raw: Raw, name: str) -> int:
        return money_amount(raw, name, self.currency)

    @property
    def added_fees(self) -> int:
        """
        The fees that the buyer paid on top.
        """
        return sum(amount for kind, amount in self.fees if "ADDED" in kind)

    @property
    def faces(self) -> int:
        """
        The ticket prices of all tickets, after discounts.
        """
        return self.subtotal - self.discount

    def discrepancy(self, refunded: int, charged: int) -> str | None:
        """
        Why the amounts do not add up, if they do not.
        """
        on_top = (self.tax or 0) if self.tax_on_top else 0
        parts = self.faces + on_top + self.added_fees
        if self.is_reported and parts != self.total:
            ours, theirs = (
                money.decimal_text(a, self.currency) for a in (parts, self.total)
            )
            return f"its invoice comes to {ours} {self.currency}, not to {theirs}"
        if refunded > charged:
            returned, paid = (
                money.decimal_text(a, self.currency) for a in (refunded, charged)
            )
            return f"refunded {returned} of {paid} {self.currency} paid"
        return None


def balance_due(order: Raw, currency: str) -> int:
    """
    What is still owed of a partly paid order, in minor units.
    """
    if str(order.get("status")).upper() != "PARTIALLY_PAID":
        return 0
    return money_amount(order.get("balanceSummary") or {}, "balance", currency)
