"""
Titles that say that the rows below them are no sales: "Refunds of this week". Such a
title is a line of its own, above the headings or between the rows, the name of a sheet
or of a file. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ticketsync.core.redact import safe

_NO_SALES = re.compile(
    r"\b(?:refunds?|refunded|returns|returned|cancell?ed|cancell?ations?|voided|voids"
    r"|revers(?:als?|ed)|chargebacks?|charged back|disputes?|disputed|pending|unpaid"
    r"|on hold|holds|expired|failed|declined|exchanges|exchanged"
    r"|abandoned (?:carts?|baskets?|orders?|checkouts?|bookings?|sales)"
    r"|wait(?:ing)?[ -]?lists?|waitlisted|credit notes?"
    r"|tests? (?:orders?|sales|bookings?|purchases?|transactions?|tickets?))\b",
    re.IGNORECASE,
)
_SALES = r"sales?|sold|paid|purchases?|payments?|bookings?|orders?|tickets?|admissions?"
_NAMES_SALES = re.compile(rf"\b(?:{_SALES})\b", re.IGNORECASE)
_WITH = r"(?:and|&|\+|/|,|with|incl\w*\.?|less|minus|after|before|net of)"
# Titles of both, and sentences about refunds.
_OF_BOTH = re.compile(
    rf"\b(?:{_SALES}|report|transactions)\s*{_WITH}\s|{_WITH}\s*(?:{_SALES})\b"
    r"|\b(?:no|not|non|never|without|after|before|less|includ\w+|excluding|net|are|is"
    r"|was|were|be|been|may|can|will|totals?|if)\b",
    re.IGNORECASE,
)
_MOST_WORDS = 8  # of a title


def names_no_sales(title: str) -> bool:
    """
    Whether what stands below that title was not sold.
    """
    return (
        bool(title)
        and _NO_SALES.search(title) is not None
        and _OF_BOTH.search(title) is None
        and len(title.split()) <= _MOST_WORDS
    )


def names_sales(title: str) -> bool:
    """
    Whether what stands below that title was sold.
    """
    return _NAMES_SALES.search(title) is not None and not _NO_SALES.search(title)


def section_of(titles: Iterable[tuple[str, str]]) -> str:
    """
    The last of these titles and places, in words, where it says that what stands below
    is no sale; `""` if none says so, or a later one that it is.
    """
    section = ""
    for title, place in titles:
        if names_no_sales(title):
            section = f"{safe(title, longest=40)!r} ({place})"
        elif names_sales(title):
            section = ""
    return section


def as_words(name: str) -> str:
    """
    The name of a file, without its ending, as words.
    """
    stem = name.rpartition(".")[0] or name
    return re.sub(r"[\W_]+", " ", stem).strip()
