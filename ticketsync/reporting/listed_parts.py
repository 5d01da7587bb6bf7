"""
The parts of orders as lists of orders and refunds show them, each with its show.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Subquery, case, literal, select

from ticketsync.core import records
from ticketsync.reporting.order_parts import parts_of_orders
from ticketsync.store import query_results
from ticketsync.store.tables.catalogue import productions, shows
from ticketsync.store.tables.sales import orders


class ListedPart(NamedTuple):
    """
    The part of an order for one show; `show_id` is `None` where no show is linked yet,
    and of vouchers that were sold, which stand for one in `production`.
    """

    show_id: int | None
    production: str | None
    starts_at: datetime | None
    starts_local: str | None
    is_listed: int
    is_voucher_sale: int
    tickets: int
    charged: int
    refunded: int
    tax_remitted: int
    fees: int | None
    net: int | None
    buyer_fees: int | None
    addons: int | None
    donations: int | None
    vouchers: int | None
    tax_added: int | None
    unexplained: int | None


def title(parts: Subquery) -> ColumnElement[str]:
    """
    The production of a part, or what it is of in its place.
    """
    return case(
        (parts.c.is_voucher_sale == 1, literal(records.VOUCHERS_SOLD)),
        else_=productions.c.title,
    )


def parts_by_order(
    connection: Connection, order_rows: Iterable[int]
) -> dict[int, list[ListedPart]]:
    """
    The parts of these orders by show, by our order id.
    """
    parts = parts_of_orders([orders.c.id.in_([*order_rows])])
    query = (
        select(
            parts.c.order_row,
            *query_results.named(
                ListedPart._fields,
                parts,
                production=title(parts),
                starts_at=shows.c.starts_at,
                starts_local=shows.c.starts_local,
            ),
        )
        .outerjoin(shows, shows.c.id == parts.c.show_id)
        .outerjoin(productions, productions.c.id == shows.c.production_id)
        .order_by(parts.c.order_row, shows.c.starts_at.nulls_first(), parts.c.show_id)
        .order_by(parts.c.is_voucher_sale)
    )
    found: dict[int, list[ListedPart]] = {}
    for order_row, *values in connection.execute(query):
        found.setdefault(order_row, []).append(ListedPart(*values))
    return found
