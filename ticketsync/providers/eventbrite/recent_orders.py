"""
What Eventbrite listed as changed, to be compared with what has to be among it.
"""

from __future__ import annotations

from collections.abc import Iterable

from ticketsync.providers.base import Raw
from ticketsync.providers.eventbrite.attendance import changed_at, is_surely_listed


class RecentOrders:
    """
    What an organisation's orders, `listed` as changed since `changed_since`, contain.

    attending  their attendees that every list must have, with when each of them changed
    lacking    how many orders the list should have had and that were found otherwise
    """

    def __init__(self, watermark: str, changed_since: str) -> None:
        self.watermark = watermark
        self.changed_since = changed_since
        self.order_ids: set[str] = set()
        self.attending: dict[str, str] = {}
        self.listed = 0
        self.lacking = 0
        self._newest = watermark

    def add_listed(self, orders: Iterable[Raw]) -> None:
        for order in orders:
            self.listed += 1
            self.order_ids.add(str(order["id"]))
            self._newest = max(self._newest, changed_at(order))
            for attendee in order.get("attendees") or ():
                if is_surely_listed(attendee):
                    self.attending[str(attendee.get("id"))] = changed_at(attendee)

    def add_unlisted(self, order: Raw) -> None:
        """
        What changed after the list was read cannot have been in it.
        """
        self.order_ids.add(str(order.get("id")))
        if self.changed_since < changed_at(order) <= self._newest:
            self.lacking += 1
