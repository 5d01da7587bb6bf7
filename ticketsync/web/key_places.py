"""
Where this server can store a key, for the pages that have a field for one.

To know that, a dummy is stored and deleted (`credentials.find_places`), which may
unlock a keyring or take seconds. So it is not done for each view: what was found is
believed for some minutes. A key that was sent is only stored where it was tried anew.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ticketsync.accounts import credentials
from ticketsync.core import clock

BELIEVED: Final = timedelta(minutes=10)


@dataclass(slots=True)
class KeyPlaces:
    """
    The places of one server. Safe to use from several threads.
    """

    _found: tuple[str, ...] = ()
    _found_at: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self) -> tuple[str, ...]:
        """
        The places as `credentials.find_places` found them some minutes ago or now.
        """
        with self._lock:
            if self._found_at is None or clock.now() - self._found_at > BELIEVED:
                self._try()
            return self._found

    def find_now(self) -> tuple[str, ...]:
        """
        The places now, tried anew.
        """
        with self._lock:
            self._try()
            return self._found

    def _try(self) -> None:
        self._found = credentials.find_places()
        self._found_at = clock.now()
