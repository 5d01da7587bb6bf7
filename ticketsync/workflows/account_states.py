"""
Pausing accounts and making them active again.
"""

from __future__ import annotations

from ticketsync.accounts import breaker, edits, state
from ticketsync.store.engine import Database


def pause(database: Database, name: str, reason: str) -> None:
    with database.write() as writing:
        account = state.get_usable_account(writing, name)
        edits.set_state(writing, account.id, "paused", reason)


def resume(database: Database, name: str) -> None:
    """
    Make an account active, whatever held it back.
    """
    with database.write() as writing:
        account = state.get_usable_account(writing, name)
        edits.set_state(writing, account.id, "active")
        breaker.record_success(writing, account)
