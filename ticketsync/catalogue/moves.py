"""
Occurrences that were rescheduled: whether their shows move along.

An adopted show moves along once all its platforms report the same time; while they
contradict each other it stays, and so it does where the move is more than a day. A show
from the venue's own list keeps its time. A date that is then at another time than its
show waits for a person (`conflict`), however small the difference is, and its link
keeps the time it was made for: `is_at_another_time` is the rule. Where a person moves a
show, the dates that stay behind wait in the same way. Our own box office lists a show
when it starts, and is never asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from ticketsync.catalogue import shows
from ticketsync.catalogue.links import (
    get_start,
    link_decision,
    lock_occurrences,
    read_links,
)
from ticketsync.core import clock
from ticketsync.store import audit, counted, row_locks
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import occurrences, show_links
from ticketsync.store.tables.catalogue import shows as shows_table
from ticketsync.store.upsert import rows_among

LARGEST_MOVE = timedelta(hours=24)  # a person has to confirm a larger one


@dataclass(frozen=True, slots=True)
class Move:
    """
    A linked date (our id) that its platform lists at another time now, and when its
    show (our id) started before that was read.
    """

    occurrence_id: int
    show_id: int
    show_was_at: datetime


def follow_moves(connection: Connection, moved: dict[int, datetime]) -> list[Move]:
    """
    Apply the new times of occurrences (by our id) to their links and shows; returns
    those that are linked to a show. `move_notes` puts them into words.
    """
    linked_shows = select(show_links.c.show_id).where(
        show_links.c.occurrence_id.in_(list(moved))
    )
    # Their time is part of a unique key.
    row_locks.lock_keys(connection, shows_table, linked_shows)
    found: list[Move] = []
    for occurrence_id, starts_at in moved.items():
        link = _read_followed_link(connection, occurrence_id)
        if link is not None:
            show = shows.get_show(connection, link.show_id)
            found.append(Move(occurrence_id, link.show_id, show.starts_at))
            _follow_move(connection, link, starts_at)
    return found


def _follow_move(connection: Connection, link: Any, starts_at: datetime) -> None:
    """
    Apply one new time.
    """
    if _can_show_follow(connection, link, starts_at):
        shows.move_show(connection, link.show_id, starts_at)
        _settle_other_links(connection, link.show_id, starts_at)
    show = shows.get_show(connection, link.show_id)
    waits = is_at_another_time(starts_at, link.starts_at, show.starts_at)
    after = clock.local_text(starts_at, link.timezone)
    connection.execute(
        update(show_links)
        .where(show_links.c.id == link.id)
        .values(
            reason=f"{link.account} lists it at {after} now",
            status="conflict" if waits else _settled_status(link),
            starts_at=link.starts_at if waits else starts_at,
        )
    )


def is_at_another_time(
    listed: datetime, agreed: datetime, show_starts_at: datetime
) -> bool:
    """
    The rule by which a linked date waits for a person: it is listed neither when its
    show starts nor at the time for which it was linked or confirmed.
    """
    return listed not in (agreed, show_starts_at)


def confirm_move(connection: Connection, occurrence_id: int) -> None:
    """
    A person confirms that a moved occurrence still is the same show. A show that
    follows its platforms moves along, unless another one reports another time.

    Raises: `NotFound` where there is no such occurrence.
    """
    lock_occurrences(connection, [occurrence_id])
    starts_at = get_start(connection, occurrence_id)
    for link in read_links(connection, show_links.c.occurrence_id == occurrence_id):
        before = {"starts_at": link.starts_at, "status": link.status}
        after = {"starts_at": starts_at, "status": "synced"}
        audit.record(
            connection, link_decision("confirm", link, before=before, after=after)
        )
        if link.status == "conflict" and _can_follow(connection, link, starts_at):
            shows.move_show(connection, link.show_id, starts_at)
            _settle_other_links(connection, link.show_id, starts_at)
    connection.execute(
        update(show_links)
        .where(show_links.c.occurrence_id == occurrence_id)
        .values(status="synced", decided_by="person", starts_at=starts_at)
    )


def follow_show(
    connection: Connection, show_id: int, before: datetime, after: datetime
) -> None:
    """
    A person gave a show of ours another start. Links of dates that are further away
    from it now wait for a person, or for their platform to move along by as much.
    """
    for row in _listed_dates(connection, show_id):
        if abs(row.starts_at - after) <= abs(row.starts_at - before):
            continue
        connection.execute(
            update(show_links)
            .where(show_links.c.id == row.id)
            .values(
                status="conflict",
                starts_at=row.starts_at + (after - before),
                reason=f"the show was moved, {row.name} still says {row.starts_local}",
            )
        )
    _settle_other_links(connection, show_id, after)


def find_unfollowed(connection: Connection, show_ids: Iterable[int]) -> None:
    """
    Let dates of these shows wait that were moved while their links were switched off.
    """
    query = (
        select(
            show_links.c.id,
            show_links.c.starts_at.label("agreed"),
            occurrences.c.starts_at.label("listed"),
            shows_table.c.starts_at.label("show_starts_at"),
        )
        .select_from(counted.followed_links())
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .where(
            occurrences.c.gone_since.is_(None),
            occurrences.c.id.not_in(select(boxoffice_shows.c.occurrence_id)),
        )
    )
    rows = rows_among(connection, query, show_links.c.show_id, show_ids)
    found = [
        row.id
        for row in rows
        if is_at_another_time(row.listed, row.agreed, row.show_starts_at)
    ]
    if found:
        connection.execute(
            update(show_links)
            .where(show_links.c.id.in_(found))
            .values(status="conflict")
        )


def _read_followed_link(connection: Connection, occurrence_id: int) -> Any:
    query = (
        select(
            show_links,
            occurrences.c.name,
            occurrences.c.timezone,
            accounts.c.name.label("account"),
        )
        .select_from(counted.followed_links())
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .join(accounts, accounts.c.id == occurrences.c.account_id)
        .where(show_links.c.occurrence_id == occurrence_id)
    )
    return connection.execute(query).first()


def _settled_status(link: Any) -> str:
    """
    The status of a link that does not wait.
    """
    is_synced = link.status == "conflict" or link.decided_by == "adopted"
    return "synced" if is_synced else str(link.status)


def _can_show_follow(connection: Connection, link: Any, starts_at: datetime) -> bool:
    """
    Whether a show moves along with this date without a person.
    """
    is_near = abs(starts_at - link.starts_at) <= LARGEST_MOVE
    return is_near and _can_follow(connection, link, starts_at)


def _can_follow(connection: Connection, link: Any, starts_at: datetime) -> bool:
    """
    Whether a show was adopted, and may start when all its platforms list it.
    """
    return (
        _is_adopted(connection, link.show_id)
        and not list_other_times(connection, link.show_id, starts_at)
        and not shows.is_taken(connection, link.show_id, starts_at)
    )


def _is_adopted(connection: Connection, show_id: int) -> bool:
    """
    Whether a show follows its platforms: a date of it was adopted. Which one of its
    platforms is the last to move makes no difference.
    """
    query = (
        select(show_links.c.id)
        .select_from(counted.followed_links())
        .where(show_links.c.show_id == show_id, show_links.c.decided_by == "adopted")
    )
    return connection.execute(query).first() is not None


def list_other_times(
    connection: Connection, show_id: int, starts_at: datetime
) -> list[Any]:
    """
    The listed dates of a show that start at another time: the account's `name` and
    `starts_local`, each once.
    """
    found = {
        (row.name, row.starts_local): row
        for row in _listed_dates(connection, show_id)
        if row.starts_at != starts_at
    }
    return [*found.values()]  # the parts of a date say the same


def _listed_dates(connection: Connection, show_id: int) -> Sequence[Any]:
    """
    The links of a show whose dates platforms list still: the link's id, the account's
    name and the start.
    """
    return connection.execute(
        select(
            show_links.c.id,
            accounts.c.name,
            occurrences.c.starts_at,
            occurrences.c.starts_local,
        )
        .select_from(counted.followed_links())
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .join(accounts, accounts.c.id == occurrences.c.account_id)
        .where(
            show_links.c.show_id == show_id,
            occurrences.c.gone_since.is_(None),
            occurrences.c.is_dated,
            occurrences.c.id.not_in(select(boxoffice_shows.c.occurrence_id)),
        )
        .order_by(accounts.c.name, occurrences.c.id)
    ).all()


def _settle_other_links(
    connection: Connection, show_id: int, starts_at: datetime
) -> None:
    """
    Links of a show whose occurrences start when it does now are in conflict no longer.
    """
    agreeing = select(occurrences.c.id).where(occurrences.c.starts_at == starts_at)
    connection.execute(
        update(show_links)
        .where(
            show_links.c.show_id == show_id,
            show_links.c.status == "conflict",
            show_links.c.occurrence_id.in_(agreeing),
        )
        .values(status="synced", starts_at=starts_at)
    )
