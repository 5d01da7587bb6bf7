"""
Totals of rows that say something else than the price and the discount that the recipe
maps beside them: only one of these can be what was paid. Pure.

A total of less than the price without a discount is not a contradiction: a discount
that has no column was taken off.
"""

from __future__ import annotations

from collections.abc import Iterable

from ticketsync.core import money
from ticketsync.providers.file_import.checks.row_prices import PRICES
from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.order_rows import (
    amount_of,
    by_cells,
    currency,
    quantity_of,
    status_of,
)
from ticketsync.providers.file_import.recipes.recipe import Recipe

_DECIDING = (
    *PRICES,
    *("total", "quantity", "discount", "tax", "tax_per_ticket", "currency", "status"),
)


def refuse_contradicting_totals(recipe: Recipe, lines: Iterable[Line]) -> None:
    """
    Give rows a problem, in place, whose total is more than their price after discount.
    """
    mapped = recipe.columns.keys()
    is_of_order = "order" in (recipe.per.get("total"), recipe.per.get("discount"))
    if is_of_order or "total" not in mapped or mapped.isdisjoint(PRICES):
        return
    sound = (line for line in lines if not line.problem)
    for line, problem in by_cells(
        sound, _DECIDING, lambda line: _contradiction(recipe, line)
    ):
        if problem:
            line.word, line.problem = "contradicting-total", problem


def _contradiction(recipe: Recipe, line: Line) -> str:
    """
    What contradicts the total of a row and what to do, in words; `""` if nothing does.
    """
    cells = line.cells
    name = next((it for it in PRICES if it in cells), None)
    is_comp = status_of(recipe, line) == "comp"
    if name is None or "total" not in cells or is_comp:
        return ""
    number = quantity_of(cells)
    total, price, discount = (
        abs(amount_of(recipe, cells, it)) for it in ("total", name, "discount")
    )
    listed = price * number
    expected = max(listed - discount, 0)
    rounded = number  # a minor unit for each ticket
    if total <= expected + rounded or (name == "list_price" and not discount):
        return ""
    if _has_tax_inside(recipe, line, expected, total):
        return ""
    code = currency(recipe, cells)
    less = f" and the discount {cells['discount']}" if discount else ""
    says = (
        f"total is {cells['total']}, its {name} {cells[name]} for {number}{less}, "
        f"which is {money.decimal_text(expected, code)}: "
    )
    if discount and total <= listed + rounded:
        return says + (
            "leave `discount` out of the recipe if the total is what was paid, or "
            "`total` if the price less the discount is"
        )
    return says + (
        f"leave `{name}` out of the recipe if the total is what was paid without the "
        "buyer's fee, or map the total to `order_total` if it has more in it"
    )


def _has_tax_inside(recipe: Recipe, line: Line, expected: int, total: int) -> bool:
    """
    Whether the price is that without the tax that the total has in it.
    """
    if recipe.tax_on_top:
        return False
    number = quantity_of(line.cells)
    each = abs(amount_of(recipe, line.cells, "tax_per_ticket")) * number
    tax = abs(amount_of(recipe, line.cells, "tax")) or each
    return abs(expected + tax - total) <= number
