"""
Sales by day, by platform, and a show's sales curve.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, case, func, select

from ticketsync.core import clock, periods
from ticketsync.core.money import Money
from ticketsync.core.tables import Column, Kind
from ticketsync.store import counted, order_spans, query_results
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.tables.sales import orders, tickets

SPANS: Final = {"day": 30, "week": 13, "month": 12}  # how many of each are shown
WEEK: Final = timedelta(days=7)
COMPARED: Final = (1, 7)  # days, with as many of the week before


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
class Sale:
    """
    What an account sold in one currency from `since` to the next moment of a timeline.
    """

    since: datetime
    account: str
    provider: str
    currency: str
    tickets: int
    charged: int  # minor units


@dataclass(frozen=True, slots=True)
class Timeline:
    """
    What was ordered between moments, and since the last one of them.
    """

    moments: frozenset[datetime]
    sales: Sequence[Sale]

    def sold_between(self, first: datetime, before: datetime) -> Sold:
        """
        What was ordered between two of its moments.
        """
        assert {first, before} <= self.moments
        sold = Sold()
        for sale in self.sales:
            if first <= sale.since < before:
                sold.add(sale.tickets, sale.currency, sale.charged)
        return sold


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


def read_timeline(connection: Connection, moments: Iterable[datetime]) -> Timeline:
    """
    What was ordered from the first of these moments on.
    """
    starts = sorted(set(moments))
    # The database assigns orders to spans, so that it returns spans, not orders. It
    # needs nothing else of them: a ticket has the account and currency of its order.
    placed = order_spans.orders_by_span(connection, starts).subquery("placed")
    group = (placed.c.span, tickets.c.account_id, tickets.c.currency)
    grouped = (
        select(
            *group,
            func.sum(case((counted.admits(), 1), else_=0)).label("tickets"),
            func.sum(tickets.c.charged).label("charged"),
        )
        .select_from(placed)
        .join(tickets, tickets.c.order_id == placed.c.order_id)
        .where(counted.is_counted_ticket())
        .group_by(*group)
        .subquery()
    )
    rows = connection.execute(
        select(grouped, accounts.c.name, accounts.c.provider).join(
            accounts, accounts.c.id == grouped.c.account_id
        )
    )
    return Timeline(
        frozenset(starts),
        [
            Sale(
                *(starts[row.span], row.name, row.provider, row.currency),
                *(int(row.tickets), int(row.charged)),
            )
            for row in rows
        ],
    )


def first_days(span: str, now: datetime, zone: str, number: int) -> list[date]:
    """
    The days on which the last spans (day, week or month) began, the oldest first.
    """
    today = clock.day_of(now, zone)
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


@dataclass(frozen=True, slots=True)
class RecentActivity:
    """
    What the overview shows: the `recent` days, the spans that are `drawn`, and today
    and seven days `compared` with the week before.
    """

    recent: RecentSales
    drawn: RecentSales
    compared: Sequence[Comparison]


def read_recent_activity(
    connection: Connection, span: str, zone: str, now: datetime
) -> RecentActivity:
    """
    All of it at once: each ticket of that time is looked at once, which takes longer
    than anything else on the page.
    """
    days = first_days("day", now, zone, SPANS["day"])
    drawn = days if span == "day" else first_days(span, now, zone, SPANS[span])
    timeline = read_timeline(
        connection,
        [
            *(clock.start_of(day, zone) for day in {*days, *drawn}),
            *(at for n in COMPARED for at in _week_before(days[-n], zone, now)),
        ],
    )
    recent = _series(timeline, days, zone)
    return RecentActivity(
        recent,
        recent if span == "day" else _series(timeline, drawn, zone),
        [_comparison(timeline, recent, zone, now, number) for number in COMPARED],
    )


def _week_before(first: date, zone: str, now: datetime) -> tuple[datetime, datetime]:
    """
    When the days that are compared with those from `first` to now began and ended.
    """
    end = (clock.local(now, zone) - WEEK).astimezone(UTC)
    return clock.start_of(first - WEEK, zone), end


def _comparison(
    timeline: Timeline, recent: RecentSales, zone: str, now: datetime, days: int
) -> Comparison:
    first, last = recent.days[-days], recent.days[-1]
    before = timeline.sold_between(*_week_before(first, zone, now))
    return Comparison(first, last, days, recent.last(days), before)


def _series(timeline: Timeline, dates: Sequence[date], zone: str) -> RecentSales:
    """
    The sales in the spans that begin on these days; the last one has no end.
    """
    starts = [clock.start_of(day, zone) for day in dates]
    by_account: dict[str, list[Sold]] = {}
    by_provider: dict[str, list[Sold]] = {}
    by_day = [Sold() for _ in dates]
    for sale in timeline.sales:
        index = bisect_right(starts, sale.since) - 1
        if index < 0:
            continue
        of_account = by_account.setdefault(sale.account, [Sold() for _ in dates])
        of_provider = by_provider.setdefault(sale.provider, [Sold() for _ in dates])
        for series in (by_day, of_account, of_provider):
            series[index].add(sale.tickets, sale.currency, sale.charged)
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
        .where(query_results.is_known(show_financials.c.currency))
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
        curve[clock.day_of(placed_at, zone)] = sold
    return list(curve.items())
