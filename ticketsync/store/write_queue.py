"""
The line of those who write to a SQLite database: each in turn, whoever came first.

SQLite itself lets writers ask again and again, with pauses of up to a tenth of a
second, so that under load some wait for many others. It still decides who writes: this
is an order of waiting, so where files cannot be locked, writing goes on without it.

Two files beside the database: whoever is next holds `.nextlock` until the one before
has released `.writelock`, so that nobody who just wrote gets in ahead of those who
wait. A third one, `.tilllock`, is shared by urgent writers while they wait; whoever
has long work looks whether it is free, and else lets them in.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ticketsync.store import file_locks

_held = threading.local()  # `.files`: those that this thread writes


class WriteQueue:
    """
    The line at one file. Threads of this process that come through the same object wait
    for one another for `thread_seconds`, processes for `seconds`.
    """

    def __init__(self, file: Path, *, seconds: float, thread_seconds: float) -> None:
        self._file = Path(os.path.realpath(file))  # by whatever name it was opened
        self._seconds = seconds
        self._thread_seconds = thread_seconds
        self._threads = ThreadLine()

    @contextmanager
    def turn(self, *, urgent: bool = False) -> Iterator[None]:
        """
        Wait for our turn, and have it for as long as the block.

        Raises: `TimeoutError` where it takes too long, at once for a thread that has it
        already: it would wait for itself.
        """
        files: set[Path] = _held.__dict__.setdefault("files", set())
        if self._file in files:
            raise TimeoutError("this thread is writing already")
        with contextlib.ExitStack() as turn:
            with contextlib.ExitStack() as waiting:
                if urgent:
                    self._enter_urgent(waiting)
                self._threads.acquire(self._thread_seconds)
                turn.callback(self._threads.release)
                self._enter(turn)
            files.add(self._file)
            turn.callback(files.discard, self._file)
            yield

    def has_urgent(self) -> bool:
        """
        Whether an urgent writer waits to write.
        """
        try:
            self._take(".tilllock", 0).release()
        except TimeoutError:
            return True
        except OSError:
            return False
        return False

    def _enter(self, turn: contextlib.ExitStack) -> None:
        ends_at = time.monotonic() + self._seconds
        with contextlib.suppress(_NoLocks):
            following = self._take_or_leave(".nextlock", ends_at)
            try:
                writing = self._take_or_leave(".writelock", ends_at)
            finally:
                following.release()
            turn.callback(writing.release)

    def _enter_urgent(self, waiting: contextlib.ExitStack) -> None:
        # Somebody who looks whether it is free has it for an instant.
        with contextlib.suppress(OSError):
            held = self._take(".tilllock", self._seconds, is_shared=True)
            waiting.callback(held.release)

    def _take_or_leave(self, ending: str, ends_at: float) -> file_locks.HeldLock:
        try:
            return self._take(ending, ends_at - time.monotonic())
        except TimeoutError:
            raise
        except OSError:
            raise _NoLocks from None

    def _take(
        self, ending: str, seconds: float, *, is_shared: bool = False
    ) -> file_locks.HeldLock:
        file = self._file.with_name(f"{self._file.name}{ending}")
        return file_locks.take(file, seconds, beside=self._file, is_shared=is_shared)


class _NoLocks(Exception):
    """
    Files cannot be locked here: a folder that we may not write to, a network share.
    """


class ThreadLine:
    """
    A lock that threads get in the order of asking.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_held = False
        self._waiting: deque[threading.Event] = deque()

    def acquire(self, seconds: float) -> None:
        """
        Raises: `TimeoutError`.
        """
        with self._guard:
            if not self._is_held:
                self._is_held = True
                return
            ours = threading.Event()
            self._waiting.append(ours)
        try:
            if ours.wait(seconds):
                return
        except BaseException:
            self._leave(ours)
            raise
        self._leave(ours)
        raise TimeoutError("another thread writes")

    def _leave(self, ours: threading.Event) -> None:
        with self._guard:
            if ours in self._waiting:
                self._waiting.remove(ours)
                return
        self.release()  # it became ours in this moment

    def release(self) -> None:
        """
        Hand it to whoever has waited longest.
        """
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_held = False
