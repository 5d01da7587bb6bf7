"""
An account is not renamed while it is being read: another run would read it at the same
time, under its new name.
"""

import pytest
from support.dates import NOW
from support.saved_orders import prepare

from ticketsync.accounts import edits, state
from ticketsync.core import clock, errors
from ticketsync.core.settings.config import Settings
from ticketsync.store import lease
from ticketsync.workflows.accounts import account_renaming, account_run

ELSEWHERE = lease.Holder("run-1 (process 1 on another machine)")


@pytest.fixture
def database(sqlite, frozen):
    frozen(NOW)
    return prepare(sqlite)


def names(database):
    with database.read() as connection:
        return [account.name for account in state.list_accounts(connection)]


def test_an_account_that_is_being_read_keeps_its_name(database):
    with database.write() as connection:
        lease.take(connection, "account tt", ELSEWHERE, clock.now())
    with pytest.raises(errors.Busy) as caught:
        account_renaming.rename_account(database, Settings(), "tt", "office")
    assert caught.value.exit_code == 8
    assert names(database) == ["tt"]
    with database.write() as connection:
        lease.release(connection, "account tt", ELSEWHERE)
    account_renaming.rename_account(database, Settings(), "tt", "office")
    assert names(database) == ["office"]
    with database.write() as connection:  # and nobody holds the old name
        lease.take(connection, "account tt", ELSEWHERE, clock.now())


def test_a_run_that_knew_the_former_name_does_not_begin(database):
    """
    It was renamed after the command had looked the account up.
    """
    with database.write() as connection:
        before = state.get_account(connection, "tt")
        edits.set_name(connection, before, "office")
    result, _ = account_run.run_account(
        *(database, Settings(), before, lambda run: pytest.fail("it began")),
        run_id="run-2",
        kind="incremental",
        started_by="person",
    )
    assert (result.exit_code, result.word) == (8, "busy")
    assert "renamed to 'office'" in result.message
