"""
Columns that are mapped as an amount of tax and have its rate, or cannot be the tax of
their rows. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from ticketsync.providers.file_import.columns import Line
from ticketsync.providers.file_import.order_rows import (
    amount_of,
    price_of,
    status_of,
)
from ticketsync.providers.file_import.recipe import Recipe

_LOWEST, _HIGHEST = Decimal(2), Decimal(30)  # percent, of any tax on tickets
_STEP = Decimal("0.5")
_BETWEEN = frozenset(map(Decimal, ("2.6", "3.8", "7.7", "8.1")))  # of Switzerland
_MOST_RATES = 3  # in one report
_UNLIKE = 1.05  # times another price: a tax of both that is rounded would differ
_DECIDING = ("tax", "total", "price", "discount", "quantity", "fee", "currency")


def refuse_rates(recipe: Recipe, lines: Iterable[Line]) -> None:
    """
    Give sales a problem, in place, whose tax is more than any tax on what they cost, or
    is one number like a rate whatever they cost.
    """
    if "tax" not in recipe.columns or recipe.per.get("tax") == "order":
        return
    taxed = [line for line in lines if _is_taxed(recipe, line)]
    if "tax" not in recipe.per and _are_rates(recipe, taxed):
        for line in taxed:
            line.word = "tax-rate"
            line.problem = (
                f"tax is {line.cells['tax']}, and the same on rows that cost something "
                "else, so that it may be the rate: leave `tax` out of the recipe if it "
                "is, or say `per: {tax: row}` if it is the amount"
            )
        return
    known: dict[tuple[str | None, ...], str] = {}  # most rows are like another one
    for line in taxed:
        key = tuple(map(line.cells.get, _DECIDING))
        if key not in known:
            known[key] = _too_much(recipe, line)
        if known[key]:
            line.word = "tax-rate"
            line.problem = known[key]


def _too_much(recipe: Recipe, line: Line) -> str:
    """
    Why the tax of a sale cannot be its amount, in words; `""` if it can.
    """
    tax = abs(amount_of(recipe, line.cells, "tax"))
    cost = price_of(recipe, line.cells)
    cost += abs(amount_of(recipe, line.cells, "fee"))
    before_tax = cost if recipe.tax_on_top else cost - tax
    if tax * 100 <= before_tax * _HIGHEST:
        return ""
    rest = "leave `tax` out of the recipe if its column has the rate"
    if before_tax < 0:
        return f"tax is {line.cells['tax']}, more than the row that has it cost: {rest}"
    if "tax" in recipe.per:
        return ""
    return (
        f"tax is {line.cells['tax']}, more than {_HIGHEST} % of what the row cost: "
        f"{rest}, or say `per: {{tax: row}}` if it is the amount"
    )


def _is_taxed(recipe: Recipe, line: Line) -> bool:
    """
    Whether a row is a sale of something with a price and a tax.
    """
    if line.problem or line.is_return or status_of(recipe, line) == "comp":
        return False
    return (
        recipe.kind_of(line.cells) in ("", "sale")
        and bool(amount_of(recipe, line.cells, "tax"))
        and bool(price_of(recipe, line.cells))
    )


def _are_rates(recipe: Recipe, taxed: Sequence[Line]) -> bool:
    texts = {line.cells["tax"] for line in taxed}
    if len(texts) > 2 * _MOST_RATES:  # with each sign
        return False
    prices: dict[Decimal, list[int]] = defaultdict(list)
    for line in taxed:
        tax = abs(Decimal(line.cells["tax"]))
        prices[tax].append(price_of(recipe, line.cells))
    looks_like_rates = len(prices) <= _MOST_RATES and all(
        _LOWEST <= tax <= _HIGHEST and (not tax % _STEP or tax in _BETWEEN)
        for tax in prices
    )
    return looks_like_rates and any(
        max(found) > _UNLIKE * min(found) for found in prices.values()
    )
