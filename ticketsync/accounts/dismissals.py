"""
What people dismissed from the list of waiting items, and what they were notified of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlmodel import Session

from ticketsync.store import audit, reports
from ticketsync.store.audit import Decision
from ticketsync.store.tables.waiting import DismissalRow, WaitingNoticeRow
from ticketsync.store.upsert import table_of, upsert

Name = tuple[str, str]  # kind and key of a waiting item
_DIGEST = (
    "digest",
    "",
)  # the key under which the time of the last daily message is kept


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


def list_dismissals(session: Session) -> list[Dismissed]:
    """
    All dismissals, the newest first.
    """
    table = table_of(DismissalRow)
    columns = reports.named(reports.field_names(Dismissed), table)
    query = select(*columns).order_by(
        table.c.dismissed_at.desc(), table.c.kind, table.c.key
    )
    return [Dismissed(**row._mapping) for row in session.connection().execute(query)]


def save_dismissals(session: Session, dismissed: Iterable[Dismissed]) -> None:
    """
    Save these; an earlier one of the same item is replaced.
    """
    rows = [
        {name: getattr(item, name) for name in reports.field_names(Dismissed)}
        for item in dismissed
    ]
    upsert(session, DismissalRow, rows, key=["kind", "key"])
    for row in rows:
        after = {name: row[name] for name in ("version", "reason") if row[name]}
        subject = f"{row['kind']}:{row['key']}"
        audit.record(session, Decision("dismiss", "waiting", subject, after=after))


def restore(session: Session, names: Iterable[Name]) -> int:
    """
    Delete these dismissals; returns how many there were.
    """
    restored = [name for name in names if _delete(session, DismissalRow, name)]
    for name in restored:
        audit.record(session, Decision("restore", "waiting", ":".join(name)))
    return len(restored)


def get_notified_versions(session: Session) -> dict[Name, str]:
    """
    The versions that people were notified of, by item.
    """
    table = table_of(WaitingNoticeRow)
    return {
        (row.kind, row.key): row.version
        for row in session.connection().execute(select(table))
        if (row.kind, row.key) != _DIGEST
    }


def last_digest(session: Session) -> datetime | None:
    """
    When the last daily message was sent.
    """
    table = table_of(WaitingNoticeRow)
    sent_at: datetime | None = (
        session.connection()
        .execute(
            select(table.c.told_at).where(
                table.c.kind == _DIGEST[0], table.c.key == _DIGEST[1]
            )
        )
        .scalar()
    )
    return sent_at


def record_notified(
    session: Session, versions: Iterable[tuple[Name, str]], now: datetime
) -> None:
    _put(session, versions, now)


def record_digest(session: Session, now: datetime) -> None:
    _put(session, [(_DIGEST, "")], now)


def forget_notified(session: Session, names: Iterable[Name]) -> None:
    """
    Forget these notifications, so that the items are reported when they wait again.
    """
    for name in names:
        _delete(session, WaitingNoticeRow, name)


def _put(session: Session, versions: Iterable[tuple[Name, str]], now: datetime) -> None:
    rows = [
        {"kind": kind, "key": key, "version": version, "told_at": now}
        for (kind, key), version in versions
    ]
    upsert(session, WaitingNoticeRow, rows, key=["kind", "key"])


def _delete(
    session: Session, model: type[DismissalRow | WaitingNoticeRow], name: Name
) -> int:
    table = table_of(model)
    result = session.connection().execute(
        delete(table).where(table.c.kind == name[0], table.c.key == name[1])
    )
    return result.rowcount
