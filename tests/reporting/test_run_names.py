"""
Which run a person means.
"""

import pytest

from ticketsync.core import clock, errors
from ticketsync.reporting import run_history
from ticketsync.store.tables.accounts import sync_runs

NAMES = ("20261126-181200-3f2a", "20261126-191200-3f77", "20261127-181200-b8_9")


@pytest.fixture
def three_runs(connected):
    from ticketsync.accounts import state

    with connected.write() as connection:
        account = state.list_accounts(connection)[0]
        for name in NAMES:
            values = {
                "run_id": name,
                "account_id": account.id,
                "account_name": account.name,
                "kind": "incremental",
                "started_by": "ana",
                "started_at": clock.now(),
                "outcome": "success",
            }
            connection.execute(sync_runs.insert().values(**values))
    return connected


def test_a_run_is_found_by_its_name_or_the_beginning_of_a_part(three_runs):
    expected = {
        "latest": [NAMES[2]],
        NAMES[0]: [NAMES[0]],
        "3f2a": [NAMES[0]],
        "3f2": [NAMES[0]],
        "20261126-19": [NAMES[1]],
        "b": [NAMES[2]],
        "b8_": [NAMES[2]],
    }
    assert {text: names(three_runs, text) for text in expected} == expected


def names(database, text):
    with database.read() as connection:
        return [run.run_id for run in run_history.list_runs(connection, run_id=text)]


def test_what_no_run_begins_with_is_not_found(three_runs):
    for text in ("", "zz", "_", "%", "181200"):
        assert names(three_runs, text) == [], text


def test_the_beginning_of_several_runs_is_a_list_and_exit_code_2(three_runs):
    with three_runs.read() as connection, pytest.raises(errors.NotFound) as caught:
        run_history.list_runs(connection, run_id="3f")
    assert caught.value.exit_code == 2
    assert caught.value.details == (NAMES[1], NAMES[0])
