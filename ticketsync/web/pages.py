"""
The pages that only read. Each is one read transaction and one template.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from ticketsync.accounts import health
from ticketsync.catalogue import (
    availability,
    link_reads,
    listed_dates,
    matching_input,
    occurrences,
    prices,
    shows,
    switches,
)
from ticketsync.catalogue.listed_dates import ListedDate
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.core import clock, errors, tables
from ticketsync.core.tables import Column
from ticketsync.door import attendees, checkin
from ticketsync.financials import explain
from ticketsync.providers import registry
from ticketsync.reporting import (
    calendar,
    deliveries,
    grouped_figures,
    named_fees,
    numbers,
    refund_report,
    runs,
    sales,
    selling,
    vouchers_sold,
    waiting_records,
)
from ticketsync.reporting import seats as reporting_seats
from ticketsync.reporting import waiting as reporting_waiting
from ticketsync.reporting.figure_filter import FigureFilter
from ticketsync.reporting.left_out import read_left_out
from ticketsync.reporting.numbers import Figures
from ticketsync.reporting.waiting_kinds import KINDS
from ticketsync.store.delivery_states import STATES
from ticketsync.visitors import passes
from ticketsync.web import charts, filters, notices, query
from ticketsync.web.attention import read_attention
from ticketsync.web.calendar_page import PUBLIC_PATH, calendar_page, public_calendar
from ticketsync.web.matching_page import plan_values
from ticketsync.web.overview_page import overview_page
from ticketsync.web.site import PageRequest, Site
from ticketsync.workflows import match, waiting

ORDERS_SHOWN = 25  # of a show, at first
MAX_ORDERS_SHOWN = 100_000
NEXT_SHOWS = 3  # of a production


class Pages:
    """
    The routes that only read.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        for_readers = self._site.for_readers
        return [
            Route("/", for_readers(self.overview)),
            Route("/shows/{id:int}", for_readers(self.show)),
            Route(
                "/shows/{id:int}/orders/{account}/{order:path}", for_readers(self.order)
            ),
            Route("/productions/{id:int}", for_readers(self.production)),
            Route("/accounts", for_readers(self.accounts)),
            Route("/runs", for_readers(self.runs)),
            Route("/webhooks", for_readers(self.webhooks)),
            Route("/discrepancies", for_readers(self.discrepancies)),
            Route("/calendar", for_readers(self.calendar)),
            Route(PUBLIC_PATH, self._site.for_everyone(self.public_calendar)),
            Route(
                "/calendar/{token}.ics", self._site.for_other_sites(self.calendar_feed)
            ),
        ]

    def overview(self, request: PageRequest) -> Response:
        return overview_page(self._site, request)

    def show(self, request: PageRequest) -> Response:
        asked = query.check(request.query, query.number("orders"))
        limit = _number(asked.get("orders"), ORDERS_SHOWN)
        with self._site.database.read() as connection:
            venue = shows.get_venue(connection)
            show = shows.get_show(connection, int(request.path_params["id"]))
            figures = numbers.figures(connection, show.id)
            seats = reporting_seats.seats(connection, show.id)[show.id]
            attention = read_attention(connection, self._site.settings)
            orders = sales.list_sales(connection, show_id=show.id, limit=limit + 1)
            sources = occurrences.list_occurrences(connection, show_id=show.id)
            left_out = read_left_out(connection, show.id)
            sold_by_day = selling.sales_curve(connection, show.id, show.timezone)
            values: dict[str, Any] = {
                "production_id": shows.get_production_id(connection, show.production),
                "totals": numbers.totals(connection, show.id),
                "types": numbers.by_type(connection, show.id),
                "fees": named_fees.list_fees(connection, show.id),
                "gift_cards": vouchers_sold.sentences(connection, show.id),
                "prices": prices.list_prices(connection, show_id=show.id),
                "dates": listed_dates.list_dates(sources),
                "parts_of_dates": matching_input.name_parts(connection, sources),
                "left_out": left_out,
                "why_without_figures": "It is left out of the figures."
                if left_out
                else occurrences.why_without_figures(sources),
                "last_reads": link_reads.list_last_reads(connection, sources),
                "available": availability.list_available(connection, sources),
                "count": attendees.count_guests(connection, show.id),
                "sold_by_day": sold_by_day,
                "curve": charts.curve("Tickets sold", sold_by_day, seats.capacity),
            }
        return self._site.render_page(
            request,
            "show.html",
            f"{show.production}, {filters.day(show.starts_local)}",
            attention=attention,
            own_attention=attention.on_page(f"/shows/{show.id}"),
            venue=venue,
            notice=notices.text_of(request.query),
            ignored=asked.left_out,
            show=show,
            figures=figures,
            type_totals=_totals(numbers.TYPES, values["types"]),
            fee_totals=_totals(named_fees.FEES, values["fees"]),
            seats=seats,
            comps=sum(item.tickets_comp for item in figures),
            orders=orders[:limit],
            more=limit * 4 if len(orders) > limit else 0,
            **values,
        )

    def order(self, request: PageRequest) -> Response:
        """
        One order: its tickets and their amounts.

        Raises: `NotFound` if the show has no such order.
        """
        account, order_id = request.path_params["account"], request.path_params["order"]
        with self._site.database.read() as connection:
            show = shows.get_show(connection, int(request.path_params["id"]))
            refunds = [
                line
                for line in sales.list_refunds(
                    connection, account=account, order_id=order_id
                )
                if line.show_id == show.id
            ]
            tickets = [
                part
                for part in explain.list_contributions(connection, show.id)
                if (part.account, part.order_id) == (account, order_id)
            ]
            whole = sales.list_sales(connection, account=account, order_id=order_id)
            others = [
                (part, shows.get_show(connection, part.show_id).starts_local)
                if part.show_id
                else (part, "")
                for part in whole
                if part.show_id != show.id
            ]
        if not tickets:
            raise errors.NotFound("There is no such order of this show.")
        return self._site.render_page(
            request,
            "order.html",
            f"Order {order_id}",
            show=show,
            order_id=order_id,
            account=account,
            placed_at=tickets[0].placed_at,
            status=tickets[0].order_status,
            doubt=tickets[0].doubt,
            tickets=tickets,
            counted=sum(part.is_sold for part in tickets),
            totals=_totals(explain.CONTRIBUTIONS, tickets),
            others=others,
            order_totals=list(dict.fromkeys(part.total for part in whole)),
            refunds=refunds,
            bases=refund_report.BASES,
        )

    def production(self, request: PageRequest) -> Response:
        """
        One production: its shows, their figures, and occurrences to match.

        Raises: `NotFound` if there is no such production.
        """
        production_id = int(request.path_params["id"])
        with self._site.database.read() as connection:
            title = shows.get_production_title(connection, production_id)
            linked = _linked_dates(
                occurrences.list_occurrences(connection, production=title)
            )
            seats = reporting_seats.seats(connection)
            own_shows = shows.list_shows(connection, title)
            figures = numbers.figures(connection, chosen=FigureFilter(production=title))
            plan = match.plan(connection, self._site.settings, production=title)
            upcoming = calendar.list_performances(
                connection, since=clock.now(), production=title, most=NEXT_SHOWS
            )
            totals = grouped_figures.production_totals(connection, production_id)
            switched = switches.read_production(connection, production_id)
            matching = plan_values(connection, plan)
        of_show = _totals_by_show(figures)
        sources = [
            part
            for show in own_shows
            for date in linked.get(show.id, [])
            for part in date.parts
        ]
        return self._site.render_page(
            request,
            "production.html",
            title,
            production=title,
            production_id=production_id,
            notice=notices.text_of(request.query),
            switches=switched,
            events=_events_of(sources),
            why_without_figures=occurrences.why_without_figures(sources),
            upcoming=upcoming,
            sold_by=registry.titles(name for t in totals for name in t.providers),
            shows=[
                (show, linked.get(show.id, []), of_show.get(show.id, []))
                for show in own_shows
            ],
            totals=totals,
            seats=seats,
            **matching,
        )

    def accounts(self, request: PageRequest) -> Response:
        now = clock.now()
        with self._site.database.read() as connection:
            found = runs.list_freshness(connection, now)
            assessed = health.assess_all(connection, self._site.settings, now)
            attention = read_attention(connection, self._site.settings, assessed)
            last_runs = runs.last_runs(connection)
        return self._site.render_page(
            request,
            "accounts.html",
            "Accounts",
            current_path="/accounts",
            notice=notices.text_of(request.query, [item.account for item in found]),
            attention=attention,
            accounts=found,
            health={item.account: item for item in assessed},
            dashboards={
                item.account: registry.dashboard_url(item.provider, item.options)
                for item in found
            },
            last_runs={run.account_name: run for run in last_runs},
            can_sync=self._site.request_sync is not None,
            can_set_up=self._site.setup is not None,
        )

    def runs(self, request: PageRequest) -> Response:
        with self._site.database.read() as connection:
            found = runs.list_runs(connection, limit=100)
        return self._site.render_page(
            *(request, "runs.html", "Runs"),
            current_path="/runs",
            ignored=query.check(request.query).left_out,
            runs=found,
        )

    def webhooks(self, request: PageRequest) -> Response:
        with self._site.database.read() as connection:
            platforms = deliveries.list_platforms(connection)
            asked = query.check(
                request.query,
                query.one_of("platform", (*platforms, deliveries.UNKNOWN_ADDRESS)),
                query.one_of("state", STATES),
            )
            platform, state = asked.get("platform"), asked.get("state")
            health = deliveries.read_delivery_health(connection)
            gaps = deliveries.find_unannounced_orders(connection, clock.now())
            refused = deliveries.count_at_unknown_addresses(connection)
            found = deliveries.list_deliveries(
                connection, limit=100, platform=platform or None, state=state or None
            )
        return self._site.render_page(
            request,
            "webhooks.html",
            "Webhooks",
            current_path="/webhooks",
            notice=notices.text_of(request.query),
            ignored=asked.left_out,
            has_failed=any("failed" in item.states for item in health),
            health=health,
            gaps=gaps,
            deliveries=found,
            refused_attempts=refused and deliveries.refused_attempts_in_words(refused),
            platforms=platforms,
            platform=platform,
            states=STATES,
            state=state,
        )

    def discrepancies(self, request: PageRequest) -> Response:
        with self._site.database.read() as connection:
            attention = read_attention(connection, self._site.settings)
            waits = {item.id for item in attention.items}
            values: dict[str, Any] = {
                "attention": attention,
                "dismissed": [
                    item
                    for item in reporting_waiting.list_discrepancies(connection)
                    if item.id not in waits
                ],
                "unread": waiting_records.list_quarantined(connection),
                "failed_check_ins": checkin.list_rejected(connection),
                "waiting": waiting.by_kind(attention.items),
                "kinds": KINDS,
            }
        return self._site.render_page(
            request,
            "discrepancies.html",
            "Discrepancies",
            current_path="/discrepancies",
            **values,
        )

    def calendar(self, request: PageRequest) -> Response:
        return calendar_page(self._site, request)

    def public_calendar(self, request: PageRequest) -> Response:
        return public_calendar(self._site, request)

    def calendar_feed(self, request: PageRequest) -> Response:
        """
        The private calendar feed: anyone who knows its URL may read it.
        """
        now = clock.now()
        with self._site.database.read() as connection:
            if (
                passes.get_visitor(
                    connection, "calendar", request.path_params["token"], now
                )
                is None
            ):
                return Response(status_code=404)
            venue = shows.get_venue(connection)
            performances = calendar.list_performances(
                connection, since=now - timedelta(days=90)
            )
        return Response(
            calendar.as_ics(performances, name=venue.name, now=now),
            media_type="text/calendar; charset=utf-8",
        )


