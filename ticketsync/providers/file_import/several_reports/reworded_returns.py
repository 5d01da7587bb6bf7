"""
A return that two reports say in other words: one gives the number of the refund, the
type of the ticket, the seat or the day, and the other does not. They may be one return
or two, which `repeated_returns` decides where the reports do not. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.report import Source
from ticketsync.providers.file_import.orders.same_order import has_time_of_day
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports.repeated_returns import Fits
from ticketsync.providers.file_import.several_reports.report_versions import (
    Conflict,
    Row,
    Version,
    is_added,
    lasting,
)

_NAMES = ("show_id", "event_id", "event", "starts", "venue", "type", "line", "quantity")
_MONEY = ("fee", "tax", "tax_per_ticket")
_DAY = len("2026-12-05")

Held = Sequence[tuple[Line, Version]]  # rows, each with a report that has it


@dataclass(frozen=True, slots=True)
class Reworded:
    """
    Two rows of two reports that may be one return, and in what they differ. `fuller` is
    the one that says more, and `is_one` whether they surely are one.
    """

    fuller: Line
    other: Line
    place: str
    other_place: str
    differ: tuple[str, ...]
    is_one: bool


def find_reworded(
    recipe: Recipe, lines: Sequence[Line], held: Held, sellers: set[int]
) -> list[Reworded]:
    """
    The pairs among these rows of an order, each row in one of them at most. `sellers`
    are the reports that sell the order, by their ids.
    """
    sources = _sources_by_row(held)
    sold = {
        line.cells["placed"]
        for line in lines
        if not line.is_return and "placed" in line.cells
    }
    alike: dict[str, list[Line]] = {}
    found: list[Reworded] = []
    paired: set[int] = set()
    for line in _of_several_reports(lines, sources):
        earlier = alike.setdefault(_amount(line), [])
        earlier.append(line)
        for before in earlier[:-1]:
            if {id(line), id(before)} & paired or not _may_be_one(recipe, before, line):
                continue
            own, others = sources[lasting(line)], sources[lasting(before)]
            if own.keys() & others.keys():
                continue  # one report has both
            paired |= {id(line), id(before)}
            found.append(_pair((before, others), (line, own), sellers, sold))
            break
    return found


def _sources_by_row(held: Held) -> dict[Row, dict[int, Source]]:
    found: dict[Row, dict[int, Source]] = {}
    for line, version in held:
        if line.is_return:
            of_row = found.setdefault(lasting(line), {})
            of_row[id(version.source)] = version.source
    return found


def _of_several_reports(
    lines: Sequence[Line], sources: dict[Row, dict[int, Source]]
) -> list[Line]:
    """
    The rows that take something back, where more than one report does.
    """
    reports = {id_ for of_row in sources.values() for id_ in of_row}
    return [line for line in lines if line.is_return and len(reports) > 1]


def _amount(line: Line) -> str:
    return line.cells.get("total") or line.cells.get("price", "")


def _may_be_one(recipe: Recipe, one: Line, other: Line) -> bool:
    """
    Whether two rows take back the same, as far as both name it, and not in one way.
    """
    if lasting(one) == lasting(other) or recipe.kind_of(one.cells) != recipe.kind_of(
        other.cells
    ):
        return False
    numbers = {_own_number(one), _own_number(other)} - {""}
    return (
        len(numbers) < 2
        and _amount(one) == _amount(other)
        and all(_agree(one, other, name) for name in _NAMES)
        and _is_at_one_time(one.cells.get("placed"), other.cells.get("placed"))
    )


def _own_number(line: Line) -> str:
    return line.cells.get("order", "") if is_added(line) else ""


def _agree(one: Line, other: Line, name: str) -> bool:
    texts = {line.cells[name] for line in (one, other) if name in line.cells}
    return len(texts) < 2


def _is_at_one_time(one: str | None, other: str | None) -> bool:
    if one is None or other is None or one == other:
        return True
    is_day = not (has_time_of_day(one) and has_time_of_day(other))
    return is_day and one[:_DAY] == other[:_DAY]


def _pair(
    old: tuple[Line, dict[int, Source]],
    new: tuple[Line, dict[int, Source]],
    sellers: set[int],
    sold: set[str],
) -> Reworded:
    (before, others), (line, own) = old, new
    newest = [max(it.values(), key=_age) for it in (others, own)]
    time = line.cells.get("placed", "")
    is_timed = time == before.cells.get("placed") and has_time_of_day(time)
    is_sold_beside = any(
        id(newer) in sellers and _age(older) < _age(newer)
        for older, newer in (newest, newest[::-1])
    )
    is_clear = all(_agree(before, line, name) for name in _MONEY)
    places = [
        source.place(it) for source, it in zip(newest, (before, line), strict=True)
    ]
    fuller, other = (line, before), (before, line)
    if _says(before) > _says(line):
        fuller, other = other, fuller
        places.reverse()
    return Reworded(
        fuller[0],
        other[0],
        places[1],
        places[0],
        _differ(before, line),
        is_one=is_clear and ((is_timed and time not in sold) or is_sold_beside),
    )


def _age(source: Source) -> int:
    return source.modified_at


def _says(line: Line) -> tuple[bool, int]:
    """
    How much a row says: a number of tickets before all else, which makes them void.
    """
    return "quantity" in line.cells, len(line.cells)


def _differ(one: Line, other: Line) -> tuple[str, ...]:
    found = [
        name
        for name in (*_NAMES, "placed")
        if one.cells.get(name) != other.cells.get(name)
    ]
    is_numbered = _own_number(one) != _own_number(other)
    return (*(["the number of the refund"] if is_numbered else []), *found)


def drop_one(
    lines: Sequence[Line], pairs: Iterable[Reworded], meaning: str, fits: Fits
) -> list[Line]:
    """
    The rows of an order with each return once, by what the recipe says of
    `repeated_returns`. `fits` says whether the order can have all of some rows. Raises
    `Conflict` where two rows may be one return or two.
    """
    found = list(lines)
    for pair in pairs:
        can_be = fits(found)
        if meaning == "count" and not pair.is_one:
            if can_be is not False:
                continue
            raise Conflict(_too_much(pair), "refund-twice")
        if not pair.is_one and meaning != "once" and can_be is not False:
            raise Conflict(_unclear(pair), "refund-twice")
        found = [line for line in found if line is not pair.other]
    return found


def _same(pair: Reworded) -> str:
    words = ", ".join(f"`{it}`" if " " not in it else it for it in pair.differ)
    return (
        f"{pair.place}: it takes back the same amount as {pair.other_place} does, in "
        f"other words (they differ in {words})"
    )


def _unclear(pair: Reworded) -> str:
    return (
        f"{_same(pair)}, so it may be the same money or more of it: write both alike, "
        "remove the report that repeats the other, or say in the recipe "
        "`repeated_returns: once` if such rows are one return and `count` if each is "
        "one"
    )


def _too_much(pair: Reworded) -> str:
    return (
        f"{_same(pair)}, and the order does not have as much as both take back: remove "
        "the report that repeats another, or say `repeated_returns: once` in the "
        "recipe if such rows are one return"
    )
