"""
What only one process may do at a time, and no one needs to wait for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ticketsync.core import clock, errors
from ticketsync.store import lease
from ticketsync.store.engine import Database


@contextmanager
def alone(database: Database, name: str) -> Iterator[bool]:
    """
    Whether it is ours to do; false while another process is at it.
    """
    holder = lease.this_process(name)
    try:
        with database.write() as connection:
            lease.take(connection, name, holder, clock.now())
    except errors.Busy:
        yield False
        return
    try:
        yield True
    finally:
        with database.write() as connection:
            lease.release(connection, name, holder)


@contextmanager
def refuse_others(database: Database, name: str, message: str) -> Iterator[None]:
    """
    Let nobody else do it at the same time.

    Raises: `Busy` with this message while another process or thread is at it.
    """
    with alone(database, name) as is_ours:
        if not is_ours:
            raise errors.Busy(message, hint="Wait a moment and look again.")
        yield
