"""
Rows of closed periods cannot be changed, and where somebody has dropped the triggers,
whatever was changed is found and named (F83, F106).
"""

import random
import signal

import pytest
from sqlalchemy import exc, select, text
from support import commands
from support.closed_month import (
    CLOSED,
    DECEMBER,
    LATER,
    SETTINGS,
    SETTINGS_LATER,
    change_late,
    exported,
    prepare,
    sell,
)
from support.saved_orders import instant

from ticketsync.core import errors
from ticketsync.financials import closed_periods, frozen_lines, verifying
from ticketsync.store import engine, triggers
from ticketsync.store.tables.periods import digests, period_lines, periods
from ticketsync.workflows import integrity_check
from ticketsync.workflows.month_end import close
from ticketsync.workflows.sync.replay import replay

TABLES = (periods, period_lines, digests)


@pytest.fixture
def books(database, frozen):
    return _closed(database, frozen)


@pytest.fixture
def book(sqlite, frozen):
    return _closed(sqlite, frozen)


def _closed(database, frozen):
    """
    Two closed periods, the second with adjustments of the first, and a reopened one.
    """
    frozen(CLOSED)
    sell(prepare(database))
    close.close(database, SETTINGS, "2026-10")
    frozen(LATER)
    change_late(database)
    frozen(DECEMBER)
    close.close(database, SETTINGS_LATER, "2026-11")
    close.reopen(database, "2026-11", "a test")
    close.close(database, SETTINGS_LATER, "2026-11")
    return database


def flaws(database):
    with database.read() as connection:
        return verifying.verify(connection).flaws


@pytest.mark.parametrize("table", [table.name for table in TABLES])
@pytest.mark.parametrize("change", ["UPDATE", "DELETE"])
def test_f106_a_closed_row_is_neither_changed_nor_deleted_by_sql(books, table, change):
    column = {"periods": "line_count", "period_lines": "charged", "digests": "number"}
    sql = {
        "UPDATE": f"UPDATE {table} SET {column[table]} = {column[table]} + 1",
        "DELETE": f"DELETE FROM {table}",
    }
    with (
        pytest.raises((exc.IntegrityError, errors.DatabaseError, exc.DBAPIError)),
        books.write() as connection,
    ):
        connection.execute(text(sql[change]))
    assert flaws(books) == ()


def test_as_they_were_closed(books):
    with books.read() as connection:
        found = verifying.verify(connection)
        events = closed_periods.list_events(connection)
    assert found.flaws == ()
    assert found.periods == len(events) == 4
    assert found.lines == sum(event.line_count for event in events)
    assert found.chain == events[-1].chain


@pytest.fixture
def opened(book):
    """
    A connection on which nothing is refused: without triggers, references and checks.
    Whatever is done on it is rolled back.
    """
    with book.connection() as connection:
        driver = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys = OFF")
        driver.execute("PRAGMA ignore_check_constraints = ON")
        triggers.drop_all(connection)
        connection.exec_driver_sql("SAVEPOINT undisturbed")
        yield connection
        connection.rollback()
        driver.execute("PRAGMA foreign_keys = ON")
        driver.execute("PRAGMA ignore_check_constraints = OFF")


def undo(connection):
    connection.exec_driver_sql("ROLLBACK TO undisturbed")


def flip(connection, chance):
    """
    Flip one bit of one cell; the table, the row as it was, and the column.
    """
    table = chance.choice((periods, *[period_lines] * 4, digests))
    rows = connection.exec_driver_sql(f"SELECT rowid, * FROM {table.name}").all()
    rowid, *cells = chance.choice(rows)
    row = dict(zip([c.name for c in table.columns], cells, strict=True))
    column = chance.choice([name for name, cell in row.items() if cell not in ("", 0)])
    value, cell = flipped(row[column], chance), "?"
    if isinstance(row[column], str):
        cell = "CAST(? AS TEXT)"
    connection.exec_driver_sql(
        f"UPDATE {table.name} SET {column} = {cell} WHERE rowid = ?", (value, rowid)
    )
    return table, row, column


def flipped(value, chance):
    if isinstance(value, int):
        return value ^ (1 << chance.randrange(20))
    data = bytearray(value if isinstance(value, bytes) else value.encode())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def flip_many(connection, seed, number):
    """
    How many flips were found; all that a key did not refuse must be.
    """
    chance = random.Random(seed)
    found = 0
    while found < number:
        try:
            table, row, column = flip(connection, chance)
        except exc.IntegrityError:
            undo(connection)  # there is such a row already
            continue
        flaws = verifying.verify(connection).flaws
        assert flaws, (table.name, row, column)
        if table is period_lines and column not in ("period_id", "number"):
            place = f"line {row['number']} "
            named = [f for f in flaws if f.table == "period_lines" and place in f.row]
            assert len(named) == 1, (row, column, flaws)
        elif table is periods and column not in ("id", "name", "version"):
            assert any(f.table in ("periods", "digests") for f in flaws)
        found += 1
        undo(connection)
    assert verifying.verify(connection).flaws == ()


def test_f83_40_flipped_bits_are_found_and_the_line_is_named(opened):
    flip_many(opened, 1, 40)


