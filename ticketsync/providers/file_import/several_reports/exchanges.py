"""
Refunds that name the number of an exchange: they belong to the order which that
exchange belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ticketsync.providers.file_import.one_report.report import Source
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports.report_versions import is_added


def follow_exchanges(recipe: Recipe, sources: Sequence[Source]) -> None:
    """
    Put the rows that name an exchange (`refund_of`) to its order, in place. A number
    that is that of an order itself, or of exchanges of several orders, stays.

    Where numbers begin again, only an exchange in the same table is meant.
    """
    if "refund_of" not in recipe.columns:
        return
    if recipe.order_numbers in ("event", "file"):
        for source in sources:
            _follow([source])
    else:
        _follow(sources)


def _follow(sources: Sequence[Source]) -> None:
    originals = _originals(sources)
    for source in sources:
        for number in [it for it in source.orders if it in originals]:
            lines = source.orders.pop(number)
            source.orders.setdefault(_root(originals, number), []).extend(lines)


def _originals(sources: Iterable[Source]) -> dict[str, str]:
    """
    The order that each number of an exchange or a refund belongs to, where that is one
    and the number is none of an order.
    """
    found: dict[str, set[str]] = {}
    own: set[str] = set()
    for source in sources:
        for number, lines in source.orders.items():
            for line in lines:
                if is_added(line):
                    found.setdefault(line.cells.get("order", ""), set()).add(number)
                else:
                    own.add(number)
    return {
        number: next(iter(orders))
        for number, orders in found.items()
        if number not in own and len(orders) == 1
    }


def _root(originals: Mapping[str, str], number: str) -> str:
    seen = {number}
    while (number := originals.get(number, number)) not in seen:
        seen.add(number)
    return number
