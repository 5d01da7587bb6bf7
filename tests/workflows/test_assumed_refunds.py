"""
What the deep check believes of a refund on an assumed day: all that its records say,
and nothing less; only one from before refunds were divided may leave its parts out.
"""

import pytest
from sqlalchemy import text
from support.saved_orders import FIRST_DAY, order, prepare, save, ticket

from ticketsync.accounts import runs
from ticketsync.core import clock
from ticketsync.core.records import Refund
from ticketsync.store import database_copies
from ticketsync.workflows.sync import reparse

RETURNED = Refund("re_1", 900, face=800, buyer_fee=100, tax=70, occurrence_id="ev_1")
PARTS = ("face", "buyer_fee", "tax", "occurrence_id")


@pytest.fixture
def differing(database, monkeypatch):
    """
    What differs once a statement has changed a database with one assumed refund, which
    its records know by two steps, or by one.
    """
    prepare(database)
    moment = clock.iso(FIRST_DAY)
    monkeypatch.setattr(runs, "list_run_spans", lambda *_: [(moment, moment)])
    sold = order(ticket(1, 2000), refunds=(RETURNED,))
    save(database, sold, at=FIRST_DAY)

    def find(statement, *, steps=1, upgraded=None):
        half = Refund("re_1", 400, face=400, buyer_fee=0, tax=0, occurrence_id="ev_1")
        with database_copies.scratch() as scratch:
            prepare(scratch)
            if steps == 2:
                save(scratch, order(ticket(1, 2000), refunds=(half,)), at=FIRST_DAY)
            save(scratch, sold, at=FIRST_DAY)
            with database.write() as connection, scratch.read() as again:
                if connection.dialect.name == "sqlite":
                    connection.execute(text("DROP TRIGGER refunds_no_update"))
                else:
                    connection.execute(text("ALTER TABLE refunds DISABLE TRIGGER ALL"))
                connection.execute(text(statement))
                if upgraded is not None:
                    value = {"value": clock.iso(upgraded)}
                    fact = "INSERT INTO facts VALUES ('history_since', :value)"
                    connection.execute(text(fact), value)
                found = list(reparse.differences(connection, again, 1))
        return {name for pair in found for name in pair.differing()}

    return find


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("upgraded", [None, FIRST_DAY])
@pytest.mark.sampled(4)
def test_a_part_that_was_emptied_is_named(differing, part, upgraded):
    statement = f"UPDATE refunds SET {part} = NULL"
    assert differing(statement, upgraded=upgraded) == {part}


def test_what_was_not_edited_is_believed(differing):
    assert differing("UPDATE refunds SET face = face") == set()


NOTHING = f"UPDATE refunds SET {', '.join(f'{part} = NULL' for part in PARTS)}"


def test_one_from_before_the_upgrade_may_leave_its_parts_out(differing):
    assert differing(NOTHING, steps=2, upgraded=FIRST_DAY) == set()


def test_one_of_a_database_that_always_had_them_may_not(differing):
    assert differing(NOTHING) == set(PARTS)
