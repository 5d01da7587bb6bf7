"""
The inbox: durable before anybody is told so, each delivery once, worked off later.

    received   waits to be worked off, or to be tried again
    done       what it hinted at was read from the platform after it came
    failed     tried often enough; the next sync finds what it hinted at all the same
    ignored, test, rejected, stale   kept to be seen, nothing follows from them
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlmodel import Session

from ticketsync.store.tables.accounts import Account
from ticketsync.store.tables.webhooks import Delivered, Webhook
from ticketsync.store.upsert import table_of, upsert

MOST_ATTEMPTS = 8
OVERLAP = timedelta(days=2)  # how long the secret before stays good


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    Where one account's platform knocks, and where the secrets for it are.
    """

    account_id: int
    account: str
    provider: str
    path: str
    secrets: tuple[tuple[str, str], ...]  # (source, reference), the newest first


@dataclass(frozen=True, slots=True)
class Arrived:
    """
    One delivery, verified, ready to be kept.
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
class Waiting:
    """
    One delivery that waits to be worked off.
    """

    id: int
    account_id: int
    what: str
    order_id: str
    occurrence_id: str
    attempts: int


def endpoint(session: Session, account_id: int, now: datetime) -> str:
    """
    The account's path, made if it has none: 256 bits that nobody guesses.
    """
    table = table_of(Webhook)
    query = select(table.c.path).where(table.c.account_id == account_id)
    found: str | None = session.connection().execute(query).scalar()
    if found is not None:
        return found
    path = secrets.token_urlsafe(32)
    session.add(Webhook(account_id=account_id, path=path, created_at=now))
    session.flush()
    return path


def set_secret(
    session: Session, account_id: int, source: str, reference: str, now: datetime
) -> None:
    """
    Take a new secret; the one before stays good for two days, while the platform
    changes over.
    """
    endpoint(session, account_id, now)
    table = table_of(Webhook)
    mine = table.c.account_id == account_id
    old = session.connection().execute(select(table).where(mine)).one()
    session.connection().execute(
        update(table)
        .where(mine)
        .values(
            secret_source=source,
            secret_reference=reference,
            old_source=old.secret_source,
            old_reference=old.secret_reference,
            old_until=now + OVERLAP if old.secret_source else None,
        )
    )


def endpoints(session: Session, now: datetime) -> list[Endpoint]:
    """
    Every account that has an address.
    """
    table, accounts = table_of(Webhook), table_of(Account)
    rows = session.connection().execute(
        select(table, accounts.c.name, accounts.c.provider).join(
            accounts, accounts.c.id == table.c.account_id
        )
    )
    found = []
    for row in rows:
        places = [(row.secret_source, row.secret_reference)]
        if row.old_until is not None and row.old_until > now:
            places.append((row.old_source, row.old_reference))
        known = tuple(place for place in places if place[0])
        found.append(Endpoint(row.account_id, row.name, row.provider, row.path, known))
    return found


def secret_places(session: Session, account_id: int) -> list[tuple[str, str]]:
    """
    Where the secrets of an account's webhooks are, the one before included.
    """
    table = table_of(Webhook)
    query = select(table).where(table.c.account_id == account_id)
    return [
        place
        for row in session.connection().execute(query)
        for place in (
            (row.secret_source, row.secret_reference),
            (row.old_source, row.old_reference),
        )
        if place[0]
    ]


def close(session: Session, account_id: int, now: datetime) -> None:
    """
    Take an account's address away, so that whoever knocks is turned away; what waits
    is settled without effect.
    """
    table, came = table_of(Webhook), table_of(Delivered)
    connection = session.connection()
    connection.execute(delete(table).where(table.c.account_id == account_id))
    connection.execute(
        update(came)
        .where(
            came.c.account_id == account_id, came.c.state.in_(("received", "failed"))
        )
        .values(state="ignored", reason="its account is retired", settled_at=now)
    )


def forget(session: Session, account_id: int) -> None:
    """
    Delete an account's address and all that came to it.
    """
    for model in (Webhook, Delivered):
        table = table_of(model)
        session.connection().execute(
            delete(table).where(table.c.account_id == account_id)
        )


def keep(session: Session, arrived: Sequence[Arrived], now: datetime) -> None:
    """
    Keep new deliveries; one that is known already changes nothing, unless it failed:
    then its platform's repetition is a reason to try once more.
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
        for item in arrived
    ]
    upsert(session, Delivered, rows, key=["account_id", "key"], keep=tuple(rows[0]))
    again = [item.key for item in arrived if item.state == "received"]
    table = table_of(Delivered)
    session.connection().execute(
        update(table)
        .where(table.c.key.in_(again), table.c.state == "failed")
        .values(state="received", attempts=0, next_try_at=now, settled_at=None)
    )


def waiting(session: Session, now: datetime, limit: int = 1000) -> list[Waiting]:
    """
    What is to be worked off now, the oldest first.
    """
    table = table_of(Delivered)
    columns = [table.c[name] for name in Waiting.__slots__]
    rows = session.connection().execute(
        select(*columns)
        .where(table.c.state == "received", table.c.next_try_at <= now)
        .order_by(table.c.id)
        .limit(limit)
    )
    return [Waiting(**row._mapping) for row in rows]


def settle(
    session: Session,
    ids: Iterable[int],
    state: str,
    now: datetime,
    *,
    reason: str = "",
) -> None:
    table = table_of(Delivered)
    session.connection().execute(
        update(table)
        .where(table.c.id.in_(list(ids)))
        .values(state=state, reason=reason, settled_at=now)
    )


def postpone(
    session: Session, items: Iterable[Waiting], now: datetime, reason: str
) -> None:
    """
    Try again after 1, 2, 4 … 60 minutes; the eighth time in vain is the last.
    """
    table = table_of(Delivered)
    for item in items:
        attempts = item.attempts + 1
        is_over = attempts >= MOST_ATTEMPTS
        session.connection().execute(
            update(table)
            .where(table.c.id == item.id)
            .values(
                attempts=attempts,
                reason=reason,
                state="failed" if is_over else "received",
                next_try_at=now + timedelta(minutes=min(2**item.attempts, 60)),
                settled_at=now if is_over else None,
            )
        )


def replay(session: Session, account_id: int, since: datetime, now: datetime) -> int:
    """
    Take up everything again that came since then and can have an effect; whatever it
    did before, doing it twice changes nothing. Returns how many.
    """
    table = table_of(Delivered)
    done = session.connection().execute(
        update(table)
        .where(
            table.c.account_id == account_id,
            table.c.received_at >= since,
            table.c.what.in_(("order", "listing", "account")),
        )
        .values(
            state="received", attempts=0, reason="", next_try_at=now, settled_at=None
        )
    )
    return done.rowcount


def note_registration(session: Session, account_id: int, number: str) -> None:
    """
    Remember the platform's number of our webhook.
    """
    table = table_of(Webhook)
    session.connection().execute(
        update(table)
        .where(table.c.account_id == account_id)
        .values(registration=number)
    )


def retry(session: Session, ids: Sequence[int] | None, now: datetime) -> int:
    """
    Take up deliveries again, or all that failed; returns how many.
    """
    table = table_of(Delivered)
    wanted = (
        table.c.state == "failed"
        if ids is None
        else table.c.id.in_(ids) & table.c.what.in_(("order", "listing", "account"))
    )
    done = session.connection().execute(
        update(table)
        .where(wanted)
        .values(
            state="received", attempts=0, reason="", next_try_at=now, settled_at=None
        )
    )
    return done.rowcount
