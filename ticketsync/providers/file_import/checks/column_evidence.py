"""
What is decided over all reports of a folder once each is read: on which side of zero a
column writes fees, whether totals have them in them, whether a price is that of a
ticket and a tax an amount, whether prices and totals agree, and which sales lack a day.
Whether an amount is that of a row or of an order is decided once orders are known from
all of their files (`order_amounts`, `doubtful_amounts`).
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.providers.file_import.checks.contradicting_totals import (
    refuse_contradicting_totals,
)
from ticketsync.providers.file_import.checks.row_prices import refuse_prices_of_rows
from ticketsync.providers.file_import.checks.tax_rates import refuse_rates
from ticketsync.providers.file_import.checks.totals_with_fees import (
    refuse_totals_with_fees,
)
from ticketsync.providers.file_import.checks.undated_sales import refuse_undated
from ticketsync.providers.file_import.one_report import signs
from ticketsync.providers.file_import.one_report.report import Source
from ticketsync.providers.file_import.recipes.recipe import Recipe


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
    refuse_prices_of_rows(recipe, lines)
    refuse_contradicting_totals(recipe, lines)
    refuse_rates(recipe, lines)
    refuse_undated(recipe, sources)
