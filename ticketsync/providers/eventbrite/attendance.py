"""
Who attends, from the raw records of attendees and of their order.
"""

from __future__ import annotations

from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OrderStatus
from ticketsync.core.redact import safe
from ticketsync.providers import reading
from ticketsync.providers.base import Raw
from ticketsync.providers.eventbrite.spec import (
    ATTENDEE_STATUS,
    ORDER_STATUS,
    SURELY_LISTED,
    Attendance,
)


def is_surely_listed(attendee: Raw) -> bool:
    """
    Whether every list of attendees contains it.
    """
    return str(attendee.get("status")).lower() in SURELY_LISTED


def count_attending(order: Raw) -> int:
    """
    How many of an order's attendees every list of attendees contains.
    """
    return sum(map(is_surely_listed, order.get("attendees") or ()))


def changed_at(row: Raw) -> str:
    """
    As text that sorts by time; `""` if the record has no such time.
    """
    return reading.sortable(str(row.get("changed") or ""))


def attendance_of(attendee: Raw, order: Raw) -> Attendance:
    """
    Raises `UnreadableRecord` for an unknown status, such as `Transferred`.
    """
    status = attendee.get("status") or ""
    attendance = (
        ATTENDEE_STATUS.get(str(status).lower()) if status else Attendance.ATTENDING
    )
    if attendance is None:
        raise UnreadableRecord(
            f"the status of attendee {safe(attendee.get('id'), longest=60)} is "
            f"{safe(status, longest=60)!r}, which is unknown",
            word="unknown-status",
        )
    if attendance is Attendance.UNPAID or is_pending(order):
        return Attendance.UNPAID
    if attendee.get("cancelled") or attendee.get("refunded"):
        return Attendance.ABSENT
    return attendance


def is_pending(order: Raw) -> bool:
    """
    Whether the order as a whole has not been paid yet.
    """
    return ORDER_STATUS.get(status_of(order)) is OrderStatus.PENDING


def status_of(order: Raw) -> str:
    """
    Its status in lower case; an order without one counts as placed.
    """
    return str(order.get("status") or "placed").lower()
