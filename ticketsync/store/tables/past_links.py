"""
Which occurrence was linked to which show, and since when: in a file of its own, because
every transaction that writes records it.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index

from ticketsync.store.tables.base import Row, not_negative, table
from ticketsync.store.types import blob, flag, instant, key, points_to


class PastShowLinkRow(Row):
    """
    That an occurrence was linked to a show, and what was switched off for it: at any
    level, and whether the show was excluded. Unlike the other tables this one has the
    present state, too, without `known_until`: what counts depends on switches in four
    tables.

    `show_id` is empty where the show was removed since.
    """

    __tablename__ = "past_show_links"
    __table_args__ = table(
        CheckConstraint("known_until IS NULL OR known_from < known_until", "lasted"),
        not_negative("sync_enabled", "sync_ticket_sales", "is_excluded"),
        Index(None, "show_id"),
        Index(None, "occurrence_id"),
    )

    id: int | None = key()
    occurrence_id: int = points_to("occurrences.id", "CASCADE")
    show_id: int | None = points_to("shows.id", "SET NULL", default=None)
    sync_enabled: bool = flag()
    sync_ticket_sales: bool = flag()
    is_excluded: bool = flag()
    known_from: datetime = instant()
    known_until: datetime | None = instant(default=None)
    digest: bytes | None = blob(default=None)


past_show_links = PastShowLinkRow.__table__
