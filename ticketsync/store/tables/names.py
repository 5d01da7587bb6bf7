"""
Other names of our productions and venues: those they had, and those that lists give
them.
"""

from datetime import datetime

from ticketsync.store.tables.base import Row, one_of, table
from ticketsync.store.types import instant, points_to, text


class ProductionNameRow(Row):
    """
    A title by which lists may call a production that has another one: a `former` one
    of its own or of one that was merged into it, or one that a person `confirmed`.
    """

    __tablename__ = "production_names"
    __table_args__ = table(one_of("origin", "former", "confirmed"))

    name: str = text(primary_key=True)
    production_id: int = points_to("productions.id", "CASCADE")
    origin: str = text()
    added_at: datetime = instant()


class VenueNameRow(Row):
    """
    The same of a venue; a `room` is a part of it, by a name of its own.
    """

    __tablename__ = "venue_names"
    __table_args__ = table(one_of("origin", "former", "confirmed", "room"))

    name: str = text(primary_key=True)
    venue_id: int = points_to("venues.id", "CASCADE")
    origin: str = text()
    added_at: datetime = instant()


production_names = ProductionNameRow.__table__
venue_names = VenueNameRow.__table__
