"""
The names of a show that somebody types in: whether they are those of a production and a
venue that we have.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from ticketsync.catalogue import entered_values, known_names, other_names, shows
from ticketsync.catalogue.known_names import Kind, NameAnswers, NameQuestion, OtherName
from ticketsync.catalogue.shows import VenueInfo
from ticketsync.core import errors
from ticketsync.core.redact import safe


@dataclass(frozen=True, slots=True)
class ShowNames:
    """
    The names to use, and what a person has to answer first; `others` are those of the
    written names that are another one of ours.
    """

    production: str
    venue: str
    questions: tuple[NameQuestion, ...]
    is_new_venue: bool = False
    others: tuple[OtherName, ...] = ()


def resolve(
    connection: Connection, production: str, venue: str, answers: NameAnswers
) -> ShowNames:
    """
    The known names that these stand for, by the rule of season lists; see
    `known_names.resolve`.

    Raises: `UsageError` for a name that is empty or no text.
    """
    entered_values.check_name(production, "production")
    entered_values.check_name(venue, "venue")
    titles = [title for _, title, _ in shows.list_productions(connection)]
    venues = [known.name for known in shows.list_venues(connection)]
    others: dict[Kind, list[OtherName]] = {"production": [], "venue": []}
    if not answers.all_new:
        others = {kind: other_names.list_names(connection, kind) for kind in others}
    titled = known_names.resolve(
        "production", [production], titles, answers, others["production"]
    )
    placed = known_names.resolve("venue", [venue], venues, answers, others["venue"])
    return ShowNames(
        titled.names[production],
        placed.names[venue],
        (*placed.questions, *titled.questions),
        is_new_venue=placed.names[venue] not in venues,
        others=(*titled.others, *placed.others),
    )


def get_venue(connection: Connection, name: str) -> VenueInfo:
    """
    The venue of that name.

    Raises: `NotFound`, with the name that is nearly the same.
    """
    found = shows.find_venue(connection, name)
    if found is not None:
        return found
    names = [venue.name for venue in shows.list_venues(connection)]
    others = other_names.list_names(connection, "venue")
    question = known_names.question_about("venue", name, names, others)
    raise errors.NotFound(
        f"There is no venue {safe(name)!r}.{question}",
        hint="See `ticketsync venues list`.",
    )
