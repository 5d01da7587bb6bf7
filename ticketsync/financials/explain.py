"""
From any figure of a show down to the orders and tickets it is made of: exactly those
that the figures are computed from, each once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, type_coerce
from sqlmodel import Session

from ticketsync.core.money import Money
from ticketsync.core.tables import Column, Kind, Table
from ticketsync.store import counted, reports
from ticketsync.store.tables.accounts import Account
from ticketsync.store.tables.catalogue import ShowLink
from ticketsync.store.tables.sales import Order, Ticket
from ticketsync.store.types import Flag
from ticketsync.store.upsert import table_of

PARTS = (
    Column("account"),
    Column("order_id"),
    Column("order_status"),
    Column("placed_at", Kind.INSTANT),
    Column("ticket_id"),
    Column("ticket_status"),
    Column("type_name"),
    Column("currency"),
    Column("is_sold", Kind.FLAG),
    Column("is_comp", Kind.FLAG),
    Column("is_refunded", Kind.FLAG),
    Column("is_checked_in", Kind.FLAG),
    Column("face", Kind.MONEY),
    Column("discount", Kind.MONEY),
    Column("charged", Kind.MONEY),
    Column("refunded", Kind.MONEY),
    Column("tax", Kind.MONEY),
    Column("tax_remitted", Kind.MONEY),
    Column("fees", Kind.MONEY),
    Column("doubt"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
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
    face: Money
    discount: Money
    charged: Money
    refunded: Money
    tax: Money | None
    tax_remitted: Money
    fees: Money | None
    doubt: str | None


def parts(session: Session, show_id: int) -> list[Part]:
    """
    Everything that counts for a show, in the order it was bought.
    """
    query = _parts(reports.field_names(Part), show_id)
    return reports.values(session, Part, PARTS, query)


def parts_table(session: Session, show_id: int) -> Table:
    """
    The same as a report.
    """
    query = _parts(reports.column_names(PARTS), show_id)
    return reports.stream(session, PARTS, query)


def _parts(names: list[str], show_id: int) -> Select[Any]:
    tickets, orders = table_of(Ticket), table_of(Order)
    links, accounts = table_of(ShowLink), table_of(Account)
    return (
        select(
            *reports.named(
                names,
                tickets,
                account=accounts.c.name,
                order_id=func.coalesce(orders.c.provider_id, "(no order)"),
                order_status=func.coalesce(orders.c.status, ""),
                placed_at=orders.c.placed_at,
                ticket_id=tickets.c.provider_id,
                ticket_status=tickets.c.status,
                is_checked_in=type_coerce(counted.is_checked_in(), Flag()),
                doubt=orders.c.doubt,
            )
        )
        .select_from(counted.with_admissions(counted.counted_tickets()))
        .join(accounts, accounts.c.id == tickets.c.account_id)
        .outerjoin(orders, orders.c.id == tickets.c.order_id)
        .where(links.c.show_id == show_id)
        .order_by(orders.c.placed_at, orders.c.id, tickets.c.id)
    )
