"""
From any figure of a show down to the orders and tickets it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session

from ticketsync.store.tables.accounts import Account
from ticketsync.store.tables.catalogue import ShowLink
from ticketsync.store.tables.sales import Order, Ticket
from ticketsync.store.upsert import table_of


@dataclass(frozen=True, slots=True)
class Part:
    """
    One ticket's contribution to a show's figures, with the order it came in.
    """

    account: str
    order_id: str
    order_status: str
    placed_at: datetime | None
    ticket_id: str
    ticket_status: str
    type_name: str
    currency: str
    is_sold: bool
    is_comp: bool
    is_refunded: bool
    is_checked_in: bool
    face: int
    discount: int
    charged: int
    refunded: int
    tax: int | None
    tax_remitted: int
    fees: int | None
    doubt: str | None


def parts(session: Session, show_id: int) -> list[Part]:
    """
    Everything a show's figures are made of, in the order it was bought.
    """
    tickets, orders = table_of(Ticket), table_of(Order)
    links, accounts = table_of(ShowLink), table_of(Account)
    query = (
        select(
            accounts.c.name.label("account"),
            orders.c.provider_id.label("order_id"),
            orders.c.status.label("order_status"),
            orders.c.placed_at,
            tickets.c.provider_id.label("ticket_id"),
            tickets.c.status.label("ticket_status"),
            *(tickets.c[name] for name in Part.__slots__[6:19]),
            orders.c.doubt,
        )
        .select_from(tickets)
        .join(links, links.c.occurrence_id == tickets.c.occurrence_id)
        .join(accounts, accounts.c.id == tickets.c.account_id)
        .outerjoin(orders, orders.c.id == tickets.c.order_id)
        .where(links.c.show_id == show_id)
        .order_by(orders.c.placed_at, orders.c.id, tickets.c.id)
    )
    return [
        Part(
            **{
                **row._mapping,
                "order_id": row.order_id or "(no order)",
                "order_status": row.order_status or "",
            }
        )
        for row in session.connection().execute(query)
    ]
