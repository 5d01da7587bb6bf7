"""
Work without Python's garbage collector.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """
    For work that makes many thousand objects and no cycles: looking for cycles among
    them took a quarter of a first sync and a fifth of closing a month (measured).
    Counting references frees them all the same.

    What was there before is not looked through at the end either, which would take as
    long as a twentieth of a sync in which nothing changed (measured). Several threads
    may work so at once: the collector is as it was before when the last one ends.
    """
    _collector.leave_off()
    try:
        yield
    finally:
        _collector.go_on()


def freeze_for_good() -> None:
    """
    What there is by now is never garbage: it is not looked through again, not even
    after work `without_collector`. For a server that has started.
    """
    _collector.freeze_for_good()


class _Collector:
    """
    The collector of this process, which several threads leave off.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._was_enabled = False
        # Python would have to count all that is frozen to say whether anything is.
        self._is_frozen_for_good = False

    def freeze_for_good(self) -> None:
        with self._lock:
            self._is_frozen_for_good = True
            gc.freeze()

    def leave_off(self) -> None:
        with self._lock:
            self._users += 1
            if self._users > 1:
                return
            self._was_enabled = gc.isenabled()
            if not self._is_frozen_for_good:
                gc.freeze()
            gc.disable()

    def go_on(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users:
                return
            if self._was_enabled:
                gc.enable()
            if not self._is_frozen_for_good:
                gc.unfreeze()


_collector = _Collector()
