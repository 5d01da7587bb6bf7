"""
Fees and discounts that a report writes below zero: a fee of 4.50 stays a fee of 4.50,
whether the report says `4.50`, `-4.50` or `(4.50)`, and never becomes income.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.providers.file_import.columns import Line
from ticketsync.providers.file_import.recipe import Recipe
from ticketsync.providers.file_import.recipe_keys import SIGNED

_MOST = 0.9  # of the amounts of a column, from which the others are the odd ones


def apply_signs(recipe: Recipe, lines: Sequence[Line]) -> None:
    """
    Write the fees and discounts of these lines above zero where their column has them
    below, by the recipe or else by all sales of the column. A sale with one on the
    other side has a problem.
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
