"""
The database: opening it, transactions, and its connection settings.

Two kinds of transaction. `read()` sees one consistent state: on PostgreSQL it is
REPEATABLE READ and READ ONLY. `write()` takes the write lock at once on SQLite
(`BEGIN IMMEDIATE`): a transaction that starts reading and then writes fails there
without waiting as soon as somebody else has written; before that it waits for its turn
(`store.write_queue`). On PostgreSQL writers run in parallel and each statement sees
what was committed before it: code that reads in order to write must lock the rows first
(`store.row_locks`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine import URL

from ticketsync.core import clock, errors, extras, paths, permissions
from ticketsync.store import link_writes, replaced_file, row_locks, schema
from ticketsync.store.change_watch import ChangeWatch
from ticketsync.store.connection_settings import (
    CACHE_SIZE,
    LOCK_SECONDS,
    POOL,
    postgres_arguments,
)
from ticketsync.store.connection_settings import (
    wal_is_safe as wal_is_safe,
)
from ticketsync.store.database_errors import locked_error, translated_errors
from ticketsync.store.database_url import parse_url, refused_by_driver
from ticketsync.store.types import Span
from ticketsync.store.write_queue import WriteQueue

PROGRAM = "ticketsync"
BUSY_SECONDS = 15


class Database:
    """
    An open database whose schema was checked.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.url = engine.url.render_as_string(hide_password=True)
        self._writers = engine.execution_options(ticketsync_write=True)
        self._readers = engine
        self._queue = _queue_of(engine)
        if engine.dialect.name == "postgresql":
            self._readers = engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    @property
    def dialect(self) -> str:
        return self._engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """
        A connection that sees one state and is never committed.
        """
        with translated_errors(self.url), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def write(
        self, *, alone: bool = False, urgent: bool = False
    ) -> Iterator[Connection]:
        """
        A connection that commits when the block ends and rolls back when it fails. What
        changed of what counts is recorded with it (`link_history`). `alone` keeps all
        other writers out, so that everything it reads is of one moment. For whoever is
        `urgent`, because a person waits, long work is committed early
        (`has_urgent_writers`); the line is one all the same.

        Raises: `DatabaseError` (`db-locked`) where others write for too long, and on
        SQLite at once inside another `write` of the same thread; (`db-replaced`) where
        the file is another one by now.
        """
        with (
            translated_errors(self.url),
            self._one_writer(urgent=urgent),
            self._writers.begin() as connection,
        ):
            self._refuse_replaced(connection)
            row_locks.lock_writers(connection, shared=not alone)
            # Only now, because whoever waits for all writers relies on it.
            now = clock.now()
            link_writes.take_note(connection)
            yield connection
            _record_links(connection, now)

    def wait_for_writers(self) -> None:
        """
        Wait until every transaction that is writing now has ended: what is saved
        afterwards is known from this instant at the earliest.

        Raises: `DatabaseError` (`db-locked`) where one of them takes too long.
        """
        with (
            translated_errors(self.url),
            self._one_writer(),
            self._writers.begin() as connection,
        ):
            row_locks.lock_writers(connection, shared=False)

    def first_instant(self) -> datetime | None:
        """
        The instant from which the past is known; `None` where nothing was ever saved.
        """
        from ticketsync.store import as_of

        with self.read() as connection:
            return as_of.first_instant(connection)

    @contextmanager
    def as_of(
        self, moment: datetime, sold: Span = (None, None)
    ) -> Iterator[Connection]:
        """
        A connection whose tables are those of that instant, without any figures yet;
        with a span only of the orders placed in it. It is never committed.

        It is nobody else's, before or after: what a server has planned for a connection
        goes on reading the tables of today.
        """
        from ticketsync.store import as_of

        engine = make_engine(self._engine.url)
        with translated_errors(self.url):
            try:
                with engine.connect() as connection:
                    as_of.create_tables(connection, moment, sold)
                    yield connection
            finally:
                engine.dispose()

    @property
    def has_one_connection(self) -> bool:
        """
        Whether all transactions share one connection, so that no two threads may use
        the database at once.
        """
        return False

    def has_urgent_writers(self) -> bool:
        """
        Whether an urgent writer waits for others; never on PostgreSQL, where writers
        run in parallel.
        """
        return self._queue is not None and self._queue.has_urgent()

    @contextmanager
    def _one_writer(self, *, urgent: bool = False) -> Iterator[None]:
        """
        On SQLite writers come one after the other, in the order of asking: SQLite
        itself lets those that wait ask again and again, and the unlucky one for too
        long.
        """
        with _turn_of(self._queue, self.url, urgent=urgent):
            yield

    def _refuse_replaced(self, connection: Connection) -> None:
        try:
            replaced_file.refuse_replaced(connection)
        except errors.DatabaseError:
            self._engine.dispose()  # whoever goes on opens the file that is there now
            raise

    @property
    def file(self) -> Path | None:
        """
        The file of a SQLite database; `None` on PostgreSQL.
        """
        if self.dialect != "sqlite":
            return None
        return Path(self._engine.url.database or "")

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """
        A separate connection, for what lasts longer than a transaction.
        """
        with translated_errors(self.url), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def watch(self) -> Iterator[ChangeWatch]:
        """
        Says whether anybody has committed something, without a query of any table.
        """
        with self.connection() as connection:
            yield ChangeWatch(connection, self.url)

    def close(self) -> None:
        self._engine.dispose()

    def journal_mode(self) -> str:
        """
        SQLite's journal mode; `""` on PostgreSQL.
        """
        if self.dialect != "sqlite":
            return ""
        with self.read() as connection:
            return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())


