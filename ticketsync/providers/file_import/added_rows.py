"""
Rows that reports add to an order: what they take back of it, and refunds and exchanges
under numbers of their own. What several reports repeat is added once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ticketsync.providers.file_import.columns import Line
from ticketsync.providers.file_import.recipe import Recipe
from ticketsync.providers.file_import.report_versions import (
    CHANGED,
    Conflict,
    Row,
    Version,
    frozen,
    is_confirmed,
    lasting,
)


def with_returns(chosen: list[Line], others: Iterable[Version]) -> list[Line]:
    """
    These rows with what other reports take back and these do not have yet. Raises
    `Conflict` where that cannot be seen.
    """
    held: dict[Row, list[Line]] = {}
    for line in chosen:
        held.setdefault(frozen(line), []).append(line)
    found = list(chosen)
    for version in others:
        seen: Counter[Row] = Counter()
        for line in version.lines:
            row = frozen(line)
            same = held.setdefault(row, [])
            seen[row] += 1
            if seen[row] > len(same):
                found.append(line)
                same.append(line)
            elif line.whole not in {other.whole for other in same}:
                raise Conflict(
                    f"{version.source.place(line)}: it takes back what another report "
                    f"does ({same[0].position}), and differs only in columns that the "
                    "recipe does not map: map one of them to `placed`, or remove the "
                    "report that repeats the other"
                )
    return found


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
