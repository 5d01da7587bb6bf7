"""
The stored listings of the platforms: Events and their Occurrences.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlmodel import Session

from ticketsync.catalogue.shows import local_text
from ticketsync.core import errors, records
from ticketsync.core.redact import safe
from ticketsync.store import counted, row_locks
from ticketsync.store.tables.accounts import AccountRow
from ticketsync.store.tables.catalogue import (
    EventRow,
    OccurrenceRow,
    ShowLinkRow,
    VenueRow,
)
from ticketsync.store.types import is_row_id
from ticketsync.store.upsert import Elsewhere, held_elsewhere, known, table_of, upsert


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """
    One parsed record of a listing, with the content hash of its raw record.
    """

    event: records.Event
    content: bytes


@dataclass(frozen=True, slots=True)
class LinkedOccurrence:
    """
    One stored occurrence, with the show it feeds if there is one.
    """

    id: int
    account_id: int
    account: str
    provider_event_id: str
    event: str
    provider_occurrence_id: str
    name: str
    starts_at: datetime
    starts_local: str
    timezone: str
    status: str
    capacity: int | None
    currency: str | None
    venue: str | None
    url: str | None
    listed_at: datetime | None
    issued: int | None
    ordered: int | None
    fingerprint: str
    gone_since: datetime | None
    dashboard_url: str | None
    is_dated: bool
    event_id: int
    show_id: int | None
    link_status: str | None
    sync_enabled: bool | None
    sync_ticket_sales: bool | None
    is_followed: bool  # whether anything of it reaches the show: guests, a new time
    brings_sales: bool  # whether its sales do, too

    @property
    def name_and_start(self) -> str:
        """
        Its name, with its start where that is known.
        """
        return f"{self.name} {self.starts_local}" if self.is_dated else self.name

    @property
    def switch_note(self) -> str:
        """
        What the switches of its link exclude, in words; `""` if nothing, or no link.
        """
        if self.show_id is None or self.brings_sales:
            return ""
        return "sales off" if self.is_followed else "off: no sales, no guests"


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
    session: Session, account_id: int, listed: Sequence[ListedEvent]
) -> list[bytes]:
    """
    The content hashes of those records that are new or changed.
    """
    events = [item.event for item in listed]
    stored = known(
        session,
        OccurrenceRow,
        account_id,
        (occurrence.id for event in events for occurrence in event.occurrences),
        "content",
        "gone_since",
    )
    stored_events = known(
        session, EventRow, account_id, (e.id for e in events), "name", "url"
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
    session: Session, account_id: int, listed: Sequence[ListedEvent]
) -> SavedListing:
    """
    Save what is new or changed in a page of the listing.
    """
    event_ids = _save_events(session, account_id, [item.event for item in listed])
    occurrences = {
        occurrence.id: (occurrence, item.content)
        for item in listed
        for occurrence in item.event.occurrences
    }
    held = known(
        session,
        OccurrenceRow,
        account_id,
        occurrences,
        "id",
        "content",
        "starts_at",
        "gone_since",
    )
    saved = SavedListing()
    rows: list[dict[str, Any]] = []
    for provider_id, (occurrence, content) in occurrences.items():
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
    upsert(session, OccurrenceRow, rows, key=["account_id", "provider_id"])
    return saved


def _lock_order(held: Any) -> tuple[bool, int]:
    """
    Rows are written in the order in which they are locked everywhere; new ones come
    last.
    """
    return (held is None, held.id if held else 0)


def get_occurrence_ids(session: Session, account_id: int) -> dict[str, int]:
    """
    Our id of each occurrence of an account, by the platform's id.
    """
    table = table_of(OccurrenceRow)
    rows = session.connection().execute(
        select(table.c.provider_id, table.c.id).where(table.c.account_id == account_id)
    )
    return {row.provider_id: row.id for row in rows}


def list_occurrences(
    session: Session,
    account_id: int | None = None,
    *,
    show_id: int | None = None,
    only_unlinked: bool = False,
) -> list[LinkedOccurrence]:
    """
    Occurrences in the order they play: all, or those of one account, those that feed
    one show, those that feed none.
    """
    conditions: list[ColumnElement[bool]] = []
    if account_id is not None:
        conditions.append(table_of(OccurrenceRow).c.account_id == account_id)
    if show_id is not None:
        conditions.append(table_of(ShowLinkRow).c.show_id == show_id)
    if only_unlinked:
        conditions.append(table_of(ShowLinkRow).c.id.is_(None))
    return _read_occurrences(session, *conditions)


def find_occurrence(session: Session, text: str) -> LinkedOccurrence:
    """
    The occurrence a person means, by our id or by the platform's.

    Raises: `NotFound` where no occurrence, or more than one, fits.
    """
    table = table_of(OccurrenceRow)
    is_theirs = table.c.provider_id == text
    is_ours = table.c.id == int(text) if is_row_id(text) else false()
    found = _read_occurrences(session, or_(is_theirs, is_ours))
    if len(found) == 1:
        return found[0]
    what = "stands for several dates" if found else "is no date we know"
    raise errors.NotFound(
        f"{safe(text)!r} {what}.", hint="See the numbers in `ticketsync events list`."
    )


def get_occurrence(session: Session, occurrence_id: int) -> LinkedOccurrence:
    """
    The occurrence with that id of ours.

    Raises: `NotFound` where there is none.
    """
    if is_row_id(occurrence_id):
        is_this = table_of(OccurrenceRow).c.id == occurrence_id
        for occurrence in _read_occurrences(session, is_this):
            return occurrence
    raise errors.NotFound(
        f"There is no date {occurrence_id}.", hint="See `ticketsync events list`."
    )


def _read_occurrences(
    session: Session, *conditions: ColumnElement[bool]
) -> list[LinkedOccurrence]:
    table, events = table_of(OccurrenceRow), table_of(EventRow)
    accounts, links = table_of(AccountRow), table_of(ShowLinkRow)
    same = (
        "name",
        "starts_at",
        "starts_local",
        "timezone",
        "status",
        "capacity",
        "currency",
        "venue",
        "url",
        "listed_at",
        "issued",
        "ordered",
        "fingerprint",
        "gone_since",
        "dashboard_url",
        "is_dated",
    )
    query = (
        select(
            table.c.id,
            table.c.account_id,
            accounts.c.name.label("account"),
            events.c.provider_id.label("provider_event_id"),
            events.c.name.label("event"),
            table.c.provider_id.label("provider_occurrence_id"),
            *(table.c[name] for name in same),
            events.c.id.label("event_id"),
            links.c.show_id,
            links.c.status.label("link_status"),
            links.c.sync_enabled,
            links.c.sync_ticket_sales,
            func.coalesce(counted.is_followed(), false()).label("is_followed"),
            func.coalesce(counted.brings_sales(), false()).label("brings_sales"),
        )
        .join(events, events.c.id == table.c.event_id)
        .join(accounts, accounts.c.id == table.c.account_id)
        .outerjoin(links, links.c.occurrence_id == table.c.id)
        .where(*conditions)
        .order_by(table.c.starts_at, table.c.id)
    )
    rows = session.connection().execute(query)
    return [LinkedOccurrence(**row._mapping) for row in rows]


def find_elsewhere(
    session: Session, account_id: int, occurrence_ids: Iterable[str]
) -> list[Elsewhere]:
    """
    Which of these occurrences, by the platform's ids, another account has.
    """
    return held_elsewhere(session, OccurrenceRow, account_id, occurrence_ids)


def find_events_elsewhere(
    session: Session, account_id: int, event_ids: Iterable[str]
) -> list[Elsewhere]:
    """
    Which of these events, by the platform's ids, another account has.
    """
    return held_elsewhere(session, EventRow, account_id, event_ids)


def delete_listing(session: Session, account_id: int) -> None:
    """
    Delete an account's listing, which must have no sales and no links.
    """
    for model in (OccurrenceRow, EventRow):
        table = table_of(model)
        session.connection().execute(
            delete(table).where(table.c.account_id == account_id)
        )


def copy_listings(source: Session, target: Session) -> None:
    """
    Copy the rows that orders refer to into an empty database, with the same ids.
    """
    for model in (VenueRow, AccountRow, EventRow, OccurrenceRow):
        table = table_of(model)
        rows = source.connection().execute(select(table)).mappings().all()
        if rows:
            target.connection().execute(insert(table), [dict(row) for row in rows])


def lock_against_linking(session: Session, rows: Iterable[int]) -> None:
    """
    Lock these occurrences against linking until the transaction that saves tickets of
    them ends: linking one counts its tickets at once, and would miss these.
    """
    row_locks.lock_shared(session, OccurrenceRow, rows)


def mark_delisted(session: Session, rows: Iterable[int], now: datetime) -> None:
    """
    Mark occurrences that a complete listing no longer has; their orders stay.
    """
    delisted = list(rows)
    if delisted:
        table = table_of(OccurrenceRow)
        session.connection().execute(
            update(table)
            .where(table.c.id.in_(delisted), table.c.gone_since.is_(None))
            .values(gone_since=now)
        )


def _save_events(
    session: Session, account_id: int, events: list[records.Event]
) -> dict[str, int]:
    """
    Our id of each event, by the platform's. What an occurrence reports about its event
    never overwrites what the event's own listing reported.
    """
    held = known(
        session,
        EventRow,
        account_id,
        (event.id for event in events),
        "id",
        "name",
        "url",
    )
    rows: dict[str, dict[str, Any]] = {}
    for event in events:
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
        upsert(session, EventRow, written, key=["account_id", "provider_id"])
        held = known(
            session, EventRow, account_id, (event.id for event in events), "id"
        )
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
    }
