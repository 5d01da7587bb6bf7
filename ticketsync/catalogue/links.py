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
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from ticketsync.catalogue import own_sales
from ticketsync.catalogue.occurrences import no_such_occurrence
from ticketsync.core import errors
from ticketsync.core.date_keys import DateKey, group_parts
from ticketsync.store import audit, row_locks
from ticketsync.store.audit import Decision
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import (
    events,
    occurrences,
    production_links,
    refusals,
    show_links,
    shows,
)
from ticketsync.store.upsert import insert_all_new, insert_new, rows_among

CERTAIN: Final = "certain"  # by the rule of matching
BY_OFFSET: Final = "offset"  # by an offset that a person confirmed
CHOSEN: Final = "chosen"  # by hand


@dataclass(frozen=True, slots=True)
class Pair:
    """
    A decision to save: this occurrence is that show. `basis` is how it was found.
    """

    occurrence_id: int
    show_id: int
    reason: str
    basis: str = CHOSEN


def lock_occurrences(
    connection: Connection,
    occurrence_ids: Iterable[int],
    show_ids: Iterable[int] = (),
) -> None:
    """
    Lock these occurrences, their events, the shows they are linked to and these other
    shows until the transaction ends: nobody else decides about them or saves their
    tickets.
    """
    wanted = list(occurrence_ids)
    event_ids = select(occurrences.c.event_id).where(occurrences.c.id.in_(wanted))
    is_linked = shows.c.id.in_(
        select(show_links.c.show_id).where(show_links.c.occurrence_id.in_(wanted))
    )
    linked_shows = select(shows.c.id).where(is_linked | shows.c.id.in_(list(show_ids)))
    row_locks.lock(connection, events, event_ids)
    row_locks.lock(connection, occurrences, wanted)
    row_locks.lock(connection, shows, linked_shows)


def save_links(
    connection: Connection,
    pairs: Iterable[Pair],
    *,
    decided_by: str,
    batch: str,
    now: datetime,
) -> int:
    """
    Link those pairs that are not linked yet; returns how many these are.

    Raises: `UsageError` (`linked-already`) where an occurrence is linked to another
    show, `GuardRefused` (`guard-books`) where our own box office sells it for another
    one, `NotFound` where there is no such occurrence.
    """
    pairs = list(pairs)
    ids = [pair.occurrence_id for pair in pairs]
    lock_occurrences(connection, ids, [pair.show_id for pair in pairs])
    linked_shows = _read_linked_shows(connection, ids)
    occurrences = _read_occurrences(connection, ids)
    missing: list[Pair] = []
    for pair in pairs:
        if pair.occurrence_id in occurrences:
            sold_for = occurrences[pair.occurrence_id].sold_for
            own_sales.refuse_other_show(sold_for, pair.show_id)
        if _is_missing(pair, linked_shows):
            if pair.occurrence_id not in occurrences:
                raise no_such_occurrence(pair.occurrence_id)
            linked_shows[pair.occurrence_id] = pair.show_id
            missing.append(pair)
    decision = {"decided_by": decided_by, "batch": batch, "created_at": now}
    rows = [
        {
            **decision,
            "show_id": pair.show_id,
            "occurrence_id": pair.occurrence_id,
            "reason": pair.reason,
            "basis": pair.basis,
            "starts_at": occurrences[pair.occurrence_id].starts_at,
        }
        for pair in missing
    ]
    if rows:
        connection.execute(insert(show_links), rows)
        event_ids = {pair: occurrences[pair.occurrence_id].event_id for pair in missing}
        _link_productions(connection, event_ids, now)
        _record_links(connection, missing)
    return len(missing)


def _is_missing(pair: Pair, linked_shows: Mapping[int, int]) -> bool:
    linked = linked_shows.get(pair.occurrence_id)
    if linked is None or linked == pair.show_id:
        return linked is None
    raise errors.UsageError(
        f"That date is linked to show {linked} already.",
        hint=f"Run `ticketsync unlink {pair.occurrence_id}` first.",
        word="linked-already",
    )


