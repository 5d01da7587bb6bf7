"""
Amounts of a whole order that a report repeats on each of the order's rows.

Where the recipe says `per: order` they are taken once. Where it says nothing, an order
that can be read both ways is set aside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ticketsync.core import money
from ticketsync.providers.file_import.columns import Line
from ticketsync.providers.file_import.recipe import Recipe
from ticketsync.providers.file_import.recipe_keys import PER_ORDER

_TELLING = ("total", "refunded")  # those whose repetition is recognised


def take_once(recipe: Recipe, orders: Mapping[str, Sequence[Line]]) -> None:
    """
    Spread the amounts of whole orders over their rows, in place; name those that may be
    amounts of the row or of the order.
    """
    several = [
        sales
        for lines in orders.values()
        if not any(line.problem for line in lines)
        and len(sales := [line for line in lines if not line.is_return]) > 1
    ]
    for field in PER_ORDER:
        if recipe.per.get(field) == "order":
            for sales in several:
                _spread(recipe, sales, field)
        elif field in _TELLING and field not in recipe.per:
            _refuse_doubtful(recipe, several, field)


def _spread(recipe: Recipe, sales: Sequence[Line], field: str) -> None:
    amounts = {line.cells.get(field) for line in sales}
    if len(amounts) > 1:
        for line in sales:
            line.problem = (
                f"{field} is an amount of the whole order, but its rows have "
                f"{', '.join(sorted(amount or 'none' for amount in amounts))}"
            )
        return
    amount = amounts.pop()
    if amount is None:
        return
    if field != "total":
        for line in sales[1:]:
            line.cells.pop(field)
        return
    currency = sales[0].cells.get("currency", recipe.currency)
    weights = [abs(int(line.cells.get("quantity", "1"))) for line in sales]
    minor = money.from_decimal_text(amount, currency)
    parts = money.split(minor, weights)
    for line, part in zip(sales, parts, strict=True):
        line.cells[field] = money.decimal_text(part, currency)


def _refuse_doubtful(
    recipe: Recipe, several: Sequence[Sequence[Line]], field: str
) -> None:
    doubtful = [sales for sales in several if _is_repeated(sales, field)]
    if field == "total":
        # One order whose unlike rows have unlike totals shows how the column is meant.
        unlike = [sales for sales in several if _has_unlike_rows(sales)]
        if len(doubtful) < len(unlike):
            return
        doubtful = [sales for sales in doubtful if _has_unlike_rows(sales)]
    for sales in doubtful:
        if field == "refunded" and not _may_be_added(recipe, sales):
            _spread(recipe, sales, field)
            continue
        for line in sales:
            line.problem = (
                f"{field} is {line.cells[field]} on each of the order's {len(sales)} "
                f"rows, which may be the amount of a row or of the order: say `per: "
                f"{{{field}: order}}` or `row` in the recipe"
            )
            line.word = "per-order"


def _is_repeated(sales: Sequence[Line], field: str) -> bool:
    amounts = {line.cells.get(field) for line in sales}
    amount = amounts.pop()
    return not amounts and bool(amount) and bool(str(amount).strip("-0."))


def _has_unlike_rows(sales: Sequence[Line]) -> bool:
    """
    Whether its rows should not have one price: another number of tickets.
    """
    return len({line.cells.get("quantity") for line in sales}) > 1


def _may_be_added(recipe: Recipe, sales: Sequence[Line]) -> bool:
    """
    Whether the amounts refunded together are no more than what was paid.
    """
    currency = sales[0].cells.get("currency", recipe.currency)

    def amount(line: Line, name: str) -> int:
        return abs(money.from_decimal_text(line.cells.get(name, "0"), currency))

    paid = sum(
        amount(line, "total")
        or amount(line, "price") * abs(int(line.cells.get("quantity", "1")))
        for line in sales
    )
    paid += sum(amount(line, "fee") for line in sales)
    return sum(amount(line, "refunded") for line in sales) <= paid
