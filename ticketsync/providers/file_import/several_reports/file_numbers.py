"""
Orders whose numbers are unique within their file, as `order_numbers: file` says.

A report that repeats the rows of another one under another name would count its orders
twice: `repeated_rows` decides, as for rows of one file. A refund that names its order
belongs to the one file that sells it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports import stored_order_ids
from ticketsync.providers.file_import.several_reports.report_versions import (
    CHANGED,
    PEOPLE,
    Row,
    Version,
    is_added,
)
from ticketsync.providers.file_import.several_reports.stored_order_ids import Key, id_of
from ticketsync.providers.report_folder import HeldNames

Versions = dict[Key, list[Version]]
_REPEATED = "`repeated_rows: once` in the recipe if it is that order"
_COUNTED = "`repeated_rows: count` if numbers begin again and rows are alike by chance"


@dataclass(frozen=True, slots=True)
class _Other:
    """
    An order under the same number in an older file, perhaps one that is gone.
    """

    key: Key
    place: str
    rows: Counter[Row]
    wholes: frozenset[int]


def settle(recipe: Recipe, versions: Versions, held: HeldNames) -> Versions:
    """
    The versions of all orders, oldest first, with those under the number of another
    file joined to it, or with a problem, where they are not orders of their own.
    """
    by_number: dict[str, list[str]] = {}
    for number, within in versions:
        by_number.setdefault(number, []).append(within)
    gone = _gone(versions, by_number, held)
    joined = dict(_refunds(versions, by_number, gone))
    pairs = _pairs(versions, by_number, gone, held, joined)
    for shared in pairs.values():
        joined |= _settled(recipe, versions, shared)
    return _join(versions, joined)


def _gone(
    versions: Versions, by_number: Mapping[str, Sequence[str]], held: HeldNames
) -> dict[str, list[str]]:
    """
    The files, by number, that are in the folder no more and whose orders are stored.
    """
    present = {id_of(*key) for key in versions}
    found: dict[str, list[str]] = {}
    for id_, event in held.orders.items():
        if not id_.endswith(")") or id_ in present:
            continue
        if id_.endswith(f" ({event})"):
            continue  # divided by event: the recipe said something else
        for number in stored_order_ids.possible_numbers(id_):
            if number in by_number:
                found.setdefault(number, []).append(id_[len(number) + 2 : -1])
    return found


def _refunds(
    versions: Versions,
    by_number: Mapping[str, Sequence[str]],
    gone: Mapping[str, Sequence[str]],
) -> Iterator[tuple[Key, Key]]:
    """
    Rows that name the order they belong to, in files that do not sell it, where one
    file does.
    """
    for key, found in versions.items():
        number, _ = key
        if not all(is_added(line) for version in found for line in version.lines):
            continue
        sellers = [
            within
            for within in by_number[number]
            if any(
                not is_added(line) and not line.is_return
                for version in versions[number, within]
                for line in version.lines
            )
        ]
        sellers += gone.get(number, ())
        if len(sellers) == 1:
            yield key, (number, sellers[0])


def _pairs(
    versions: Versions,
    by_number: Mapping[str, Sequence[str]],
    gone: Mapping[str, Sequence[str]],
    held: HeldNames,
    joined: Mapping[Key, Key],
) -> dict[tuple[str, str], list[tuple[Key, _Other]]]:
    """
    The orders that have one number in two files, by the two files, older first.
    """
    stored = _gone_orders(by_number, gone, held)
    found: dict[tuple[str, str], list[tuple[Key, _Other]]] = {}
    for number, withins in by_number.items():
        if len(withins) < 2 and number not in gone:
            continue
        older = list(stored.get(number, ()))
        for within in withins:
            key = number, within
            if key in joined:
                continue
            is_held = id_of(*key) in held.orders
            for other in older:
                if other.key in versions or not is_held:
                    pair = other.key[1], within
                    found.setdefault(pair, []).append((key, other))
            older.append(_other(key, versions[key]))
    return found


def _gone_orders(
    by_number: Mapping[str, Sequence[str]],
    gone: Mapping[str, Sequence[str]],
    held: HeldNames,
) -> dict[str, list[_Other]]:
    """
    The stored orders of files that are gone, by number, where a file that is there has
    a new order of that number.
    """
    wanted = [
        id_of(number, within)
        for number, withins in gone.items()
        if any(id_of(number, it) not in held.orders for it in by_number[number])
        for within in withins
    ]
    stored = held.stored(wanted) if wanted else {}
    found: dict[str, list[_Other]] = {}
    for number, withins in gone.items():
        for within in withins:
            raw = stored.get(id_of(number, within))
            if raw is not None:
                rows = Counter(_row(line) for line in raw["lines"])
                place = f"a report that is not in the folder ({within})"
                other = _Other((number, within), place, rows, frozenset())
                found.setdefault(number, []).append(other)
    return found


def _other(key: Key, found: Sequence[Version]) -> _Other:
    lines = [line for version in found for line in version.lines]
    return _Other(
        key,
        found[0].place,
        Counter(_row(line.cells) for line in lines),
        frozenset(line.whole for line in lines),
    )


def _settled(
    recipe: Recipe, versions: Versions, shared: Sequence[tuple[Key, _Other]]
) -> Iterator[tuple[Key, Key]]:
    """
    What becomes of the orders that two files have both: those that are joined to the
    older one. The others are left as they are or get a problem, in place.
    """
    equal = {key: _equal_lines(versions[key], other) for key, other in shared}
    is_exported_again = 2 * sum(map(bool, equal.values())) > len(shared)
    for key, other in shared:
        number, _ = key
        if number in recipe.changed_orders:
            yield key, other.key
            continue
        same = [
            line
            for line in equal[key]
            if is_exported_again or line.whole in other.wholes
        ]
        if recipe.repeated_rows == "count" or not (same or is_exported_again):
            continue
        if same and recipe.repeated_rows == "once":
            yield key, other.key
        elif same:
            same[0].word = "repeated-row"
            same[0].problem = (
                f"it is equal to a row of this number in {other.place}: say "
                f"{_REPEATED}, or {_COUNTED}"
            )
        else:
            line = versions[key][0].lines[0]
            line.word = "order-conflict"
            line.problem = (
                f"most orders of this report repeat those of {other.place}, and this "
                f"one differs: {CHANGED}, or say {_COUNTED}"
            )


def _equal_lines(found: Sequence[Version], other: _Other) -> list[Line]:
    return [
        line
        for version in found
        for line in version.lines
        if not line.problem and other.rows[_row(line.cells)]
    ]


def _row(cells: Mapping[str, str]) -> Row:
    people = {*PEOPLE, *PEOPLE.values()}
    return tuple(sorted(item for item in cells.items() if item[0] not in people))


def _join(versions: Versions, joined: Mapping[Key, Key]) -> Versions:
    """
    These versions under the keys that they belong to, each still oldest first.
    """
    if not joined:
        return versions
    found: Versions = {}
    for key, items in versions.items():
        target = key
        while target in joined:
            target = joined[target]
        found.setdefault(target, []).extend(items)
    for target in set(joined.values()) & found.keys():
        found[target].sort(key=lambda version: version.source.modified_at)
    return found