def shared_files(database: Database) -> list[Path]:
    """
    The file and the folder of a SQLite database, as far as others may write to them.
    """
    if database.file is None:
        return []
    both = (database.file, database.file.parent)
    return [path for path in both if permissions.is_shared_with_group(path)]


def open_database(url: str = "", *, command: str = PROGRAM) -> Database:
    """
    Open an existing database; never creates one. `command` is the application name of
    the connection on PostgreSQL.

    Raises: `DatabaseError` where it is missing, unreachable or has another schema,
    `ConfigurationError` where everybody may write to it.
    """
    engine = make_engine(parse_url(url), command)
    _refuse_writable(engine.url)
    with _usable(engine):
        _refuse_missing(engine.url)
        with engine.connect() as connection:
            schema.check(connection)
    return Database(engine)


def old_database(url: str = "") -> Database | None:
    """
    A database of ours with an older schema, opened only to be copied; else `None`.
    """
    engine = make_engine(parse_url(url))
    with _usable(engine), engine.connect() as connection:
        version = schema.version_of(connection)
    return Database(engine) if version and version < schema.PRESENT else None


def sqlite_file(url: str = "") -> Path | None:
    """
    The file of a SQLite database, existing or not; `None` for PostgreSQL.
    """
    chosen = parse_url(url)
    if chosen.get_backend_name() != "sqlite" or not chosen.database:
        return None
    return Path(chosen.database)


def create_database(url: str = "", *, command: str = PROGRAM) -> Database:
    """
    Create the database, or upgrade an existing one to the present schema.

    Raises: `DatabaseError` where that fails, `ConfigurationError` where everybody may
    write to it.
    """
    chosen = parse_url(url)
    _refuse_writable(chosen)
    if chosen.get_backend_name() == "sqlite" and chosen.database:
        file = Path(chosen.database)
        paths.private_folder(file.parent)
        if not file.exists():
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    engine = make_engine(chosen, command)
    shown = engine.url.render_as_string(hide_password=True)
    with _usable(engine), _turn_of(_queue_of(engine), shown):
        schema.upgrade(engine.execution_options(ticketsync_write=True))
    return Database(engine)


def _queue_of(engine: Engine) -> WriteQueue | None:
    """
    The line at the file of a database; `None` on PostgreSQL, and for one without a
    file.
    """
    file = engine.url.database or ":memory:"
    if engine.dialect.name != "sqlite" or file.startswith((":memory:", "file:")):
        return None
    return WriteQueue(Path(file), seconds=BUSY_SECONDS, thread_seconds=LOCK_SECONDS)


