"""
What somebody wants to buy, and whether they may: the sale is open, the numbers are
allowed, members' tickets go to members.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from ticketsync.boxoffice import members, refusals, seats
from ticketsync.boxoffice.placed_orders import PENDING, PlacedOrder
from ticketsync.boxoffice.price_tiers import Tier
from ticketsync.boxoffice.shows_on_sale import ShowOnSale
from ticketsync.core import digest, errors
from ticketsync.core.plurals import number_of
from ticketsync.core.records import Person
from ticketsync.core.redact import safe
from ticketsync.store.tables.boxoffice import boxoffice_orders


def by_tier_id(
    show: ShowOnSale, tiers: Sequence[Tier], wanted: Mapping[str, int]
) -> dict[int, int]:
    """
    What is wanted, by the ids of the tiers.

    Raises: `NotFound` for a tier that the show has not.
    """
    named = {tier.name.casefold(): tier for tier in tiers if tier.retired_at is None}
    found: dict[int, int] = {}
    for name, number in wanted.items():
        tier = named.get(name.strip().casefold())
        if tier is None:
            listed = ", ".join(safe(tier.name) for tier in named.values())
            raise errors.NotFound(
                f"{safe(show.name)} has no price {safe(name)!r}.",
                hint=f"It has: {listed}." if listed else "Add one first.",
            )
        found[tier.id] = found.get(tier.id, 0) + number
    return {tier_id: number for tier_id, number in found.items() if number}


def refuse(
    connection: Connection,
    show: ShowOnSale,
    tiers: Sequence[Tier],
    wanted: Mapping[int, int],
    member: str,
    now: datetime,
    *,
    member_id: int | None = None,
) -> int | None:
    """
    Refuse what may not be bought; returns our id of the member, if one was named.

    Raises: `SaleRefused` (`sale-closed`, `too-few`, `too-many`, `members-only`).
    """
    chosen = [tier for tier in tiers if wanted.get(tier.id)]
    _refuse_closed(show, chosen, now)
    _refuse_numbers(show, chosen, wanted)
    if member:
        member_id = members.find_member(connection, member).id
    _refuse_non_members(connection, show, chosen, wanted, member_id, now)
    return member_id


def _refuse_closed(show: ShowOnSale, chosen: Sequence[Tier], now: datetime) -> None:
    if not show.is_open(now):
        raise refusals.refused(
            refusals.SALE_CLOSED,
            f"The sale of {safe(show.name)} is not open now.",
            hint=f"Run `ticketsync boxoffice open {show.show_id}`.",
        )
    for tier in chosen:
        if not tier.is_open(now):
            raise refusals.refused(
                refusals.SALE_CLOSED,
                f"{safe(tier.name)!r} is not on sale now.",
                hint="Choose another price.",
            )


def _refuse_numbers(
    show: ShowOnSale, chosen: Sequence[Tier], wanted: Mapping[int, int]
) -> None:
    total = sum(wanted.values())
    if total < 1 or any(number < 0 for number in wanted.values()):
        raise refusals.refused(
            refusals.TOO_FEW, "Nothing was chosen.", hint="Choose at least one ticket."
        )
    if total > show.max_per_order:
        raise refusals.refused(
            refusals.TOO_MANY,
            f"An order can have {number_of(show.max_per_order, 'ticket')} at most.",
            hint="Split it into several orders.",
        )
    for tier in chosen:
        number = wanted[tier.id]
        if number < tier.min_quantity:
            raise refusals.refused(
                refusals.TOO_FEW,
                f"{safe(tier.name)!r} is sold from {tier.min_quantity:,} tickets on.",
                hint="Choose more of it.",
            )
        if number > tier.max_quantity:
            raise refusals.refused(
                refusals.TOO_MANY,
                f"An order can have {tier.max_quantity:,} of {safe(tier.name)!r} at "
                "most.",
                hint="Choose fewer of it.",
            )


def _refuse_non_members(
    connection: Connection,
    show: ShowOnSale,
    chosen: Sequence[Tier],
    wanted: Mapping[int, int],
    member_id: int | None,
    now: datetime,
) -> None:
    """
    Of a members' price a member has no more than its most, over all orders of a show.
    """
    of_members = [tier for tier in chosen if tier.members_only]
    if not of_members:
        return
    _refuse_member(connection, show, of_members[0], member_id)
    assert member_id is not None
    _refuse_more_than_most(connection, show, of_members, wanted, member_id, now)


def _refuse_more_than_most(
    connection: Connection,
    show: ShowOnSale,
    of_members: Sequence[Tier],
    more: Mapping[int, int],
    member_id: int,
    now: datetime,
) -> None:
    """
    Whether a member has, with these more, no more than the most of each tier.

    Raises: `SaleRefused` (`too-many`).
    """
    held = seats.count_of_member(connection, show.show_id, member_id, now)
    for tier in of_members:
        has = held.get(tier.id, 0)
        if has + more.get(tier.id, 0) > tier.max_quantity:
            raise refusals.refused(
                refusals.TOO_MANY,
                f"A member can have {tier.max_quantity:,} of {safe(tier.name)!r} at "
                f"most, and has {has:,} already.",
                hint="Choose another price.",
            )


def _refuse_member(
    connection: Connection, show: ShowOnSale, tier: Tier, member_id: int | None
) -> None:
    if member_id is None:
        raise refusals.refused(
            refusals.MEMBERS_ONLY,
            f"{safe(tier.name)!r} is for members only.",
            hint="Give the member's number: --member NUMBER, or m at a till.",
        )
    members.refuse_on_day(members.get_member(connection, member_id), show.day)


def refuse_members_tiers(
    connection: Connection, show: ShowOnSale, order: PlacedOrder, now: datetime
) -> None:
    """
    Whether an order may still have its members' tickets, asked again when it is paid:
    the member's days, and the most of each tier, may be others by now.

    Raises: `SaleRefused` (`members-only`, `too-many`).
    """
    tiers = {ticket.tier.id: ticket.tier for ticket in order.basket}
    of_members = [tier for tier in tiers.values() if tier.members_only]
    if not of_members:
        return
    _refuse_member(connection, show, of_members[0], order.member_id)
    assert order.member_id is not None
    _refuse_more_than_most(connection, show, of_members, {}, order.member_id, now)


def buyer_key(show: ShowOnSale, buyer: Person, member: str) -> str:
    """
    By what a buyer is known who may hold seats only once; `""` for anybody.
    """
    who = member or buyer.email or buyer.name
    if not show.one_pending_per_buyer or not who:
        return ""
    return digest.content(" ".join(who.casefold().split()).encode()).hex()


def list_pending_of(connection: Connection, show: ShowOnSale, key: str) -> list[int]:
    """
    The pending orders of a buyer for a show, by our ids.
    """
    if not key:
        return []
    query = select(boxoffice_orders.c.id).where(
        boxoffice_orders.c.show_id == show.show_id,
        boxoffice_orders.c.buyer_key == key,
        boxoffice_orders.c.state == PENDING,
    )
    return list(connection.scalars(query))
