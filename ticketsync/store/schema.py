"""
The schema version of a database, and upgrades to the present one.

The version is read by plain SQL; Alembic is imported only to change something.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from ticketsync.core import errors

PRESENT = "0016"
REPLAY_BEFORE = "0014"  # older ones need a replay of stored records


def version_of(connection: Connection) -> str | None:
    """
    The database's schema version, or `None` if it has no schema of ours.
    """
    if not inspect(connection).has_table("alembic_version"):
        return None
    version = connection.execute(text("SELECT version_num FROM alembic_version"))
    return str(version.scalar_one())


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
    Upgrade the database to the present schema, in one transaction.

    Raises: `DatabaseError` (`schema-newer`).
    """
    from alembic import command
    from alembic.config import Config

    from ticketsync.store import triggers, views  # and with them every table

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
        config.attributes["connection"] = connection
        triggers.drop_all(connection)
        if version is not None and version >= views.EARLIEST:
            views.drop_all(connection)  # they would block changes of their tables
        command.upgrade(config, views.EARLIEST)
        views.drop_all(connection)
        command.upgrade(config, PRESENT)
        views.create_all(connection)
        triggers.create_all(connection)


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
