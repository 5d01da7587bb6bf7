"""
Who may open our pages.
"""

from datetime import datetime

from sqlalchemy import UniqueConstraint

from ticketsync.store.tables.base import Row, one_of, table
from ticketsync.store.types import blob, instant, key, points_to, text


class PassRow(Row):
    """
    A token somebody holds, known by its digest: a link that can be opened once, the
    session it was exchanged for, a calendar's address. A door's can be limited to a
    show or to an `evening` (2026-11-27), and then ends at `ends_at`.
    """

    __tablename__ = "passes"
    __table_args__ = table(
        UniqueConstraint("digest"),
        one_of("kind", "link", "session", "calendar"),
        one_of("role", "viewer", "door", "manager"),
    )

    id: int | None = key()
    digest: bytes = blob()
    kind: str = text()
    role: str = text()
    name: str = text(default="")
    created_at: datetime = instant()
    expires_at: datetime = instant()
    show_id: int | None = points_to("shows.id", "CASCADE", default=None)
    evening: str | None = text(default=None)
    ends_at: datetime | None = instant(default=None)


passes = PassRow.__table__
