"""
Flags are conditions in expressions and integers in the database.
"""

import pytest
from sqlalchemy import and_, case, cast, func, insert, or_, select, text, update

from ticketsync.core import clock
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import events, occurrences
from ticketsync.store.types import WHOLE

FLAG = occurrences.c.is_dated
ALIAS = occurrences.alias("o")
INNER = select(occurrences.c.id, FLAG.label("flag")).subquery("i")


@pytest.fixture
def connection(database):
    """
    Occurrences 1 and 2 have the flag, 3 does not.
    """
    now = clock.now()
    with database.write() as connection:
        connection.execute(
            insert(accounts).values(
                id=1, name="a", provider="p", secret_source="none", created_at=now
            )
        )
        event = {"id": 1, "account_id": 1, "provider_id": "e", "name": "e"}
        connection.execute(insert(events).values(event))
        for number, is_dated in ((1, True), (2, True), (3, False)):
            connection.execute(
                insert(occurrences).values(
                    id=number,
                    account_id=1,
                    event_id=1,
                    provider_id=str(number),
                    name="n",
                    starts_at=now,
                    starts_local="",
                    timezone="UTC",
                    status="draft",
                    fingerprint="",
                    is_dated=is_dated,
                    content=b"",
                )
            )
        yield connection


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (select(occurrences.c.id).where(FLAG), [1, 2]),
        (select(occurrences.c.id).where(~FLAG), [3]),
        (select(occurrences.c.id).where(and_(FLAG, occurrences.c.id > 1)), [2]),
        (select(occurrences.c.id).where(or_(~FLAG, occurrences.c.id == 1)), [1, 3]),
        (select(ALIAS.c.id).where(ALIAS.c.is_dated), [1, 2]),
        (select(INNER.c.id).where(~INNER.c.flag), [3]),
        (select(occurrences.c.id).where(func.coalesce(FLAG, FLAG)), [1, 2]),
        (
            select(occurrences.c.id).join(
                ALIAS, and_(ALIAS.c.id == occurrences.c.id, ALIAS.c.is_dated)
            ),
            [1, 2],
        ),
        (select(case((FLAG, 7), else_=0)), [7, 7, 0]),
        (select(case((occurrences.c.id > 1, FLAG), else_=0)), [False, True, False]),
        (select(case((occurrences.c.status == "draft", ~FLAG))), [False, False, True]),
        (select(case({"draft": 4}, value=occurrences.c.status)), [4, 4, 4]),
        (select(FLAG), [True, True, False]),
        (select(cast(func.sum(FLAG), WHOLE)), [2]),
        (text("SELECT is_dated FROM occurrences"), [1, 1, 0]),
    ],
)
def test_a_flag_is_a_condition(connection, query, expected):
    assert sorted(connection.scalars(query)) == sorted(expected)


def test_a_flag_restricts_a_change(connection):
    connection.execute(update(occurrences).where(~FLAG).values(is_dated=True))
    assert connection.scalars(select(occurrences.c.id).where(~FLAG)).all() == []
