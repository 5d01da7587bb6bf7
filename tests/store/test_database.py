"""
Strict tables, one schema by two ways, and faults that read like words.
"""

import sqlite3
import stat
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import exc, text

from ticketsync.core import errors
from ticketsync.store import database_copies, engine, schema
from ticketsync.store.tables import base
from ticketsync.store.tables.everything import metadata

pytestmark = pytest.mark.usefixtures("migrations")


def test_f91_every_table_is_strict_and_keyed(sqlite):
    with sqlite.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT name, strict FROM pragma_table_list WHERE schema = 'main'"
            " AND type = 'table' AND name NOT LIKE 'sqlite%'"
        )
        strict = dict(rows.all())
    assert strict.pop("alembic_version") == 0
    assert set(strict) == set(metadata.tables)
    assert set(strict.values()) == {1}


def test_a_table_whose_annotations_are_postponed_is_refused():
    """
    Else no column could tell whether it may be empty.
    """
    postponed = {"__annotations__": {"name": "str"}, "__table_args__": base.table()}
    with pytest.raises(TypeError, match=r"Postponed\.name"):
        type("Postponed", (base.Row,), postponed)


def test_f41_no_column_can_hold_a_float():
    kinds = {
        column.type.python_type
        for table in metadata.sorted_tables
        for column in table.columns
        if type(column.type).__name__ not in ("Instant", "Flag")
    }
    assert kinds == {int, str, bytes}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO venues VALUES (1, 'a', 'UTC', 'DOLLAR')",
        "INSERT INTO venues VALUES ('x', 'a', 'UTC', 'AUD')",
        "INSERT INTO shows VALUES (1,99,99,'t','t','UTC',1,'AUD',NULL,0,'')",
        "INSERT INTO leases VALUES ('a', NULL, 't', 't', 1, 'h')",
    ],
)
def test_f91_f92_wrong_values_are_refused_by_the_database(sqlite, statement):
    with (
        pytest.raises((exc.IntegrityError, exc.DatabaseError)),
        sqlite.write() as connection,
    ):
        connection.exec_driver_sql(statement)


def test_the_migration_makes_what_the_tables_say(database):
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, metadata)
    assert [d for d in differences if d[0] != "remove_table"] == []


@pytest.mark.thorough
def test_f120_the_file_is_private(tmp_path):
    file = tmp_path / "new" / "x.db"
    engine.create_database(str(file)).close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), False),
        ((3, 53, 0), True),
    ],
)
def test_f78_wal_only_where_the_library_is_sound(version, safe):
    assert engine.wal_is_safe(version) is safe


def test_f78_the_journal_mode_follows_the_library(sqlite):
    expected = "wal" if engine.wal_is_safe(sqlite3.sqlite_version_info) else "truncate"
    assert sqlite.journal_mode() == expected


def test_f90_opening_never_creates(tmp_path):
    with pytest.raises(errors.DatabaseError) as caught:
        engine.open_database(str(tmp_path / "none.db"))
    assert caught.value.word == "no-database"
    assert not (tmp_path / "none.db").exists()


@pytest.mark.thorough
def test_f86_a_newer_database_is_left_alone(tmp_path):
    file = tmp_path / "x.db"
    created = engine.create_database(str(file))
    with created.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    created.close()
    before = file.read_bytes()

    for attempt in (engine.open_database, engine.create_database):
        with pytest.raises(errors.DatabaseError) as caught:
            attempt(str(file))
        assert caught.value.word == "schema-newer"
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_says_so(tmp_path):
    file = tmp_path / "x.db"
    file.write_text("this is a letter to my aunt" * 100)
    with pytest.raises(errors.DatabaseError) as caught:
        engine.open_database(str(file))
    assert caught.value.word == "corrupt"


@pytest.mark.thorough
def test_f77_somebody_elses_lock_is_named(tmp_path, monkeypatch):
    file = tmp_path / "x.db"
    engine.create_database(str(file)).close()
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.2)
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(errors.DatabaseError) as caught:
            engine.open_database(str(file))
    other.close()
    assert caught.value.word == "db-locked"


def test_f76_writers_wait_for_each_other(sqlite):
    """
    Each reads, then writes: without the immediate lock SQLite refuses at once (M5).
    """
    with sqlite.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO leases VALUES ('n', '0', 't', 't', 1, 'h')"
        )

    def count():
        for _ in range(20):
            with sqlite.write() as connection:
                n = connection.exec_driver_sql("SELECT holder FROM leases").scalar()
                connection.exec_driver_sql(f"UPDATE leases SET holder = '{int(n) + 1}'")

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with sqlite.read() as connection:
        total = connection.exec_driver_sql("SELECT holder FROM leases").scalar()
    assert total == "120"


def test_a_dry_run_leaves_no_trace(database):
    with database_copies.dry_run_of(database) as copy, copy.write() as connection:
        connection.execute(text("INSERT INTO productions (title) VALUES ('Ghost')"))
    with database.read() as connection:
        count = text("SELECT count(*) FROM productions")
        assert connection.execute(count).scalar() == 0


def test_upgrading_twice_changes_nothing(url):
    engine.create_database(url).close()
    opened = engine.open_database(url)
    with opened.read() as connection:
        assert schema.version_of(connection) == schema.PRESENT
    opened.close()
