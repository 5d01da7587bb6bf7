"""
The work of a till beside its screen: whatever asks the database runs in a thread of its
own, one job at a time, so that the screen goes on while the database does not answer.

Nobody waits for the thread at the end: the database may not answer for a long time, and
what it was asked is done as a whole or not at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


class TillWorker:
    """
    Runs jobs in the order in which they are handed in.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._unfinished = 0
        self._is_finished = threading.Condition()  # of `_unfinished`
        threading.Thread(target=self._run_jobs, daemon=True).start()

    def run(self, job: Callable[[], T]) -> asyncio.Future[T]:
        """
        What the job returns or raises, for the running event loop.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def run_job() -> None:
            try:
                found = job()
            except BaseException as error:
                _say(loop, _set_error, future, error)
            else:
                _say(loop, _set_result, future, found)

        with self._is_finished:
            self._unfinished += 1
        self._jobs.put(run_job)
        return future

    def is_idle(self, seconds: float) -> bool:
        """
        Whether all its jobs are done within that time.
        """
        with self._is_finished:
            return self._is_finished.wait_for(lambda: not self._unfinished, seconds)

    def _run_jobs(self) -> None:
        while True:
            self._jobs.get()()
            # Counted, because the next job may be handed in before this line.
            with self._is_finished:
                self._unfinished -= 1
                self._is_finished.notify_all()


def _say(loop: asyncio.AbstractEventLoop, *call: object) -> None:
    # The screen may be gone: then nobody wants to know.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(*call)  # type: ignore[arg-type]  # any call


def _set_result(future: asyncio.Future[T], found: T) -> None:
    if not future.done():
        future.set_result(found)


def _set_error(future: asyncio.Future[T], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
