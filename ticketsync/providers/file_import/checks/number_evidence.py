"""
What the reports of a folder say of their order numbers: within what they are unique.
Pure.

Two rows of one number are the same order where who bought it and when agree, and two
orders where they do not; where neither stands in the reports, only numbers of which
most begin again say something. What nothing decides is left to a person.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.report import Source
from ticketsync.providers.file_import.orders.events_from_rows import named_event
from ticketsync.providers.file_import.orders.same_order import is_timed
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports.report_versions import (
    frozen,
    is_added,
)

MEANINGS = {
    "event": "numbers begin again with each event",
    "file": "numbers begin again with each file",
    "folder": "one number is one order, whose rows are added over all files",
}
_BUYERS = ("placed", "email", "name")  # who bought an order, and when
_SOLD = ("starts", "date", "time", "type", "line")
_ENOUGH = 2  # numbers that say the same

# What two parts of one number are: the same rows again; an order over two events of a
# file; the parts of an order in two files; two orders with other events in
# one file, by their events or files, or by their files alone.
Finding = Literal[
    "again", "over_events", "part", "by_event", "by_either", "by_file", "unknown"
]
_SPLIT = {
    "over_events": "for several events, of one buyer",
    "part": "in several files, of one buyer",
    "by_event": "for several events of a file, of different orders",
    "by_either": "for several events, of different orders",
    "by_file": "in several files, of different orders",
    "unknown": "for several events or in several files",
}


class _Part(NamedTuple):
    """
    The rows of one number for one event in one file; `sold` is what they are for.
    """

    file: str
    event: str
    sold: set[tuple[str, ...]]
    rows: Counter[tuple[tuple[str, str], ...]]
    lines: Sequence[Line]


class NumberEvidence:
    """
    Looked for in the sources of a folder, before their rows are taken out of them.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._found: Counter[Finding] = Counter()
        self._examples: dict[Finding, str] = {}
        self._has_buyers = False
        parts: dict[str, list[_Part]] = defaultdict(list)
        for source in sources:
            for number, lines in source.orders.items():
                parts[number] += _parts(source.file, lines)
        self._numbers = len(parts)
        for number, found in parts.items():
            self._has_buyers = self._has_buyers or any(
                _words(part, name) for part in found for name in _BUYERS
            )
            for finding in {_compare(a, b) for a, b in combinations(found, 2)}:
                self._found[finding] += 1
                self._examples.setdefault(finding, number)

    def notes(self, recipe: Recipe) -> Iterator[str]:
        """
        Which `order_numbers` the reports fit, in a sentence, if numbers repeat and the
        recipe says nothing else.
        """
        fits = self._fitting()
        said = recipe.order_numbers
        if said == "file" and self._found["again"] >= _ENOUGH:
            yield (
                f"{self._counted('again')} in two files with the same rows: take one "
                "of the files out of the folder if they are the same orders, else say "
                "`repeated_rows: count` in the recipe"
            )
        elif fits and fits != said:
            found = self._counted(self._undecided() or "unknown")
            yield (
                f"{found}: say `order_numbers: {fits}` in the recipe "
                f"({MEANINGS[fits]}); it cannot be changed once orders are stored"
                if not said
                else f"{found}; the recipe says `order_numbers: {said}`, and `{fits}` "
                f"would fit ({MEANINGS[fits]})"
            )
        elif not fits and not said and (finding := self._undecided()):
            ways = "; ".join(f"`{value}`: {text}" for value, text in MEANINGS.items())
            yield (
                f"{self._counted(finding)}, and by what the reports say no value of "
                f"`order_numbers` fits them all ({ways}). Map `placed`, when an order "
                "was bought, if the report has it"
            )

    def _fitting(self) -> str:
        """
        The value that all the numbers fit that say something; `""` if none does.
        """
        found = self._found
        if found["part"] or found["over_events"]:
            are_two = any(found[it] for it in ("by_event", "by_either", "by_file"))
            is_folder = found["part"] and not are_two and not found["unknown"]
            return "folder" if is_folder else ""
        if found["by_file"]:
            return "" if found["again"] or found["by_event"] else "file"
        if found["by_event"] or found["by_either"]:
            return "event"
        return "event" if self._begin_again() else ""

    def _begin_again(self) -> bool:
        """
        Whether most numbers are there for several events, where nothing says of whom.
        """
        unknown = self._found["unknown"]
        is_alone = not self._has_buyers and set(self._found) == {"unknown"}
        return is_alone and unknown >= _ENOUGH and 2 * unknown > self._numbers

    def _undecided(self) -> Finding | None:
        """
        What most numbers are that need a value, if any do.
        """
        most = [item for item in self._found if item not in ("again", "over_events")]
        return max(most, key=lambda item: self._found[item], default=None)

    def _counted(self, finding: Finding) -> str:
        number = self._found[finding]
        stands = "stands" if number == 1 else "stand"
        example = safe(self._examples[finding], longest=30)
        what = number_of(number, "order number")
        return f"{what} (such as {example}) {stands} {_SPLIT.get(finding, '')}".rstrip()


def _parts(file: str, lines: Iterable[Line]) -> list[_Part]:
    by_event: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if not line.is_return and not line.problem and not is_added(line):
            cells = line.cells
            by_event[named_event(cells)].append(line)
    return [
        _Part(file, event, set(map(_sold, found)), Counter(map(frozen, found)), found)
        for event, found in by_event.items()
    ]


def _sold(line: Line) -> tuple[str, ...]:
    return tuple(line.cells.get(name, "") for name in _SOLD)


def _compare(one: _Part, other: _Part) -> Finding:
    """
    What two parts of one number are to each other.
    """
    is_one_event, is_one_file = one.event == other.event, one.file == other.file
    is_one_order = _is_one_order(one, other)
    if is_one_event and is_one_order is not False:
        is_contained = one.rows <= other.rows or other.rows <= one.rows
        if is_contained or (is_one_order and one.sold & other.sold):
            return "again"
    if is_one_order is None or (is_one_event and is_one_file):
        return "unknown"
    if is_one_order:
        return "over_events" if is_one_file else "part"
    if is_one_event:
        return "by_file"
    return "by_event" if is_one_file else "by_either"


def _is_one_order(one: _Part, other: _Part) -> bool | None:
    """
    Whether two parts were bought at one time, or by one buyer; `None` where the reports
    do not say it: many orders are bought on one day.
    """
    for name in _BUYERS:
        first, second = _words(one, name), _words(other, name)
        if not first or not second:
            continue
        if first.isdisjoint(second):
            return False
        if name != "placed" or is_timed([{name: text} for text in first & second]):
            return True
    return None


def _words(part: _Part, name: str) -> set[str]:
    found = (line.cells.get(name, "") for line in part.lines)
    return {text.casefold() for text in found if text}
