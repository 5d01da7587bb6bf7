"""
What an order and its tickets are labelled with: coupon codes and reserved seats. They
never prevent an order from being read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ticketsync.providers.base import Raw

_SEAT_PARTS = (
    *(("", "sectionLabel"), ("", "areaLabel"), ("table ", "tableLabel")),
    *(("row ", "rowLabel"), ("seat ", "seatLabel")),
)


def promo_code_of(order: Raw) -> str:
    """
    The coupon codes of an order, joined by ", "; `""` if it used none. A coupon without
    a code has its name, a pricing plan is not a coupon.
    """
    invoice = order.get("invoice")
    discount = invoice.get("discount") if isinstance(invoice, dict) else None
    return ", ".join(dict.fromkeys(_codes_in(discount)))


def _codes_in(discount: Any) -> Iterator[str]:
    """
    The codes of a discount; those directly in it, an older form, if it lists none.
    """
    if not isinstance(discount, dict):
        return
    rows = discount.get("discounts")
    coupons = [
        row.get("coupon")
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict)
    ]
    for coupon in coupons or [discount]:
        if isinstance(coupon, dict):
            code = _text(coupon.get("code")) or _text(coupon.get("name"))
            if code:
                yield code


def seat_of(ticket: Raw) -> str:
    """
    The seat of a ticket, as "Stalls, row B, seat 12"; `""` if it has none.
    """
    details = ticket.get("ticketDetails")
    if not isinstance(details, dict):
        return ""
    labels = ((word, _text(details.get(name))) for word, name in _SEAT_PARTS)
    return ", ".join(_with_word(word, label) for word, label in labels if label)


def _with_word(word: str, label: str) -> str:
    """
    The label with what it is, unless it says that itself.
    """
    return label if label.lower().startswith(word) else f"{word}{label}"


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
