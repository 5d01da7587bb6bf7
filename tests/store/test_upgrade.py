"""
A database of every earlier schema, with data in it, becomes the present one.
"""

import sqlite3

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import text
from support.killed_upgrade import Upgrades
from support.old_databases import MIGRATIONS, as_it_was

from ticketsync.store import engine, schema
from ticketsync.store.tables.everything import metadata

pytestmark = pytest.mark.usefixtures("migrations")


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request, tmp_path):
    if request.param == "sqlite":
        url = str(tmp_path / "old.db")
    else:
        server = request.getfixturevalue("postgres")
        name = f"u{abs(hash(request.node.nodeid)) % 10**12}"
        server.psql(f"CREATE DATABASE {name};")
        url = server.get_uri(database=name)
    as_it_was(url)
    return url


def test_an_old_database_keeps_its_rows_and_gets_the_present_shape(old):
    engine.create_database(old).close()
    opened = engine.open_database(old)
    with opened.read() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, metadata)
        assert [d for d in differences if d[0] != "remove_table"] == []
        account = connection.execute(text("SELECT * FROM accounts")).mappings().one()
        link = connection.execute(text("SELECT * FROM show_links")).mappings().one()
        date = connection.execute(text("SELECT * FROM occurrences")).mappings().one()
        lease = connection.execute(text("SELECT * FROM leases")).mappings().one()
        totals = connection.execute(text("SELECT * FROM show_totals")).all()
    assert (account["name"], account["options"]) == ("tt", "{}")
    assert (link["decided_by"], link["sync_enabled"]) == ("person", 1)
    assert (date["provider_id"], date["is_dated"]) == ("ev_1", 1)
    # To be saved again, with what the earlier version did not keep.
    assert (bytes(date["content"]), date["provider_updated_at"]) == (b"", None)
    assert (lease["holder"], lease["pid"]) == ("run-1 (process 1 on a laptop)", None)
    assert totals == []
    opened.close()


@pytest.mark.thorough
def test_words_of_old_alerts_are_known_after_the_upgrade(tmp_path):
    """
    `deaf` is `missing-webhook-secret` now, so that nobody is notified again.
    """
    file = str(tmp_path / "old.db")
    as_it_was(file)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    opened = engine.make_engine(engine.parse_url(file))
    with (
        opened.execution_options(ticketsync_write=True).connect() as connection,
        schema._unreferenced(connection),
        connection.begin(),
    ):
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
    opened.dispose()
    with sqlite3.connect(file) as connection:
        connection.execute(
            "INSERT INTO alerts VALUES (1, 'deaf', '2026-01-01T00:00:00Z', 1)"
        )
    connection.close()
    engine.create_database(file).close()
    with sqlite3.connect(file) as connection:
        found = connection.execute("SELECT state, is_told FROM alerts").fetchall()
        assert found == [("missing-webhook-secret", 1)]
        for word in ("partial", "failed", "ok"):
            connection.execute(f"UPDATE alerts SET state = '{word}'")
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("UPDATE alerts SET state = 'deaf'")
        loose = connection.execute(
            "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0"
            " AND schema = 'main' AND name NOT LIKE 'sqlite%'"
            " AND name != 'alembic_version'"
        )
        assert loose.fetchall() == []
    connection.close()


@pytest.mark.thorough
def test_after_the_upgrade_the_new_rules_hold_and_the_old_ones_too(tmp_path):
    file = str(tmp_path / "old.db")
    as_it_was(file)
    engine.create_database(file).close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("UPDATE accounts SET secret_source = 'none'")
        for wrong in (
            "UPDATE accounts SET secret_source = 'nowhere'",
            "UPDATE accounts SET state = 'asleep'",
            "DELETE FROM accounts",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(wrong)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


@pytest.fixture(scope="module")
def upgrades():
    with Upgrades() as opened:
        yield opened


@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=pytest.mark.drill)])
@pytest.mark.thorough
def test_f85_an_upgrade_killed_at_any_statement_is_all_or_nothing(
    tmp_path, upgrades, kills
):
    """
    SIGKILL before the nth statement: the old schema, whole, and then the new one.
    """
    file = tmp_path / "old.db"
    as_it_was(str(file))
    before = file.read_bytes()
    statements = upgrades.statements(file)
    assert statements > 10
    for number in range(1, statements + 1, max(1, statements // kills)):
        file.write_bytes(before)
        assert upgrades.killed(file, number) == -9
        with sqlite3.connect(file) as connection:
            version = connection.execute("SELECT version_num FROM alembic_version")
            assert version.fetchone() in {("0001",), (schema.PRESENT,)}
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        engine.create_database(str(file)).close()
        opened = engine.open_database(str(file))
        with opened.read() as connection:
            rows = connection.execute(text("SELECT name FROM accounts"))
            assert rows.scalars().all() == ["tt"]
        opened.close()


@pytest.mark.thorough
def test_f85_control_without_one_transaction_an_upgrade_is_left_half_done(
    tmp_path, upgrades
):
    """
    The same kills with every statement committed by itself: some leave a database
    that is neither the old one nor the new one, and cannot be upgraded any more.
    """
    file = tmp_path / "old.db"
    as_it_was(str(file))
    before = file.read_bytes()
    is_ruined = False
    for number in range(3, 40, 7):
        file.write_bytes(before)
        if upgrades.killed(file, number, loose=True) != -9:
            break
        try:
            engine.create_database(str(file)).close()
        except Exception:  # whatever a half-made schema does to it
            is_ruined = True
            break
    assert is_ruined
