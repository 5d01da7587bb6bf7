"""
Tickets as an export: what the rows of `export sales` consist of, ticket by ticket, and
the vouchers that were sold, which are of no show.
"""

from __future__ import annotations

from sqlalchemy import Connection, and_, case, func, literal, or_, select

from ticketsync.core import records
from ticketsync.core.tables import Column, Kind, Table
from ticketsync.reporting.export_filter import ExportFilter
from ticketsync.store import counted, query_results
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import productions, show_links, shows
from ticketsync.store.tables.sales import orders, tickets

TICKETS = (
    Column("account"),
    Column("order_id"),
    Column("placed_at", Kind.INSTANT),
    Column("show_id", Kind.ID),
    Column("production"),
    Column("starts_at", Kind.INSTANT),
    Column("ticket_id"),
    Column("status"),
    Column("type_name"),
    Column("currency"),
    Column("is_sold", Kind.FLAG),
    Column("is_comp", Kind.FLAG),
    Column("is_refunded", Kind.FLAG),
    Column("face", Kind.MONEY),
    Column("discount", Kind.MONEY),
    Column("charged", Kind.MONEY),
    Column("refunded", Kind.MONEY),
    Column("tax", Kind.MONEY),
    Column("tax_remitted", Kind.MONEY),
    Column("fees", Kind.MONEY),
    Column("platform"),
    Column("promo_code"),
)


def tickets_table(connection: Connection, chosen: ExportFilter) -> Table:
    """
    The tickets of the orders chosen, those of the newest order first, as a report whose
    rows are read while they are used.
    """
    is_listed = or_(show_links.c.id.is_(None), counted.is_counted())
    query = (
        select(
            *query_results.named(
                query_results.column_names(TICKETS),
                tickets,
                account=accounts.c.name,
                order_id=orders.c.provider_id,
                placed_at=orders.c.placed_at,
                show_id=shows.c.id,
                production=case(
                    (counted.is_voucher_sale(), literal(records.VOUCHERS_SOLD)),
                    else_=productions.c.title,
                ),
                starts_at=shows.c.starts_at,
                ticket_id=tickets.c.provider_id,
                platform=accounts.c.provider,
                promo_code=func.nullif(orders.c.promo_code, ""),
            )
        )
        .select_from(orders)
        .join(tickets, tickets.c.order_id == orders.c.id)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .outerjoin(
            counted.links_and_shows(),
            and_(
                show_links.c.occurrence_id == tickets.c.occurrence_id,
                counted.is_of_show(),
            ),
        )
        .outerjoin(productions, productions.c.id == shows.c.production_id)
        .where(tickets.c.status != "gone", is_listed)
        .where(*chosen.of_orders(), *chosen.of_shows())
        .order_by(orders.c.placed_at.desc(), orders.c.id.desc(), tickets.c.id)
    )
    return query_results.stream(connection, TICKETS, query)
