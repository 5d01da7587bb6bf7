"""
When the orders of each linked occurrence were last read, and what went wrong last.

A complete run of the account reads all of them and is on record as a run: it writes
nothing here. What only reads some (a webhook, a run that did not finish) notes its time
with the link.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.store import account_health_rules, row_locks
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.upsert import rows_among


def list_last_reads(
    connection: Connection, found: Sequence[LinkedOccurrence]
) -> dict[int, datetime | None]:
    """
    When orders of each of these occurrences were last read, by our id: by the account's
    last complete run or later by something else. `None` where they never were.
    """
    complete = _last_complete_runs(connection, {o.account_id for o in found})
    return {o.id: _last_read(o, complete.get(o.account_id)) for o in found}


def _last_read(
    occurrence: LinkedOccurrence, complete_at: datetime | None
) -> datetime | None:
    if occurrence.show_id is not None and not occurrence.is_followed:
        complete_at = None  # runs leave it out
    known = [
        at for at in (occurrence.last_partial_read_at, complete_at) if at is not None
    ]
    return max(known, default=None)


def _last_complete_runs(
    connection: Connection, account_ids: Iterable[int]
) -> dict[int, datetime]:
    complete = account_health_rules.complete_reads()
    rows = rows_among(connection, select(complete), complete.c.account_id, account_ids)
    return {int(row.account_id): row.at for row in rows if row.at is not None}


def note_read(
    connection: Connection, occurrence_ids: Iterable[int], now: datetime
) -> None:
    """
    Note that orders of these occurrences were read now.
    """
    wanted = list(set(occurrence_ids))
    query = select(show_links.c.id)
    rows = rows_among(connection, query, show_links.c.occurrence_id, wanted)
    ids = [row.id for row in rows]
    row_locks.lock(connection, show_links, ids)
    if ids:
        connection.execute(
            update(show_links).where(show_links.c.id.in_(ids)).values(last_read_at=now)
        )


def set_problems(
    connection: Connection, problems: Mapping[int, str], now: datetime
) -> None:
    """
    Note what went wrong with these occurrences, by our id; `""` where they were read
    well. Unchanged ones are not written.
    """
    query = select(show_links.c.id, show_links.c.occurrence_id, show_links.c.problem)
    rows = rows_among(connection, query, show_links.c.occurrence_id, problems)
    changed = {
        row.id: problems[row.occurrence_id]
        for row in rows
        if row.problem != problems[row.occurrence_id]
    }
    row_locks.lock(connection, show_links, changed)
    for link_id, problem in changed.items():
        connection.execute(
            update(show_links)
            .where(show_links.c.id == link_id)
            .values(problem=problem, problem_at=now if problem else None)
        )