@pytest.mark.drill
def test_drill_1000_flipped_bits(opened):
    flip_many(opened, 2, 1000)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "DELETE FROM period_lines WHERE period_id = 1 AND number = 3",
            "period_lines 2026-10 line 3 is missing",
        ),
        (
            "DELETE FROM period_lines WHERE period_id = 1 AND number = 11",
            "periods 2026-10 version 1 (closed) has 10 lines, and must have 11",
        ),
        (
            "DELETE FROM periods WHERE id = 4",
            "digests 4 is of a period that is missing",
        ),
        (
            "DELETE FROM digests WHERE number = 2",
            "digests 2 is not that of its period",
        ),
        (
            "UPDATE period_lines SET charged = charged - 100, face = face - 100"
            " WHERE period_id = 1 AND order_id = 'or_calm'",
            "period_lines 2026-10 line 1 (order or_calm) was changed after it was"
            " closed",
        ),
        (
            "UPDATE periods SET reason = 'another' WHERE state = 'reopened'",
            "periods 2026-11 version 1 (reopened) was changed after it was closed",
        ),
    ],
)
def test_what_was_done_to_closed_rows_is_named(opened, statement, expected):
    opened.exec_driver_sql(statement)
    flaws = verifying.verify(opened).flaws
    assert expected in [f"{flaw.table} {flaw.row} {flaw.what}" for flaw in flaws]


def test_a_line_that_is_changed_with_its_digest_breaks_its_period(opened):
    """
    And with the digest of its period the chain, which no later period follows from.
    """
    line = opened.execute(
        period_lines.select().where(period_lines.c.period_id == 1).limit(1)
    ).one()
    changed = dict(zip(frozen_lines.NAMES, line[2:-1], strict=True))
    changed["account"] = "xx"
    digest = frozen_lines.line_digest(1, line.number, tuple(changed.values()))
    is_it = (period_lines.c.period_id == 1) & (period_lines.c.number == line.number)
    opened.execute(
        period_lines.update().where(is_it).values(account="xx", digest=digest)
    )
    expected = "2026-10 version 1 (closed) was changed after it was closed"
    (flaw,) = verifying.verify(opened).flaws
    assert f"{flaw.row} {flaw.what}" == expected
    of_lines = opened.scalars(
        select(period_lines.c.digest)
        .where(period_lines.c.period_id == 1)
        .order_by(period_lines.c.number)
    ).all()
    event = closed_periods.list_events(opened)[0]
    whole = closed_periods.event_digest(event, of_lines)
    chain = frozen_lines.chained(b"", whole)
    opened.execute(periods.update().where(periods.c.id == 1).values(digest=whole))
    opened.execute(periods.update().where(periods.c.id == 1).values(chain=chain))
    opened.execute(
        digests.update().where(digests.c.number == 1).values(digest=whole, chain=chain)
    )
    (flaw,) = verifying.verify(opened).flaws
    expected = "2026-11 version 1 (closed) does not follow from the periods before it"
    assert f"{flaw.row} {flaw.what}" == expected


def test_the_deep_check_of_the_database_names_the_line(book):
    with book.write() as connection:
        triggers.drop_all(connection)
        connection.exec_driver_sql(
            "UPDATE period_lines SET note = 'x' WHERE number = 2"
        )
        triggers.create_all(connection)
    plain = integrity_check.check(book, SETTINGS_LATER)
    assert [f for f in plain.findings if f.table == "period_lines"] == []
    deep = integrity_check.check(book, SETTINGS_LATER, deep=True)
    named = [f.text for f in deep.findings if f.table == "period_lines"]
    assert len(named) == 3  # of three closings
    assert all("was changed after it was closed" in text for text in named)


KILLED = """
import os, signal, sys
from sqlalchemy import event
from ticketsync.core import clock
from ticketsync.financials import closed_periods
from ticketsync.store import engine
from ticketsync.workflows.month_end import close
from support.closed_month import CLOSED, SETTINGS
clock._now = lambda: CLOSED
database = engine.open_database(sys.argv[1])
place = sys.argv[2]
def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
whole = getattr(closed_periods, place)
def then_killed(*arguments, **named):
    whole(*arguments, **named)
    killed()
setattr(closed_periods, place, then_killed)
close.close(database, SETTINGS, "2026-10")
"""


@pytest.mark.parametrize("place", ["_append", "_insert_lines", "_record"])
def test_f13_killed_in_the_middle_nothing_is_half_closed(url, frozen, place):
    """
    SIGKILL after the period was written, after its lines, before the commit; run again
    it closes.
    """
    database = engine.open_database(url)
    frozen(CLOSED)
    sell(prepare(database))
    done = commands.run_code(KILLED, url, place)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with database.read() as connection:
        for table in TABLES:
            assert connection.execute(table.select()).all() == []
    closed = close.close(database, SETTINGS, "2026-10")
    assert closed.event.line_count == 11
    assert flaws(database) == ()
    database.close()


@pytest.mark.thorough
def test_a_replay_changes_nothing_of_a_closed_month(
    synced_once, settings, frozen, tmp_path
):
    """
    Real orders of a platform, read again from their stored records: no adjustment, and
    the folder of the month is the same to the last byte.
    """
    frozen(instant("2026-09-02T00:00"))
    closed = close.close(synced_once, settings, "2026-08")
    assert closed.event.line_count > 20
    before = exported(synced_once, tmp_path / "before", "2026-08")
    assert replay(synced_once, settings, []).exit_code == 0
    with synced_once.read() as connection:
        assert close.open_adjustments(connection, settings) == []
    assert exported(synced_once, tmp_path / "after", "2026-08") == before
