"""
The stored listings of the platforms: Events and their Occurrences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    case,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from ticketsync.catalogue import switches
from ticketsync.catalogue.shows import local_text, shows_of_production
from ticketsync.core import errors, records
from ticketsync.store import counted, row_locks
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import events, occurrences, show_links, venues
from ticketsync.store.types import is_row_id
from ticketsync.store.upsert import Elsewhere, held_elsewhere, known, upsert


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
    provider_updated_at: datetime | None
    event_id: int
    show_id: int | None
    link_status: str | None
    sync_enabled: bool | None
    sync_ticket_sales: bool | None
    is_followed: bool  # whether anything of it reaches the show: guests, a new time
    brings_sales: bool  # whether its sales do, too
    sync_off_at: str | None  # the level at which it is switched off, see `counted`
    sales_off_at: str | None
    last_partial_read_at: datetime | None  # `link_reads` knows the complete reads, too
    problem: str | None  # what went wrong last; `""` where it was read well since
    problem_at: datetime | None

    @property
    def name_and_start(self) -> str:
        """
        Its name, with its start where that is known.
        """
        return f"{self.name} {self.starts_local}" if self.is_dated else self.name

    @property
    def switch_note(self) -> str:
        """
        What the switches exclude, in words; `""` if nothing, or no link.
        """
        return switches.note(self.sync_off_at, self.sales_off_at)


def is_any_known(connection: Connection) -> bool:
    """
    Whether any platform has listed an occurrence yet.
    """
    return connection.scalar(select(occurrences.c.id).limit(1)) is not None


def why_without_figures(sources: Sequence[LinkedOccurrence]) -> str:
    """
    Why the shows that these feed have no figures, as a sentence: all are switched off,
    and where, or nothing was read yet.
    """
    if not sources or any(source.brings_sales for source in sources):
        return "No figures yet."
    switched_off = dict.fromkeys(f"{o.account}: {o.switch_note}" for o in sources)
    return f"No figures: {'; '.join(switched_off)}."


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


def count_events_on_sale(connection: Connection, now: datetime) -> Counter[str]:
    """
    How many events each account, by its name, has on sale: with an occurrence that is
    on sale, still listed and not over.
    """
    query = (
        select(
            accounts.c.name,
            func.count(occurrences.c.event_id.distinct()).label("number"),
        )
        .join(occurrences, occurrences.c.account_id == accounts.c.id)
        .where(
            occurrences.c.status == "on_sale",
            occurrences.c.gone_since.is_(None),
            or_(~occurrences.c.is_dated, occurrences.c.starts_at >= now),
        )
        .group_by(accounts.c.name)
    )
    return Counter({row.name: row.number for row in connection.execute(query)})


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


def get_occurrence_ids(connection: Connection, account_id: int) -> dict[str, int]:
    """
    Our id of each occurrence of an account, by the platform's id.
    """
    rows = connection.execute(
        select(occurrences.c.provider_id, occurrences.c.id).where(
            occurrences.c.account_id == account_id
        )
    )
    return {row.provider_id: row.id for row in rows}


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


def list_occurrences(
    connection: Connection,
    account_id: int | None = None,
    *,
    show_id: int | None = None,
    production: str | None = None,
    event_id: int | None = None,
    only_unlinked: bool = False,
) -> list[LinkedOccurrence]:
    """
    Occurrences in the order they play: all, or those of one account or event (our id),
    those that feed one show or the shows of one production, those that feed none.
    """
    conditions: list[ColumnElement[bool]] = []
    if account_id is not None:
        conditions.append(occurrences.c.account_id == account_id)
    if show_id is not None:
        conditions.append(show_links.c.show_id == show_id)
    if production is not None:
        conditions.append(show_links.c.show_id.in_(shows_of_production(production)))
    if event_id is not None:
        conditions.append(occurrences.c.event_id == event_id)
    if only_unlinked:
        conditions.append(show_links.c.id.is_(None))
    return _read_occurrences(connection, *conditions)


def get_occurrence(connection: Connection, occurrence_id: int) -> LinkedOccurrence:
    """
    The occurrence with that id of ours.

    Raises: `NotFound` where there is none.
    """
    if is_row_id(occurrence_id):
        is_this = occurrences.c.id == occurrence_id
        for occurrence in _read_occurrences(connection, is_this):
            return occurrence
    raise no_such_occurrence(occurrence_id)


def no_such_occurrence(occurrence_id: int) -> errors.NotFound:
    return errors.NotFound(
        f"There is no date {occurrence_id}.", hint="See `ticketsync events list`."
    )


def _read_occurrences(
    connection: Connection, *conditions: ColumnElement[bool]
) -> list[LinkedOccurrence]:
    same = (
        *("name", "starts_at", "starts_local", "timezone", "status", "capacity"),
        *("currency", "venue", "url", "listed_at", "issued", "ordered"),
        *("fingerprint", "gone_since", "dashboard_url", "is_dated"),
        "provider_updated_at",
    )
    query = (
        select(
            occurrences.c.id,
            occurrences.c.account_id,
            accounts.c.name.label("account"),
            events.c.provider_id.label("provider_event_id"),
            events.c.name.label("event"),
            occurrences.c.provider_id.label("provider_occurrence_id"),
            *(occurrences.c[name] for name in same),
            events.c.id.label("event_id"),
            show_links.c.show_id,
            show_links.c.status.label("link_status"),
            show_links.c.sync_enabled,
            show_links.c.sync_ticket_sales,
            case((counted.is_followed(), true()), else_=false()).label("is_followed"),
            case((counted.brings_sales(), true()), else_=false()).label("brings_sales"),
            show_links.c.last_read_at.label("last_partial_read_at"),
            show_links.c.problem,
            show_links.c.problem_at,
            counted.sync_off_at().label("sync_off_at"),
            counted.sales_off_at().label("sales_off_at"),
        )
        .join(events, events.c.id == occurrences.c.event_id)
        .join(accounts, accounts.c.id == occurrences.c.account_id)
        .outerjoin(show_links, show_links.c.occurrence_id == occurrences.c.id)
        .where(*conditions)
        .order_by(occurrences.c.starts_at, occurrences.c.id)
    )
    rows = connection.execute(query)
    return [LinkedOccurrence(**row._mapping) for row in rows]


def find_elsewhere(
    connection: Connection, account_id: int, occurrence_ids: Iterable[str]
) -> list[Elsewhere]:
    """
    Which of these occurrences, by the platform's ids, another account has.
    """
    return held_elsewhere(connection, occurrences, account_id, occurrence_ids)


def find_events_elsewhere(
    connection: Connection, account_id: int, event_ids: Iterable[str]
) -> list[Elsewhere]:
    """
    Which of these events, by the platform's ids, another account has.
    """
    return held_elsewhere(connection, events, account_id, event_ids)


def delete_listing(connection: Connection, account_id: int) -> None:
    """
    Delete an account's listing, which must have no sales, links or ticket types.
    """
    for table in (occurrences, events):
        connection.execute(delete(table).where(table.c.account_id == account_id))


def copy_listings(source: Connection, target: Connection) -> None:
    """
    Copy the rows that orders refer to into an empty database, with the same ids.
    """
    for table in (venues, accounts, events, occurrences):
        rows = source.execute(select(table)).mappings().all()
        if rows:
            target.execute(insert(table), [dict(row) for row in rows])


def lock_against_linking(connection: Connection, rows: Iterable[int]) -> None:
    """
    Lock these occurrences against linking until the transaction that saves tickets of
    them, or their people's answers, ends: linking one counts its tickets at once, and
    would miss these; so would naming its questions miss the answers.
    """
    row_locks.lock_shared(connection, occurrences, rows)


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
