"""
A show on a page of its own, and an order of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from ticketsync.catalogue import (
    availability,
    link_reads,
    listed_dates,
    listed_prices,
    matching_input,
    occurrences,
    shows,
)
from ticketsync.core import errors, tables
from ticketsync.core.tables import Column
from ticketsync.door import attendees
from ticketsync.financials import explain
from ticketsync.reporting import (
    figures_of_shows,
    fullness,
    named_fees,
    refund_report,
    sales,
    sales_over_time,
    vouchers_sold,
)
from ticketsync.reporting.exclusion import read_exclusion
from ticketsync.web import charts, filters, notices, query
from ticketsync.web.attention import read_attention
from ticketsync.web.site import PageRequest, Site

ORDERS_SHOWN = 25  # of a show, at first
MAX_ORDERS_SHOWN = 100_000


class ShowPages:
    """
    The routes of a show.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        for_readers = self._site.for_readers
        return [
            Route("/shows/{id:int}", for_readers(self.show)),
            Route(
                "/shows/{id:int}/orders/{account}/{order:path}", for_readers(self.order)
            ),
        ]

    def show(self, request: PageRequest) -> Response:
        asked = query.check(request.query, query.number("orders"))
        limit = _number(asked.get("orders"), ORDERS_SHOWN)
        with self._site.database.read() as connection:
            venue = shows.get_venue(connection)
            show = shows.get_show(connection, int(request.path_params["id"]))
            figures = figures_of_shows.figures(connection, show.id)
            seats = fullness.read_seats(connection, show.id)[show.id]
            attention = read_attention(connection, self._site.settings)
            orders = sales.list_sales(connection, show_id=show.id, limit=limit + 1)
            sources = occurrences.list_occurrences(connection, show_id=show.id)
            left_out = read_exclusion(connection, show.id)
            sold_by_day = sales_over_time.sales_curve(
                connection, show.id, show.timezone
            )
            values: dict[str, Any] = {
                "production_id": shows.get_production_id(connection, show.production),
                "totals": figures_of_shows.totals(connection, show.id),
                "types": figures_of_shows.by_type(connection, show.id),
                "fees": named_fees.list_fees(connection, show.id),
                "gift_cards": vouchers_sold.sentences(connection, show.id),
                "prices": listed_prices.list_prices(connection, show_id=show.id),
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
            type_totals=_totals(figures_of_shows.TYPES, values["types"]),
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


def _totals(columns: Sequence[Column], values: Iterable[Any]) -> list[dict[str, Any]]:
    """
    The totals of these values, one for each currency.
    """
    return list(tables.by_name(tables.totals(tables.of_values(columns, values))))


def _number(text: str, default: int) -> int:
    # Python reads no endless number.
    return min(int(text[:9] or default), MAX_ORDERS_SHOWN)
