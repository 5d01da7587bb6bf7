"""
Season lists that were uploaded and wait for a person's word. They are held in memory,
the newest few; what a page showed is what is imported, or nothing.
"""

from __future__ import annotations

import re
import secrets
import tempfile
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from ticketsync.catalogue.season_list.import_file import ListOptions
from ticketsync.catalogue.season_list.start_times import DateOrderNeeded
from ticketsync.core import errors
from ticketsync.store.engine import Database
from ticketsync.web.request_bodies import Upload
from ticketsync.workflows import season_list
from ticketsync.workflows.season_list import ListPreview

KEPT: Final = 20
MOST_ROWS: Final = 50_000  # shows of all lists that are kept together
SHOWN: Final = 100  # problems and remarks
_UNUSUAL = re.compile(r"[^\w. -]")


@dataclass(frozen=True, slots=True)
class PendingList:
    """
    An uploaded list, how it is read, and what it would change; `question` is a date of
    it that can be read in two ways, instead. Of `problems` and `remarks` the preview
    keeps the first ones, and these are their numbers.
    """

    id: str
    upload: Upload
    options: ListOptions
    preview: ListPreview | None = None
    question: str = ""
    is_imported: bool = False
    problems: int = 0
    remarks: int = 0

    @property
    def rows(self) -> int:
        """
        How many shows of it are held.
        """
        return 0 if self.preview is None else len(self.preview.plan.shows)

    @property
    def file_name(self) -> str:
        return (
            _UNUSUAL.sub("_", Path(self.upload.name).name)[-80:].lstrip(".") or "list"
        )


@dataclass(slots=True)
class PendingLists:
    """
    The lists that wait. Safe to use from several threads.
    """

    _lists: dict[str, PendingList] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(
        self, database: Database, upload: Upload, options: ListOptions, id: str = ""
    ) -> PendingList:
        """
        Read a list and remember it, under its former id if it has one; nothing is
        saved.

        Raises: `BadFile` where it cannot be read or holds no shows.
        """
        pending = PendingList(id or secrets.token_urlsafe(16), upload, options)
        try:
            pending = _with_preview(pending, _preview(database, pending))
        except DateOrderNeeded as error:
            pending = replace(pending, question=error.example)
        self.keep(pending)
        return pending

    def get(self, id: str) -> PendingList:
        """
        Raises: `NotFound` for one that is not waiting any more.
        """
        with self._lock:
            found = self._lists.get(id)
        if found is None:
            raise errors.NotFound(
                "This list is no longer waiting.", hint="Choose the file again."
            )
        return found

    def keep(self, pending: PendingList) -> None:
        """
        Remember a list as it is now, and forget the oldest of many.
        """
        with self._lock:
            self._lists.pop(pending.id, None)
            self._lists[pending.id] = pending
            while len(self._lists) > 1 and self._are_many():
                del self._lists[next(iter(self._lists))]

    def _are_many(self) -> bool:
        rows = sum(pending.rows for pending in self._lists.values())
        return len(self._lists) > KEPT or rows > MOST_ROWS


def _with_preview(pending: PendingList, seen: ListPreview) -> PendingList:
    """
    The list with its preview, without the many problems and remarks that no page shows.
    """
    parsed = replace(
        seen.parsed,
        problems=seen.parsed.problems[:SHOWN],
        unconfirmed=seen.parsed.unconfirmed[:SHOWN],
        notes=seen.parsed.notes[:SHOWN],
    )
    return replace(
        pending,
        preview=replace(seen, parsed=parsed),
        problems=len(seen.problems),
        remarks=len(seen.parsed.unconfirmed) + len(seen.notes),
    )


def _preview(database: Database, pending: PendingList) -> ListPreview:
    with tempfile.TemporaryDirectory(prefix="ticketsync-") as folder:
        file = Path(folder) / pending.file_name
        file.write_bytes(pending.upload.data)
        with database.read() as connection:
            return season_list.preview(connection, file, pending.options)
