"""
Accounts side by side give what accounts one by one give, only sooner.
"""

import itertools
import json
import threading
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from support import five_platforms
from support.dates import NOW
from support.waiting import wait_until

from ticketsync.accounts import edits, state
from ticketsync.core import actor, clock, errors, log
from ticketsync.core.settings.config import (
    AccountSettings,
    FeeSchedule,
    Settings,
    SyncSettings,
)
from ticketsync.core.stopping import Stop
from ticketsync.reporting import run_history
from ticketsync.sandbox import world
from ticketsync.sandbox.faults import Plan
from ticketsync.store import engine, lease
from ticketsync.workflows.accounts import account_run, accounts_in_parallel
from ticketsync.workflows.accounts.accounts_in_parallel import (
    Job,
    RunGroup,
    Turn,
    exclusion_key_of,
    may_begin,
    number_at_once,
    places_without_answer,
    run_all,
)
from ticketsync.workflows.sync import listing, missing_orders
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

LONGEST_SECONDS = 20  # seconds, for what a busy machine does late


@pytest.fixture
def settings():
    return Settings(sync=SyncSettings(workers=2, wait_seconds=0))


@pytest.fixture
def season(frozen, monkeypatch):
    with five_platforms.playing(monkeypatch) as sandbox:
        yield sandbox


@pytest.fixture(params=["sqlite", "postgresql"])
def pair(request, templates):
    """
    Two empty databases of each kind.
    """
    kind = request.param
    with templates.copied(kind, "empty") as one, templates.copied(kind, "empty") as two:
        both = engine.open_database(one), engine.open_database(two)
        yield both
        for each in both:
            each.close()


def without_times(results):
    """
    What an account's run came to.
    """
    return [
        replace(
            result,
            seconds=0.0,
            trace="",
            median_response_ms=None,
            slowest_response_ms=None,
        )
        for result in results
    ]


def same(one, other):
    assert five_platforms.links(one) == five_platforms.links(other)
    assert five_platforms.contents(one) == five_platforms.contents(other)
    assert five_platforms.figures(one) == five_platforms.figures(other)
    assert len(five_platforms.figures(one)) > 20


# The plan


@pytest.mark.parametrize(
    ("jobs", "accounts", "at_once"),
    [(0, 1, 1), (0, 3, 3), (0, 9, 4), (1, 9, 1), (7, 9, 7), (7, 2, 2), (0, 0, 1)],
)
def test_as_many_accounts_as_asked_for_else_four(jobs, accounts, at_once):
    assert number_at_once(jobs, accounts) == at_once
    assert number_at_once(jobs, accounts, one_connection=True) == 1


def test_no_account_overtakes_another():
    assert may_begin(["a", "b"], [])
    assert may_begin(["b", "a"], ["a"])
    assert not may_begin(["a", "b"], ["a"])
    assert not may_begin([], [])


def test_accounts_with_one_key_share_an_exclusion_key(sqlite):
    def account(name, provider, fingerprint):
        new = state.NewAccount(name, provider, None, "env", "K", fingerprint, None)
        with sqlite.write() as connection:
            edits.add_account(connection, new, NOW)
            return state.get_account(connection, name)

    north, south = account("n", "square", "1"), account("s", "square", "1")
    other, elsewhere = account("o", "square", "2"), account("e", "wix", "1")
    assert exclusion_key_of(north) == exclusion_key_of(south)
    assert len({exclusion_key_of(each) for each in (north, other, elsewhere)}) == 3


# The same figures


@pytest.mark.thorough
def test_side_by_side_and_one_by_one_are_the_same(pair, settings, season):
    for database, jobs in zip(pair, (1, 5), strict=True):
        five_platforms.set_up(database, settings, season)
        season.latency = 0.005 if jobs > 1 else 0.0
        outcome = sync.sync(database, settings, Request(jobs=jobs))
        assert [r.account for r in outcome.results] == list(five_platforms.ACCOUNTS)
        assert outcome.exit_code == 0
    same(*pair)