def _totals(columns: Sequence[Column], values: Iterable[Any]) -> list[dict[str, Any]]:
    """
    The totals of these values, one for each currency.
    """
    return list(tables.by_name(tables.totals(tables.of_values(columns, values))))


def _totals_by_show(figures: Iterable[Figures]) -> dict[int, list[dict[str, Any]]]:
    """
    The totals of each show, by our id, one for each currency.
    """
    found: dict[int, list[dict[str, Any]]] = {}
    figures_ = tables.of_values(numbers.FIGURES, figures)
    for row in tables.by_name(tables.grouped(figures_, ["show_id"])):
        found.setdefault(row["show_id"], []).append(row)
    return found


def _linked_dates(sources: Iterable[LinkedOccurrence]) -> dict[int, list[ListedDate]]:
    """
    The dates linked to each show, by our id of the show.
    """
    linked: dict[int, list[ListedDate]] = {}
    for date in listed_dates.list_dates(sources):
        if date.first.show_id is not None:
            linked.setdefault(date.first.show_id, []).append(date)
    return linked


def _events_of(sources: Iterable[LinkedOccurrence]) -> list[tuple[str, int, str]]:
    """
    The events that these occurrences belong to: the account, our id, and in words, with
    the first start where an account has several of the same name.
    """
    first: dict[int, LinkedOccurrence] = {}
    for item in sources:
        first.setdefault(item.event_id, item)
    names = Counter((item.account, item.event) for item in first.values())
    found = [
        (
            item.account,
            id_,
            f"{item.account}: {item.event}"
            + (f" {item.starts_local}" if names[item.account, item.event] > 1 else ""),
        )
        for id_, item in first.items()
    ]
    return sorted(found, key=lambda item: (item[0], item[2]))


def _number(text: str, default: int) -> int:
    # Python reads no endless number.
    return min(int(text[:9] or default), MAX_ORDERS_SHOWN)
