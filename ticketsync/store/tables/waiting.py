"""
Items that wait for a person: dismissals and notifications.
"""

from datetime import datetime

from ticketsync.store.tables.base import Row, table
from ticketsync.store.types import instant, text


class DismissalRow(Row):
    """
    An item that a person dismissed. When there is more of it than in `version`, it
    waits again.
    """

    __tablename__ = "dismissals"
    __table_args__ = table()

    kind: str = text(primary_key=True)
    key: str = text(primary_key=True)
    version: str = text()
    dismissed_by: str = text()
    reason: str = text(default="")
    dismissed_at: datetime = instant()


class WaitingNoticeRow(Row):
    """
    A waiting item that a notification was sent about.
    """

    __tablename__ = "waiting_notices"
    __table_args__ = table()

    kind: str = text(primary_key=True)
    key: str = text(primary_key=True)
    version: str = text()
    told_at: datetime = instant()


dismissals = DismissalRow.__table__
waiting_notices = WaitingNoticeRow.__table__
