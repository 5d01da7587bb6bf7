"""
Two who decide about one account at one moment on PostgreSQL, where writers run side by
side. Each race is run again without its protection, where it must be lost each time.
"""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from support.races import Race, pausing

from ticketsync.accounts import breaker, edits, state
from ticketsync.store import engine
from ticketsync.store.tables.accounts import accounts
from ticketsync.workflows.accounts import account_states

ROUNDS = [10, pytest.param(50, marks=pytest.mark.drill)]
CONTROLS = [3, pytest.param(50, marks=pytest.mark.drill)]
NOW = datetime(2026, 9, 1, tzinfo=UTC)


def add_account(database):
    with database.write() as connection:
        new = state.NewAccount("one", "ticket_tailor", None, "none", "", "", None)
        edits.add_account(connection, new, NOW)


@pytest.fixture
def venue(templates):
    """
    A PostgreSQL database with an account, `one`.
    """
    with templates.copied("postgresql", "empty") as place:
        database = engine.open_database(place)
        add_account(database)
        yield database
        database.close()


@pytest.fixture
def unlocked(monkeypatch):
    """
    The controls: nobody locks the account.
    """
    monkeypatch.setattr(edits, "lock_account", lambda *_: None)


# What several count


@pytest.mark.thorough
def test_a_failure_counts_on_top_of_those_that_others_counted_meanwhile(database):
    """
    Every run has read the account before any of them failed.
    """
    add_account(database)
    with database.read() as connection:
        as_read = state.get_account(connection, "one")
    for _ in range(breaker.FAILURES_TO_OPEN):
        with database.write() as connection:
            breaker.record_failure(connection, as_read, NOW)
    with database.read() as connection:
        now = state.get_account(connection, "one")
    assert now.failures == 5
    assert now.breaker_until == NOW + timedelta(hours=1)


def failures_counted(venue, count, rounds):
    """
    Two runs count a failure each, while the first is in the middle of it, in a number
    of rounds; how many failures the account has then.
    """
    with venue.read() as connection:
        as_read = state.get_account(connection, "one")
    for _ in range(rounds):
        race = Race(venue)

        def fail(race=race):
            with venue.write() as connection:
                count(connection, as_read, race.pause)

        assert race.run(fail, fail) == [None, None]
    with venue.read() as connection:
        return state.get_account(connection, "one").failures


def count_in_the_database(connection, account, pause):
    breaker.record_failure(connection, account, NOW)
    pause()


def read_and_count(connection, account, pause):
    failures = state.get_account_by_id(connection, account.id).failures
    pause()
    edits.write_columns(connection, account.id, failures=failures + 1)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_failures_that_two_runs_count_at_once_are_two(venue, rounds):
    assert failures_counted(venue, count_in_the_database, rounds) == 2 * rounds


@pytest.mark.parametrize("rounds", CONTROLS)
def test_control_of_two_who_read_and_count_one_failure_is_lost_each_time(venue, rounds):
    assert failures_counted(venue, read_and_count, rounds) == rounds


# Options


def rounds_of_setting_options(venue, monkeypatch, rounds):
    """
    Two people set one option each; the first has read the others and not yet written.
    Returns how often only one of both is left.
    """
    run = pausing(monkeypatch, state.json, "dumps")
    lost = 0
    for number in range(rounds):

        def change(name, number=number):
            with venue.write() as connection:
                edits.change_options(connection, 1, {name: str(number)})

        done = run(venue, lambda: change("expires"), lambda: change("regions"))
        assert [error for error in done if isinstance(error, Exception)] == []
        with venue.read() as connection:
            query = select(accounts.c.options).where(accounts.c.id == 1)
            held = state.json.loads(connection.scalar(query))
        lost += held != {"expires": str(number), "regions": str(number)}
    return lost


@pytest.mark.parametrize("rounds", ROUNDS)
def test_options_set_by_two_at_once_both_stay(venue, monkeypatch, rounds):
    assert rounds_of_setting_options(venue, monkeypatch, rounds) == 0


@pytest.mark.parametrize("rounds", CONTROLS)
def test_control_without_the_lock_one_option_is_lost(
    venue, monkeypatch, unlocked, rounds
):
    assert rounds_of_setting_options(venue, monkeypatch, rounds) == rounds


# What a person decides while a run ends


def set_to(venue, word):
    with venue.write() as connection:
        edits.write_columns(connection, 1, state=word)


def succeed(venue):
    """
    A run of a parked account ends well.
    """
    with venue.write() as connection:
        account = state.get_account_by_id(connection, 1)
        breaker.record_success(connection, account)


def rotate(venue):
    with venue.write() as connection:
        edits.set_secret(connection, 1, source="env", reference="KEY", fingerprint="")


def rounds_of_pausing(venue, monkeypatch, activate, rounds):
    """
    Whoever activates a parked account has read that it is parked, and not yet written,
    when a person pauses it. Returns how often it is active all the same.
    """
    run = pausing(monkeypatch, edits, "write_columns")
    lost = 0
    for _ in range(rounds):
        set_to(venue, "parked")
        done = run(
            venue,
            lambda: activate(venue),
            lambda: account_states.pause(venue, "one", "until the key is here"),
        )
        assert done == [None, None]
        with venue.read() as connection:
            lost += state.get_account(connection, "one").state != "paused"
    return lost


ACTIVATE = pytest.mark.parametrize("activate", [succeed, rotate])


@ACTIVATE
@pytest.mark.parametrize("rounds", ROUNDS)
def test_who_pauses_an_account_that_a_run_activates_has_it_paused(
    venue, monkeypatch, activate, rounds
):
    assert rounds_of_pausing(venue, monkeypatch, activate, rounds) == 0


@ACTIVATE
@pytest.mark.parametrize("rounds", CONTROLS)
def test_control_without_the_lock_an_account_that_was_paused_is_active(
    venue, monkeypatch, unlocked, activate, rounds
):
    assert rounds_of_pausing(venue, monkeypatch, activate, rounds) == rounds


def rounds_of_retiring(venue, monkeypatch, rounds):
    """
    A person who pauses an account has seen that it is in use when another one retires
    it. Returns what it is afterwards, round by round.
    """
    run = pausing(monkeypatch, edits, "set_state")
    found = []
    for _ in range(rounds):
        set_to(venue, "active")

        def retire():
            with venue.write() as connection:
                account = state.get_account_by_id(connection, 1)
                edits.retire_account(connection, account, "no more")

        paused, retired = run(
            venue, lambda: account_states.pause(venue, "one", "wait"), retire
        )
        assert [paused, retired] == [None, None]
        with venue.read() as connection:
            found.append(state.get_account(connection, "one").state)
    return found


@pytest.mark.parametrize("rounds", ROUNDS)
def test_an_account_that_is_retired_while_it_is_paused_is_retired(
    venue, monkeypatch, rounds
):
    found = rounds_of_retiring(venue, monkeypatch, rounds)
    assert found == ["retired"] * rounds


@pytest.mark.parametrize("rounds", CONTROLS)
def test_control_without_the_lock_a_retired_account_is_in_use_again(
    venue, monkeypatch, unlocked, rounds
):
    found = rounds_of_retiring(venue, monkeypatch, rounds)
    assert found == ["paused"] * rounds
