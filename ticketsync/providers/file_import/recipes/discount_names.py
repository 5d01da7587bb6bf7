"""
What the headings of columns are called that say what was taken off a price. Pure.
"""

from __future__ import annotations

import re

_DISCOUNT = re.compile(
    r"(?:(?:total|order|ticket|promo|promotion|promotional|less|voucher)\s)?discounts?"
    r"(?:\s(?:amount|value|total|applied|given))?"
)
_CREDIT = re.compile(
    r"(?:(?:gift|store)\s)?(?:voucher|coupon|(?:gift\s)?card|credit|gift certificate"
    r"|promo|promotion|concession)s?\s(?:amount|value|total|applied|redeemed|used)"
    r"|(?:gift\s)?(?:vouchers?|coupons?|certificates?)|gift\scards?|store\scredit"
    r"|(?:amount|total)\soff|reductions?|rebates?"
)
_SHARE = re.compile(
    r"(?:(?:order|ticket|promo)\s)?discounts?(?:\sin)?\s?(?:%|percent|percentage|pct|rate)"
    r"|(?:%|percent|percentage|pct)\s(?:discount|off)"
)


def is_discount(name: str) -> bool:
    """
    Whether a heading, normalised, is that of a discount.
    """
    return _DISCOUNT.fullmatch(name) is not None


def is_credit(name: str) -> bool:
    """
    Whether it may be an amount that was not paid with money, or a code.
    """
    return _CREDIT.fullmatch(name) is not None


def is_share(name: str) -> bool:
    """
    Whether it is a discount in per cent, which is not an amount.
    """
    return _SHARE.fullmatch(re.sub(r"[()?:.]", "", name).strip()) is not None
