"""
The schema version of a database, and upgrades to the present one.

The version is read by plain SQL; Alembic is imported only to change something.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from ticketsync.core import errors

PRESENT = "0029"
_VERSION = re.compile(r"\d{4}")
_EVER_SINCE = {"accounts", "shows", "occurrences", "orders"}  # the first schema's
REPLAY_BEFORE = "0028"  # older ones need a replay of stored records


def version_of(connection: Connection) -> str | None:
    """
    The database's schema version, or `None` if it has no schema at all.

    Raises: `DatabaseError` for the database of another program.
    """
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" not in tables:
        return None
    if not tables >= _EVER_SINCE:
        raise _foreign()
    query = text("SELECT version_num FROM alembic_version")
    try:
        versions = [str(version) for version in connection.scalars(query)]
    except DBAPIError as error:
        if "version_num" in str(error.orig):  # there is no such column
            raise _foreign() from None
        raise
    if len(versions) != 1 or not _VERSION.fullmatch(versions[0]):
        raise _foreign()
    return versions[0]


def _foreign() -> errors.DatabaseError:
    return errors.DatabaseError(
        "This database belongs to another program; nothing was changed.",
        hint="Point --database at the right place.",
        word="foreign-database",
    )


def check(connection: Connection) -> None:
    """
    Raises: `DatabaseError` for a database with another schema than ours.
    """
    version = version_of(connection)
    if version == PRESENT:
        return
    if version is None:
        raise errors.DatabaseError(
            "This database holds no ticketsync tables.",
            hint="Run `ticketsync init`, or point --database at the right place.",
            word="no-database",
        )
    if version > PRESENT:
        raise errors.DatabaseError(
            f"The database was written by a newer ticketsync (schema {version}; "
            f"this one knows {PRESENT}).",
            hint="Install the newer ticketsync; nothing was changed.",
            word="schema-newer",
        )
    raise errors.DatabaseError(
        f"The database has the older schema {version}; ticketsync needs {PRESENT}.",
        hint="Run `ticketsync db upgrade`.",
        word="schema-older",
    )


def upgrade(engine: Engine) -> None:
    """
    Upgrade the database to the present schema, in one transaction, and record from
    which one in the audit trail: what is left to do after it depends on that.

    Raises: `DatabaseError` (`schema-newer`).
    """
    from alembic import command
    from alembic.config import Config

    # With them every table is known.
    from ticketsync.store import restore_notes, triggers, views

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with (
        engine.connect() as connection,
        _unreferenced(connection),
        connection.begin(),
    ):
        _take_as_long_as_needed(connection)
        version = version_of(connection)
        if version is not None and version > PRESENT:
            check(connection)
        if version is None and _EVER_SINCE & {*inspect(connection).get_table_names()}:
            raise _foreign()
        config.attributes["connection"] = connection
        triggers.drop_all(connection)
        if version is not None and version >= views.EARLIEST:
            views.drop_all(connection)  # they would block changes of their tables
        command.upgrade(config, views.EARLIEST)
        views.drop_all(connection)
        command.upgrade(config, PRESENT)
        views.create_all(connection)
        triggers.create_all(connection)
        restore_notes.move_to_audit(connection)
        if version is not None and version < PRESENT:
            _record_upgrade(connection, version)


def _record_upgrade(connection: Connection, version: str) -> None:
    from ticketsync.store import audit

    before, after = {"schema": version}, {"schema": PRESENT}
    decision = audit.Decision(
        "upgrade", "system", "database", before=before, after=after
    )
    audit.record(connection, decision)


def _take_as_long_as_needed(connection: Connection) -> None:
    """
    No statement timeout: changing a large table may take long. The lock timeout stays,
    because everybody else waits behind us.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))


@contextmanager
def _unreferenced(connection: Connection) -> Iterator[None]:
    """
    Disable foreign keys on SQLite, where changing a constraint means recreating its
    table. The migration checks the references.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")
