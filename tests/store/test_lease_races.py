"""
Leases and the locks of whole runs, taken by several at one moment: one has them. Each
race is run again without its protection, where several have them each time.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import filelock
import pytest
from sqlalchemy import select, text, true
from support.dead_holder import dead_holder
from support.races import pausing

from ticketsync.core import errors
from ticketsync.store import engine, lease, run_lock
from ticketsync.store.tables.accounts import leases
from ticketsync.store.upsert import upsert

pytestmark = pytest.mark.on_both_databases

ROUNDS = 50  # nobody can say who is first
CONTROLS = 3
TAKERS = 4
NOW = datetime(2026, 9, 1, tzinfo=UTC)
LAPSED = NOW - timedelta(hours=1)


@pytest.fixture
def postgresql(templates):
    with templates.copied("postgresql", "empty") as place:
        opened = engine.open_database(place)
        yield opened
        opened.close()


# Leases


def takers(database, take, rounds):
    """
    How many of four hold the lease after each round.
    """
    start = threading.Barrier(TAKERS)

    def one(number, name):
        start.wait()
        try:
            with database.write() as connection:
                take(connection, name, lease.Holder(f"run {number}"), NOW)
        except errors.Busy:
            return 0
        return 1

    with ThreadPoolExecutor(TAKERS) as pool:
        return [
            sum(pool.map(one, range(TAKERS), [f"lease {n}"] * TAKERS))
            for n in range(rounds)
        ]


def let_lapse(database, rounds):
    with database.write() as connection:
        for number in range(rounds):
            holder = lease.Holder("a run that died")
            lease.take(connection, f"lease {number}", holder, LAPSED)


def test_of_four_who_take_a_lease_one_has_it(database):
    assert takers(database, lease.take, ROUNDS) == [1] * ROUNDS


def test_of_four_who_take_over_a_lapsed_lease_one_has_it(database):
    let_lapse(database, ROUNDS)
    assert takers(database, lease.take, ROUNDS) == [1] * ROUNDS


def take_what_is_free():
    """
    What the code did before, for four who meet when all have looked: a row that is not
    there cannot be locked, and of one that is there nobody looks again.
    """
    all_have_looked = threading.Barrier(TAKERS)

    def take(connection, name, holder, now):
        query = select(leases.c.expires_at).where(leases.c.name == name)
        until = connection.scalar(query)
        all_have_looked.wait(60)
        if until is not None and until > now:
            raise errors.Busy("taken")
        row = {"name": name, "holder": holder.run, "taken_at": now, "expires_at": now}
        upsert(connection, leases, [row], key=["name"])

    return take


@pytest.mark.parametrize("has_lapsed", [False, True])
def test_control_all_who_look_first_and_write_then_have_it(postgresql, has_lapsed):
    if has_lapsed:
        let_lapse(postgresql, CONTROLS)
    assert takers(postgresql, take_what_is_free(), CONTROLS) == [TAKERS] * CONTROLS


def holders_after_a_dead_one(database, monkeypatch, rounds):
    """
    A run has seen that the holder of a lease is dead when another one takes it over.
    Returns how many of the two have it, round by round.
    """
    run = pausing(monkeypatch, lease, "_read_lease", after=True)
    dead, found = dead_holder(), []

    def take(number, name):
        with database.write() as connection:
            lease.take(connection, name, lease.this_process(f"run {number}"), NOW)

    for round_ in range(rounds):
        name = f"lease {round_}"
        row = {"name": name, "holder": dead.run, "pid": dead.pid, "host": dead.host}
        row |= {"taken_at": NOW, "expires_at": NOW + lease.DURATION}
        with database.write() as connection:
            upsert(connection, leases, [row], key=["name"])
        ended = run(database, *(lambda n=n, name=name: take(n, name) for n in (1, 2)))
        assert {type(error) for error in ended} <= {type(None), errors.Busy}
        found.append(ended.count(None))
    return found


@pytest.mark.parametrize("rounds", [10, pytest.param(50, marks=pytest.mark.drill)])
def test_of_two_who_take_over_from_a_dead_process_one_has_it(
    postgresql, monkeypatch, rounds
):
    """
    The first has locked its row, although it did not get it yet.
    """
    found = holders_after_a_dead_one(postgresql, monkeypatch, rounds)
    assert found == [1] * rounds


def test_control_who_looks_first_and_takes_over_then_is_not_alone(
    postgresql, monkeypatch
):
    try_to_take = lease._try_to_take

    def look_first(*arguments, from_dead):
        return from_dead is not None and try_to_take(*arguments, from_dead=from_dead)

    monkeypatch.setattr(lease, "_try_to_take", look_first)
    monkeypatch.setattr(lease, "_is_held_by", lambda _: true())
    found = holders_after_a_dead_one(postgresql, monkeypatch, CONTROLS)
    assert found == [2] * CONTROLS


def test_a_lease_that_is_taken_but_not_committed_is_busy_soon(postgresql, monkeypatch):
    """
    `sync --dry-run` holds it in the one transaction that it rolls back in the end.
    """
    monkeypatch.setattr(lease, "WAIT_SECONDS", 0.1)
    with postgresql.write() as rehearsing:
        lease.take(rehearsing, "account one", lease.Holder("a rehearsal"), NOW)
        with pytest.raises(errors.Busy), postgresql.write() as connection:
            lease.take(connection, "account one", lease.Holder("a run"), NOW)
    with postgresql.write() as connection:
        lease.take(connection, "account two", lease.Holder("a run"), NOW)
        waits = connection.scalar(text("SHOW lock_timeout"))
    assert waits == "1min"


# Locks of whole runs


def number_within(database, rounds):
    """
    How many of four have the lock in each round; whoever has it keeps it until all have
    been answered.
    """
    start, answered = threading.Barrier(TAKERS), threading.Barrier(TAKERS)

    def one(number):
        start.wait()
        try:
            with run_lock.only_one(database, "sync --due", f"run {number}"):
                answered.wait()
                return 1
        except errors.Busy:
            answered.wait()
            return 0

    with ThreadPoolExecutor(TAKERS) as pool:
        return [sum(pool.map(one, range(TAKERS))) for _ in range(rounds)]


def test_of_four_who_want_a_lock_one_has_it(database):
    assert number_within(database, ROUNDS) == [1] * ROUNDS


class SharedFile:
    """
    A lock of a file that keeps nobody else out.
    """

    def __init__(self, *_, **__):
        pass

    def acquire(self, **_):
        pass

    def release(self):
        pass


def shared(statement):
    return text(statement.replace("lock(", "lock_shared("))


def test_control_all_who_share_a_lock_have_it(database, monkeypatch):
    monkeypatch.setattr(filelock, "FileLock", SharedFile)
    monkeypatch.setattr(run_lock, "text", shared)
    assert number_within(database, CONTROLS) == [TAKERS] * CONTROLS
