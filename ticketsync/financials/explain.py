"""
The orders and tickets behind the figures of a show: exactly those that the figures are
computed from, each once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from ticketsync.core.money import Money
from ticketsync.core.tables import Column, Kind, Table
from ticketsync.store import counted, reports
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.sales import orders, tickets

# What `charged` consists of beside `face`; `voucher` is taken off.
CHARGED_PARTS = (
    Column("buyer_fee", Kind.MONEY, "buyer fees"),
    Column("addons", Kind.MONEY, "add-ons"),
    Column("donation", Kind.MONEY, "donations"),
    Column("voucher", Kind.MONEY, "less vouchers"),
    Column("tax_added", Kind.MONEY, "tax on top"),
    Column("unexplained", Kind.MONEY, "unexplained"),
)
CONTRIBUTIONS = (
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
    *CHARGED_PARTS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketContribution:
    """
    One ticket's contribution to a show's figures, with the order it came in.

    `is_checked_in`: as our doors recorded if they ever scanned the ticket, else as the
    platform reports. `order_id` and `ticket_id` are the platform's. What `charged`
    consists of beside `face` is `None` until it was parsed.
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
    buyer_fee: Money | None
    addons: Money | None
    donation: Money | None
    voucher: Money | None
    tax_added: Money | None
    unexplained: Money | None


def list_contributions(
    connection: Connection, show_id: int
) -> list[TicketContribution]:
    """
    Every ticket that counts for a show, in the order of purchase.
    """
    query = _query(reports.field_names(TicketContribution), show_id)
    return reports.values(connection, TicketContribution, CONTRIBUTIONS, query)


def contributions_table(connection: Connection, show_id: int) -> Table:
    """
    The same as a report.
    """
    query = _query(reports.column_names(CONTRIBUTIONS), show_id)
    return reports.stream(connection, CONTRIBUTIONS, query)


def _query(names: list[str], show_id: int) -> Select[Any]:
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
                is_checked_in=counted.is_checked_in(),
                doubt=orders.c.doubt,
            )
        )
        .select_from(counted.with_admissions(counted.counted_tickets()))
        .join(accounts, accounts.c.id == tickets.c.account_id)
        .outerjoin(orders, orders.c.id == tickets.c.order_id)
        .where(show_links.c.show_id == show_id)
        .order_by(orders.c.placed_at, orders.c.id, tickets.c.id)
    )
