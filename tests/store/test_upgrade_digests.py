"""
A database of schema 0024, whose superseded versions had no digests: they are taken as
they stand, and are watched from then on.
"""

from datetime import timedelta

import pytest
from sqlalchemy import text
from support import old_databases
from support.saved_orders import FIRST_DAY, order, prepare, save, ticket

from ticketsync.core.records import Fee, Refund
from ticketsync.sales import past_flaws
from ticketsync.store import engine, row_digests, schema

TABLES = ("past_orders", "past_tickets", "past_fees", "past_show_links")


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request, templates):
    with old_databases.upgraded(templates, request.param, "0024", fill) as database:
        yield database


def fill(file):
    """
    An order that changed: its price, its fee, and what went back.
    """
    database = prepare(engine.create_database(str(file)))
    first = order(ticket(1, 2000), fees=(Fee("Service", 100),))
    fees = (Fee("Service", 150),)
    second = order(ticket(1, 2500), fees=fees, refunds=(Refund("re_1", 500),))
    save(database, first, at=FIRST_DAY)
    save(database, second, at=FIRST_DAY + timedelta(hours=1))
    database.close()


def changed(database):
    with database.read() as connection:
        found = row_digests.find_changed(connection, past_flaws.PAST_TABLES)
        return [item.table for item in found]


@pytest.mark.thorough
def test_what_stood_there_is_taken_as_it_stands(upgraded):
    with upgraded.read() as connection:
        assert schema.version_of(connection) == schema.PRESENT
        for table in TABLES:
            count = text(f"SELECT count(*) FROM {table} WHERE digest IS NOT NULL")
            assert connection.scalar(count) > 0, table
    assert changed(upgraded) == []


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("past_orders", "total = total + 1"),
        ("past_tickets", "type_name = 'Mine'"),
        ("past_fees", "amount = NULL"),
        ("past_show_links", "digest = NULL"),
    ],
)
def test_what_is_edited_afterwards_is_found(upgraded, table, change):
    with upgraded.write() as connection:
        first = f"SELECT min(known_from) FROM {table}"
        edit = f"UPDATE {table} SET {change} WHERE known_from = ({first})"
        edited = connection.execute(text(edit)).rowcount
    assert changed(upgraded) == [table] * edited != []
