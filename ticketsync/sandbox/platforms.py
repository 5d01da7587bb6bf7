"""
Every other platform that the venue sells on, each with its own world of the same
season: the same shows at the same times in the same room, other buyers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from ticketsync.sandbox import eventbrite, humanitix, square, wix
from ticketsync.sandbox.player import FakePlatform
from ticketsync.sandbox.room import Room
from ticketsync.sandbox.world import PlatformProfile, World, build

PLAYED: dict[str, tuple[PlatformProfile, Callable[..., Any]]] = {
    "eventbrite": (eventbrite.PROFILE, eventbrite.Eventbrite),
    "humanitix": (humanitix.PROFILE, humanitix.Humanitix),
    "wix": (wix.PROFILE, wix.Wix),
    "square": (square.PROFILE, square.Square),
}


def others(
    *,
    seed: int = 1,
    today: date | None = None,
    orders: int = 250,
    names: Iterable[str] = tuple(PLAYED),
    beside: World | None = None,
) -> tuple[FakePlatform, ...]:
    """
    These platforms, with that many orders each.

    They play the season of the Ticket Tailor `beside` them and sell what it left of the
    seats; without one, a season of the usual length.
    """
    room = beside.room if beside else Room()
    shows = len(beside.performances) if beside else None
    found = []
    for name in names:
        habits, played = PLAYED[name]
        number = seed + 100 * (1 + list(PLAYED).index(name))
        world = build(
            seed=number,
            today=today,
            orders=orders,
            habits=habits,
            shows=shows,
            room=room,
        )
        found.append(played(world))
    return tuple(found)
