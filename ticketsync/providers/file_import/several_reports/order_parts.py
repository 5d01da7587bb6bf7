"""
An order whose rows stand in several reports, each with a part of them: the recipe says
`order_numbers: folder`. No report takes away what only another one has.

Rows that agree are one, rows for another night, type or seat are added, and rows that
say different things of the same one set the order aside.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ticketsync.core import clock
from ticketsync.core.errors import UnreadableRecord
from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.orders import same_order
from ticketsync.providers.file_import.orders.events_from_rows import (
    occurrence_of,
    parse_time,
)
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports import lasting_losses
from ticketsync.providers.file_import.several_reports.exported_again import (
    ExportedAgain,
)
from ticketsync.providers.file_import.several_reports.report_versions import (
    CHANGED,
    Conflict,
    Merged,
    Row,
    Version,
    is_confirmed,
    lasting,
    undone,
)

_TO_LINE = "map a column in which their rows differ, such as the seat, to `line`"


@dataclass(frozen=True, slots=True)
class _Held:
    """
    A row of an order, and the version that it is from.
    """

    line: Line
    version: Version


def join_parts(
    recipe: Recipe,
    rules: Mapping[str, Any],
    versions: Sequence[Version],
    exports: ExportedAgain,
) -> Merged:
    """
    The rows of all these versions, which come oldest first. Raises `Conflict`.
    """
    held: list[_Held] = []
    for version in versions:
        held = _joined(recipe, rules, held, version, exports)
    sources = {id(item.version): item.version for item in held}
    return Merged(
        [item.line for item in held],
        list(sources.values()),
        [item.version for item in held],
    )


def _joined(
    recipe: Recipe,
    rules: Mapping[str, Any],
    held: list[_Held],
    version: Version,
    exports: ExportedAgain,
) -> list[_Held]:
    confirmed = is_confirmed(recipe, [line.cells for line in version.lines])
    waiting: dict[Row, list[int]] = defaultdict(list)
    for place, item in enumerate(held):
        waiting[_row_of(item.line, rules)].append(place)
    found = list(held)
    matched: set[int] = set()
    new: list[Line] = []
    tickets = [it for it in version.lines if not _is_entry(recipe, it)]
    is_new_part = bool(tickets) and not any(
        _row_of(it, rules) in waiting for it in tickets
    )
    for line in version.lines:
        same = waiting.get(_row_of(line, rules))
        if not same or (is_new_part and _is_entry(recipe, line)):
            new.append(line)
            continue
        place = _place_of(same, held, line)
        matched.add(place)
        if not confirmed:
            _refuse_unclear(rules, held[place], line, version)
        found[place] = _Held(line, version)
    rest = [item for place, item in enumerate(held) if place not in matched]
    dropped = _dropped(rest, version, exports)
    if confirmed:
        _refuse_equal_age([*rest, *(held[place] for place in matched)], new, version)
        keys = {_key(line, rules) for line in new}
        replaced = {id(item) for item in rest if _key(item.line, rules) in keys}
        replaced |= {id(item) for item in dropped}
        found = [item for item in found if id(item) not in replaced]
    else:
        entries = [it for it in new if is_new_part and _is_entry(recipe, it)]
        compared = [it for it in new if it not in entries]
        _refuse_contradiction(rules, rest, compared, version)
        _refuse_dropped(dropped, new, version)
    return [*found, *(_Held(line, version) for line in new)]


def _row_of(line: Line, rules: Mapping[str, Any]) -> Row:
    """
    What of a row stays when it is exported again, its time of purchase as an instant:
    one report may write it with a time zone.
    """
    row = lasting(line)
    if "placed" not in line.cells:
        return row
    placed = ("placed", _placed(line, rules))
    return tuple(placed if item[0] == "placed" else item for item in row)


def _placed(line: Line, rules: Mapping[str, Any]) -> str:
    """
    When a row was bought, as an instant; as written where it names none.
    """
    with contextlib.suppress(UnreadableRecord):
        return clock.iso(parse_time(line.cells, rules, "placed")) or ""
    return line.cells["placed"]


def _says_the_same(old: Line, line: Line, rules: Mapping[str, Any]) -> bool:
    """
    Whether two rows agree in all that the recipe maps, however a time is written.
    """
    rests = [{**it.cells, "placed": ""} for it in (old, line)]
    has_times = {"placed" in it.cells for it in (old, line)}
    if rests[0] != rests[1] or len(has_times) > 1:
        return False
    return has_times == {False} or _placed(old, rules) == _placed(line, rules)


def _is_entry(recipe: Recipe, line: Line) -> bool:
    """
    Whether a row is a fee or a tax of its own: one of two parts of an order is often
    equal to the other's.
    """
    return recipe.kind_of(line.cells) in ("fee", "tax")


def _refuse_equal_age(
    held: Sequence[_Held], new: Sequence[Line], version: Version
) -> None:
    """
    `Conflict` where a person said that an order has changed, and no file is newer.
    """
    for item in held if new else ():
        if item.version.source.modified_at == version.source.modified_at:
            raise Conflict(
                f"{version.place}: {item.version.place} says something else of this "
                "order, and neither is newer; remove the one that is out of date"
            )


def _dropped(
    rest: Sequence[_Held], version: Version, exports: ExportedAgain
) -> list[_Held]:
    """
    The sales that a newer export of their report has no longer.
    """
    return [
        item
        for item in rest
        if not item.line.is_return
        and item.version.source.modified_at < version.source.modified_at
        and exports.repeats_sales(item.version.source, version.source)
    ]


def _refuse_dropped(
    dropped: Sequence[_Held], new: Sequence[Line], version: Version
) -> None:
    """
    `Conflict` where an order has other rows, or fewer, in a newer export.
    """
    if not dropped:
        return
    sold = [line for line in new if not line.is_return]
    old = dropped[0].version.source
    place = version.source.place((sold or version.lines)[0])
    what = "moved to another night" if sold else "been cancelled"
    raise Conflict(
        f"{place}: {version.source.file} repeats other orders of {old.file}, and of "
        f"this one it lacks {old.place(dropped[0].line)}, which may have {what}; "
        "add the number to `changed_orders` in the recipe if it has, or write the row "
        "into the newer report if it counts"
    )


def _place_of(same: list[int], held: Sequence[_Held], line: Line) -> int:
    """
    Which of several alike rows this one is: the one that is equal in every cell.
    """
    for n, place in enumerate(same):
        if held[place].line.whole == line.whole:
            return same.pop(n)
    return same.pop(0)


def _refuse_unclear(
    rules: Mapping[str, Any], old: _Held, line: Line, version: Version
) -> None:
    """
    `Conflict` for rows that may be one, exported twice, or two, and for a row that
    takes back less than it did.
    """
    place = version.source.place(line)
    before = old.version.source.place(old.line)
    if _says_the_same(old.line, line, rules):
        if old.line.whole != line.whole and "line" not in line.cells:
            raise Conflict(
                f"{place}: it differs from {before} only in columns that the recipe "
                "does not map, or in how a cell is written, and may be the same row or "
                f"another; {_TO_LINE}, or remove the report that repeats the other"
            )
    elif old.version.source.modified_at == version.source.modified_at:
        raise Conflict(
            f"{place}: {before} says something else of this row, and neither is newer; "
            "remove the one that is out of date"
        )
    else:
        rows = (
            {"id": "", "rules": rules, "lines": [it.cells]} for it in (old.line, line)
        )
        lost = lasting_losses.what_is_undone(*map(lasting_losses.figures_of, rows))
        if lost:
            raise undone(place, lost, before)


def _refuse_contradiction(
    rules: Mapping[str, Any], rest: Sequence[_Held], new: list[Line], version: Version
) -> None:
    """
    `Conflict` where rows that are not in both may be the same, changed or renamed.
    """
    by_key: dict[object, list[_Held]] = defaultdict(list)
    for item in rest:
        by_key[_key(item.line, rules)].append(item)
    for line in new:
        for item in by_key.get(_key(line, rules), ()):
            if not _is_bought_apart(item.line, line, rules):
                raise Conflict(
                    f"{version.source.place(line)}: "
                    f"{item.version.source.place(item.line)} says something else of "
                    f"the same night and type of ticket, which may be a correction or "
                    f"another row of the order; {_TO_LINE}, or {CHANGED}"
                )
    by_source: dict[int, list[_Held]] = defaultdict(list)
    for item in rest:
        by_source[id(item.version)].append(item)
    now = [line for line in new if not line.is_return]
    for items in by_source.values():
        before = [item.line for item in items if not item.line.is_return]
        if before and now and _is_renamed(before, now, rules):
            raise Conflict(
                f"{version.source.place(new[0])}: only a name differs from "
                f"{items[0].version.source.place(items[0].line)}, which may be the "
                f"same rows under another name; remove the one that is out of date, "
                f"or {_TO_LINE}"
            )


def _is_renamed(
    before: Sequence[Line], now: Sequence[Line], rules: Mapping[str, Any]
) -> bool:
    """
    Whether rows may be the same under another name: those that were bought at other
    times are not.
    """
    if all(_is_bought_apart(old, new, rules) for old in before for new in now):
        return False
    cells = [[line.cells for line in lines] for lines in (before, now)]
    return same_order.is_renamed(cells[0], cells[1], rules)


def _key(line: Line, rules: Mapping[str, Any]) -> tuple[object, ...]:
    occurrence = occurrence_of(line.cells, rules)
    return (
        line.is_return,
        occurrence["id"] if occurrence else "",
        line.cells.get("type", ""),
        line.cells.get("kind", "").lower(),
        line.cells.get("line", ""),
    )


def _is_bought_apart(old: Line, new: Line, rules: Mapping[str, Any]) -> bool:
    """
    Whether two rows were bought at two times, so that neither is the other, changed.
    """
    if "placed" not in old.cells or "placed" not in new.cells:
        return False
    return _placed(old, rules) != _placed(new, rules)
