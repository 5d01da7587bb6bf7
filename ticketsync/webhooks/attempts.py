"""
Attempts to process deliveries, an account at a time.

An attempt is counted before the work begins, with the time of the next one. So a
delivery that ends the process, or fails in a way that nobody foresaw, is not tried
again at once, and is given up like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from ticketsync.store import query_results
from ticketsync.store.tables.webhooks import deliveries

MAX_ATTEMPTS = 8
LIMIT = 1000  # deliveries of one account in one attempt
BUSY = timedelta(seconds=10)  # until an account is tried again that was busy
GIVEN_UP = "given up: no attempt came to an end"
NO_SUCH_OBJECT = "the platform has no such order, or does not show it to this account"
ASKED_BEFORE = "the platform had no such order when it was asked within the hour before"


@dataclass(frozen=True, slots=True)
class WaitingDelivery:
    """
    A stored delivery that is to be processed. `order_id` and `occurrence_id` are the
    platform's; `attempts` counts the present one, too, once it was claimed.
    """

    id: int
    account_id: int
    what: str
    order_id: str
    occurrence_id: str
    attempts: int


def list_due_accounts(connection: Connection, now: datetime) -> set[int]:
    """
    The accounts with deliveries to process now.
    """
    query = select(deliveries.c.account_id).where(
        deliveries.c.state == "received", deliveries.c.next_try_at <= now
    )
    return set(connection.scalars(query.distinct()))


def claim(
    connection: Connection, account_id: int, now: datetime
) -> list[WaitingDelivery]:
    """
    Count one more attempt of the account's due deliveries, the oldest first, and return
    them; the next attempt is due 1, 2, 4 … 60 minutes later. What had its last attempt
    already is given up.
    """
    columns = query_results.named(
        query_results.field_names(WaitingDelivery), deliveries
    )
    query = (
        select(*columns)
        .where(
            deliveries.c.account_id == account_id,
            deliveries.c.state == "received",
            deliveries.c.next_try_at <= now,
        )
        .order_by(deliveries.c.id)
        .limit(LIMIT)
        .with_for_update(skip_locked=True)
    )
    due = [WaitingDelivery(**row._mapping) for row in connection.execute(query)]
    by_attempts: dict[int, list[WaitingDelivery]] = {}
    for item in due:
        by_attempts.setdefault(item.attempts, []).append(item)
    claimed = []
    for before, items in by_attempts.items():
        if before >= MAX_ATTEMPTS:
            _give_up(connection, [item.id for item in items], now, GIVEN_UP)
            continue
        wait = timedelta(minutes=min(2**before, 60))
        _set(connection, items, attempts=before + 1, next_try_at=now + wait)
        claimed += [replace(item, attempts=before + 1) for item in items]
    return sorted(claimed, key=lambda item: item.id)


def give_back(
    connection: Connection, claimed: Iterable[WaitingDelivery], now: datetime
) -> None:
    """
    Take back an attempt that was not made, because the account was busy or paused.
    """
    by_attempts: dict[int, list[WaitingDelivery]] = {}
    for item in claimed:
        by_attempts.setdefault(item.attempts, []).append(item)
    for attempts, items in by_attempts.items():
        _set(connection, items, attempts=attempts - 1, next_try_at=now + BUSY)


def note_failure(
    connection: Connection,
    claimed: Sequence[WaitingDelivery],
    now: datetime,
    reason: str,
) -> None:
    """
    Keep why an attempt failed. The eighth one was the last.
    """
    last = [item.id for item in claimed if item.attempts >= MAX_ATTEMPTS]
    _set(connection, claimed, reason=reason)
    _give_up(connection, last, now, reason)


def list_missing_orders(
    connection: Connection, account_id: int, since: datetime
) -> set[tuple[str, str]]:
    """
    The orders (and their occurrences) that the platform did not know when it was last
    asked, since then.
    """
    query = select(deliveries.c.order_id, deliveries.c.occurrence_id).where(
        deliveries.c.account_id == account_id,
        deliveries.c.state == "ignored",
        deliveries.c.reason == NO_SUCH_OBJECT,
        deliveries.c.settled_at > since,
    )
    return {(row.order_id, row.occurrence_id) for row in connection.execute(query)}


def _give_up(
    connection: Connection, ids: Sequence[int], now: datetime, reason: str
) -> None:
    if not ids:
        return
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids), deliveries.c.state == "received")
        .values(state="failed", reason=reason, settled_at=now)
    )


def _set(
    connection: Connection, items: Iterable[WaitingDelivery], **values: object
) -> None:
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.id.in_([item.id for item in items]),
            deliveries.c.state == "received",
        )
        .values(**values)
    )
