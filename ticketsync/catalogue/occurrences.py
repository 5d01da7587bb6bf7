"""
The stored listings of the platforms: Events and their Occurrences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

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
)

from ticketsync.catalogue import switches
from ticketsync.catalogue.shows import shows_of_production
from ticketsync.core import errors
from ticketsync.store import counted, row_locks
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import events, occurrences, show_links, venues
from ticketsync.store.types import is_row_id
from ticketsync.store.upsert import Elsewhere, held_elsewhere


@dataclass(frozen=True, slots=True)
class LinkedOccurrence:
    """
    One stored occurrence, with the show it is linked to if there is one.
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
    needs_reading: bool  # false for our own box office

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
    Why the shows that these are linked to have no figures, as a sentence: all are
    switched off, and where, or nothing was read yet.
    """
    if not sources or any(source.brings_sales for source in sources):
        return "No figures yet."
    switched_off = dict.fromkeys(f"{o.account}: {o.switch_note}" for o in sources)
    return f"No figures: {'; '.join(switched_off)}."


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
            counted.is_listed_as("on_sale"),
            or_(~occurrences.c.is_dated, occurrences.c.starts_at >= now),
        )
        .group_by(accounts.c.name)
    )
    return Counter({row.name: row.number for row in connection.execute(query)})


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
    those that are linked to one show or the shows of one production, those linked to
    none.
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
            accounts.c.needs_reading,
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
