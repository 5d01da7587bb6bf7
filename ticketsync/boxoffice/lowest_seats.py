"""
The statement that gives an order the lowest free numbers of a show and of its tiers.

Who calls it has locked the show, see `seats`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
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
    values: dict[str, Any] = {}
    before = 0
    for n, (tier_id, count) in enumerate(counts.items()):
        values |= {f"tier_{n}": tier_id, f"count_{n}": count, f"before_{n}": before}
        before += count
    connection.execute(
        _lowest(len(counts)),
        {
            **values,
            "of_show": show_id,
            "of_order": order_id,
            "until": held_until,
            "most": int(connection.scalar(used) or 0) + before,
        },
    )


@cache
def _lowest(tiers_wanted: int) -> Insert:
    """
    The statement for seats of so many tiers: the first free numbers of the show are for
    the first tier, those behind them for the next one. It is kept: to make it takes
    longer than to execute it.
    """
    tiers = _tiers(tiers_wanted)
    numbers = _numbers()
    free = _free_of_show(numbers)
    of_tier = _free_of_tier(tiers, numbers)
    rows: Select[Any] = (
        select(
            bindparam("of_show", type_=WHOLE),
            free.c.number,
            tiers.c.tier_id,
            of_tier.c.number.label("tier_number"),
            bindparam("of_order", type_=WHOLE),
            bindparam("until", type_=Instant),
        )
        .select_from(tiers)
        .join(
            free,
            and_(
                free.c.place > tiers.c.before,
                free.c.place <= tiers.c.before + tiers.c.count,
            ),
        )
        .join(
            of_tier,
            and_(
                of_tier.c.tier_id == tiers.c.tier_id,
                of_tier.c.place == free.c.place - tiers.c.before,
            ),
        )
    )
    columns = [
        *("show_id", "seat_number", "tier_id", "tier_seat_number", "order_id"),
        "held_until",
    ]
    return insert(boxoffice_seats).from_select(columns, rows)


def _tiers(number: int) -> CTE:
    """
    Each tier with how many seats of it are wanted, and how many of those before it.
    """
    return union_all(
        *(
            select(
                bindparam(f"tier_{n}", type_=WHOLE).label("tier_id"),
                bindparam(f"count_{n}", type_=WHOLE).label("count"),
                bindparam(f"before_{n}", type_=WHOLE).label("before"),
            )
            for n in range(number)
        )
    ).cte("tiers")


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


def _free_of_tier(tiers: CTE, numbers: Any) -> Subquery:
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
