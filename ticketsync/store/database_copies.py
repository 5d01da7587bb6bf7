"""
Databases that live as long as a block: a copy for a dry run, one consistent state to
read, an empty one to compute in. On PostgreSQL a dry run is a transaction of the
database itself, so no two threads may use it at once.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL

from ticketsync.store.database_errors import translated_errors
from ticketsync.store.engine import (
    Database,
    create_database,
    make_engine,
)


@contextmanager
def dry_run_of(database: Database) -> Iterator[Database]:
    """
    The same database for a dry run: whatever is written is discarded.

    On SQLite a private copy, so that nobody has to wait; on PostgreSQL one outer
    transaction that is rolled back.
    """
    if database.dialect != "sqlite":
        with database.connection() as connection, connection.begin() as outer:
            yield _DryRunDatabase(connection.engine, connection)
            outer.rollback()
        return
    with _private_copy(database) as copy:
        yield copy


@contextmanager
def snapshot(database: Database) -> Iterator[Connection]:
    """
    A connection with one consistent snapshot for as long as needed; blocks nobody.
    """
    if database.dialect == "sqlite" and database.journal_mode() != "wal":
        # There a reader would block every writer, so it gets a copy.
        with _private_copy(database) as copy, copy.read() as connection:
            yield connection
        return
    with database.read() as connection:
        yield connection


@contextmanager
def scratch() -> Iterator[Database]:
    """
    A private, empty database with our schema that is deleted at the end.
    """
    with tempfile.TemporaryDirectory(prefix="ticketsync-") as folder:
        file = Path(folder) / "scratch.db"
        file.touch(0o600)
        file.write_bytes(_empty_database())
        database = _open_temporary(file)
        try:
            yield database
        finally:
            database.close()


@cache
def _empty_database() -> bytes:
    """
    The file of an empty database. The migrations take most of a second, and a replay
    needs one for each account.
    """
    with tempfile.TemporaryDirectory(prefix="ticketsync-") as folder:
        file = Path(folder) / "empty.db"
        create_database(str(file)).close()
        return file.read_bytes()


@contextmanager
def _private_copy(database: Database) -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="ticketsync-") as folder:
        file = Path(folder) / "copy.db"
        with database.read() as connection:
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            with sqlite3.connect(file) as target:
                source.backup(target)
            target.close()
        copy = _open_temporary(file)
        try:
            yield copy
        finally:
            copy.close()


def _open_temporary(file: Path) -> Database:
    """
    A database that nobody misses after a power cut: no commit waits for the disk.
    """
    engine = make_engine(URL.create("sqlite", database=str(file)))
    event.listen(engine, "connect", _without_waiting)
    return Database(engine)


def _without_waiting(connection: sqlite3.Connection, _: Any) -> None:
    connection.execute("PRAGMA synchronous = OFF").close()


class _DryRunDatabase(Database):
    """
    Every transaction is a savepoint of one connection that is rolled back in the end.
    """

    def __init__(self, engine: Engine, connection: Connection) -> None:
        super().__init__(engine)
        self._connection = connection

    @property
    def has_one_connection(self) -> bool:
        return True

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.write() as connection:
            yield connection

    @contextmanager
    def write(
        self, *, alone: bool = False, urgent: bool = False
    ) -> Iterator[Connection]:
        with translated_errors(self.url), self._connection.begin_nested():
            yield self._connection
