"""
How many tickets each occurrence has left to sell, as far as its platform reports it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, case, select

from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.store import totals
from ticketsync.store.tables.catalogue import ticket_types
from ticketsync.store.upsert import rows_among

_NOT_SOLD = ("closed", "cancelled")  # occurrences
_NOT_ON_SALE = ("closed", "hidden")  # ticket types


def list_available(
    connection: Connection, found: Sequence[LinkedOccurrence]
) -> dict[int, int | None]:
    """
    The tickets that each of these occurrences has left, by our id: what its ticket
    types on sale have left, but no more than its capacity less the tickets issued, by
    its own count or else by those of its ticket types. Nothing is left of one that can
    no longer be bought. `None` where it has no ticket types, or where one on sale does
    not report what is left of it.
    """
    of_types = _left_of_types(connection, [occurrence.id for occurrence in found])
    return {o.id: _left(o, of_types.get(o.id)) if _is_open(o) else 0 for o in found}


def _is_open(occurrence: LinkedOccurrence) -> bool:
    return occurrence.gone_since is None and occurrence.status not in _NOT_SOLD


def _left_of_types(
    connection: Connection, occurrence_ids: Sequence[int]
) -> dict[int, Any]:
    """
    What the ticket types of each occurrence have `left` and have `sold`; null where one
    of them does not report it.
    """
    is_listed = ticket_types.c.gone_since.is_(None)
    is_on_sale = and_(ticket_types.c.status.not_in(_NOT_ON_SALE), is_listed)
    left = case((is_on_sale, ticket_types.c.available), else_=0)
    query = select(
        ticket_types.c.occurrence_id,
        totals.known_sum(left).label("left"),
        totals.known_sum(ticket_types.c.sold).label("sold"),
    ).group_by(ticket_types.c.occurrence_id)
    rows = rows_among(connection, query, ticket_types.c.occurrence_id, occurrence_ids)
    return {int(row.occurrence_id): row for row in rows}


def _left(occurrence: LinkedOccurrence, of_types: Any) -> int | None:
    if of_types is None or of_types.left is None or occurrence.capacity is None:
        return None if of_types is None else of_types.left
    issued = of_types.sold if occurrence.issued is None else occurrence.issued
    return min(int(of_types.left), max(occurrence.capacity - (issued or 0), 0))
