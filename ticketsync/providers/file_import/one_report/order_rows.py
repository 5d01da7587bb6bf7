"""
The rows of one order as its amounts see them: those that sell, those that take back,
and those that charge a fee or a tax; what each costs, and in which sequence an amount
is divided over them. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from ticketsync.core import money
from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.recipes.recipe import Recipe

_T = TypeVar("_T")
Cells = Mapping[str, str]
_OF_EVENT = ("starts", "event_id", "event", "type", "line")
_STATES = ("status", "checked_in", "channel")  # of a row, not what it sells


class UnclearAmountError(Exception):
    """
    An amount can be read in two ways; the message says which.
    """


@dataclass(slots=True)
class OrderRows:
    """
    The rows under one number: an order, or a refund or an exchange that names it.
    """

    sales: list[Line] = field(default_factory=list)
    returns: list[Line] = field(default_factory=list)
    entries: list[Line] = field(default_factory=list)  # of fees and taxes


def by_number(recipe: Recipe, lines: Iterable[Line]) -> list[OrderRows]:
    """
    The rows of an order by the numbers that they have themselves.
    """
    found: dict[str, OrderRows] = {}
    for line in lines:
        rows = found.setdefault(line.cells.get("order", ""), OrderRows())
        if recipe.kind_of(line.cells) in ("fee", "tax"):
            rows.entries.append(line)
        else:
            (rows.returns if line.is_return else rows.sales).append(line)
    return list(found.values())


def status_of(recipe: Recipe, line: Line) -> str:
    """
    What the recipe makes of the status of a row; `""` for a word it does not know.
    """
    return recipe.status.get(line.cells.get("status", "").lower(), "")


def quantity_of(cells: Cells) -> int:
    return abs(int(cells.get("quantity", "1")))


def amount_of(recipe: Recipe, cells: Cells, name: str) -> int:
    """
    The amount in a field in minor units; 0 where the row has none.
    """
    text = cells.get(name)
    return 0 if text is None else _minor_units(text, currency(recipe, cells))


@lru_cache(maxsize=8192)  # most amounts of a report repeat
def _minor_units(text: str, code: str) -> int:
    return money.from_decimal_text(text, code)


def currency(recipe: Recipe, cells: Cells) -> str:
    return cells.get("currency", recipe.currency)


def price_of(recipe: Recipe, cells: Cells, *, with_discount: bool = True) -> int:
    """
    The price of all tickets of a row, in minor units, above zero.
    """
    if "total" in cells:
        return abs(amount_of(recipe, cells, "total"))
    price = abs(amount_of(recipe, cells, "price")) * quantity_of(cells)
    if not with_discount:
        return price
    return max(price - abs(amount_of(recipe, cells, "discount")), 0)


def has_own_discounts(recipe: Recipe) -> bool:
    """
    Whether each row has a discount of its own, and not that of its order.
    """
    return recipe.per.get("discount") != "order"


def price_without_total(recipe: Recipe, cells: Cells) -> int:
    """
    The price of all tickets of a row by that of one, less a discount of its own.
    """
    rest = {name: text for name, text in cells.items() if name != "total"}
    return price_of(recipe, rest, with_discount=has_own_discounts(recipe))


def by_cells(
    lines: Iterable[Line], names: Sequence[str], find: Callable[[Line], _T]
) -> Iterator[tuple[Line, _T]]:
    """
    Rows, each with what `find` says of it by its cells of these names alone. Most rows
    of a report are like another one, and it is asked once for them.
    """
    known: dict[tuple[str | None, ...], _T] = {}
    for line in lines:
        key = tuple(map(line.cells.get, names))
        if key not in known:
            known[key] = find(line)
        yield line, known[key]


def in_sequence(lines: Iterable[Line]) -> list[Line]:
    """
    These rows in a sequence that does not depend on that of the report: of what cannot
    be divided evenly, the first ones bear a minor unit more.
    """
    return sorted(lines, key=_place)


def _place(line: Line) -> tuple[object, ...]:
    cells = line.cells
    rest = (item for item in cells.items() if item[0] not in _STATES)
    return (*(cells.get(name, "") for name in _OF_EVENT), tuple(sorted(rest)))


def divide(
    recipe: Recipe, field: str, amount: int, parts: Sequence[tuple[Line, int]]
) -> None:
    """
    Write the parts of an amount into its field, in place; `parts` are the rows and by
    what it is divided.
    """
    weights = {id(line): weight for line, weight in parts}
    lines = in_sequence(line for line, _ in parts)
    shares = money.split(amount, [weights[id(line)] for line in lines])
    for line, share in zip(lines, shares, strict=True):
        line.cells[field] = money.decimal_text(share, currency(recipe, line.cells))
