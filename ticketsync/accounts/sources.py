"""
What each account was found to read: organisations, box offices, report files.

Kept so that the same thing is never read by two accounts, and so that a key that
answers for somebody else is known for what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, or_, select
from sqlmodel import Session

from ticketsync.store.tables.accounts import Account, AccountSource
from ticketsync.store.upsert import table_of, upsert

OWNER = "owner"
FILE = "file"


@dataclass(frozen=True, slots=True)
class AllocatedOrder:
    """
    Something that another account reads already.
    """

    account: str
    is_retired: bool
    value: str
    name: str


def of(session: Session, account_id: int, kind: str) -> frozenset[str]:
    """
    What an account was found to read.
    """
    table = table_of(AccountSource)
    rows = session.connection().scalars(
        select(table.c.value).where(
            table.c.account_id == account_id, table.c.kind == kind
        )
    )
    return frozenset(rows)


def note(
    session: Session,
    account_id: int,
    kind: str,
    found: Mapping[str, str],
    now: datetime,
) -> None:
    """
    Remember what an account reads, each value with its name; the first day stays.
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
    upsert(session, AccountSource, rows, key=key, keep=["seen_at"])


def forget(session: Session, account_id: int) -> None:
    table = table_of(AccountSource)
    session.connection().execute(delete(table).where(table.c.account_id == account_id))


def read_elsewhere(
    session: Session, account_id: int | None, kind: str, values: Iterable[str]
) -> list[AllocatedOrder]:
    """
    Which of these another account reads. Where both have read it, it belongs to the
    account that is older here.
    """
    wanted = list(values)
    if not wanted:
        return []
    table, accounts = table_of(AccountSource), table_of(Account)
    mine = table.alias("mine")
    query = (
        select(accounts.c.name, accounts.c.state, table.c.value, table.c.name)
        .join(accounts, accounts.c.id == table.c.account_id)
        .where(table.c.kind == kind, table.c.value.in_(wanted))
        .order_by(accounts.c.id, table.c.value)
    )
    if account_id is not None:
        query = query.outerjoin(
            mine,
            and_(
                mine.c.account_id == account_id,
                mine.c.kind == kind,
                mine.c.value == table.c.value,
            ),
        ).where(
            table.c.account_id != account_id,
            or_(mine.c.value.is_(None), table.c.account_id < account_id),
        )
    rows = session.connection().execute(query)
    return [
        AllocatedOrder(name, state == "retired", value, label)
        for name, state, value, label in rows
    ]
