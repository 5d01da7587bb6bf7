"""
The members of the venue. Every sync asks whom of them to forget.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint

from ticketsync.store.tables.base import Row, table
from ticketsync.store.types import instant, key, text


class MemberRow(Row):
    """
    Somebody who may buy members' tickets, for shows between two calendar days.
    """

    __tablename__ = "members"
    __table_args__ = table(
        UniqueConstraint("number"),
        CheckConstraint("length(from_date) = 10", "from_date"),
        CheckConstraint("length(until_date) = 10", "until_date"),
        CheckConstraint("from_date <= until_date", "days"),
    )

    id: int | None = key()
    number: str = text()
    name: str = text(default="")
    email: str = text(default="")
    from_date: str = text()
    until_date: str = text()
    level: str = text(default="")
    erased_at: datetime | None = instant(default=None)


members = MemberRow.__table__
