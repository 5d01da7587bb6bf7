"""
Whether a list that a platform returned can be complete.
"""

from __future__ import annotations

FEW = 5  # rows below which a list may shrink by any number


def is_mostly_missing(missing: float, expected: float) -> bool:
    """
    Whether more than half of the expected rows are missing, so that the list must be
    incomplete. Fewer may have been deleted, or changed between two requests.
    """
    return 2 * missing > expected


def has_shrunk(left: int, before: int) -> bool:
    """
    Whether a list went from `before` rows to `left` too suddenly to be complete.
    """
    return before >= FEW and is_mostly_missing(before - left, before)
