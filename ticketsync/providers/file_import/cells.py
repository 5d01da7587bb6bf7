"""
What the converters of single cells share.
"""

from __future__ import annotations

from collections.abc import Sequence

Column = Sequence[tuple[str, str]]  # each cell's text and kind


class CellProblem(Exception):
    """
    Why one cell cannot be read: `total is 'Free', not an amount`.
    """
