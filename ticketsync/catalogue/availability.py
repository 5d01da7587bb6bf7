"""
How many tickets each occurrence has left to sell, as far as its platform reports it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.store.tables.catalogue import ticket_types
from ticketsync.store.upsert import rows_among


def list_available(
    connection: Connection, found: Sequence[LinkedOccurrence]
) -> dict[int, int | None]:
    """
    The tickets that each of these occurrences has left, by our id: what its ticket
    types have left, but no more than its capacity less the tickets issued where both
    are known. `None` where it has no ticket types, or where one on sale does not report
    what is left of it.
    """
    of_types = _left_of_types(connection, [occurrence.id for occurrence in found])
    return {o.id: _bounded(of_types.get(o.id), o.capacity, o.issued) for o in found}


def _left_of_types(
    connection: Connection, occurrence_ids: Sequence[int]
) -> dict[int, int]:
    is_reported = func.count(ticket_types.c.available) == func.count()
    query = (
        select(
            ticket_types.c.occurrence_id,
            func.sum(ticket_types.c.available).label("available"),
        )
        .where(ticket_types.c.status != "hidden", ticket_types.c.gone_since.is_(None))
        .group_by(ticket_types.c.occurrence_id)
        .having(is_reported)
    )
    rows = rows_among(connection, query, ticket_types.c.occurrence_id, occurrence_ids)
    return {int(row.occurrence_id): int(row.available) for row in rows}


def _bounded(left: int | None, capacity: int | None, issued: int | None) -> int | None:
    if left is None or capacity is None or issued is None:
        return left
    return min(left, max(capacity - issued, 0))
