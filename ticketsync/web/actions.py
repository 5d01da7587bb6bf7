"""
The few things a page may change: sync now, match decisions, a calendar's address.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticketsync.accounts import state
from ticketsync.catalogue import occurrences, shows
from ticketsync.core import clock, errors
from ticketsync.visitors import passes
from ticketsync.web.calendar_page import calendar_page
from ticketsync.web.site import Asked, Site
from ticketsync.workflows import match, waiting


class Actions:
    """
    Everything that changes something; for managers.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        manages = self._site.manages
        return [
            Route("/accounts/{name}/sync", manages(self.sync), methods=["POST"]),
            Route("/match/certain", manages(self.certain), methods=["POST"]),
            Route("/match/{date:int}/never", manages(self.refuse), methods=["POST"]),
            Route(
                "/match/{date:int}/{show:int}", manages(self.choose), methods=["POST"]
            ),
            Route("/waiting/dismiss", manages(self.dismiss), methods=["POST"]),
            Route("/calendar/feed", manages(self.feed), methods=["POST"]),
        ]

    def sync(self, asked: Asked) -> Response:
        """
        Asked for now and done by the worker beside us: no request waits for a platform.
        """
        if self._site.ask_sync is None:
            raise errors.UsageError(
                "Nobody here talks to platforms.", hint="Run `ticketsync sync`."
            )
        with self._site.database.read() as session:
            account = state.get_usable_account(session, asked.path["name"])
        self._site.ask_sync(account.name)
        return RedirectResponse(f"/accounts?asked={quote(account.name)}", 303)

    def certain(self, asked: Asked) -> Response:
        with self._site.database.read() as session:
            plan = match.plan(session, self._site.settings)
        match.accept(
            self._site.database,
            self._site.settings,
            plan.certain,
            decided_by="person",
            batch=match.new_batch(),
        )
        return RedirectResponse("/matching", 303)

    def choose(self, asked: Asked) -> Response:
        with self._site.database.read() as session:
            date = occurrences.get_occurrence(session, int(asked.path["date"])).id
            show = shows.get_show(session, int(asked.path["show"])).id
        match.link(self._site.database, self._site.settings, date, show)
        return RedirectResponse("/matching", 303)

    def refuse(self, asked: Asked) -> Response:
        with self._site.database.read() as session:
            date = occurrences.get_occurrence(session, int(asked.path["date"])).id
        match.refuse(self._site.database, date, None, batch=match.new_batch())
        return RedirectResponse("/matching", 303)

    def dismiss(self, asked: Asked) -> Response:
        waiting.dismiss(
            self._site.database,
            self._site.settings,
            [asked.form.get("id", "")],
        )
        return RedirectResponse("/discrepancies#waiting", 303)

    def feed(self, asked: Asked) -> Response:
        with self._site.database.write() as session:
            token = passes.issue(session, "calendar", "viewer", "feed", clock.now())
        base = self._site.settings.serve.public_url.rstrip("/")
        return calendar_page(self._site, asked, f"{base}/calendar/{token}.ics")
