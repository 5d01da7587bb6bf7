"""
Databases that are not ours, and URLs that are none: refused in our words, with our exit
code, and untouched.
"""

import hashlib
import sqlite3

import pytest
from sqlalchemy import text

from ticketsync.core import errors
from ticketsync.store import engine, schema

WAYS = (
    engine.open_database,
    engine.create_database,
    engine.exists,
    engine.old_database,
)
PASSWORD = "canary4711"
URLS = (
    f"postgresql://u:{PASSWORD}@h:notaport/x",
    f"postgresql://u:{PASSWORD}@[::1/x",
    f"postgresql://u:{PASSWORD}@127.0.0.1:1,127.0.0.1:2/x",
    f"postgresql://u:{PASSWORD}@\ud83d/x",
    *("sqlite+pysqlcipher:///x", "sqlite+aiosqlite:///x", "sqlite://host/x"),
    *("mysql://h/x", "mysql+x://h/x", "oracle://h", "x://", "://x", "://"),
    *("a\0b", "sqlite:///a\0b", "\ud83d", "sqlite:///\ud83d"),
    *("x" * 5000, "sqlite:///" + "x" * 5000, "p://" + "[" * 10_000),
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("url", URLS, ids=range(len(URLS)))
def test_a_url_that_is_none_is_refused_in_our_words(home, url, way):
    with pytest.raises(errors.ConfigurationError) as caught:
        way(url)
    assert caught.value.exit_code == 2
    assert PASSWORD not in caught.value.message
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    "url",
    [
        *("sqlite:///x?timeout=abc", "sqlite:///x?uri=notabool"),
        f"postgresql://u:{PASSWORD}@127.0.0.1:1/x?foo=bar",
        f"postgresql://u:{PASSWORD}@127.0.0.1:1/x?connect_timeout=abc",
        f"postgresql://u:{PASSWORD}@127.0.0.1:1/x?options=%00",
    ],
)
def test_an_option_that_the_driver_does_not_know_is_a_fault_of_the_url(
    home, tmp_path, monkeypatch, url
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.ConfigurationError) as caught:
        engine.create_database(url)
    assert PASSWORD not in caught.value.message


@pytest.mark.parametrize("port", ["99999", "-1", "0"])
def test_a_port_that_cannot_be_is_our_error(home, port):
    with pytest.raises(errors.TicketsyncError):
        engine.open_database(f"postgresql://u:{PASSWORD}@127.0.0.1:{port}/x")


FOREIGN = {
    "empty version": "CREATE TABLE alembic_version (version_num TEXT)",
    "our first version": (
        "CREATE TABLE alembic_version (version_num TEXT);"
        "INSERT INTO alembic_version VALUES ('0001')"
    ),
    "our present version": (
        "CREATE TABLE alembic_version (version_num TEXT);"
        f"INSERT INTO alembic_version VALUES ('{schema.PRESENT}')"
    ),
    "another version": (
        "CREATE TABLE alembic_version (version_num TEXT);"
        "INSERT INTO alembic_version VALUES ('ae1027a6acf')"
    ),
    "no version column": "CREATE TABLE alembic_version (x TEXT)",
    "tables named like ours": "CREATE TABLE accounts (x TEXT);CREATE TABLE shows (x)",
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_of_another_program_is_refused_and_untouched(home, tmp_path, kind):
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as connection:
        connection.executescript(FOREIGN[kind])
    connection.close()
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    for way in (engine.open_database, engine.create_database):
        with pytest.raises(errors.DatabaseError) as caught:
            way(str(file))
        assert caught.value.word in ("foreign-database", "no-database")
        assert caught.value.exit_code == 9
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM alembic_version",
        "UPDATE alembic_version SET version_num = 'ae1027a6acf'",
        "ALTER TABLE alembic_version RENAME COLUMN version_num TO x",
    ],
)
def test_a_version_that_is_none_of_ours_is_refused_on_both_databases(
    database, url, change
):
    with database.write() as connection:
        connection.execute(text(change))
    for way in (engine.open_database, engine.create_database):
        with pytest.raises(errors.DatabaseError) as caught:
            way(url)
        assert caught.value.word == "foreign-database"
