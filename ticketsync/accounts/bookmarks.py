"""
Where the next read begins. Saved in the same transaction as the page it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, select
from sqlmodel import Session

from ticketsync.store.tables.accounts import BookmarkRow
from ticketsync.store.upsert import table_of, upsert


def get_bookmarks(session: Session, account_id: int, stream: str) -> dict[str, str]:
    """
    The bookmarks of a stream by the platform's event or occurrence id (`""` for the
    whole account).
    """
    table = table_of(BookmarkRow)
    rows = session.connection().execute(
        select(table.c.event_id, table.c.value).where(
            table.c.account_id == account_id, table.c.stream == stream
        )
    )
    return {row.event_id: row.value for row in rows}


def save_bookmarks(
    session: Session, account_id: int, stream: str, values: Mapping[str, str]
) -> None:
    rows = [
        {"account_id": account_id, "stream": stream, "event_id": event, "value": value}
        for event, value in values.items()
    ]
    upsert(session, BookmarkRow, rows, key=["account_id", "stream", "event_id"])


def delete_bookmarks(session: Session, account_id: int, streams: Iterable[str]) -> None:
    table = table_of(BookmarkRow)
    session.connection().execute(
        delete(table).where(
            table.c.account_id == account_id, table.c.stream.in_(list(streams))
        )
    )


def delete_all_bookmarks(session: Session, account_id: int) -> None:
    """
    Delete every bookmark of an account.
    """
    table = table_of(BookmarkRow)
    session.connection().execute(delete(table).where(table.c.account_id == account_id))


def delete_event_bookmarks(
    session: Session, account_id: int, stream: str, events: Iterable[str]
) -> None:
    """
    Delete the bookmarks of these events or occurrences, by the platform's ids.
    """
    table = table_of(BookmarkRow)
    session.connection().execute(
        delete(table).where(
            table.c.account_id == account_id,
            table.c.stream == stream,
            table.c.event_id.in_(list(events)),
        )
    )
