"""
Amounts on several rows of an order that may be those of the rows or of the order, where
the recipe says nothing: what all orders of the folder show together decides, with each
order as it is known from all of its files. What nothing decides is set aside. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ticketsync.providers.base import Raw
from ticketsync.providers.file_import.one_report.columns import is_return
from ticketsync.providers.file_import.one_report.order_rows import (
    Cells,
    amount_of,
    currency,
    price_of,
    quantity_of,
)
from ticketsync.providers.file_import.orders import order_amounts
from ticketsync.providers.file_import.orders.returned_amounts import counts_on_returns
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.recipes.recipe_keys import PER_ORDER
from ticketsync.providers.file_import.several_reports import row_evidence
from ticketsync.providers.file_import.several_reports.row_evidence import SoldAmount

_OF_TICKET = ("starts", "event_id", "event", "type", "line")


@dataclass(slots=True)
class _Rows:
    """
    The rows of one order under one number: those that sell, and of one movement those
    that take back.
    """

    id_: str
    sales: list[Cells] = field(default_factory=list)
    returns: dict[str, list[Cells]] = field(default_factory=dict)


def find_doubtful(recipe: Recipe, orders: Mapping[str, Raw]) -> dict[str, str]:
    """
    Why orders are to be set aside, by their ids.
    """
    fields = [
        name
        for name in PER_ORDER
        if name in recipe.columns and name not in recipe.per and name != "refunded"
    ]
    if not fields:
        return {}
    found: dict[str, str] = {}
    known = [
        rows
        for id_, raw in orders.items()
        if "problem" not in raw
        for rows in _by_number(recipe, id_, raw["lines"])
    ]
    for name in fields:
        for id_, reason in _of_field(recipe, known, name):
            found.setdefault(id_, reason)
    return found


def _by_number(recipe: Recipe, id_: str, lines: Iterable[Cells]) -> Iterable[_Rows]:
    found: dict[str, _Rows] = {}
    for line in lines:
        if recipe.kind_of(line) in ("fee", "tax"):
            continue
        rows = found.setdefault(line.get("order", ""), _Rows(id_))
        if is_return(line, recipe):
            rows.returns.setdefault(line.get("placed", ""), []).append(line)
        else:
            rows.sales.append(line)
    return found.values()


def _of_field(
    recipe: Recipe, known: Sequence[_Rows], name: str
) -> Iterator[tuple[str, str]]:
    sold = [rows for rows in known if rows.sales]
    is_asked = any(_is_repeated(rows.sales, name) for rows in sold)
    back = [
        (rows, lines)
        for rows in known
        for lines in rows.returns.values()
        if counts_on_returns(recipe, name) and _is_repeated(lines, name)
    ]
    if not is_asked and not back:
        return
    orders = [[_sold_amount(recipe, it, name) for it in rows.sales] for rows in sold]
    shows_rows = _shows_rows(orders, name)
    for rows in _doubtful_sales(sold, orders, name, shows_rows=shows_rows):
        amount = rows.sales[0][name]
        yield rows.id_, order_amounts.either(name, amount, len(rows.sales))
    sales: dict[str, list[Cells]] = {}
    for rows in sold if back else ():
        sales.setdefault(rows.id_, []).extend(rows.sales)
    for rows, lines in back:
        own = sales.get(rows.id_, [])
        if own and _is_doubtful(recipe, own, lines, name, shows_rows=shows_rows):
            yield rows.id_, _of_returns(name, lines)


def _shows_rows(orders: Sequence[row_evidence.Order], name: str) -> bool:
    if name == "total":
        return row_evidence.has_unlike_amounts(orders)
    return row_evidence.shows_row_fees(orders, may_be_flat=name != "tax")


def _doubtful_sales(
    sold: Sequence[_Rows],
    orders: Sequence[row_evidence.Order],
    name: str,
    *,
    shows_rows: bool,
) -> list[_Rows]:
    if name == "total":
        return [sold[n] for n in row_evidence.doubtful_totals(orders)]
    if shows_rows:
        return []
    return [
        rows
        for rows, order in zip(sold, orders, strict=True)
        if row_evidence.is_repeated(order)
    ]


def _is_repeated(lines: Sequence[Cells], name: str) -> bool:
    amount = lines[0].get(name, "") if lines else ""
    return (
        len(lines) > 1
        and bool(amount.strip("-0."))
        and all(line.get(name) == amount for line in lines)
    )


def _sold_amount(recipe: Recipe, cells: Cells, name: str) -> SoldAmount:
    kind = (cells.get("type", ""), currency(recipe, cells))
    amount = amount_of(recipe, cells, name) if name in cells else None
    return SoldAmount(amount, price_of(recipe, cells), quantity_of(cells), kind)


# What was taken back


def _of_returns(name: str, lines: Sequence[Cells]) -> str:
    return (
        f"{name} is {lines[0][name]} on each of {len(lines)} rows that take back, "
        "which may be what went back of each or of the order: say "
        f"`per: {{{name}: order}}` or `row` in the recipe"
    )


def _is_doubtful(
    recipe: Recipe,
    sales: Sequence[Cells],
    lines: Sequence[Cells],
    name: str,
    *,
    shows_rows: bool,
) -> bool:
    """
    Whether one amount on several rows that take back may be that of all of them: it is
    not what the tickets of each row were sold for.
    """
    parts = [_matching(sales, line) for line in lines]
    if all(
        _is_share(recipe, name, found, [line], abs(amount_of(recipe, line, name)))
        for found, line in zip(parts, lines, strict=True)
    ):
        return False
    amount = abs(amount_of(recipe, lines[0], name))
    paid = sum(abs(amount_of(recipe, line, name)) for line in sales)
    if name != "total":
        return not shows_rows or amount * len(lines) > paid
    are_unlike = len({(_ticket(it), it.get("quantity")) for it in lines}) > 1
    together = list({id(it): it for found in parts for it in found}.values())
    return are_unlike or _is_share(recipe, name, together, lines, amount)


def _ticket(cells: Cells) -> tuple[str, ...]:
    return tuple(cells.get(name, "") for name in _OF_TICKET[:-1])


def _matching(sales: Sequence[Cells], line: Cells) -> list[Cells]:
    """
    The sales of the tickets that a row takes back, as far as it names them.
    """
    found = list(sales)
    for name in _OF_TICKET:
        same = [it for it in found if name not in line or it.get(name) == line[name]]
        found = same or found
    return found


def _is_share(
    recipe: Recipe,
    name: str,
    sold: Sequence[Cells],
    back: Sequence[Cells],
    amount: int,
) -> bool:
    """
    Whether an amount is the part, by tickets or by price, that these rows take back of
    what was sold, to a minor unit.
    """
    whole = sum(abs(amount_of(recipe, line, name)) for line in sold)
    bases = [
        (sum(map(quantity_of, back)), sum(map(quantity_of, sold))),
    ]
    if name != "total":
        prices = (
            sum(price_of(recipe, line) for line in lines) for lines in (back, sold)
        )
        bases.append((next(prices), next(prices)))
    return any(
        of_sold and abs(amount * of_sold - whole * of_back) <= of_sold
        for of_back, of_sold in bases
    )
