"""
Sales without a day in a report that has days: they would count on the day of their
show, which is not when they were sold. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.order_rows import status_of
from ticketsync.providers.file_import.one_report.report import Source
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.recipes.recipe_keys import NEVER_PAID


def refuse_undated(recipe: Recipe, sources: Sequence[Source]) -> None:
    """
    Give sales a problem, in place, of orders without a day of purchase, where other
    sales of the folder have one and the recipe does not say on which day these count.
    """
    if "placed" not in recipe.columns or recipe.undated_sales == "show":
        return
    orders = [
        [line for line in lines if _is_sale(recipe, line)]
        for source in sources
        for lines in source.orders.values()
    ]
    undated = [
        sales for sales in orders if not any("placed" in it.cells for it in sales)
    ]
    if len(undated) == len(orders):  # the days of the column are those of returns
        return
    for line in (line for sales in undated for line in sales):
        if not line.problem:
            line.word = "no-day"
            line.problem = (
                "placed is empty, and other sales have a day: write when it was sold "
                "into the report, or say `undated_sales: show` in the recipe to count "
                "such sales on the day of their show"
            )


def _is_sale(recipe: Recipe, line: Line) -> bool:
    """
    Whether a row sells something that may have been paid.
    """
    is_unpaid = status_of(recipe, line) in NEVER_PAID and "refunded" not in line.cells
    return (
        recipe.kind_of(line.cells) in ("", "sale")
        and not line.is_return
        and not is_unpaid
    )
