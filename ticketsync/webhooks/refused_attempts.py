"""
Attempts to deliver a webhook that were not accepted: forged, without a secret to verify
them with, or refused. They are kept for the record, without effect and without their
body, and only the newest of them: anybody can make as many as they like.

The receiver needs no right to delete, because a new one takes the place of the oldest.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select, update

from ticketsync.store.delivery_states import NOT_ACCEPTED
from ticketsync.store.tables.webhooks import deliveries

MAX_KEPT = 1000  # rows for each account, and for unknown addresses


@dataclass(frozen=True, slots=True)
class RefusedAttempt:
    """
    An attempt in one of the states `NOT_ACCEPTED`; one at an unknown address has no
    account.
    """

    account_id: int | None
    state: str
    reason: str


def store(
    connection: Connection, attempts: Sequence[RefusedAttempt], now: datetime
) -> None:
    """
    Store each attempt, also one that repeats another; only the newest are kept.
    """
    by_account: dict[int | None, list[RefusedAttempt]] = {}
    for attempt in attempts:
        by_account.setdefault(attempt.account_id, []).append(attempt)
    # In one order for all writers, like every lock.
    for account_id in sorted(by_account, key=lambda id_: id_ or 0):
        newest = by_account[account_id][-MAX_KEPT:]
        _keep_newest(connection, account_id, newest, now)


def _keep_newest(
    connection: Connection,
    account_id: int | None,
    attempts: Sequence[RefusedAttempt],
    now: datetime,
) -> None:
    of_account = (
        deliveries.c.state.in_(NOT_ACCEPTED),
        deliveries.c.account_id.is_not_distinct_from(account_id),
    )
    query = select(func.count(), func.max(deliveries.c.received_at)).where(*of_account)
    count, last_at = connection.execute(query).one()
    free = max(0, MAX_KEPT - count)
    rows = [_row(attempt, now) for attempt in attempts]
    if rows[:free]:
        connection.execute(insert(deliveries), rows[:free])
    if not rows[free:]:
        return
    # Another `serve` may do the same at this moment: nobody waits for the rows that it
    # replaces, and what it has just stored (later than `last_at`) is not replaced.
    oldest = connection.scalars(
        select(deliveries.c.id)
        .where(*of_account, deliveries.c.received_at <= last_at)
        .order_by(deliveries.c.received_at, deliveries.c.id)
        .limit(len(rows[free:]))
        .with_for_update(skip_locked=True)
    )
    replaced = [
        {"replaced_id": id_, **{f"new_{name}": row[name] for name in _REPLACED}}
        for id_, row in zip(oldest, rows[free:], strict=False)
    ]
    if replaced:
        connection.execute(_REPLACE, replaced)


_REPLACED = ("state", "reason", "received_at", "next_try_at", "settled_at")
_REPLACE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("replaced_id"))
    .values({name: bindparam(f"new_{name}") for name in _REPLACED})
)


def _row(attempt: RefusedAttempt, now: datetime) -> dict[str, object]:
    return {
        "account_id": attempt.account_id,
        "key": secrets.token_hex(16),
        "event": "",
        "what": "",
        "order_id": "",
        "occurrence_id": "",
        "state": attempt.state,
        "reason": attempt.reason,
        "attempts": 0,
        "received_at": now,
        "next_try_at": now,
        "settled_at": now,
    }
