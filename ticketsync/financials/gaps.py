"""
Gaps in a show's figures: the orders whose fees or tax are not reported, and how much of
them is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Join, case, cast, func, select
from sqlmodel import Session

from ticketsync.financials.fee_lines import is_unknown
from ticketsync.store import counted
from ticketsync.store.tables.accounts import AccountRow
from ticketsync.store.tables.catalogue import ShowLinkRow
from ticketsync.store.tables.financials import ShowFinancialsRow, TicketFeeRow
from ticketsync.store.tables.sales import FeeRow, OrderRow, TicketRow
from ticketsync.store.types import WHOLE
from ticketsync.store.upsert import table_of

FEES = "fees"
TAX = "tax"


@dataclass(frozen=True, slots=True)
class Gap:
    """
    One paid order with something missing: `fees` names the fees that are not reported
    ("fees" where none is), and is `None` where none is missing.
    """

    account: str
    order_id: str
    currency: str
    fees: str | None
    lacks_tax: bool

    @property
    def words(self) -> str:
        named = [] if self.fees is None else [self.fees]
        return ", ".join([*named, *([TAX] if self.lacks_tax else [])])


@dataclass(frozen=True, slots=True)
class KnownAmount:
    """
    How much of one account's fees, or of its tax, is known (minor units), and of how
    many orders some is missing.
    """

    account: str
    currency: str
    what: str
    known: int
    missing: int


def list_gaps(session: Session, show_id: int) -> list[Gap]:
    """
    The orders of a show with something missing, in the order of purchase. Fees by the
    venue's own rate are not missing.
    """
    tickets, orders, accounts = (
        table_of(TicketRow),
        table_of(OrderRow),
        table_of(AccountRow),
    )
    figures = table_of(ShowFinancialsRow)
    lacks_fees = is_unknown() & figures.c.fees.is_(None)
    lacks_tax = tickets.c.tax.is_(None) & (tickets.c.charged != 0)
    order = (
        orders.c.id,
        accounts.c.name,
        orders.c.provider_id,
        orders.c.currency,
        orders.c.placed_at,
    )
    query = (
        select(
            *order,
            func.max(case((lacks_fees, 1), else_=0)).label("fees"),
            func.max(case((lacks_tax, 1), else_=0)).label("tax"),
        )
        .select_from(_orders())
        .where(table_of(ShowLinkRow).c.show_id == show_id, lacks_fees | lacks_tax)
        .group_by(*order)
        .order_by(orders.c.placed_at, orders.c.id)
    )
    rows = session.connection().execute(query).all()
    names = _missing_fees(session, show_id)
    return [
        Gap(
            account=row.name,
            order_id=row.provider_id,
            currency=row.currency,
            fees=names.get(row.id, FEES) if row.fees else None,
            lacks_tax=bool(row.tax),
        )
        for row in rows
    ]


def list_known_amounts(
    session: Session, show_id: int, found: Iterable[Gap]
) -> list[KnownAmount]:
    """
    How much of a show's fees and tax is known apart from these gaps.
    """
    missing: dict[tuple[str, str, str], int] = {}
    for gap in found:
        for what, is_missing in ((FEES, gap.fees is not None), (TAX, gap.lacks_tax)):
            if is_missing:
                key = (gap.account, gap.currency, what)
                missing[key] = missing.get(key, 0) + 1
    sums = _sums(session, show_id)
    return [
        KnownAmount(
            account, currency, what, sums.get((account, currency, what), 0), number
        )
        for (account, currency, what), number in sorted(missing.items())
    ]


def _orders() -> Join:
    """
    Counted tickets with their orders, accounts and the figures they are part of.
    """
    tickets, links, figures = (
        table_of(TicketRow),
        table_of(ShowLinkRow),
        table_of(ShowFinancialsRow),
    )
    orders, accounts = table_of(OrderRow), table_of(AccountRow)
    same = (
        (figures.c.show_id == links.c.show_id)
        & (figures.c.account_id == tickets.c.account_id)
        & (figures.c.currency == tickets.c.currency)
    )
    return (
        counted.counted_tickets()
        .join(orders, orders.c.id == tickets.c.order_id)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .join(figures, same)
    )


def _missing_fees(session: Session, show_id: int) -> dict[int, str]:
    """
    The names of the fees that were kept and not reported, by order.
    """
    lines, links = table_of(FeeRow), table_of(ShowLinkRow)
    query = (
        select(lines.c.order_id, lines.c.name)
        .join(links, links.c.occurrence_id == lines.c.occurrence_id)
        .where(links.c.show_id == show_id, lines.c.amount.is_(None))
        .distinct()
        .order_by(lines.c.order_id, lines.c.name)
    )
    found: dict[int, list[str]] = {}
    for order, name in session.connection().execute(query):
        found.setdefault(order, []).append(name)
    return {order: ", ".join(names) for order, names in found.items()}


def _sums(session: Session, show_id: int) -> dict[tuple[str, str, str], int]:
    """
    The known fees and the known tax of a show by account and currency.
    """
    tickets, accounts = table_of(TicketRow), table_of(AccountRow)
    lines, links = table_of(TicketFeeRow), table_of(ShowLinkRow)
    connection = session.connection()
    fees = connection.execute(
        select(accounts.c.name, lines.c.currency, cast(func.sum(lines.c.amount), WHOLE))
        .join(accounts, accounts.c.id == lines.c.account_id)
        .where(lines.c.show_id == show_id)
        .group_by(accounts.c.name, lines.c.currency)
    )
    tax = connection.execute(
        select(
            accounts.c.name, tickets.c.currency, cast(func.sum(tickets.c.tax), WHOLE)
        )
        .select_from(
            counted.counted_tickets().join(
                accounts, accounts.c.id == tickets.c.account_id
            )
        )
        .where(links.c.show_id == show_id)
        .group_by(accounts.c.name, tickets.c.currency)
    )
    return {
        (account, currency, what): amount or 0
        for what, rows in ((FEES, fees), (TAX, tax))
        for account, currency, amount in rows
    }
