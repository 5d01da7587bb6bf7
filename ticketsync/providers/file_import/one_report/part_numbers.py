"""
Columns that each hold the number of tickets of one category: `Adult qty` beside `Child
qty`. A row is as many tickets as all of them say, so that one of them that the recipe
does not map is a part of its number. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from ticketsync.core.redact import safe

_CATEGORY = (
    r"(?:adult|child|kid|concession|conc|student|senior|pensioner|youth|junior|infant"
    r"|toddler|teen|member|family|full(?:\sprice)?|half(?:\sprice)?|reduced|discounted"
    r"|standard|regular|vip|premium|group|general(?:\sadmission)?|ga|comp|complimentary"
    r"|free|paid|paying|carer|companion|wheelchair|early\sbird|stalls|balcony|circle)s?|children"
    r"|families"
)
_MANY = (
    r"adults|children|kids|concessions|students|seniors|pensioners|youths|juniors"
    r"|infants|toddlers|teens|families|carers|companions|comps"
)
_NO_CATEGORY = (
    r"(?:tickets?|seats?|items?|products?|admissions?|admits?|guests?|attendees?|people"
    r"|persons?|places?|bookings?|purchased?|total|net|sub.?total|order|orders|line|sold|booked|scanned|admitted|attended"
    r"|checked.?in|no.?show|available|remaining|left|unsold|stock|min|max|minimum"
    r"|maximum|add.?ons?|merch|merchandise|programmes?|drinks?)"
)
_PART = re.compile(
    rf"(?:{_CATEGORY})\s?[-/]?\s?(?:tickets?|tix|tkts|seats|count|number|no|sold)"
    rf"|(?!{_NO_CATEGORY}\b)\w[\w' -]*[\s-](?:qty|quantity)"
    rf"|(?:qty|quantity|no|nr|num|number|count|#)\s?(?:of\s)?(?:{_CATEGORY})"
    rf"(?:\stickets?)?|{_MANY}"
)
_NUMBER = re.compile(r"[-−]?\d{1,9}(?:[.,]0{1,2})?")


def is_part(name: str) -> bool:
    """
    Whether a heading, normalised, names the tickets of one category.
    """
    return _PART.fullmatch(name) is not None


def says_tickets(text: str) -> bool:
    """
    Whether a cell of such a column is a number of tickets, and not 0.
    """
    plain = text.strip()
    return _NUMBER.fullmatch(plain) is not None and plain.strip("-−0.,") != ""


def advice(headings: Sequence[str]) -> str:
    """
    What the recipe says where these columns together are the number of tickets.
    """
    names = [json.dumps(safe(name), ensure_ascii=False) for name in headings]
    return f"map all numbers of tickets, `quantity: [{', '.join(names)}]`"
