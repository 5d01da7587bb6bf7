"""
What one report says of an order (a version of it), and what several can be compared by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.report import Source
from ticketsync.providers.file_import.orders.ticket_ids import CHANGING
from ticketsync.providers.file_import.recipes.recipe import Recipe

PEOPLE = {"name": "buyer_name", "email": "buyer_email", "phone": "buyer_phone"}
DIVIDE = (
    "say in the recipe `order_numbers: event` if numbers begin again with each event, "
    "`file` if with each file, or `folder` if one order goes on in another file"
)
CHANGED = "add the number to `changed_orders` in the recipe if it is the same order"

Row = tuple[tuple[str, str], ...]
Origin = tuple[str, ...]  # the keys of the reports that an order is from


class Conflict(Exception):
    """
    Two versions of an order contradict each other; the message says how.
    """

    def __init__(self, reason: str, word: str = "order-conflict") -> None:
        super().__init__(reason)
        self.reason = reason
        self.word = word


def undone(place: str, lost: str, before: str) -> Conflict:
    """
    The newer file at `place` has `lost` something that the one at `before` has.
    """
    return Conflict(
        f"{place}: {lost} than {before} says, though it is the newer file; remove the "
        f"older export, whatever its time, or {CHANGED}",
        "undone",
    )


@dataclass(frozen=True, slots=True)
class Version:
    """
    What one source says of an order.
    """

    source: Source
    lines: list[Line]

    @property
    def rows(self) -> Counter[Row]:
        return Counter(frozen(line) for line in self.lines)

    @property
    def sales(self) -> list[Line]:
        return [line for line in self.lines if not line.is_return]

    @property
    def place(self) -> str:
        return self.source.place(self.lines[0])


@dataclass(frozen=True, slots=True)
class Merged:
    """
    The rows of an order, and the versions that they are from. `holders` are the
    versions of each row, where they are not all of the last one.
    """

    lines: list[Line]
    versions: Sequence[Version]
    holders: Sequence[Version] = ()

    def held_lines(self) -> list[tuple[Line, Version]]:
        """
        The rows, each with the version that has it.
        """
        holders = self.holders or [*self.versions[-1:]] * len(self.lines)
        return list(zip(self.lines, holders, strict=True))


def frozen(line: Line) -> Row:
    """
    All that a row says in the columns that the recipe maps.
    """
    return tuple(sorted(line.cells.items()))


def lasting(line: Line) -> Row:
    """
    What of a row stays when it is exported again: not its status, nor what was kept.
    """
    return tuple(
        sorted(
            item
            for item in line.cells.items()
            if item[0] not in CHANGING and item[0] not in PEOPLE
        )
    )


def is_added(line: Line) -> bool:
    """
    Whether a row has a number of its own beside that of the order it belongs to: a
    refund or an exchange, never a new version of that order.
    """
    number = line.cells.get("refund_of")
    return number is not None and line.cells.get("order", "") != number


def split_added(found: Iterable[Version]) -> tuple[list[Version], list[Version]]:
    """
    The rows of an order itself, and those that are added to it.
    """
    own: list[Version] = []
    added: list[Version] = []
    for version in found:
        parts: tuple[list[Line], list[Line]] = ([], [])
        for line in version.lines:
            parts[is_added(line)].append(line)
        for lines, versions in zip(parts, (own, added), strict=True):
            if lines:
                versions.append(Version(version.source, lines))
    return own, added


def is_confirmed(recipe: Recipe, lines: Iterable[Mapping[str, str]]) -> bool:
    """
    Whether a person said of an order that it is the same one, changed.
    """
    if not recipe.changed_orders:
        return False
    return any(line.get("order") in recipe.changed_orders for line in lines)


def stored_cells(line: Line) -> dict[str, str]:
    """
    The cells of a row as they are stored.
    """
    if PEOPLE.keys().isdisjoint(line.cells):
        return line.cells
    return {PEOPLE.get(name, name): text for name, text in line.cells.items()}
