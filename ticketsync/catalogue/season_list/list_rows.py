"""
The rows of a season list, whatever file it came in: as text, and as a show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from ticketsync.catalogue.new_shows import NewShow
from ticketsync.catalogue.show_states import State
from ticketsync.core import errors

MOST_SHOWS = 5000  # of one list
LONGEST_CELL = 500  # characters


@dataclass(frozen=True, slots=True)
class SheetProblem:
    """
    A problem with one cell or row. `heading` is that of the file, where our name of the
    column in `position` is another one.
    """

    position: str
    reason: str
    heading: str = ""

    def __str__(self) -> str:
        heading = f" ({self.heading})" if self.heading else ""
        return f"{self.position}{heading}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ListedRow:
    """
    One row of the file: its position in words, and its cells as text by column.

    `starts_at` is set where the file gives an instant. `problem` is why the row cannot
    be read, with its column; `status` is what the list says about whether it plays,
    `room` the room of its venue if it names one. `called` is the title that the list
    gives a show of ours that its reference identifies, where we have another one.
    """

    position: str
    cells: dict[str, str]
    starts_at: datetime | None = None
    state: State = "on"
    problem: tuple[str, str] | None = None
    status: str = ""
    room: str = ""
    called: str = ""


@dataclass(frozen=True, slots=True)
class ListedRows:
    """
    The rows of a file that are meant to be shows, what was left out and what a reader
    should know; `headings` are those of the file by our column, where they differ.
    """

    rows: tuple[ListedRow, ...]
    notes: tuple[str, ...] = ()
    headings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListedShow:
    """
    A show as the list has it, see `ListedRow`. A cancelled one is not to be added.
    """

    position: str
    new: NewShow
    is_cancelled: bool = False
    room: str = ""
    called: str = ""


@dataclass(frozen=True, slots=True)
class OpenRow:
    """
    A row whose show is not decided yet; `day` is its local day where that is known.
    """

    production: str
    reference: str = ""
    day: date | None = None


def cut_cells(
    cells: Mapping[str, str],
) -> tuple[dict[str, str], tuple[str, str] | None]:
    """
    The cells, none longer than any name or time is, and a problem with the first one
    that was.
    """
    long = [name for name, text in cells.items() if len(text) > LONGEST_CELL]
    if not long:
        return dict(cells), None
    reason = f"it has more than {LONGEST_CELL} characters"
    return {name: text[:60] for name, text in cells.items()}, (long[0], reason)


class InvalidCell(ValueError):
    """
    A cell that is not what its column should hold.
    """

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def refuse_more_than_a_season(name: str, number: int) -> None:
    """
    Raises: `BadFile` for a list of more shows than any season has.
    """
    if number > MOST_SHOWS:
        raise errors.BadFile(
            f"{name} has more than {MOST_SHOWS:,} shows.",
            hint="Divide it, or export one season only; a calendar's rules end with "
            "--until DATE.",
        )