def _read_linked_shows(
    connection: Connection, occurrence_ids: Iterable[int]
) -> dict[int, int]:
    """
    The show that each of these occurrences is linked to, where it is linked.
    """
    query = select(show_links.c.occurrence_id, show_links.c.show_id)
    rows = rows_among(connection, query, show_links.c.occurrence_id, occurrence_ids)
    return {int(row.occurrence_id): int(row.show_id) for row in rows}


def _read_occurrences(
    connection: Connection, occurrence_ids: Iterable[int]
) -> dict[int, Any]:
    """
    Event and start of each of these occurrences, and the show that our own box office
    sells it for, `None` where it does not.
    """
    columns = (occurrences.c.id, occurrences.c.event_id, occurrences.c.starts_at)
    is_sold = boxoffice_shows.c.occurrence_id == occurrences.c.id
    query = select(*columns, boxoffice_shows.c.show_id.label("sold_for")).outerjoin(
        boxoffice_shows, is_sold
    )
    rows = rows_among(connection, query, occurrences.c.id, occurrence_ids)
    return {int(row.id): row for row in rows}


def _link_productions(
    connection: Connection, event_ids: Mapping[Pair, int], now: datetime
) -> None:
    """
    A linked occurrence says which production its event is, unless that is known.
    """
    query = select(shows.c.id, shows.c.production_id)
    show_ids = (pair.show_id for pair in event_ids)
    production_of_show = dict(rows_among(connection, query, shows.c.id, show_ids))
    by_event: dict[int, int] = {}
    for pair, event_id in event_ids.items():
        by_event.setdefault(event_id, production_of_show[pair.show_id])
    insert_all_new(
        connection,
        production_links,
        [
            {"production_id": production_id, "event_id": event_id, "created_at": now}
            for event_id, production_id in by_event.items()
        ],
    )


