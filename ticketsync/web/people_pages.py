"""
Who may open the pages: invite somebody, take a pass back.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticketsync.catalogue import shows
from ticketsync.core import clock, errors
from ticketsync.store.business_zone import get_business_zone
from ticketsync.visitors import limits, passes
from ticketsync.visitors.limits import Limit
from ticketsync.web import notices, query, sign_in
from ticketsync.web.connect_pages import form_id
from ticketsync.web.made_links import MadeLinks
from ticketsync.web.site import PageRequest, Site

SHOWS_OFFERED = 100  # for a door's pass, the next ones


class PeoplePages:
    """
    The routes about passes; for managers only.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._made = MadeLinks()

    def routes(self) -> list[Route]:
        for_managers = self._site.for_managers
        return [
            Route("/people", for_managers(self.show), methods=["GET"]),
            Route("/people/invite", for_managers(self.invite), methods=["POST"]),
            Route(
                "/people/{id:int}/revoke", for_managers(self.revoke), methods=["POST"]
            ),
        ]

    def show(self, request: PageRequest) -> Response:
        return self._page(request, "")

    def invite(self, request: PageRequest) -> Response:
        """
        Make a link; the page that answers shows it, also when its form is sent again,
        and nothing else ever does.

        Raises: `UsageError` for an unknown role or day, `NotFound` for a show that
        there is not.
        """
        who, id_ = request.signed_in.id, form_id(request.form)
        held = [part for item in sorted(request.form.items()) for part in item]
        link = self._made.get_or_make(
            (str(who), id_, *held), lambda: self._make_link(request)
        )
        return self._page(request, link)

    def _make_link(self, request: PageRequest) -> str:
        role = request.form.get("role", "")
        name = request.form.get("name", "").strip()[:100]
        with self._site.database.write() as connection:
            limit = _limit(connection, request)
            token = passes.issue(connection, "link", role, name, clock.now(), limit)
        return sign_in.link_url(self._site.address_of_links(request), token)

    def revoke(self, request: PageRequest) -> Response:
        """
        Raises: `NotFound` if there is no such pass.
        """
        pass_id, now = int(request.path_params["id"]), clock.now()
        with self._site.database.write() as connection:
            if pass_id not in {v.id for v in passes.list_visitors(connection, now)}:
                raise errors.NotFound("That pass no longer exists.")
            passes.revoke(connection, [pass_id], now)
        return RedirectResponse(notices.address("/people", notices.REVOKED), 303)

    def _page(self, request: PageRequest, link: str) -> Response:
        now = clock.now()
        with self._site.database.read() as connection:
            held = passes.list_visitors(connection, now)
            coming = [
                show
                for show in shows.list_shows(connection)
                if show.starts_at > now - timedelta(days=1)
            ]
        return self._site.render_page(
            request,
            "people.html",
            "People",
            current_path="/people",
            notice=notices.text_of(request.query),
            passes=held,
            roles=passes.ROLES,
            shows=coming[:SHOWS_OFFERED],
            link=link,
            own_id=request.signed_in.id,
        )


def _limit(connection: Connection, request: PageRequest) -> Limit:
    """
    What a door's pass is limited to: one show, one evening, or nothing.
    """
    show_id, evening = request.form.get("show", ""), request.form.get("evening", "")
    limits.refuse_both(show_id, evening, hint="Choose one of them.")
    if show_id:
        if not query.is_id(show_id):
            raise errors.NotFound("There is no such show.")
        show = shows.get_show(connection, int(show_id))
        return limits.for_show(show.id, show.starts_local, show.timezone)
    if not evening:
        return limits.UNLIMITED
    zone = get_business_zone(connection)
    return limits.parse_evening(evening, zone, hint="Choose a day.")
