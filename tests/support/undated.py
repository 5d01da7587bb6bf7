"""
What a platform sells without a date, as drinks, and no show has.
"""

from sqlalchemy import func, select

from ticketsync.store.tables.catalogue import occurrences, show_links
from ticketsync.store.tables.sales import tickets


def take_date_away(database):
    """
    Let the first linked date with tickets be one without a date and without a show.
    """
    with database.write() as connection:
        drinks = connection.scalar(
            select(func.min(show_links.c.occurrence_id)).join(
                tickets, tickets.c.occurrence_id == show_links.c.occurrence_id
            )
        )
        connection.execute(
            show_links.delete().where(show_links.c.occurrence_id == drinks)
        )
        connection.execute(
            occurrences.update()
            .where(occurrences.c.id == drinks)
            .values(is_dated=False)
        )
