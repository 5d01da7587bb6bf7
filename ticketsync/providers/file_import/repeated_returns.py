"""
Rows that take the same back in several reports: one return that is listed again, or two
that are alike. What tells them apart is the day of the return, a list that goes on from
an older one, or that so much cannot go back; otherwise the recipe says it. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ticketsync.core.plurals import number_of
from ticketsync.providers.file_import.columns import Line
from ticketsync.providers.file_import.recipe import Recipe
from ticketsync.providers.file_import.report_versions import (
    Conflict,
    Merged,
    Row,
    Version,
    frozen,
)

_FEWEST_REPEATED = 2  # orders of an older list that a longer one begins with


@dataclass(frozen=True, slots=True)
class _Repeat:
    """
    A row that an older report has, too; `is_listed_again` where it is surely the same.
    """

    line: Line
    version: Version
    older: Version
    is_listed_again: bool


@dataclass(slots=True)
class RepeatedReturns:
    """
    numbers  the order numbers in each report, by its key
    """

    recipe: Recipe
    numbers: Mapping[str, frozenset[str]]
    _repeated: dict[tuple[str, str], int] = field(default_factory=dict)

    def further(
        self,
        chosen: Merged,
        others: Sequence[Version],
        lines: Sequence[Line],
        can_be: Callable[[Sequence[Line]], bool],
    ) -> list[Line]:
        """
        The rows of `others`, oldest first, that count beside `lines`, in which each
        stands once; `chosen` is what sells the order, and `can_be` says whether an
        order can have these rows. Raises `Conflict` where it cannot be seen.
        """
        found: list[Line] = []
        for repeat in self._repeats(chosen, others):
            if not can_be([*lines, *found, repeat.line]):
                continue  # no more than once
            meaning = "once" if repeat.is_listed_again else self.recipe.repeated_rows
            if meaning == "refuse":
                raise _unclear(repeat)
            if meaning == "count":
                found.append(repeat.line)
            key = repeat.version.source.file, meaning
            self._repeated[key] = self._repeated.get(key, 0) + 1
        return found

    def notes(self) -> Iterator[str]:
        """
        Which reports repeat what an older one takes back, and how that was counted.
        """
        for (file, meaning), rows in self._repeated.items():
            counted = "once" if meaning == "once" else "again"
            yield (
                f"{file}: {number_of(rows, 'row')} that an older report has, too, "
                f"without the day of the return: counted {counted}"
            )

    def _repeats(self, chosen: Merged, others: Sequence[Version]) -> Iterator[_Repeat]:
        sold_on = {line.cells.get("placed") for line in chosen.lines}
        holders: dict[Row, list[Version]] = {}
        if chosen.versions:
            for line in chosen.lines:
                holders[frozen(line)] = [chosen.versions[-1]]
        for version in others:
            for line in version.lines:
                older = holders.setdefault(frozen(line), [])
                if any(it.source is version.source for it in older):
                    continue  # a row of this file once more: decided when it was read
                if older and line.cells.get("placed") in {None, *sold_on}:
                    is_again = any(self._goes_on(it, version, chosen) for it in older)
                    yield _Repeat(line, version, older[-1], is_again)
                older.append(version)

    def _goes_on(self, older: Version, version: Version, chosen: Merged) -> bool:
        """
        Whether a report has what another one does because it lists all of that again:
        sales with their returns, not older than the list of returns, or a longer list.
        """
        if chosen.versions and older is chosen.versions[-1]:
            return version.source.modified_at <= older.source.modified_at
        before = self.numbers.get(older.source.key, frozenset())
        now = self.numbers.get(version.source.key, frozenset())
        return before <= now and len(before) >= _FEWEST_REPEATED


def _unclear(repeat: _Repeat) -> Conflict:
    return Conflict(
        f"{repeat.version.source.place(repeat.line)}: it takes back what "
        f"{repeat.older.source.file} does, and does not say on which day, so it may be "
        "the same money or more of it: map the day of the return to `placed`, remove "
        "the report that repeats the other, or say in the recipe `repeated_rows: once` "
        "if such rows are one and `count` if they are two",
        "refund-twice",
    )
