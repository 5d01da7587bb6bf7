"""
Sales notifications.
"""

from datetime import datetime

from ticketsync.store.tables.base import Row, table
from ticketsync.store.types import instant, points_to, text, whole


class SaleNoticeRow(Row):
    """
    The sales of a show when the venue was last notified.
    """

    __tablename__ = "sale_notices"
    __table_args__ = table()

    show_id: int = points_to("shows.id", primary_key=True)
    currency: str = text(primary_key=True)
    tickets_sold: int = whole()
    gross: int = whole()
    refunded: int = whole()
    fullness: str = text()
    told_at: datetime = instant()


sale_notices = SaleNoticeRow.__table__
