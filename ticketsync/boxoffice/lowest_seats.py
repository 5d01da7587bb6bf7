"""
The statement that gives an order the lowest free numbers of a show and of its tiers.

Who calls it has locked the show, see `seats`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    Select,
    Subquery,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    select,
    union_all,
)

from ticketsync.store.tables.boxoffice import boxoffice_seats
from ticketsync.store.types import WHOLE, Instant


def insert_lowest(
    connection: Connection,
    show_id: int,
    order_id: int,
    wanted: Mapping[int, int],
    held_until: datetime | None,
) -> None:
    """
    The lowest free numbers of the show and of each tier, in one statement.
    """
    counts = {tier_id: count for tier_id, count in wanted.items() if count}
    if not counts:
        return
    used = select(func.count()).where(boxoffice_seats.c.show_id == show_id)
    values = {f"tier_{n}": tier_id for n, tier_id in enumerate(counts)}
    connection.execute(
        _lowest(tuple(counts.values())),
        {
            **values,
            "of_show": show_id,
            "of_order": order_id,
            "until": held_until,
            "most": int(connection.scalar(used) or 0) + sum(counts.values()),
        },
    )


@lru_cache(maxsize=100)
def _lowest(counts: tuple[int, ...]) -> Insert:
    """
    The statement for so many seats of each of some tiers. It is kept: to make it takes
    longer than to execute it.
    """
    ordered = [
        (tier, number)
        for tier, count in enumerate(counts)
        for number in range(1, count + 1)
    ]
    places = union_all(
        *(
            select(
                literal(place, WHOLE).label("place"),
                bindparam(f"tier_{tier}", type_=WHOLE).label("tier_id"),
                literal(number, WHOLE).label("number"),
            )
            for place, (tier, number) in enumerate(ordered, 1)
        )
    ).subquery("places")
    numbers = _numbers()
    free = _free_of_show(numbers)
    of_tier = _free_of_tier(numbers, len(counts))
    rows: Select[Any] = (
        select(
            bindparam("of_show", type_=WHOLE),
            free.c.number,
            places.c.tier_id,
            of_tier.c.number.label("tier_number"),
            bindparam("of_order", type_=WHOLE),
            bindparam("until", type_=Instant),
        )
        .select_from(places)
        .join(free, free.c.place == places.c.place)
        .join(
            of_tier,
            and_(
                of_tier.c.tier_id == places.c.tier_id,
                of_tier.c.place == places.c.number,
            ),
        )
    )
    columns = [
        *("show_id", "seat_number", "tier_id", "tier_seat_number", "order_id"),
        "held_until",
    ]
    return insert(boxoffice_seats).from_select(columns, rows)


def _numbers() -> Any:
    """
    The numbers from 1 on, up to as many as there are seats taken and wanted.
    """
    most = bindparam("most", type_=WHOLE)
    first = select(literal(1, WHOLE).label("number")).cte("numbers", recursive=True)
    return first.union_all(select(first.c.number + 1).where(first.c.number < most))


def _free_of_show(numbers: Any) -> Subquery:
    is_used = exists().where(
        boxoffice_seats.c.show_id == bindparam("of_show", type_=WHOLE),
        boxoffice_seats.c.seat_number == numbers.c.number,
    )
    return (
        select(
            numbers.c.number,
            func.row_number().over(order_by=numbers.c.number).label("place"),
        )
        .where(~is_used)
        .subquery("free")
    )


def _free_of_tier(numbers: Any, tiers_wanted: int) -> Subquery:
    tiers = union_all(
        *(
            select(bindparam(f"tier_{n}", type_=WHOLE).label("tier_id"))
            for n in range(tiers_wanted)
        )
    ).subquery("tiers")
    is_used = exists().where(
        boxoffice_seats.c.tier_id == tiers.c.tier_id,
        boxoffice_seats.c.tier_seat_number == numbers.c.number,
    )
    return (
        select(
            tiers.c.tier_id,
            numbers.c.number,
            func.row_number()
            .over(partition_by=tiers.c.tier_id, order_by=numbers.c.number)
            .label("place"),
        )
        .select_from(tiers.join(numbers, literal(True)))
        .where(~is_used)
        .subquery("free_of_tier")
    )
