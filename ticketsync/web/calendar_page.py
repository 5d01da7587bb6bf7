"""
The calendar page, with the private URL of its feed if one was just created.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby

from starlette.responses import Response

from ticketsync.core import clock
from ticketsync.reporting import calendar
from ticketsync.visitors import passes
from ticketsync.web import notices
from ticketsync.web.site import PageRequest, Site


def calendar_page(site: Site, request: PageRequest, feed_url: str = "") -> Response:
    """
    The upcoming shows by month, or all shows with `?past=1`.
    """
    with_past = request.query.get("past") == "1"
    since = None if with_past else clock.now() - timedelta(days=1)
    with site.database.read() as connection:
        performances = calendar.list_performances(connection, since=since)
        feeds = passes.list_feeds(connection, clock.now())
    months = [
        (name, list(group))
        for name, group in groupby(
            performances, lambda s: f"{clock.local(s.starts_at, s.timezone):%B %Y}"
        )
    ]
    return site.render_page(
        request,
        "calendar.html",
        "Calendar",
        current_path="/calendar",
        months=months,
        with_past=with_past,
        feed_url=feed_url,
        feeds=feeds,
        notice=notices.text_of(request.query),
    )
