"""
The status of an attendee, from the raw record of it or of its order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ticketsync.core.errors import (
    UnreadableRecord,
)
from ticketsync.core.records import OrderStatus
from ticketsync.core.redact import safe
from ticketsync.providers import reading
from ticketsync.providers.base import (
    Raw,
)
from ticketsync.providers.eventbrite.spec import (
    ATTENDEE_STATUS,
    ORDER_STATUS,
    SURELY_LISTED,
    Standing,
)

if TYPE_CHECKING:
    pass


def is_surely_coming(attendee: Raw) -> bool:
    """
    Whether every list of attendees has it.
    """
    return str(attendee.get("status")).lower() in SURELY_LISTED


def count_coming(order: Raw) -> int:
    return sum(map(is_surely_coming, order.get("attendees") or ()))


def changed_at(row: Raw) -> str:
    return reading.sortable(str(row.get("changed") or ""))


def attendance_of(attendee: Raw, order: Raw) -> Standing:
    """
    Raises `UnreadableRecord` for a status that we do not know, as `Transferred`.
    """
    said = attendee.get("status") or ""
    standing = ATTENDEE_STATUS.get(str(said).lower()) if said else Standing.ATTENDING
    if standing is None:
        raise UnreadableRecord(
            f"the status of attendee {safe(attendee.get('id'), longest=60)} is "
            f"{safe(said, longest=60)!r}, which we do not know",
            word="unknown-status",
        )
    if standing is Standing.UNPAID or is_pending(order):
        return Standing.UNPAID
    if attendee.get("cancelled") or attendee.get("refunded"):
        return Standing.ABSENT
    return standing


def is_pending(order: Raw) -> bool:
    return ORDER_STATUS.get(status_of(order)) is OrderStatus.PENDING


def status_of(order: Raw) -> str:
    return str(order.get("status") or "placed").lower()
