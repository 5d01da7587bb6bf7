"""
What the settings say and the database has to know, too.
"""

from __future__ import annotations

from ticketsync.accounts import health
from ticketsync.core.settings.config import Settings
from ticketsync.store.engine import Database


def note_limits(database: Database, settings: Settings) -> None:
    """
    Let the view `sync_health` know how long each account may go unread; writes nothing
    where it knows already.
    """
    with database.read() as connection:
        is_known = health.are_limits_recorded(connection, settings)
    if not is_known:
        with database.write() as connection:
            health.record_limits(connection, settings)
