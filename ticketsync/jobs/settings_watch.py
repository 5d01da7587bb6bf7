"""
Settings that may change while `serve` runs. The worker takes up new ones; what only the
start can set (address, database, passwords) needs a new start, and it is said so.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ticketsync.core import config, errors, log
from ticketsync.core.config import Settings

Fingerprint = tuple[int, int, int] | None

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
        self._seen = _fingerprint(file)

    def current(self) -> Settings:
        """
        The settings, read again if the file has changed. Raises nothing.
        """
        seen = _fingerprint(self._file)
        if seen == self._seen:
            return self._settings
        self._seen = seen
        try:
            new = config.load(self._file)
        except errors.TicketsyncError as error:
            self._say(f"{error.message} `serve` goes on with the earlier settings.")
            return self._settings
        fixed = (self._at_start.serve, self._at_start.database)
        if (new.serve, new.database) != fixed:
            self._say(RESTART)
        else:
            log.info("settings read again", file=str(self._file))
        self._settings = new
        return new

    def _say(self, text: str) -> None:
        log.warning("settings changed", message=text)
        self._warn(text)


def _fingerprint(file: Path) -> Fingerprint:
    """
    What changes when the file is written or replaced; `None` if there is none.
    """
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
