"""
What is decided over all reports of a folder once each is read: on which side of zero a
column writes fees. Whether an amount is that of a row or of an order is decided once
orders are known from all of their files (`order_amounts`, `doubtful_amounts`).
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.providers.file_import import signs
from ticketsync.providers.file_import.recipe import Recipe
from ticketsync.providers.file_import.report import Source


def settle_columns(recipe: Recipe, sources: Sequence[Source]) -> None:
    """
    Write the amounts of all rows as they are meant, in place; rows whose columns decide
    nothing have a problem.
    """
    signs.apply_signs(
        recipe,
        [
            line
            for source in sources
            for lines in source.orders.values()
            for line in lines
        ],
    )
