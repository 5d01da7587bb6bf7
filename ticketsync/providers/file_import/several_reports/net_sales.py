"""
An order that a newer report lists net of what went back, while another report still
takes the same money back: it would go back twice. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ticketsync.core import money
from ticketsync.core.errors import UnreadableRecord
from ticketsync.providers.file_import.orders import row_returns
from ticketsync.providers.file_import.orders.line_values import Cells, LineValues
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports import lasting_losses

_MOST_SUMS = 4096  # of rows that take something back; more are only added up


def what_went_back_twice(
    recipe: Recipe,
    rules: Mapping[str, Any],
    before: Sequence[Cells],
    now: Sequence[Cells],
    returned: Sequence[Cells],
) -> str:
    """
    How much less the sales of an order come to now than before, as plain text, where
    some of the rows that take something back come to the same; `""` otherwise, and
    where the recipe says that just this amount is meant twice.
    """
    if not before or not now or not returned:
        return ""
    old, new = (
        lasting_losses.figures_of({"id": "", "rules": rules, "lines": lines})
        for lines in (before, now)
    )
    if old is None or new is None or old.currency != new.currency:
        return ""
    less = old.charged - new.charged
    if less <= 0 or less not in _sums(_amounts(rules, returned)):
        return ""
    amount = money.decimal_text(less, old.currency)
    return "" if _is_meant(recipe, now, amount) else amount


def remedy(lines: Sequence[Cells], amount: str) -> str:
    """
    What to write into the recipe where an order is sold for less and returned, too.
    """
    number = next((it["order"] for it in lines if "order" in it), "")
    return f"say `also_returned: {{{number}: {amount}}}` in the recipe if both are so"


def _is_meant(recipe: Recipe, lines: Sequence[Cells], amount: str) -> bool:
    return any(recipe.also_returned.get(it.get("order", "")) == amount for it in lines)


def _amounts(rules: Mapping[str, Any], returned: Sequence[Cells]) -> list[int]:
    found = []
    for line in returned:
        values = LineValues({"rules": rules, "lines": [line]})
        try:
            row = row_returns.returned_row(values, line, has_tax=False)
        except UnreadableRecord:
            continue  # it sets its order aside by itself
        found.append(row.amount)
    return found


def _sums(amounts: Iterable[int]) -> set[int]:
    """
    What some of these amounts, or all, come to.
    """
    amounts = list(amounts)
    found: set[int] = set()
    for amount in amounts:
        found |= {amount} | {amount + other for other in found}
        if len(found) > _MOST_SUMS:
            return {*amounts, sum(amounts)}
    return found