@pytest.mark.parametrize("seed", [7, 41])
@pytest.mark.thorough
def test_other_worlds_with_faults_and_another_day_are_the_same(
    templates, settings, frozen, monkeypatch, seed
):
    """
    Two databases hear the same: one platform refuses its orders, one page is cut; then
    a day with refunds, moved dates and new orders.
    """
    found = []
    for jobs in (1, 4):
        with (
            five_platforms.playing(monkeypatch, seed=seed, orders=30) as sandbox,
            templates.copied("sqlite", "empty") as place,
        ):
            database = engine.open_database(place)
            frozen(NOW)
            five_platforms.set_up(database, settings, sandbox)
            sandbox.latency = 0.003 if jobs > 1 else 0.0
            sandbox.faults.plan(Plan("status:500", "/v3/organizations", times=9))
            sandbox.faults.plan(Plan("cut:40", "/v2/orders/search", times=9))
            first = sync.sync(database, settings, Request(jobs=jobs))
            sandbox.faults.clear()
            sandbox.change_all(world.next_day)
            frozen(NOW.replace(day=NOW.day + 1))
            second = sync.sync(database, settings, Request(jobs=jobs, full=True))
            assert second.exit_code == 0, second.results
            found.append(
                (
                    without_times(first.results),
                    without_times(second.results),
                    set(first.notes) | set(second.notes),
                    five_platforms.links(database),
                    five_platforms.contents(database),
                    five_platforms.figures(database),
                )
            )
            database.close()
    one_by_one, together = found
    assert any(result.exit_code for result in one_by_one[0])
    assert one_by_one == together


def slow_listing_of(monkeypatch, account, are_others_done, seconds):
    """
    Let that account list last: its listing waits until the others had every chance.
    """
    plain = listing.recognised

    def recognised(run, **options):
        if run.account.name == account:
            wait_until(are_others_done, seconds)
        yield from plain(run, **options)

    monkeypatch.setattr(listing, "recognised", recognised)


def order_of_links(monkeypatch, database, settings, seen):
    """
    The accounts in the order in which their dates were linked, noted in `seen`.
    """
    plain = sync.sync_account

    def sync_account(run, request):
        with_links = run.turn.end

        class Noted(type(run.turn)):
            def end(self):
                seen.append(run.account.name)
                with_links()

        run.turn = Noted(run.turn.group, run.turn.number)
        return plain(run, request)

    monkeypatch.setattr(sync, "sync_account", sync_account)
    sync.sync(database, settings, Request(jobs=5))
    return seen


@pytest.mark.thorough
def test_listings_are_saved_in_the_accounts_order_whoever_answers_first(
    sqlite, settings, season, monkeypatch
):
    five_platforms.set_up(sqlite, settings, season)
    seen = []
    slow_listing_of(monkeypatch, "bar", lambda: len(seen) == 4, 0.5)
    found = order_of_links(monkeypatch, sqlite, settings, seen)
    assert found == list(five_platforms.ACCOUNTS)


@pytest.mark.thorough
def test_without_turns_the_slow_account_is_linked_last(
    sqlite, settings, season, monkeypatch
):
    """
    The control: what one account's links say would come too late for the next.
    """
    five_platforms.set_up(sqlite, settings, season)
    monkeypatch.setattr(RunGroup, "_is_turn_of", lambda group, number: True)
    seen = []
    slow_listing_of(monkeypatch, "bar", lambda: len(seen) == 4, 20)
    found = order_of_links(monkeypatch, sqlite, settings, seen)
    assert found[-1] == "bar"


