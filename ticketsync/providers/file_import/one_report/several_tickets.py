"""
Rows of a report that name several tickets: the seats "A1, A2" or "A1-A4", the type
"2 x Adult". Without numbers of tickets each would be one ticket, and with them the
seats may contradict the number. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ticketsync.core.redact import safe
from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.counted_types import (
    counts_places,
    several_tickets,
)
from ticketsync.providers.file_import.one_report.heading import normalise
from ticketsync.providers.file_import.one_report.order_rows import quantity_of
from ticketsync.providers.file_import.one_report.seat_lists import (
    SeatList,
    several_seats,
)
from ticketsync.providers.file_import.recipes.recipe import Recipe

_NO_TICKETS = ("fee", "tax")


def refuse_several(recipe: Recipe, lines: Sequence[Line]) -> None:
    """
    Give rows a problem, in place, that seem to be several tickets, where no column says
    how many they are; or that name other seats than their number of tickets.
    """
    sold = [line for line in lines if recipe.kind_of(line.cells) not in _NO_TICKETS]
    if "quantity" in recipe.columns:
        _refuse_other_numbers(recipe, sold)
        return
    for field in ("line", "type"):
        if not _is_asked(recipe, field):
            continue
        found = _several(field, {line.cells.get(field, "") for line in sold})
        for line in sold:
            text = line.cells.get(field, "")
            if text in found and not line.problem:
                line.problem = (
                    f"{field} is {safe(text, longest=40)!r}, which may be several "
                    "tickets: map a column with their number to `quantity`, or add "
                    f"{safe(recipe.columns[field])!r} to `ignore_columns` if each row "
                    "is one"
                )


def _several(field: str, texts: Collection[str]) -> Collection[str]:
    if field == "type":
        return several_tickets(texts)
    return {*several_seats(texts), *filter(counts_places, texts)}


def _is_asked(recipe: Recipe, field: str) -> bool:
    """
    Whether the recipe maps a field and does not say that its texts are of one ticket.
    """
    ignored = {normalise(name) for name in recipe.ignore_columns}
    heading = recipe.columns.get(field, "")
    return bool(heading) and normalise(heading) not in ignored


def _refuse_other_numbers(recipe: Recipe, lines: Iterable[Line]) -> None:
    """
    Rows that sell and list other seats than they have tickets.
    """
    if not _is_asked(recipe, "line"):
        return
    sold = [line for line in lines if "line" in line.cells and not line.is_return]
    found = several_seats({line.cells["line"] for line in sold})
    for line in sold:
        seats = found.get(line.cells["line"])
        number = quantity_of(line.cells)
        if seats is None or line.problem or not _contradict(seats, number):
            continue
        line.problem = (
            f"line is {safe(line.cells['line'], longest=40)!r}, which names several "
            f"seats, and quantity is {number}: correct what is wrong, or add "
            f"{safe(recipe.columns['line'])!r} to `ignore_columns` if the quantity is "
            "right"
        )


def _contradict(seats: SeatList, number: int) -> bool:
    """
    Whether a list of seats has another length than there are tickets. A range may have
    only every other seat, and says no more than that they are several.
    """
    if seats.certainty != "sure" or not number:
        return False
    return number == 1 if seats.has_range else number != seats.count
