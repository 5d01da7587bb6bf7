"""
What the stored versions of an order say. Eventbrite reports no refunded amount, so
the highest costs ever paid are needed to see what was returned.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ticketsync.core.errors import (
    UnreadableRecord,
)
from ticketsync.core.records import OrderStatus
from ticketsync.providers.base import (
    Raw,
)
from ticketsync.providers.eventbrite.attendees import (
    attendance_of,
    is_pending,
    status_of,
)
from ticketsync.providers.eventbrite.costs import gross_of, higher_cost
from ticketsync.providers.eventbrite.spec import ORDER_STATUS, Standing

if TYPE_CHECKING:
    pass


class History:
    """
    What the versions of an order, or of one attendee, say in the order they came.

    `first_costs` are the highest costs since it was paid, because costs shrink when
    money goes back; what changes before that was never charged. `is_unpaid`: it was not
    paid when it was last there.
    """

    def __init__(self) -> None:
        self.first_costs: Any = None
        self.is_unpaid = False
        self._latest: Raw = {}
        self._standing = Standing.ABSENT

    def add(self, version: Raw, standing: Standing) -> None:
        self._latest = version
        self._standing = standing
        if standing is not Standing.ABSENT:
            self.is_unpaid = standing is Standing.UNPAID
        if self.is_unpaid:
            self.first_costs = None
        else:
            self.first_costs = higher_cost(self.first_costs, version.get("costs"))

    @property
    def is_coming(self) -> bool:
        """
        Whether it was to come when it was last there, paid or not.
        """
        return self._standing is not Standing.ABSENT

    @property
    def gross(self) -> int:
        """
        What it cost when it was last there, in minor units; -1 where nobody tells.
        """
        return gross_of(self._latest.get("costs"))

    def attendee(self, *, is_listed: bool) -> Raw:
        """
        The attendee as it is now; one that is not listed any more does not attend.
        """
        found = {**self._latest, "first_costs": self.first_costs}
        found["is_unpaid"] = self.is_unpaid
        if not is_listed:
            found["status"] = "Deleted"
        return found


def unexplained_absences(
    order: Raw, attendees: Mapping[str, History], listed: Collection[str]
) -> list[str]:
    """
    The attendees that the order no longer lists and that came until then, unless its
    costs are what those of the listed ones come to: then they were taken off it. Of
    a paid order the last one is not: its costs shrink when money goes back, too.
    """
    gone = [
        id_
        for id_, history in attendees.items()
        if id_ not in listed and history.is_coming
    ]
    rows = order.get("attendees") or ()
    left = sum(max(0, gross_of(row.get("costs"))) for row in rows)
    lost = sum(max(0, attendees[id_].gross) for id_ in gone)
    is_cheaper = lost > 0 and gross_of(order.get("costs")) < left + lost
    was_unpaid = all(attendees[id_].is_unpaid for id_ in gone)
    return [] if is_cheaper and (rows or was_unpaid) else sorted(gone)


def past_attendance(attendee: Raw, order: Raw) -> Standing:
    """
    The same of any version: one that could not be read today says nothing new.
    """
    try:
        return attendance_of(attendee, order)
    except UnreadableRecord:
        return Standing.ABSENT


def attendance_of_order(order: Raw, attendees: Sequence[History]) -> Standing:
    if is_pending(order) or (attendees and all(a.is_unpaid for a in attendees)):
        return Standing.UNPAID
    if ORDER_STATUS.get(status_of(order)) is OrderStatus.CANCELLED:
        return Standing.ABSENT
    return Standing.ATTENDING
