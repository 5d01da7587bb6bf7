"""
Orders and refunds as lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlmodel import Session

from ticketsync.store.tables.accounts import Account
from ticketsync.store.tables.catalogue import Occurrence, Production, Show, ShowLink
from ticketsync.store.tables.sales import Order, Quarantined, Refund, Ticket
from ticketsync.store.upsert import table_of


@dataclass(frozen=True, slots=True)
class Sale:
    """
    One order; what counts of it is `charged` and `refunded`. Minor units.
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
    total: int
    charged: int
    refunded: int
    channel: str
    payment_reference: str | None
    doubt: str | None


@dataclass(frozen=True, slots=True)
class RefundLine:
    """
    One movement of money back to a buyer, negative where it came back after all; its
    day and the basis of that day. Minor units.
    """

    account: str
    order_id: str
    placed_at: datetime
    show_id: int | None
    production: str | None
    starts_at: datetime | None
    currency: str
    charged: int
    amount: int
    first_seen_at: datetime
    on_day: str
    basis: str
    refunded_at: datetime | None
    refund_id: str
    number: int


def sales(
    session: Session,
    *,
    show_id: int | None = None,
    account: str | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> Iterator[Sale]:
    """
    Orders, the newest first.
    """
    orders, tickets, accounts = table_of(Order), table_of(Ticket), table_of(Account)
    number = (
        select(func.count())
        .where(tickets.c.order_id == orders.c.id, tickets.c.kind == "admission")
        .correlate(orders)
        .scalar_subquery()
    )
    links, shows, works = table_of(ShowLink), table_of(Show), table_of(Production)
    query = _with_show(
        select(
            accounts.c.name.label("account"),
            orders.c.provider_id.label("order_id"),
            orders.c.placed_at,
            orders.c.status,
            links.c.show_id,
            works.c.title.label("production"),
            shows.c.starts_at,
            number.label("tickets"),
            *(orders.c[name] for name in Sale.__slots__[8:]),
        )
    ).order_by(orders.c.placed_at.desc(), orders.c.id.desc())
    if show_id is not None:
        query = query.where(links.c.show_id == show_id)
    if account is not None:
        query = query.where(accounts.c.name == account)
    if since is not None:
        query = query.where(orders.c.placed_at >= since)
    if limit is not None:
        query = query.limit(limit)
    for row in session.connection().execute(query):
        yield Sale(**row._mapping)


def refunds(
    session: Session, *, account: str | None = None, order_id: str | None = None
) -> Iterator[RefundLine]:
    """
    Money returned, of all orders or of one, the newest first seen first.
    """
    orders, table, accounts = table_of(Order), table_of(Refund), table_of(Account)
    links, shows, works = table_of(ShowLink), table_of(Show), table_of(Production)
    query = (
        _with_show(
            select(
                accounts.c.name.label("account"),
                orders.c.provider_id.label("order_id"),
                orders.c.placed_at,
                links.c.show_id,
                works.c.title.label("production"),
                shows.c.starts_at,
                orders.c.currency,
                orders.c.charged,
                table.c.amount,
                table.c.seen_at.label("first_seen_at"),
                table.c.on_day,
                table.c.basis,
                table.c.refunded_at,
                table.c.provider_id.label("refund_id"),
                table.c.number,
            )
        )
        .join(table, table.c.order_id == orders.c.id)
        .order_by(table.c.seen_at.desc(), table.c.id.desc())
    )
    if account is not None:
        query = query.where(accounts.c.name == account)
    if order_id is not None:
        query = query.where(orders.c.provider_id == order_id)
    for row in session.connection().execute(query):
        yield RefundLine(**row._mapping)


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


def _with_show(query: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
    """
    Orders joined to their account and, where there is one, the show they feed.
    """
    orders, accounts, dates = table_of(Order), table_of(Account), table_of(Occurrence)
    links, shows, works = table_of(ShowLink), table_of(Show), table_of(Production)
    return (
        query.select_from(orders)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .outerjoin(dates, dates.c.id == orders.c.occurrence_id)
        .outerjoin(links, links.c.occurrence_id == dates.c.id)
        .outerjoin(shows, shows.c.id == links.c.show_id)
        .outerjoin(works, works.c.id == shows.c.production_id)
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