@pytest.mark.thorough
def test_each_account_counts_the_shows_that_it_changed_whoever_recomputes_them(
    sqlite, settings, season, monkeypatch
):
    """
    All orders are saved before any account recomputes a show: the first one to do so
    leaves nothing to change for the others, whose orders changed it all the same.
    """
    five_platforms.set_up(sqlite, settings, season)
    meeting = threading.Barrier(5, timeout=LONGEST_SECONDS)
    plain = missing_orders.notice_absence

    def notice_absence(*args, **options):
        meeting.wait()
        return plain(*args, **options)

    monkeypatch.setattr(missing_orders, "notice_absence", notice_absence)

    outcome = sync.sync(sqlite, settings, Request(jobs=5))

    sold = {name: set() for name in five_platforms.ACCOUNTS}
    for figure in map(json.loads, five_platforms.figures(sqlite)):
        if figure["tickets_sold"] or figure["tickets_refunded"]:
            sold[figure["account"]].add(figure["show_id"])
    # Square's 24 nights, of which it lists three ticket types each, one by one; two of
    # Wix that are in no list of ours.
    certain = "(same venue, title and time)"
    assert [n.partition(" to no show yet")[0] for n in outcome.notes] == [
        "bar: 24 dates belong",
        f"eb: 24 occurrences linked to your shows {certain}",
        f"hx: 28 occurrences linked to your shows {certain}",
        f"site: 24 occurrences linked to your shows {certain}",
        "site: 2 dates belong",
    ]
    assert {r.account: r.shows_changed for r in outcome.results} == {
        name: len(shows) for name, shows in sold.items()
    }
    assert sum(len(shows) > 3 for shows in sold.values()) == 4  # all but Square
    assert sum(map(len, sold.values())) > len(set().union(*sold.values()))


# Sooner


@pytest.mark.thorough
def test_accounts_wait_for_their_platforms_at_the_same_time(
    sqlite, settings, season, monkeypatch
):
    five_platforms.set_up(sqlite, settings, season)
    meeting = threading.Barrier(5, timeout=LONGEST_SECONDS)
    plain = listing.recognised

    def recognised(run, **options):
        meeting.wait()  # broken unless all five are here at once
        yield from plain(run, **options)

    monkeypatch.setattr(listing, "recognised", recognised)
    assert sync.sync(sqlite, settings, Request(jobs=5)).exit_code == 0


def at_once(jobs, keys):
    """
    The most jobs that ran at once, and of each key.
    """
    running, most, most_of_key = [], 0, 0
    lock = threading.Lock()

    def run(exclusion_key):
        def job(turn):
            nonlocal most, most_of_key
            with lock:
                running.append(exclusion_key)
                most = max(most, len(running))
                most_of_key = max(most_of_key, running.count(exclusion_key))
            time.sleep(0.02)
            with lock:
                running.remove(exclusion_key)
            return exclusion_key

        return Job(exclusion_key, job)

    assert run_all([run(exclusion_key) for exclusion_key in keys], at_once=jobs) == keys
    return most, most_of_key


def test_no_more_than_asked_for_and_one_of_each_key():
    assert at_once(3, ["a", "b", "c", "d", "a", "a", "b"]) == (3, 1)
    assert at_once(1, ["a", "b"]) == (1, 1)


def most_at_once(number, *, at_once, without_answer, ask):
    """
    The most jobs that ran at once, of so many that end when no more can begin.
    """
    most, running = 0, set()
    changed = threading.Condition()
    expected = min(number, at_once + without_answer)

    def run(turn):
        nonlocal most
        ask(turn)
        with changed:
            running.add(turn.number)
            most = max(most, len(running))
            changed.notify_all()
            changed.wait_for(lambda: most >= expected, LONGEST_SECONDS)
            running.discard(turn.number)

    run_all(
        [Job(n, run) for n in range(number)],
        at_once=at_once,
        without_answer=without_answer,
    )
    return most


@pytest.mark.parametrize(
    ("accounts", "without_answer", "most"), [(5, 4, 5), (9, 4, 8), (5, 0, 4)]
)
def test_accounts_that_nothing_answers_take_no_place(accounts, without_answer, most):
    """
    Five accounts in a network that swallows packets then wait once, not twice.
    """
    found = most_at_once(
        accounts, at_once=4, without_answer=without_answer, ask=Turn.note_request
    )
    assert found == most


def test_an_account_is_silent_that_asked_a_while_ago_until_any_platform_answers(
    monkeypatch,
):
    now = [100.0]
    monkeypatch.setattr(accounts_in_parallel.time, "monotonic", lambda: now[0])
    group = RunGroup()
    reading_a_file, asking, answered = (group.turn(n) for n in range(3))

    def silent():
        return [n for n in range(3) if group.is_silent(n)]

    asking.note_request()
    answered.note_request()
    now[0] += 0.29
    asking.note_request()  # another one: the first one counts
    assert silent() == []
    now[0] += 0.02
    assert silent() == [1, 2]
    answered.note_response()
    assert silent() == []
    asking.note_request()
    now[0] += 60
    assert silent() == []
    assert not group.is_silent(reading_a_file.number)


