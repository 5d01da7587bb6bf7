"""
The page that matches: what is certain, what was learnt, one block for each night, and
what was linked last. It asks what the screen of `ticketsync match` asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticketsync.catalogue import (
    known_offsets,
    matching_input,
    occurrences,
    selection,
    undoing,
)
from ticketsync.catalogue.matching_rules import questions
from ticketsync.catalogue.matching_rules.matching import MatchPlan
from ticketsync.catalogue.matching_rules.questions import Question
from ticketsync.core import errors
from ticketsync.reporting import first_steps, unlinked_orders
from ticketsync.web import query
from ticketsync.web.site import PageRequest, Site
from ticketsync.workflows.matching import match, match_decisions, match_words

MAX_SEARCHED = 1000  # shows that the search of the page knows


class MatchingPage:
    """
    The page and the actions on it; only managers may act.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        actions = {
            "link": self.link,
            "night": self.link_night,
            "refuse": self.refuse,
            "offset": self.apply_offset,
            "forget": self.forget_offset,
            "undo": self.undo,
        }
        return [
            Route("/matching", self._site.for_readers(self.show)),
            *(
                Route(
                    f"/matching/{name}",
                    self._site.for_managers(action),
                    methods=["POST"],
                )
                for name, action in actions.items()
            ),
        ]

    def show(self, request: PageRequest) -> Response:
        with self._site.database.read() as connection:
            plan = match.plan(connection, self._site.settings)
            values = {
                **plan_values(connection, plan),
                "confirmed": [
                    offset
                    for offset in known_offsets.list_offsets(connection)
                    if offset.is_confirmed
                ],
                "recent": undoing.list_recent(connection),
            }
        return self._site.render_page(
            request,
            "matching.html",
            "Matching",
            current_path="/matching",
            **values,
        )

    def link(self, request: PageRequest) -> Response:
        """
        Link the dates that are ticked, or those of the one button that was pressed,
        each to the show beside it.

        Raises: `UsageError` where none is ticked.
        """
        if "none" in request.form:  # the Enter key decides nothing
            return RedirectResponse("/matching", 303)
        wanted = request.form.get("same") or " ".join(request.choices.get("pair", ()))
        by_show: dict[int, list[int]] = {}
        for pair in wanted.split():
            occurrence_id, _, show_id = pair.partition(":")
            by_show.setdefault(_number(show_id), []).append(_number(occurrence_id))
        if not by_show:
            raise errors.UsageError("No date is ticked.", hint="Tick at least one.")
        with self._site.database.read() as connection:
            plan = match.plan(connection, self._site.settings)
        match_decisions.link_proposed(
            self._site.database,
            self._site.settings,
            plan,
            by_show,
            batch=match.new_batch(),
        )
        return RedirectResponse("/matching", 303)

    def link_night(self, request: PageRequest) -> Response:
        """
        Link the ticked dates of one night to a show that was searched for.

        Raises: `NotFound` where no show, or more than one, fits.
        """
        night, ids = _chosen_of_night(request)
        searched = request.form.get(f"show-{night[0]}", "").strip()
        with self._site.database.read() as connection:
            _check_known(connection, ids)
            found = selection.find_show(connection, _name_in(searched))
        match_decisions.link_to_show(
            self._site.database,
            self._site.settings,
            ids,
            found.id,
            batch=match.new_batch(),
        )
        return RedirectResponse("/matching", 303)

    def refuse(self, request: PageRequest) -> Response:
        """
        The ticked dates of one night are none of our shows.
        """
        _, ids = _chosen_of_night(request)
        with self._site.database.read() as connection:
            _check_known(connection, ids)
        match_decisions.refuse(self._site.database, ids, batch=match.new_batch())
        return RedirectResponse("/matching", 303)

    def apply_offset(self, request: PageRequest) -> Response:
        """
        Link what fits a learnt offset.

        Raises: `NotFound` where it is not proposed any more.
        """
        form = request.form
        with self._site.database.read() as connection:
            plan = match.plan(connection, self._site.settings)
        for proposal in plan.offsets:
            offset = proposal.offset
            asked = (form.get("account"), form.get("production"), form.get("minutes"))
            if asked == (*offset.key, str(offset.minutes)):
                match_decisions.apply_offset(
                    self._site.database,
                    self._site.settings,
                    proposal,
                    is_remembered=form.get("remember") == "yes",
                    batch=match.new_batch(),
                )
                return RedirectResponse("/matching", 303)
        raise errors.NotFound("This is no longer proposed.", hint="Reload the page.")

    def forget_offset(self, request: PageRequest) -> Response:
        match_decisions.forget_offset(
            self._site.database,
            request.form.get("account", ""),
            request.form.get("production", ""),
        )
        return RedirectResponse("/matching#confirmed", 303)

    def undo(self, request: PageRequest) -> Response:
        """
        Take back what one batch linked in one way.

        Raises: `UsageError` for a batch or kind that there is not.
        """
        batch, kind = request.form.get("batch", ""), request.form.get("kind", "")
        if not batch or kind not in undoing.KINDS:
            raise errors.UsageError("There is nothing to undo.", hint="")
        match.undo(self._site.database, self._site.settings, batch=batch, kind=kind)
        return RedirectResponse("/matching#recent", 303)


def plan_values(connection: Connection, plan: MatchPlan) -> dict[str, Any]:
    """
    What the template `unmatched.html` shows of a plan: the same questions as the
    screen's, by production.
    """
    found = questions.group(plan.unsure)
    searched = matching_input.list_matchable_shows(connection) if found else []
    return {
        "certain": plan.certain,
        "nights": _by_production(found),
        "night_count": len(found),
        "ticked": len(plan.certain)
        + sum(date.is_clear for asked in found for date in asked.dates),
        "proposals": plan.offsets,
        "remarks": plan.remarks,
        "unlinked": None if found else unlinked_orders.find_unlinked(connection),
        "is_anything_listed": first_steps.read_first_steps(connection).has_listing,
        "unmatched_shows": plan.unmatched_shows,
        "words": match_words,
        "searched": searched[-MAX_SEARCHED:],
        "has_shows": bool(searched) or not found,
    }


def _by_production(found: Iterable[Question]) -> dict[str, list[Question]]:
    """
    The nights of each production, in order of the first; what may be none of our shows
    comes last.
    """
    groups: dict[str, list[Question]] = {}
    for question in sorted(found, key=lambda asked: asked.show is None):
        title = question.title if question.show else ""
        groups.setdefault(title, []).append(question)
    return groups


def _chosen_of_night(request: PageRequest) -> tuple[list[int], list[int]]:
    """
    The dates of a night, and those of them that are ticked; all where none is.
    """
    night = [_number(text) for text in request.form.get("night", "").split()]
    if not night:
        raise errors.UsageError("No date is chosen.", hint="Reload the page.")
    ticked = {
        _number(pair.partition(":")[0])
        for box in request.choices.get("pair", ())
        for pair in box.split()
    }
    return night, [id_ for id_ in night if id_ in ticked] or night


def _check_known(connection: Connection, ids: Iterable[int]) -> None:
    for id_ in ids:
        occurrences.get_occurrence(connection, id_)


def _name_in(text: str) -> str:
    """
    The number of a show that was picked from the list of the search, else the text.
    """
    number, _, _ = text.removeprefix("#").partition(" ")
    return number if text.startswith("#") and number.isdigit() else text


def _number(text: str) -> int:
    if not query.is_id(text):
        raise errors.UsageError("This page is out of date.", hint="Reload the page.")
    return int(text)
