"""
People leave: after their show, or when they ask.
"""

from __future__ import annotations

from ticketsync.core import clock, errors
from ticketsync.core.config import Settings
from ticketsync.core.redact import safe
from ticketsync.sales import privacy
from ticketsync.sales.privacy import Trace
from ticketsync.store.engine import Database


def find_person(database: Database, who: str) -> list[Trace]:
    """
    Where a person is kept; `NotFound` if nowhere.
    """
    with database.read() as connection:
        found = privacy.find_traces(connection, who)
    if not found:
        raise errors.NotFound(
            f"No one is kept under {safe(who)!r}.",
            hint="Give the e-mail address, the whole name, or an order's number.",
        )
    return found


def erase(database: Database, who: str, *, dry_run: bool = False) -> list[Trace]:
    """
    Erase a person everywhere; returns where they were. The books stay as they are.
    """
    found = find_person(database, who)
    if not dry_run:
        with database.write() as connection:
            privacy.erase_people(connection, found, clock.now())
    return found


def retain(database: Database, settings: Settings, *, dry_run: bool = False) -> int:
    """
    Forget the people of shows longer past than the settings keep them; returns how
    many. Writes nothing where there is no one to forget.
    """
    before = settings.forget_before(clock.now())
    with database.read() as connection:
        count = privacy.count_expired(connection, before)
    if count and not dry_run:
        with database.write() as connection:
            return privacy.delete_expired(connection, before)
    return count
