"""
Scans at the doors, and who is in.
"""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint

from ticketsync.store.tables.base import Row, not_negative, one_of, table
from ticketsync.store.types import flag, instant, key, points_to, text


class ScanRow(Row):
    """
    One scan at a door: `key` is the device's own id for it, so that a capture file can
    be merged twice. `ticket_id` is `None` where the ticket was unknown. `door` is the
    name that was chosen there, `recorded_by` who was signed in.
    """

    __tablename__ = "scans"
    __table_args__ = table(
        UniqueConstraint("device", "key"),
        Index(None, "ticket_id"),
        Index(None, "show_id"),
        one_of("kind", "in", "out"),
        one_of(
            "outcome",
            *("admitted", "already-in", "not-valid", "out", "not-in", "unknown"),
        ),
    )

    id: int | None = key()
    device: str = text()
    key: str = text()
    show_id: int = points_to("shows.id")
    ticket_id: int | None = points_to("tickets.id", default=None)
    kind: str = text()
    door: str = text(default="")
    scanned_at: datetime = instant()
    outcome: str = text()
    note: str = text(default="")
    recorded_by: str = text(default="")


class AdmissionRow(Row):
    """
    Whether a ticket is in, always computed from all its scans. `told_in` is what its
    platform was last notified of, where the venue wants that.
    """

    __tablename__ = "admissions"
    __table_args__ = table(Index(None, "show_id"), not_negative("is_in", "told_in"))

    ticket_id: int = points_to("tickets.id", primary_key=True)
    show_id: int = points_to("shows.id")
    is_in: bool = flag()
    at: datetime = instant()
    door: str = text(default="")
    told_in: bool = flag(default=False)
    trouble: str = text(default="")


scans = ScanRow.__table__
admissions = AdmissionRow.__table__
