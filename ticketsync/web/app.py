"""
Everything that one server answers: what platforms send, and the pages.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from ticketsync.web.actions import Actions
from ticketsync.web.door import Door
from ticketsync.web.entry import Entry
from ticketsync.web.pages import Pages
from ticketsync.web.receiver import Receiver, application
from ticketsync.web.site import FOLDER, Site


def house(receiver: Receiver, site: Site | None) -> Starlette:
    """
    The application that a server runs; without a site it only receives.
    """
    return application(receiver, [] if site is None else routes(site))


def routes(site: Site) -> Sequence[BaseRoute]:
    return [
        *Entry(site).routes(),
        *Pages(site).routes(),
        *Actions(site).routes(),
        *Door(site).routes(),
        Mount("/static", StaticFiles(directory=FOLDER / "static")),
    ]
