"""
One call budget for all processes of an account.
"""

import os
import sqlite3
import textwrap
import threading
import time
from contextlib import closing

import filelock
import pytest
from support import commands

from ticketsync.core import paths
from ticketsync.net import budget
from ticketsync.net.budget import CallBudget

CHILD = """
    import sys
    from ticketsync.net import budget
    budget.LOCK_SECONDS = 1.0
    calls = budget.CallBudget("shared", requests=20, minutes=30)
    print(sum(calls.take(0.0) for _ in range(6)))
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(budget, "LOCK_SECONDS", 1.0)


@pytest.mark.thorough
def test_f04_processes_share_one_budget(home):
    """
    Four processes ask six times each; twenty calls are allowed.
    """
    children = [commands.start_code(textwrap.dedent(CHILD)) for _ in range(4)]
    given = [int(child.finished()) for child in children]
    assert sum(given) == 20


@pytest.mark.thorough
def test_calls_counted_ahead_leave_none_of_the_budget_out(home):
    """
    Two at once of an odd number: the last one is given alone, and then no more.
    """
    calls = CallBudget("odd", requests=1003, minutes=30)
    given = [calls.take(0.0) for _ in range(1004)]
    calls.close()
    assert given == [True] * 1003 + [False]


def test_a_busy_lock_is_not_a_platform_at_its_limit(home):
    """
    Many threads, no patience: every call within the budget is given.
    """
    calls = CallBudget("busy", requests=1000, minutes=30)
    given = []

    def ask():
        given.extend(calls.take(0.0) for _ in range(25))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    calls.close()
    assert given == [True] * 200


@pytest.mark.thorough
def test_the_counts_of_keys_that_nobody_uses_any_more_are_removed(home):
    def count(name):
        calls = CallBudget(name, requests=20, minutes=30)
        calls.take(0.0)
        calls.close()
        (file,) = paths.state_folder().glob(f"calls-{name}.sqlite")
        return file

    old, held, recent = count("old"), count("held"), count("recent")
    for file in (old, held):
        file.with_name(f"{file.name}-wal").touch()
        os.utime(file, (0, 0))
    with filelock.FileLock(f"{held}.lock"):  # a process has it
        count("mine")
    left = {file.name for file in paths.state_folder().glob("calls-*")}
    assert not any(name.startswith("calls-old") for name in left)
    assert {f"{held.name}", f"{held.name}-wal", recent.name} <= left

    calls = CallBudget("held", requests=20, minutes=30)  # used again, so not removed
    count("mine")
    assert held.exists()
    assert sum(calls.take(0.0) for _ in range(25)) == 19
    calls.close()


def test_a_budget_starts_no_thread_and_forgets_old_calls_by_itself(home, monkeypatch):
    """
    A thread of the library fails, with a traceback, where its budget is closed before
    it has begun.
    """
    threads = threading.enumerate()
    calls = CallBudget("long", requests=20, minutes=1)
    assert calls.take(0.0)
    (file,) = paths.state_folder().glob("calls-long.sqlite")

    def held():
        with closing(sqlite3.connect(file)) as connection:
            return connection.execute("SELECT count(*) FROM rate_bucket").fetchone()[0]

    assert held() == 1
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + 61_000_000_000)
    monkeypatch.setattr(time, "monotonic", lambda: now / 1e9 + 61)
    assert calls.take(0.0)
    assert held() == 1  # the first is older than a minute
    assert threading.enumerate() == threads
    calls.close()
