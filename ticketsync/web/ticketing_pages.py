"""
Which listing of a platform is linked to which show: what is on sale, links and their
switches, the venue's names for ticket types, and shows that are left out of the
figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticketsync.accounts import state
from ticketsync.catalogue import (
    link_settings,
    listed_dates,
    matching_input,
    occurrences,
    selection,
    shows,
    switches,
    ticket_types,
)
from ticketsync.catalogue.listed_dates import ListedDate
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.core import errors
from ticketsync.web import notices, query
from ticketsync.web.site import PageRequest, Site
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.matching import match
from ticketsync.workflows.matching.match_session import MatchSession

FOUND = 20  # shows of a search, the nearest in time first
_OWN_PAGE = re.compile(r"/(?:productions|shows|occurrences|events)/[0-9]{1,10}")


class TicketingPages:
    """
    The routes about links, for managers; everybody who reads figures may see what is on
    sale.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        for_managers = self._site.for_managers
        changes = (
            ("/occurrences/{id:int}/link", self.link),
            ("/occurrences/{id:int}/unlink", self.unlink),
            ("/occurrences/{id:int}/switches", self.switch_occurrence),
            ("/occurrences/{id:int}/show", self.make_show),
            ("/events/{id:int}/switches", self.switch_event),
            ("/events/{id:int}/types", self.name_type),
            ("/productions/{id:int}/switches", self.switch_production),
            ("/shows/{id:int}/exclude", self.exclude),
            ("/shows/{id:int}/include", self.include),
        )
        return [
            Route("/events", self._site.for_readers(self.list_events)),
            Route("/events/{id:int}", for_managers(self.show_event)),
            Route("/occurrences/{id:int}", for_managers(self.show_occurrence)),
            *(Route(path, for_managers(do), methods=["POST"]) for path, do in changes),
        ]

    # Pages

    def list_events(self, request: PageRequest) -> Response:
        with self._site.database.read() as connection:
            names = sorted(state.get_account_names(connection).values())
            asked = query.check(
                request.query,
                query.Filter("account", "an account", lambda text: text in names),
                query.switch("unlinked"),
            )
            account, only_unlinked = asked.get("account"), asked.get("unlinked") == "1"
            found = occurrences.list_occurrences(
                connection, only_unlinked=only_unlinked
            )
            own = {show.id: show for show in shows.list_shows(connection)}
        return self._site.render_page(
            request,
            "events.html",
            "On sale at the platforms",
            current_path="/events",
            ignored=asked.left_out,
            accounts=names,
            account=account,
            only_unlinked=only_unlinked,
            dates=listed_dates.list_dates(
                o for o in found if account in ("", o.account)
            ),
            shows=own,
        )

    def show_event(self, request: PageRequest) -> Response:
        """
        Raises: `NotFound` where no date of the event is linked to a show yet.
        """
        with self._site.database.read() as connection:
            event = selection.get_event(connection, int(request.path_params["id"]))
            listed = occurrences.list_occurrences(connection, event_id=event.id)
            values: dict[str, Any] = {
                "event": event,
                "dates": listed_dates.list_dates(listed),
                "parts_of_dates": matching_input.name_parts(connection, listed),
                "switches": switches.read_event(connection, event.id),
                "types": link_settings.read_types(connection, event.id),
                "shows": {show.id: show for show in shows.list_shows(connection)},
                "type_names": ticket_types.list_names(connection, event.id),
            }
        return self._site.render_page(
            *(request, "event.html", event.name),
            notice=notices.text_of(request.query),
            **values,
        )

    def show_occurrence(self, request: PageRequest) -> Response:
        """
        One listing: its show, or a search for one.
        """
        search = request.query.get("q", "")
        with self._site.database.read() as connection:
            found = _occurrence(connection, request)
            date = listed_dates.get_date(connection, found)
            own = shows.list_shows(connection)
            part_names = matching_input.name_parts(connection, date.parts)
            productions = [title for _, title, _ in shows.list_productions(connection)]
        return self._site.render_page(
            request,
            "occurrence.html",
            found.name,
            notice=notices.text_of(request.query),
            occurrence=found,
            date=date,
            part_names=part_names,
            show=next((s for s in own if s.id == found.show_id), None),
            search=search,
            nearest=nearest_shows(own, found, search),
            productions=productions,
        )

    # Changes

    def link(self, request: PageRequest) -> Response:
        """
        Raises: `NotFound` for a show that there is not, `GuardRefused` where the
        listing is linked to another one.
        """
        with self._site.database.read() as connection:
            found = _occurrence(connection, request)
            date = listed_dates.get_date(connection, found)
            show = shows.get_show(connection, _number(request.form.get("show", "")))
        match.link_parts(self._site.database, self._site.settings, date.ids, show.id)
        return _back(request, f"/occurrences/{found.id}", notices.LINKED)

    def unlink(self, request: PageRequest) -> Response:
        with self._site.database.read() as connection:
            found = _occurrence(connection, request)
            date = _decided(connection, request, found)
        match.unlink_parts(self._site.database, self._site.settings, date.ids)
        return _back(request, f"/occurrences/{found.id}", notices.UNLINKED)

    def make_show(self, request: PageRequest) -> Response:
        """
        Make a show of a listing that is none of ours yet.

        Raises: `UsageError` without a title.
        """
        title = request.form.get("title", "").strip()
        if not title:
            raise errors.UsageError("A show needs the title of its production.")
        with self._site.database.read() as connection:
            date = listed_dates.get_date(connection, _occurrence(connection, request))
        session = MatchSession(
            self._site.database, self._site.settings, match.new_batch()
        )
        show_id = session.new_show(date.ids, title)
        return _back(request, f"/shows/{show_id}", notices.LINKED)

    def switch_occurrence(self, request: PageRequest) -> Response:
        with self._site.database.read() as connection:
            found = _occurrence(connection, request)
            date = _decided(connection, request, found)
        match.configure_date(
            self._site.database,
            self._site.settings,
            date,
            enabled="enabled" in request.form,
            ticket_sales="sales" in request.form,
            types={},
        )
        return _back(request, f"/occurrences/{found.id}", notices.SWITCHED)

    def switch_event(self, request: PageRequest) -> Response:
        return self._set_event(
            request,
            enabled="enabled" in request.form,
            ticket_sales="sales" in request.form,
        )

    def name_type(self, request: PageRequest) -> Response:
        """
        Raises: `UsageError` without their name of the ticket type.
        """
        theirs = request.form.get("theirs", "").strip()
        if not theirs:
            raise errors.UsageError("Say which of their ticket types is meant.")
        ours = request.form.get("ours", "").strip()
        return self._set_event(request, types={theirs: ours})

    def switch_production(self, request: PageRequest) -> Response:
        production_id = int(request.path_params["id"])
        with self._site.database.read() as connection:
            title = shows.get_production_title(connection, production_id)
        match.configure_production(
            self._site.database,
            self._site.settings,
            title,
            enabled="enabled" in request.form,
            ticket_sales="sales" in request.form,
        )
        return _back(request, f"/productions/{production_id}", notices.SWITCHED)

    def exclude(self, request: PageRequest) -> Response:
        """
        Leave a show out of the figures. Its links and its guests stay.
        """
        reason = request.form.get("reason", "").strip()[:200]
        return self._set_excluded(request, True, reason, notices.EXCLUDED)

    def include(self, request: PageRequest) -> Response:
        return self._set_excluded(request, False, "", notices.INCLUDED)

    def _set_event(
        self,
        request: PageRequest,
        *,
        enabled: bool | None = None,
        ticket_sales: bool | None = None,
        types: Mapping[str, str] | None = None,
    ) -> Response:
        with self._site.database.read() as connection:
            event = selection.get_event(connection, int(request.path_params["id"]))
        match.configure_event(
            self._site.database,
            self._site.settings,
            event,
            enabled=enabled,
            ticket_sales=ticket_sales,
            types=types or {},
        )
        return _back(request, f"/events/{event.id}", notices.SWITCHED)

    def _set_excluded(
        self, request: PageRequest, is_excluded: bool, reason: str, notice: str
    ) -> Response:
        with self._site.database.read() as connection:
            show = shows.get_show(connection, int(request.path_params["id"]))
        database, settings = self._site.database, self._site.settings
        if recompute_figures.exclude(database, settings, show.id, is_excluded, reason):
            notice = notices.REASON_REPLACED
        return _back(request, f"/shows/{show.id}", notice)


