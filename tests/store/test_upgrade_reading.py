"""
A database of schema 0026, which did not know that our own box office is never read.
"""

import pytest
from support import boxoffice_rows, old_databases

from ticketsync.accounts import state
from ticketsync.store import engine


def fill(file):
    database = engine.create_database(str(file))
    boxoffice_rows.write(database)
    with database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO accounts (id, name, provider, secret_source, secret_reference,"
            " secret_fingerprint, options, state, state_reason, failures,"
            " breaker_opened, created_at, stale_seconds, identity_name, pin) VALUES"
            " (2, 'tt', 'ticket_tailor', 'none', '', '', '{}', 'active', '', 0, 0,"
            " '2026-11-27T08:30:00Z', 2700, '', '')"
        )
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request, templates):
    with old_databases.upgraded(templates, request.param, "0026", fill) as database:
        yield database


@pytest.mark.thorough
def test_platforms_are_read_and_our_own_box_office_is_not(upgraded):
    with upgraded.read() as connection:
        found = {a.name: a.needs_reading for a in state.list_accounts(connection)}
    assert found == {"boxoffice": False, "tt": True}
