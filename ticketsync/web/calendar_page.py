"""
The page of the calendar, with the private address of its feed when one was just made.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby

from starlette.responses import Response

from ticketsync.core import clock
from ticketsync.reporting import calendar
from ticketsync.web.site import Asked, Site


def calendar_page(site: Site, asked: Asked, feed: str = "") -> Response:
    """
    The shows ahead by month, or all of them with `?past=1`.
    """
    with_past = asked.query.get("past") == "1"
    since = None if with_past else clock.now() - timedelta(days=1)
    with site.database.read() as session:
        found = calendar.list_performances(session, since=since)
    months = [
        (name, list(group))
        for name, group in groupby(
            found, lambda s: f"{clock.local(s.starts_at, s.timezone):%B %Y}"
        )
    ]
    return site.page(
        asked,
        "calendar.html",
        "Calendar",
        here="/calendar",
        months=months,
        with_past=with_past,
        feed=feed,
    )
