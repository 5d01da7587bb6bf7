"""
The database: how it is opened, how a transaction begins, how its faults read.

Two kinds of transaction. `read()` sees one consistent state. `write()` takes the
write lock at once (`BEGIN IMMEDIATE`): a transaction that starts reading and then
writes fails on SQLite without waiting as soon as somebody else has written.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine import URL, make_url
from sqlmodel import Session

from ticketsync.core import errors, paths
from ticketsync.store import schema

BUSY_SECONDS = 15


class Database:
    """
    One opened database with its schema checked.
    """

    def __init__(self, engine: Engine) -> None:
        self._readers = engine
        self._writers = engine.execution_options(ticketsync_write=True)

    @property
    def dialect(self) -> str:
        return self._readers.dialect.name

    @property
    def url(self) -> str:
        return self._readers.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """
        A session that sees one state and is never committed.
        """
        with _translated(self.url), Session(self._readers) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """
        A session that commits when the block ends and rolls back when it fails.
        """
        with (
            _translated(self.url),
            Session(self._writers, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @property
    def file(self) -> Path | None:
        """
        The file of a SQLite database; `None` on PostgreSQL.
        """
        if self.dialect != "sqlite":
            return None
        return Path(self._readers.url.database or "")

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """
        A connection of its own, for what lasts longer than a transaction.
        """
        with _translated(self.url), self._readers.connect() as connection:
            yield connection

    def close(self) -> None:
        self._readers.dispose()

    def journal_mode(self) -> str:
        """
        SQLite's journal mode; `""` on PostgreSQL.
        """
        if self.dialect != "sqlite":
            return ""
        with self.read() as session:
            return str(
                session.connection().exec_driver_sql("PRAGMA journal_mode").scalar()
            )


def open_database(url: str = "") -> Database:
    """
    Open an existing database; never creates one.
    """
    engine = _engine(_url(url))
    with _translated(engine.url.render_as_string(hide_password=True)):
        _refuse_missing(engine.url)
        with engine.connect() as connection:
            schema.check(connection)
    return Database(engine)


def old_database(url: str = "") -> Database | None:
    """
    A database of ours with an older schema, opened only to be copied; else `None`.
    """
    engine = _engine(_url(url))
    with (
        _translated(engine.url.render_as_string(hide_password=True)),
        engine.connect() as connection,
    ):
        version = schema.version_of(connection)
    return Database(engine) if version and version < schema.PRESENT else None


def schema_of(database: Database) -> str:
    """
    The schema version of a database of ours, the present one or not.
    """
    with database._readers.connect() as connection:
        return schema.version_of(connection) or ""


def sqlite_file(url: str = "") -> Path | None:
    """
    The file of a SQLite database, there or not; `None` for PostgreSQL.
    """
    chosen = _url(url)
    if chosen.get_backend_name() != "sqlite" or not chosen.database:
        return None
    return Path(chosen.database)


def create_database(url: str = "") -> Database:
    """
    Create the database, or bring an existing one to the present schema.
    """
    chosen = _url(url)
    if chosen.get_backend_name() == "sqlite" and chosen.database:
        file = Path(chosen.database)
        paths.private_folder(file.parent)
        if not file.exists():
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    engine = _engine(chosen)
    with _translated(chosen.render_as_string(hide_password=True)):
        schema.upgrade(engine.execution_options(ticketsync_write=True))
    return Database(engine)


@contextmanager
def rehearsal(database: Database) -> Iterator[Database]:
    """
    The same database to try something on: whatever is written is thrown away.

    On SQLite a private copy, so that nobody is kept waiting; on PostgreSQL one outer
    transaction that is rolled back.
    """
    if database.dialect != "sqlite":
        with database._readers.connect() as connection, connection.begin() as outer:
            yield _Rehearsal(database._readers, connection)
            outer.rollback()
        return
    with tempfile.TemporaryDirectory(prefix="ticketsync-") as folder:
        file = Path(folder) / "rehearsal.db"
        with database.read() as session:
            source = session.connection().connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            with sqlite3.connect(file) as target:
                source.backup(target)
            target.close()
        copy = Database(_engine(URL.create("sqlite", database=str(file))))
        yield copy
        copy.close()


class _Rehearsal(Database):
    """
    Every session is a savepoint of the one connection that is rolled back in the end.
    """

    def __init__(self, engine: Engine, connection: Connection) -> None:
        super().__init__(engine)
        self._connection = connection

    @contextmanager
    def read(self) -> Iterator[Session]:
        with _translated(self.url), self._session() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        with _translated(self.url), self._session() as session, session.begin():
            yield session

    def _session(self) -> Session:
        return Session(
            self._connection,
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
        )


def exists(url: str = "") -> bool:
    """
    Whether there is a database at that place already.
    """
    chosen = _url(url)
    if chosen.get_backend_name() == "sqlite":
        return bool(chosen.database) and Path(chosen.database or "").exists()
    with _translated(chosen.render_as_string(hide_password=True)):
        engine = _engine(chosen)
        with engine.connect() as connection:
            return schema.version_of(connection) is not None


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """
    Whether this SQLite is free of the WAL-reset fault that can lose a commit.

    Fixed in 3.51.3 and in the maintenance lines 3.50.7 and 3.44.6; 3.52.0 was
    withdrawn.
    """
    if version == (3, 52, 0):
        return False
    if version >= (3, 51, 3):
        return True
    line, patch = version[:2], version[2]
    return (line == (3, 50) and patch >= 7) or (line == (3, 44) and patch >= 6)


def _url(url: str) -> URL:
    if not url:
        return URL.create("sqlite", database=str(paths.database_file()))
    if "://" not in url:
        return URL.create("sqlite", database=url)
    try:
        parsed = make_url(url)
    except exc.ArgumentError:
        raise errors.ConfigurationError(
            "The database URL cannot be read.",
            hint="Use a file name, or postgresql://user@host/name.",
        ) from None
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        raise errors.ConfigurationError(
            f"Databases of the kind {parsed.get_backend_name()!r} are not supported.",
            hint="Use SQLite (a file name) or PostgreSQL (postgresql://…).",
        )
    return parsed


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return create_engine(url, connect_args={"options": "-c timezone=UTC"})
    except ModuleNotFoundError:
        raise errors.ConfigurationError(
            "PostgreSQL needs the driver psycopg, which is not installed.",
            hint="Run `pip install 'ticketsync[postgres]'`.",
        ) from None


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # we say ourselves when a transaction begins
    mode = "WAL" if wal_is_safe(sqlite3.sqlite_version_info) else "TRUNCATE"
    for pragma in (
        "foreign_keys = ON",
        f"journal_mode = {mode}",
        "synchronous = FULL",
        "cache_size = -16000",
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    if connection.execute("PRAGMA foreign_keys").fetchone() != (1,):
        raise errors.DatabaseError(
            "This SQLite was built without foreign keys.",
            hint="Use another build of Python.",
        )


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("ticketsync_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _refuse_missing(url: URL) -> None:
    file = url.database
    if url.get_backend_name() == "sqlite" and file and not Path(file).exists():
        raise errors.DatabaseError(
            f"There is no database {file}.",
            hint="Run `ticketsync init`, or point --database at the right file.",
            word="no-database",
        )


_FAULTS = (
    ("database is locked", "db-locked", "Another program holds it; try again."),
    ("disk is full", "disk-full", "Free some space and run the same command again."),
    ("readonly database", "read-only", "Make the file and its folder writable."),
    ("unable to open", "cannot-open", "Check the folder and its permissions."),
    ("disk I/O error", "io-error", "Check the disk, then run `ticketsync status`."),
    ("malformed", "corrupt", "Restore a backup."),
    ("not a database", "corrupt", "This file is something else; check --database."),
    ("permission denied", "db-permission", "Use a database role that may do this."),
)


# What the driver files under mistakes of the program, and is none.
_NOT_OUR_FAULT = ("malformed", "not a database", "permission denied")


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """
    Turn the driver's errors into ours; programming errors pass as they are.
    """
    try:
        yield
    except exc.OperationalError as error:
        raise _explained(str(error.orig), url) from error
    except exc.DatabaseError as error:
        if any(sign in str(error.orig) for sign in _NOT_OUR_FAULT):
            raise _explained(str(error.orig), url) from error
        raise


def _explained(fault: str, url: str) -> errors.DatabaseError:
    for sign, word, hint in _FAULTS:
        if sign in fault:
            return errors.DatabaseError(f"{url}: {sign}.", hint=hint, word=word)
    first_line = fault.strip().splitlines()[0] if fault.strip() else "no answer"
    return errors.DatabaseError(
        f"{url}: {first_line}.", hint="Check that the database server is running."
    )
