"""
The venue's own shows: import a season list after a look at it, make shows of what is on
sale, edit one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticketsync.catalogue import adopting, occurrences, show_edits, shows
from ticketsync.catalogue.known_names import NEW, NameAnswers, NameQuestion
from ticketsync.catalogue.season_list import import_file
from ticketsync.catalogue.season_list.import_file import ListOptions
from ticketsync.catalogue.season_list.missing_shows import ANSWERS, MissingAnswers
from ticketsync.catalogue.season_list.planned_changes import Change
from ticketsync.catalogue.show_edits import ShowEdit
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.core import errors
from ticketsync.core.written import written_dates
from ticketsync.reporting import first_steps
from ticketsync.web import connect_pages, notices, pending_lists
from ticketsync.web.calendar_page import since_yesterday
from ticketsync.web.pending_lists import PendingList, PendingLists
from ticketsync.web.site import PageRequest, Site
from ticketsync.workflows import catalogue_edits, season_list
from ticketsync.workflows.matching import adoptions, match
from ticketsync.workflows.season_list import ListPreview

SHOWN = 500  # rows of a preview
_SEATS = re.compile(r"[0-9]{1,6}")
_IMPORTED = (Change.NEW, Change.UPDATED, Change.MOVED, Change.INCLUDED)


class ShowSetupPages:
    """
    The routes that make and change shows; for managers only.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lists = PendingLists()

    def routes(self) -> list[Route]:
        for_managers = self._site.for_managers
        pages = (
            ("/shows/adopt", self.show_adoption, "GET"),
            ("/shows/adopt", self.adopt, "POST"),
            ("/shows/import", self.show_upload, "GET"),
            ("/shows/import", self.upload, "POST"),
            ("/shows/import/{id}", self.show_list, "GET"),
            ("/shows/import/{id}", self.answer, "POST"),
            ("/shows/import/{id}/save", self.save, "POST"),
            ("/shows/{id:int}/edit", self.show_edit, "GET"),
            ("/shows/{id:int}/edit", self.edit, "POST"),
        )
        return [
            Route(path, for_managers(do), methods=[method])
            for path, do, method in pages
        ]

    # Adopt

    def show_adoption(self, request: PageRequest) -> Response:
        with self._site.database.read() as connection:
            unlinked = occurrences.list_occurrences(connection, only_unlinked=True)
            plan = adoptions.plan_adoption(connection, self._site.settings, unlinked)
            first = first_steps.read_first_steps(connection)
        dates = adopting.first_parts(plan.items)
        return self._site.render_page(
            request,
            "adopt.html",
            "Make what is on sale your shows",
            plan=dates[:SHOWN],
            more=max(0, len(dates) - SHOWN),
            new=plan.new_shows,
            links=len(dates),
            near=plan.near[:SHOWN],
            more_near=max(0, len(plan.near) - SHOWN),
            has_orders=first.has_orders,
        )

    def adopt(self, request: PageRequest) -> Response:
        """
        Take over what is on sale. The first time its orders are read at once.
        """
        match.adopt(self._site.database, self._site.settings)
        with self._site.database.read() as connection:
            is_first = not first_steps.read_first_steps(connection).has_orders
        if is_first and self._site.setup is not None:
            task = self._site.setup.sync(connect_pages.form_id(request.form))
            return connect_pages.show(task)
        return RedirectResponse(notices.address("/", notices.ADOPTED), 303)

    # Import

    def show_upload(self, request: PageRequest) -> Response:
        return self._site.render_page(request, "import.html", "Import your season")

    def upload(self, request: PageRequest) -> Response:
        """
        Raises: `UsageError` without a file, `BadFile` for one that holds no shows.
        """
        chosen = request.files.get("file")
        if chosen is None or not chosen.data:
            raise errors.UsageError("No file was chosen.", hint="Choose your list.")
        pending = self._lists.read(self._site.database, chosen, ListOptions())
        return RedirectResponse(f"/shows/import/{pending.id}", 303)

    def show_list(self, request: PageRequest) -> Response:
        return self._preview(request, self._lists.get(request.path_params["id"]))

    def answer(self, request: PageRequest) -> Response:
        """
        Read a list again with what a person said about its dates, its names or shows
        that it does not have.
        """
        pending = self._lists.get(request.path_params["id"])
        options = pending.options
        order = request.form.get("dates", "")
        if pending.preview is not None:
            asked = pending.preview.parsed.questions[:SHOWN]
            answers = _read_names(request.form, asked, options.names)
            options = replace(options, names=answers)
        for said in ANSWERS:
            if request.form.get("missing") == said:
                options = replace(options, missing=MissingAnswers(said))
        for known in written_dates.ORDERS:
            if order == known:
                options = replace(options, order=known)
        self._lists.read(self._site.database, pending.upload, options, pending.id)
        return RedirectResponse(f"/shows/import/{pending.id}", 303)

    def save(self, request: PageRequest) -> Response:
        """
        Import what the page showed. Sent twice it is imported once.

        Raises: `UsageError` while a question is open, `BadFile` for invalid rows that
        nobody agreed to skip, `Busy` where our shows have changed since.
        """
        pending = self._lists.get(request.path_params["id"])
        seen = pending.preview
        done = RedirectResponse(_address_after(seen), 303)
        if pending.is_imported:
            return done
        if seen is None or seen.parsed.questions or seen.moves:
            raise errors.UsageError(
                "The list leaves something open.", hint="Answer its question first."
            )
        if request.form.get("skip") != "yes":
            file = Path(pending.file_name)
            import_file.refuse_problems(seen, file, number=pending.problems)
        season_list.apply(
            *(self._site.database, self._site.settings, seen),
            remember=request.form.get("remember") == "yes",
        )
        self._lists.keep(replace(pending, is_imported=True))
        return done

    def _preview(self, request: PageRequest, pending: PendingList) -> Response:
        seen = pending.preview
        remarks = (*seen.parsed.unconfirmed, *seen.notes) if seen else ()
        return self._site.render_page(
            request,
            "import_preview.html",
            f"What {pending.file_name} would change",
            pending=pending,
            seen=seen,
            planned=seen.plan.shows[:SHOWN] if seen else (),
            more=max(0, len(seen.plan.shows) - SHOWN) if seen else 0,
            problems=seen.problems[: pending_lists.SHOWN] if seen else (),
            remarks=remarks[: pending_lists.SHOWN],
            questions=seen.parsed.questions[:SHOWN] if seen else (),
            moves=seen.moves[:SHOWN] if seen else (),
            counts=season_list.count_changes(seen) if seen else {},
        )

    # Edit

    def show_edit(self, request: PageRequest) -> Response:
        with self._site.database.read() as connection:
            show = shows.get_show(connection, int(request.path_params["id"]))
            venues = [venue.name for venue in shows.list_venues(connection)]
            titles = [title for _, title, _ in shows.list_productions(connection)]
        return self._site.render_page(
            request,
            "show_edit.html",
            f"Edit {show.production}",
            show=show,
            venues=venues,
            productions=titles,
            opened=show_edits.fingerprint(show),
            preview=None,
            form=request.form,
        )

    def edit(self, request: PageRequest) -> Response:
        """
        Show what a change does, or carry it out once it is confirmed.

        Raises: `UsageError` for a value that is none, as `shows edit` does, `Busy`
        where somebody else has changed the show since the form was opened.
        """
        with self._site.database.read() as connection:
            show = shows.get_show(connection, int(request.path_params["id"]))
            edit = read_edit(request, show)
            preview = catalogue_edits.preview_show(connection, show.id, edit)
        address = f"/shows/{show.id}"
        if preview.changes_nothing:
            return RedirectResponse(
                notices.address(address, notices.NOTHING_CHANGED), 303
            )
        if request.form.get("confirmed") == "yes":
            catalogue_edits.edit_show(
                self._site.database, self._site.settings, show.id, edit
            )
            return RedirectResponse(notices.address(address, notices.SHOW_SAVED), 303)
        return self._site.render_page(
            request,
            "show_edit.html",
            f"Edit {show.production}",
            show=show,
            venues=(),
            productions=(),
            preview=preview,
            form=request.form,
        )


