"""
Quarantine: records that could not be parsed, with the reason. Each run retries them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlmodel import Session

from ticketsync.core.records import Unread
from ticketsync.sales import packing
from ticketsync.store.tables.sales import QuarantinedRow
from ticketsync.store.upsert import table_of, upsert


def save_unread(
    session: Session, account_id: int, unread: Sequence[Unread], now: datetime
) -> None:
    rows = [
        {
            "account_id": account_id,
            "kind": item.kind,
            "provider_id": item.provider_id,
            "event_id": item.event_id,
            "word": item.word,
            "reason": item.reason,
            "record": packing.compress(item.data),
            "first_seen_at": now,
        }
        for item in unread
    ]
    key = ["account_id", "kind", "provider_id"]
    upsert(session, QuarantinedRow, rows, key=key, keep=["first_seen_at"])


def list_unread(session: Session, account_id: int) -> list[Unread]:
    table = table_of(QuarantinedRow)
    rows = session.connection().execute(
        select(table).where(table.c.account_id == account_id).order_by(table.c.id)
    )
    return [
        Unread(
            row.kind,
            row.provider_id,
            row.event_id,
            packing.decompress(row.record),
            row.word,
            row.reason,
        )
        for row in rows
    ]


def holds_sales(session: Session, account_id: int) -> bool:
    """
    Whether an order or a ticket of the account is in quarantine.
    """
    return any(item.kind != "event" for item in list_unread(session, account_id))


def delete_unread(session: Session, account_id: int) -> None:
    table = table_of(QuarantinedRow)
    session.connection().execute(delete(table).where(table.c.account_id == account_id))


def release(
    session: Session, account_id: int, kind: str, provider_ids: Iterable[str]
) -> None:
    """
    Remove records that could be parsed.
    """
    table = table_of(QuarantinedRow)
    wanted = list(provider_ids)
    if wanted:
        session.connection().execute(
            delete(table).where(
                table.c.account_id == account_id,
                table.c.kind == kind,
                table.c.provider_id.in_(wanted),
            )
        )
