"""
How long a PostgreSQL connection waits, who it says it is, and what its errors say.
"""

import contextlib
import os
import socket
import threading

import pytest
from sqlalchemy import text
from support import commands
from typer.testing import CliRunner

from ticketsync.catalogue import shows
from ticketsync.cli.main import app
from ticketsync.core import errors
from ticketsync.store import connection_settings, engine, views

pytestmark = pytest.mark.on_both_databases


@pytest.fixture
def place(templates):
    return templates.copy("postgresql", "empty")


def opened(place, **query):
    """
    That database with settings in the URL's own query.
    """
    more = "&".join(f"{name}={value}" for name, value in query.items())
    return engine.open_database(f"{place}&{more}" if more else place)


def read_setting(database, setting):
    with database.read() as connection:
        return connection.scalar(text(f"SHOW {setting}"))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("statement_timeout", "15min"),
        ("lock_timeout", "1min"),
        ("timezone", "UTC"),
        ("max_parallel_workers_per_gather", "0"),
        ("jit", "off"),
        ("application_name", "ticketsync"),
        ("transaction_isolation", "repeatable read"),
        ("transaction_read_only", "on"),
    ],
)
def test_what_a_reader_is_given(place, setting, value):
    database = opened(place)
    assert read_setting(database, setting) == value
    database.close()


def test_a_writer_sees_what_was_committed_before_each_statement(place):
    database = opened(place)
    with database.write() as connection:
        shown = text("SHOW transaction_isolation")
        assert connection.scalar(shown) == "read committed"
    database.close()


def test_what_the_url_says_wins(place):
    database = opened(
        place,
        application_name="payroll",
        options="-c%20statement_timeout%3D5s%20-c%20lock_timeout%3D2s%20-c%20jit%3Don",
    )
    assert read_setting(database, "application_name") == "payroll"
    assert read_setting(database, "statement_timeout") == "5s"
    assert read_setting(database, "lock_timeout") == "2s"
    assert read_setting(database, "jit") == "on"
    assert read_setting(database, "timezone") == "UTC"
    database.close()


def test_the_server_knows_which_command_it_is(monkeypatch):
    asked = []

    def open_database(url, *, command):
        asked.append(command)
        raise errors.DatabaseError("enough seen")

    monkeypatch.setattr(engine, "open_database", open_database)
    CliRunner().invoke(app, ["db", "check"], prog_name="ticketsync")
    assert asked == ["ticketsync db check"]


def test_a_statement_that_takes_too_long_is_ended_in_words(place):
    database = opened(place, options="-c%20statement_timeout%3D100ms")
    with pytest.raises(errors.DatabaseError) as caught, database.read() as connection:
        connection.execute(text("SELECT pg_sleep(60)"))
    assert (caught.value.word, caught.value.exit_code) == ("db-timeout", 9)
    assert "did not finish a statement in time" in caught.value.message
    assert "statement_timeout" in caught.value.hint
    database.close()


def test_rows_that_somebody_else_holds_too_long_are_given_up_in_words(place):
    database = opened(place, options="-c%20lock_timeout%3D100ms")
    other = opened(place)
    change = text("UPDATE venues SET name = 'x'")
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    with other.write() as holding:
        holding.execute(change)
        with (
            pytest.raises(errors.DatabaseError) as caught,
            database.write() as connection,
        ):
            connection.execute(change)
    assert (caught.value.word, caught.value.exit_code) == ("db-locked", 9)
    assert "held the rows we need for too long" in caught.value.message
    database.close()
    other.close()


@pytest.mark.parametrize(
    ("query", "seconds"), [({}, "10"), ({"connect_timeout": "3"}, "3")]
)
def test_how_long_a_connection_may_take_to_be_made(place, query, seconds):
    """
    What the connection itself says it was made with; the URL's own wins.
    """
    database = opened(place, **query)
    with database.read() as connection:
        given = connection.connection.dbapi_connection.info.get_parameters()
    database.close()
    assert given["connect_timeout"] == seconds


