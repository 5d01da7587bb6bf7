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
