"""
What a sync filled is vacuumed on PostgreSQL: its autovacuum is off here, as it is on
some servers, and has not come yet on any other.
"""

import pytest
from sqlalchemy import bindparam, event, text
from support.ticket_tailor_account import moved_to

from ticketsync.core import log
from ticketsync.store import engine, vacuum
from ticketsync.store.tables.sales import orders, tickets
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

# The suite's server does not wait for the disk, and a vacuum does not count as seen by
# everybody what is not written yet.
COMMITTED = "-c%20synchronous_commit%3Don"


@pytest.fixture
def adopted(templates, sandbox):
    with templates.copied("postgresql", "adopted") as place:
        opened = moved_to(f"{place}&options={COMMITTED}", sandbox)
        yield opened
        opened.close()


@pytest.fixture
def all_are_large(monkeypatch):
    monkeypatch.setattr(vacuum, "LARGE", 5)


def vacuumed(database):
    """
    The statements of that kind from now on.
    """
    found = []

    def note(_connection, _cursor, statement, *_):
        if statement.startswith("VACUUM"):
            found.append(statement)

    event.listen(database._engine, "before_cursor_execute", note)
    return found


def known_rows(database):
    """
    The rows of two tables as the server knows them without counting, -1 where it does
    not; and whether nearly all of their pages are known to be seen by everybody.
    """
    rows = text(
        "SELECT relname, CAST(reltuples AS int), relallvisible > 0.9 * relpages"
        " FROM pg_class WHERE relname IN ('orders', 'tickets')"
        " AND relkind = 'r' ORDER BY relname"
    )
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(rows)]


def held_rows(database):
    with database.read() as connection:
        return [
            (table.name, connection.scalar(text(f"SELECT count(*) FROM {table.name}")))
            for table in (orders, tickets)
        ]


def test_after_a_first_sync_the_server_knows_its_tables(
    adopted, settings, all_are_large
):
    assert known_rows(adopted) == [("orders", -1, False), ("tickets", -1, False)]
    sync.sync(adopted, settings, Request())
    held = held_rows(adopted)
    assert [number for _, number in held] > [250, 250]
    assert known_rows(adopted) == [(name, number, True) for name, number in held]


@pytest.mark.thorough
def test_a_second_sync_finds_nothing_to_vacuum(adopted, settings, all_are_large):
    statements = vacuumed(adopted)
    sync.sync(adopted, settings, Request())
    assert len(statements) == 1
    assert {"orders", "tickets", "show_links"} < {
        name.strip(", ") for name in statements[0].split()
    }
    sync.sync(adopted, settings, Request())
    assert len(statements) == 1


def test_a_small_venue_is_left_to_the_server(adopted, settings):
    statements = vacuumed(adopted)
    sync.sync(adopted, settings, Request())
    assert statements == []
    assert known_rows(adopted) == [("orders", -1, False), ("tickets", -1, False)]


def test_a_dry_run_vacuums_nothing(adopted, settings, all_are_large):
    statements = vacuumed(adopted)
    assert sync.sync_dry(adopted, settings, Request()).exit_code == 0
    assert statements == []


def test_a_table_that_somebody_else_vacuums_is_left_to_them(
    adopted, settings, monkeypatch
):
    sync.sync(adopted, settings, Request())
    monkeypatch.setattr(vacuum, "LARGE", 5)
    other = engine.open_database(adopted._engine.url.render_as_string(False))
    with other.write() as connection:
        connection.execute(text("LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE"))
        vacuum.vacuum_new_tables(adopted)
        assert known_rows(adopted)[0] == ("orders", -1, False)
        assert known_rows(adopted)[1][2] is True
    other.close()


def test_a_role_that_may_not_vacuum_goes_without(adopted, settings, monkeypatch):
    sync.sync(adopted, settings, Request())
    monkeypatch.setattr(vacuum, "LARGE", 5)
    with adopted.write() as connection:
        connection.execute(text("CREATE ROLE reader LOGIN"))
        connection.execute(
            text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        )
    url = adopted._engine.url.set(username="reader").render_as_string(False)
    guest = engine.open_database(url)
    vacuum.vacuum_new_tables(guest)
    guest.close()
    assert known_rows(adopted) == [("orders", -1, False), ("tickets", -1, False)]
    with adopted.write() as connection:
        connection.execute(text("DROP OWNED BY reader"))
        connection.execute(text("DROP ROLE reader"))


def test_a_failure_ends_no_sync_and_is_in_the_log(adopted, settings, monkeypatch):
    end = text("SELECT pg_terminate_backend(pg_backend_pid()) WHERE '' NOT IN :ours")
    end = end.bindparams(bindparam("ours", expanding=True))
    monkeypatch.setattr(vacuum, "_NEW_TABLES", end)
    log.open_log()
    outcome = sync.sync(adopted, settings, Request())
    log.close_log()
    assert (outcome.outcome, outcome.exit_code) == ("success", 0)
    assert "vacuum failed" in log.file().read_text()


def test_what_came_after_an_autovacuum_in_the_middle_is_vacuumed(
    adopted, settings, all_are_large
):
    sync.sync(adopted, settings, Request())
    statements = vacuumed(adopted)
    with adopted.write() as connection:
        moved = "UPDATE tickets SET seat = 'x' WHERE id % 3 = 0"
        connection.execute(text(moved))  # as many new rows, at the end of the table
    vacuum.vacuum_new_tables(adopted)
    assert len(statements) == 1
    assert "tickets" in statements[0]
