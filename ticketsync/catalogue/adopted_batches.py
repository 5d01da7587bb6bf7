"""
What one adoption made, so that it can be undone: its links are in `show_links`, and the
audit trail has the reason of each, which says whether the show was new.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from ticketsync.catalogue import dependents, undoing
from ticketsync.catalogue.adopting import ADOPTED
from ticketsync.catalogue.links import lock_occurrences, remove_links
from ticketsync.catalogue.own_sales import is_own_sale
from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.store import audit
from ticketsync.store.audit import Decision
from ticketsync.store.tables.audit import audit as audit_table
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import production_links, productions, show_links
from ticketsync.store.tables.catalogue import shows as shows_table
from ticketsync.store.tables.door import scans
from ticketsync.store.upsert import rows_among

PREFIX = "adopt-"
# Earlier names had no date, and their reasons do not say which shows were new.
_DATED = re.compile(PREFIX + r"\d{8}-")


@dataclass(frozen=True, slots=True)
class AdoptedBatch:
    """
    One adoption as far as it still stands: its links by occurrence, the shows they
    are to, those of them that it made and that no closed month has lines of, and those
    whose guests have been scanned, which stay as they are.
    """

    batch: str
    occurrence_ids: tuple[int, ...]
    show_ids: frozenset[int]
    made: frozenset[int]
    scanned: frozenset[int]


def get_batch(connection: Connection, batch: str = "") -> AdoptedBatch:
    """
    The adoption of that name, or the last one.

    Raises: `NotFound` where there is none, or nothing of it is left.
    """
    name = batch or _last(connection)
    query = select(show_links.c.occurrence_id, show_links.c.show_id).where(
        show_links.c.batch == name, ~is_own_sale()
    )
    links = connection.execute(query).all() if name.startswith(PREFIX) else []
    if not links:
        raise errors.NotFound(
            f"There is no adoption {safe(batch)!r} to undo."
            if batch
            else "There is no adoption to undo.",
            hint="See `ticketsync audit list`.",
        )
    show_ids = frozenset(int(row.show_id) for row in links)
    has_scans = select(scans.c.show_id).where(scans.c.show_id.in_(show_ids)).distinct()
    scanned = frozenset(connection.scalars(has_scans))
    made = show_ids & _made(connection, [row.occurrence_id for row in links])
    made -= dependents.list_closed(connection, made)
    is_dated = _DATED.match(name) is not None
    ids = tuple(int(row.occurrence_id) for row in links if row.show_id not in scanned)
    return AdoptedBatch(name, ids, show_ids, made if is_dated else frozenset(), scanned)


def _last(connection: Connection) -> str:
    query = (
        select(show_links.c.batch)
        .where(show_links.c.batch.startswith(PREFIX), ~is_own_sale())
        .order_by(show_links.c.created_at.desc(), show_links.c.id.desc())
        .limit(1)
    )
    return str(connection.scalar(query) or "")


def _made(connection: Connection, occurrence_ids: Iterable[int]) -> set[int]:
    """
    The shows that were made when these occurrences were linked last: earlier entries
    are about other links, and may be about another show of that id.
    """
    query = (
        select(audit_table.c.subject_id, audit_table.c.after)
        .where(audit_table.c.kind == "occurrence", audit_table.c.action == "link")
        .order_by(audit_table.c.id)
    )
    rows = rows_among(connection, query, audit_table.c.subject_id, occurrence_ids)
    latest = {row.subject_id: json.loads(row.after) for row in rows}
    return {link["show_id"] for link in latest.values() if link.get("why") == ADOPTED}


def unlink(connection: Connection, adopted: AdoptedBatch) -> list[int]:
    """
    Remove the links of an adoption; returns the shows it made that nothing is linked to
    any more and that our own box office does not sell.
    """
    lock_occurrences(connection, adopted.occurrence_ids)
    remove_links(
        connection,
        show_links.c.batch == adopted.batch,
        show_links.c.occurrence_id.in_(adopted.occurrence_ids),
    )
    undoing.remove_unused_production_links(connection)
    in_use = select(show_links.c.show_id)
    query = select(shows_table.c.id).where(
        shows_table.c.id.in_(adopted.made - adopted.scanned),
        shows_table.c.id.not_in(in_use),
        shows_table.c.id.not_in(select(boxoffice_shows.c.show_id)),
    )
    return list(connection.scalars(query))


def remove_empty_productions(connection: Connection, titles: Iterable[str]) -> None:
    """
    Remove those of these productions that have neither shows nor events any more.
    """
    query = select(productions.c.id, productions.c.title).where(
        productions.c.title.in_(sorted(set(titles))),
        productions.c.id.not_in(select(shows_table.c.production_id)),
        productions.c.id.not_in(select(production_links.c.production_id)),
    )
    rows = connection.execute(query).all()
    ids = [row.id for row in rows]
    connection.execute(delete(productions).where(productions.c.id.in_(ids)))
    audit.record_all(
        connection,
        [
            Decision("remove", "production", row.title, row.id, {"title": row.title})
            for row in rows
        ],
    )