@pytest.mark.parametrize("jobs", [1, 2, 4, 9])
def test_no_more_accounts_begin_than_somebody_asked_for(jobs):
    assert places_without_answer(jobs) == 0
    assert places_without_answer(0) == 4


@pytest.mark.thorough
def test_two_accounts_with_one_key_keep_one_rate_limit(home, monkeypatch):
    """
    Also where they run at the same time, because nobody knew that the key is the same.
    """
    from ticketsync.net import budget

    monkeypatch.setattr(budget, "LOCK_SECONDS", 0.1)
    taken = []

    def run(turn):
        calls = budget.CallBudget("one-key", requests=20, minutes=30)
        taken.extend(calls.take(0.0) for _ in range(15))
        calls.close()

    run_all([Job("a", run), Job("b", run)], at_once=2)
    assert sum(taken) == 20


# What goes wrong


@pytest.mark.thorough
def test_a_fault_of_ours_in_one_account_stops_no_other(
    sqlite, settings, season, monkeypatch
):
    five_platforms.set_up(sqlite, settings, season)
    plain = sync.sync_account

    def sync_account(run, request):
        if run.account.name == "hx":
            raise ZeroDivisionError
        return plain(run, request)

    monkeypatch.setattr(sync, "sync_account", sync_account)
    for jobs in (1, 5):
        outcome = sync.sync(sqlite, settings, Request(jobs=jobs))
        failed = {r.account: r for r in outcome.results if r.exit_code}
        assert list(failed) == ["hx"]
        assert (failed["hx"].word, failed["hx"].exit_code) == ("bug", 1)
        assert outcome.exit_code == errors.PARTLY
    with sqlite.read() as connection:
        rows = [
            row for row in run_history.list_runs(connection) if row.account_name == "hx"
        ]
        assert {row.outcome for row in rows} == {"failed"}
        assert held_leases(sqlite) == 0


def held_leases(database):
    from ticketsync.store.tables.accounts import leases

    with database.read() as connection:
        return len(connection.execute(leases.select()).all())


@pytest.mark.thorough
def test_a_stop_ends_all_accounts_with_their_leases_released(sqlite, settings, season):
    """
    While every platform takes half a minute to answer.
    """
    five_platforms.set_up(sqlite, settings, season)
    season.latency = 30.0
    stop = Stop()
    threading.Timer(
        0.5, stop.request, [errors.Interrupted("Stopped.", signal_number=15)]
    ).start()
    began = time.monotonic()
    with pytest.raises(errors.Interrupted) as stopped:
        sync.sync(sqlite, settings, Request(jobs=5, stop=stop))
    assert time.monotonic() - began < 10
    assert stopped.value.exit_code == 143
    assert held_leases(sqlite) == 0
    with sqlite.read() as connection:
        rows = {
            row.account_name: row.outcome for row in run_history.list_runs(connection)
        }
    season.latency = 0.0
    assert {rows[name] for name in five_platforms.PLATFORM_OF.values()} == {
        "interrupted"
    }
    assert sync.sync(sqlite, settings, Request()).exit_code == 0


