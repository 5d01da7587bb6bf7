"""
Quarantine: records that could not be parsed, and what a platform refuses to show, with
the reason. Each run retries them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from ticketsync.core.plurals import number_of
from ticketsync.core.records import Unread
from ticketsync.sales import compressed_records
from ticketsync.store.tables.sales import quarantine
from ticketsync.store.upsert import upsert

FILE = "file"  # the kind of a report file that could not be read


def save_unread(
    connection: Connection, account_id: int, unread: Sequence[Unread], now: datetime
) -> None:
    rows = [
        {
            "account_id": account_id,
            "kind": item.kind,
            "provider_id": item.provider_id,
            "event_id": item.event_id,
            "word": item.word,
            "reason": item.reason,
            "record": compressed_records.compress(item.data),
            "first_seen_at": now,
        }
        for item in unread
    ]
    key = ["account_id", "kind", "provider_id"]
    upsert(connection, quarantine, rows, key=key, keep=["first_seen_at"])


def list_unread(connection: Connection, account_id: int) -> list[Unread]:
    rows = connection.execute(
        select(quarantine)
        .where(quarantine.c.account_id == account_id)
        .order_by(quarantine.c.id)
    )
    return [
        Unread(
            row.kind,
            row.provider_id,
            row.event_id,
            compressed_records.decompress(row.record),
            row.word,
            row.reason,
        )
        for row in rows
    ]


def describe_unread(connection: Connection, account_id: int) -> dict[str, str]:
    """
    What cannot be read of each occurrence, by the platform's id, in one sentence.
    """
    query = (
        select(quarantine.c.event_id, quarantine.c.provider_id, quarantine.c.reason)
        .where(quarantine.c.account_id == account_id)
        .order_by(quarantine.c.id)
    )
    found: dict[str, list[str]] = {}
    for row in connection.execute(query):
        sentence = f"{row.provider_id}: {row.reason}"
        found.setdefault(row.event_id, []).append(sentence)
    return {
        event_id: f"{number_of(len(said), 'record')} could not be read, {said[0]}"
        for event_id, said in found.items()
    }


def list_reasons(connection: Connection, account_id: int, kind: str) -> dict[str, str]:
    """
    The reason for each record of one kind, by the platform's id.
    """
    rows = connection.execute(
        select(quarantine.c.provider_id, quarantine.c.reason).where(
            quarantine.c.account_id == account_id, quarantine.c.kind == kind
        )
    )
    return {row.provider_id: row.reason for row in rows}


def holds_sales(connection: Connection, account_id: int) -> bool:
    """
    Whether an order or a ticket of the account is in quarantine.
    """
    query = select(quarantine.c.id).where(
        quarantine.c.account_id == account_id,
        quarantine.c.kind.in_(("order", "ticket")),
    )
    return connection.execute(query.limit(1)).first() is not None


def delete_unread(connection: Connection, account_id: int) -> None:
    connection.execute(delete(quarantine).where(quarantine.c.account_id == account_id))


def release(
    connection: Connection, account_id: int, kind: str, provider_ids: Iterable[str]
) -> None:
    """
    Remove records that could be parsed.
    """
    wanted = list(provider_ids)
    if wanted:
        connection.execute(
            delete(quarantine).where(
                quarantine.c.account_id == account_id,
                quarantine.c.kind == kind,
                quarantine.c.provider_id.in_(wanted),
            )
        )


def release_others(
    connection: Connection, account_id: int, kind: str, provider_ids: Iterable[str]
) -> None:
    """
    Remove the records of a kind that are none of these: they are not there any more.
    """
    left = set(provider_ids)
    held = connection.execute(
        select(quarantine.c.provider_id).where(
            quarantine.c.account_id == account_id, quarantine.c.kind == kind
        )
    )
    release(connection, account_id, kind, {row.provider_id for row in held} - left)
