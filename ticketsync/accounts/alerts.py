"""
How each account stands, and what was told about it: once per change, not per run.

    parked    it waits for a person
    failing   its breaker is open
    held      a guard refused something, the old figures stand
    stale     not read completely for too many intervals
    deaf      its webhooks are turned away, because it has no secret for them
    ok        nothing to tell
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import Session

from ticketsync.store.tables.accounts import Alert
from ticketsync.store.upsert import table_of, upsert

OK = "ok"


@dataclass(frozen=True, slots=True)
class Standing:
    """
    One account as it is now, in one word and in sentences.
    """

    account_id: int
    account: str
    state: str
    text: str


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
    session: Session, standings: list[Standing], now: datetime
) -> list[tuple[Standing, Told | None]]:
    """
    Put changed states on record; returns what is to be told, with what was before.

    A state whose message never got out is news again; one that came and went untold
    is none.
    """
    held = on_record(session)
    rows: list[dict[str, Any]] = []
    found: list[tuple[Standing, Told | None]] = []
    for standing in standings:
        before = held.get(standing.account_id)
        was = before.state if before else OK
        if standing.state == was:
            if before is not None and not before.is_told:
                found.append((standing, before))
            continue
        is_silent = standing.state == OK and before is not None and not before.is_told
        rows.append(
            {
                "account_id": standing.account_id,
                "state": standing.state,
                "since": now,
                "is_told": is_silent,
            }
        )
        if not is_silent:
            found.append((standing, before))
    upsert(session, Alert, rows, key=["account_id"])
    return found


def forget(session: Session, account_id: int) -> None:
    """
    Nobody is told of this account any more.
    """
    table = table_of(Alert)
    session.connection().execute(delete(table).where(table.c.account_id == account_id))


def mark_told(session: Session, standing: Standing) -> None:
    table = table_of(Alert)
    session.connection().execute(
        update(table)
        .where(
            table.c.account_id == standing.account_id, table.c.state == standing.state
        )
        .values(is_told=True)
    )
