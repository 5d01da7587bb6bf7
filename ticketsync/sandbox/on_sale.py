"""
What the venue has on sale: how many tickets of each type were sold, and prices that
change while it sells.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ticketsync.sandbox.world import World


def count_sold(world: World) -> Counter[tuple[int, int]]:
    """
    How many paid tickets that still admit somebody there are, by the ids of their
    performance and their ticket type.
    """
    return Counter(
        (purchase.performance.id, seat.ticket_type.id)
        for purchase in world.purchases
        if purchase.was_paid
        for seat in purchase.seats
        if not seat.is_void
    )


def change_price(
    world: World, production_id: int, ticket_type_id: int, price: int
) -> None:
    """
    Sell a ticket type of a production at another price (minor units) from now on. What
    was sold before keeps its own.
    """
    (old,) = (p for p in world.productions if p.id == production_id)
    ticket_types = tuple(
        replace(it, price=price) if it.id == ticket_type_id else it
        for it in old.ticket_types
    )
    new = replace(old, ticket_types=ticket_types)
    world.productions = [new if p is old else p for p in world.productions]
    for performance in world.performances:
        if performance.production is old:
            performance.production = new
            performance.changed_at = world.now
    world.version += 1
    world.changed.append(f"{old.title}: ticket type {ticket_type_id} costs {price}")
