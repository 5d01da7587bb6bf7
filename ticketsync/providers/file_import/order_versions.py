"""
What several reports say of one order, made one: the newest that sells it counts, and
what others take back is added. Reports that contradict each other set it aside.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketsync.core.plurals import number_of
from ticketsync.providers.file_import.columns import Line
from ticketsync.providers.file_import.recipe import Recipe
from ticketsync.providers.file_import.report import Source
from ticketsync.providers.file_import.same_order import Comparisons, Verdict, compare

PEOPLE = {"name": "buyer_name", "email": "buyer_email", "phone": "buyer_phone"}
DIVIDE = "say `order_numbers: event`, `file` or `folder` in the recipe"
CHANGED = "add the number to `changed_orders` in the recipe if it is the same order"


@dataclass(frozen=True, slots=True)
class Version:
    """
    What one source says of an order.
    """

    source: Source
    lines: list[Line]

    @property
    def rows(self) -> Counter[tuple[tuple[str, str], ...]]:
        return Counter(_frozen(line) for line in self.lines)

    @property
    def sales(self) -> list[Line]:
        return [line for line in self.lines if not line.is_return]

    @property
    def place(self) -> str:
        return self.source.place(self.lines[0])


Origin = tuple[str, ...]  # the keys of the reports that an order is from, newest last


@dataclass(frozen=True, slots=True)
class Merged:
    """
    The rows of an order, and the versions that they are from.
    """

    lines: list[Line]
    versions: Sequence[Version]


class _Conflict(Exception):
    """
    Two versions of an order contradict each other; the message says how.
    """

    def __init__(self, reason: str, word: str = "order-conflict") -> None:
        super().__init__(reason)
        self.reason = reason
        self.word = word


@dataclass(slots=True)
class VersionMerger:
    """
    Makes one order of its versions, which come oldest first.

    notes        which files replaced rows of older ones
    comparisons  how the orders of one report differ from those of another
    """

    recipe: Recipe
    rules: Mapping[str, Any]
    notes: list[str] = field(default_factory=list)
    comparisons: Comparisons = field(default_factory=Comparisons)
    _origins: dict[Origin, Origin] = field(default_factory=dict)

    def raw(self, id_: str, found: Sequence[Version]) -> tuple[dict[str, Any], Origin]:
        """
        The raw order and the reports that it is from; with its problem if a row of it
        cannot be read, or its versions disagree.
        """
        problem: dict[str, str] = {}
        merged = Merged([line for v in found for line in v.lines], found)
        try:
            _refuse_unreadable(found)
            merged = self._merged(id_, found)
            _refuse_two_orders(found[-1], merged.lines)
        except _Conflict as conflict:
            problem = {"word": conflict.word, "reason": conflict.reason}
        raw: dict[str, Any] = {
            "id": id_,
            "rules": self.rules,
            "lines": [_stored(line) for line in merged.lines],
        }
        origin = tuple(version.source.key for version in merged.versions)
        return (
            raw | {"problem": problem} if problem else raw
        ), self._origins.setdefault(origin, origin)

    def _merged(self, id_: str, found: Sequence[Version]) -> Merged:
        """
        The newest report that sells an order, and what all others take back. Raises
        `_Conflict`.
        """
        if len(found) == 1:
            return Merged(found[0].lines, found)
        selling = [version for version in found if version.sales]
        chosen = Merged(selling[0].lines, selling[:1]) if selling else Merged([], [])
        for before, version in itertools.pairwise(selling):
            chosen = self._newer(id_, chosen, before, version)
        returning = [version for version in found if not version.sales]
        lines = _with_returns(chosen.lines, returning)
        return Merged(lines, [*returning, *chosen.versions])  # newest last

    def _newer(
        self, id_: str, chosen: Merged, before: Version, version: Version
    ) -> Merged:
        old = Counter(_frozen(line) for line in chosen.lines)
        new = version.rows
        files = before.source.key, version.source.key
        if new >= old:
            self.comparisons.add(*files, id_, Verdict("same"))
            return Merged(version.lines, [version])
        if version.source.modified_at == before.source.modified_at:
            if old >= new:
                return chosen
            raise _Conflict(
                f"{version.place}: {before.place} says something else of this order, "
                f"and neither file is newer; {DIVIDE}"
            )
        verdict = self._compare(chosen.lines, version)
        if verdict.is_elsewhere and self.recipe.order_numbers == "folder":
            lines = [*chosen.lines, *version.lines]
            return Merged(lines, [*chosen.versions, version])
        self.comparisons.add(*files, id_, verdict)
        if verdict.degree == "other":
            raise _Conflict(
                f"{version.place}: its number is that of another order in "
                f"{before.place} ({verdict.why}); {DIVIDE}, or {CHANGED}"
            )
        gone = sum((old - new).values()) - sum((new - old).values())
        if gone > 0:
            number = version.lines[0].cells.get("order", "")
            self.notes.append(
                note_fewer(number, version.source.file, before.source.file, gone)
            )
        return Merged(version.lines, [version])

    def _compare(self, lines: Sequence[Line], version: Version) -> Verdict:
        if is_confirmed(self.recipe, [line.cells for line in version.lines]):
            return Verdict("same")
        return compare(
            [line.cells for line in lines if not line.is_return],
            [line.cells for line in version.sales],
            self.rules,
        )


def note_fewer(number: str, newer: str, older: str, rows: int) -> str:
    """
    Of an order that lost rows.
    """
    return (
        f"order {number}: {newer} is newer than {older} and has "
        f"{number_of(rows, 'row')} fewer; the newer one counts"
    )


def is_confirmed(recipe: Recipe, lines: Iterable[Mapping[str, str]]) -> bool:
    """
    Whether a person said of an order that it is the same one, changed.
    """
    if not recipe.changed_orders:
        return False
    return any(line.get("order") in recipe.changed_orders for line in lines)


def _stored(line: Line) -> dict[str, str]:
    if PEOPLE.keys().isdisjoint(line.cells):
        return line.cells
    return {PEOPLE.get(name, name): text for name, text in line.cells.items()}


def _refuse_unreadable(found: Sequence[Version]) -> None:
    for version in found:
        for line in version.lines:
            if line.problem:
                place = version.source.place(line)
                raise _Conflict(f"{place}: {line.problem}", line.word)


def _with_returns(chosen: list[Line], others: Iterable[Version]) -> list[Line]:
    """
    These rows with what other reports take back and these do not have yet. Raises
    `_Conflict` where that cannot be seen.
    """
    held: dict[tuple[tuple[str, str], ...], list[Line]] = {}
    for line in chosen:
        held.setdefault(_frozen(line), []).append(line)
    found = list(chosen)
    for version in others:
        seen: Counter[tuple[tuple[str, str], ...]] = Counter()
        for line in version.lines:
            row = _frozen(line)
            same = held.setdefault(row, [])
            seen[row] += 1
            if seen[row] > len(same):
                found.append(line)
                same.append(line)
            elif line.whole not in {other.whole for other in same}:
                raise _Conflict(
                    f"{version.source.place(line)}: it takes back what another report "
                    f"does ({same[0].position}), and differs only in columns that the "
                    "recipe does not map: map one of them to `placed`, or remove the "
                    "report that repeats the other"
                )
    return found


def _refuse_two_orders(version: Version, lines: Sequence[Line]) -> None:
    """
    `_Conflict` where one number stands for sales of two events at two times: numbers
    that begin again with each show.
    """
    bought = {
        (line.cells.get("event_id") or line.cells.get("event"), line.cells["placed"])
        for line in lines
        if not line.is_return and "placed" in line.cells
    }
    events = {event for event, _ in bought}
    times = {placed for _, placed in bought}
    if len(events) > 1 and len(times) > 1:
        raise _Conflict(
            f"{version.source.place(lines[0])}: its rows are of {len(events)} events, "
            f"bought at {len(times)} times; {DIVIDE}"
        )


def _frozen(line: Line) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(line.cells.items()))
