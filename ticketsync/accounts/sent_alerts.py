"""
Alerts about the health of accounts: one per change, not per run.

The words are those of `accounts.health`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from ticketsync.accounts.health import OK, Health
from ticketsync.store.tables.accounts import alerts
from ticketsync.store.upsert import upsert


@dataclass(frozen=True, slots=True)
class RecordedAlert:
    """
    The last recorded word of an account; `is_notified` once its message was sent.
    """

    state: str
    since: datetime
    is_notified: bool


def read_alerts(connection: Connection) -> dict[int, RecordedAlert]:
    return {
        row.account_id: RecordedAlert(row.state, row.since, row.is_told)
        for row in connection.execute(select(alerts))
    }


def record_changes(
    connection: Connection, accounts: list[Health], now: datetime
) -> list[tuple[Health, RecordedAlert | None]]:
    """
    Record changed words; returns the accounts to notify about, with what was recorded
    before.

    A word whose message could not be sent is returned again; one that came and went
    without a message is not.
    """
    recorded = read_alerts(connection)
    rows: list[dict[str, Any]] = []
    changes: list[tuple[Health, RecordedAlert | None]] = []
    for account in accounts:
        before = recorded.get(account.account_id)
        word_before = before.state if before else OK
        if account.word == word_before:
            if before is not None and not before.is_notified:
                changes.append((account, before))
            continue
        needs_no_message = (
            account.word == OK and before is not None and not before.is_notified
        )
        rows.append(
            {
                "account_id": account.account_id,
                "state": account.word,
                "since": now,
                "is_told": needs_no_message,
            }
        )
        if not needs_no_message:
            changes.append((account, before))
    upsert(connection, alerts, rows, key=["account_id"])
    return changes


def delete_alert(connection: Connection, account_id: int) -> None:
    """
    Delete the record of an account.
    """
    connection.execute(delete(alerts).where(alerts.c.account_id == account_id))


def mark_notified(connection: Connection, account: Health) -> None:
    connection.execute(
        update(alerts)
        .where(
            alerts.c.account_id == account.account_id, alerts.c.state == account.word
        )
        .values(is_told=True)
    )
