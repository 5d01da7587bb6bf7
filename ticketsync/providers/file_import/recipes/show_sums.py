"""
Reports with one row for each show, such as a summary of sales: no order can be read
from them. How their headings are known, and which report to export instead. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

ADVICE = (
    "A report with one row for each show has no orders: export the one with a row for "
    "each order or ticket, which platforms call Orders, Bookings, Transactions, Sales "
    "detail, Attendees or Guest list."
)
_SUM = re.compile(
    r"(?:total |net |paid )?(?:tickets?|seats?|units|admissions?|places)"
    r" (?:sold|issued|left|remaining|available)"
    r"|(?:total |gross |net |ticket )+(?:sales|revenue|takings|income|receipts)"
    r"|sales|revenue|takings|attendance|capacity|occupancy|% sold|% full|sell-?through"
    r"|(?:total |no\.? of |number of |# of )?(?:orders|bookings|sales)(?: count)?"
)


def names_sums(names: Iterable[str]) -> bool:
    """
    Whether two or more of these headings, normalised, are those of sums of a show.
    """
    return sum(_SUM.fullmatch(name) is not None for name in names) >= 2
