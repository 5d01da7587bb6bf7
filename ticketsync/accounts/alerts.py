"""
What was told about the health of each account: once per change, not per run.

The words are those of `accounts.health`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import Session

from ticketsync.accounts.health import OK, Health
from ticketsync.store.tables.accounts import Alert
from ticketsync.store.upsert import table_of, upsert


@dataclass(frozen=True, slots=True)
class Told:
    """
    What is on record about an account.
    """

    state: str
    since: datetime
    is_told: bool


def on_record(session: Session) -> dict[int, Told]:
    table = table_of(Alert)
    return {
        row.account_id: Told(row.state, row.since, row.is_told)
        for row in session.connection().execute(select(table))
    }


def news(
    session: Session, accounts: list[Health], now: datetime
) -> list[tuple[Health, Told | None]]:
    """
    Put changed words on record; returns what is to be told, with what was before.

    A word whose message never got out is news again; one that came and went untold
    is none.
    """
    held = on_record(session)
    rows: list[dict[str, Any]] = []
    found: list[tuple[Health, Told | None]] = []
    for account in accounts:
        before = held.get(account.account_id)
        was = before.state if before else OK
        if account.word == was:
            if before is not None and not before.is_told:
                found.append((account, before))
            continue
        is_silent = account.word == OK and before is not None and not before.is_told
        rows.append(
            {
                "account_id": account.account_id,
                "state": account.word,
                "since": now,
                "is_told": is_silent,
            }
        )
        if not is_silent:
            found.append((account, before))
    upsert(session, Alert, rows, key=["account_id"])
    return found


def forget(session: Session, account_id: int) -> None:
    """
    Nobody is told of this account any more.
    """
    table = table_of(Alert)
    session.connection().execute(delete(table).where(table.c.account_id == account_id))


def mark_notified(session: Session, account: Health) -> None:
    table = table_of(Alert)
    session.connection().execute(
        update(table)
        .where(table.c.account_id == account.account_id, table.c.state == account.word)
        .values(is_told=True)
    )
