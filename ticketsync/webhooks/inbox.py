"""
The inbox of webhook deliveries. Each one is stored once, before the platform gets its
answer, and is processed later.

    received   waits to be processed, or to be tried again
    done       what it hinted at was read from the platform after it arrived
    failed     given up after several attempts; the next sync finds the change anyway
    ignored, test, rejected, stale   kept for the record, without effect
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlmodel import Session

from ticketsync.store import reports
from ticketsync.store.tables.accounts import AccountRow
from ticketsync.store.tables.webhooks import DeliveryRow, WebhookRow
from ticketsync.store.upsert import insert_new, table_of, upsert

MAX_ATTEMPTS = 8
OVERLAP = timedelta(days=2)  # how long the previous secret stays valid
WITH_EFFECT = ("order", "listing", "account")  # what deliveries can hint at


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    The path that one account's platform calls, and where the secrets for it are.
    """

    account_id: int
    account: str
    provider: str
    path: str
    secrets: tuple[tuple[str, str], ...]  # (source, reference), the newest first


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """
    A verified delivery that is to be stored. `order_id` and `occurrence_id` are the
    platform's.
    """

    account_id: int
    key: str
    event: str
    what: str
    state: str
    order_id: str = ""
    occurrence_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WaitingDelivery:
    """
    A stored delivery that is to be processed. `order_id` and `occurrence_id` are the
    platform's.
    """

    id: int
    account_id: int
    what: str
    order_id: str
    occurrence_id: str
    attempts: int


def get_or_create_path(
    session: Session, account_id: int, now: datetime, *, is_signed: bool = True
) -> str:
    """
    The account's path: 256 random bits, so that it cannot be guessed. It is the only
    secret where the platform does not sign.
    """
    table = table_of(WebhookRow)
    query = select(table.c.path).where(table.c.account_id == account_id)
    connection = session.connection()
    path: str | None = connection.scalar(query)
    if path is None:
        row = {
            "account_id": account_id,
            "path": secrets.token_urlsafe(32),
            "is_signed": is_signed,
        }
        insert_new(session, WebhookRow, {**row, "created_at": now})
        path = connection.scalars(query).one()
    return path


def set_secret(
    session: Session, account_id: int, source: str, reference: str, now: datetime
) -> None:
    """
    Set a new secret. The previous one stays valid for two days, while the platform
    changes over.
    """
    get_or_create_path(session, account_id, now)
    table = table_of(WebhookRow)
    of_account = table.c.account_id == account_id
    query = select(table).where(of_account).with_for_update()
    old = session.connection().execute(query).one()
    session.connection().execute(
        update(table)
        .where(of_account)
        .values(
            secret_source=source,
            secret_reference=reference,
            old_source=old.secret_source,
            old_reference=old.secret_reference,
            old_until=now + OVERLAP if old.secret_source else None,
        )
    )


def list_endpoints(session: Session, now: datetime) -> list[Endpoint]:
    """
    The endpoint of every account that has one.
    """
    table, accounts = table_of(WebhookRow), table_of(AccountRow)
    rows = session.connection().execute(
        select(table, accounts.c.name, accounts.c.provider).join(
            accounts, accounts.c.id == table.c.account_id
        )
    )
    endpoints = []
    for row in rows:
        references = [(row.secret_source, row.secret_reference)]
        if row.old_until is not None and row.old_until > now:
            references.append((row.old_source, row.old_reference))
        valid = tuple(pair for pair in references if pair[0])
        endpoints.append(
            Endpoint(row.account_id, row.name, row.provider, row.path, valid)
        )
    return endpoints


def list_secret_references(session: Session, account_id: int) -> list[tuple[str, str]]:
    """
    Source and reference of each secret of an account's webhooks, also of the previous
    one.
    """
    table = table_of(WebhookRow)
    query = select(table).where(table.c.account_id == account_id)
    return [
        pair
        for row in session.connection().execute(query)
        for pair in (
            (row.secret_source, row.secret_reference),
            (row.old_source, row.old_reference),
        )
        if pair[0]
    ]


def close_endpoint(session: Session, account_id: int, now: datetime) -> None:
    """
    Remove an account's endpoint, so that new deliveries are rejected, and settle the
    waiting ones without effect.
    """
    table, deliveries = table_of(WebhookRow), table_of(DeliveryRow)
    connection = session.connection()
    connection.execute(delete(table).where(table.c.account_id == account_id))
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.account_id == account_id,
            deliveries.c.state.in_(("received", "failed")),
        )
        .values(state="ignored", reason="its account is retired", settled_at=now)
    )


