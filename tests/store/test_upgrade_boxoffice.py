"""
A database of schema 0024, which knew no box office of our own.
"""

import pytest
from sqlalchemy import exc
from support import boxoffice_rows, old_databases
from support.saved_orders import FIRST_DAY, order, prepare, save, ticket

from ticketsync.core.settings.config import Settings
from ticketsync.store import engine, schema
from ticketsync.workflows import integrity_check, recompute_figures


def fill(file):
    database = prepare(engine.create_database(str(file)))
    save(database, order(ticket(1, 2000)), at=FIRST_DAY)
    recompute_figures.rebuild(database, Settings())
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request, templates):
    with old_databases.upgraded(templates, request.param, "0024", fill) as database:
        yield database


@pytest.mark.thorough
def test_the_upgrade_adds_the_box_office_and_changes_nothing_else(upgraded):
    with upgraded.read() as connection:
        assert schema.version_of(connection) == schema.PRESENT
        found = connection.exec_driver_sql("SELECT count(*) FROM boxoffice_orders")
        assert found.scalar() == 0
    assert recompute_figures.rebuild(upgraded, Settings()) == (2, 0)
    assert integrity_check.check(upgraded, Settings()).is_sound


@pytest.mark.thorough
def test_its_triggers_are_there(upgraded):
    row = boxoffice_rows.ROWS[-1]
    with upgraded.write() as connection:
        connection.exec_driver_sql(row)
    with (
        pytest.raises(exc.DatabaseError, match="is written once"),
        upgraded.write() as connection,
    ):
        connection.exec_driver_sql("DELETE FROM boxoffice_history")
