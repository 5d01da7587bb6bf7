"""
The dates that our own box office sells: nobody decides about their links.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, select

from ticketsync.core import errors
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import show_links


def is_own_sale() -> ColumnElement[bool]:
    """
    Whether a link is that of a date that our own box office sells to the show that it
    sells it for. It stands as long as the show: what is sold at the counter is for that
    show, and admits to it.
    """
    return (
        select(boxoffice_shows.c.show_id)
        .where(
            boxoffice_shows.c.occurrence_id == show_links.c.occurrence_id,
            boxoffice_shows.c.show_id == show_links.c.show_id,
        )
        .correlate(show_links)
        .exists()
    )


def refuse_own_sale(connection: Connection, occurrence_id: int) -> None:
    """
    Check that the link of an occurrence, by our id, is not that of what our own box
    office sells.

    Raises: `GuardRefused` (`guard-books`).
    """
    is_its = show_links.c.occurrence_id == occurrence_id
    query = select(show_links.c.show_id).where(is_its, is_own_sale())
    refuse_other_show(connection.scalar(query), None)


def refuse_other_show(sold_for: int | None, show_id: int | None) -> None:
    """
    Check that a date that our own box office sells for a show, `None` if it does not
    sell it, is to be linked to that show.

    Raises: `GuardRefused` (`guard-books`).
    """
    if sold_for not in (None, show_id):
        raise errors.GuardRefused(
            f"Your box office sells that date, and what it sold is for show {sold_for} "
            "alone.",
            hint=f"Use `ticketsync boxoffice close {sold_for}` to stop selling it, or "
            "`ticketsync link set DATE --no-sales` to leave its sales out.",
            word="guard-books",
        )
