"""
How many calls an account may make, counted across all our processes.

Cron, a person at the terminal and a webhook worker share one platform limit, so the
count is kept in a small SQLite file in the state folder, under a file lock. If that
file is lost, the limit may be exceeded once. There is one for each key that was ever
used; one that nobody has used for days counts nothing any more and is removed.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path

import filelock
from pyrate_limiter import Duration, Limiter, Rate, SingleBucketFactory, SQLiteBucket

from ticketsync.core import disk, errors, paths
from ticketsync.core.stopping import GLANCE_SECONDS, Stop

LOCK_SECONDS = 10.0
MAX_BATCH = 10  # calls counted at once: the lock takes longer than a call (measured)
MIN_BUDGET_PER_CALL = 500  # of a batch: small budgets are counted call by call
LEAK_SECONDS = 60.0  # between two removals of calls that count no more
FORGOTTEN_SECONDS = 2 * 24 * 3600  # far longer than any platform counts or a run takes


class CallBudget:
    """
    Permits one call at a time and waits when the platform's limit is reached.

    A large budget is counted in batches, so that not every call waits for the file.
    The rest of the last batch is counted although its calls are never made.
    """

    def __init__(self, name: str, *, requests: int, minutes: int) -> None:
        self._lock = threading.Lock()  # the file lock below polls; do not contend
        self._batch = max(1, min(MAX_BATCH, requests // MIN_BUDGET_PER_CALL))
        self._permitted = 0
        rate = Rate(requests, minutes * Duration.MINUTE)
        try:
            file = _file_of(name)
            with suppress(FileNotFoundError):
                os.utime(file)  # in use: it is not removed
            _remove_forgotten(file)
            self._bucket = SQLiteBucket.init_from_file(
                [rate], db_path=str(file), use_file_lock=True
            )
            self._bucket.conn.execute("PRAGMA synchronous = OFF").close()
            self._leak()
        except (OSError, sqlite3.Error) as error:
            raise _storage_error(error) from None
        # The thread that the library starts for it fails where it is closed at once.
        self._limiter = Limiter(SingleBucketFactory(self._bucket, schedule_leak=False))

    def take(self, max_wait: float, stop: Stop | None = None) -> bool:
        """
        Take one call, waiting at most `max_wait` seconds; False if that is too short.

        The wait includes the file lock, which another process may hold briefly: that
        must not look like a platform at its limit. Raises `DatabaseError` if the count
        cannot be stored, `Interrupted` soon after `stop` was requested.
        """
        seconds = max(LOCK_SECONDS, max_wait)
        try:
            with self._lock:
                if not self._permitted and self._batch > 1:
                    self._permitted = self._count(self._batch, 0.0)
                if self._permitted:
                    self._permitted -= 1
                    return True
                return self._wait_for_call(seconds, stop or Stop())
        except (OSError, sqlite3.Error) as error:
            raise _storage_error(error) from None

    def _wait_for_call(self, seconds: float, stop: Stop) -> bool:
        ends = time.monotonic() + seconds
        while True:
            stop.check()
            left = max(0.0, ends - time.monotonic())
            if self._count(1, min(left, GLANCE_SECONDS)):
                return True
            if left <= GLANCE_SECONDS:
                return False

    def _count(self, calls: int, seconds: float) -> int:
        if time.monotonic() >= self._next_leak:
            self._leak()
        is_free = self._limiter.try_acquire("call", weight=calls, timeout=seconds)
        return calls if is_free else 0

    def _leak(self) -> None:
        """
        Remove the calls that are too old to count.
        """
        self._bucket.leak(time.time_ns() // 1_000_000)
        self._next_leak = time.monotonic() + LEAK_SECONDS

    def close(self) -> None:
        with self._lock:
            self._limiter.close()
            self._bucket.close()  # type: ignore[no-untyped-call]  # theirs


def _storage_error(error: Exception) -> errors.DatabaseError:
    """
    Without the shared count no call is made: the platform's limit could be exceeded.
    """
    text = str(error).lower()
    is_full = disk.is_full(error)
    is_read_only = getattr(error, "errno", None) == errno.EROFS or "readonly" in text
    return errors.DatabaseError(
        f"The call budget cannot be stored in {paths.state_folder()}: {error}.",
        hint=disk.HINT
        if is_full
        else "Make the folder writable, or set TICKETSYNC_HOME.",
        word=disk.WORD if is_full else "read-only" if is_read_only else "no-state",
    )


def _file_of(name: str) -> Path:
    folder = paths.private_folder(paths.state_folder())
    return folder / f"calls-{paths.slug(name)}.sqlite"


def _remove_forgotten(ours: Path) -> None:
    """
    Remove the counts of keys that nobody has used for days; `ours` is in use.
    """
    for file in ours.parent.glob("calls-*.sqlite"):
        if file != ours and _is_forgotten(file):
            with suppress(OSError, filelock.Timeout):
                _remove(file)


def _is_forgotten(file: Path) -> bool:
    with suppress(OSError):
        return time.time() - file.stat().st_mtime > FORGOTTEN_SECONDS
    return False


def _remove(file: Path) -> None:
    """
    Remove a count with all that SQLite and the lock keep beside it, unless a process
    has it by now. Who waits for a lock file that is gone takes a new one.
    """
    lock = file.with_name(f"{file.name}.lock")
    with filelock.FileLock(lock, timeout=0, mode=0o600):
        if _is_forgotten(file):
            for ending in ("", "-wal", "-shm", "-journal"):
                file.with_name(f"{file.name}{ending}").unlink(missing_ok=True)
            lock.unlink(missing_ok=True)
