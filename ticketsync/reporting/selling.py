"""
Sales by day, by platform, and a show's sales curve.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, func, select

from ticketsync.core import clock
from ticketsync.core.money import Money
from ticketsync.core.tables import Column, Kind
from ticketsync.store import counted, reports
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.tables.sales import orders, tickets


@dataclass(slots=True)
class Sold:
    """
    Tickets that still admit somebody, and what was charged at purchase in minor units,
    by currency.
    """

    by_currency: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, tickets: int, currency: str, charged: int) -> None:
        figures = self.by_currency.get(currency, (0, 0))
        self.by_currency[currency] = (figures[0] + tickets, figures[1] + charged)

    @property
    def tickets(self) -> int:
        return sum(tickets for tickets, _ in self.by_currency.values())

    def tickets_in(self, currency: str) -> int:
        """
        The tickets that were sold in this currency.
        """
        return self.by_currency.get(currency, (0, 0))[0]

    @property
    def charged(self) -> tuple[Money, ...]:
        return tuple(
            Money(charged, currency)
            for currency, (_, charged) in sorted(self.by_currency.items())
        )


@dataclass(frozen=True, slots=True)
class RecentSales:
    """
    The sales of the last days, the oldest first; the last one is today.
    """

    days: Sequence[date]
    by_day: Sequence[Sold]
    by_account: dict[str, Sequence[Sold]]

    @property
    def today(self) -> Sold:
        return self.by_day[-1]

    def last(self, days: int) -> Sold:
        """
        The sum of this many last days, including today.
        """
        return sum_sold(self.by_day[-days:])

    def since(self, days: int, zone: str) -> datetime:
        """
        When this many last days, including today, began at the venue.
        """
        return clock.start_of(self.days[-days], zone)

    def of_account(self, account: str, *, days: int) -> Sold:
        """
        The same for one account.
        """
        return sum_sold(self.by_account.get(account, ())[-days:])


PLATFORMS = (
    Column("account"),
    Column("provider"),
    Column("currency"),
    Column("today", Kind.COUNT),
    Column("week", Kind.COUNT),
    Column("tickets", Kind.COUNT),
    Column("gross", Kind.MONEY),
    Column("refunded", Kind.MONEY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """
    The sales of an account over all shows, in one currency: `today`, in the `week` that
    ends with it, and in total.
    """

    account: str
    provider: str
    currency: str
    today: int
    week: int
    tickets: int
    gross: Money
    refunded: Money


def recent_sales(
    connection: Connection, zone: str, now: datetime, days: int = 30
) -> RecentSales:
    """
    What was ordered on each of the last days, by the venue's calendar.
    """
    today = clock.local(now, zone).date()
    dates = [today - timedelta(days=n) for n in range(days - 1, -1, -1)]
    starts = [clock.start_of(day, zone) for day in dates]
    found: dict[str, list[Sold]] = {}
    by_day = [Sold() for _ in dates]
    for row in _grouped(connection, starts):
        of_account = found.setdefault(row.account, [Sold() for _ in dates])
        for sold in (by_day[row.day_index], of_account[row.day_index]):
            sold.add(int(row.tickets), row.currency, int(row.charged))
    return RecentSales(dates, by_day, dict(sorted(found.items())))


def sum_sold(parts: Iterable[Sold]) -> Sold:
    whole = Sold()
    for part in parts:
        for currency, (number, charged) in part.by_currency.items():
            whole.add(number, currency, charged)
    return whole


def platforms(connection: Connection, recent: RecentSales) -> list[Platform]:
    """
    The sales of each account in each currency; the account that sold most comes first.
    """
    rows = connection.execute(
        select(
            accounts.c.name,
            accounts.c.provider,
            show_financials.c.currency,
            func.sum(show_financials.c.tickets_sold),
            func.sum(show_financials.c.gross),
            func.sum(show_financials.c.refunded),
        )
        .join(accounts, accounts.c.id == show_financials.c.account_id)
        .where(reports.is_known(show_financials.c.currency))
        .group_by(accounts.c.name, accounts.c.provider, show_financials.c.currency)
    )
    found = [
        Platform(
            account=name,
            provider=provider,
            currency=currency,
            today=recent.of_account(name, days=1).tickets_in(currency),
            week=recent.of_account(name, days=7).tickets_in(currency),
            tickets=int(tickets),
            gross=Money(int(gross), currency),
            refunded=Money(int(refunded), currency),
        )
        for name, provider, currency, tickets, gross, refunded in rows
    ]
    return _by_tickets_sold(found)


def _by_tickets_sold(found: Sequence[Platform]) -> list[Platform]:
    sold = Counter[str]()
    for platform in found:
        sold[platform.account] += platform.tickets
    return sorted(found, key=lambda p: (-sold[p.account], p.account, p.currency))


def sales_curve(
    connection: Connection, show_id: int, zone: str
) -> list[tuple[date, int]]:
    """
    The cumulative number of a show's tickets that still admit somebody, by the day they
    were ordered; days without sales are left out.
    """
    rows = connection.execute(
        select(orders.c.placed_at, func.count())
        .select_from(counted.counted_tickets())
        .join(orders, orders.c.id == tickets.c.order_id)
        .where(show_links.c.show_id == show_id, counted.admits())
        .group_by(orders.c.placed_at)
        .order_by(orders.c.placed_at)
    )
    curve: dict[date, int] = {}
    sold = 0
    for placed_at, number in rows:
        sold += number
        curve[clock.local(placed_at, zone).date()] = sold
    return list(curve.items())


def _grouped(connection: Connection, starts: Sequence[datetime]) -> Iterable[Any]:
    # The database assigns orders to days, so that it returns days, not orders.
    day_index = case(
        *((orders.c.placed_at < start, n) for n, start in enumerate(starts[1:])),
        else_=len(starts) - 1,
    )
    grouped = (
        select(
            day_index.label("day_index"),
            orders.c.account_id,
            orders.c.currency,
            func.sum(case((counted.admits(), 1), else_=0)).label("tickets"),
            func.sum(tickets.c.charged).label("charged"),
        )
        .select_from(counted.counted_tickets())
        .join(orders, orders.c.id == tickets.c.order_id)
        .where(orders.c.placed_at >= starts[0])
        .group_by("day_index", orders.c.account_id, orders.c.currency)
        .subquery()
    )
    return connection.execute(
        select(grouped, accounts.c.name.label("account")).join(
            accounts, accounts.c.id == grouped.c.account_id
        )
    )
