"""
How many tickets each occurrence has left to sell, as far as its platform reports it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, case, func, select

from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.store.tables.catalogue import ticket_types
from ticketsync.store.upsert import rows_among

_NOT_SOLD = ("closed", "cancelled")  # occurrences
_NOT_ON_SALE = ("closed", "hidden")  # ticket types


def list_available(
    connection: Connection, found: Sequence[LinkedOccurrence]
) -> dict[int, int | None]:
    """
    The tickets that each of these occurrences has left, by our id: what its ticket
    types on sale have left, but no more than its capacity less the tickets issued where
    both are known. Nothing is left of one that can no longer be bought. `None` where it
    has no ticket types, or where one on sale does not report what is left of it.
    """
    of_types = _left_of_types(connection, [occurrence.id for occurrence in found])
    return {
        o.id: _bounded(of_types.get(o.id), o.capacity, o.issued) if _is_open(o) else 0
        for o in found
    }


def _is_open(occurrence: LinkedOccurrence) -> bool:
    return occurrence.gone_since is None and occurrence.status not in _NOT_SOLD


def _left_of_types(
    connection: Connection, occurrence_ids: Sequence[int]
) -> dict[int, int]:
    is_sold = and_(
        ticket_types.c.status.not_in(_NOT_ON_SALE), ticket_types.c.gone_since.is_(None)
    )
    left = case((is_sold, ticket_types.c.available), else_=0)
    query = (
        select(ticket_types.c.occurrence_id, func.sum(left).label("available"))
        .group_by(ticket_types.c.occurrence_id)
        .having(func.count(left) == func.count())
    )
    rows = rows_among(connection, query, ticket_types.c.occurrence_id, occurrence_ids)
    return {int(row.occurrence_id): int(row.available) for row in rows}


def _bounded(left: int | None, capacity: int | None, issued: int | None) -> int | None:
    if left is None or capacity is None or issued is None:
        return left
    return min(left, max(capacity - issued, 0))
