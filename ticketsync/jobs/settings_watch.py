"""
Settings that may change while `serve` runs. The worker takes up new ones; what only the
start can set (address, database, passwords) needs a new start, and it is said so.

A file that is being written may be empty or half there: it is read once it has not
changed for a while, and one that has nothing in it replaces no settings.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ticketsync.core import clock, errors, log
from ticketsync.core.settings import config
from ticketsync.core.settings.config import Settings

Fingerprint = tuple[int, int, int] | None

SETTLED_SECONDS = 2.0  # since the last change, before the file is read
EMPTY = "The settings file {file} is empty; `serve` goes on with the earlier settings."
RESTART = (
    "The settings under `serve` or `database` have changed; `serve` goes on with those "
    "of its start. Start it again."
)


class SettingsWatch:
    """
    The present settings in a file. What is wrong with it is said once through `warn`,
    and until it is corrected the last good settings hold.
    """

    def __init__(
        self, file: Path, settings: Settings, warn: Callable[[str], None]
    ) -> None:
        self._file = file
        self._at_start = self._settings = settings
        self._warn = warn
        self._lock = threading.Lock()
        self._seen = _fingerprint(file)

    def current(self) -> Settings:
        """
        The settings, read again if the file has changed and is no longer being written;
        those of `serve` and the database are always those of the start. Raises nothing,
        and may be called from several threads.
        """
        with self._lock:
            return self._read()

    def _read(self) -> Settings:
        seen = _fingerprint(self._file)
        if seen == self._seen or _is_being_written(seen):
            return self._settings
        self._seen = seen
        try:
            if config.is_empty(self._file):
                self._say(EMPTY.format(file=self._file))
                return self._settings
            new = config.load(self._file)
        except errors.TicketsyncError as error:
            self._say(f"{error.message} `serve` goes on with the earlier settings.")
            return self._settings
        start = self._at_start
        if (new.serve, new.database) != (start.serve, start.database):
            self._say(RESTART)
        else:
            log.info("settings read again", file=str(self._file))
        self._settings = replace(new, serve=start.serve, database=start.database)
        return self._settings

    def _say(self, text: str) -> None:
        log.warning("settings changed", message=text)
        self._warn(text)


def _is_being_written(seen: Fingerprint) -> bool:
    """
    Whether the last change is too fresh. A time in the future is a wrong clock's, and
    says nothing.
    """
    if seen is None:
        return False
    age = clock.now().timestamp() - seen[0] / 1e9
    return 0 <= age < SETTLED_SECONDS


def _fingerprint(file: Path) -> Fingerprint:
    """
    What changes when the file is written or replaced; `None` if there is none.
    """
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
