"""
The rows of a season list, whatever file it came in: as text, and as a show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from ticketsync.catalogue.new_shows import NewShow

State = Literal["on", "cancelled", "unconfirmed"]
_WORD = r"(?:cancell?ed|called off)"
_BEFORE = re.compile(rf"[\[(*]*{_WORD}\s*[\])*:–—-]+\s*(?=\S)", re.IGNORECASE)
_BEHIND = re.compile(rf"\s*[\[(*:–—-]+\s*{_WORD}\W*", re.IGNORECASE)
_STATUS = re.compile(rf"{_WORD}\b.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SheetProblem:
    """
    A problem with one cell or row.
    """

    position: str
    reason: str

    def __str__(self) -> str:
        return f"{self.position}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ListedRow:
    """
    One row of the file: its position in words, and its cells as text by column.

    `starts_at` is set where the file gives an instant. `problem` is why the row cannot
    be read, with its column.
    """

    position: str
    cells: dict[str, str]
    starts_at: datetime | None = None
    state: State = "on"
    problem: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ListedRows:
    """
    The rows of a file that are meant to be shows, what was left out and what a reader
    should know.
    """

    rows: tuple[ListedRow, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedShow:
    """
    A show as the list has it. A cancelled one is not to be added.
    """

    position: str
    new: NewShow
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class OpenRow:
    """
    A row whose show is not decided yet; `day` is its local day where that is known.
    """

    production: str
    reference: str = ""
    day: date | None = None


class InvalidCell(ValueError):
    """
    A cell that is not what its column should hold.
    """

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def split_cancelled(title: str) -> tuple[bool, str]:
    """
    Whether a title says that the show is cancelled, and the rest of it: people write
    `CANCELLED: Gala` or `Gala (cancelled)` where there is no column for it. Without a
    sign between them the word belongs to the title.
    """
    before = _BEFORE.match(title)
    if before is not None:
        return True, title[before.end() :]
    for behind in _BEHIND.finditer(title):
        if behind.start() and behind.end() == len(title):
            return True, title[: behind.start()]
    return False, title


def says_cancelled(status: str) -> bool:
    """
    Whether a status is that of a cancelled show.
    """
    return _STATUS.fullmatch(status.strip()) is not None
