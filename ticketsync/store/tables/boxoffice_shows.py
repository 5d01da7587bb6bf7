"""
The shows that our own box office sells, and on which terms.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint

from ticketsync.store.tables.base import Row, not_negative, table
from ticketsync.store.types import flag, instant, points_to, whole


class BoxofficeShowRow(Row):
    """
    A show that we sell ourselves; who allocates its seats locks this row. `capacity` is
    empty where it is the show's own. `held_back` seats are kept in reserve. With
    `counts_other_platforms` the tickets of platforms take seats, too.
    """

    __tablename__ = "boxoffice_shows"
    __table_args__ = table(
        UniqueConstraint("occurrence_id"),
        CheckConstraint("hold_minutes BETWEEN 1 AND 1440", "hold_minutes"),
        CheckConstraint("max_per_order >= 1", "max_per_order"),
        CheckConstraint("capacity IS NULL OR capacity >= 0", "capacity"),
        not_negative("held_back"),
    )

    show_id: int = points_to("shows.id", primary_key=True)
    account_id: int = points_to("accounts.id")
    occurrence_id: int = points_to("occurrences.id")
    capacity: int | None = whole(default=None)
    held_back: int = whole(default=0)
    counts_other_platforms: bool = flag(default=True)
    opens_at: datetime | None = instant(default=None)
    closes_at: datetime | None = instant(default=None)
    hold_minutes: int = whole(default=15)
    max_per_order: int = whole(default=20)
    one_pending_per_buyer: bool = flag(default=True)


boxoffice_shows = BoxofficeShowRow.__table__
