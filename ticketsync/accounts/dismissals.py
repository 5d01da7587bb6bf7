"""
What people dismissed from the list of waiting items, and what they were notified of.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, delete, select, update

from ticketsync.store import audit, query_results
from ticketsync.store.audit import Decision
from ticketsync.store.tables.waiting import dismissals, waiting_notices
from ticketsync.store.upsert import upsert

Name = tuple[str, str]  # kind and key of a waiting item
_DIGEST = (
    "digest",
    "",
)  # the key under which the time of the last daily message is kept

_LONGEST_VERSION = 300  # in the audit trail, in characters


@dataclass(frozen=True, slots=True)
class Dismissed:
    """
    One dismissal: the version that was dismissed, by whom, when and why.
    """

    kind: str
    key: str
    version: str
    dismissed_by: str
    reason: str
    dismissed_at: datetime


def list_dismissals(connection: Connection) -> list[Dismissed]:
    """
    All dismissals, the newest first.
    """
    columns = query_results.named(query_results.field_names(Dismissed), dismissals)
    query = select(*columns).order_by(
        dismissals.c.dismissed_at.desc(), dismissals.c.kind, dismissals.c.key
    )
    return [Dismissed(**row._mapping) for row in connection.execute(query)]


def get_dismissed_version(connection: Connection, name: Name) -> str | None:
    """
    The version of an item that a person dismissed; `None` if nobody did.
    """
    kind, key = name
    query = select(dismissals.c.version).where(
        dismissals.c.kind == kind, dismissals.c.key == key
    )
    version: str | None = connection.scalar(query)
    return version


def save_dismissals(connection: Connection, dismissed: Iterable[Dismissed]) -> None:
    """
    Save these; an earlier one of the same item is replaced.
    """
    rows = [
        {name: getattr(item, name) for name in query_results.field_names(Dismissed)}
        for item in dismissed
    ]
    upsert(connection, dismissals, rows, key=["kind", "key"])
    for row in rows:
        # One of many records has a digest of each.
        version = textwrap.shorten(row["version"], _LONGEST_VERSION, placeholder=" …")
        after = {"version": version, "reason": row["reason"]}
        after = {name: value for name, value in after.items() if value}
        subject = f"{row['kind']}:{row['key']}"
        audit.record(connection, Decision("dismiss", "waiting", subject, after=after))


def restore(connection: Connection, names: Iterable[Name]) -> int:
    """
    Delete these dismissals; returns how many there were.
    """
    restored = [name for name in names if _delete(connection, dismissals, name)]
    for name in restored:
        audit.record(connection, Decision("restore", "waiting", ":".join(name)))
    return len(restored)


def rename_account(connection: Connection, name: str, new_name: str) -> None:
    """
    Let what was dismissed and notified about an account follow its new name.
    """
    for table in (dismissals, waiting_notices):
        for row in connection.execute(select(table)).all():
            if row.key == name or row.key.startswith(f"{name}/"):
                same = (table.c.kind == row.kind, table.c.key == row.key)
                key = new_name + row.key[len(name) :]
                connection.execute(update(table).where(*same).values(key=key))


def get_notified_versions(connection: Connection) -> dict[Name, str]:
    """
    The versions that people were notified of, by item.
    """
    return {
        (row.kind, row.key): row.version
        for row in connection.execute(select(waiting_notices))
        if (row.kind, row.key) != _DIGEST
    }


def last_digest(connection: Connection) -> datetime | None:
    """
    When the last daily message was sent.
    """
    sent_at: datetime | None = connection.execute(
        select(waiting_notices.c.told_at).where(
            waiting_notices.c.kind == _DIGEST[0], waiting_notices.c.key == _DIGEST[1]
        )
    ).scalar()
    return sent_at


def record_notified(
    connection: Connection, versions: Iterable[tuple[Name, str]], now: datetime
) -> None:
    _put(connection, versions, now)


def record_digest(connection: Connection, now: datetime) -> None:
    _put(connection, [(_DIGEST, "")], now)


def forget_notified(connection: Connection, names: Iterable[Name]) -> None:
    """
    Forget these notifications, so that the items are reported when they wait again.
    """
    for name in names:
        _delete(connection, waiting_notices, name)


def _put(
    connection: Connection, versions: Iterable[tuple[Name, str]], now: datetime
) -> None:
    rows = [
        {"kind": kind, "key": key, "version": version, "told_at": now}
        for (kind, key), version in versions
    ]
    upsert(connection, waiting_notices, rows, key=["kind", "key"])


def _delete(connection: Connection, table: Table, name: Name) -> int:
    result = connection.execute(
        delete(table).where(table.c.kind == name[0], table.c.key == name[1])
    )
    return result.rowcount
