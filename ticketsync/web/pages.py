"""
The pages a manager reads. Each is one reading transaction and one template.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlmodel import Session
from starlette.responses import Response
from starlette.routing import Route

from ticketsync.accounts import health
from ticketsync.catalogue import occurrences, shows
from ticketsync.core import clock, errors, tables
from ticketsync.core.tables import Column
from ticketsync.door import attendees, checkin
from ticketsync.financials import explain
from ticketsync.reporting import (
    calendar,
    daily,
    deliveries,
    numbers,
    runs,
    sales,
    selling,
)
from ticketsync.reporting import seats as reporting_seats
from ticketsync.reporting.waiting import KINDS, Waiting
from ticketsync.visitors import passes
from ticketsync.web import charts
from ticketsync.web.calendar_page import calendar_page
from ticketsync.web.site import Asked, Site
from ticketsync.workflows import match, waiting

WEEK = timedelta(days=7)
ORDERS = 25  # of a show, at first


class Pages:
    """
    Everything that only reads.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        reads = self._site.reads
        return [
            Route("/", reads(self.overview)),
            Route("/shows/{id:int}", reads(self.show)),
            Route("/shows/{id:int}/orders/{account}/{order:path}", reads(self.order)),
            Route("/productions/{id:int}", reads(self.production)),
            Route("/accounts", reads(self.accounts)),
            Route("/matching", reads(self.matching)),
            Route("/runs", reads(self.runs)),
            Route("/webhooks", reads(self.webhooks)),
            Route("/discrepancies", reads(self.discrepancies)),
            Route("/calendar", reads(self.calendar)),
            Route("/calendar/{token}.ics", self._site.open(self.feed)),
        ]

    def overview(self, asked: Asked) -> Response:
        now = clock.now()
        with self._site.database.read() as session:
            house = shows.get_venue(session)
            lately = selling.recent_sales(session, house.timezone, now)
            platforms = selling.platforms(session, lately)
            on_sale = daily.list_on_sale(session, now=now, since=now - WEEK)
            waits = self._waiting(session)
            fresh = runs.list_freshness(session, now)
        return self._site.page(
            asked,
            "overview.html",
            "Overview",
            here="/",
            venue=house,
            lately=lately,
            week=lately.last(7),
            platforms=platforms,
            platform_totals=_totals(selling.PLATFORMS, platforms),
            shows=on_sale,
            show_totals=daily.totals(on_sale),
            sold_ahead=sum(show.sold for show in on_sale),
            waiting=waiting.summary(waits),
            waiting_number=sum(item.count for item in waits),
            chart=charts.bars(
                "Tickets a day", lately.days, [day.tickets for day in lately.by_day]
            ),
            freshness=", ".join(
                f"{item.account} synced {clock.ago(item.last_success_at)}"
                for item in fresh
            ),
        )

    def show(self, asked: Asked) -> Response:
        limit = _number(asked.query.get("orders", ""), ORDERS)
        with self._site.database.read() as session:
            house = shows.get_venue(session)
            show = shows.get_show(session, int(asked.path["id"]))
            figures = numbers.figures(session, show.id)
            seats = reporting_seats.seats(session, show.id)[show.id]
            orders = sales.list_sales(session, show_id=show.id, limit=limit + 1)
            told: dict[str, Any] = {
                "production_id": _production_id(session, show.production),
                "totals": numbers.totals(session, show.id),
                "types": numbers.by_type(session, show.id),
                "fees": numbers.fee_lines(session, show.id),
                "offers": occurrences.list_occurrences(session, show_id=show.id),
                "count": attendees.count_guests(session, show.id),
                "curve": charts.curve(
                    "Tickets sold",
                    selling.sales_curve(session, show.id, show.timezone),
                    seats.capacity,
                ),
            }
        return self._site.page(
            asked,
            "show.html",
            show.production,
            venue=house,
            show=show,
            figures=figures,
            type_totals=_totals(numbers.TYPES, told["types"]),
            fee_totals=_totals(numbers.FEES, told["fees"]),
            seats=seats,
            comps=sum(item.tickets_comp for item in figures),
            orders=orders[:limit],
            more=limit * 4 if len(orders) > limit else 0,
            **told,
        )

    def order(self, asked: Asked) -> Response:
        """
        The end of every drill-down: the tickets of one order, and their money.
        """
        account, order_id = asked.path["account"], asked.path["order"]
        with self._site.database.read() as session:
            show = shows.get_show(session, int(asked.path["id"]))
            back = [
                line
                for line in sales.list_refunds(
                    session, account=account, order_id=order_id
                )
                if line.show_id == show.id
            ]
            tickets = [
                part
                for part in explain.list_contributions(session, show.id)
                if (part.account, part.order_id) == (account, order_id)
            ]
        if not tickets:
            raise errors.NotFound("There is no such order of this show.")
        return self._site.page(
            asked,
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
            refunds=back,
        )

    def production(self, asked: Asked) -> Response:
        number = int(asked.path["id"])
        with self._site.database.read() as session:
            title = next(
                (
                    name
                    for id_, name, _ in shows.list_productions(session)
                    if id_ == number
                ),
                None,
            )
            if title is None:
                raise errors.NotFound("There is no such production.")
            linked: dict[int, list[Any]] = {}
            for occurrence in occurrences.list_occurrences(session):
                if occurrence.show_id is not None:
                    linked.setdefault(occurrence.show_id, []).append(occurrence)
            seats = reporting_seats.seats(session)
            own = shows.list_shows(session, title)
            ours = {show.id for show in own}
            figures = [f for f in numbers.figures(session) if f.show_id in ours]
            plan = match.plan(session, self._site.settings, production=title)
        return self._site.page(
            asked,
            "production.html",
            title,
            production=title,
            shows=[
                (
                    show,
                    linked.get(show.id, []),
                    _totals(
                        numbers.FIGURES, [f for f in figures if f.show_id == show.id]
                    ),
                )
                for show in own
            ],
            totals=_totals(numbers.FIGURES, figures),
            seats=seats,
            certain=plan.certain,
            unsure=plan.unsure,
            remarks=plan.remarks,
            unmatched_shows=plan.unmatched_shows,
        )

    def matching(self, asked: Asked) -> Response:
        with self._site.database.read() as session:
            plan = match.plan(session, self._site.settings)
        return self._site.page(
            asked,
            "matching.html",
            "Matching",
            here="/matching",
            certain=plan.certain,
            unsure=plan.unsure,
            remarks=plan.remarks,
            unmatched_shows=plan.unmatched_shows,
        )

    def accounts(self, asked: Asked) -> Response:
        now = clock.now()
        with self._site.database.read() as session:
            found = runs.list_freshness(session, now)
            assessed = health.assess_all(session, self._site.settings, now)
        return self._site.page(
            asked,
            "accounts.html",
            "Accounts",
            here="/accounts",
            notice=(
                f"{asked.query['asked']} is being read; that takes a moment."
                if "asked" in asked.query
                else ""
            ),
            accounts=found,
            health={item.account: item for item in assessed},
            can_sync=self._site.ask_sync is not None,
        )

    def _waiting(self, session: Session) -> list[Waiting]:
        return waiting.everything(session, self._site.settings, clock.now())

    def runs(self, asked: Asked) -> Response:
        with self._site.database.read() as session:
            found = runs.list_runs(session, limit=100)
        return self._site.page(asked, "runs.html", "Runs", here="/runs", runs=found)

    def webhooks(self, asked: Asked) -> Response:
        with self._site.database.read() as session:
            health = deliveries.read_delivery_health(session)
            gaps = deliveries.find_unannounced_orders(session, clock.now())
            found = deliveries.list_deliveries(session, limit=100)
        return self._site.page(
            asked,
            "webhooks.html",
            "Webhooks",
            here="/webhooks",
            health=health,
            gaps=gaps,
            deliveries=found,
        )

    def discrepancies(self, asked: Asked) -> Response:
        with self._site.database.read() as session:
            told: dict[str, Any] = {
                "doubtful": sales.list_discrepancies(session),
                "unread": sales.list_quarantined(session),
                "troubled": checkin.list_rejected(session),
                "waiting": waiting.by_kind(self._waiting(session)),
                "kinds": KINDS,
            }
        return self._site.page(
            asked, "discrepancies.html", "Discrepancies", here="/discrepancies", **told
        )

    def calendar(self, asked: Asked) -> Response:
        return calendar_page(self._site, asked)

    def feed(self, asked: Asked) -> Response:
        """
        The private calendar: whoever knows its address may read it.
        """
        now = clock.now()
        with self._site.database.read() as session:
            if (
                passes.get_visitor(session, "calendar", asked.path["token"], now)
                is None
            ):
                return Response(status_code=404)
            house = shows.get_venue(session)
            found = calendar.list_performances(session, since=now - timedelta(days=90))
        return Response(
            calendar.as_ics(found, name=house.name, now=now),
            media_type="text/calendar; charset=utf-8",
        )


def _totals(columns: Sequence[Column], values: Iterable[Any]) -> list[dict[str, Any]]:
    """
    What these come to, once for each currency.
    """
    return list(tables.by_name(tables.totals(tables.of_values(columns, values))))


def _production_id(session: Session, title: str) -> int:
    return next(
        id_ for id_, name, _ in shows.list_productions(session) if name == title
    )


def _number(text: str, usual: int) -> int:
    return min(int(text), 100_000) if text.isascii() and text.isdigit() else usual
