"""
What the venue has on sale: the true ticket types of each performance, and how to change
them while sales go on. What was sold keeps its type and its price.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ticketsync.sandbox.season import TicketType
from ticketsync.sandbox.world import World


@dataclass(frozen=True)
class TypeOnSale:
    """
    A ticket type of a performance. `price` is in minor units of `currency`, `sold`
    counts the tickets that were issued and not voided, unpaid ones included.
    """

    event_id: str
    id: int
    name: str
    price: int
    currency: str
    quantity: int
    sold: int

    @property
    def left(self) -> int:
        return max(0, self.quantity - self.sold)


def types_on_sale(world: World) -> list[TypeOnSale]:
    """
    The ticket types of every performance, with what was sold of them.
    """
    sold = _count_sold(world)
    return [
        TypeOnSale(
            world.profile.provider_occurrence_id(performance),
            ticket_type.id,
            ticket_type.name,
            ticket_type.price,
            performance.currency,
            performance.production.capacity,
            sold[performance.id, ticket_type.id],
        )
        for performance in world.performances
        for ticket_type in performance.production.ticket_types
    ]


def count_paid(world: World) -> Counter[tuple[int, int]]:
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


def change_price(world: World, ticket_type_id: int, price: int) -> None:
    """
    Sell a ticket type at another price, in minor units, from now on.
    """
    for production in world.productions:
        if any(it.id == ticket_type_id for it in production.ticket_types):
            changed = [
                replace(it, price=price) if it.id == ticket_type_id else it
                for it in production.ticket_types
            ]
            offer(world, production.id, changed)


def offer(world: World, production_id: int, ticket_types: Iterable[TicketType]) -> None:
    """
    Have these ticket types of a production on sale from now on, and no others.
    """
    old = next(it for it in world.productions if it.id == production_id)
    new = replace(old, ticket_types=tuple(ticket_types))
    world.productions[world.productions.index(old)] = new
    for performance in world.performances:
        if performance.production.id == production_id:
            performance.production, performance.changed_at = new, world.now
    world.changed.append(f"es_{production_id} has other ticket types")


def _count_sold(world: World) -> Counter[tuple[int, int]]:
    sold: Counter[tuple[int, int]] = Counter()
    for purchase in world.purchases:
        for seat in purchase.seats:
            performance = seat.swapped_to or purchase.performance
            sold[performance.id, seat.ticket_type.id] += not seat.is_void
    for performance, seat in world.tickets_without_order:
        sold[performance.id, seat.ticket_type.id] += not seat.is_void
    return sold