@pytest.fixture
def silent():
    """
    The address of a server that accepts every connection and never says a word.
    """
    accepted = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept():
            with contextlib.suppress(OSError):  # closed below
                while True:
                    accepted.append(listening.accept()[0])

        accepting = threading.Thread(target=accept)
        accepting.start()
        yield f"postgresql://u@127.0.0.1:{listening.getsockname()[1]}/x"
        listening.shutdown(socket.SHUT_RDWR)
        accepting.join()
    assert accepted  # somebody was let in, and waited in vain
    for connection in accepted:
        connection.close()


@pytest.mark.parametrize(("query", "default"), [("?connect_timeout=2", 10), ("", 2)])
def test_a_server_that_does_not_answer_is_given_up_in_words(
    silent, query, default, monkeypatch
):
    monkeypatch.setattr(connection_settings, "CONNECT_SECONDS", default)
    with pytest.raises(errors.DatabaseError) as caught:
        engine.open_database(silent + query)
    assert (caught.value.word, caught.value.exit_code) == ("db-timeout", 9)
    assert "connect_timeout" in caught.value.hint


@pytest.mark.drill
@pytest.mark.parametrize(
    "words",
    [
        *(("status",), ("sync",), ("sync", "--due", "--quiet"), ("shows", "list")),
        *(("financials", "list"), ("db", "check"), ("db", "upgrade"), ("serve",)),
    ],
)
def test_no_command_waits_longer_than_a_connection_may_take(silent, words, home):
    """
    As people start them, with our own default: each ends long before the driver would
    give up by itself, after more than two minutes.
    """
    env = {**os.environ, "TICKETSYNC_HOME": str(home), "NO_COLOR": "1"}
    done = commands.run(
        *words, env={**env, "TICKETSYNC_DATABASE_URL": silent}, timeout=60
    )
    assert done.returncode == 9, done.stderr
    assert done.stderr.startswith("ticketsync: db-timeout: ")
    assert "Traceback" not in done.stderr


def test_an_upgrade_has_no_limit_to_a_statement(templates, monkeypatch):
    place = templates.copy("postgresql", "empty")
    seen = []
    real = views.create_all

    def create_all(connection):
        seen.append(connection.scalar(text("SHOW statement_timeout")))
        seen.append(connection.scalar(text("SHOW lock_timeout")))
        real(connection)

    monkeypatch.setattr(views, "create_all", create_all)
    engine.create_database(place).close()
    assert seen == ["0", "1min"]


def test_a_connection_that_the_server_ended_meanwhile_is_replaced(place):
    """
    `serve` keeps its connections for days, and servers are restarted.
    """
    database = opened(place)
    mine = text("SELECT pg_backend_pid()")
    with database.read() as connection:
        before = connection.scalar(mine)
    other = opened(place)
    with other.write() as connection:
        end = text("SELECT pg_terminate_backend(:pid, 10000)")
        assert connection.scalar(end, {"pid": before})
    with database.read() as connection:
        assert connection.scalar(mine) != before
    database.close()
    other.close()


def test_more_readers_than_connections_are_refused_by_name(place, monkeypatch):
    """
    Not a fault of ours: a page is asked for while all connections are at work.
    """
    database = opened(place)
    monkeypatch.setattr(database._engine.pool, "_timeout", 0.01)
    all_busy, release = threading.Barrier(41), threading.Event()

    def hold():
        with database.read():
            all_busy.wait()
            release.wait()

    threads = [threading.Thread(target=hold) for _ in range(40)]
    for thread in threads:
        thread.start()
    all_busy.wait()
    with pytest.raises(errors.DatabaseError) as caught, database.read():
        pass
    release.set()
    for thread in threads:
        thread.join()
    assert (caught.value.word, caught.value.exit_code) == ("db-busy", 9)
    database.close()
