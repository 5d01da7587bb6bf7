"""
The word for what became of an order, the same in every list of orders.

`orders.status` says whether an order counts, and is not the word: of an order that was
paid and went back the platform says `paid` or `cancelled`, and so does the record of
our own box office, by how it was paid.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, and_, case, func, literal, select

from ticketsync.core.records import OrderStatus
from ticketsync.store.tables.sales import orders, tickets

REFUNDED: Final = "refunded"

_lines = tickets.alias("tickets_of_order")  # the query around may be of tickets, too


def order_word() -> ColumnElement[str]:
    """
    `paid`, `pending` or `cancelled`; `refunded` where all that was paid for the order,
    in money and with vouchers, went back and no ticket of it admits anybody.
    """
    return case((_is_refunded(), literal(REFUNDED)), else_=orders.c.status)


def _is_refunded() -> ColumnElement[bool]:
    paid = orders.c.charged + func.coalesce(orders.c.vouchers, 0)
    went_back = orders.c.refunded + orders.c.credited
    admits = (
        select(_lines.c.id)
        .where(_lines.c.order_id == orders.c.id, _lines.c.is_sold)
        .correlate(orders)
        .exists()
    )
    return and_(
        orders.c.status != OrderStatus.PENDING.value,
        paid > 0,
        went_back >= paid,
        ~admits,
    )
