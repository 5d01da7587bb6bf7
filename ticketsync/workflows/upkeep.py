"""
Looking after the books: whether the database is sound, and whether the figures still
are what the stored orders come to.
"""

from __future__ import annotations

from dataclasses import dataclass

from ticketsync.core.config import Settings
from ticketsync.reporting import numbers
from ticketsync.reporting.changes import Change, changes
from ticketsync.store import backup
from ticketsync.store.engine import Database, rehearsal
from ticketsync.workflows import match


@dataclass(frozen=True, slots=True)
class Health:
    """
    What a check found: the schema, and the shows whose figures differ when they are
    recomputed from their orders.
    """

    schema: str
    shows: int
    differences: tuple[Change, ...]


def check(database: Database, settings: Settings) -> Health:
    """
    Every page, every reference, every figure; writes nothing.
    """
    version = ""
    if database.dialect == "sqlite":
        version = backup.sound(backup.file_of(database))
    with database.read() as session:
        before = numbers.figures(session)
    with rehearsal(database) as copy:
        shows, _ = match.rebuild(copy, settings)
        with copy.read() as session:
            after = numbers.figures(session)
    return Health(version, shows, tuple(changes(before, after)))
