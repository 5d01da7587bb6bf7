"""
How often passwords may be tried. An attempt counts before it is made, so that many at
once are no way around the limit.

One address may try five times a minute and fifteen times in ten minutes. All together
may try a hundred times in ten minutes: this stops guessing from many addresses, and a
few addresses cannot use it up to keep others out.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

PER_ADDRESS = 5
ADDRESS_SECONDS = 60
LONG_PER_ADDRESS = 15  # in `ALL_SECONDS`
FOR_ALL = 100
ALL_SECONDS = 600
MAX_WAITING = 4  # for their turn; every hash takes 16 MB and a worker thread


class PasswordAttempts:
    """
    Counts attempts and lets one password be hashed at a time.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._attempts: deque[tuple[float, str]] = deque()
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(MAX_WAITING)

    def attempt(self, client: str, is_right: Callable[[], bool]) -> bool | None:
        """
        Whether the password is right; `None` if this client may not try one now. A
        right one is not counted.
        """
        if not self._places.acquire(blocking=False):
            return None
        try:
            attempt = self._count(client)
            if attempt is None:
                return None
            with self._turn:
                found = is_right()
            if found:
                self._forget(attempt)
            return found
        finally:
            self._places.release()

    def _count(self, client: str) -> tuple[float, str] | None:
        with self._lock:
            now = self._now()
            while self._attempts and now - self._attempts[0][0] >= ALL_SECONDS:
                self._attempts.popleft()
            own = [at for at, who in self._attempts if who == client]
            lately = sum(now - at < ADDRESS_SECONDS for at in own)
            if (
                lately >= PER_ADDRESS
                or len(own) >= LONG_PER_ADDRESS
                or len(self._attempts) >= FOR_ALL
            ):
                return None
            attempt = (now, client)
            self._attempts.append(attempt)
            return attempt

    def _forget(self, attempt: tuple[float, str]) -> None:
        with self._lock:
            if attempt in self._attempts:
                self._attempts.remove(attempt)
