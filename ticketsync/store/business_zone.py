"""
The time zone of the business: it decides on calendar days, and in which zone people
read when something happened.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from ticketsync.core import clock
from ticketsync.store.tables.catalogue import venues


def get_business_zone(connection: Connection) -> str:
    """
    The IANA name of the default venue's time zone, or UTC while there is no venue.
    """
    query = select(venues.c.timezone).order_by(venues.c.id).limit(1)
    return str(connection.scalar(query) or "UTC")


def get_local_day(connection: Connection, moment: datetime) -> str:
    """
    The calendar day of a moment at the venue, as `2026-01-31`.
    """
    return clock.day_of(moment, get_business_zone(connection)).isoformat()
