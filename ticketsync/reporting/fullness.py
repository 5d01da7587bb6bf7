"""
How full shows are.
"""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection

from ticketsync.store import capacity
from ticketsync.store.capacity import Seats


def read_seats(connection: Connection, show_id: int | None = None) -> dict[int, Seats]:
    """
    The seats of every show, or of one; an unknown show has none.
    """
    query = capacity.show_seats()
    if show_id is not None:
        query = query.where(query.selected_columns.show_id == show_id)
    found: dict[int, Seats] = defaultdict(Seats)
    for row in connection.execute(query):
        found[row.show_id] = Seats(row.capacity, row.tickets_sold)
    return found
