"""
The audit trail: who changed what.
"""

from datetime import datetime

from sqlalchemy import Index

from ticketsync.store.tables.base import Row, one_of, table
from ticketsync.store.types import instant, key, text, whole


class AuditRow(Row):
    """
    One decision, written once: a trigger refuses to change or delete it.

    `subject` is its name at that time; `subject_id` (ours) may belong to a row that is
    no longer there. `before` and `after` are JSON objects of what changed.
    """

    __tablename__ = "audit"
    __table_args__ = table(
        Index(None, "at"),
        one_of(
            "kind",
            *("account", "occurrence", "event", "show", "person", "visitor"),
            *("waiting", "production", "venue", "webhook", "system"),
            "period",
        ),
    )

    id: int | None = key()
    at: datetime = instant()
    who: str = text()
    action: str = text()
    kind: str = text()
    subject_id: int | None = whole(default=None)
    subject: str = text()
    before: str = text(default="{}")
    after: str = text(default="{}")


audit = AuditRow.__table__
