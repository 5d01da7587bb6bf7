"""
The room in which the venue plays: every platform sells the same seats.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ticketsync.sandbox.world import Performance

LARGEST_GROUP = 4


class Room:
    """
    How many seats of each performance are taken, over all platforms that sell them.

    Performances are told apart by their ids, which are the same in every world of one
    season. A seat that was given back is not sold again.
    """

    def __init__(self) -> None:
        self._taken: Counter[int] = Counter()

    def free(self, performance: Performance) -> int:
        """
        Seats that nobody has taken yet; never below 0.
        """
        return max(0, performance.production.capacity - self._taken[performance.id])

    def take(self, performance: Performance, seats: int) -> None:
        """
        These seats are taken, whether or not there are so many.
        """
        self._taken[performance.id] += seats

    def with_room(
        self, wanted: Performance, others: Iterable[Performance]
    ) -> Performance:
        """
        The performance that people go to who want this one: the first of the others
        that has room, if it is sold out; itself, if all are.
        """
        if self.free(wanted) >= LARGEST_GROUP:
            return wanted
        fitting = (p for p in others if self.free(p) >= LARGEST_GROUP)
        return next(fitting, wanted)
