"""
Venues on the pages: the first one, which a new installation asks for before anything
else, and the page on which venues are added and corrected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticketsync.catalogue import entered_values, shows, venue_defaults, venue_edits
from ticketsync.catalogue.shows import VenueInfo
from ticketsync.catalogue.venue_edits import VenueEdit
from ticketsync.core import errors
from ticketsync.reporting import first_steps
from ticketsync.web import notices, page_words
from ticketsync.web.site import PageRequest, Site
from ticketsync.workflows import catalogue_edits, new_installation


class VenuePages:
    """
    The routes about venues; for managers only.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        for_managers = self._site.for_managers
        return [
            Route("/venues", for_managers(self.show), methods=["GET"]),
            Route("/venues", for_managers(self.add), methods=["POST"]),
            Route("/venues/{id:int}", for_managers(self.show_edit), methods=["GET"]),
            Route("/venues/{id:int}", for_managers(self.edit), methods=["POST"]),
        ]

    def show(self, request: PageRequest) -> Response:
        if self._find_first() is None:
            return RedirectResponse("/", 303)
        return _list_page(self._site, request)

    def add(self, request: PageRequest) -> Response:
        """
        Add a venue. What is wrong with it is said above the form, which keeps what was
        typed. The first one leads on to the platforms.
        """
        first, form = self._find_first(), request.form
        try:
            new_installation.add_venue(
                self._site.database,
                form.get("name", ""),
                form.get("place", ""),
                form.get("currency", ""),
            )
        except errors.UsageError as error:
            page = first_venue_page if first is None else _list_page
            return page(self._site, request, _in_words(error))
        next_page = "/connect" if first is None else "/venues"
        return RedirectResponse(notices.address(next_page, notices.VENUE_SAVED), 303)

    def show_edit(self, request: PageRequest) -> Response:
        venue = self._venue(request)
        form = {
            "name": venue.name,
            "place": venue.timezone,
            "currency": venue.currency,
        }
        return self._edit_page(request, venue, form)

    def edit(self, request: PageRequest) -> Response:
        """
        Show what a change does, or carry it out once it is confirmed.

        Raises: `NotFound`; `Busy` where somebody else has changed the venue since the
        form was opened.
        """
        venue, form = self._venue(request), request.form
        try:
            edit = _read_edit(form)
            with self._site.database.read() as connection:
                preview = catalogue_edits.preview_venue(connection, venue.name, edit)
            if not preview.changes_nothing and form.get("confirmed") == "yes":
                catalogue_edits.edit_venue(
                    self._site.database, self._site.settings, venue.name, edit
                )
        except (errors.UsageError, errors.GuardRefused) as error:
            return self._edit_page(request, venue, form, problem=_in_words(error))
        if preview.changes_nothing:
            notice = notices.NOTHING_CHANGED
        elif form.get("confirmed") == "yes":
            notice = notices.VENUE_SAVED
        else:
            return self._edit_page(request, venue, form, preview=preview)
        return RedirectResponse(notices.address("/venues", notice), 303)

    def _edit_page(
        self,
        request: PageRequest,
        venue: VenueInfo,
        form: Mapping[str, str],
        *,
        problem: str = "",
        preview: Any = None,
    ) -> Response:
        return self._site.render_page(
            request,
            "venue_edit.html",
            f"Edit {venue.name}",
            400 if problem else 200,
            edited=venue,
            form=form,
            cities=venue_defaults.list_cities(),
            opened=venue_edits.fingerprint(venue),
            problem=problem,
            preview=preview,
        )

    def _venue(self, request: PageRequest) -> VenueInfo:
        with self._site.database.read() as connection:
            return shows.get_venue_by_id(connection, int(request.path_params["id"]))

    def _find_first(self) -> VenueInfo | None:
        with self._site.database.read() as connection:
            return shows.find_default_venue(connection)


def first_venue_page(site: Site, request: PageRequest, problem: str = "") -> Response:
    """
    The front page while there is no venue: the four steps, and the form of the first.
    """
    with site.database.read() as connection:
        steps = first_steps.read_first_steps(connection)
    form = {
        "place": venue_defaults.city_of(venue_defaults.machine_zone()),
        **request.form,
    }
    return site.render_page(
        request,
        "first_venue.html",
        "Welcome",
        400 if problem else 200,
        current_path="/",
        steps=steps,
        problem=problem,
        form=form,
        cities=venue_defaults.list_cities(),
    )


def _list_page(site: Site, request: PageRequest, problem: str = "") -> Response:
    with site.database.read() as connection:
        venues = shows.list_venues(connection)
    return site.render_page(
        request,
        "venues.html",
        "Venues",
        400 if problem else 200,
        notice=notices.text_of(request.query),
        venues=venues,
        problem=problem,
        form=request.form,
        cities=venue_defaults.list_cities(),
    )


def _read_edit(form: Mapping[str, str]) -> VenueEdit:
    """
    Raises: `UsageError` for an empty name, and for a place that is not known.
    """
    zone = venue_defaults.one_zone(form.get("place", ""))
    return VenueEdit(
        entered_values.check_venue(form.get("name", "")),
        zone,
        form.get("currency", "").strip() or None,
        "instant" if form.get("keep") == "instant" else "clock",
        form.get("opened", ""),
    )


def _in_words(error: errors.TicketsyncError) -> str:
    words = (page_words.message_of(error), page_words.hint_of(error))
    return " ".join(part for part in words if part)
