"""
The words by which reports say that something is not a sale: in a cell, as a type of
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
_METHOD = (
    r"(?:order |booking |invoice |ticket |buyer |customer )?(?:(?:payments?|pay|paying"
    r"|tender|settlement)(?:\s(?:methods?|types?|modes?|means|options?|forms?|sources?"
    r"|providers?|gateways?|channels?|details?|info|terms|notes?|via|by|with))?"
    r"|(?:method|type|mode|means|form|terms) of payment"
    r"|(?:how )?paid (?:by|with|via|using|how|through|on|at)|how paid)"
    r"|zahlungs(?:art|weise|mittel|methode|form|bedingungen)|zahlart|zahlung"
    r"|(?:be)?zahlt (?:mit|per|durch|via)|(?:mode|moyen|type) de (?:paiement|règlement)"
    r"|paiement|règlement|(?:método|metodo|forma|medio|tipo) (?:de pago|di pagamento"
    r"|de pagamento)|modalità di pagamento|pago|pagamento|betaal(?:methode|wijze)"
)
_PARTLY = (
    r"part(?:ly|ially)?[\s-](?:paid|payments?)|deposit (?:only|paid)|instal?lments?"
)
# What is said of a payment that was not made, besides `_OPEN`.
_NOT_MADE = (
    r"open(?!\s?banking)|outstanding|due|overdue|owing|owed|owes|awaiting|awaited|awaits"
    r"|unsettled|uncollected|uncleared|unconfirmed|incomplete|in progress|processing"
    r"|scheduled|expected|deferred|later|rejected|refused|bounced|dishonou?red"
    r"|insufficient funds|timed out|error|returned|iou|cod|on account|house account|tab"
    r"|on credit(?!\scard)|reserv(?:e|ed|ations?)|hold|held|provisional|tentative"
    r"|to (?:be )?(?:pay|paid|invoiced?|billed|follow)|will pay|payable|pro[\s-]?forma"
    r"|invoice (?:sent|issued|requested)|no payments?|without payment|not yet"
    r"|not (?:received|settled|cleared|collected|captured|charged|made|completed?|done)"
    # Words of other languages
    r"|offene?[rs]?|ausstehend|unbezahlt|(?:noch )?nicht bezahlt|noch nicht|abendkasse"
    r"|reserviert|fällig|erwartet|vorgemerkt|fehlgeschlagen|abgelehnt|abgebrochen"
    r"|impayée?s?|non (?:payée?s?|réglée?s?)|en attente|à (?:payer|régler)|réservée?"
    r"|pendientes?|impagad[oa]|no pagad[oa]|por pagar|pendentes?|não pag[oa]|a pagar"
    r"|in (?:sospeso|attesa)|non pagat[oa]|da pagare|openstaand|onbetaald"
    r"|niet betaald|te betalen"
)
_PAY = r"(?:pay|pays|paying|payment|settle|cash|collect)"
_NOT_PAID = re.compile(
    rf"(?<!\w)(?:{_OPEN}|{_PARTLY}|{_NOT_MADE}"
    # "Card, paid at the door" was paid, and "Box office" as well.
    r"|(?<!paid\s)(?:at|on|upon) (?:the )?(?:door|night|arrival|entry)"
    rf"|{_PAY} (?:at|on|upon|in) (?:the )?(?:box office|venue|theatre|theater|counter"
    r"|desk|day|event|show|delivery|collection|pick-?up|check-?in|person))(?!\w)",
    re.IGNORECASE,
)
# Whoever lends to the buyer pays at once: "Klarna (pay later)".
_LENDER = re.compile(
    r"\b(?:klarna|afterpay|clearpay|paypal|zip|affirm|laybuy|bnpl|buy now)\b",
    re.IGNORECASE,
)
_LATER = re.compile(r"\b(?:later|instal?lments?)\b", re.IGNORECASE)
_WENT_BACK = re.compile(rf"\b(?:{_GONE})\b", re.IGNORECASE)
_NO = re.compile(
    r"no|n|false|0+(?:[.,]0+)?|not\s\w+|unpaid|invalid|inactive|never|open|unconfirmed",
    re.IGNORECASE,
)

# Cells of any column, whatever its heading
_LONE = (
    *("refund", "refunds", "refunded", "cancelled", "canceled", "cancellation"),
    *("void", "voided", "chargeback", "charged back", "reversal", "reversed"),
    *("unpaid", "credit note", "disputed", "storno", "storniert", "annulled"),
    *("not paid", "awaiting payment", "payment pending", "pay at door", "pay later"),
    *("pay at the door", "pay on arrival", "unbezahlt", "nicht bezahlt"),
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
    Whether what stands below a heading says that its row is not a sale, or not a whole
    one.
    """
    return re.fullmatch(f"{_BACK}|{_OWED}", heading) is not None


def names_payment(heading: str) -> bool:
    """
    Whether a "No" below a heading says that its row was not paid.
    """
    return re.fullmatch(_PAID, heading) is not None


def names_method(heading: str) -> bool:
    """
    Whether a heading is that of how a row was paid, or by whom.
    """
    return re.fullmatch(_METHOD, heading) is not None


@lru_cache(maxsize=1000)
def is_unpaid(text: str) -> bool:
    """
    Whether a cell about a payment says that it was not made, or not in full: "Invoice
    (open)", "Pay at door". "Invoice" and "Card" do not.
    """
    return is_open_payment(text) or _WENT_BACK.search(text) is not None


@lru_cache(maxsize=1000)
def is_open_payment(text: str) -> bool:
    """
    Whether such a cell says more than that money went back.
    """
    plain = " ".join(text.replace("_", " ").split())
    if _LENDER.search(plain):
        plain = _LATER.sub("", plain)
    return is_no(plain) or _NOT_PAID.search(plain) is not None


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
