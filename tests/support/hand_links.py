"""
Links of one occurrence alone, made and changed as a person does by hand.
"""

from ticketsync.catalogue.listed_dates import ListedDate
from ticketsync.workflows.matching import match


def link(database, settings, occurrence_id, show_id):
    return match.link_parts(database, settings, [occurrence_id], show_id)


def unlink(database, settings, occurrence_id):
    return match.unlink_parts(database, settings, [occurrence_id])


def configure(database, settings, occurrence, **switches):
    """
    Switches as `match.configure_date` takes them.
    """
    return match.configure_date(
        database, settings, ListedDate((occurrence,)), **switches
    )
