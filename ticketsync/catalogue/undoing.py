"""
Taking decisions back: one pair, one occurrence, or the last batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from ticketsync.catalogue.links import lock_occurrences, remove_links, remove_refusals
from ticketsync.store import counted
from ticketsync.store.tables.catalogue import (
    occurrences,
    production_links,
    refusals,
    show_links,
)
from ticketsync.store.upsert import insert_new


@dataclass(frozen=True, slots=True)
class UndoneDecision:
    """
    The batch that was undone: how many links and refusals it had made, and the shows
    that lost their links.
    """

    batch: str
    links: int
    refusals: int
    show_ids: tuple[int, ...]


def unlink_occurrence(
    connection: Connection, occurrence_id: int, now: datetime
) -> int | None:
    """
    Unlink an occurrence, so that the pair is not proposed again; returns the show that
    it fed, or `None`.
    """
    lock_occurrences(connection, [occurrence_id])
    removed = remove_links(connection, show_links.c.occurrence_id == occurrence_id)
    remove_unused_production_links(connection)
    if not removed:
        return None
    row = {"occurrence_id": occurrence_id, "show_id": removed[0], "batch": ""}
    insert_new(connection, refusals, {**row, "created_at": now})
    return removed[0]


def undo_decisions(
    connection: Connection, occurrence_ids: Iterable[int], batch: str
) -> set[int]:
    """
    Undo what one batch decided about these occurrences; returns the shows they fed.
    """
    wanted = list(occurrence_ids)
    lock_occurrences(connection, wanted)
    show_ids = remove_links(
        connection, show_links.c.batch == batch, show_links.c.occurrence_id.in_(wanted)
    )
    remove_refusals(
        connection, refusals.c.batch == batch, refusals.c.occurrence_id.in_(wanted)
    )
    remove_unused_production_links(connection)
    return set(show_ids)


def undo_last_batch(connection: Connection) -> UndoneDecision | None:
    """
    Undo the last batch of decisions, or return `None` if there is none.
    """
    latest = [
        connection.execute(
            select(table.c.created_at, table.c.batch)
            .where(table.c.batch != "")
            .order_by(table.c.created_at.desc(), table.c.id.desc())
            .limit(1)
        ).first()
        for table in (show_links, refusals)
    ]
    batches = [(row.created_at, row.batch) for row in latest if row is not None]
    if not batches:
        return None
    batch = max(batches)[1]
    linked = select(show_links.c.occurrence_id).where(show_links.c.batch == batch)
    lock_occurrences(connection, connection.scalars(linked))
    show_ids = remove_links(connection, show_links.c.batch == batch)
    removed_refusals = remove_refusals(connection, refusals.c.batch == batch)
    remove_unused_production_links(connection)
    return UndoneDecision(
        batch, len(show_ids), removed_refusals, tuple(sorted(set(show_ids)))
    )


def remove_unused_production_links(connection: Connection) -> None:
    """
    An event none of whose occurrences feeds a show any more belongs to no production:
    otherwise a pair that was taken back would go on deciding about the next. What a
    person has set for an event stays.
    """
    in_use = select(occurrences.c.event_id).join(
        show_links, show_links.c.occurrence_id == occurrences.c.id
    )
    connection.execute(
        delete(production_links).where(
            production_links.c.type_map == "{}",
            production_links.c.field_map == "{}",
            counted.is_event_on(),
            production_links.c.event_id.not_in(in_use),
        )
    )
