"""
The part of each order for each show, with the sums over its tickets: what the lists of
sales and refunds consist of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Subquery,
    and_,
    case,
    cast,
    false,
    func,
    or_,
    select,
    union_all,
)

from ticketsync.core.net_formula import net_before_fees
from ticketsync.store import counted, totals
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.sales import orders, tickets
from ticketsync.store.types import WHOLE

SUMS = (
    *("tickets", "charged", "refunded", "fees", "net"),
    *totals.GROSS_PARTS,
)


def parts_of_orders(of_orders: Sequence[ColumnElement[bool]]) -> Subquery:
    """
    The parts of the orders for which these conditions hold, by order and show: the sums
    over their tickets, and whether they are listed. An order without tickets is a part
    for the show that it was placed for; the vouchers that an order sold are a part
    without a show.
    """
    is_ticket = case((counted.is_admission(), 1), else_=0)
    sums_of_tickets = {
        "tickets": func.sum(is_ticket),
        "charged": func.sum(tickets.c.charged),
        "refunded": func.sum(tickets.c.refunded),
        "tax_remitted": func.sum(tickets.c.tax_remitted),
        "fees": totals.ticket_fees(),
        **{
            name: totals.known_sum(tickets.c[column])
            for name, column in totals.GROSS_PARTS.items()
        },
    }
    sums = _parts(of_orders, sums_of_tickets).subquery("sums")
    kept = net_before_fees(sums.c.charged, sums.c.refunded, sums.c.tax_remitted)
    return select(*sums.c, (kept - sums.c.fees).label("net")).subquery("parts")


def shows_of_orders(of_orders: Sequence[ColumnElement[bool]]) -> Subquery:
    """
    The same parts without their sums, which take most of the time: the order, the show
    and whether the part is listed, once for each ticket.
    """
    held = and_(tickets.c.order_id == orders.c.id, tickets.c.status != "gone")
    place = func.coalesce(tickets.c.occurrence_id, orders.c.occurrence_id)
    return (
        select(*_part(orders.c.id, _is_voucher_sale()))
        .select_from(orders.outerjoin(tickets, held))
        .outerjoin(
            counted.links_and_shows(),
            and_(show_links.c.occurrence_id == place, ~_is_voucher_sale()),
        )
        .where(*of_orders)
        .subquery("shows_of_orders")
    )


def is_listed() -> ColumnElement[int]:
    """
    Whether what is of an occurrence is listed, 1 or 0: an occurrence without a show is,
    one that does not count for its show is not.
    """
    is_listed_ = or_(show_links.c.id.is_(None), counted.is_counted())
    return case((is_listed_, 1), else_=0)


def _parts(
    of_orders: Sequence[ColumnElement[bool]], sums: Mapping[str, ColumnElement[Any]]
) -> CompoundSelect[Any]:
    chosen = select(orders.c.id).where(*of_orders)
    is_held = tickets.c.status != "gone"
    by_ticket = _grouped(tickets, tickets.c.order_id, sums, _is_voucher_sale()).where(
        is_held
    )
    has_tickets = select(tickets.c.id).where(tickets.c.order_id == orders.c.id, is_held)
    nothing = dict.fromkeys(sums, func.sum(0))
    placed = _grouped(orders, orders.c.id, nothing, false())
    placed = placed.where(~has_tickets.exists())
    if of_orders:
        by_ticket = by_ticket.where(tickets.c.order_id.in_(chosen))
        placed = placed.where(*of_orders)
    return union_all(by_ticket, placed)


def _grouped(
    table: Any,
    order_row: ColumnElement[Any],
    sums: Mapping[str, ColumnElement[Any]],
    is_voucher_sale: ColumnElement[bool],
) -> Select[Any]:
    """
    Sums over rows with an occurrence, per order and show.
    """
    linked_shows = counted.links_and_shows()
    place = show_links.c.occurrence_id == table.c.occurrence_id
    return (
        select(
            *_part(order_row, is_voucher_sale),
            *(cast(sum_, WHOLE).label(name) for name, sum_ in sums.items()),
        )
        .select_from(table.outerjoin(linked_shows, and_(place, ~is_voucher_sale)))
        .group_by(order_row, show_links.c.show_id, "is_listed", "is_voucher_sale")
    )


def _is_voucher_sale() -> ColumnElement[bool]:
    """
    The same of the tickets of orders, of which one may have none.
    """
    return and_(tickets.c.id.is_not(None), counted.is_voucher_sale())


def _part(
    order_row: ColumnElement[Any], is_voucher_sale: ColumnElement[bool]
) -> tuple[ColumnElement[Any], ...]:
    """
    The order, the show, whether the part is listed, and whether it is of vouchers that
    were sold.
    """
    return (
        order_row.label("order_row"),
        show_links.c.show_id,
        is_listed().label("is_listed"),
        case((is_voucher_sale, 1), else_=0).label("is_voucher_sale"),
    )
