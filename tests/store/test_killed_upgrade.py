"""
Upgrades and replays of a database of schema 0006 that are killed: it is the old one or
the new one, and the next upgrade ends as if nothing had been.
"""

import contextlib
import shutil
import sqlite3

import pytest
from sqlalchemy import inspect
from support import old_databases
from support.database_0006 import (
    KNOWN,
    fee_lines,
    known_figures,
    refunds,
    with_our_door,
    write_old,
)
from support.killed_upgrade import Upgrades
from support.old_databases import figures

from ticketsync.core.settings.config import Settings
from ticketsync.store import engine, schema
from ticketsync.workflows import integrity_check

pytestmark = pytest.mark.usefixtures("migrations")


@pytest.fixture(scope="module")
def upgrades():
    with Upgrades() as opened:
        opened.known = {}
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request, templates, tmp_path):
    """
    Another copy of the old database each time it is called.
    """

    def make(place):
        file = tmp_path / "old.db"
        write_old(file)
        if request.param == "postgresql":
            old_databases.load_old(place, file, "0006")
        else:
            shutil.move(file, place)

    with contextlib.ExitStack() as stack:

        def copy():
            copied = templates.copied(request.param, "as_0006_left_it", make)
            return stack.enter_context(copied)

        copy.kind = request.param
        yield copy


def rows_of(url):
    """
    All rows of all tables, whatever the schema; the file is sound.
    """
    opened = engine.make_engine(engine.parse_url(url))
    with opened.connect() as connection:
        if opened.dialect.name == "sqlite":
            sound = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
            assert sound == "ok"
        found = {
            table: sorted(
                map(repr, connection.exec_driver_sql(f"SELECT * FROM {table}"))
            )
            for table in inspect(connection).get_table_names()
        }
    opened.dispose()
    return found


def version_of(rows):
    (version,) = rows["alembic_version"]
    return version[2:6]


def instants_of(old, home, upgrades):
    """
    The instants of an upgrade that nobody killed; they are the same each time.
    """
    if old.kind not in upgrades.known:
        url = old()
        upgrades.known[old.kind] = upgrades.command_instants(url, home)
        assert_is_upgraded(url)
    return upgrades.known[old.kind]


def choose(instants, kills):
    """
    So many instants of an upgrade: the first one after a migration in the middle, the
    one after the commit of the last one, before and after every commit, and others,
    spread over all of it.
    """
    commits = [n for n, it in enumerate(instants, 1) if it.startswith("COMMIT")]
    first = [between_migrations(instants), after_commit(instants), *commits]
    chosen = [*dict.fromkeys(first)][:kills]
    others = [n for n in range(1, len(instants) + 1) if n not in chosen]
    more = kills - len(chosen)
    return chosen + [others[n * len(others) // more] for n in range(more)]


def between_migrations(instants):
    migrated = [
        number
        for number, instant in enumerate(instants, 1)
        if instant.startswith("UPDATE alembic_version")
    ]
    return migrated[len(migrated) // 2] + 1


def after_commit(instants):
    return instants.index("COMMITTED", between_migrations(instants)) + 1


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.drill)])
@pytest.mark.thorough
def test_f85_an_upgrade_that_is_killed_leaves_the_old_database_or_the_new_one(
    old, home, upgrades, kills
):
    """
    SIGKILL of `db upgrade` at instants of the whole of it, each time of another copy,
    which a second upgrade finishes.
    """
    before = rows_of(old())
    assert version_of(before) == "0006"
    instants = instants_of(old, home, upgrades)
    chosen = choose(instants, kills)
    found = {}
    for number in chosen:
        url = old()
        assert upgrades.killed_command(url, home, number) == -9
        after = rows_of(url)
        found[number] = version_of(after)
        if after != before:
            assert_is_new(url)
        upgrades.command_instants(url, home)
        assert_is_upgraded(url)
    print(f"of {len(instants)} instants, killed at, and left with: {found}")
    assert len(found) == kills
    expected = ["0006" if n < after_commit(instants) else schema.PRESENT for n in found]
    assert [*found.values()] == expected


def assert_is_new(url):
    """
    What an upgrade has committed: the figures are what they were, whether the command
    has recomputed them since or not.
    """
    database = engine.open_database(url)
    assert figures(database) in (known_figures(), with_our_door(known_figures()))
    database.close()


def assert_is_upgraded(url):
    """
    What an upgrade that was left alone has made of it.
    """
    database = engine.open_database(url)
    assert figures(database) == with_our_door(known_figures())
    assert len(refunds(database)) == len(KNOWN["refunds"])
    checked = integrity_check.check(database, Settings())
    assert checked.differences == ()
    # Nobody has confirmed the accounts of an older version yet.
    assert [found for found in checked.findings if not found.is_unconfirmed] == []
    database.close()


@pytest.mark.thorough
def test_f85_control_an_upgrade_that_commits_each_statement_is_left_half_done(
    old, home, upgrades
):
    """
    Neither the one nor the other.
    """
    number = between_migrations(instants_of(old, home, upgrades))
    url = old()
    assert upgrades.killed_command(url, home, number, loose=True) == -9
    assert "0006" < version_of(rows_of(url)) < schema.PRESENT


def contents(file):
    """
    What the database says of money, and the rows that say it.
    """
    database = engine.open_database(str(file))
    with database.read() as connection:
        rows = {
            table: sorted(
                map(repr, connection.exec_driver_sql(f"SELECT {of} FROM {table}"))
            )
            for table, of in (
                (
                    "orders",
                    "id, status, charged, refunded, buyer_fees, addons, donations",
                ),
                (
                    "tickets",
                    "id, face, buyer_fee, addons, donation, voucher, tax_added, "
                    "unexplained, charged, refunded, fees",
                ),
                ("refunds", "id, order_id, number, amount, on_day, basis"),
                ("fees", "order_id, occurrence_id, name, amount, tax"),
            )
        }
    found = figures(database), fee_lines(database), refunds(database), rows
    database.close()
    return found


@pytest.mark.parametrize("times", [2, pytest.param(50, marks=pytest.mark.drill)])
@pytest.mark.thorough
def test_a_replay_that_is_killed_many_times_ends_with_the_same(tmp_path, times):
    """
    SIGKILL before the nth statement, again and again on one upgraded file; then a
    replay that is left alone says what one says that was never killed.
    """
    files = [tmp_path / "killed.db", tmp_path / "calm.db"]
    for file in files:
        write_old(file)
        engine.create_database(str(file)).close()
    killed, calm = files
    before = contents(calm)
    with Upgrades() as upgrades:
        first = upgrades.replay_statements(calm)
        # What is stored already is not written again; none takes fewer than these.
        statements = upgrades.replay_statements(calm)
        codes = [
            upgrades.killed_replay(killed, 2 + n * (statements - 2) // times)
            for n in range(times)
        ]
        assert first > statements > 50
        assert codes == [-9] * times
        with contextlib.closing(sqlite3.connect(killed)) as connection:
            sound = connection.execute("PRAGMA integrity_check").fetchone()
            assert sound == ("ok",)
        upgrades.replay_statements(killed)
    print(f"{times} replays killed, of {statements} to {first} statements")
    assert contents(killed) == contents(calm) != before
