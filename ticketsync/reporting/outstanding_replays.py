"""
Accounts whose stored records an upgrade left to be read again: until `sync replay` has
done so, their figures may be those of the version before.

The audit trail says when a database was upgraded from which schema, and each replay is
a run of its own.
"""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Connection, exists, select

from ticketsync.store import schema
from ticketsync.store.tables.accounts import accounts, sync_runs
from ticketsync.store.tables.audit import audit
from ticketsync.store.tables.sales import orders

REPLAY = "replay"  # what starts such a run
_DONE = ("success", "partial")


def list_outstanding(connection: Connection) -> list[str]:
    """
    The names of accounts with orders that were upgraded from a schema before
    `schema.REPLAY_BEFORE` and not replayed since.
    """
    upgraded_at = last_upgrade(connection)
    if upgraded_at is None:
        return []
    replayed = select(sync_runs.c.account_id).where(
        sync_runs.c.started_by.endswith(f"({REPLAY})", autoescape=True),
        sync_runs.c.outcome.in_(_DONE),
        sync_runs.c.started_at >= upgraded_at,
    )
    query = (
        select(accounts.c.name)
        .where(
            accounts.c.created_at < upgraded_at,
            accounts.c.id.not_in(replayed),
            exists().where(orders.c.account_id == accounts.c.id),
        )
        .order_by(accounts.c.name)
    )
    return list(connection.scalars(query))


def last_upgrade(connection: Connection) -> datetime | None:
    """
    When the database was last upgraded from a schema whose records need a replay.
    """
    query = (
        select(audit.c.at, audit.c.before)
        .where(audit.c.kind == "system", audit.c.action == "upgrade")
        .order_by(audit.c.id.desc())
    )
    for at, before in connection.execute(query):
        if json.loads(before).get("schema", schema.PRESENT) < schema.REPLAY_BEFORE:
            found: datetime = at
            return found
    return None
