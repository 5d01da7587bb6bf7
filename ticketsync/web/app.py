"""
The web application of `ticketsync serve`: the webhook receiver and the pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from ticketsync.core.settings.config import ServeSettings
from ticketsync.web.account_pages import AccountPages
from ticketsync.web.actions import Actions
from ticketsync.web.calendar_page import CalendarPages
from ticketsync.web.connect_pages import ConnectPages
from ticketsync.web.consent_pages import ConsentPages
from ticketsync.web.door_pages import DoorPages
from ticketsync.web.matching_page import MatchingPage
from ticketsync.web.middleware import AccessMiddleware
from ticketsync.web.money_page import MoneyPages
from ticketsync.web.overview_page import OverviewPages
from ticketsync.web.people_pages import PeoplePages
from ticketsync.web.production_pages import ProductionPages
from ticketsync.web.refunds_page import RefundPages
from ticketsync.web.show_pages import ShowPages
from ticketsync.web.show_setup_pages import ShowSetupPages
from ticketsync.web.sign_in import SignInPages
from ticketsync.web.site import FOLDER, Site
from ticketsync.web.status_pages import StatusPages
from ticketsync.web.ticketing_pages import TicketingPages
from ticketsync.web.venue_pages import VenuePages
from ticketsync.web.webhook_pages import WebhookPages
from ticketsync.web.webhook_receiver import Receiver, application


def create_app(
    receiver: Receiver, site: Site | None, settings: ServeSettings | None = None
) -> AccessMiddleware:
    """
    The whole application. Without a site it only receives webhooks; then it needs the
    settings.
    """
    if site is None:
        return AccessMiddleware(application(receiver), settings or ServeSettings())
    inner = application(
        receiver,
        routes(site),
        not_found=site.page_not_found,
        method_not_allowed=site.method_not_allowed,
    )
    return AccessMiddleware(inner, site.settings.serve)


def routes(site: Site) -> Sequence[BaseRoute]:
    return [
        *SignInPages(site).routes(),
        *OverviewPages(site).routes(),
        *ShowPages(site).routes(),
        *ProductionPages(site).routes(),
        *StatusPages(site).routes(),
        *CalendarPages(site).routes(),
        *MoneyPages(site).routes(),
        *RefundPages(site).routes(),
        *Actions(site).routes(),
        *AccountPages(site).routes(),
        *ConnectPages(site).routes(),
        *ConsentPages(site).routes(),
        *PeoplePages(site).routes(),
        *VenuePages(site).routes(),
        *WebhookPages(site).routes(),
        *TicketingPages(site).routes(),
        *ShowSetupPages(site).routes(),
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
