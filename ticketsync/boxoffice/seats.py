"""
Seats: how many are left, and who has them.

A seat is a row. It is taken for good, or held until an instant; a hold whose time is
over holds nothing, whether anybody has cleaned up or not. Who allocates seats locks the
show first, always, whatever is sold: without the lock two would count the same seats as
free. Beyond that, two rows cannot have the same seat, and a trigger refuses one above
the capacity, so that no committed state can be oversold by our own sales.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from ticketsync.boxoffice import lowest_seats, refusals
from ticketsync.boxoffice.price_tiers import Tier
from ticketsync.boxoffice.shows_on_sale import ShowOnSale
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.store import counted, row_locks
from ticketsync.store.tables.boxoffice import (
    boxoffice_orders,
    boxoffice_seats,
)
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.sales import tickets
from ticketsync.store.types import Instant

Wanted = Mapping[int, int]  # how many of which tier, by its id


@dataclass(frozen=True, slots=True)
class Taken:
    """
    The seats of a show that are not free. `elsewhere` are those of other platforms'
    tickets; `sold` and `held` are our own by tier.
    """

    elsewhere: int
    sold: Mapping[int, int]
    held: Mapping[int, int]

    @property
    def total(self) -> int:
        return self.elsewhere + sum(self.sold.values()) + sum(self.held.values())

    def of_tier(self, tier_id: int) -> int:
        return self.sold.get(tier_id, 0) + self.held.get(tier_id, 0)


def lock_show(connection: Connection, show_id: int) -> None:
    """
    Block everybody else who changes who has the seats of this show, until the
    transaction ends. SQLite has one writer at a time anyway.
    """
    lock_shows(connection, [show_id])


def lock_shows(connection: Connection, show_ids: Iterable[int]) -> None:
    """
    The same for several shows, always in the order of their ids.
    """
    if connection.dialect.name == "postgresql":
        number = boxoffice_shows.c.show_id
        ours = select(number).where(number.in_(sorted(set(show_ids)))).order_by(number)
        connection.execute(ours.with_for_update(key_share=True))


def lock_openings(connection: Connection) -> None:
    """
    Block everybody else who puts a show on sale, or changes the seats of one that may
    not be on sale yet: there is no row of it to lock.
    """
    row_locks.lock_openings(connection)


def count_taken(connection: Connection, show: ShowOnSale, now: datetime) -> Taken:
    """
    The seats of a show that are taken at this instant.
    """
    sold: dict[int, int] = {}
    held: dict[int, int] = {}
    values = {"of_show": show.show_id, "now": now}
    for tier_id, is_hold, number in connection.execute(_own_seats(), values):
        (held if is_hold else sold)[int(tier_id)] = int(number)
    return Taken(_count_elsewhere(connection, show), sold, held)


@cache
def _own_seats() -> Select[Any]:
    """
    Our seats of a show that are taken, by tier, those for good and those that are held.
    """
    is_held = boxoffice_seats.c.held_until.is_not(None)
    return (
        select(boxoffice_seats.c.tier_id, is_held.label("is_held"), func.count())
        .where(
            boxoffice_seats.c.show_id == bindparam("of_show"),
            _is_taken(bindparam("now", type_=Instant)),
        )
        .group_by(boxoffice_seats.c.tier_id, is_held)
    )


def _is_taken(now: datetime | BindParameter[Any]) -> ColumnElement[bool]:
    until = boxoffice_seats.c.held_until
    return or_(until.is_(None), until > now)


def next_release(
    connection: Connection, show_id: int, now: datetime
) -> datetime | None:
    """
    When the next hold of seats of a show is over.
    """
    until = boxoffice_seats.c.held_until
    query = select(func.min(until, type_=Instant)).where(
        boxoffice_seats.c.show_id == show_id, until > now
    )
    found: datetime | None = connection.scalar(query)
    return found


def _count_elsewhere(connection: Connection, show: ShowOnSale) -> int:
    """
    Tickets of other accounts that will be admitted, whether their sales count or not.
    """
    if not show.counts_other_platforms:
        return 0
    values = {"of_show": show.show_id, "own": show.account_id}
    return int(connection.scalar(_tickets_elsewhere(), values) or 0)


@cache
def _tickets_elsewhere() -> Select[Any]:
    return (
        select(func.count())
        .select_from(counted.admitting_tickets())
        .where(
            show_links.c.show_id == bindparam("of_show"),
            tickets.c.account_id != bindparam("own"),
        )
    )


def seats_left(show: ShowOnSale, taken: Taken) -> int | None:
    """
    How many seats of a show can be sold here; `None` without a capacity.
    """
    if show.capacity is None:
        return None
    return max(0, show.capacity - show.held_back - taken.total)


def left_of(show: ShowOnSale, tier: Tier, taken: Taken) -> int | None:
    """
    How many of a tier can be sold: the show limits it, too.
    """
    limits = [seats_left(show, taken)]
    if tier.capacity is not None:
        limits.append(max(0, tier.capacity - taken.of_tier(tier.id)))
    known = [limit for limit in limits if limit is not None]
    return min(known) if known else None


def allocate(
    connection: Connection,
    show: ShowOnSale,
    tiers: Sequence[Tier],
    order_id: int,
    wanted: Wanted,
    held_until: datetime | None,
    now: datetime,
) -> None:
    """
    Give an order these seats, all of them or none, until that instant or for good.

    Raises: `SaleRefused` (`event-full`, `tier-full`) with what is left of each tier.
    """
    lock_show(connection, show.show_id)
    _refuse_full(show, tiers, wanted, count_taken(connection, show, now))
    connection.execute(
        delete(boxoffice_seats).where(
            boxoffice_seats.c.show_id == show.show_id,
            boxoffice_seats.c.held_until <= now,
        )
    )
    lowest_seats.insert_lowest(connection, show.show_id, order_id, wanted, held_until)


def _refuse_full(
    show: ShowOnSale, tiers: Sequence[Tier], wanted: Wanted, taken: Taken
) -> None:
    left = {tier.name: left_of(show, tier, taken) for tier in tiers}
    seats = seats_left(show, taken)
    if seats is None:
        raise refusals.refused(
            refusals.NOT_ON_SALE,
            "The number of seats of this show is not known.",
            hint=f"Run `ticketsync boxoffice open {show.show_id} --capacity N`.",
        )
    if seats < sum(wanted.values()):
        raise refusals.refused(
            refusals.EVENT_FULL,
            f"{number_of(seats, 'seat')} left for {safe(show.name)}."
            if seats
            else f"{safe(show.name)} is sold out.",
            hint="Sell fewer; seats that are only held may become free.",
            left=left,
        )
    for tier in tiers:
        number = left[tier.name]
        if number is not None and number < wanted.get(tier.id, 0):
            raise refusals.refused(
                refusals.TIER_FULL,
                f"{number:,} of {safe(tier.name)!r} left.",
                hint="Sell fewer of them, or another price.",
                left=left,
            )


def are_above_capacity(
    connection: Connection, show: ShowOnSale, tiers: Sequence[Tier], order_id: int
) -> bool:
    """
    Whether an order has a seat whose number is above the capacity of the show or of its
    tier: it was lowered since the seat was held.
    """
    numbers = ("seat_number", "tier_seat_number", "tier_id")
    query = select(*(boxoffice_seats.c[name] for name in numbers))
    limits = {tier.id: tier.capacity for tier in tiers}
    rows = connection.execute(query.where(boxoffice_seats.c.order_id == order_id))
    return any(
        limit is not None and number > limit
        for seat, of_tier, tier_id in rows
        for number, limit in ((seat, show.capacity), (of_tier, limits[tier_id]))
    )


def extend_hold(connection: Connection, order_id: int, held_until: datetime) -> int:
    """
    Hold an order's seats until that instant; returns how many these are.
    """
    changed = connection.execute(
        update(boxoffice_seats)
        .where(boxoffice_seats.c.order_id == order_id)
        .values(held_until=held_until)
    )
    return changed.rowcount


def keep_seats(connection: Connection, order_id: int) -> None:
    """
    Make an order's seats its own, without an end.
    """
    connection.execute(
        update(boxoffice_seats)
        .where(boxoffice_seats.c.order_id == order_id)
        .values(held_until=None)
    )


def free_seats(
    connection: Connection, order_id: int, number_of_tier: Wanted | None = None
) -> None:
    """
    Free so many seats of each tier of an order, those with the highest numbers; without
    numbers all that it has.
    """
    mine = boxoffice_seats.c.order_id == order_id
    if number_of_tier is None:
        connection.execute(delete(boxoffice_seats).where(mine))
        return
    for tier_id, number in number_of_tier.items():
        highest = (
            select(boxoffice_seats.c.tier_seat_number)
            .where(mine, boxoffice_seats.c.tier_id == tier_id)
            .order_by(boxoffice_seats.c.tier_seat_number.desc())
            .limit(number)
        )
        connection.execute(
            delete(boxoffice_seats).where(
                boxoffice_seats.c.tier_id == tier_id,
                boxoffice_seats.c.tier_seat_number.in_(highest),
            )
        )


def count_of_member(
    connection: Connection, show_id: int, member_id: int, now: datetime
) -> dict[int, int]:
    """
    How many seats of each tier of a show a member has, sold or held.
    """
    query = (
        select(boxoffice_seats.c.tier_id, func.count())
        .join(boxoffice_orders, boxoffice_orders.c.id == boxoffice_seats.c.order_id)
        .where(
            boxoffice_seats.c.show_id == show_id,
            boxoffice_orders.c.member_id == member_id,
            _is_taken(now),
        )
        .group_by(boxoffice_seats.c.tier_id)
    )
    return {int(tier): int(number) for tier, number in connection.execute(query)}
