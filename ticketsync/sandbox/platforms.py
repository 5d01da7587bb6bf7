"""
The venue's other platforms. Each has its own world of the same season: the same shows
at the same times in the same room, with other buyers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from ticketsync.sandbox import eventbrite, humanitix, square, wix
from ticketsync.sandbox.fake_platform import FakePlatform
from ticketsync.sandbox.room import Room
from ticketsync.sandbox.world import PlatformProfile, World, build

PLATFORMS: dict[str, tuple[PlatformProfile, Callable[..., Any]]] = {
    "eventbrite": (eventbrite.PROFILE, eventbrite.Eventbrite),
    "humanitix": (humanitix.PROFILE, humanitix.Humanitix),
    "wix": (wix.PROFILE, wix.Wix),
    "square": (square.PROFILE, square.Square),
}


def build_others(
    *,
    seed: int = 1,
    today: date | None = None,
    orders: int = 250,
    names: Iterable[str] = tuple(PLATFORMS),
    shares_seats_with: World | None = None,
) -> tuple[FakePlatform, ...]:
    """
    The named platforms, each with that many orders.

    With `shares_seats_with`, the Ticket Tailor world, they sell the same season and
    only the seats that are still free; without it, a season of the default length.
    """
    room = shares_seats_with.room if shares_seats_with else Room()
    shows = len(shares_seats_with.performances) if shares_seats_with else None
    built = []
    for name in names:
        profile, platform_class = PLATFORMS[name]
        number = seed + 100 * (1 + list(PLATFORMS).index(name))
        world = build(
            seed=number,
            today=today,
            orders=orders,
            profile=profile,
            shows=shows,
            room=room,
        )
        built.append(platform_class(world))
    return tuple(built)
