"""
Whether two productions or two venues can become one: no two of their shows may then be
of one production at one place and time.
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection, select

from ticketsync.core import errors
from ticketsync.store.tables.catalogue import shows

NAMED = 3  # pairs that the message names


def refuse_same_shows(
    connection: Connection,
    merged: Literal["production_id", "venue_id"],
    source: int,
    target: int,
    *,
    clash: str,
) -> None:
    """
    Check that no show of the first is one of the second, too, once what `merged` names
    is the same; `clash` begins the message.

    Raises: `UsageError` with the first pairs.
    """
    kept = "venue_id" if merged == "production_id" else "production_id"
    ours, theirs = shows.alias(), shows.alias()
    is_same = (theirs.c[kept] == ours.c[kept]) & (
        theirs.c.starts_at == ours.c.starts_at
    )
    pairs = connection.execute(
        select(ours.c.id, theirs.c.id.label("other"), ours.c.starts_local)
        .join(theirs, is_same)
        .where(ours.c[merged] == source, theirs.c[merged] == target)
        .order_by(ours.c.starts_at, ours.c.id)
    ).all()
    if pairs:
        named = ", ".join(
            f"{row.starts_local} (shows {row.id} and {row.other})"
            for row in pairs[:NAMED]
        )
        raise errors.UsageError(
            f"{clash} at {named}{' …' if len(pairs) > NAMED else ''}.",
            hint="Unlink and remove one of each pair first.",
        )
