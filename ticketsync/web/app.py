"""
Everything that one server answers: what platforms send, and the pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from ticketsync.web.actions import Actions
from ticketsync.web.door import DoorPages
from ticketsync.web.entry import Entry
from ticketsync.web.pages import Pages
from ticketsync.web.receiver import Receiver, application
from ticketsync.web.site import FOLDER, Site


def create_app(receiver: Receiver, site: Site | None) -> Starlette:
    """
    The application that a server runs; without a site it only receives.
    """
    return application(receiver, [] if site is None else routes(site))


def routes(site: Site) -> Sequence[BaseRoute]:
    return [
        *Entry(site).routes(),
        *Pages(site).routes(),
        *Actions(site).routes(),
        *DoorPages(site).routes(),
        Mount("/static", _Static(directory=FOLDER / "static")),
    ]


class _Static(StaticFiles):
    """
    Files that a browser asks about each time, so that an upgrade is seen at once; they
    are small, and mostly the answer is that nothing changed.
    """

    def file_response(self, *args: Any, **options: Any) -> Response:
        answer = super().file_response(*args, **options)
        answer.headers["Cache-Control"] = "no-cache"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer
