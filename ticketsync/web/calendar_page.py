"""
The calendar page as a list or a month, with the private URL of its feed if one was just
created; and the calendar that anybody may open, where the settings say so.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby

from starlette.responses import Response
from starlette.routing import Route

from ticketsync.catalogue import shows
from ticketsync.core import clock
from ticketsync.reporting import calendar
from ticketsync.visitors import passes
from ticketsync.web import month_grid, notices, query
from ticketsync.web.attention import Attention
from ticketsync.web.site import PageRequest, Site

PUBLIC_PATH = "/whats-on"


def since_yesterday() -> datetime:
    """
    Shows that started after this are upcoming ones on the calendar.
    """
    return clock.now() - timedelta(days=1)


def calendar_page(site: Site, request: PageRequest, feed_url: str = "") -> Response:
    """
    The upcoming shows by month, or all shows with `?past=1`; with `?month=2026-11` that
    month as a grid.
    """
    asked = query.check(request.query, query.switch("past"), query.month("month"))
    with_past = asked.get("past") == "1"
    wanted = asked.get("month")
    since = None if with_past or wanted else since_yesterday()
    with site.database.read() as connection:
        venue = shows.get_venue(connection)
        performances = calendar.list_performances(connection, since=since)
        feeds = passes.list_feeds(connection, clock.now())
        has_past = not performances and bool(calendar.list_performances(connection))
    today = clock.day_of(clock.now(), venue.timezone)
    first = month_grid.first_of(wanted, today)
    months = [
        (name, list(group))
        for name, group in groupby(
            performances, lambda s: f"{clock.local(s.starts_at, s.timezone):%B %Y}"
        )
    ]
    return site.render_page(
        request,
        "calendar.html",
        f"Calendar, {first:%B %Y}" if wanted else "Calendar",
        venue=venue,
        current_path="/calendar",
        months=[] if wanted else months,
        month=month_grid.build_month(first, performances, today=today)
        if wanted
        else None,
        this_month=f"{today:%Y-%m}",
        with_past=with_past,
        has_past=has_past,
        public_path=PUBLIC_PATH if site.settings.serve.public_calendar else "",
        feed_url=feed_url,
        feeds=feeds,
        notice=notices.text_of(request.query),
        ignored=asked.left_out,
    )


def public_calendar(site: Site, request: PageRequest) -> Response:
    """
    What anybody may see where the settings allow it: the coming shows that are on sale,
    when and where they play, and one link to buy for each seller. No figure is on it.
    """
    if not site.settings.serve.public_calendar:
        return Response(status_code=404)
    now = clock.now()
    with site.database.read() as connection:
        venue = shows.get_venue(connection)
        performances = calendar.list_performances(connection, since=now)
    coming = [(show, sellers) for show in performances if (sellers := show.sellers)]
    today = clock.day_of(now, venue.timezone)
    asked = query.check(request.query, query.month("month"))
    on_sale = [show for show, _ in coming]
    # The grid begins where something plays, not with what is left of this month.
    soonest = clock.parse_local(on_sale[0].starts_local).date() if on_sale else today
    first = month_grid.first_of(asked.get("month"), soonest)
    return site.render_page(
        request,
        "public_calendar.html",
        f"What’s on, {first:%B %Y}" if asked.get("month") else "What’s on",
        venue=venue,
        attention=Attention(),
        ignored=asked.left_out,
        month=month_grid.build_month(first, on_sale, today=today),
        public_path=PUBLIC_PATH,
        coming=coming,
    )


class CalendarPages:
    """
    The routes of the calendar, its private feed and the public one.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        site = self._site
        return [
            Route("/calendar", site.for_readers(self.calendar)),
            Route(PUBLIC_PATH, site.for_everyone(self.public_calendar)),
            Route("/calendar/{token}.ics", site.for_other_sites(self.calendar_feed)),
        ]

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
