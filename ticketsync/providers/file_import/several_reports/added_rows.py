"""
Rows that reports add to an order: what they take back of it, and refunds and exchanges
under numbers of their own. What several reports repeat is added once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports.report_versions import (
    CHANGED,
    Conflict,
    Row,
    Version,
    is_confirmed,
    lasting,
)

_MONEY = ("fee", "tax", "refunded")  # that belongs to what a row takes back


@dataclass(slots=True)
class _Row:
    """
    A row of an order and the report that has it, the newest of those that have it.
    """

    line: Line
    version: Version


def with_returns(
    chosen: Iterable[tuple[Line, Version]], others: Iterable[Version]
) -> list[Line]:
    """
    These rows with what other reports take back and these do not have yet. A row that
    several have is one, as the newest has it: with another status, for example. Raises
    `Conflict` where that cannot be seen.
    """
    found = [_Row(line, version) for line, version in chosen]
    held: dict[Row, list[_Row]] = {}
    for row in found:
        held.setdefault(lasting(row.line), []).append(row)
    for version in others:
        open_rows = {key: list(rows) for key, rows in held.items()}
        for line in version.lines:
            key = lasting(line)
            same = open_rows.get(key)
            if same:
                row = min(same, key=lambda it: _distance(it.line, line))
                same.remove(row)
                _take_newer(row, line, version)
            else:
                row = _Row(line, version)
                found.append(row)
                held.setdefault(key, []).append(row)
    return [row.line for row in found]


def _distance(line: Line, other: Line) -> int:
    """
    How little two rows have in common that last alike: 0 for equal ones.
    """
    return (line.whole != other.whole) + (line.cells != other.cells)


def _take_newer(row: _Row, line: Line, version: Version) -> None:
    """
    Make a row what the newer of two reports says of it, in place.
    """
    before, now = row.line.cells, line.cells
    place = version.source.place(line)
    other = row.version.source.place(row.line)
    if before == now:
        if row.line.whole != line.whole:
            raise Conflict(
                f"{place}: it takes back what another report does ({other}), and "
                "differs only in columns that the recipe does not map, or in how a "
                "cell is written: map one of them to `placed`, or remove the report "
                "that repeats the other"
            )
        return
    ages = row.version.source.modified_at, version.source.modified_at
    is_clear = all(before.get(it) == now.get(it) or it not in before for it in _MONEY)
    if ages[0] > ages[1]:
        is_clear = all(before.get(it) == now.get(it) or it not in now for it in _MONEY)
    if ages[0] == ages[1] or not is_clear:
        raise Conflict(
            f"{place}: {other} says something else of the same return; remove the "
            "report that is out of date"
        )
    if ages[0] < ages[1]:
        row.line, row.version = line, version


def newest_of_each(recipe: Recipe, added: Sequence[Version]) -> list[Version]:
    """
    The rows that are added to an order by their own numbers, each number as the newest
    report has it. `added` come oldest first. Raises `Conflict` where a newer report
    says something else of such a number than an older one.
    """
    newest: dict[str, Version] = {}
    unnumbered: list[Version] = []
    for version in added:
        by_number: dict[str, list[Line]] = {}
        for line in version.lines:
            by_number.setdefault(line.cells.get("order", ""), []).append(line)
        for number, lines in by_number.items():
            found = Version(version.source, lines)
            if not number:
                unnumbered.append(found)
                continue
            before = newest.get(number)
            if before is not None:
                _refuse_other(recipe, number, before, found)
            newest[number] = found
    return [*unnumbered, *newest.values()]


def _refuse_other(recipe: Recipe, number: str, old: Version, new: Version) -> None:
    if is_confirmed(recipe, [line.cells for line in new.lines]):
        return
    before = Counter(lasting(line) for line in old.lines)
    if before <= Counter(lasting(line) for line in new.lines):
        is_one_age = old.source.modified_at == new.source.modified_at
        if not is_one_age or old.rows <= new.rows:
            return
    raise Conflict(
        f"{new.place}: {old.place} says something else of {number}, which belongs to "
        f"this order; remove the report that is wrong, or {CHANGED}"
    )
