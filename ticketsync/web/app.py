"""
The web application of `ticketsync serve`: the webhook receiver and the pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from ticketsync.core.config import ServeSettings
from ticketsync.web.actions import Actions
from ticketsync.web.door import DoorPages
from ticketsync.web.entrance import Entrance
from ticketsync.web.entry import Entry
from ticketsync.web.matching_page import MatchingPage
from ticketsync.web.pages import Pages
from ticketsync.web.receiver import Receiver, application
from ticketsync.web.site import FOLDER, Site


def create_app(
    receiver: Receiver, site: Site | None, settings: ServeSettings | None = None
) -> Entrance:
    """
    The whole application. Without a site it only receives webhooks; then it needs the
    settings.
    """
    inner = application(receiver, [] if site is None else routes(site))
    if site is not None:
        return Entrance(inner, site.settings.serve)
    return Entrance(inner, settings or ServeSettings())


def routes(site: Site) -> Sequence[BaseRoute]:
    return [
        *Entry(site).routes(),
        *Pages(site).routes(),
        *Actions(site).routes(),
        *MatchingPage(site).routes(),
        *DoorPages(site).routes(),
        Mount("/static", _Static(directory=FOLDER / "static")),
    ]


class _Static(StaticFiles):
    """
    Static files that browsers revalidate each time, so that an upgrade takes effect at
    once. They are small, and the usual response is 304.
    """

    def file_response(self, *args: Any, **options: Any) -> Response:
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
