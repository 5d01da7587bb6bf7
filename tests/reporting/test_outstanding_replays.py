"""
After an upgrade that wants a replay, every account with orders waits for it.
"""

from datetime import UTC, datetime

import pytest

from ticketsync.accounts import installation_audit
from ticketsync.core import clock
from ticketsync.core.settings.config import Settings
from ticketsync.reporting import outstanding_replays
from ticketsync.workflows import doctor, waiting
from ticketsync.workflows.sync.replay import replay


@pytest.fixture(autouse=True)
def later(frozen):
    """
    After everything else in these databases was made.
    """
    frozen(datetime(2031, 1, 1, tzinfo=UTC))


def upgraded(database, schema):
    with database.write() as connection:
        installation_audit.record(
            connection,
            *("upgrade", "database"),
            before={"schema": schema},
            after={"schema": "0020"},
        )


def waits(database):
    with database.read() as connection:
        found = waiting.everything(connection, Settings(), clock.now())
        assert [item.key for item in found if item.kind == "replay"] == [
            *outstanding_replays.list_outstanding(connection)
        ]
    return [item for item in found if item.kind == "replay"]


def said_by_doctor(database):
    found = doctor.examine(Settings, lambda: database, network=False)
    return [(it.text, it.to_do) for it in found if "replay" in it.text]


@pytest.mark.thorough
def test_an_upgrade_waits_for_a_replay_until_it_is_done(synced_once):
    assert waits(synced_once) == said_by_doctor(synced_once) == []
    upgraded(synced_once, "0027")
    assert said_by_doctor(synced_once) == [
        ("1 account waits for a replay", "ticketsync sync replay tt")
    ]
    (item,) = waits(synced_once)
    assert (item.key, item.action) == ("tt", "ticketsync sync replay tt")
    # A later upgrade that needs none does not end it.
    upgraded(synced_once, "0028")
    assert len(waits(synced_once)) == 1
    assert replay(synced_once, Settings(), []).exit_code == 0
    assert waits(synced_once) == said_by_doctor(synced_once) == []


def test_an_upgrade_that_needs_none_waits_for_nothing(synced_once):
    upgraded(synced_once, "0028")
    assert waits(synced_once) == []


def test_an_account_without_orders_has_nothing_to_read(connected):
    upgraded(connected, "0013")
    assert waits(connected) == []
