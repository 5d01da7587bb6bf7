"""
Time against us: records on the boundary, late ones, unsorted lists, and clocks that are
wrong, ours among them. Whatever the clocks say, the books end up the same.
"""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.database_dump import dump
from support.dates import NOW
from support.platform_accounts import adopt, connect, expected, figures, run, same

from ticketsync.accounts import bookmarks, health, state, streams
from ticketsync.core import clock, errors
from ticketsync.providers import eventbrite, reading
from ticketsync.reporting import figures_of_shows
from ticketsync.sandbox import world
from ticketsync.sandbox.faults import Plan
from ticketsync.store import lease
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request


@pytest.fixture
def database(sqlite):
    """
    Time has nothing to do with the kind of database.
    """
    return sqlite


def change(fake_server, number, events=6):
    changed = world.change_some(fake_server.platform.world, number, events)
    fake_server.platform.invalidate()
    return changed


@pytest.mark.sampled(4)
def test_f08_a_record_on_the_boundary_is_not_lost(
    synced, settings, fake_server, name, frozen
):
    """
    Two lots of changes in the same second, one before and one after a read.
    """
    fake_server.platform.world.now += 600
    frozen(NOW + timedelta(seconds=600))
    change(fake_server, 5)
    run(synced, settings)

    change(fake_server, 7)
    result = run(synced, settings)

    assert result.swept is False
    same(figures(synced), expected(fake_server, name))


@pytest.mark.parametrize("name", ["eventbrite", "square"])
@pytest.mark.thorough
def test_f08_what_appears_late_is_found_by_the_sweep(
    synced, settings, fake_server, name, frozen
):
    """
    A change that becomes visible fifty minutes after its own time passes under every
    filter; the daily read of everything finds it.
    """
    fake_server.platform.world.now += 3600
    frozen(NOW + timedelta(hours=1))
    change(fake_server, 5)
    run(synced, settings)

    fake_server.platform.world.now -= 3000  # as if it had happened fifty minutes before
    change(fake_server, 5)
    fake_server.platform.world.now += 3000
    run(synced, settings)
    frozen(NOW + timedelta(hours=26))
    fake_server.platform.world.now += 25 * 3600
    fake_server.platform.invalidate()
    swept = run(synced, settings)

    assert swept.swept is True
    same(figures(synced), expected(fake_server, name))


@pytest.mark.parametrize("name", ["eventbrite"])
def test_f09_a_watermark_moves_only_when_the_whole_list_was_read(
    synced, settings, fake_server, name, frozen
):
    """
    The first page holds the newest change, the second page fails: the watermark stays.
    """
    run(synced, settings)  # so that the log names the list
    with synced.read() as connection:
        before = bookmarks.get_bookmarks(connection, 1, streams.NEWEST)
    fake_server.platform.world.now += 600
    frozen(NOW + timedelta(seconds=600))
    change(fake_server, 55, 24)
    lists = [path for _, path, _ in fake_server.log if "/orders" in path]
    path = lists[0].partition("?")[0].removeprefix(fake_server.platform.prefix)
    fake_server.faults.plan(Plan("status:500", path, times=99, skip=1))

    broken = sync.sync(synced, settings, Request()).results[0]

    assert broken.exit_code == 5
    with synced.read() as connection:
        assert bookmarks.get_bookmarks(connection, 1, streams.NEWEST) == before
    fake_server.faults.clear()
    run(synced, settings)
    same(figures(synced), expected(fake_server, name))


@given(
    moments=st.lists(
        st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), min_size=1
    ),
    seed=st.randoms(),
)
def test_f10_a_watermark_is_never_rounded_up(moments, seed):
    """
    However a platform writes its fractions and offsets: the watermark sorts by time
    and is never later than the record, so that nothing between is skipped.
    """
    for moment in moments:
        exact = moment.replace(tzinfo=UTC)
        digits = seed.choice(["seconds", "milliseconds", "microseconds"])
        text = exact.isoformat(timespec=digits)
        if seed.random() < 0.5:
            text = text.replace("+00:00", "Z")
        kept = clock.from_iso(reading.sortable(text))
        assert timedelta(0) <= exact - kept < timedelta(seconds=1)
    written = [reading.sortable(m.replace(tzinfo=UTC).isoformat()) for m in moments]
    assert sorted(written) == [
        reading.sortable(m.replace(tzinfo=UTC).isoformat()) for m in sorted(moments)
    ]


@pytest.mark.parametrize(
    "wrong",
    [timedelta(minutes=minutes) for minutes in (-120, -10, 10, 120, 3650 * 1440)],
    ids=["-2h", "-10min", "+10min", "+2h", "+10y"],
)
@pytest.mark.parametrize("name", ["eventbrite", "wix"])
@pytest.mark.sampled(5)
def test_f11_our_own_clock_does_not_say_where_to_go_on(
    database, settings, fake_server, name, frozen, wrong
):
    """
    Our clock is wrong, the platform's is right: nothing is skipped.
    """
    fake_server.clock = lambda: fake_server.platform.world.now
    settings = dataclasses.replace(
        settings, sync=dataclasses.replace(settings.sync, days_back=3660)
    )
    theirs = datetime.fromtimestamp(fake_server.platform.world.now, UTC)
    frozen(theirs + wrong)
    connect(database, name, fake_server.address)
    sync.fetch_listing(database, settings, [])
    adopt(database)
    run(database, settings)
    fake_server.platform.world.now += 600
    frozen(theirs + wrong + timedelta(seconds=600))
    change(fake_server, 12)

    result = run(database, settings)

    assert result.swept is False
    same(figures(database), expected(fake_server, name))


