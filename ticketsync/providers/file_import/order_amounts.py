"""
Amounts of a whole order that a report repeats on each of the order's rows.

Where the recipe says `per: order` they are taken once. Where it says nothing and the
column does not show it (`row_evidence`), an order that can be read both ways is set
aside.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.core import money
from ticketsync.providers.file_import import row_evidence
from ticketsync.providers.file_import.columns import Line
from ticketsync.providers.file_import.recipe import Recipe
from ticketsync.providers.file_import.recipe_keys import PER_ORDER

_GONE = ("refunded", "void", "cancelled")


def take_once(recipe: Recipe, orders: Sequence[Sequence[Line]]) -> None:
    """
    Spread the amounts of whole orders over their rows, in place; name those that may be
    amounts of the row or of the order.
    """
    sold = [
        sales
        for lines in orders
        if not any(line.problem for line in lines)
        and (sales := [line for line in lines if _is_sale(recipe, line)])
    ]
    for field in PER_ORDER:
        per = recipe.per.get(field)
        if per == "order":
            for sales in sold:
                if len(sales) > 1:
                    _spread(recipe, sales, field)
        elif per is None and field in recipe.columns:
            _refuse_doubtful(recipe, sold, field)


def _is_sale(recipe: Recipe, line: Line) -> bool:
    kind = recipe.kind.get(line.cells.get("kind", "").lower())
    return kind in (None, "sale") and not line.is_return


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
    if field == "refunded":
        weights = _weights_of_refund(recipe, sales)
    elif field == "total":
        weights = [abs(int(line.cells.get("quantity", "1"))) for line in sales]
    else:
        for line in sales[1:]:
            line.cells.pop(field)
        return
    currency = sales[0].cells.get("currency", recipe.currency)
    minor = money.from_decimal_text(amount, currency)
    parts = money.split(minor, weights)
    for line, part in zip(sales, parts, strict=True):
        line.cells[field] = money.decimal_text(part, currency)


def _weights_of_refund(recipe: Recipe, sales: Sequence[Line]) -> list[int]:
    """
    By what a refund of the order is divided: the prices of the rows whose status says
    that something of them went back or was cancelled, of all rows where none does.
    """
    prices = [_sold_amount(recipe, line, "refunded").price for line in sales]
    is_back = [
        recipe.status.get(line.cells.get("status", "").lower()) in _GONE
        for line in sales
    ]
    if not any(is_back):
        is_back = [True] * len(sales)
    weights = [
        price if back else 0 for price, back in zip(prices, is_back, strict=True)
    ]
    return weights if any(weights) else [int(back) for back in is_back]


def _refuse_doubtful(
    recipe: Recipe, sold: Sequence[Sequence[Line]], field: str
) -> None:
    for sales in _doubtful(recipe, sold, field):
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


def _doubtful(
    recipe: Recipe, sold: Sequence[Sequence[Line]], field: str
) -> list[Sequence[Line]]:
    """
    The orders whose one amount on each of their rows may be that of the order.
    """
    if not any(_is_repeated(sales, field) for sales in sold):
        return []
    if field == "refunded":
        return [sales for sales in sold if _is_repeated(sales, field)]
    orders = [[_sold_amount(recipe, line, field) for line in sales] for sales in sold]
    if field == "total":
        return [sold[n] for n in row_evidence.doubtful_totals(orders)]
    if row_evidence.shows_row_fees(orders, may_be_flat=field != "tax"):
        return []
    return [
        sales
        for sales, order in zip(sold, orders, strict=True)
        if row_evidence.is_repeated(order)
    ]


def _is_repeated(sales: Sequence[Line], field: str) -> bool:
    amount = sales[0].cells.get(field, "")
    return (
        len(sales) > 1
        and bool(amount.strip("-0."))
        and all(line.cells.get(field) == amount for line in sales)
    )


def _sold_amount(recipe: Recipe, line: Line, field: str) -> row_evidence.SoldAmount:
    cells = line.cells
    currency = cells.get("currency", recipe.currency)
    quantity = abs(int(cells.get("quantity", "1")))

    def amount(name: str) -> int | None:
        text = cells.get(name)
        return None if text is None else money.from_decimal_text(text, currency)

    price = amount("total")
    if price is None:
        price = (amount("price") or 0) * quantity - (amount("discount") or 0)
    kind = (cells.get("type", ""), currency)
    return row_evidence.SoldAmount(amount(field), price, quantity, kind)


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
