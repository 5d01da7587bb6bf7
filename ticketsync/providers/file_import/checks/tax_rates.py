"""
Columns that are mapped as an amount of tax and have its rate, or cannot be the tax of
their rows. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from ticketsync.providers.file_import.checks.rate_evidence import (
    HIGHEST,
    Finding,
    TaxedSale,
    why_rates,
)
from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.order_rows import (
    amount_of,
    by_cells,
    price_of,
    quantity_of,
    status_of,
)
from ticketsync.providers.file_import.recipes.recipe import Recipe

_AMOUNT_OF = {"tax": "row", "tax_per_ticket": "ticket"}  # how `per` calls it
_WHY = {
    "unlike_prices": "and the same on rows that cost something else, so that it may be "
    "the rate",
    "unusual": "which no usual tax comes to on what the row cost, so that it may be "
    "the rate",
}
_DECIDING = (
    *("tax", "tax_per_ticket", "total", "price", "discount", "quantity", "fee"),
    *("currency", "status"),
)


def refuse_rates(recipe: Recipe, lines: Iterable[Line]) -> None:
    """
    Give sales a problem, in place, whose tax is more than any tax on what they cost, or
    is one number like a rate whatever they cost.
    """
    sales = [line for line in lines if _is_sale(recipe, line)]
    for name in _AMOUNT_OF:
        if name in recipe.columns and recipe.per.get(name) != "order":
            _refuse(recipe, sales, name)


def _refuse(recipe: Recipe, sales: Iterable[Line], name: str) -> None:
    taxed = by_cells(sales, _DECIDING, lambda line: _taxed(recipe, line, name))
    found = [(line, row) for line, row in taxed if row and not line.problem]
    counted = Counter(row for _, row in found)
    of_column = "" if name in recipe.per else why_rates(counted)
    is_alike = of_column == "unlike_prices"
    reasons = {
        row: ("" if is_alike else _too_much(recipe, row, name))
        or _may_be_rate(name, of_column)
        for row in counted
    }
    for line, row in found:
        if reasons[row]:
            line.word = "tax-rate"
            line.problem = f"{name} is {line.cells[name]}, {reasons[row]}"


def _is_sale(recipe: Recipe, line: Line) -> bool:
    if line.problem or line.is_return or status_of(recipe, line) == "comp":
        return False
    return recipe.kind_of(line.cells) in ("", "sale")


def _taxed(recipe: Recipe, line: Line, name: str) -> TaxedSale | None:
    """
    `None` for a row without a price or a tax.
    """
    cells = line.cells
    amount, price = abs(amount_of(recipe, cells, name)), price_of(recipe, cells)
    if not amount or not price:
        return None
    fee, number = abs(amount_of(recipe, cells, "fee")), quantity_of(cells) or 1
    each, number = (number, 1) if name == "tax_per_ticket" else (1, number)
    return TaxedSale(
        abs(Decimal(cells[name])),
        amount,
        price / each,
        fee / each,
        number,
    )


def _may_be_rate(name: str, finding: Finding) -> str:
    """
    What speaks for rates in a column and what to do, the end of a sentence.
    """
    if not finding:
        return ""
    return (
        f"{_WHY[finding]}: leave `{name}` out of the recipe if it is, or {_says(name)}"
    )


def _too_much(recipe: Recipe, row: TaxedSale, name: str) -> str:
    """
    Why a tax cannot be its amount, the end of a sentence; `""` if it can.
    """
    cost = row.price + row.fee
    before_tax = cost if recipe.tax_on_top else cost - row.amount
    if row.amount * 100 <= before_tax * HIGHEST:
        return ""
    rest = f"leave `{name}` out of the recipe if its column has the rate"
    if before_tax < 0:
        return f"more than the row that has it cost: {rest}"
    if name in recipe.per:
        return ""
    return f"more than {HIGHEST} % of what the row cost: {rest}, or {_says(name)}"


def _says(name: str) -> str:
    return f"say `per: {{{name}: {_AMOUNT_OF[name]}}}` if it is the amount"
