"""
Locks for whole runs, released by the kernel or PostgreSQL when the holder dies.

On SQLite an advisory lock on a file beside the database (its content is for people), on
PostgreSQL an advisory lock of a connection.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text

from ticketsync.core import digest, errors, paths
from ticketsync.store.engine import Database


@contextlib.contextmanager
def only_one(database: Database, what: str, holder: str) -> Iterator[None]:
    """
    Hold the lock `what` of this database.

    Raises: `Busy` at once if another process has it, `DatabaseError` (`no-locks`) where
    files cannot be locked.
    """
    file = database.file
    if file is None:
        with _lock_server(database, what):
            yield
    else:
        lock_file = file.with_name(f"{file.name}.{paths.slug(what)}.lock")
        with _lock_file(lock_file, what, holder):
            yield


@contextlib.contextmanager
def _lock_file(file: Path, what: str, holder: str) -> Iterator[None]:
    import filelock

    def write_holder(handle: int) -> None:
        os.ftruncate(handle, 0)
        os.write(handle, f"{holder}\n".encode())

    lock = filelock.FileLock(
        file, mode=0o600, fallback_to_soft=False, on_acquired=write_holder
    )
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise _busy(what, _holder(file)) from None
    except OSError as error:
        raise errors.DatabaseError(
            f"{file} cannot be locked: {error.strerror}.",
            hint="Keep the database on a disk of this machine.",
            word="no-locks",
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _lock_server(database: Database, what: str) -> Iterator[None]:
    number = int.from_bytes(digest.content(f"ticketsync {what}".encode())[:7], "big")
    with database.connection() as connection:
        is_taken = connection.execute(
            text("SELECT pg_try_advisory_lock(:number)"), {"number": number}
        ).scalar()
        connection.rollback()  # the lock is held by the connection
        if not is_taken:
            raise _busy(what, "")
        try:
            yield
        finally:
            connection.execute(
                text("SELECT pg_advisory_unlock(:number)"), {"number": number}
            )
            connection.rollback()


def _busy(what: str, holder: str) -> errors.Busy:
    who = f" ({holder})" if holder else ""
    return errors.Busy(
        f"Another `ticketsync {what}` is running{who}.",
        hint="Wait for it, or look at `ticketsync runs list`.",
    )


def _holder(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()[:200]
    except OSError:
        return ""
