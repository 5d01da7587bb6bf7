"""
The orders and tickets behind the figures of a show: exactly those that the figures are
computed from, each once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from ticketsync.core.money import Money
from ticketsync.core.tables import Column, Kind, Row, Table
from ticketsync.financials import fee_lines
from ticketsync.financials.fees import Schedules
from ticketsync.store import counted, order_words, query_results, totals
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.sales import orders, tickets

NO_ORDER = "(no order)"  # in place of the id, of a ticket without one
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
# The same order by order: what the rows of its tickets have in common, how many tickets
# were sold and how many of them are comps, and the sums.
BY_ORDER = (
    *(c for c in CONTRIBUTIONS[:4]),
    Column("currency"),
    Column("tickets", Kind.COUNT),
    Column("comps", Kind.COUNT),
    *(c for c in CONTRIBUTIONS if c.kind is Kind.MONEY and c not in CHARGED_PARTS),
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
    query = _query(query_results.field_names(TicketContribution), show_id)
    return query_results.values(connection, TicketContribution, CONTRIBUTIONS, query)


def contributions_table(connection: Connection, show_id: int) -> Table:
    """
    The same as a report.
    """
    query = _query(query_results.column_names(CONTRIBUTIONS), show_id)
    return query_results.stream(connection, CONTRIBUTIONS, query)


def list_bills(
    connection: Connection, show_id: int, schedules: Schedules
) -> dict[tuple[str, str, str], int]:
    """
    What the venue's own rates bill for orders of a show whose fees are not reported, in
    minor units by account, the platform's order id and currency.
    """
    of_show = show_links.c.show_id == show_id
    amounts: dict[tuple[int, int, str], int] = {}
    for bill in fee_lines.scheduled_bills(connection, of_show, schedules):
        if bill.show_id == show_id:
            key = (bill.account_id, bill.order_id, bill.currency)
            amounts[key] = amounts.get(key, 0) + sum(bill.lines.values())
    if not amounts:
        return {}
    of_accounts = select(accounts.c.id, accounts.c.name)
    names = {row.id: row.name for row in connection.execute(of_accounts)}
    counted_here = select(tickets.c.order_id).select_from(counted.counted_tickets())
    of_orders = select(orders.c.id, orders.c.provider_id).where(
        orders.c.id.in_(counted_here.where(of_show))
    )
    ids = {row.id: row.provider_id for row in connection.execute(of_orders)}
    return {
        (names[account], ids[order], currency): amount
        for (account, order, currency), amount in amounts.items()
    }


def known_sum(values: Sequence[tuple[int | None, int]]) -> int | None:
    """
    The sum of what is known of tickets, each given with what it was charged; `None` as
    soon as it is unknown of one that was paid for. As in the figures, nothing is
    missing of a free ticket.
    """
    if any(value is None and charged for value, charged in values):
        return None
    return sum(value or 0 for value, _ in values)


def by_order(tickets: Table) -> Table:
    """
    The contributions of a show order by order, in the order of purchase. An amount that
    one of its tickets does not know is not known; fees and tax of a free ticket are not
    missed. Tickets without an order are one row for each account and currency.
    """
    key = [tickets.position(name) for name in ("account", "order_id", "currency")]
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in tickets.rows:
        found.setdefault(tuple(row[place] for place in key), []).append(row)
    return Table(BY_ORDER, [_order(tickets, rows) for rows in found.values()])


def _order(tickets: Table, rows: Sequence[Row]) -> Row:
    counts = {"tickets": "is_sold", "comps": "is_comp"}

    def value(column: Column) -> Any:
        place = tickets.position(counts.get(column.name, column.name))
        values = [row[place] for row in rows]
        if column.name in counts:
            return sum(map(bool, values))
        if column.name in totals.MAY_BE_UNKNOWN:
            charged = tickets.position("charged")
            return known_sum([(row[place], row[charged]) for row in rows])
        if column.kind is Kind.MONEY:
            return None if None in values else sum(values)
        return values[0]

    return tuple(value(column) for column in BY_ORDER)


def _query(names: list[str], show_id: int) -> Select[Any]:
    return (
        select(
            *query_results.named(
                names,
                tickets,
                account=accounts.c.name,
                order_id=func.coalesce(orders.c.provider_id, NO_ORDER),
                order_status=func.coalesce(order_words.order_word(), ""),
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
