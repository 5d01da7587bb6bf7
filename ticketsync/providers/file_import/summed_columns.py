"""
An amount that a report has in several columns, as what a platform kept for itself and
what it kept for the payment: their sum, row by row.
"""

from __future__ import annotations

from ticketsync.core import money
from ticketsync.providers.file_import.cells import CellProblem


def add(field: str, first: str, second: str, currency: str) -> str:
    """
    The sum of two amounts in plain text. Raises `CellProblem` where they are on two
    sides of zero: a column that is written below zero need not be meant so.
    """
    amounts = [money.from_decimal_text(text, currency) for text in (first, second)]
    if min(amounts) < 0 < max(amounts):
        raise CellProblem(
            f"{field} is the sum of columns with {first} and {second}, on two sides of "
            "zero: write all of them on one side, or map one of them alone"
        )
    return money.decimal_text(sum(amounts), currency)
