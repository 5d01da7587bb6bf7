"""
Occurrences that were rescheduled: whether their shows move along.

An adopted show moves along once all its platforms report the same time; while they
contradict each other it stays, and so it does where the move is more than a day: the
link keeps the time it was made for and waits for a person (`conflict`). A show from the
venue's own list keeps its time. Where a person moves a show, the dates that stay behind
wait in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from ticketsync.core.listed_dates import DateKey
from ticketsync.store import audit, counted, row_locks
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import occurrences, show_links
from ticketsync.store.tables.catalogue import shows as shows_table

LARGEST_MOVE = timedelta(hours=24)  # a person has to confirm a larger one


def follow_moves(connection: Connection, moved: dict[int, datetime]) -> list[str]:
    """
    Apply the new times of occurrences (by our id) to their links and shows; returns
    what happened, in words, once for all parts of a date that moved together.
    """
    linked_shows = select(show_links.c.show_id).where(
        show_links.c.occurrence_id.in_(list(moved))
    )
    # Their time is part of a unique key.
    row_locks.lock_keys(connection, shows_table, linked_shows)
    notes: dict[tuple[DateKey, datetime], str] = {}
    for occurrence_id, starts_at in moved.items():
        link = _read_followed_link(connection, occurrence_id)
        if link is not None:
            date = DateKey(link.account, link.event_id, starts_at, link.show_id)
            note = _follow_move(connection, link, starts_at)
            notes.setdefault((date, link.starts_at), note)
    return [*notes.values()]


def _follow_move(connection: Connection, link: Any, starts_at: datetime) -> str:
    """
    Apply one new time; returns what happened.
    """
    before = shows.local_text(link.starts_at, link.timezone)
    after = shows.local_text(starts_at, link.timezone)
    change = f"{link.name}: rescheduled from {before} to {after}"
    conflict = _why_show_stays(connection, link, starts_at)
    is_adopted = link.decided_by == "adopted"
    if conflict:
        change += f"; {conflict}"
    elif is_adopted:
        shows.move_show(connection, link.show_id, starts_at)
    connection.execute(
        update(show_links)
        .where(show_links.c.id == link.id)
        .values(
            reason=change,
            status="conflict" if conflict else _settled_status(link, starts_at),
            starts_at=link.starts_at if conflict else starts_at,
        )
    )
    if is_adopted and not conflict:
        _settle_other_links(connection, link.show_id, starts_at)
    return change


def confirm_move(connection: Connection, occurrence_id: int) -> None:
    """
    A person confirms that a moved occurrence still is the same show. An adopted show
    moves along, unless another platform reports another time.

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
        is_free = not shows.is_taken(connection, link.show_id, starts_at)
        can_follow = link.decided_by == "adopted" and is_free
        if can_follow and not _other_times(connection, link, starts_at):
            shows.move_show(connection, link.show_id, starts_at)
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


def _read_followed_link(connection: Connection, occurrence_id: int) -> Any:
    query = (
        select(
            show_links,
            occurrences.c.name,
            occurrences.c.timezone,
            occurrences.c.event_id,
            accounts.c.name.label("account"),
        )
        .select_from(counted.followed_links())
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .join(accounts, accounts.c.id == occurrences.c.account_id)
        .where(show_links.c.occurrence_id == occurrence_id)
    )
    return connection.execute(query).first()


def _settled_status(link: Any, starts_at: datetime) -> str:
    """
    The status of a link without a conflict: one that came back to the time it was made
    for is as good as it was.
    """
    is_back = link.status == "conflict" and link.starts_at == starts_at
    is_synced = is_back or link.decided_by == "adopted"
    return "synced" if is_synced else str(link.status)


def _why_show_stays(connection: Connection, link: Any, starts_at: datetime) -> str:
    """
    Why a show does not follow this move, and what a person can do; `""` if it does.
    """
    if shows.get_show(connection, link.show_id).starts_at == starts_at:
        return ""
    confirm = f"run `ticketsync link {link.occurrence_id} {link.show_id}` to confirm"
    if abs(starts_at - link.starts_at) > LARGEST_MOVE:
        return confirm
    if link.decided_by != "adopted":
        return ""
    others = _other_times(connection, link, starts_at)
    if others:
        return (
            f"{' and '.join(others)}: the show stays; correct the platform that is "
            f"wrong, or {confirm}"
        )
    if shows.is_taken(connection, link.show_id, starts_at):
        return f"another show of yours starts then: the show stays; {confirm}"
    return ""


def _other_times(connection: Connection, link: Any, starts_at: datetime) -> list[str]:
    """
    The other platforms of a show that report another time, with that time.
    """
    found = [
        f"{row.name} still says {row.starts_local}"
        for row in _listed_dates(connection, link.show_id)
        if row.id != link.id and row.starts_at != starts_at
    ]
    return [*dict.fromkeys(found)]  # the parts of a date say the same


def _listed_dates(connection: Connection, show_id: int) -> Sequence[Any]:
    """
    The links of a show whose dates are listed still: the link's id, the account's name
    and the start.
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
