"""
An order of a report for more tickets than its show has seats: another column stands
where the number of tickets should, and it is set aside. A show that several orders
oversell is named as oversold instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from ticketsync.catalogue import links
from ticketsync.providers.report_folder import ReadsReports
from ticketsync.sales.allocation import AllocatedOrder

WORD = "beyond-capacity"


def find_beyond(
    connection: Connection,
    provider: ReadsReports,
    orders: Sequence[AllocatedOrder],
    occurrence_ids: Mapping[str, int],
) -> dict[str, str]:
    """
    Which of these orders have more tickets that admit somebody than the show that they
    are linked to has seats, by their ids, in words.
    """
    large = {
        (item.order.id, id_): number
        for item in orders
        if len(item.shares) > 1
        for id_, number in _sold(item).items()
    }
    rows = {occurrence_ids[id_] for _, id_ in large if id_ in occurrence_ids}
    seats = links.get_own_capacities(connection, rows) if rows else {}
    found: dict[str, str] = {}
    for (order_id, id_), number in large.items():
        show = seats.get(occurrence_ids.get(id_, 0))
        if show is not None and number > show.capacity:
            found[order_id] = (
                f"{provider.location_of({'id': order_id})}{number:,} tickets of one "
                f"order, and show {show.id} has {show.capacity:,} seats: map the "
                "column with the number of tickets to `quantity`, or correct the seats "
                f"(`ticketsync shows edit {show.id} --capacity N`)"
            )
    return found


def _sold(item: AllocatedOrder) -> Counter[str]:
    return Counter(
        share.occurrence_id
        for share in item.shares
        if share.kind == "admission" and share.is_sold
    )
