"""
Where the next read begins. Saved in the same transaction as the page it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, delete, select

from ticketsync.store.tables.accounts import accounts, bookmarks
from ticketsync.store.upsert import upsert


def get_bookmarks(
    connection: Connection, account_id: int, stream: str
) -> dict[str, str]:
    """
    The bookmarks of a stream by the platform's event or occurrence id (`""` for the
    whole account).
    """
    rows = connection.execute(
        select(bookmarks.c.event_id, bookmarks.c.value).where(
            bookmarks.c.account_id == account_id, bookmarks.c.stream == stream
        )
    )
    return {row.event_id: row.value for row in rows}


def get_streams(
    connection: Connection, account_id: int, streams: Iterable[str]
) -> dict[str, dict[str, str]]:
    """
    The bookmarks of several streams, by stream, as `get_bookmarks` gives each.
    """
    found: dict[str, dict[str, str]] = {stream: {} for stream in streams}
    rows = connection.execute(
        select(bookmarks.c.stream, bookmarks.c.event_id, bookmarks.c.value).where(
            bookmarks.c.account_id == account_id, bookmarks.c.stream.in_(list(found))
        )
    )
    for stream, event_id, value in rows:
        found[stream][event_id] = value
    return found


def list_bookmarks(connection: Connection, stream: str) -> list[tuple[str, str, str]]:
    """
    The bookmarks of a stream of all accounts: the account's name, its key, its value.
    """
    query = (
        select(accounts.c.name, bookmarks.c.event_id, bookmarks.c.value)
        .join(accounts, accounts.c.id == bookmarks.c.account_id)
        .where(bookmarks.c.stream == stream)
        .order_by(accounts.c.name, bookmarks.c.event_id)
    )
    return [(name, key, value) for name, key, value in connection.execute(query)]


def save_bookmarks(
    connection: Connection, account_id: int, stream: str, values: Mapping[str, str]
) -> None:
    rows = [
        {"account_id": account_id, "stream": stream, "event_id": event, "value": value}
        for event, value in values.items()
    ]
    upsert(connection, bookmarks, rows, key=["account_id", "stream", "event_id"])


def delete_bookmarks(
    connection: Connection, account_id: int, streams: Iterable[str]
) -> None:
    connection.execute(
        delete(bookmarks).where(
            bookmarks.c.account_id == account_id, bookmarks.c.stream.in_(list(streams))
        )
    )


def delete_all_bookmarks(connection: Connection, account_id: int) -> None:
    """
    Delete every bookmark of an account.
    """
    connection.execute(delete(bookmarks).where(bookmarks.c.account_id == account_id))


def delete_event_bookmarks(
    connection: Connection, account_id: int, stream: str, events: Iterable[str]
) -> None:
    """
    Delete the bookmarks of these events or occurrences, by the platform's ids.
    """
    connection.execute(
        delete(bookmarks).where(
            bookmarks.c.account_id == account_id,
            bookmarks.c.stream == stream,
            bookmarks.c.event_id.in_(list(events)),
        )
    )
