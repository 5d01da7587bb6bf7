"""
The sources that each account reads: organisations, box offices, report files.

Stored so that two accounts never read the same source, and so that a key of another
organisation is recognised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, or_, select

from ticketsync.store.tables.accounts import account_sources, accounts
from ticketsync.store.upsert import upsert

OWNER = "owner"
FILE = "file"


@dataclass(frozen=True, slots=True)
class SharedSource:
    """
    A source that another account reads already.
    """

    account: str
    is_retired: bool
    value: str
    name: str


def get_sources(connection: Connection, account_id: int, kind: str) -> frozenset[str]:
    """
    The sources of one kind that an account reads.
    """
    rows = connection.scalars(
        select(account_sources.c.value).where(
            account_sources.c.account_id == account_id, account_sources.c.kind == kind
        )
    )
    return frozenset(rows)


def record_sources(
    connection: Connection,
    account_id: int,
    kind: str,
    found: Mapping[str, str],
    now: datetime,
) -> None:
    """
    Record the sources of an account with their names; `seen_at` stays the first time.
    """
    rows = [
        {
            "account_id": account_id,
            "kind": kind,
            "value": value,
            "name": name,
            "seen_at": now,
        }
        for value, name in found.items()
    ]
    key = ["account_id", "kind", "value"]
    upsert(connection, account_sources, rows, key=key, keep=["seen_at"])


def delete_sources(connection: Connection, account_id: int) -> None:
    connection.execute(
        delete(account_sources).where(account_sources.c.account_id == account_id)
    )


def find_elsewhere(
    connection: Connection, account_id: int | None, kind: str, values: Iterable[str]
) -> list[SharedSource]:
    """
    Which of these sources another account reads. One that both have read belongs to the
    account that was added first.
    """
    wanted = list(values)
    if not wanted:
        return []
    mine = account_sources.alias("mine")
    query = (
        select(
            accounts.c.name,
            accounts.c.state,
            account_sources.c.value,
            account_sources.c.name,
        )
        .join(accounts, accounts.c.id == account_sources.c.account_id)
        .where(account_sources.c.kind == kind, account_sources.c.value.in_(wanted))
        .order_by(accounts.c.id, account_sources.c.value)
    )
    if account_id is not None:
        query = query.outerjoin(
            mine,
            and_(
                mine.c.account_id == account_id,
                mine.c.kind == kind,
                mine.c.value == account_sources.c.value,
            ),
        ).where(
            account_sources.c.account_id != account_id,
            or_(mine.c.value.is_(None), account_sources.c.account_id < account_id),
        )
    rows = connection.execute(query)
    return [
        SharedSource(name, state == "retired", value, label)
        for name, state, value, label in rows
    ]
