"""
Orders and refunds as lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlmodel import Session

from ticketsync.core.money import Money
from ticketsync.core.tables import Column, Kind, Table
from ticketsync.store import reports
from ticketsync.store.tables.accounts import Account
from ticketsync.store.tables.catalogue import Occurrence, Production, Show, ShowLink
from ticketsync.store.tables.sales import Order, Quarantined, Refund, Ticket
from ticketsync.store.upsert import table_of

SALES = (
    Column("account"),
    Column("order_id"),
    Column("placed_at", Kind.INSTANT),
    Column("status"),
    Column("show_id", Kind.NUMBER),
    Column("production"),
    Column("starts_at", Kind.INSTANT),
    Column("tickets", Kind.COUNT),
    Column("currency"),
    Column("total", Kind.MONEY),
    Column("charged", Kind.MONEY),
    Column("refunded", Kind.MONEY),
    Column("channel"),
    Column("payment_reference"),
    Column("doubt"),
)
REFUNDS = (
    Column("account"),
    Column("order_id"),
    Column("placed_at", Kind.INSTANT),
    Column("show_id", Kind.NUMBER),
    Column("production"),
    Column("starts_at", Kind.INSTANT),
    Column("currency"),
    Column("charged", Kind.MONEY),
    Column("amount", Kind.MONEY),
    Column("first_seen_at", Kind.INSTANT),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """
    One order; what counts of it is `charged` and `refunded`.
    """

    account: str
    order_id: str
    placed_at: datetime
    status: str
    show_id: int | None
    production: str | None
    starts_at: datetime | None
    tickets: int
    currency: str
    total: Money
    charged: Money
    refunded: Money
    channel: str
    payment_reference: str | None
    doubt: str | None


def sales(
    session: Session, *, show_id: int | None = None, limit: int | None = None
) -> list[Sale]:
    """
    Orders, the newest first: of one show or of all.
    """
    query = _sales(reports.field_names(Sale), show_id=show_id, limit=limit)
    return reports.values(session, Sale, SALES, query)


def sales_table(
    session: Session,
    *,
    show_id: int | None = None,
    account: str | None = None,
    limit: int | None = None,
) -> Table:
    """
    Orders as a report, the newest first.
    """
    names = reports.column_names(SALES)
    query = _sales(names, show_id=show_id, account=account, limit=limit)
    return reports.stream(session, SALES, query)


def refunds_table(session: Session) -> Table:
    """
    Money returned, the newest first seen first.
    """
    held = table_of(Refund)
    query = (
        _with_show(
            reports.column_names(REFUNDS),
            amount=held.c.amount,
            first_seen_at=held.c.seen_at,
        )
        .join(held, held.c.order_id == table_of(Order).c.id)
        .order_by(held.c.seen_at.desc(), held.c.id.desc())
    )
    return reports.stream(session, REFUNDS, query)


def _sales(
    names: list[str],
    *,
    show_id: int | None = None,
    account: str | None = None,
    limit: int | None = None,
) -> Select[Any]:
    orders, tickets = table_of(Order), table_of(Ticket)
    number = (
        select(func.count())
        .where(tickets.c.order_id == orders.c.id, tickets.c.kind == "admission")
        .correlate(orders)
        .scalar_subquery()
    )
    query = _with_show(names, tickets=number).order_by(
        orders.c.placed_at.desc(), orders.c.id.desc()
    )
    if show_id is not None:
        query = query.where(table_of(ShowLink).c.show_id == show_id)
    if account is not None:
        query = query.where(table_of(Account).c.name == account)
    return query if limit is None else query.limit(limit)


def doubtful(session: Session) -> list[tuple[str, str, str]]:
    """
    Orders whose own numbers do not add up: account, order, why.
    """
    orders, accounts = table_of(Order), table_of(Account)
    query = (
        select(accounts.c.name, orders.c.provider_id, orders.c.doubt)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .where(orders.c.doubt.is_not(None))
        .order_by(orders.c.id)
    )
    rows = session.connection().execute(query)
    return [(str(account), str(order), str(doubt)) for account, order, doubt in rows]


def _with_show(names: list[str], **expressions: Any) -> Select[Any]:
    """
    Orders with their account and, where there is one, the show they feed.
    """
    orders, accounts = table_of(Order), table_of(Account)
    occurrences, links = table_of(Occurrence), table_of(ShowLink)
    shows, productions = table_of(Show), table_of(Production)
    columns = reports.named(
        names,
        orders,
        account=accounts.c.name,
        order_id=orders.c.provider_id,
        show_id=links.c.show_id,
        production=productions.c.title,
        starts_at=shows.c.starts_at,
        **expressions,
    )
    return (
        select(*columns)
        .select_from(orders)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .outerjoin(occurrences, occurrences.c.id == orders.c.occurrence_id)
        .outerjoin(links, links.c.occurrence_id == occurrences.c.id)
        .outerjoin(shows, shows.c.id == links.c.show_id)
        .outerjoin(productions, productions.c.id == shows.c.production_id)
    )


def unread(session: Session) -> list[tuple[str, str, str]]:
    """
    Records in quarantine: account, the record's id, the reason.
    """
    waiting, accounts = table_of(Quarantined), table_of(Account)
    rows = session.connection().execute(
        select(accounts.c.name, waiting.c.provider_id, waiting.c.reason)
        .join(accounts, accounts.c.id == waiting.c.account_id)
        .order_by(accounts.c.name, waiting.c.id)
    )
    return [(row.name, row.provider_id, row.reason) for row in rows]
