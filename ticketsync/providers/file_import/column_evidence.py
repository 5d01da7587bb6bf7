"""
What is decided over all reports of a folder once each is read: on which side of zero a
column writes fees, and whether totals have them in them. Whether an amount is that of a
row or of an order is decided once orders are known from all of their files
(`order_amounts`, `doubtful_amounts`).
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.providers.file_import import signs
from ticketsync.providers.file_import.recipe import Recipe
from ticketsync.providers.file_import.report import Source
from ticketsync.providers.file_import.totals_with_fees import refuse_totals_with_fees


def settle_columns(recipe: Recipe, sources: Sequence[Source]) -> None:
    """
    Write the amounts of all rows as they are meant, in place; rows whose columns decide
    nothing have a problem.
    """
    lines = [
        line for source in sources for lines in source.orders.values() for line in lines
    ]
    signs.apply_signs(recipe, lines)
    refuse_totals_with_fees(recipe, lines)
