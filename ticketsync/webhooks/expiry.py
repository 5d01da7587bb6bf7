"""
Old deliveries are deleted once nothing needs them any more.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from ticketsync.store.tables.webhooks import deliveries

KEPT = timedelta(days=90)
BATCH = 5000  # rows of one transaction: nobody waits for longer


def delete_old(
    connection: Connection, account_ids: Collection[int], now: datetime
) -> int:
    """
    Delete deliveries of these accounts that were settled longer ago than `KEPT`, at
    most `BATCH` of them; returns how many. Writes nothing where there is none.
    """
    query = (
        select(deliveries.c.id)
        .where(
            deliveries.c.account_id.in_(account_ids),
            deliveries.c.received_at < now - KEPT,
            deliveries.c.state != "received",
            deliveries.c.settled_at < now - KEPT,
        )
        .order_by(deliveries.c.id)
        .limit(BATCH)
    )
    ids = list(connection.scalars(query))
    if ids:
        connection.execute(delete(deliveries).where(deliveries.c.id.in_(ids)))
    return len(ids)