@contextmanager
def _turn_of(
    queue: WriteQueue | None, url: str, *, urgent: bool = False
) -> Iterator[None]:
    """
    Raises: `DatabaseError` (`db-locked`).
    """
    with ExitStack() as turn:
        try:
            if queue is not None:
                turn.enter_context(queue.turn(urgent=urgent))
        except TimeoutError:
            raise locked_error(url) from None
        yield


@contextmanager
def _usable(engine: Engine) -> Iterator[None]:
    """
    Translate errors, and leave no connection open behind one.
    """
    try:
        with translated_errors(engine.url.render_as_string(hide_password=True)):
            yield
    except BaseException:
        engine.dispose()
        raise


def exists(url: str = "") -> bool:
    """
    Whether the database exists already.
    """
    chosen = parse_url(url)
    if chosen.get_backend_name() == "sqlite":
        return bool(chosen.database) and Path(chosen.database or "").exists()
    with translated_errors(chosen.render_as_string(hide_password=True)):
        engine = make_engine(chosen)
        with engine.connect() as connection:
            return schema.version_of(connection) is not None


def make_engine(url: URL, command: str = PROGRAM) -> Engine:
    """
    SQLAlchemy's engine with our settings; nothing is opened or checked yet.

    Raises: `ConfigurationError` for a URL that the driver refuses, or without a driver.
    """
    if url.get_backend_name() == "sqlite":
        try:
            engine = create_engine(
                url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True
            )
            engine.dialect.create_connect_args(url)
        except (exc.ArgumentError, ValueError):
            raise refused_by_driver(url) from None
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "after_execute", _note_write)
        return engine
    try:
        engine = create_engine(
            url,
            connect_args=postgres_arguments(url, command),
            pool_pre_ping=True,
            hide_parameters=True,  # errors and the log must not show a buyer's data
            **POOL,
        )
    except ModuleNotFoundError:
        raise errors.ConfigurationError(
            "PostgreSQL needs the driver psycopg, which is not installed.",
            hint=f"Run `{extras.install_command('postgres')}`.",
        ) from None
    event.listen(engine, "after_execute", _note_write)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    replaced_file.note_file(connection, record)
    mode = "WAL" if wal_is_safe(sqlite3.sqlite_version_info) else "TRUNCATE"
    for pragma in (
        "foreign_keys = ON",
        f"journal_mode = {mode}",
        "synchronous = FULL",
        f"cache_size = -{CACHE_SIZE}",
        "secure_delete = ON",
        "trusted_schema = OFF",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    if connection.execute("PRAGMA foreign_keys").fetchone() != (1,):
        raise errors.DatabaseError(
            "This SQLite was built without foreign keys.",
            hint="Use another build of Python.",
        )


def _note_write(connection: Connection, statement: Any, *_: Any) -> None:
    table = getattr(statement, "table", None)
    if table is not None:
        link_writes.note_write(connection, table.name)


def _record_links(connection: Connection, now: datetime) -> None:
    if link_writes.take_note(connection):
        from ticketsync.store import link_history  # few transactions write links

        link_history.record(connection, now)


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("ticketsync_write", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    # Without SQLAlchemy, which takes longer than most reads: it locks nothing, so it
    # does not fail.
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.execute("BEGIN").close()


def _refuse_writable(url: URL) -> None:
    file = url.database
    if url.get_backend_name() == "sqlite" and file:
        both = (("The database", Path(file)), ("The folder", Path(file).parent))
        for what, path in both:
            permissions.refuse_writable(path, what=what, is_shareable=True)


def _refuse_missing(url: URL) -> None:
    file = url.database
    if url.get_backend_name() == "sqlite" and file and not Path(file).exists():
        raise errors.DatabaseError(
            f"There is no database {file}.",
            hint="Run `ticketsync init`, or point --database at the right file.",
            word="no-database",
        )
