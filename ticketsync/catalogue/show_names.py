"""
The names of a show that somebody types in: whether they are those of a production and a
venue that we have.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from ticketsync.catalogue import entered_values, known_names, shows
from ticketsync.catalogue.known_names import NameAnswers, NameQuestion


@dataclass(frozen=True, slots=True)
class ShowNames:
    """
    The names to use, and what a person has to answer first.
    """

    production: str
    venue: str
    questions: tuple[NameQuestion, ...]
    is_new_venue: bool = False


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
    titled = known_names.resolve("production", [production], titles, answers)
    placed = known_names.resolve("venue", [venue], venues, answers)
    return ShowNames(
        titled.names[production],
        placed.names[venue],
        (*placed.questions, *titled.questions),
        is_new_venue=placed.names[venue] not in venues,
    )
