"""
Sales by day, by platform, and a show's sales curve.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, case, func, literal, select

from ticketsync.core import clock, periods
from ticketsync.core.money import Money
from ticketsync.core.tables import Column, Kind
from ticketsync.store import counted, reports
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.tables.sales import orders, tickets

SPANS: Final = {"day": 30, "week": 13, "month": 12}  # how many of each are shown
WEEK: Final = timedelta(days=7)


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

    def charged_in(self, currency: str) -> Money:
        """
        What was charged in this currency.
        """
        return Money(self.by_currency.get(currency, (0, 0))[1], currency)

    @property
    def charged(self) -> tuple[Money, ...]:
        return tuple(
            Money(charged, currency)
            for currency, (_, charged) in sorted(self.by_currency.items())
        )


@dataclass(frozen=True, slots=True)
class RecentSales:
    """
    The sales of the last days, the oldest first; the last one is today. Where they are
    per week or month, a `day` stands for the span that begins on it.
    """

    days: Sequence[date]
    by_day: Sequence[Sold]
    by_account: dict[str, Sequence[Sold]]
    by_provider: dict[str, Sequence[Sold]]

    @property
    def currencies(self) -> list[str]:
        """
        The currencies in which something was sold.
        """
        return sorted({code for sold in self.by_day for code in sold.by_currency})

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
    return _sales_of(connection, zone, first_days("day", now, zone, days))


def sales_per(
    connection: Connection, span: str, zone: str, now: datetime
) -> RecentSales:
    """
    The same for each of the last spans, one of `SPANS`; the last one is not over.
    """
    return _sales_of(connection, zone, first_days(span, now, zone, SPANS[span]))


def first_days(span: str, now: datetime, zone: str, number: int) -> list[date]:
    """
    The days on which the last spans (day, week or month) began, the oldest first.
    """
    today = clock.local(now, zone).date()
    match span:
        case "month":
            months = [12 * today.year + today.month - 1 - n for n in range(number)]
            found = [date(month // 12, month % 12 + 1, 1) for month in months]
        case "week":
            monday = periods.monday_of(today)
            found = [monday - timedelta(weeks=n) for n in range(number)]
        case _:
            found = [today - timedelta(days=n) for n in range(number)]
    return found[::-1]


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    What was sold on the last `days`, from the `first` one to now, and on as many days
    before, up to the same time of the day.
    """

    first: date
    last: date
    days: int
    sold: Sold
    before: Sold

    @property
    def earlier(self) -> tuple[date, date]:
        """
        The first and last day of those before.
        """
        return self.first - WEEK, self.last - WEEK


def compare_with_week_before(
    connection: Connection, recent: RecentSales, zone: str, now: datetime, days: int
) -> Comparison:
    """
    The last days, at most seven, compared with the same days of the week before.
    """
    first, last = recent.days[-days], recent.days[-1]
    then = (clock.local(now, zone) - WEEK).astimezone(UTC)
    before = _sold_between(connection, clock.start_of(first - WEEK, zone), then)
    return Comparison(first, last, days, recent.last(days), before)


def _sold_between(connection: Connection, first: datetime, before: datetime) -> Sold:
    sold = Sold()
    for row in _grouped(connection, [first], before):
        sold.add(int(row.tickets), row.currency, int(row.charged))
    return sold


def _sales_of(connection: Connection, zone: str, dates: Sequence[date]) -> RecentSales:
    starts = [clock.start_of(day, zone) for day in dates]
    by_account: dict[str, list[Sold]] = {}
    by_provider: dict[str, list[Sold]] = {}
    by_day = [Sold() for _ in dates]
    for row in _grouped(connection, starts):
        of_account = by_account.setdefault(row.account, [Sold() for _ in dates])
        of_provider = by_provider.setdefault(row.provider, [Sold() for _ in dates])
        for series in (by_day, of_account, of_provider):
            series[row.day_index].add(int(row.tickets), row.currency, int(row.charged))
    return RecentSales(
        dates,
        by_day,
        dict(sorted(by_account.items())),
        dict(sorted(by_provider.items(), key=_most_tickets_first)),
    )


def _most_tickets_first(item: tuple[str, Iterable[Sold]]) -> tuple[int, str]:
    name, series = item
    return -sum_sold(series).tickets, name


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


def _grouped(
    connection: Connection,
    starts: Sequence[datetime],
    before: datetime | None = None,
) -> Iterable[Any]:
    # The database assigns orders to days, so that it returns days, not orders.
    ends = [(orders.c.placed_at < start, n) for n, start in enumerate(starts[1:])]
    day_index = case(*ends, else_=len(ends)) if ends else literal(0)
    until = [] if before is None else [orders.c.placed_at < before]
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
        .where(orders.c.placed_at >= starts[0], *until)
        .group_by("day_index", orders.c.account_id, orders.c.currency)
        .subquery()
    )
    return connection.execute(
        select(grouped, accounts.c.name.label("account"), accounts.c.provider).join(
            accounts, accounts.c.id == grouped.c.account_id
        )
    )
