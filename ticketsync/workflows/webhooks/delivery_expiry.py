"""
Old webhook deliveries are deleted. Those that could be sent again with a valid
signature are kept, because they are recognised by their row (F66).
"""

from __future__ import annotations

from ticketsync.accounts import state
from ticketsync.core import clock, errors
from ticketsync.providers import registry
from ticketsync.store.engine import Database
from ticketsync.webhooks import expiry


def delete_old(database: Database) -> int:
    """
    Delete what is old enough, a batch at a time; returns how many. Writes nothing where
    there is none.
    """
    with database.read() as connection:
        accounts = state.list_accounts(connection)
    ids = [account.id for account in accounts if _may_forget(account.provider)]
    deleted = 0
    while ids:
        with database.write() as connection:
            batch = expiry.delete_old(connection, ids, clock.now())
        deleted += batch
        if batch < expiry.BATCH:
            break
    return deleted


def _may_forget(provider: str) -> bool:
    """
    Whether a delivery of this platform proves nothing once it is old: its signature has
    expired, or it had none.
    """
    try:
        sender = registry.sends_webhooks(provider)
    except errors.TicketsyncError:
        return False  # its plugin is not there
    if sender is None:
        return False
    return sender.webhooks.expires or not sender.webhooks.is_signed
