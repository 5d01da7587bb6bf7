"""
Amounts of a whole order on the rows that take back: rows of one movement that repeat an
amount have it together, and rows of several movements have one each. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.order_rows import (
    OrderRows,
    UnclearAmountError,
    amount_of,
    divide,
    price_of,
    price_without_total,
    quantity_of,
)
from ticketsync.providers.file_import.recipes.recipe import Recipe


def take_once(
    recipe: Recipe,
    rows: OrderRows,
    field: str,
    amount: int | None,
    sold: int,
    file_of: Mapping[int, str],
) -> None:
    """
    Divide an amount that the rows of a movement repeat over them, in place. `amount` is
    that of the sales under the same number, `sold` of those under all numbers of the
    order. Raises `UnclearAmountError`.
    """
    given = [line for line in rows.returns if amount_of(recipe, line.cells, field)]
    if not given or not counts_on_returns(recipe, field):
        return
    _refuse_amount_of_sale(recipe, rows, field, amount)
    movements = _movements(recipe, rows.returns, field, file_of)
    back = sum(abs(amount_of(recipe, lines[0].cells, field)) for lines in movements)
    is_one = len(movements) == 1 and field in ("total", "discount")
    if not is_one and sold and back > abs(sold):
        raise UnclearAmountError(
            f"{field} is an amount of the whole order, and the rows that take back "
            f"have {_texts(given, field)}, more than the order had: write what went "
            "back of it on one of them, and 0.00 on the others"
        )
    for lines in movements:
        if len(lines) > 1:
            _divide(recipe, lines, field)


def counts_on_returns(recipe: Recipe, field: str) -> bool:
    """
    Whether a field counts on a row that takes back: a tax inside the price and a
    discount that the total has already do not.
    """
    if field == "tax":
        return recipe.tax_on_top
    return field != "discount" or "total" not in recipe.columns


def _movements(
    recipe: Recipe, returns: Sequence[Line], field: str, file_of: Mapping[int, str]
) -> list[list[Line]]:
    """
    The rows that have an amount, those together that have one.
    """
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in returns:
        day = line.cells.get("placed", "")
        groups.setdefault((day, "" if day else file_of.get(id(line), "")), []).append(
            line
        )
    found: list[list[Line]] = []
    for lines in groups.values():
        given = [line for line in lines if amount_of(recipe, line.cells, field)]
        different = Counter(line.cells[field] for line in given)
        if len(different) == len(given):
            found += [[line] for line in given]
        elif len(different) == 1 and len(given) == len(lines):
            found.append(given)
        else:
            raise _unclear(field, given)
    undated = [lines[0] for lines in found if "placed" not in lines[0].cells]
    same = Counter(line.cells[field] for line in undated)
    if len(same) < len(undated) and recipe.repeated_rows != "count":
        raise _unclear(field, undated)
    return found


def _unclear(field: str, lines: Sequence[Line]) -> UnclearAmountError:
    return UnclearAmountError(
        f"{field} is an amount of the whole order, and the rows that take back have "
        f"{_texts(lines, field)}, which may be one movement or several: map the day of "
        "the return to `placed`, or write what went back on one of them, and 0.00 on "
        "the others"
    )


def _texts(lines: Sequence[Line], field: str) -> str:
    return ", ".join(line.cells[field] for line in lines)


def _refuse_amount_of_sale(
    recipe: Recipe, rows: OrderRows, field: str, amount: int | None
) -> None:
    """
    `UnclearAmountError` for a row that takes back a part of the order and has, without
    a sign, the amount of the whole sale.
    """
    if not amount or amount < 0:
        return
    sold, back = (
        sum(quantity_of(line.cells) for line in lines)
        for lines in (rows.sales, rows.returns)
    )
    same = [it for it in rows.returns if amount_of(recipe, it.cells, field) == amount]
    if same and (back < sold or field == "kept"):
        raise UnclearAmountError(
            f"{field} is {same[0].cells[field]} on a row that takes back, as on the "
            "sale, and may be the amount of the order or what went back of it: write "
            "what went back below zero"
        )


def _divide(recipe: Recipe, lines: Sequence[Line], field: str) -> None:
    parts = [(line, _weight(recipe, line, field)) for line in lines]
    if not any(weight for _, weight in parts):
        parts = [(line, 1) for line in lines]
    divide(recipe, field, amount_of(recipe, lines[0].cells, field), parts)
    if field != "total":
        return
    for line in lines:
        is_refund = recipe.kind_of(line.cells) == "refund"
        is_back = is_refund or line.cells.get("quantity", "").startswith("-")
        if not is_back and not amount_of(recipe, line.cells, field):
            raise _unclear(field, lines)


def _weight(recipe: Recipe, line: Line, field: str) -> int:
    if field != "total":
        return price_of(recipe, line.cells, with_discount=field != "discount")
    return price_without_total(recipe, line.cells) or quantity_of(line.cells)
