"""
The time zone of the business: it decides on calendar days, and in which zone people
read when something happened.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from ticketsync.store.tables.catalogue import venues


def get_business_zone(connection: Connection) -> str:
    """
    The IANA name of the default venue's time zone, or UTC while there is no venue.
    """
    query = select(venues.c.timezone).order_by(venues.c.id).limit(1)
    return str(connection.scalar(query) or "UTC")
