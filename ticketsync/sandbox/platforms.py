"""
Every other platform that the venue sells on, each with its own world of the same
season: the same shows at the same times, other buyers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from ticketsync.sandbox import eventbrite, humanitix, square, wix
from ticketsync.sandbox.player import Player
from ticketsync.sandbox.world import Habits, build

PLAYED: dict[str, tuple[Habits, Callable[..., Any]]] = {
    "eventbrite": (eventbrite.HABITS, eventbrite.Eventbrite),
    "humanitix": (humanitix.HABITS, humanitix.Humanitix),
    "wix": (wix.HABITS, wix.Wix),
    "square": (square.HABITS, square.Square),
}


def others(
    *,
    seed: int = 1,
    today: date | None = None,
    orders: int = 250,
    names: Iterable[str] = tuple(PLAYED),
) -> tuple[Player, ...]:
    """
    These platforms, with that many orders each.
    """
    found = []
    for name in names:
        habits, played = PLAYED[name]
        number = seed + 100 * (1 + list(PLAYED).index(name))
        world = build(seed=number, today=today, orders=orders, habits=habits)
        found.append(played(world))
    return tuple(found)
