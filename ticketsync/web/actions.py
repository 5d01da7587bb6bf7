"""
What managers can change on the pages: sync now, matching, dismissals, the calendar
feed.
"""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticketsync.accounts import state
from ticketsync.catalogue import listed_dates, occurrences, shows
from ticketsync.core import clock, errors
from ticketsync.visitors import passes
from ticketsync.web import notices
from ticketsync.web.calendar_page import calendar_page
from ticketsync.web.connect_pages import form_id
from ticketsync.web.made_links import MadeLinks
from ticketsync.web.site import PageRequest, Site
from ticketsync.web.ticketing_pages import back_to
from ticketsync.workflows import waiting
from ticketsync.workflows.matching import match


class Actions:
    """
    The routes that change something; for managers only.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._made = MadeLinks()

    def routes(self) -> list[Route]:
        for_managers = self._site.for_managers
        return [
            Route("/accounts/{name}/sync", for_managers(self.sync), methods=["POST"]),
            Route(
                "/match/certain", for_managers(self.accept_certain), methods=["POST"]
            ),
            Route(
                "/match/{occurrence_id:int}/never",
                for_managers(self.refuse),
                methods=["POST"],
            ),
            Route(
                "/match/{occurrence_id:int}/{show_id:int}",
                for_managers(self.link),
                methods=["POST"],
            ),
            Route("/waiting/dismiss", for_managers(self.dismiss), methods=["POST"]),
            Route("/calendar/feed", for_managers(self.create_feed), methods=["POST"]),
            Route(
                "/calendar/feed/{id:int}/revoke",
                for_managers(self.revoke_feed),
                methods=["POST"],
            ),
        ]

    def sync(self, request: PageRequest) -> Response:
        """
        Ask the background worker to sync: no web request waits for a platform.

        Raises: `UsageError` if there is no worker, `NotFound` for an unknown account.
        """
        if self._site.request_sync is None:
            raise errors.UsageError(
                "This server does not sync.", hint="Run `ticketsync sync`."
            )
        with self._site.database.read() as connection:
            account = state.get_usable_account(connection, request.path_params["name"])
        self._site.request_sync(account.name)
        return RedirectResponse(
            notices.address("/accounts", notices.SYNC_REQUESTED, account.name), 303
        )

    def accept_certain(self, request: PageRequest) -> Response:
        with self._site.database.read() as connection:
            plan = match.plan(connection, self._site.settings)
        match.accept(
            self._site.database,
            self._site.settings,
            plan.certain,
            decided_by="person",
            batch=match.new_batch(),
        )
        return RedirectResponse("/matching", 303)

    def link(self, request: PageRequest) -> Response:
        with self._site.database.read() as connection:
            number = int(request.path_params["occurrence_id"])
            found = occurrences.get_occurrence(connection, number)
            date = listed_dates.get_date(connection, found)
            show = shows.get_show(connection, int(request.path_params["show_id"]))
        done = match.link_parts(
            self._site.database, self._site.settings, date.ids, show.id
        )
        page = back_to(request.form, "/matching")
        if done.was_at:
            page = notices.address(page, notices.MOVED_ALONG)
        return RedirectResponse(page, 303)

    def refuse(self, request: PageRequest) -> Response:
        with self._site.database.read() as connection:
            occurrence_id = _occurrence_id(connection, request)
        match.refuse(self._site.database, occurrence_id, None, batch=match.new_batch())
        return RedirectResponse(back_to(request.form, "/matching"), 303)

    def dismiss(self, request: PageRequest) -> Response:
        waiting.dismiss(
            self._site.database,
            self._site.settings,
            [request.form.get("id", "")],
        )
        return RedirectResponse("/discrepancies#waiting", 303)

    def create_feed(self, request: PageRequest) -> Response:
        """
        Make a calendar address; the page that answers shows it, also when its form is
        sent again.
        """
        form = (str(request.signed_in.id), form_id(request.form))
        url = self._made.get_or_make(form, lambda: self._make_feed(request))
        return calendar_page(self._site, request, url)

    def _make_feed(self, request: PageRequest) -> str:
        with self._site.database.write() as connection:
            token = passes.issue(connection, "calendar", "viewer", "feed", clock.now())
        base = self._site.address_of_links(request).rstrip("/")
        return f"{base}/calendar/{token}.ics"

    def revoke_feed(self, request: PageRequest) -> Response:
        """
        Raises: `NotFound` if there is no such calendar address.
        """
        with self._site.database.write() as connection:
            passes.revoke_feed(connection, int(request.path_params["id"]), clock.now())
        return RedirectResponse(notices.address("/calendar", notices.FEED_REVOKED), 303)


def _occurrence_id(connection: Connection, request: PageRequest) -> int:
    """
    The id of the occurrence in the path, which must exist.
    """
    number = int(request.path_params["occurrence_id"])
    return occurrences.get_occurrence(connection, number).id
