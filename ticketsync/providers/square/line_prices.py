"""
Whether the gross sales of a Square line are its price times its quantity. Pure.

Source: OrderLineItem of Square's Orders API. `gross_sales_money` is the price of all
units with their modifiers, in some countries less the taxes inside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ticketsync.core import money
from ticketsync.providers.base import Raw


def find_contradiction(
    lines: Iterable[tuple[str, Decimal, Raw]], currency: str
) -> str | None:
    """
    The first line, by its name, quantity and record, whose amounts contradict its
    quantity, in words; `None` where all agree.
    """
    for name, quantity, line in lines:
        price = _amount(line.get("base_price_money"), currency)
        gross = _amount(line.get("gross_sales_money"), currency)
        if price is None or gross is None or not quantity:
            continue
        expected = quantity * price + _of_modifiers(line, currency)
        tax = abs(_amount(line.get("total_tax_money"), currency) or 0)
        if not expected - tax - 1 <= gross <= expected + 1:  # rounded to a minor unit
            return (
                f"{quantity.normalize():f} of {name} at "
                f"{money.decimal_text(price, currency)} {currency} have gross sales of "
                f"{money.decimal_text(gross, currency)} {currency}"
            )
    return None


def _of_modifiers(line: Raw, currency: str) -> int:
    modifiers = line.get("modifiers")
    rows = modifiers if isinstance(modifiers, list) else []
    amounts = (it.get("total_price_money") for it in rows if isinstance(it, dict))
    return sum(_amount(amount, currency) or 0 for amount in amounts)


def _amount(value: object, currency: str) -> int | None:
    """
    A Money object in minor units; `None` for one that is missing or of another
    currency, which is refused where it counts.
    """
    if not isinstance(value, dict) or value.get("currency") != currency:
        return None
    amount = value.get("amount")
    return amount if isinstance(amount, int) else None
