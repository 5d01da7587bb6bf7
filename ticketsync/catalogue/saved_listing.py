"""
Saving a platform's listing: what is new or changed of its Events and Occurrences, and
what it no longer has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from ticketsync.core import records
from ticketsync.core.clock import local_text
from ticketsync.store.tables.catalogue import events, occurrences
from ticketsync.store.upsert import known, upsert


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """
    One parsed record of a listing, with the content hash of its raw record.
    """

    event: records.Event
    content: bytes


@dataclass(slots=True)
class SavedListing:
    """
    The result of saving a listing: counts, and the new start of moved occurrences, by
    our id.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    moved: dict[int, datetime] = field(default_factory=dict)


def find_changed(
    connection: Connection, account_id: int, listed: Sequence[ListedEvent]
) -> list[bytes]:
    """
    The content hashes of those records that are new or changed.
    """
    found = [item.event for item in listed]
    stored = known(
        connection,
        occurrences,
        account_id,
        (occurrence.id for event in found for occurrence in event.occurrences),
        "content",
        "gone_since",
    )
    stored_events = known(
        connection, events, account_id, (e.id for e in found), "name", "url"
    )

    def is_new(item: ListedEvent) -> bool:
        event = item.event
        if event.id not in stored_events:
            return True
        if event.is_listing and stored_events[event.id] != (event.name, event.url):
            return True
        return any(
            occurrence.id not in stored or stored[occurrence.id] != (item.content, None)
            for occurrence in event.occurrences
        )

    return [item.content for item in listed if is_new(item)]


def save_listing(
    connection: Connection, account_id: int, listed: Sequence[ListedEvent]
) -> SavedListing:
    """
    Save what is new or changed in a page of the listing.
    """
    event_ids = _save_events(connection, account_id, [item.event for item in listed])
    incoming = {
        occurrence.id: (occurrence, item.content)
        for item in listed
        for occurrence in item.event.occurrences
    }
    held = known(
        connection,
        occurrences,
        account_id,
        incoming,
        "id",
        "content",
        "starts_at",
        "gone_since",
    )
    saved = SavedListing()
    rows: list[dict[str, Any]] = []
    for provider_id, (occurrence, content) in incoming.items():
        old = held.get(provider_id)
        if old is None:
            saved.created += 1
        elif old.content == content and old.gone_since is None:
            saved.unchanged += 1
            continue
        else:
            saved.updated += 1
            if old.starts_at != occurrence.starts_at:
                saved.moved[old.id] = occurrence.starts_at
        rows.append(
            _row(account_id, event_ids[occurrence.event_id], occurrence, content)
        )
    rows.sort(key=lambda row: _lock_order(held.get(row["provider_id"])))
    upsert(connection, occurrences, rows, key=["account_id", "provider_id"])
    return saved


def _lock_order(held: Any) -> tuple[bool, int]:
    """
    Rows are written in the order in which they are locked everywhere; new ones come
    last.
    """
    return (held is None, held.id if held else 0)


def list_incomplete(connection: Connection, account_id: int) -> frozenset[str]:
    """
    The listed occurrences that an upgrade has marked to be saved again, because the
    earlier version did not keep all of them, by the platform's ids.
    """
    query = select(occurrences.c.provider_id).where(
        occurrences.c.account_id == account_id,
        occurrences.c.content == b"",
        occurrences.c.gone_since.is_(None),
    )
    return frozenset(connection.scalars(query))


def mark_delisted(connection: Connection, rows: Iterable[int], now: datetime) -> None:
    """
    Mark occurrences that a complete listing no longer has; their orders stay.
    """
    delisted = list(rows)
    if delisted:
        connection.execute(
            update(occurrences)
            .where(occurrences.c.id.in_(delisted), occurrences.c.gone_since.is_(None))
            .values(gone_since=now)
        )


def _save_events(
    connection: Connection, account_id: int, listed: list[records.Event]
) -> dict[str, int]:
    """
    Our id of each event, by the platform's. What an occurrence reports about its event
    never overwrites what the event's own listing reported.
    """
    ids = [event.id for event in listed]
    held = known(connection, events, account_id, ids, "id", "name", "url")
    rows: dict[str, dict[str, Any]] = {}
    for event in listed:
        old = held.get(event.id)
        if old is not None and (
            not event.is_listing or (old.name, old.url) == (event.name, event.url)
        ):
            continue
        if event.is_listing or event.id not in rows:
            rows[event.id] = {
                "account_id": account_id,
                "provider_id": event.id,
                "name": event.name,
                "url": event.url,
            }
    if rows:
        ordered = sorted(rows, key=lambda id_: _lock_order(held.get(id_)))
        written = [rows[id_] for id_ in ordered]
        upsert(connection, events, written, key=["account_id", "provider_id"])
        held = known(connection, events, account_id, ids, "id")
    return {provider_id: row.id for provider_id, row in held.items()}


def _row(
    account_id: int, event_id: int, occurrence: records.Occurrence, content: bytes
) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "event_id": event_id,
        "provider_id": occurrence.id,
        "name": occurrence.name,
        "starts_at": occurrence.starts_at,
        "ends_at": occurrence.ends_at,
        "starts_local": local_text(occurrence.starts_at, occurrence.timezone),
        "timezone": occurrence.timezone,
        "status": occurrence.status.value,
        "capacity": occurrence.capacity,
        "currency": occurrence.currency,
        "venue": occurrence.venue,
        "url": occurrence.url,
        "listed_at": occurrence.listed_at,
        "issued": occurrence.issued,
        "ordered": occurrence.ordered,
        "fingerprint": occurrence.fingerprint,
        "gone_since": None,
        "dashboard_url": occurrence.dashboard_url,
        "is_dated": occurrence.is_dated,
        "content": content,
        "provider_updated_at": occurrence.changed_at,
    }
