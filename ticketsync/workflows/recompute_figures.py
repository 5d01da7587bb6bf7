"""
The figures of shows: recomputing them from stored orders, and leaving a show out.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from ticketsync.accounts import state
from ticketsync.catalogue import shows
from ticketsync.core import clock
from ticketsync.core.settings.config import Settings
from ticketsync.financials.fees import Schedules
from ticketsync.financials.recompute import (
    linked_shows,
    recompute_by_account,
    recompute_shows,
)
from ticketsync.store.engine import Database


def exclude(
    database: Database, settings: Settings, show_id: int, excluded: bool, reason: str
) -> str:
    """
    Leave a show out of the figures, or take it in again. Returns the reason that
    another one replaced.
    """
    with database.write() as connection:
        replaced = shows.set_excluded(connection, show_id, excluded, reason)
        recompute(connection, settings, {show_id})
    return replaced


def rebuild(database: Database, settings: Settings) -> tuple[int, int]:
    """
    Recompute every show from its stored orders; returns all shows and the changed.
    """
    with database.write() as connection:
        everything = linked_shows(connection)
        changed = recompute(connection, settings, everything)
    return len(everything), changed


def fee_schedules(connection: Connection, settings: Settings) -> Schedules:
    """
    The venue's own fee rates by account.
    """
    own = {a.id: settings.account(a.name).fees for a in state.list_accounts(connection)}
    return {account: schedules for account, schedules in own.items() if schedules}


def recompute(
    connection: Connection, settings: Settings, show_ids: Iterable[int]
) -> int:
    return recompute_shows(
        connection, show_ids, fee_schedules(connection, settings), clock.now()
    )


def recompute_after_read(
    connection: Connection,
    settings: Settings,
    account_id: int,
    show_ids: Iterable[int],
    with_changed_orders: Iterable[int],
) -> int:
    """
    Recompute the shows that an account has read; returns how many it changed: those
    with orders that changed, and those whose figures on this account are others now.

    Another account may have recomputed a show meanwhile, with the orders that this one
    had saved already: they are this one's change all the same.
    """
    changed = recompute_by_account(
        connection, show_ids, fee_schedules(connection, settings), clock.now()
    )
    own = {show for show, account in changed if account == account_id}
    return len(own.union(with_changed_orders))
