"""
The overview: what needs attention, what was sold and what it brought lately, what each
production brought, and how the next shows sell. Two currencies are never added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from ticketsync.accounts import health
from ticketsync.catalogue import shows
from ticketsync.core import clock, periods, tables
from ticketsync.core.money import Money
from ticketsync.core.periods import Period
from ticketsync.providers import registry
from ticketsync.reporting import (
    daily,
    first_steps,
    run_history,
    sales_over_time,
    upcoming_productions,
)
from ticketsync.reporting.sales_over_time import Comparison, RecentSales, Sold
from ticketsync.reporting.upcoming_productions import ComingProduction
from ticketsync.web import charts, money_chart, notices, page_words, query, venue_pages
from ticketsync.web.attention import read_attention
from ticketsync.web.filters import amount, number
from ticketsync.web.site import PageRequest, Site
from ticketsync.workflows import money_view

NEXT_SHOWS = 10
WIDGETS = 8  # of productions
TICKETS = "tickets"
REVENUE = "revenue"


@dataclass(frozen=True, slots=True)
class Figure:
    """
    A figure in words, beside what it was before and by how many per cent it is more;
    `None` where there was nothing before.
    """

    label: str
    text: str
    unit: str
    before: str
    change: int | None


class OverviewPages:
    """
    The route of the front page.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        return [Route("/", self._site.for_readers(self.overview))]

    def overview(self, request: PageRequest) -> Response:
        return overview_page(self._site, request)


def overview_page(site: Site, request: PageRequest) -> Response:
    """
    The front page. `?per=` day, week or month and `?show=` tickets or revenue choose
    the chart.
    """
    now = clock.now()
    asked = query.check(
        request.query,
        query.one_of("per", sales_over_time.SPANS),
        query.one_of("show", (TICKETS, REVENUE)),
    )
    span = asked.get("per") or next(iter(sales_over_time.SPANS))
    shown = asked.get("show") or TICKETS
    with site.database.read() as connection:
        venue = shows.find_default_venue(connection)
        if venue is None:
            return venue_pages.first_venue_page(site, request)
        zone = venue.timezone
        lately = sales_over_time.read_recent_activity(connection, span, zone, now)
        recent, drawn = lately.recent, lately.drawn
        platforms = sales_over_time.platforms(connection, recent)
        since = recent.since(7, zone)
        on_sale = daily.list_on_sale(connection, now=now, since=since)
        facts = health.read_facts(connection, site.settings, now)
        assessed = health.assess_facts(connection, facts)
        values: dict[str, Any] = {
            "steps": first_steps.read_first_steps(connection),
            "attention": read_attention(connection, site.settings, assessed),
            "compared": lately.compared,
            "widgets": _widgets(connection, now),
            "freshness": {
                item.account: item.read_ago
                for item in run_history.freshness_of(connection, facts)
            },
        }
    return site.render_page(
        request,
        "overview.html",
        "Overview",
        current_path="/",
        venue=venue,
        notice=notices.text_of(request.query),
        ignored=asked.left_out,
        can_set_up=site.setup is not None,
        now=now,
        figures=figures_of,
        compared_with=_compared_with,
        recent_sales=recent,
        span=span,
        spans=sales_over_time.SPANS,
        shown=shown,
        charts=_charts(drawn, span, shown),
        sold_by_span=_table(drawn, span),
        currencies=drawn.currencies,
        legend=_legend(drawn),
        platforms=platforms,
        platform_totals=[
            *tables.by_name(
                tables.totals(tables.of_values(sales_over_time.PLATFORMS, platforms))
            )
        ],
        shows=on_sale[:NEXT_SHOWS],
        shows_on_sale=len(on_sale),
        show_totals=daily.totals(on_sale),
        sold_upcoming=sum(show.sold for show in on_sale),
        widgets_shown=WIDGETS,
        titles=registry.titles,
        **values,
    )


