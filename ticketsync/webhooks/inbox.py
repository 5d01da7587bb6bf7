"""
The inbox of webhook deliveries. Each one is stored once, before the platform gets its
answer, and is processed later.

    received   waits to be processed, or to be tried again
    done       what it hinted at was read from the platform after it arrived
    failed     given up after several attempts; the next sync finds the change anyway
    ignored, test, rejected, stale   kept for the record, without effect

What was not accepted is kept by `refused_attempts`; `attempts` processes what waits.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, update

from ticketsync.store import audit
from ticketsync.store.audit import Decision
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.webhooks import deliveries, webhooks
from ticketsync.store.upsert import insert_new, upsert
from ticketsync.webhooks import unsigned
from ticketsync.webhooks.new_delivery import WITH_EFFECT, NewDelivery

OVERLAP = timedelta(days=2)  # how long the previous secret stays valid


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
    pins: tuple[str, ...] = ()  # of each secret


def get_or_create_path(
    connection: Connection, account_id: int, now: datetime, *, is_signed: bool = True
) -> str:
    """
    The account's path: 256 random bits, so that it cannot be guessed. It is the only
    secret where the platform does not sign.
    """
    query = select(webhooks.c.path).where(webhooks.c.account_id == account_id)
    path: str | None = connection.scalar(query)
    if path is None:
        row = {
            "account_id": account_id,
            "path": secrets.token_urlsafe(32),
            "is_signed": is_signed,
        }
        if insert_new(connection, webhooks, {**row, "created_at": now}) is not None:
            _record(connection, account_id, "create address")
        path = connection.scalars(query).one()
    return path


def replace_path(connection: Connection, account_id: int) -> tuple[str, str]:
    """
    Give an account's endpoint another path, and return it with the platform's id of the
    webhook that was registered for the old one (`""` if none was), which is forgotten.
    """
    of_account = webhooks.c.account_id == account_id
    registration = connection.scalars(
        select(webhooks.c.registration).where(of_account)
    ).one()
    path = secrets.token_urlsafe(32)
    connection.execute(
        update(webhooks).where(of_account).values(path=path, registration="")
    )
    _record(
        connection,
        account_id,
        "replace address",
        before={"registration": registration} if registration else {},
    )
    return path, registration


def set_secret(
    connection: Connection,
    account_id: int,
    source: str,
    reference: str,
    now: datetime,
    *,
    pin: str = "",
) -> list[tuple[str, str]]:
    """
    Set a new secret, with the pin of its place where that needs one. The previous one
    stays valid for two days, while the platform changes over. Returns source and
    reference of what is used no longer.
    """
    get_or_create_path(connection, account_id, now)
    of_account = webhooks.c.account_id == account_id
    query = select(webhooks).where(of_account).with_for_update()
    old = connection.execute(query).one()
    connection.execute(
        update(webhooks)
        .where(of_account)
        .values(
            secret_source=source,
            secret_reference=reference,
            old_source=old.secret_source,
            old_reference=old.secret_reference,
            pin=pin,
            old_pin=old.pin,
            old_until=now + OVERLAP if old.secret_source else None,
        )
    )
    _record(
        connection,
        account_id,
        "set secret",
        before={"source": old.secret_source},
        after={"source": source, "secret": "replaced" if old.secret_source else "new"},
    )
    dropped = (old.old_source, old.old_reference)
    kept = ((source, reference), (old.secret_source, old.secret_reference))
    return [dropped] if dropped[0] and dropped not in kept else []


def list_endpoints(connection: Connection, now: datetime) -> list[Endpoint]:
    """
    The endpoint of every account that has one.
    """
    rows = connection.execute(
        select(webhooks, accounts.c.name, accounts.c.provider).join(
            accounts, accounts.c.id == webhooks.c.account_id
        )
    )
    endpoints = []
    for row in rows:
        references = [((row.secret_source, row.secret_reference), row.pin)]
        if row.old_until is not None and row.old_until > now:
            references.append(((row.old_source, row.old_reference), row.old_pin))
        valid = [(pair, pin) for pair, pin in references if pair[0]]
        endpoints.append(
            Endpoint(
                *(row.account_id, row.name, row.provider, row.path),
                tuple(pair for pair, _ in valid),
                tuple(pin for _, pin in valid),
            )
        )
    return endpoints


def confirm_secrets(
    connection: Connection, shown: Endpoint, pins: Sequence[str]
) -> None:
    """
    Give the secrets of an endpoint these pins, because a person confirmed them as they
    were shown; one that was replaced meanwhile gets none.
    """
    for (source, reference), pin in zip(shown.secrets, pins, strict=True):
        for columns in (
            (webhooks.c.secret_source, webhooks.c.secret_reference, webhooks.c.pin),
            (webhooks.c.old_source, webhooks.c.old_reference, webhooks.c.old_pin),
        ):
            connection.execute(
                update(webhooks)
                .where(
                    webhooks.c.account_id == shown.account_id,
                    columns[0] == source,
                    columns[1] == reference,
                )
                .values({columns[2]: pin})
            )
    sources = [source for source, _ in shown.secrets]
    _record(connection, shown.account_id, "confirm", after={"sources": sources})


def list_secret_references(
    connection: Connection, account_id: int
) -> list[tuple[str, str]]:
    """
    Source and reference of each secret of an account's webhooks, also of the previous
    one.
    """
    query = select(webhooks).where(webhooks.c.account_id == account_id)
    return [
        pair
        for row in connection.execute(query)
        for pair in (
            (row.secret_source, row.secret_reference),
            (row.old_source, row.old_reference),
        )
        if pair[0]
    ]


def close_endpoint(connection: Connection, account_id: int, now: datetime) -> None:
    """
    Remove an account's endpoint, so that new deliveries are rejected, and settle the
    waiting ones without effect.
    """
    connection.execute(delete(webhooks).where(webhooks.c.account_id == account_id))
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.account_id == account_id,
            deliveries.c.state.in_(("received", "failed")),
        )
        .values(state="ignored", reason="its account is retired", settled_at=now)
    )


def delete_of_account(connection: Connection, account_id: int) -> None:
    """
    Delete an account's endpoint and its deliveries.
    """
    for table in (webhooks, deliveries):
        connection.execute(delete(table).where(table.c.account_id == account_id))


def store(connection: Connection, new: Sequence[NewDelivery], now: datetime) -> None:
    """
    Store new deliveries, those of platforms that do not sign within their budget. A
    duplicate changes nothing, unless the first one failed: then it is tried again.
    """
    new = unsigned.apply_budget(connection, new, now)
    if not new:
        return
    rows = [_row(item, now) for item in new]
    upsert(connection, deliveries, rows, key=["account_id", "key"], keep=tuple(rows[0]))
    keys = [item.key for item in new if item.state == "received"]
    connection.execute(
        update(deliveries)
        .where(deliveries.c.key.in_(keys), deliveries.c.state == "failed")
        .values(state="received", attempts=0, next_try_at=now, settled_at=None)
    )


def _row(item: NewDelivery, now: datetime) -> dict[str, Any]:
    return {
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
        "next_try_at": item.due_at or now,
        "settled_at": None if item.state == "received" else now,
    }


def settle(
    connection: Connection,
    ids: Iterable[int],
    state: str,
    now: datetime,
    *,
    reason: str = "",
) -> None:
    """
    Set the final state of these deliveries.
    """
    settled = list(ids)
    if not settled:
        return
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(settled))
        .values(state=state, reason=reason, settled_at=now)
    )


def replay(
    connection: Connection, account_id: int, since: datetime, now: datetime
) -> int:
    """
    Requeue all deliveries received since then that can have an effect; returns how
    many. Processing one twice changes nothing.
    """
    wanted = (
        (deliveries.c.account_id == account_id)
        & (deliveries.c.received_at >= since)
        & deliveries.c.what.in_(WITH_EFFECT)
    )
    count = _requeue(connection, wanted, now)
    if count:
        after = {"deliveries": count, "since": since.isoformat()}
        _record(connection, account_id, "replay", after=after)
    return count


def save_registration(
    connection: Connection, account_id: int, provider_id: str
) -> None:
    """
    Save the platform's id of our webhook.
    """
    connection.execute(
        update(webhooks)
        .where(webhooks.c.account_id == account_id)
        .values(registration=provider_id)
    )
    _record(connection, account_id, "register", after={"registration": provider_id})


def retry(connection: Connection, ids: Sequence[int] | None, now: datetime) -> int:
    """
    Requeue these deliveries, or all that failed; returns how many.
    """
    wanted = (
        deliveries.c.state == "failed"
        if ids is None
        else deliveries.c.id.in_(ids) & deliveries.c.what.in_(WITH_EFFECT)
    )
    count = _requeue(connection, wanted, now)
    if count:
        subject = "failed deliveries" if ids is None else ", ".join(map(str, ids))
        decision = Decision("retry", "webhook", subject, after={"deliveries": count})
        audit.record(connection, decision)
    return count


def _record(
    connection: Connection,
    account_id: int,
    action: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """
    What a person did to an account's webhooks, for the audit trail.
    """
    query = select(accounts.c.name).where(accounts.c.id == account_id)
    name = str(connection.scalar(query) or account_id)
    decision = Decision(action, "webhook", name, account_id, before or {}, after or {})
    audit.record(connection, decision)


def _requeue(connection: Connection, wanted: ColumnElement[bool], now: datetime) -> int:
    """
    Let deliveries be processed again because a person asked for it; returns how many.
    """
    result = connection.execute(
        update(deliveries)
        .where(wanted)
        .values(
            state="received",
            attempts=0,
            reason="",
            next_try_at=now,
            settled_at=None,
            replayed_at=now,
        )
    )
    return result.rowcount
