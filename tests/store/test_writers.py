"""
Threads of one process that write to one SQLite database.
"""

import contextlib
import threading
import time

import pytest

from ticketsync.core import errors
from ticketsync.store import engine
from ticketsync.store.engine import Database

WRITERS = 6
HELD_SECONDS = 0.1  # longer than SQLite waits here


@pytest.fixture
def impatient(templates, monkeypatch):
    monkeypatch.setattr(engine, "BUSY_SECONDS", HELD_SECONDS / 4)
    with templates.copied("sqlite", "empty") as place:
        database = engine.open_database(place)
        yield database
        database.close()


def write_at_once(database):
    """
    How the writers ended that all began at the same moment.
    """
    together = threading.Barrier(WRITERS, timeout=20)
    ended = []

    def write():
        together.wait()
        try:
            with database.write():
                time.sleep(HELD_SECONDS)
        except errors.DatabaseError as error:
            ended.append(error.word)
        else:
            ended.append("saved")

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return ended


def test_threads_write_one_after_the_other_however_impatient_sqlite_is(impatient):
    assert write_at_once(impatient) == ["saved"] * WRITERS


def test_without_the_queue_sqlite_sends_some_of_them_away(impatient, monkeypatch):
    """
    The control.
    """
    free = lambda database, **_: contextlib.nullcontext()  # noqa: E731
    monkeypatch.setattr(Database, "_one_writer", free)
    assert set(write_at_once(impatient)) == {"saved", "db-locked"}
