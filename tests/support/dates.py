"""
The sandbox's morning, on which most tests take place.
"""

from datetime import UTC, date, datetime

TODAY = date(2026, 9, 1)
NOW = datetime(2026, 9, 1, 0, 0, tzinfo=UTC)
