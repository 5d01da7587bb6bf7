"""
What a report has in several columns, as what a platform kept for itself and what it
kept for the payment, or the tickets of each category: their sum, row by row.
"""

from __future__ import annotations

from ticketsync.core import money
from ticketsync.providers.file_import.one_report.cell_problem import CellProblem


def add(field: str, first: str, second: str, currency: str) -> str:
    """
    The sum of two amounts, or without a currency of two whole numbers, in plain text.
    Raises `CellProblem` where they are on two sides of zero: a column that is written
    below zero need not be meant so.
    """
    texts = (first, second)
    if currency:
        amounts = [money.from_decimal_text(text, currency) for text in texts]
    else:
        amounts = [int(text) for text in texts]
    if min(amounts) < 0 < max(amounts):
        raise CellProblem(
            f"{field} is the sum of columns with {first} and {second}, on two sides of "
            "zero: write all of them on one side, or map one of them alone"
        )
    total = sum(amounts)
    return money.decimal_text(total, currency) if currency else str(total)
