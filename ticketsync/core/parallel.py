"""
Several producers in parallel, one consumer.

Threads, because producers wait for the network; a bounded queue, because a fast network
must not fill the memory while the consumer writes.
"""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

T = TypeVar("T")

_QUEUE_SIZE: Final = 4
_JOIN_SECONDS: Final = 5.0  # seconds for a producer in the middle of a request


class Stopped(Exception):
    """
    The consumer has stopped; a producer that sees this ends silently.
    """


def side_by_side(
    jobs: Iterable[Callable[[], Iterable[T]]], *, workers: int
) -> Iterator[T]:
    """
    The items of all jobs as they arrive; the first error of any job is raised.

    Each job runs in one thread. Closing the iterator stops the jobs at their next item.
    """
    pending = iter(list(jobs))
    lock = threading.Lock()
    stop = threading.Event()
    done: Final = object()
    results: queue.Queue[object] = queue.Queue(maxsize=_QUEUE_SIZE)

    def put(item: object) -> None:
        while not stop.is_set():
            try:
                results.put(item, timeout=0.1)
            except queue.Full:
                continue
            return
        raise Stopped

    def run_jobs() -> None:
        try:
            while not stop.is_set():
                with lock:
                    job = next(pending, None)
                if job is None:
                    break
                for item in job():
                    put(item)
            put(done)
        except Stopped:
            return
        except BaseException as error:  # passed to the consumer, which raises it
            _ignoring_stop(put, _Failure(error))

    threads = [
        threading.Thread(
            # With what is bound to the log, such as the account.
            target=contextvars.copy_context().run,
            args=(run_jobs,),
            name=f"reader-{n}",
            daemon=True,
        )
        for n in range(workers)
    ]
    for thread in threads:
        thread.start()
    try:
        running = len(threads)
        while running:
            item = results.get()
            if item is done:
                running -= 1
            elif isinstance(item, _Failure):
                raise item.error
            else:
                yield item  # type: ignore[misc]  # no error is left
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=_JOIN_SECONDS)


class _Failure:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def _ignoring_stop(put: Callable[[object], None], item: object) -> None:
    try:
        put(item)
    except Stopped:
        return
