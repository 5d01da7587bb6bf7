"""
The venue's room: every platform sells the same seats.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ticketsync.sandbox.season import Performance

LARGEST_GROUP = 4


class Room:
    """
    Counts the seats taken for each performance, across all platforms that sell them.

    Performances are identified by their ids, which are the same in every world of a
    season. A returned seat is not sold again.
    """

    def __init__(self) -> None:
        self._taken: Counter[int] = Counter()

    def free_seats(self, performance: Performance) -> int:
        """
        The number of seats still free; never negative.
        """
        return max(0, performance.production.capacity - self._taken[performance.id])

    def take(self, performance: Performance, seats: int) -> None:
        """
        Record seats as taken, even if fewer are free.
        """
        self._taken[performance.id] += seats

    def find_with_room(
        self, wanted: Performance, others: Iterable[Performance]
    ) -> Performance:
        """
        The wanted performance or, if it is sold out, the first of the others with free
        seats. If all are sold out, it is the wanted one again.
        """
        if self.free_seats(wanted) >= LARGEST_GROUP:
            return wanted
        with_room = (p for p in others if self.free_seats(p) >= LARGEST_GROUP)
        return next(with_room, wanted)
