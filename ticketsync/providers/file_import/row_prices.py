"""
Columns that are mapped as the price of a ticket and may be what the whole row cost: the
price would be multiplied by the number of tickets once more. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from ticketsync.providers.file_import.columns import Line
from ticketsync.providers.file_import.grown_amounts import (
    CountedAmount,
    grow_with_numbers,
)
from ticketsync.providers.file_import.listing import named_event
from ticketsync.providers.file_import.order_rows import (
    amount_of,
    currency,
    quantity_of,
)
from ticketsync.providers.file_import.recipe import Recipe

PRICES = ("price", "list_price")
_NO_TICKETS = ("fee", "tax")


def refuse_prices_of_rows(recipe: Recipe, lines: Iterable[Line]) -> None:
    """
    Give rows of several tickets a problem, in place, where the prices of the column
    grow with the number of tickets, and the recipe does not say that they are for one.
    """
    if "quantity" not in recipe.columns:
        return
    good = [line for line in lines if not line.problem]
    for name in PRICES:
        is_open = name in recipe.columns and name not in recipe.per
        if is_open and not (name == "price" and "total" in recipe.columns):
            _refuse(recipe, good, name)


def _refuse(recipe: Recipe, lines: Iterable[Line], name: str) -> None:
    priced = [
        line
        for line in lines
        if name in line.cells and recipe.kind_of(line.cells) not in _NO_TICKETS
    ]
    if not grow_with_numbers(_counted(recipe, line, name) for line in priced):
        return
    other = "`total`" if name == "price" else "no `list_price`"
    for line in priced:
        number = quantity_of(line.cells)
        if number < 2 or not amount_of(recipe, line.cells, name) or line.problem:
            continue
        line.word = "price-of-row"
        line.problem = (
            f"{name} is {line.cells[name]} on a row of {number} tickets, and the "
            "amounts of its column grow with the number of tickets, as those of whole "
            f"rows do: map the column to {other} if it is what the row cost, or say "
            f"`per: {{{name}: ticket}}` in the recipe if it is the price of each"
        )


def _counted(recipe: Recipe, line: Line, name: str) -> CountedAmount:
    cells = line.cells
    kind = (named_event(cells), cells.get("type", ""), currency(recipe, cells))
    amount = abs(amount_of(recipe, cells, name))
    return CountedAmount(amount, quantity_of(cells), kind)
