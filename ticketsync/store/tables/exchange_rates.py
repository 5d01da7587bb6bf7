"""
Exchange rates as central banks publish them.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint

from ticketsync.store.tables.base import Row, table
from ticketsync.store.types import instant, text


class RateRow(Row):
    """
    What one unit of the currency `base` was worth in `quote`, as the decimal text that
    the source published. `on_day` is the day of the rate: `2026-10-30`.
    """

    __tablename__ = "rates"
    __table_args__ = table(
        CheckConstraint("base <> quote", "two_currencies"),
        CheckConstraint("length(on_day) = 10", "on_day"),
    )

    source: str = text(primary_key=True)
    on_day: str = text(primary_key=True)
    base: str = text(primary_key=True)
    quote: str = text(primary_key=True)
    rate: str = text()
    imported_at: datetime = instant()


rates = RateRow.__table__
