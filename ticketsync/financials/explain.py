"""
From any figure of a show down to the orders and tickets it is made of: exactly those
that the figures are computed from, each once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session

from ticketsync.store import counted
from ticketsync.store.tables.accounts import Account
from ticketsync.store.tables.catalogue import ShowLink
from ticketsync.store.tables.sales import Order, Ticket
from ticketsync.store.upsert import table_of


@dataclass(frozen=True, slots=True)
class Part:
    """
    One ticket's contribution to a show's figures, with the order it came in.

    `is_checked_in`: our doors' word where they ever met the ticket, else the
    platform's. Amounts are minor units of `currency`.
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


_OF_TICKET = (
    *("type_name", "currency", "is_sold", "is_comp", "is_refunded"),
    *("face", "discount", "charged", "refunded", "tax", "tax_remitted", "fees"),
)


@dataclass(slots=True)
class Total:
    """
    What the parts of one account in one currency add up to: a row of the figures.
    """

    account: str
    currency: str
    tickets_sold: int = 0
    tickets_comp: int = 0
    tickets_refunded: int = 0
    checked_in: int = 0
    face: int = 0
    discounts: int = 0
    gross: int = 0
    refunded: int = 0

    def add(self, part: Part) -> None:
        self.tickets_sold += part.is_sold
        self.tickets_comp += part.is_comp
        self.tickets_refunded += part.is_refunded
        self.checked_in += part.is_sold and part.is_checked_in
        self.face += part.face
        self.discounts += part.discount
        self.gross += part.charged
        self.refunded += part.refunded


def totals(parts: Iterable[Part]) -> list[Total]:
    """
    The sums per account and currency: two currencies are never added.
    """
    found: dict[tuple[str, str], Total] = {}
    for part in parts:
        key = (part.account, part.currency)
        found.setdefault(key, Total(*key)).add(part)
    return [found[key] for key in sorted(found)]


def parts(session: Session, show_id: int) -> list[Part]:
    """
    Everything that counts for a show, in the order it was bought.
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
            *(tickets.c[name] for name in _OF_TICKET),
            counted.is_checked_in().label("is_checked_in"),
            orders.c.doubt,
        )
        .select_from(counted.with_admissions(counted.counted_tickets()))
        .join(accounts, accounts.c.id == tickets.c.account_id)
        .outerjoin(orders, orders.c.id == tickets.c.order_id)
        .where(links.c.show_id == show_id)
        .order_by(orders.c.placed_at, orders.c.id, tickets.c.id)
    )
    return [
        Part(
            **{
                **row._mapping,
                "is_checked_in": bool(row.is_checked_in),
                "order_id": row.order_id or "(no order)",
                "order_status": row.order_status or "",
            }
        )
        for row in session.connection().execute(query)
    ]
