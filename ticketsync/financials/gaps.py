"""
Gaps in a show's figures: the orders whose fees or tax are not reported, and how much of
them is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Join, case, func, select

from ticketsync.financials import fee_lines
from ticketsync.financials.fees import Schedules
from ticketsync.store import counted, totals
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.financials import show_financials, ticket_fees
from ticketsync.store.tables.sales import fees, orders, tickets
from ticketsync.store.types import whole_sum

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


def list_gaps(
    connection: Connection, show_id: int, schedules: Schedules | None = None
) -> list[Gap]:
    """
    The orders of a show with something missing, in the order of purchase. Fees by the
    venue's own rates (`schedules`, by account) are not missing: those that the stored
    figures were computed with, see `applied_fee_rates`.
    """
    lacks_fees = totals.lacks_fees() & show_financials.c.fees.is_(None)
    lacks_fees &= ~fee_lines.is_covered(connection, schedules or {})
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
        .where(show_links.c.show_id == show_id, lacks_fees | lacks_tax)
        .group_by(*order)
        .order_by(orders.c.placed_at, orders.c.id)
    )
    rows = connection.execute(query).all()
    names = _missing_fees(connection, show_id)
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
    connection: Connection, show_id: int, found: Iterable[Gap]
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
    sums = _sums(connection, show_id)
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
    same = (
        (show_financials.c.show_id == show_links.c.show_id)
        & (show_financials.c.account_id == tickets.c.account_id)
        & (show_financials.c.currency == tickets.c.currency)
    )
    return (
        counted.counted_tickets()
        .join(orders, orders.c.id == tickets.c.order_id)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .join(show_financials, same)
    )


def _missing_fees(connection: Connection, show_id: int) -> dict[int, str]:
    """
    The names of the fees that were kept and not reported, by order.
    """
    query = (
        select(fees.c.order_id, fees.c.name)
        .join(show_links, show_links.c.occurrence_id == fees.c.occurrence_id)
        .where(show_links.c.show_id == show_id, fees.c.amount.is_(None))
        .distinct()
        .order_by(fees.c.order_id, fees.c.name)
    )
    found: dict[int, list[str]] = {}
    for order, name in connection.execute(query):
        found.setdefault(order, []).append(name)
    return {order: ", ".join(names) for order, names in found.items()}


def _sums(connection: Connection, show_id: int) -> dict[tuple[str, str, str], int]:
    """
    The known fees and the known tax of a show by account and currency.
    """
    fees = connection.execute(
        select(
            accounts.c.name,
            ticket_fees.c.currency,
            whole_sum(ticket_fees.c.amount),
        )
        .join(accounts, accounts.c.id == ticket_fees.c.account_id)
        .where(ticket_fees.c.show_id == show_id)
        .group_by(accounts.c.name, ticket_fees.c.currency)
    )
    tax = connection.execute(
        select(accounts.c.name, tickets.c.currency, whole_sum(tickets.c.tax))
        .select_from(
            counted.counted_tickets().join(
                accounts, accounts.c.id == tickets.c.account_id
            )
        )
        .where(show_links.c.show_id == show_id)
        .group_by(accounts.c.name, tickets.c.currency)
    )
    return {
        (account, currency, what): amount or 0
        for what, rows in ((FEES, fees), (TAX, tax))
        for account, currency, amount in rows
    }
