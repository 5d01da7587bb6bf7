"""
Two transactions at one moment on PostgreSQL, where writers run side by side.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

from support.waiting_locks import is_anyone_blocked


class Race:
    """
    `first` runs until it calls `pause`; then `second` runs until it is done or waits
    for a lock; then `first` goes on.
    """

    def __init__(self, database):
        self._database = database
        self._reached = threading.Event()
        self._is_over = threading.Event()
        self._first = None

    def pause(self):
        if threading.current_thread() is not self._first or self._reached.is_set():
            return
        self._reached.set()
        while not self._is_over.is_set():
            if is_anyone_blocked(self._database):
                return

    def run(self, first, second):
        """
        What the two returned or raised.
        """

        def begin():
            self._first = threading.current_thread()
            try:
                return first()
            finally:
                self._reached.set()

        def follow():
            self._reached.wait()
            try:
                return second()
            finally:
                self._is_over.set()

        with ThreadPoolExecutor(2) as pool:
            done = [pool.submit(begin), pool.submit(follow)]
        return [future.exception() or future.result() for future in done]


def pausing(monkeypatch, module, name, *, after=False):
    """
    Whoever calls this function of a module pauses first, in the race of the moment, or
    `after` it has run. Returns what runs such a race: `run(database, first, second)`.
    """
    races = []
    real = getattr(module, name)

    def wrapped(*args, **kwargs):
        if races and not after:
            races[-1].pause()
        found = real(*args, **kwargs)
        if races and after:
            races[-1].pause()
        return found

    monkeypatch.setattr(module, name, wrapped)

    def run(database, first, second):
        races.append(Race(database))
        return races[-1].run(first, second)

    return run
