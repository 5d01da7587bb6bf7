"""
The dates that our own box office sells: their links are no decision about a listing.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, select

from ticketsync.core import errors
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.upsert import rows_among


def is_own_sale() -> ColumnElement[bool]:
    """
    Whether a link is that of a date that our own box office sells. It stands as long as
    the show: what is sold at the counter is for that show, and admits to it.
    """
    return show_links.c.occurrence_id.in_(select(boxoffice_shows.c.occurrence_id))


def refuse_own_sales(
    connection: Connection, occurrence_ids: Iterable[int], show_id: int | None = None
) -> None:
    """
    Check that none of these occurrences is one that our own box office sells, or that
    it sells it for this show.

    Raises: `GuardRefused` (`guard-books`).
    """
    query = select(boxoffice_shows.c.show_id)
    column = boxoffice_shows.c.occurrence_id
    for row in rows_among(connection, query, column, occurrence_ids):
        if row.show_id != show_id:
            raise errors.GuardRefused(
                "Your box office sells that date, and what it sold is for show "
                f"{row.show_id} alone.",
                hint=f"Use `ticketsync boxoffice close {row.show_id}` to stop selling "
                "it, or `ticketsync link set DATE --no-sales` to leave its sales out.",
                word="guard-books",
            )