@pytest.mark.parametrize("name", ["eventbrite"])
def test_f11_control_a_watermark_of_our_own_clock_loses_changes(
    sqlite, settings, fake_server, name, frozen, monkeypatch
):
    """
    Our clock four minutes fast, its time as the place to go on from, no overlap. (Ten
    minutes are noticed as a watermark from the future.)
    """
    monkeypatch.setattr(eventbrite.fetch, "OVERLAP", timedelta(0))
    fake_server.clock = lambda: fake_server.platform.world.now
    monkeypatch.setattr(
        eventbrite.Eventbrite,
        "watermark_of",
        lambda *_: f"{clock.now():%Y-%m-%dT%H:%M:%SZ}",
    )
    theirs = datetime.fromtimestamp(fake_server.platform.world.now, UTC)
    frozen(theirs + timedelta(minutes=4))
    connect(sqlite, name, fake_server.address)
    sync.fetch_listing(sqlite, settings, [])
    adopt(sqlite)
    run(sqlite, settings)
    fake_server.platform.world.now += 60
    change(fake_server, 12)
    sync.sync(sqlite, settings, sync.Request())  # today such a watermark is noticed
    with pytest.raises(AssertionError):
        same(figures(sqlite), expected(fake_server, name))


def test_f31_a_season_is_the_same_read_in_january_and_in_july(
    sqlite, settings, fake_server, name, frozen
):
    """
    The sandbox's season crosses a change of the clocks: no date depends on the day on
    which it is read.
    """
    connect(sqlite, name, fake_server.address)

    def listed(moment):
        frozen(moment)
        sync.fetch_listing(sqlite, settings, [])
        return dump(sqlite)["occurrences"]

    january = listed(datetime(2027, 1, 15, tzinfo=UTC))
    july = listed(datetime(2027, 7, 15, tzinfo=UTC))
    assert january == july


# The clock is put back (F36)


def test_f36_a_breaker_from_the_future_holds_nobody_up(frozen):
    account = state.AccountState(
        *(1, "tt", "ticket_tailor", None, "env", "X", "", {}, None, "active", ""),
        *(5, 1, NOW + timedelta(hours=1), NOW),
    )
    assert account.breaker_is_open(NOW)
    assert not account.breaker_is_open(NOW + timedelta(hours=1))
    assert not account.breaker_is_open(NOW - timedelta(days=1))


def test_f36_a_lease_from_the_future_is_taken_over(sqlite):
    far = NOW + timedelta(days=1)
    elsewhere = lease.Holder("run-1", 1, "another machine")
    with sqlite.write() as connection:
        lease.take(connection, "account tt", elsewhere, far)
    with sqlite.write() as connection:
        lease.take(connection, "account tt", lease.this_process("run-2"), NOW)


def test_f36_a_lease_that_is_in_force_is_not(sqlite):
    elsewhere = lease.Holder("run-1", 1, "another machine")
    with sqlite.write() as connection:
        lease.take(connection, "account tt", elsewhere, NOW)
    with pytest.raises(errors.Busy), sqlite.write() as connection:
        lease.take(connection, "account tt", lease.this_process("run-2"), NOW)


@pytest.mark.parametrize("name", ["eventbrite"])
def test_f36_after_the_clock_was_put_back_a_day_accounts_are_due_and_swept(
    synced, settings, name, frozen
):
    frozen(NOW - timedelta(days=1))
    result = sync.sync(synced, settings, Request(only_due=True)).results[0]
    assert (result.outcome, result.swept) == ("success", True)


@pytest.mark.parametrize("name", ["eventbrite"])
def test_f36_a_run_in_the_future_hides_nothing_of_those_after_it(
    synced, settings, name, frozen, fake_server
):
    """
    The clock was ten years ahead for one run. What is read since is not swept each
    time, and what fails since, or is not read for two days, is said.
    """
    frozen(NOW + timedelta(days=3650))
    sync.sync(synced, settings, Request())
    swept, words = [], []
    for hours in (1, 2):
        frozen(NOW + timedelta(hours=hours))
        swept.append(sync.sync(synced, settings, Request()).results[0].swept)
    fake_server.faults.plan(Plan("status:403", times=1000))
    frozen(NOW + timedelta(hours=3))
    assert sync.sync(synced, settings, Request()).exit_code == 4
    with synced.read() as connection:
        (account,) = health.assess_all(connection, settings, clock.now())
        (figures_, *_) = figures_of_shows.figures(connection)
    words.append((account.word, account.waits))
    fake_server.faults.clear()
    frozen(NOW + timedelta(hours=4))
    sync.sync(synced, settings, Request(names=(name,)))
    frozen(NOW + timedelta(days=2))
    with synced.read() as connection:
        (account,) = health.assess_all(connection, settings, clock.now())
    words.append((account.word, account.waits))
    assert words == [("parked", True), ("stale", True)]
    assert swept == [False, False]
    assert figures_.last_complete_at == NOW + timedelta(hours=2)
