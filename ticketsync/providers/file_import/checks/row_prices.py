"""
Columns that are mapped as the price of a ticket and may be what the whole row cost: the
price would be multiplied by the number of tickets once more. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from ticketsync.core.plurals import number_of
from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.order_rows import (
    amount_of,
    currency,
    quantity_of,
)
from ticketsync.providers.file_import.one_report.report import Source
from ticketsync.providers.file_import.orders.events_from_rows import named_event
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports.grown_amounts import (
    CountedAmount,
    grow_with_numbers,
    has_price_of_each,
)
from ticketsync.providers.report_folder import report_digest

PRICES = ("price", "list_price")
_NO_TICKETS = ("fee", "tax")


def refuse_prices_of_rows(recipe: Recipe, lines: Iterable[Line]) -> None:
    """
    Give rows of several tickets a problem, in place, where the prices of the column
    grow with the number of tickets, or are that of a ticket on the list times the
    number, and the recipe does not say that they are for one.
    """
    found = list(lines)
    for name in PRICES:
        if _is_open(recipe, name):
            _refuse(recipe, found, name)


def note_assumed_prices(
    recipe: Recipe, sources: Sequence[Source], known: Collection[str]
) -> Iterator[str]:
    """
    A sentence where prices are read as those of a ticket and nothing shows it: no type
    has one price beside two numbers of tickets. `known` are the digests of reports of
    which it was said before.
    """
    if not _is_open(recipe, "price"):
        return
    priced = [
        (source, line)
        for source in sources
        for found in source.orders.values()
        for line in _priced(recipe, found, "price")
    ]
    several = [
        (source, line)
        for source, line in priced
        if quantity_of(line.cells) > 1 and not line.is_return
    ]
    new = [it for it in several if report_digest(it[0].key) not in known]
    is_shown = has_price_of_each(
        _counted(recipe, line, "price") for _, line in priced
    ) or any(
        "order_total" in line.cells or _all_went_back(recipe, line)
        for _, line in several
    )
    if not new or is_shown:
        return
    source, line = new[0]
    more = f", as on {number_of(len(new) - 1, 'more row')}" if len(new) > 1 else ""
    yield (
        f"{source.place(line)}: price is {line.cells['price']} on a row of "
        f"{quantity_of(line.cells)} tickets{more}, and is read as the price of each, "
        "which nothing in the reports shows: map the column to `total` if it is what "
        "the row cost, or say `per: {price: ticket}` in the recipe if it is the price "
        "of each"
    )


def _is_open(recipe: Recipe, name: str) -> bool:
    """
    Whether the recipe leaves open what a column with prices is for.
    """
    mapped = recipe.columns.keys()
    is_open = {name, "quantity"} <= mapped and name not in recipe.per
    return is_open and not (name == "price" and "total" in mapped)


def _priced(recipe: Recipe, lines: Iterable[Line], name: str) -> list[Line]:
    """
    The rows of tickets that have something in this column.
    """
    return [
        line
        for line in lines
        if not line.problem
        and recipe.kind_of(line.cells) not in _NO_TICKETS
        and amount_of(recipe, line.cells, name)
    ]


def _all_went_back(recipe: Recipe, line: Line) -> bool:
    """
    Whether what went back of a row is its price times the number of its tickets.
    """
    price = abs(amount_of(recipe, line.cells, "price"))
    back = abs(amount_of(recipe, line.cells, "refunded"))
    return back == price * quantity_of(line.cells)


def _refuse(recipe: Recipe, lines: Iterable[Line], name: str) -> None:
    priced = _priced(recipe, lines, name)
    if grow_with_numbers(_counted(recipe, line, name) for line in priced):
        why = (
            "the amounts of its column grow with the number of tickets, as those of "
            "whole rows do"
        )
    elif name == "price" and _are_times_the_list(recipe, priced):
        why = "those of its column are the list_price times the number of tickets"
    else:
        return
    other = "`total`" if name == "price" else "no `list_price`"
    for line in priced:
        number = quantity_of(line.cells)
        if number < 2:
            continue
        line.word = "price-of-row"
        line.problem = (
            f"{name} is {line.cells[name]} on a row of {number} tickets, and {why}: "
            f"map the column to {other} if it is what the row cost, or say "
            f"`per: {{{name}: ticket}}` in the recipe if it is the price of each"
        )


def _are_times_the_list(recipe: Recipe, lines: Iterable[Line]) -> bool:
    """
    Whether prices of several tickets are what these cost by the list, in all rows that
    say more than it.
    """
    more = [
        (abs(amount_of(recipe, it.cells, "price")), listed, quantity_of(it.cells))
        for it in lines
        if (listed := abs(amount_of(recipe, it.cells, "list_price")))
        and abs(amount_of(recipe, it.cells, "price")) > listed
    ]
    several = [item for item in more if item[2] > 1]
    return bool(several) and all(p == listed * n for p, listed, n in several)


def _counted(recipe: Recipe, line: Line, name: str) -> CountedAmount:
    cells = line.cells
    kind = (named_event(cells), cells.get("type", ""), currency(recipe, cells))
    amount = abs(amount_of(recipe, cells, name))
    return CountedAmount(amount, quantity_of(cells), kind)
