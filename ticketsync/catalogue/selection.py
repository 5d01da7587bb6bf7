"""
Which occurrences a person means by a show, or by an id of an event or occurrence.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, false, or_, select, true

from ticketsync.catalogue import occurrences as listings
from ticketsync.catalogue import shows
from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import events, occurrences
from ticketsync.store.types import is_row_id


@dataclass(frozen=True, slots=True)
class Selected:
    """
    One occurrence that is meant: our ids of its account and of itself.
    """

    account_id: int
    occurrence_id: int


def occurrences_of_show(
    connection: Connection, text: str, names: Collection[str] = ()
) -> set[Selected]:
    """
    The occurrences that feed a show, of all accounts or those with these
    names; occurrences whose link is off do not feed it.

    Raises: `NotFound` where no show fits, `UsageError` where nothing feeds it.
    """
    show = shows.find_show(connection, text)
    found = {
        Selected(occurrence.account_id, occurrence.id)
        for occurrence in listings.list_occurrences(connection, show_id=show.id)
        if occurrence.is_followed and (not names or occurrence.account in names)
    }
    if not found:
        of = f" of {', '.join(map(repr, map(safe, names)))}" if names else ""
        raise errors.UsageError(
            f"No date{of} feeds {show.production} {show.starts_local}.",
            hint="See `ticketsync events list`; link one with `ticketsync match`.",
            word="nothing-feeds",
        )
    return found


def occurrences_of_event(
    connection: Connection, text: str, names: Collection[str] = ()
) -> set[Selected]:
    """
    The occurrences that an id stands for, of all accounts or those with
    these names: the platform's id of an occurrence or event; if there is none, our id
    of an occurrence; else our id of an event.

    Raises: `NotFound` where no listing has it.
    """
    number = int(text) if is_row_id(text) else None
    is_asked_for = accounts.c.name.in_(names) if names else true()
    for condition in (
        or_(occurrences.c.provider_id == text, events.c.provider_id == text),
        false() if number is None else occurrences.c.id == number,
        false() if number is None else events.c.id == number,
    ):
        query = (
            select(occurrences.c.account_id, occurrences.c.id)
            .join(accounts, accounts.c.id == occurrences.c.account_id)
            .join(events, events.c.id == occurrences.c.event_id)
            .where(condition, is_asked_for)
        )
        if found := {Selected(*row) for row in connection.execute(query)}:
            return found
    raise errors.NotFound(
        f"No listing has {safe(text)!r}.",
        hint="See the numbers in `ticketsync events list`; "
        "`ticketsync events fetch` reads the listings again.",
    )
