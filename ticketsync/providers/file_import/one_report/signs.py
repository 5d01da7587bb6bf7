"""
Fees, discounts and taxes that a report writes below zero: a fee of 4.50 stays a fee of
4.50, whether the report says `4.50`, `-4.50` or `(4.50)`, and never becomes income.

How a column is written is decided over all reports of a folder: one with nothing but
refunds cannot show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ticketsync.providers.file_import.one_report.columns import Line, is_below_zero
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.recipes.recipe_keys import SIGNED

_MOST = 0.9  # of the amounts of a column, from which the others are the odd ones


def apply_signs(recipe: Recipe, lines: Sequence[Line]) -> None:
    """
    Write the fees, discounts and taxes of these lines above zero where their column has
    them below, by the recipe or else by all sales of the column. A line whose amount is
    on a side that nothing explains has a problem.
    """
    for field in SIGNED:
        with_it = [line for line in lines if field in line.cells and not line.problem]
        sales = [line for line in with_it if not line.is_return]
        negative = sum(_is_negative(line, field) for line in sales)
        positive = sum(_is_positive(line, field) for line in sales)
        sign = recipe.signs.get(field) or _by_evidence(positive, negative)
        if sign == "minus":
            for line in with_it:
                line.cells[field] = _negated(line.cells[field])
        for line in sales:
            is_odd = _is_negative(line, field)
            if is_odd or (not sign and _is_positive(line, field)):
                line.problem = (
                    f"{field} is {line.cells[field]} on a sale, and others of its "
                    f"column are on the other side of zero: say `signs: {{{field}: "
                    "plus}` or `minus` in the recipe"
                )
        if field == "kept" and field not in recipe.signs:
            _refuse_kept_on_other_side(line for line in with_it if line.is_return)


def _refuse_kept_on_other_side(returns: Iterable[Line]) -> None:
    """
    What the platform kept of a sale, beside money that went back: it may have been
    given back, kept, or taken once more.
    """
    for line in returns:
        if not (_is_positive(line, "kept") or _is_negative(line, "kept")):
            continue
        if _is_negative(line, "kept") != is_below_zero(line.cells):
            line.problem = (
                f"kept is {line.cells['kept']} on a row that takes something back, on "
                "the other side of zero than its amount, and may be given back, kept "
                "or taken once more: say `signs: {kept: plus}` or `minus` in the "
                "recipe, which is how it writes what is kept"
            )
            line.word = "unclear-return"


def _by_evidence(positive: int, negative: int) -> str:
    """
    How a column is written; `""` where its sales do not agree.
    """
    if negative > _MOST * (positive + negative):
        return "minus"
    if positive >= _MOST * (positive + negative):
        return "plus"
    return ""


def _is_negative(line: Line, field: str) -> bool:
    return line.cells[field].startswith("-") and line.cells[field].strip("-0.") != ""


def _is_positive(line: Line, field: str) -> bool:
    return not line.cells[field].startswith("-") and line.cells[field].strip("0.") != ""


def _negated(text: str) -> str:
    return text.removeprefix("-") if text.startswith("-") else f"-{text}"
