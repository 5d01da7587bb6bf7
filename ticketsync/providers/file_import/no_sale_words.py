"""
The words by which reports say that something is no sale: in a cell, as a type of
ticket, as a heading, as a title. One list for all of these places. Pure.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from itertools import product

from ticketsync.core.redact import safe

# What was sold and went back, or never came about.
_GONE = (
    r"refunds?|refunded|cancell?ed|cancell?ations?|voids?|voided|revers(?:als?|ed)"
    r"|chargebacks?|charged back|disputes?|disputed|exchanged|credit notes?|credited"
    r"|storno|storniert|annulled|deleted"
)
_OPEN = (
    r"pending|unpaid|not paid|on hold|holds|expired|failed|declined|abandoned"
    r"|wait(?:ing\s?)?list(?:ed)?"
)
# Of what may be the title of a show, too, only whole phrases.
_IN_TITLE = re.compile(
    r"\b(?:refunds?|refunded|returns|returned|cancell?ed|cancell?ations?|voided|voids"
    r"|revers(?:als?|ed)|chargebacks?|charged back|disputes?|disputed|pending|unpaid"
    r"|on hold|holds|expired|failed|declined|exchanges|exchanged|credit notes?"
    r"|abandoned (?:carts?|baskets?|orders?|checkouts?|bookings?|sales)"
    r"|wait(?:ing)?[ -]?lists?|waitlisted"
    r"|tests? (?:orders?|sales|bookings?|purchases?|transactions?|tickets?))\b",
    re.IGNORECASE,
)
_IN_KIND = re.compile(
    rf"\b(?:{_GONE}|{_OPEN}|return(?:ed|s)?|held|hold|reserved(?!\sseat)|tax|gst|vat"
    r"|fees?|commission|exchange)\b",
    re.IGNORECASE,
)

# Types of ticket
_UNLIKE = r"(?<!\bno[\s-])(?<!\bnon[\s-])(?<!\bnot[\s-])(?<!\bfree\s)(?<!\beasy\s)"
_RIGHT = (
    r"(?![\s-]*(?:protect|insur|polic|guarant|option|possible|allowed|cover|avail"
    r"|right|fee|charge|free))"
)
_GONE_TYPE = re.compile(
    rf"{_UNLIKE}(?<!\bwith\s)(?<!\bincl\s)(?<!\bincl\.\s)(?<!\bflexible\s)"
    rf"(?<!\bwithout\s)\b(?:{_GONE}|{_OPEN})\b{_RIGHT}",
    re.IGNORECASE,
)
_WHOLE_TYPE = re.compile(r"returns?|returned|exchanges?|holds?|held", re.IGNORECASE)
_FEE_OF = (
    "booking|service|transaction|handling|processing|convenience|ticketing|ticket|order"
    "|credit card|card|payment|delivery|postal|venue|facility|facilities|admin"
    "|administration|buyer|platform|online|web|internet|phone|print|cancellation"
    "|cancelation|exchange|reissue|refund|restoration|sales|state|city|local"
    "|amusement|entertainment|theatre|theater|building|heritage|credit"
)
_ADDED = re.compile(
    rf"(?:(?:{_FEE_OF})\s){{0,2}}(?:fees?|charges?|surcharges?|lev(?:y|ies)|tax(?:es)?"
    r"|gst|vat|postage|shipping|delivery|handling|packing|packaging|donations?"
    r"|insurance|protection|rounding|commission)"
    r"|discounts?|promo(?:tion)?\scodes?|discount codes?|(?:price )?adjustments?",
    re.IGNORECASE,
)
_BESIDE = re.compile(r"\s*(?:[&+/,]|\band\b|\bplus\b|\bwith\b)\s*", re.IGNORECASE)
_AROUND = re.compile(r"\([^)]*\)|\[[^]]*\]|\bincl\w*\b.*|\d+(?:[.,]\d+)?\s?%")


# Headings
_BEFORE = (
    r"(?:(?:is|was|amount|total|tickets?|order|qty|quantity|net|gross|partial|partially"
    r"|fully|part)\s)*"
)
_BEHIND = (
    r"(?:\s(?:amounts?|total|value|qty|quantity|tickets?|orders?|count|date|time|at|on"
    r"|by|reason|flag|due|to|for|into|numbers?|no|id))*"
)
_RETURNS = (
    rf"{_BEFORE}(?:refunds?|refunded|returns|returned|revers(?:als?|ed)|chargebacks?"
    rf"|charged back|credit notes?|credited){_BEHIND}"
)
_BACK = (
    rf"{_RETURNS}|{_BEFORE}(?:{_GONE}|swapped|expired|declined|failed|failure|abandoned)"
    rf"{_BEHIND}|(?:is )?(?:a )?test(?:s| orders?| sales?| bookings?| mode)?"
    r"|(?:is )?on hold"
)
_OWED = (
    r"(?:total )?(?:amounts? |balance )?(?:outstanding|owing|owed|unpaid)"
    r"(?: amounts?| balance)?|balance due|still to pay"
)
_PAID = (
    r"(?:(?:is|was|has been|invoice|order|booking|ticket|payment|fully)\s)*(?:paid"
    r"|valid|active|confirmed|settled|captured|authori[sz]ed|received)(?:\sin full)?"
)
_NO = re.compile(
    r"no|n|false|0+(?:[.,]0+)?|not\s\w+|unpaid|invalid|inactive|never|open|unconfirmed",
    re.IGNORECASE,
)

# Cells of any column, whatever its heading
_LONE = (
    *("refund", "refunds", "refunded", "cancelled", "canceled", "cancellation"),
    *("void", "voided", "chargeback", "charged back", "reversal", "reversed"),
    *("unpaid", "credit note", "disputed", "storno", "storniert", "annulled"),
)
_WITH = ("", "partial ", "partially ", "full ", "fully ", "order ", "ticket ")
# As people write them: a set is compared with the cells of each row.
LONE_WORDS = frozenset(
    text
    for before, word in product(_WITH, _LONE)
    for plain in (before + word,)
    for text in (plain, plain.capitalize(), plain.title(), plain.upper())
)


def in_title(text: str) -> bool:
    """
    Whether a title has such a word.
    """
    return _IN_TITLE.search(text) is not None


def in_kind(text: str) -> bool:
    """
    Whether a cell of a column that says what a row is has such a word.
    """
    return _IN_KIND.search(text) is not None


@lru_cache(maxsize=1000)
def is_no_ticket(name: str) -> bool:
    """
    Whether a type of ticket is none: a fee, a tax, an extra charge, or a word for what
    went back. "Adult incl. booking fee" and "Flexible (free cancellation)" are tickets.
    """
    if _GONE_TYPE.search(name) or _WHOLE_TYPE.fullmatch(name):
        return True
    plain = _AROUND.sub("", name).strip(" -–:.")
    return bool(plain) and all(_ADDED.fullmatch(it) for it in _BESIDE.split(plain))


def names_returns(heading: str) -> bool:
    """
    Whether a heading is that of what went back, as an amount or a word.
    """
    return re.fullmatch(_RETURNS, heading) is not None


def names_no_sale(heading: str) -> bool:
    """
    Whether what stands below a heading says that its row is no sale, or not a whole
    one.
    """
    return re.fullmatch(f"{_BACK}|{_OWED}", heading) is not None


def names_payment(heading: str) -> bool:
    """
    Whether a "No" below a heading says that its row was not paid.
    """
    return re.fullmatch(_PAID, heading) is not None


def if_sale(text: str, *, several: bool = False) -> str:
    """
    The line of a recipe by which such a cell or title says nothing, in words.
    """
    line = json.dumps([safe(text, longest=200)], ensure_ascii=False)
    return (
        f"if {'these are sales' if several else 'it is a sale'}, `sale_words: {line}`"
    )


def is_no(text: str) -> bool:
    return _NO.fullmatch(text.strip()) is not None
