"""
When a list is not believed to be whole, by what else is known of it.
"""

from __future__ import annotations

FEW = 5  # rows below which a list may shrink to anything


def is_mostly_missing(missing: float, expected: float) -> bool:
    """
    Whether more than half of the expected rows are missing: a list that collapsed.

    Fewer may have been deleted, or changed between two requests.
    """
    return 2 * missing > expected


def has_shrunk(left: int, before: int) -> bool:
    """
    Whether a list that had `before` rows is not believed to have `left` of them now.
    """
    return before >= FEW and is_mostly_missing(before - left, before)
