"""
Who may open our pages.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint

from ticketsync.store.tables.base import Row, one_of, table
from ticketsync.store.types import blob, instant, key, text


class PassRow(Row, table=True):
    """
    A token somebody holds, known by its digest: a link that can be opened once, the
    session it was exchanged for, a calendar's address.
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


passes = PassRow.__table__
