"""
Asking something that runs in other threads to stop: what waits there looks at a `Stop`
between two short waits, and ends with `Interrupted` where it stands.
"""

from __future__ import annotations

import signal
import threading
import time

from ticketsync.core import errors

GLANCE_SECONDS = 0.5  # how long a wait may go without looking
GRACE_SECONDS = 5.0  # how long what was asked to stop is waited for


class Stop:
    """
    Requested once, from any thread; never taken back.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._message = ""
        self._signal_number = int(signal.SIGINT)
        self._grace_ends = float("inf")

    @property
    def is_requested(self) -> bool:
        return self._event.is_set()

    def request(self, why: BaseException) -> None:
        """
        Stop for that reason; the first one stays.
        """
        if self.is_requested:
            return
        self._message = "Interrupted by the user."
        if isinstance(why, errors.Interrupted):
            self._message = why.message
            self._signal_number = why.exit_code - 128
        elif isinstance(why, Exception):
            self._message = f"Stopped, because the run failed: {why}"
        self._grace_ends = time.monotonic() + GRACE_SECONDS
        self._event.set()

    @property
    def grace_left(self) -> float:
        """
        The seconds for which what was asked to stop is still waited for.
        """
        return max(0.0, self._grace_ends - time.monotonic())

    def check(self) -> None:
        """
        Raises: `Interrupted` if a stop was requested.
        """
        if self.is_requested:
            raise errors.Interrupted(self._message, signal_number=self._signal_number)

    def sleep(self, seconds: float) -> None:
        """
        Sleep for that long.

        Raises: `Interrupted` as soon as a stop is requested.
        """
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self._event.wait(min(left, GLANCE_SECONDS))
            self.check()
