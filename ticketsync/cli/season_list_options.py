"""
The options of `ticketsync shows import` that answer what a list leaves open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from ticketsync.catalogue.known_names import NameQuestion
    from ticketsync.catalogue.season_list.missing_shows import MissingAnswer
    from ticketsync.catalogue.show_states import StatusAnswer
    from ticketsync.core.written.written_dates import Order


def parse_order(text: str) -> Order | None:
    """
    Which comes first in a date.

    Raises: `UsageError` for another word.
    """
    from ticketsync.core import errors
    from ticketsync.core.written.written_dates import ORDERS

    if not text:
        return None
    for order in ORDERS:
        if text.lower() == order:
            return order
    raise errors.UsageError(
        f"{text!r} is not an order of dates.", hint="Use --dates dmy or --dates mdy."
    )


def parse_missing(text: str) -> MissingAnswer | None:
    """
    What the shows are that a list lacks.

    Raises: `UsageError` for another word.
    """
    from ticketsync.catalogue.season_list.missing_shows import ANSWERS
    from ticketsync.core import errors

    if not text:
        return None
    for known in ANSWERS:
        if text.lower() == known:
            return known
    raise errors.UsageError(
        f"--missing {text}: this is not an answer.",
        hint="Use --missing moved, --missing both or --missing cancelled.",
    )


def parse_status(text: str) -> tuple[str, StatusAnswer]:
    """
    A status in lower case and what it means.
    """
    from ticketsync.catalogue.show_states import STATUS_ANSWERS
    from ticketsync.core import errors

    word, _, said = text.rpartition("=")
    for known in STATUS_ANSWERS:
        if word.strip() and said.strip().lower() == known:
            return " ".join(word.split()).casefold(), known
    raise errors.UsageError(
        f"--status {text}: this does not say what a status means.",
        hint='Use --status "WORD=plays", "WORD=cancelled" or "WORD=open".',
    )


def parse_room(text: str) -> tuple[str, str]:
    """
    The name of a room and its venue.
    """
    from ticketsync.core import errors

    room, _, venue = text.rpartition("=")
    if not room.strip() or not venue.strip():
        raise errors.UsageError(
            f"--room {text}: this does not say where a room is.",
            hint='Use --room "ROOM=VENUE", or --room "ROOM=new" for a venue.',
        )
    return room.strip(), venue.strip()


def parse_day(text: str) -> date | None:
    """
    Raises: `UsageError` for what is not a date.
    """
    from datetime import date

    from ticketsync.cli import context

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise context.not_a_date(text) from None


def hint_on_names(questions: Sequence[NameQuestion]) -> str:
    """
    How to answer questions about names without a terminal.
    """
    from ticketsync.core.redact import safe

    said = []
    if any(not question.rooms_of for question in questions):
        said.append("--same-names if nearly equal names are yours")
    if rooms := [question for question in questions if question.rooms_of]:
        name, known = safe(rooms[0].written), safe(rooms[0].known)
        said.append(f'--room "{name}={known}" for a room, --room "{name}=new" if not')
    said.append("--new-names if all are new")
    return f"Use {', '.join(said)}, or correct the list. Nothing was imported."
