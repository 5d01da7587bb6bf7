"""
Rows that take the same back in several reports: one return that is listed again, or
several that are alike. They are one where a row gives the time of day, and where the
newer report lists all that the older one does. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.report import Source
from ticketsync.providers.file_import.orders.same_order import has_time_of_day
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports.exported_again import (
    ExportedAgain,
)
from ticketsync.providers.file_import.several_reports.report_versions import (
    Conflict,
    Merged,
    Row,
    Version,
    lasting,
)

_ENTRIES = ("fee", "tax")
# Whether an order can have these rows, too; `None` where that cannot be seen.
Fits = Callable[[Sequence[Line]], bool | None]


@dataclass(frozen=True, slots=True)
class Repeat:
    """
    Rows of one report that another one has, too, and that may be returns of their own.
    """

    lines: tuple[Line, ...]
    source: Source
    other: Source
    is_day_of_sale: bool


def find_repeats(
    recipe: Recipe, chosen: Merged, others: Sequence[Version], exports: ExportedAgain
) -> list[Repeat]:
    """
    The rows of several reports that may each count, beside the one that surely does.
    `chosen` is what sells the order, `others` what takes something back beside it.
    """
    sold_at = {
        line.cells["placed"]
        for line in chosen.lines
        if not line.is_return and "placed" in line.cells
    }
    sold_on = {time[:_DAY] for time in sold_at}
    sellers = {id(version.source) for _, version in chosen.held_lines()}
    goes_on = exports.repeats_returns
    if recipe.repeated_returns == "count":
        goes_on = _never
    by_row = _rows_by_report(chosen, others)
    found: list[Repeat] = []
    for listed in by_row:
        placed = listed[0].lines[0].cells.get("placed", "")
        is_timed = has_time_of_day(placed) and placed not in sold_at
        if is_timed and not _is_entry_alone(recipe, listed, by_row):
            continue
        surely, *further = _lists(listed, sellers, goes_on)
        found += [
            Repeat(tuple(it.lines), it.source, surely.source, placed[:_DAY] in sold_on)
            for it in further
        ]
    return found


def _never(older: Source, newer: Source) -> bool:
    return False


_DAY = len("2026-12-05")


@dataclass(frozen=True, slots=True)
class _Listed:
    """
    The alike rows of one report.
    """

    source: Source
    lines: list[Line]


def _rows_by_report(chosen: Merged, others: Sequence[Version]) -> list[list[_Listed]]:
    """
    The rows that several reports have, each as these have it, the oldest first.
    """
    held: dict[Row, dict[int, _Listed]] = {}
    rows = [*chosen.held_lines()]
    rows += [(line, version) for version in others for line in version.lines]
    for line, version in rows:
        by_source = held.setdefault(lasting(line), {})
        listed = by_source.setdefault(id(version.source), _Listed(version.source, []))
        listed.lines.append(line)
    return [
        sorted(by_source.values(), key=lambda it: it.source.modified_at)
        for by_source in held.values()
        if len(by_source) > 1
    ]


def _is_entry_alone(
    recipe: Recipe, listed: Sequence[_Listed], by_row: Sequence[Sequence[_Listed]]
) -> bool:
    """
    Whether a fee or tax row stands in several reports and no row of a ticket does: the
    fees of two returns are alike more often than not.
    """
    kinds = {_kind(recipe, rows) for rows in by_row}
    return _kind(recipe, listed) in _ENTRIES and kinds <= {*_ENTRIES}


def _kind(recipe: Recipe, listed: Sequence[_Listed]) -> str:
    return recipe.kind_of(listed[0].lines[0].cells)


def _lists(
    found: Sequence[_Listed],
    sellers: set[int],
    goes_on: Callable[[Source, Source], bool],
) -> list[_Listed]:
    """
    The rows of each list that goes on over reports, oldest first, as the one report of
    it has them that has the most; the list with the most rows of all comes first.

    A newer report is of the list of an older one where it lists all of that again: a
    longer list of returns, or the sales with all that went back of them.
    """
    groups: list[list[_Listed]] = []
    for listed in found:
        source = listed.source
        for group in groups:
            if any(
                goes_on(older.source, source)
                or (
                    id(source) in sellers
                    and older.source.modified_at < source.modified_at
                )
                for older in reversed(group)
            ):
                group.append(listed)
                break
        else:
            groups.append([listed])
    most = [max(group, key=_rows) for group in groups]
    return sorted(most, key=_rows, reverse=True)


def _rows(listed: _Listed) -> int:
    return len(listed.lines)


def possible(repeats: Sequence[Repeat], fits: Fits) -> list[Repeat]:
    """
    Those of one report or another that the order can have, too, as far as can be seen.
    """
    by_report: dict[int, list[Repeat]] = {}
    for repeat in repeats:
        by_report.setdefault(id(repeat.source), []).append(repeat)
    return [
        repeat
        for found in by_report.values()
        if fits(_lines(found)) is not False
        for repeat in found
    ]


def settle(repeats: Sequence[Repeat], meaning: str, fits: Fits) -> list[Line]:
    """
    The rows that count beside those that surely do, by what the recipe says of
    `repeated_returns`. Raises `Conflict` where it may be one return or several.
    """
    lines = _lines(repeats)
    if meaning == "once":
        return []
    if meaning == "count" and fits(lines):
        return lines
    raise Conflict(_unclear(repeats[0], meaning), "refund-twice")


def _lines(repeats: Sequence[Repeat]) -> list[Line]:
    return [line for repeat in repeats for line in repeat.lines]


def _unclear(repeat: Repeat, meaning: str) -> str:
    line = repeat.lines[0]
    place = repeat.source.place(line)
    same = f"{place}: it takes back what {repeat.other.file} does"
    if meaning == "count":
        return (
            f"{same}, and the order does not have as much as all reports take back of "
            "it: remove the report that repeats another, or say `repeated_returns: "
            "once` in the recipe if such rows are one return"
        )
    if "placed" not in line.cells:
        when, way = "does not say when", "map the time of the return to `placed`, "
    elif repeat.is_day_of_sale:
        when, way = "its day is that of the sale", "map that of the return, "
    else:
        when, way = "both are of one day", ""
    return (
        f"{same}, and {when}, so it may be the same money or more of it: {way}remove "
        "the report that repeats the other, or say in the recipe `repeated_returns: "
        "once` if such rows are one return and `count` if each is one"
    )
