"""
Which occurrence was linked to which show, and whether its sales counted, at every
instant.

What counts depends on switches in four tables (`store.counted`). So no writer of them
records anything: at the end of a transaction that wrote to one of them, the present
state of every link is compared with the one recorded last, and what differs is
recorded. `engine.Database.write` does so, see `link_writes`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Select,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    union_all,
)

from ticketsync.store import counted, row_digests
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.past_links import past_show_links

_LOCK = 0x7469636B_6C696E6B  # of PostgreSQL: whoever compares and records
_STATE = ("show_id", "sync_enabled", "sync_ticket_sales", "is_excluded")


def record(connection: Connection, now: datetime) -> None:
    """
    Record what is different since it was recorded last.
    """
    if connection.dialect.name == "postgresql":
        # Two that compare side by side would not see what the other one changed.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    differing = connection.execute(_differing()).all()
    recorded = [row for row in differing if row.recorded is not None]
    lasted = [it.recorded for it in recorded if it.known_from < now]
    brief = [it.recorded for it in recorded if it.known_from >= now]
    if lasted:
        is_among = past_show_links.c.id.in_(lasted)
        ended = {"known_until": now}
        row_digests.rewrite(connection, past_show_links, is_among, ended)
    if brief:
        connection.execute(
            delete(past_show_links).where(past_show_links.c.id.in_(brief))
        )
    rows = [
        {
            "occurrence_id": row.occurrence_id,
            **{name: getattr(row, name) for name in _STATE},
            "known_from": max(now, row.known_from or now),
        }
        for row in differing
        if row.is_linked
    ]
    if rows:
        digested = [row_digests.with_digest(past_show_links, row) for row in rows]
        connection.execute(insert(past_show_links), digested)


def _present() -> Select[Any]:
    """
    Every link with what counts of it now.
    """
    return select(
        show_links.c.occurrence_id,
        show_links.c.show_id,
        case((counted.is_followed(), 1), else_=0).label("sync_enabled"),
        case((counted.brings_sales(), 1), else_=0).label("sync_ticket_sales"),
        case((counted.takes_part(), 0), else_=1).label("is_excluded"),
    ).select_from(counted.links_and_shows())


def _differing() -> CompoundSelect[Any]:
    """
    The links that are not as they were recorded last, with that record, and the records
    of links that there are no longer.
    """
    present, last = _present().subquery("present"), past_show_links.alias("last")
    is_last = last.c.known_until.is_(None)
    changed = (
        select(
            literal(1).label("is_linked"),
            *present.c,
            last.c.id.label("recorded"),
            last.c.known_from,
        )
        .outerjoin(last, (last.c.occurrence_id == present.c.occurrence_id) & is_last)
        .where(
            or_(
                last.c.id.is_(None),
                *(last.c[name].is_distinct_from(present.c[name]) for name in _STATE),
            )
        )
    )
    linked = select(show_links.c.occurrence_id)
    ended = select(
        literal(0),
        last.c.occurrence_id,
        *(func.nullif(last.c[name], last.c[name]) for name in _STATE),
        last.c.id,
        last.c.known_from,
    ).where(is_last, last.c.occurrence_id.not_in(linked))
    return union_all(changed, ended)
