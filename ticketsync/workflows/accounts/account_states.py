"""
Pausing accounts and making them active again.
"""

from __future__ import annotations

from sqlalchemy import Connection

from ticketsync.accounts import breaker, edits, state
from ticketsync.store.engine import Database


def pause(database: Database, name: str, reason: str) -> None:
    with database.write() as writing:
        account = _lock_usable(writing, name)
        edits.set_state(writing, account.id, "paused", reason)


def resume(database: Database, name: str) -> None:
    """
    Make an account active, whatever held it back.
    """
    with database.write() as writing:
        account = _lock_usable(writing, name)
        edits.set_state(writing, account.id, "active")
        breaker.record_success(writing, account)


def _lock_usable(writing: Connection, name: str) -> state.AccountState:
    """
    The account of that name, which nobody else retires or changes until the transaction
    ends.
    """
    edits.lock_account(writing, state.get_usable_account(writing, name).id)
    return state.get_usable_account(writing, name)