def figures_of(comparison: Comparison) -> list[Figure]:
    """
    Revenue in each currency and tickets, each compared with the week before.
    """
    sold, before = comparison.sold, comparison.before
    codes = sorted({*sold.by_currency, *before.by_currency})
    found = [_revenue(sold.charged_in(code), before.charged_in(code)) for code in codes]
    change = money_view.per_cent(sold.tickets, before.tickets)
    tickets = (number(sold.tickets), "", number(before.tickets))
    return [*found, Figure("Tickets", *tickets, change)]


def _revenue(now: Money, before: Money) -> Figure:
    change = money_view.per_cent_more(now, before)
    return Figure("Revenue, gross", amount(now), now.currency, amount(before), change)


def _compared_with(comparison: Comparison, now: datetime, zone: str) -> str:
    """
    Which days are compared, in words.
    """
    time = f"{clock.local(now, zone):%H:%M}"
    first, last = comparison.earlier
    if comparison.days == 1:
        return f"Against {first:%A} last week up to {time}"
    these = periods.in_words(Period(comparison.first, comparison.last))
    return f"{these}, against {periods.in_words(Period(first, last))} up to {time}"


# The chart


def _charts(sales: RecentSales, span: str, shown: str) -> list[tuple[str, Markup]]:
    """
    A chart of tickets, or one of revenue for each currency; with its name.
    """
    if shown == TICKETS:
        tickets = [
            _stack(sales, span, n, lambda sold: sold.tickets, number)
            for n in range(len(sales.days))
        ]
        return [("", charts.stacked_bars(f"Tickets per {span}", tickets, number))]
    return [(code, _revenue_chart(sales, span, code)) for code in sales.currencies]


def _revenue_chart(sales: RecentSales, span: str, code: str) -> Markup:
    def size(sold: Sold) -> int:
        return sold.charged_in(code).minor

    def words(minor: int) -> str:
        return f"{amount(Money(minor, code))} {code}"

    def whole(minor: int) -> str:
        return money_chart.whole(Money(minor, code))

    stacks = [
        _stack(sales, span, n, size, words, whole) for n in range(len(sales.days))
    ]
    return charts.stacked_bars(
        f"Revenue in {code} per {span}",
        stacks,
        lambda minor: money_chart.on_scale(Money(minor, code)),
    )


def _stack(
    sales: RecentSales,
    span: str,
    index: int,
    size: Any,
    words: charts.Scale,
    short: charts.Scale | None = None,
) -> charts.Stack:
    day = sales.days[index]
    parts = [
        (provider, size(series[index]))
        for provider, series in sales.by_provider.items()
    ]
    whole = sum(part for _, part in parts)
    named = [
        f"{page_words.platform_title(provider)} {words(part)}"
        for provider, part in parts
        if part
    ]
    return charts.Stack(
        label=page_words.span_label(day, span),
        figure=(short or words)(whole) if whole else "",
        words="\n".join([f"{page_words.span_name(day, span)}: {words(whole)}", *named]),
        parts=[
            (page_words.initials(provider).lower(), max(0, part))
            for provider, part in parts
        ],
    )


def _table(sales: RecentSales, span: str) -> list[dict[str, Any]]:
    """
    The same figures as the charts, the newest first.
    """
    return [
        {
            "name": page_words.span_name(day, span),
            "tickets": sold.tickets,
            "charged": [sold.charged_in(code) for code in sales.currencies],
            "by_provider": [
                series[index].tickets for series in sales.by_provider.values()
            ],
        }
        for index, (day, sold) in reversed(
            [*enumerate(zip(sales.days, sales.by_day, strict=True))]
        )
    ]


def _legend(sales: RecentSales) -> list[tuple[str, Sold]]:
    """
    The platforms in the order of the stack, from below, with what each sold.
    """
    return [
        (provider, sales_over_time.sum_sold(series))
        for provider, series in sales.by_provider.items()
    ]


# Productions


def _widgets(connection: Connection, now: datetime) -> list[ComingProduction]:
    """
    The productions with coming shows: those that brought most tickets first.
    """
    found = upcoming_productions.list_coming(connection, now)
    return sorted(found, key=lambda item: (-item.tickets_sold, item.production))
