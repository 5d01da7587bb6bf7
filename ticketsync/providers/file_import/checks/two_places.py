"""
One title at one time in two places: two performances that a report does not tell apart
by what a performance is known by. Their orders are named, not added up.

An order counts with the place that the newest report gives it: a show may move.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ticketsync.core.redact import safe
from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.report import Source
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports.merge import event_key

_Performance = tuple[str, str]  # its event, and when it starts


def refuse_two_places(recipe: Recipe, sources: Sequence[Source]) -> None:
    """
    Give the rows of such performances a problem, in place. The sources come oldest
    first.
    """
    if "show_id" in recipe.columns:
        return
    newest: dict[tuple[str, str, _Performance], dict[str, str]] = {}
    for file, number, lines in _orders(sources):
        places: dict[_Performance, dict[str, str]] = defaultdict(dict)
        for line in lines:
            if place := _place(line):
                places[_performance(line)][event_key(place)] = place
        within = file if recipe.order_numbers == "file" else ""
        for performance, found in places.items():
            newest[(number, within, performance)] = found
    by_performance: dict[_Performance, dict[str, str]] = defaultdict(dict)
    for (_, _, performance), found in newest.items():
        by_performance[performance] |= found
    doubtful = {it: found for it, found in by_performance.items() if len(found) > 1}
    for _, _, lines in _orders(sources) if doubtful else ():
        for line in lines:
            found = doubtful.get(_performance(line), {})
            if found and not line.problem:
                line.problem, line.word = _problem(found), "two-places"


def _problem(found: dict[str, str]) -> str:
    names = ", ".join(sorted(safe(place, longest=30) for place in found.values()))
    return (
        f"its event plays at one time in two places ({names}): map a column that tells "
        "the performances apart to `show_id`, or give one of them another title; if "
        "they are one, write the place alike, or leave `venue` out of the recipe and "
        "list its column under `ignore_columns`"
    )


def _orders(sources: Sequence[Source]) -> Iterator[tuple[str, str, list[Line]]]:
    for source in sources:
        for number, lines in source.orders.items():
            yield source.file, number, lines


def _place(line: Line) -> str:
    return line.cells.get("venue") or line.place


def _performance(line: Line) -> _Performance:
    cells = line.cells
    event = cells.get("event_id") or event_key(cells.get("event", ""))
    return event, cells.get("starts", "")
