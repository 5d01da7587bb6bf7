"""
How many calls an account may make, counted over all our processes.

Cron, a person at the terminal and a webhook worker share one platform limit, so
the count lives in a small SQLite file in the state folder, under a file lock.
Losing that file costs nothing but politeness.
"""

from __future__ import annotations

import errno
import sqlite3
import threading
import time
from pathlib import Path

from pyrate_limiter import Duration, Limiter, Rate, SQLiteBucket

from ticketsync.core import errors, paths

LOCK_SECONDS = 10.0


class CallBudget:
    """
    Gives out one call at a time; waits when the platform's limit is near.
    """

    def __init__(self, name: str, *, requests: int, minutes: int) -> None:
        self._turn = threading.Lock()  # the file lock below polls; do not contend
        rate = Rate(requests, minutes * Duration.MINUTE)
        try:
            self._bucket = SQLiteBucket.init_from_file(
                [rate], db_path=str(_file_of(name)), use_file_lock=True
            )
            self._bucket.conn.execute("PRAGMA synchronous = OFF").close()
            self._bucket.leak(time.time_ns() // 1_000_000)
        except (OSError, sqlite3.Error) as error:
            raise _unkept(error) from None
        self._limiter = Limiter(self._bucket)

    def take(self, longest: float) -> bool:
        """
        Take one call, waiting at most `longest` seconds; False if that is too short.

        The time also pays for the file lock, which somebody may hold for a moment: a
        wait for the lock must not look like a platform at its limit.
        """
        seconds = max(LOCK_SECONDS, longest)
        try:
            with self._turn:
                return bool(self._limiter.try_acquire("call", timeout=seconds))
        except (OSError, sqlite3.Error) as error:
            raise _unkept(error) from None

    def close(self) -> None:
        with self._turn:
            self._limiter.close()
            self._bucket.close()  # type: ignore[no-untyped-call]


def _unkept(error: Exception) -> errors.DatabaseError:
    """
    Without the common count nobody may call: the platform would be asked too often.
    """
    fault = str(error).lower()
    is_full = getattr(error, "errno", None) == errno.ENOSPC or "is full" in fault
    is_closed = getattr(error, "errno", None) == errno.EROFS or "readonly" in fault
    return errors.DatabaseError(
        f"The call budget cannot be kept in {paths.state_folder()}: {error}.",
        hint="Free some space and run the same command again."
        if is_full
        else "Make the folder writable, or set TICKETSYNC_HOME.",
        word="disk-full" if is_full else "read-only" if is_closed else "no-state",
    )


def _file_of(name: str) -> Path:
    folder = paths.private_folder(paths.state_folder())
    return folder / f"calls-{paths.slug(name)}.sqlite"
