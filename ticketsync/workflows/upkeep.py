"""
Looking after the books: whether the database is sound, and whether the figures still
are what the stored orders come to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ticketsync.accounts import state
from ticketsync.core.config import Settings
from ticketsync.reporting import books, numbers
from ticketsync.reporting.changes import Change, changes
from ticketsync.sales import versions
from ticketsync.store import backup
from ticketsync.store.engine import Database, rehearsal
from ticketsync.workflows import match, sync


@dataclass(frozen=True, slots=True)
class Health:
    """
    What a check found: the schema, the shows whose figures differ when they are
    recomputed from their orders; looking deep, the stored raw records that are damaged
    and the rows that their raw records do not come to, in words.
    """

    schema: str
    shows: int
    differences: tuple[Change, ...]
    rows: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        return not self.differences and not self.rows


def check(database: Database, settings: Settings, *, deep: bool = False) -> Health:
    """
    Every page, every reference, every figure; `deep` reads every stored raw record
    again and compares every row with money in it. Writes nothing.
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
    differences = tuple(changes(before, after))
    rows = tuple(_deep(database, settings)) if deep else ()
    return Health(version, shows, differences, rows)


def _deep(database: Database, settings: Settings) -> Iterator[str]:
    with database.read() as session:
        names = {account.name: account.id for account in state.all_accounts(session)}
        hurt = [
            f"{name}: the raw record of {what} is damaged"
            for name, id_ in names.items()
            for what in versions.damaged(session, id_)
        ]
        held = dict(books.rows(session))
    yield from hurt
    if hurt or not names:
        return  # what is damaged cannot be read again
    with rehearsal(database) as copy:
        sync.replay(copy, settings, [])
        with copy.read() as session:
            again = dict(books.rows(session))
    for key in held.keys() | again.keys():
        what, account, id_ = key
        if held.get(key) == again.get(key):
            continue
        fields = held.get(key, {}).keys() | again.get(key, {}).keys()
        differing = sorted(
            field
            for field in fields
            if held.get(key, {}).get(field) != again.get(key, {}).get(field)
        )
        yield f"{account}: {what} {id_} differs in {', '.join(differing)}"
