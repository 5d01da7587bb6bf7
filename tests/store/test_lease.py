"""
Who holds a lease, and when somebody else may take it.
"""

import os
import platform
from types import SimpleNamespace

import pytest
from support.dead_holder import dead_holder

from ticketsync.core import clock, errors
from ticketsync.store import lease


@pytest.fixture
def dead():
    return dead_holder()


def taken(database, first, second):
    """
    Let both take a lease, one after the other.
    """
    for holder in (first, second):
        with database.write() as connection:
            lease.take(connection, "account tt", holder, clock.now())


def test_the_lease_of_a_dead_process_is_taken_over(database, dead):
    taken(database, dead, lease.this_process("run-2"))


def test_the_lease_of_a_living_process_is_not(database):
    mine = lease.this_process("run-1")
    who = rf"run run-1 \(process {os.getpid()} on {platform.node()}\) has been running"
    with pytest.raises(errors.Busy, match=who):
        taken(database, mine, lease.this_process("run-2"))


def test_a_lease_of_another_machine_or_an_older_version_is_not(database, dead):
    for holder in (
        lease.Holder("run-1", dead.pid, "another machine"),
        lease.Holder(str(dead)),
    ):
        with pytest.raises(errors.Busy):
            taken(database, holder, lease.this_process("run-2"))
        with database.write() as connection:
            lease.release(connection, "account tt", holder)


def test_windows_is_not_asked_about_a_process_because_that_would_end_it(
    sqlite, dead, monkeypatch
):
    windows = SimpleNamespace(name="nt", kill=pytest.fail, getpid=os.getpid)
    monkeypatch.setattr(lease, "os", windows)
    with pytest.raises(errors.Busy):
        taken(sqlite, dead, lease.this_process("run-2"))