def test_an_interruption_where_the_accounts_are_waited_for_stops_them(monkeypatch):
    ended = []

    def run(turn):
        try:
            turn.stop.sleep(LONGEST_SECONDS)
        finally:
            ended.append(turn.number)

    def interrupted(threads):
        raise KeyboardInterrupt

    monkeypatch.setattr(accounts_in_parallel._Threads, "_wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_all([Job(n, run) for n in range(3)], at_once=3)
    assert sorted(ended) == [0, 1, 2]


# What the threads know


@pytest.mark.thorough
def test_threads_act_for_who_asked_and_log_the_account(sqlite, settings, season, home):
    five_platforms.set_up(sqlite, settings, season)
    log.open_log()
    try:
        with actor.acting_as("Maya"):
            sync.sync(sqlite, settings, Request(jobs=5))
    finally:
        log.close_log()
    with sqlite.read() as connection:
        started = {row.started_by for row in run_history.list_runs(connection, limit=5)}
    assert started == {"Maya (manual)"}
    lines = [line for line in log.file().read_text().splitlines() if "finished" in line]
    assert len(lines) == 5
    assert all('"run"' in line and '"account"' in line for line in lines)


def test_a_keyring_is_asked_by_one_thread_at_a_time(monkeypatch):
    from ticketsync.accounts import credentials

    asking = itertools.count()
    most = []
    inside = threading.Semaphore(4)

    def ask(entry, request):
        with inside:
            most.append(4 - inside._value)
            time.sleep(0.02)
            next(asking)
        return {"secret": "s"}

    monkeypatch.setattr(credentials, "_ask_keyring", ask)
    jobs = [
        Job(n, lambda turn: credentials.read_secret("a", "keyring", "a").reveal())
        for n in range(4)
    ]
    assert run_all(jobs, at_once=4) == ["s"] * 4
    assert max(most) == 1


# A network that is down


def outcome_of_network(answers):
    """
    Which of the accounts, one of each answer, may wait for their platform.
    """
    group = RunGroup()
    turns = [group.turn(n) for n in range(len(answers))]
    found = {}

    def ask(turn, answer):
        if answer:
            turn.note_response()
            found[turn.number] = True
        else:
            found[turn.number] = turn.may_wait()
            time.sleep(0.02)  # tries again
        turn.leave(is_unreached=not answer)

    threads = [
        threading.Thread(target=ask, args=each)
        for each in zip(turns, answers, strict=True)
    ]
    for thread in reversed(threads):
        thread.start()
    for thread in threads:
        thread.join(LONGEST_SECONDS)
    return [found[n] for n in range(len(answers))]


def test_where_nothing_answers_only_the_first_account_waits():
    assert outcome_of_network([False] * 5) == [True, False, False, False, False]


def test_where_one_platform_answers_the_others_are_waited_for():
    assert outcome_of_network([False, False, True, False]) == [True] * 4


@pytest.mark.on_both_databases
def test_a_lease_lasts_while_an_account_waits_for_how_another_one_ends(
    adopted, monkeypatch, frozen
):
    """
    The first account of a run may try for more than the three minutes of a lease.
    """
    with adopted.read() as connection:
        (account,) = state.list_accounts(connection)
    ours, theirs = lease.this_process("ours"), lease.this_process("theirs")
    name = account_run.lease_of(account)
    with adopted.write() as connection:
        lease.take(connection, name, ours, clock.now())
    group = RunGroup()
    extend, extended = lease.extend, []

    def two_minutes_later(*arguments):
        frozen(clock.now() + timedelta(minutes=2))
        extend(*arguments[:-1], clock.now())
        extended.append(clock.now())
        if len(extended) == 3:
            group.turn(0).note_response()

    monkeypatch.setattr(account_run.lease, "extend", two_minutes_later)
    monkeypatch.setattr(account_run, "PROLONG_SECONDS", 0.01)

    assert account_run.may_wait(adopted, account, ours, group.turn(1))
    assert len(extended) == 3
    with adopted.write() as connection, pytest.raises(errors.Busy):
        lease.take(connection, name, theirs, clock.now())


def test_changes_of_an_account_that_is_not_in_the_run_are_listed(
    sqlite, settings, season, frozen
):
    """
    Where shows have both, a read of one account writes the other's figures, too: here
    by fee rates that the venue has entered since.
    """
    read, rated = "eb", "site"
    five_platforms.set_up(sqlite, settings, season)
    sync.sync(sqlite, settings, Request())
    frozen(NOW + timedelta(hours=1))
    rates = (FeeSchedule(per_ticket=Decimal("0.65")),)
    settings = replace(settings, accounts={rated: AccountSettings(fees=rates)})
    outcome = sync.sync(sqlite, settings, Request((read,), full=True))
    assert [result.shows_changed for result in outcome.results] == [0]
    assert {change.either.account for change in outcome.changes} == {rated}
