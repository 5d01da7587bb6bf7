"""
The stored versions of an order. Eventbrite reports no refunded amount, so the highest
costs ever paid are needed to know what was returned.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OrderStatus
from ticketsync.providers.base import Raw
from ticketsync.providers.eventbrite.attendance import (
    attendance_of,
    is_pending,
    status_of,
)
from ticketsync.providers.eventbrite.costs import gross_of, higher_costs
from ticketsync.providers.eventbrite.spec import ORDER_STATUS, Attendance


class History:
    """
    The versions of an order, or of one attendee, oldest first.

    first_costs  the highest costs since it was paid, because costs shrink when money
                 is refunded; what changed before that was never charged
    is_unpaid    whether it was unpaid when it was last listed
    """

    def __init__(self) -> None:
        self.first_costs: Any = None
        self.is_unpaid = False
        self._latest: Raw = {}
        self._standing = Attendance.ABSENT

    def add(self, version: Raw, attendance: Attendance) -> None:
        """
        The next newer version.
        """
        self._latest = version
        self._standing = attendance
        if attendance is not Attendance.ABSENT:
            self.is_unpaid = attendance is Attendance.UNPAID
        if self.is_unpaid:
            self.first_costs = None
        else:
            self.first_costs = higher_costs(self.first_costs, version.get("costs"))

    @property
    def is_attending(self) -> bool:
        """
        Whether it was attending when it was last listed, paid or not.
        """
        return self._standing is not Attendance.ABSENT

    @property
    def gross(self) -> int:
        """
        Its gross when it was last listed, in minor units; -1 if unknown.
        """
        return gross_of(self._latest.get("costs"))

    def attendee(self, *, is_listed: bool) -> Raw:
        """
        The attendee as it is now; one that is no longer listed does not attend.
        """
        attendee = {**self._latest, "first_costs": self.first_costs}
        attendee["is_unpaid"] = self.is_unpaid
        if not is_listed:
            attendee["status"] = "Deleted"
        return attendee


def unexplained_absences(
    order: Raw, attendees: Mapping[str, History], listed: Collection[str]
) -> list[str]:
    """
    The ids of attendees that the order no longer lists although they were attending.

    Where the order became cheaper by them, they were removed from it, which explains
    it. That does not hold for the last attendees of a paid order: its costs also shrink
    when it is refunded.
    """
    absent = [
        id_
        for id_, history in attendees.items()
        if id_ not in listed and history.is_attending
    ]
    rows = order.get("attendees") or ()
    remaining = sum(max(0, gross_of(row.get("costs"))) for row in rows)
    removed = sum(max(0, attendees[id_].gross) for id_ in absent)
    is_cheaper = removed > 0 and gross_of(order.get("costs")) < remaining + removed
    was_unpaid = all(attendees[id_].is_unpaid for id_ in absent)
    return [] if is_cheaper and (rows or was_unpaid) else sorted(absent)


def past_attendance(attendee: Raw, order: Raw) -> Attendance:
    """
    `attendance_of` for a stored version, where an unknown status adds nothing.
    """
    try:
        return attendance_of(attendee, order)
    except UnreadableRecord:
        return Attendance.ABSENT


def attendance_of_order(order: Raw, attendees: Sequence[History]) -> Attendance:
    """
    Whether an order as a whole was paid, given the histories of its attendees.
    """
    if is_pending(order) or (attendees and all(a.is_unpaid for a in attendees)):
        return Attendance.UNPAID
    if ORDER_STATUS.get(status_of(order)) is OrderStatus.CANCELLED:
        return Attendance.ABSENT
    return Attendance.ATTENDING