def delete_of_account(session: Session, account_id: int) -> None:
    """
    Delete an account's endpoint and its deliveries.
    """
    for model in (WebhookRow, DeliveryRow):
        table = table_of(model)
        session.connection().execute(
            delete(table).where(table.c.account_id == account_id)
        )


def store(session: Session, new: Sequence[NewDelivery], now: datetime) -> None:
    """
    Store new deliveries. A duplicate changes nothing, unless the first one failed: then
    it is tried again.
    """
    rows = [
        {
            "account_id": item.account_id,
            "key": item.key,
            "event": item.event,
            "what": item.what,
            "order_id": item.order_id,
            "occurrence_id": item.occurrence_id,
            "state": item.state,
            "reason": item.reason,
            "attempts": 0,
            "received_at": now,
            "next_try_at": now,
            "settled_at": None if item.state == "received" else now,
        }
        for item in new
    ]
    upsert(session, DeliveryRow, rows, key=["account_id", "key"], keep=tuple(rows[0]))
    keys = [item.key for item in new if item.state == "received"]
    table = table_of(DeliveryRow)
    session.connection().execute(
        update(table)
        .where(table.c.key.in_(keys), table.c.state == "failed")
        .values(state="received", attempts=0, next_try_at=now, settled_at=None)
    )


def list_due(
    session: Session, now: datetime, limit: int = 1000
) -> list[WaitingDelivery]:
    """
    The deliveries to process now, the oldest first.
    """
    table = table_of(DeliveryRow)
    columns = reports.named(reports.field_names(WaitingDelivery), table)
    rows = session.connection().execute(
        select(*columns)
        .where(table.c.state == "received", table.c.next_try_at <= now)
        .order_by(table.c.id)
        .limit(limit)
    )
    return [WaitingDelivery(**row._mapping) for row in rows]


def settle(
    session: Session,
    ids: Iterable[int],
    state: str,
    now: datetime,
    *,
    reason: str = "",
) -> None:
    """
    Set the final state of these deliveries.
    """
    table = table_of(DeliveryRow)
    session.connection().execute(
        update(table)
        .where(table.c.id.in_(list(ids)))
        .values(state=state, reason=reason, settled_at=now)
    )


def postpone(
    session: Session, deliveries: Iterable[WaitingDelivery], now: datetime, reason: str
) -> None:
    """
    Try again after 1, 2, 4 … 60 minutes. After the eighth failed attempt a delivery is
    given up.
    """
    table = table_of(DeliveryRow)
    for delivery in deliveries:
        attempts = delivery.attempts + 1
        is_last = attempts >= MAX_ATTEMPTS
        session.connection().execute(
            update(table)
            .where(table.c.id == delivery.id, table.c.state == "received")
            .values(
                attempts=attempts,
                reason=reason,
                state="failed" if is_last else "received",
                next_try_at=now + timedelta(minutes=min(2**delivery.attempts, 60)),
                settled_at=now if is_last else None,
            )
        )


def replay(session: Session, account_id: int, since: datetime, now: datetime) -> int:
    """
    Requeue all deliveries received since then that can have an effect; returns how
    many. Processing one twice changes nothing.
    """
    table = table_of(DeliveryRow)
    result = session.connection().execute(
        update(table)
        .where(
            table.c.account_id == account_id,
            table.c.received_at >= since,
            table.c.what.in_(WITH_EFFECT),
        )
        .values(
            state="received", attempts=0, reason="", next_try_at=now, settled_at=None
        )
    )
    return result.rowcount


def save_registration(session: Session, account_id: int, provider_id: str) -> None:
    """
    Save the platform's id of our webhook.
    """
    table = table_of(WebhookRow)
    session.connection().execute(
        update(table)
        .where(table.c.account_id == account_id)
        .values(registration=provider_id)
    )


def retry(session: Session, ids: Sequence[int] | None, now: datetime) -> int:
    """
    Requeue these deliveries, or all that failed; returns how many.
    """
    table = table_of(DeliveryRow)
    wanted = (
        table.c.state == "failed"
        if ids is None
        else table.c.id.in_(ids) & table.c.what.in_(WITH_EFFECT)
    )
    result = session.connection().execute(
        update(table)
        .where(wanted)
        .values(
            state="received", attempts=0, reason="", next_try_at=now, settled_at=None
        )
    )
    return result.rowcount
