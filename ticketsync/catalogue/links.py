"""
Which occurrence is which show: the links as decided, and the decisions to make them or
never to propose them.

A person's decision is never revisited by the machine. Whoever decides about an
occurrence locks it first (`lock_occurrences`), so that of two simultaneous decisions
the second one sees the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlmodel import Session

from ticketsync.core import errors
from ticketsync.store import audit, row_locks
from ticketsync.store.audit import Decision
from ticketsync.store.tables.catalogue import (
    EventRow,
    OccurrenceRow,
    ProductionLinkRow,
    RefusalRow,
    ShowLinkRow,
    ShowRow,
)
from ticketsync.store.upsert import insert_all_new, insert_new, rows_among, table_of


@dataclass(frozen=True, slots=True)
class Pair:
    """
    A decision to save: this occurrence is that show.
    """

    occurrence_id: int
    show_id: int
    reason: str


def lock_occurrences(session: Session, occurrence_ids: Iterable[int]) -> None:
    """
    Lock these occurrences, their events and the shows they feed until the transaction
    ends: nobody else decides about them or saves their tickets.
    """
    wanted = list(occurrence_ids)
    occurrences, links = table_of(OccurrenceRow), table_of(ShowLinkRow)
    events = select(occurrences.c.event_id).where(occurrences.c.id.in_(wanted))
    linked_shows = select(links.c.show_id).where(links.c.occurrence_id.in_(wanted))
    row_locks.lock(session, EventRow, events)
    row_locks.lock(session, OccurrenceRow, wanted)
    row_locks.lock(session, ShowRow, linked_shows)


def save_links(
    session: Session,
    pairs: Iterable[Pair],
    *,
    decided_by: str,
    batch: str,
    now: datetime,
) -> int:
    """
    Link those pairs that are not linked yet; returns how many these are.

    Raises: `UsageError` (`linked-already`) where an occurrence feeds another show,
    `NotFound` where there is no such occurrence.
    """
    pairs = list(pairs)
    ids = [pair.occurrence_id for pair in pairs]
    lock_occurrences(session, ids)
    linked_shows = _read_linked_shows(session, ids)
    occurrences = _read_occurrences(session, ids)
    missing: list[Pair] = []
    for pair in pairs:
        if _is_missing(pair, linked_shows):
            if pair.occurrence_id not in occurrences:
                raise no_such_occurrence(pair.occurrence_id)
            linked_shows[pair.occurrence_id] = pair.show_id
            missing.append(pair)
    rows = [
        {
            "show_id": pair.show_id,
            "occurrence_id": pair.occurrence_id,
            "decided_by": decided_by,
            "reason": pair.reason,
            "batch": batch,
            "starts_at": occurrences[pair.occurrence_id].starts_at,
            "created_at": now,
        }
        for pair in missing
    ]
    if rows:
        session.connection().execute(insert(table_of(ShowLinkRow)), rows)
        event_ids = {pair: occurrences[pair.occurrence_id].event_id for pair in missing}
        _link_productions(session, event_ids, now)
        _record_links(session, missing)
    return len(missing)


def _is_missing(pair: Pair, linked_shows: Mapping[int, int]) -> bool:
    linked = linked_shows.get(pair.occurrence_id)
    if linked is None or linked == pair.show_id:
        return linked is None
    raise errors.UsageError(
        f"That date feeds show {linked} already.",
        hint=f"Run `ticketsync unlink {pair.occurrence_id}` first.",
        word="linked-already",
    )


def _read_linked_shows(
    session: Session, occurrence_ids: Iterable[int]
) -> dict[int, int]:
    """
    The show that each of these occurrences feeds, where it feeds one.
    """
    links = table_of(ShowLinkRow)
    query = select(links.c.occurrence_id, links.c.show_id)
    rows = rows_among(session, query, links.c.occurrence_id, occurrence_ids)
    return {int(row.occurrence_id): int(row.show_id) for row in rows}


def _read_occurrences(
    session: Session, occurrence_ids: Iterable[int]
) -> dict[int, Any]:
    """
    Event and start of each of these occurrences.
    """
    table = table_of(OccurrenceRow)
    query = select(table.c.id, table.c.event_id, table.c.starts_at)
    rows = rows_among(session, query, table.c.id, occurrence_ids)
    return {int(row.id): row for row in rows}


def _link_productions(
    session: Session, event_ids: Mapping[Pair, int], now: datetime
) -> None:
    """
    A linked occurrence says which production its event is, unless that is known.
    """
    shows = table_of(ShowRow)
    query = select(shows.c.id, shows.c.production_id)
    show_ids = (pair.show_id for pair in event_ids)
    production_of_show = dict(rows_among(session, query, shows.c.id, show_ids))
    by_event: dict[int, int] = {}
    for pair, event_id in event_ids.items():
        by_event.setdefault(event_id, production_of_show[pair.show_id])
    insert_all_new(
        session,
        ProductionLinkRow,
        [
            {"production_id": production_id, "event_id": event_id, "created_at": now}
            for event_id, production_id in by_event.items()
        ],
    )


def _record_links(session: Session, made: Iterable[Pair]) -> None:
    """
    Who made these links, for the audit trail.
    """
    reasons = {pair.occurrence_id: pair.reason for pair in made}
    links = read_links(
        session, table_of(ShowLinkRow).c.occurrence_id.in_(list(reasons))
    )
    audit.record(
        session,
        *(
            link_decision(
                "link",
                link,
                after={**_values(link), "why": reasons[link.occurrence_id]},
            )
            for link in links
        ),
    )


def refuse_pair(
    session: Session,
    occurrence_id: int,
    show_id: int | None,
    *,
    batch: str,
    now: datetime,
) -> None:
    """
    Never propose this pair again; without a show, never propose this occurrence at all.
    """
    row = {"occurrence_id": occurrence_id, "show_id": show_id, "batch": batch}
    insert_new(session, RefusalRow, {**row, "created_at": now})
    name = _name_of_occurrence(session, occurrence_id)
    audit.record(
        session,
        Decision(
            "refuse", "occurrence", name, occurrence_id, after={"show_id": show_id}
        ),
    )


def list_refusals(session: Session) -> set[tuple[int, int | None]]:
    """
    The refused pairs: occurrence and show, or no show where it never is one.
    """
    table = table_of(RefusalRow)
    rows = session.connection().execute(select(table.c.occurrence_id, table.c.show_id))
    return {(int(occurrence), show) for occurrence, show in rows}


def get_show_ids(session: Session, occurrence_ids: Iterable[int]) -> set[int]:
    """
    The shows that any of these occurrences feeds.
    """
    return set(_read_linked_shows(session, occurrence_ids).values())


def get_show_ids_of_event(session: Session, event_id: int) -> set[int]:
    """
    The shows that any occurrence of an event feeds.
    """
    links, occurrences = table_of(ShowLinkRow), table_of(OccurrenceRow)
    rows = session.connection().execute(
        select(links.c.show_id)
        .join(occurrences, occurrences.c.id == links.c.occurrence_id)
        .where(occurrences.c.event_id == event_id)
    )
    return {int(row.show_id) for row in rows}


def get_occurrence_ids_of_event(session: Session, event_id: int) -> list[int]:
    table = table_of(OccurrenceRow)
    query = select(table.c.id).where(table.c.event_id == event_id)
    return list(session.connection().scalars(query))


def get_start(session: Session, occurrence_id: int) -> datetime:
    """
    When an occurrence starts.

    Raises: `NotFound` where there is no such occurrence.
    """
    table = table_of(OccurrenceRow)
    query = select(table.c.starts_at).where(table.c.id == occurrence_id)
    found: datetime | None = session.connection().scalar(query)
    if found is None:
        raise no_such_occurrence(occurrence_id)
    return found


def no_such_occurrence(occurrence_id: int) -> errors.NotFound:
    return errors.NotFound(
        f"There is no date {occurrence_id}.", hint="See `ticketsync events list`."
    )


def set_link_status(
    session: Session, occurrence_ids: Iterable[int], status: str
) -> None:
    """
    Record how the last read of these occurrences ended, where that has changed.
    """
    table = table_of(ShowLinkRow)
    query = select(table.c.id).where(table.c.status.not_in((status, "conflict")))
    rows = rows_among(session, query, table.c.occurrence_id, occurrence_ids)
    stale = [row.id for row in rows]
    row_locks.lock(session, ShowLinkRow, stale)
    if stale:
        session.connection().execute(
            update(table)
            .where(table.c.id.in_(stale), table.c.status != "conflict")
            .values(status=status)
        )


def remove_account_links(session: Session, account_id: int) -> None:
    """
    Remove all links and refusals of an account's occurrences, and the production links
    of its events.
    """
    occurrences, events = table_of(OccurrenceRow), table_of(EventRow)
    production_links = table_of(ProductionLinkRow)
    of_account = select(occurrences.c.id).where(occurrences.c.account_id == account_id)
    remove_links(session, table_of(ShowLinkRow).c.occurrence_id.in_(of_account))
    remove_refusals(session, table_of(RefusalRow).c.occurrence_id.in_(of_account))
    event_ids = select(events.c.id).where(events.c.account_id == account_id)
    session.connection().execute(
        delete(production_links).where(production_links.c.event_id.in_(event_ids))
    )


def read_links(session: Session, *where: ColumnElement[bool]) -> Sequence[Any]:
    """
    These links with the names of their occurrences.
    """
    links, occurrences = table_of(ShowLinkRow), table_of(OccurrenceRow)
    query = (
        select(
            links.c.id,
            links.c.occurrence_id,
            occurrences.c.name,
            occurrences.c.starts_local,
            links.c.show_id,
            links.c.decided_by,
            links.c.status,
            links.c.starts_at,
            links.c.sync_enabled,
            links.c.sync_ticket_sales,
        )
        .join(occurrences, occurrences.c.id == links.c.occurrence_id)
        .where(*where)
        .order_by(occurrences.c.id)
    )
    return session.connection().execute(query).all()


def link_decision(
    action: str,
    link: Any,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Decision:
    """
    The audit entry of a decision about a link that `read_links` returned.
    """
    name = f"{link.name} {link.starts_local}"
    return Decision(
        action, "occurrence", name, link.occurrence_id, before or {}, after or {}
    )


def remove_links(session: Session, *where: ColumnElement[bool]) -> list[int]:
    """
    Remove these links and record that; returns the show of each.
    """
    links = read_links(session, *where)
    session.connection().execute(delete(table_of(ShowLinkRow)).where(*where))
    audit.record(
        session,
        *(link_decision("unlink", link, before=_values(link)) for link in links),
    )
    return [int(link.show_id) for link in links]


def remove_refusals(session: Session, *where: ColumnElement[bool]) -> int:
    """
    Remove these refusals and record that; returns how many there were.
    """
    refusals, occurrences = table_of(RefusalRow), table_of(OccurrenceRow)
    query = (
        select(
            refusals.c.occurrence_id,
            occurrences.c.name,
            occurrences.c.starts_local,
            refusals.c.show_id,
        )
        .join(occurrences, occurrences.c.id == refusals.c.occurrence_id)
        .where(*where)
    )
    rows = session.connection().execute(query).all()
    session.connection().execute(delete(refusals).where(*where))
    audit.record(
        session,
        *(
            link_decision("take refusal back", row, before={"show_id": row.show_id})
            for row in rows
        ),
    )
    return len(rows)


def _values(link: Any) -> dict[str, Any]:
    return {"show_id": link.show_id, "decided_by": link.decided_by}


def _name_of_occurrence(session: Session, occurrence_id: int) -> str:
    table = table_of(OccurrenceRow)
    query = select(table.c.name, table.c.starts_local).where(
        table.c.id == occurrence_id
    )
    row = session.connection().execute(query).first()
    return "" if row is None else f"{row.name} {row.starts_local}"
