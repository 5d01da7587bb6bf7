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
AHEAD = 10  # calls counted at once: the lock costs more than a call does (measured)
ONE_OF = 500  # calls of a budget for each of these: small budgets are not spent on it


class CallBudget:
    """
    Gives out one call at a time; waits when the platform's limit is near.

    A large budget is counted some calls ahead, so that not every one waits for the
    file. What is left of them at the end was counted and not made: politeness.
    """

    def __init__(self, name: str, *, requests: int, minutes: int) -> None:
        self._turn = threading.Lock()  # the file lock below polls; do not contend
        self._at_once = max(1, min(AHEAD, requests // ONE_OF))
        self._ahead = 0
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
                if not self._ahead and self._at_once > 1:
                    self._ahead = self._counted(self._at_once, 0.0)
                if self._ahead:
                    self._ahead -= 1
                    return True
                return bool(self._counted(1, seconds))
        except (OSError, sqlite3.Error) as error:
            raise _unkept(error) from None

    def _counted(self, calls: int, seconds: float) -> int:
        is_free = self._limiter.try_acquire("call", weight=calls, timeout=seconds)
        return calls if is_free else 0

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
