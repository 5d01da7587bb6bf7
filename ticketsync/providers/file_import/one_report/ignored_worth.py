"""
What the rows are worth that a recipe ignores: a person should see it before a pattern
leaves out a sale. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ticketsync.core import money
from ticketsync.core.plurals import number_of
from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.recipes.recipe import Recipe


def worth(recipe: Recipe, lines: Iterable[Line]) -> str:
    """
    The tickets and the amounts of these rows in words; `""` where they have none.
    """
    tickets = unread = 0
    amounts: Counter[str] = Counter()
    for line in lines:
        cells = line.cells
        quantity = int(cells.get("quantity", "0"))
        tickets += quantity
        currency = cells.get("currency", recipe.currency)
        if "total" in cells:
            amounts[currency] += money.from_decimal_text(cells["total"], currency)
        elif "price" in cells:
            each = money.from_decimal_text(cells["price"], currency)
            amounts[currency] += each * (abs(quantity) or 1)
        elif line.problem:
            unread += 1
    return ", ".join(
        [
            *([number_of(tickets, "ticket")] if tickets else []),
            *(
                money.text_with_currency(minor, currency)
                for currency, minor in sorted(amounts.items())
                if minor
            ),
            *([f"{number_of(unread, 'row')} without a readable amount"] * bool(unread)),
        ]
    )