def _record_links(connection: Connection, made: Iterable[Pair]) -> None:
    """
    Who made these links, for the audit trail.
    """
    reasons = {pair.occurrence_id: pair.reason for pair in made}
    links = read_links(connection, show_links.c.occurrence_id.in_(list(reasons)))
    audit.record(
        connection,
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
    connection: Connection,
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
    insert_new(connection, refusals, {**row, "created_at": now})
    name = _name_of_occurrence(connection, occurrence_id)
    audit.record(
        connection,
        Decision(
            "refuse", "occurrence", name, occurrence_id, after={"show_id": show_id}
        ),
    )


def list_refusals(connection: Connection) -> set[tuple[int, int | None]]:
    """
    The refused pairs: occurrence and show, or no show where it never is one.
    """
    rows = connection.execute(select(refusals.c.occurrence_id, refusals.c.show_id))
    return {(int(occurrence), show) for occurrence, show in rows}


def get_show_ids(connection: Connection, occurrence_ids: Iterable[int]) -> set[int]:
    """
    The shows that any of these occurrences is linked to.
    """
    return set(_read_linked_shows(connection, occurrence_ids).values())


@dataclass(frozen=True, slots=True)
class OwnCapacity:
    """
    The seats that a show of ours says it has; `id` is ours.
    """

    id: int
    capacity: int


def get_own_capacities(
    connection: Connection, occurrence_ids: Iterable[int]
) -> dict[int, OwnCapacity]:
    """
    The seats of the show that each of these occurrences is linked to, where the show
    says them.
    """
    query = (
        select(show_links.c.occurrence_id, shows.c.id, shows.c.capacity)
        .join(shows, shows.c.id == show_links.c.show_id)
        .where(
            show_links.c.occurrence_id.in_(list(occurrence_ids)), shows.c.capacity > 0
        )
    )
    return {row[0]: OwnCapacity(row[1], row[2]) for row in connection.execute(query)}


def get_show_ids_of_event(connection: Connection, event_id: int) -> set[int]:
    """
    The shows that any occurrence of an event is linked to.
    """
    rows = connection.execute(
        select(show_links.c.show_id)
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .where(occurrences.c.event_id == event_id)
    )
    return {int(row.show_id) for row in rows}


def get_occurrence_ids_of_event(connection: Connection, event_id: int) -> list[int]:
    query = select(occurrences.c.id).where(occurrences.c.event_id == event_id)
    return list(connection.scalars(query))


def get_start(connection: Connection, occurrence_id: int) -> datetime:
    """
    When an occurrence starts.

    Raises: `NotFound` where there is no such occurrence.
    """
    query = select(occurrences.c.starts_at).where(occurrences.c.id == occurrence_id)
    found: datetime | None = connection.scalar(query)
    if found is None:
        raise no_such_occurrence(occurrence_id)
    return found


def set_link_status(
    connection: Connection, occurrence_ids: Iterable[int], status: str
) -> None:
    """
    Record how the last read of these occurrences ended, where that has changed.
    """
    query = select(show_links.c.id).where(
        show_links.c.status.not_in((status, "conflict"))
    )
    rows = rows_among(connection, query, show_links.c.occurrence_id, occurrence_ids)
    stale = [row.id for row in rows]
    row_locks.lock(connection, show_links, stale)
    if stale:
        connection.execute(
            update(show_links)
            .where(show_links.c.id.in_(stale), show_links.c.status != "conflict")
            .values(status=status)
        )


def remove_account_links(connection: Connection, account_id: int) -> None:
    """
    Remove all links and refusals of an account's occurrences, and the production links
    of its events.
    """
    of_account = select(occurrences.c.id).where(occurrences.c.account_id == account_id)
    remove_links(connection, show_links.c.occurrence_id.in_(of_account))
    remove_refusals(connection, refusals.c.occurrence_id.in_(of_account))
    event_ids = select(events.c.id).where(events.c.account_id == account_id)
    connection.execute(
        delete(production_links).where(production_links.c.event_id.in_(event_ids))
    )


def read_links(connection: Connection, *where: ColumnElement[bool]) -> Sequence[Any]:
    """
    These links with the names of their occurrences.
    """
    query = (
        select(
            show_links.c.id,
            show_links.c.occurrence_id,
            occurrences.c.name,
            occurrences.c.starts_local,
            show_links.c.show_id,
            show_links.c.decided_by,
            show_links.c.status,
            show_links.c.starts_at,
            show_links.c.sync_enabled,
            show_links.c.sync_ticket_sales,
        )
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .where(*where)
        .order_by(occurrences.c.id)
    )
    return connection.execute(query).all()


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


def remove_links(connection: Connection, *where: ColumnElement[bool]) -> list[int]:
    """
    Remove these links and record that; returns the show of each.
    """
    links = read_links(connection, *where)
    connection.execute(delete(show_links).where(*where))
    audit.record(
        connection,
        *(link_decision("unlink", link, before=_values(link)) for link in links),
    )
    return [int(link.show_id) for link in links]


def remove_refusals(connection: Connection, *where: ColumnElement[bool]) -> int:
    """
    Remove these refusals and record that; returns how many dates they were about.
    """
    query = (
        select(
            refusals.c.occurrence_id,
            occurrences.c.name,
            occurrences.c.starts_local,
            occurrences.c.event_id,
            occurrences.c.starts_at,
            occurrences.c.is_dated,
            refusals.c.show_id,
        )
        .join(occurrences, occurrences.c.id == refusals.c.occurrence_id)
        .where(*where)
    )
    rows = connection.execute(query).all()
    connection.execute(delete(refusals).where(*where))
    audit.record(
        connection,
        *(
            link_decision("take refusal back", row, before={"show_id": row.show_id})
            for row in rows
        ),
    )
    return len(group_parts(rows, date_key))


def date_key(row: Any) -> DateKey | None:
    """
    What a row about an occurrence has in common with those of the other parts of its
    date; `None` without a date. Our ids of events are those of one account.
    """
    if not row.is_dated:
        return None
    return DateKey("", row.event_id, row.starts_at, row.show_id)


def _values(link: Any) -> dict[str, Any]:
    return {"show_id": link.show_id, "decided_by": link.decided_by}


def _name_of_occurrence(connection: Connection, occurrence_id: int) -> str:
    query = select(occurrences.c.name, occurrences.c.starts_local).where(
        occurrences.c.id == occurrence_id
    )
    row = connection.execute(query).first()
    return "" if row is None else f"{row.name} {row.starts_local}"
