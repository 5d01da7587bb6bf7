"""
Whether the columns `Date` and `Time` of a report say when a show starts or when it was
sold: a till names both so, and each sale would be a show of its own. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ticketsync.core.spreadsheets.rows import Row

_CLOCK = re.compile(r"\b(\d{1,2})[:.h](\d{2})(?:[:.](\d{2}))?")
_STEP = 5  # minutes; a show starts at a round one


def are_of_sale(columns: Mapping[str, int], below: Sequence[Row]) -> bool:
    """
    Whether the times of these rows are none at which a show starts: they have seconds,
    or a minute that is not round.
    """
    place = columns.get("time")
    if place is None:
        return False
    texts = [row.cells[place] for row in below if len(row.cells) > place]
    return any(_is_odd(found) for text in texts for found in _CLOCK.finditer(text))


def as_sold_at(columns: Mapping[str, int]) -> dict[str, int]:
    """
    The columns without a start; the date is that of the sale.
    """
    left = {ours: n for ours, n in columns.items() if ours not in ("date", "time")}
    return {**left, "placed": left.get("placed", columns["date"])}


def advice(date: str, time: str, *, is_of_sale: bool) -> str:
    """
    What to write of two columns with these headings, as a comment of the recipe.
    """
    if is_of_sale:
        return (
            f"  # {date} and {time} are when it was sold, by their minutes: map "
            "another column to `starts`, or say `start: 2026-12-05 19:30`"
        )
    return (
        f"  # date and time are when the show starts: if {date} and {time} are when it "
        "was sold, map the first to `placed`, and another column to `starts`"
    )


def _is_odd(found: re.Match[str]) -> bool:
    return int(found[2]) % _STEP != 0 or int(found[3] or 0) != 0