def back_to(form: Mapping[str, str], default: str) -> str:
    """
    The page that a form names as the one to return to, if it is one of ours.
    """
    wanted = form.get("back", "")
    return wanted if _OWN_PAGE.fullmatch(wanted) else default


def nearest_shows(
    own: Sequence[ShowInfo], occurrence: LinkedOccurrence, search: str
) -> list[ShowInfo]:
    """
    The shows that a listing may be linked to, those near in time first; with a search
    those in which all its words stand.
    """
    words = search.casefold().split()
    found = [show for show in own if all(word in _searched(show) for word in words)]
    if occurrence.is_dated:
        found.sort(key=lambda show: abs(show.starts_at - occurrence.starts_at))
    return found[:FOUND]


def _searched(show: ShowInfo) -> str:
    text = f"{show.production} {show.venue} {show.starts_local} {show.reference or ''}"
    return f"{text} {show.id}".casefold()


def _occurrence(connection: Connection, request: PageRequest) -> LinkedOccurrence:
    return occurrences.get_occurrence(connection, int(request.path_params["id"]))


def _decided(
    connection: Connection, request: PageRequest, found: LinkedOccurrence
) -> ListedDate:
    """
    What a form decides about: the date, or only this ticket type of it.
    """
    is_alone = "part" in request.form
    return listed_dates.get_parts(connection, found, is_alone=is_alone)


def _number(text: str) -> int:
    """
    Raises: `NotFound` for a text that cannot be the number of a show.
    """
    if not query.is_id(text):
        raise errors.NotFound("There is no such show.")
    return int(text)


def _back(request: PageRequest, default: str, notice: str) -> Response:
    page = back_to(request.form, default)
    return RedirectResponse(notices.address(page, notice), 303)
