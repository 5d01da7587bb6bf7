"""
Which ticket is which: an id for each row sold that stays with it when a later report
lists the rows of the order in another sequence.

The id of a ticket is the order, the row's label and a number within the row. A label
is the recipe's `line` where that is unique within its order, else the row's number in
the first report; later rows are recognised by what they sell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.redact import safe

Cells = Mapping[str, str]
CHANGING = frozenset(
    {"status", "checked_in", "refunded", "kept", "fee", "order_total", "channel", "tax"}
)


@dataclass(frozen=True, slots=True)
class SoldRow:
    """
    A row that sells tickets, and the occurrence that they are for.
    """

    cells: Cells
    occurrence_id: str

    @property
    def exact(self) -> tuple[object, ...]:
        """
        By what the row is recognised if nothing of what it sells has changed.
        """
        stays = (
            item
            for item in self.cells.items()
            if item[0] not in CHANGING and not item[0].startswith("buyer_")
        )
        return (self.occurrence_id, *sorted(stays))

    @property
    def rough(self) -> tuple[str, str, str]:
        """
        By what it is recognised if amounts have changed.
        """
        cells = self.cells
        return self.occurrence_id, cells.get("type", ""), cells.get("line", "")


@dataclass(slots=True)
class Labels:
    """
    The labels of an order's rows through its versions. `used` are all that were ever
    given, so that none is given to another row later.
    """

    rows: list[tuple[SoldRow, str]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def follow(self, rows: Sequence[SoldRow]) -> list[str]:
        """
        The labels of the rows of the next version, in its sequence.
        """
        found: list[str | None] = [None] * len(rows)
        left = list(self.rows)
        for key in () if not left else ("exact", "rough"):
            waiting: dict[object, list[int]] = {}
            for n, (row, _) in enumerate(left):
                waiting.setdefault(getattr(row, key), []).append(n)
            taken: set[int] = set()
            for n, row in enumerate(rows):
                same = waiting.get(getattr(row, key))
                if found[n] is None and same:
                    place = same.pop(0)
                    found[n] = left[place][1]
                    taken.add(place)
            left = [item for n, item in enumerate(left) if n not in taken]
        self._match_the_rest(found, left)
        labels = [
            label if label is not None else self._new_label(row, n)
            for n, (label, row) in enumerate(zip(found, rows, strict=True), start=1)
        ]
        self.rows = list(zip(rows, labels, strict=True))
        return labels

    @staticmethod
    def _match_the_rest(
        found: list[str | None], left: list[tuple[SoldRow, str]]
    ) -> None:
        """
        One row that is left on both sides is the same one, with another type or date.
        """
        open_places = [n for n, label in enumerate(found) if label is None]
        if len(open_places) == 1 and len(left) == 1:
            found[open_places[0]] = left[0][1]

    def _new_label(self, row: SoldRow, number: int) -> str:
        wanted = escaped(row.cells.get("line") or str(number))
        label, n = wanted, 1
        while label in self.used:
            n += 1
            label = f"{wanted}~{n}" if "line" in row.cells else str(number + n - 1)
        self.used.add(label)
        return label


def refuse_other_case(lines: Sequence[Cells]) -> None:
    """
    Raises: `UnreadableRecord` for seats of one order that differ only in capital
    letters: one ticket that is there twice, or two. Seats that are on several rows name
    no ticket.
    """
    seats = [line["line"] for line in lines if line.get("line")]
    if len(seats) < 2 or len(set(seats)) < len(seats):
        return
    spelled: dict[str, str] = {}
    for seat in seats:
        other = spelled.setdefault(seat.casefold(), seat)
        if other != seat:
            raise UnreadableRecord(
                f"line is {safe(other)!r} and {safe(seat)!r}, which differ only in "
                "capital letters, and may be one ticket or two: write them alike or "
                "apart",
                word="letter-case",
            )


def labels_of(versions: Sequence[Sequence[SoldRow]]) -> list[str]:
    """
    The labels of the rows of the last of these versions, oldest first.
    """
    labels = Labels()
    found: list[str] = []
    for rows in versions:
        found = labels.follow(rows)
    return found


def escaped(label: str) -> str:
    """
    A label without the sign that separates the parts of a ticket's id.
    """
    if "/" in label or "%" in label:
        return label.replace("%", "%25").replace("/", "%2F")
    return label
