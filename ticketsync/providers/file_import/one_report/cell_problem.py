"""
What the converters of single cells share.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

Column = AbstractSet[tuple[str, str]]  # the cells that differ, each its text and kind


class CellProblem(Exception):
    """
    Why one cell cannot be read: `total is 'Free', not an amount`.
    """
