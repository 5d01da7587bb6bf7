"""
Bringing a database to the schema of this version: a backup of it first, then the
migrations, then every figure anew.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from ticketsync.core import errors
from ticketsync.core.settings.config import Settings
from ticketsync.reporting import outstanding_replays
from ticketsync.store import backup, engine
from ticketsync.store.backup import Backup
from ticketsync.store.engine import Database
from ticketsync.workflows import recompute_figures


@dataclass(frozen=True, slots=True)
class Upgraded:
    """
    The database in use; whether it was older; all shows, and those of them whose
    figures changed; whether stored records wait for `sync replay` to be read again.
    """

    database: Database
    was_old: bool
    shows: int
    changed: int
    waits_for_replay: bool


def back_up(url: str) -> Backup | None:
    """
    Back up an older SQLite database into the folder `backups` of our data. `None` for
    one that has the present schema, and for PostgreSQL, which has its own backups.

    Raises: `DatabaseError` (`no-database`) where there is none, and where the copy
    cannot be written or is damaged.
    """
    _require(url)
    old = engine.old_database(url)
    if old is None:
        return None
    with closing(old):
        if old.dialect != "sqlite":
            return None
        return backup.take_backup(old, backup.new_file("before-upgrade"))


def upgrade(url: str, settings: Settings, command: str) -> Upgraded:
    """
    Run the migrations and recompute every figure. Also of a database that has the
    schema already: what upgraded it may have been stopped.

    Raises: `DatabaseError` (`no-database`) where there is none.
    """
    _require(url)
    was_old = _is_old(url)
    database = engine.create_database(url, command=command)
    shows, changed = recompute_figures.rebuild(database, settings)
    with database.read() as connection:
        waiting = outstanding_replays.list_outstanding(connection)
    return Upgraded(database, was_old, shows, changed, bool(waiting))


def _require(url: str) -> None:
    if not engine.exists(url):
        raise errors.DatabaseError(
            "There is no database to upgrade.",
            hint="Run `ticketsync init`.",
            word="no-database",
        )


def _is_old(url: str) -> bool:
    old = engine.old_database(url)
    if old is not None:
        old.close()
    return old is not None
