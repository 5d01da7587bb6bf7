"""
A production on a page of its own: its shows, their figures, and dates to match.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from ticketsync.catalogue import listed_dates, occurrences, shows, switches
from ticketsync.catalogue.listed_dates import ListedDate
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.core import clock, tables
from ticketsync.providers import registry
from ticketsync.reporting import calendar, figures_of_shows, fullness, grouped_figures
from ticketsync.reporting.figure_filter import FigureFilter
from ticketsync.reporting.figures_of_shows import Figures
from ticketsync.web import notices
from ticketsync.web.matching_page import plan_values
from ticketsync.web.site import PageRequest, Site
from ticketsync.workflows.matching import match

NEXT_SHOWS = 3


class ProductionPages:
    """
    The route of a production.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        return [
            Route("/productions/{id:int}", self._site.for_readers(self.production)),
        ]

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
            seats = fullness.read_seats(connection)
            own_shows = shows.list_shows(connection, title)
            figures = figures_of_shows.figures(
                connection, chosen=FigureFilter(production=title)
            )
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


def _totals_by_show(figures: Iterable[Figures]) -> dict[int, list[dict[str, Any]]]:
    """
    The totals of each show, by our id, one for each currency.
    """
    found: dict[int, list[dict[str, Any]]] = {}
    figures_ = tables.of_values(figures_of_shows.FIGURES, figures)
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
