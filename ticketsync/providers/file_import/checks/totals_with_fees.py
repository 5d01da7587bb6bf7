"""
Totals that have the buyer's fee in them, in a recipe that maps the fee as well: it
would be charged twice. The price of the tickets shows it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.order_rows import (
    Cells,
    amount_of,
    quantity_of,
)
from ticketsync.providers.file_import.recipes.recipe import Recipe

_PRICES = ("price", "list_price")


def refuse_totals_with_fees(recipe: Recipe, lines: Iterable[Line]) -> None:
    """
    Give sales a problem, in place, whose total is what the tickets cost with the fee.
    """
    mapped = recipe.columns.keys()
    is_of_order = "order" in (recipe.per.get("total"), recipe.per.get("fee"))
    if is_of_order or not {"total", "fee"} <= mapped or mapped.isdisjoint(_PRICES):
        return
    for line in lines:
        if not line.is_return and not line.problem and _has_fee(recipe, line.cells):
            line.word = "fee-in-total"
            line.problem = (
                f"total is {line.cells['total']}, which is the price of its tickets "
                f"with the fee of {line.cells['fee']}, and the fee would count twice: "
                "leave `total` out of the recipe and map the price of a ticket to "
                "`price`, or leave `fee` out if it is a part of the price"
            )


def _has_fee(recipe: Recipe, cells: Cells) -> bool:
    """
    Whether the total of a row is its price and its fee, with or without the tax.
    """
    price = next((name for name in _PRICES if name in cells), None)
    total, fee, tax, discount = (
        amount_of(recipe, cells, name) for name in ("total", "fee", "tax", "discount")
    )
    if price is None or "total" not in cells or not fee:
        return False
    listed = amount_of(recipe, cells, price) * quantity_of(cells)
    costs = {listed, listed - discount}
    if total in costs:
        return False
    return total - fee in costs | {cost + tax for cost in costs}