def _read_names(
    form: Mapping[str, str], asked: Sequence[NameQuestion], answers: NameAnswers
) -> NameAnswers:
    """
    The answers so far with those of a form: for each question the number of the known
    name, or `new`.
    """
    same, new = dict(answers.same), set(answers.new)
    for number, question in enumerate(asked):
        said = form.get(f"name{number}", "")
        name = (question.kind, question.written)
        if said == NEW:
            new.add(name)
        for choice, known in enumerate(question.choices):
            if said == str(choice):
                same[name] = known
    return replace(answers, same=same, new=frozenset(new))


def read_edit(request: PageRequest, show: ShowInfo) -> ShowEdit:
    """
    What a form changes about a show.

    Raises: `UsageError` for a start or a number of seats that is none.
    """
    form = {name: value.strip() for name, value in request.form.items()}
    starts = form.get("starts", "").replace("T", " ")
    seats = form.get("capacity", "")
    if seats and not _SEATS.fullmatch(seats):
        raise errors.UsageError(
            "Seats are a number.", hint="Leave it empty if unknown."
        )
    is_moved = bool(starts) and starts != show.starts_local[:16].replace("T", " ")
    starts_local = show_edits.parse_start(starts, show.timezone) if is_moved else None
    reference = form.get("reference", "")
    return ShowEdit(
        production=_other(form.get("production", ""), show.production),
        venue=_other(form.get("venue", ""), show.venue),
        starts_local=starts_local,
        capacity=int(seats) if seats else None,
        has_no_capacity="capacity" in form and not seats and show.capacity is not None,
        reference=None if reference == (show.reference or "") else reference,
        opened=form.get("opened", ""),
    )


def _other(text: str, present: str) -> str | None:
    return text if text and text != present else None


def _address_after(seen: ListPreview | None) -> str:
    """
    The calendar with what was imported: of past shows it shows none by itself.
    """
    planned = seen.plan.shows if seen is not None else ()
    starts = [it.listed.new.starts_at for it in planned if it.change in _IMPORTED]
    if not starts or max(starts) >= since_yesterday():
        return notices.address("/calendar", notices.IMPORTED)
    return notices.address("/calendar", notices.IMPORTED_PAST, shows=len(starts))
