"""
Which show, event or occurrence a person means by what they typed.

Of an event or occurrence a person knows the platform's id or our number. A decision is
about one of them and refuses an id that stands for several; a read may be of many, and
takes the platform's ids before our numbers. Of a show a person knows its number, its
reference, its name or the beginning of it, or says `next`, `tonight`, `last-night` or
`yesterday`.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    false,
    or_,
    select,
    true,
)

from ticketsync.catalogue import occurrences as listings
from ticketsync.catalogue import shows
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.catalogue.switches import LinkedEvent, no_link_of_event
from ticketsync.core import clock, errors, pasted_keys, paths, periods
from ticketsync.core.redact import safe
from ticketsync.store import counted, letter_case
from ticketsync.store.business_zone import get_business_zone
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import (
    events,
    occurrences,
    production_links,
    productions,
)
from ticketsync.store.tables.catalogue import shows as show_rows
from ticketsync.store.types import is_row_id


@dataclass(frozen=True, slots=True)
class SelectedOccurrence:
    """
    One occurrence that is meant: our ids of its account and of itself.
    """

    account_id: int
    occurrence_id: int


NEXT, TONIGHT, LAST_NIGHT, YESTERDAY = "next", "tonight", "last-night", "yesterday"
NONE_THEN = {
    NEXT: "There is no upcoming show.",
    TONIGHT: "No show plays tonight.",
    LAST_NIGHT: "No show played last night.",
    YESTERDAY: "No show played yesterday.",
}


def find_show(connection: Connection, text: str) -> ShowInfo:
    """
    The show a person means: its number, its reference, `production date[ time]`,
    `date/production`, the only beginning or part of these; `next`, `tonight`,
    `last-night` or `yesterday`.

    Raises: `NotFound` where no show, or more than one, fits.
    """
    wanted = text.strip().lower()
    fitting = _exactly(connection, wanted)
    if not fitting and wanted in NONE_THEN:
        fitting = _at_time(connection, wanted)
        if not fitting:
            raise errors.NotFound(
                NONE_THEN[wanted], hint="See `ticketsync shows list`."
            )
    if not fitting:
        fitting = _by_part(connection, wanted) or _by_day(connection, wanted)
        beginning = [show for show in fitting if show.name.lower().startswith(wanted)]
        fitting = beginning if len(beginning) == 1 else fitting
    return _the_only(fitting, text)


def find_named_show(connection: Connection, text: str) -> ShowInfo:
    """
    The show that a file means: its number, its reference, its name or the only part of
    it. A file may be used on another day and must not be guessed at.

    Raises: `NotFound` where no show, or more than one, fits.
    """
    wanted = text.strip().lower()
    fitting = _exactly(connection, wanted) or _by_part(connection, wanted)
    return _the_only(fitting, text)


def _the_only(fitting: Sequence[ShowInfo], text: str) -> ShowInfo:
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise errors.NotFound(
            f"There is no show {pasted_keys.quoted(text)}.",
            hint="See `ticketsync shows list`.",
        )
    named = [f"{show.id}  {safe(show.name)}" for show in fitting]
    raise errors.NotFound(
        f"{len(fitting):,} shows match {safe(text)!r}.",
        hint="Use one of these numbers.",
        details=errors.first_of(named),
    )


def _show_name() -> ColumnElement[str]:
    return productions.c.title + " " + show_rows.c.starts_local


def _exactly(connection: Connection, wanted: str) -> list[ShowInfo]:
    """
    The shows with this number, reference or whole name.
    """
    may_be = [
        or_(
            letter_case.is_same(show_rows.c.reference, wanted),
            letter_case.is_same(_show_name(), wanted),
        ),
        *([show_rows.c.id == int(wanted)] if is_row_id(wanted) else []),
    ]
    return [
        show
        for show in shows.read_shows(connection, or_(*may_be))
        if wanted in (str(show.id), (show.reference or "").lower(), show.name.lower())
    ]


def _by_part(connection: Connection, wanted: str) -> list[ShowInfo]:
    """
    The shows with this in their name; none for an empty text.
    """
    if not wanted:
        return []
    return [
        show
        for show in shows.read_shows(
            connection, letter_case.contains(_show_name(), wanted)
        )
        if wanted in show.name.lower()
    ]


def _by_day(connection: Connection, wanted: str) -> list[ShowInfo]:
    """
    The shows whose day and production begin so: `2026-11-27/late-la`.
    """
    day, slash, _ = wanted.partition("/")
    if not slash:
        return []
    return [
        show
        for show in shows.read_shows(
            connection, show_rows.c.starts_local.startswith(day, autoescape=True)
        )
        if f"{show.starts_local[:10]}/{paths.slug(show.production)}".startswith(wanted)
    ]


def _at_time(connection: Connection, wanted: str) -> list[ShowInfo]:
    """
    The next shows (several if they start together), or those of a day or evening that
    a period's word means, without the excluded ones.
    """
    now = clock.now()
    since = now if wanted == NEXT else now - timedelta(days=3)
    coming = shows.read_shows(
        connection, show_rows.c.starts_at >= since, counted.takes_part()
    )
    if wanted == NEXT:
        return [show for show in coming if show.starts_at == coming[0].starts_at]
    zone = get_business_zone(connection)
    period = periods.parse_period(
        wanted, clock.day_of(now, zone), evening=clock.evening_now(zone)
    )
    return [show for show in coming if period.has_start(show.starts_local)]


def _is_theirs(table: Table, text: str) -> ColumnElement[bool]:
    """
    Whether a row is what the platform calls by this id.
    """
    return table.c.provider_id == text


def _is_ours(table: Table, text: str) -> ColumnElement[bool]:
    """
    Whether a row has this number of ours.
    """
    return table.c.id == int(text) if is_row_id(text) else false()


def find_occurrence(connection: Connection, text: str) -> LinkedOccurrence:
    """
    The occurrence a person means, by our id or by the platform's.

    Raises: `NotFound` where no occurrence, or more than one, fits.
    """
    is_meant = or_(_is_theirs(occurrences, text), _is_ours(occurrences, text))
    found = connection.scalars(select(occurrences.c.id).where(is_meant)).all()
    if len(found) == 1:
        return listings.get_occurrence(connection, found[0])
    what = "stands for several dates" if found else "is not the number of a date"
    raise errors.NotFound(
        f"{safe(text)!r} {what}.", hint="See the numbers in `ticketsync events list`."
    )


def find_event(connection: Connection, text: str) -> LinkedEvent:
    """
    The event a person means, by our id or by the platform's.

    Raises: `NotFound` where no event, or more than one, fits, and where no date of it
    is linked to a show yet.
    """
    is_meant = or_(_is_theirs(events, text), _is_ours(events, text))
    found = connection.execute(_events().where(is_meant)).all()
    if len(found) != 1:
        what = "stands for several events" if found else "is not the id of an event"
        raise errors.NotFound(
            f"{safe(text)!r} {what}.",
            hint="See `event_id` in `ticketsync events list --json`.",
        )
    return _linked_event(found[0])


def get_event(connection: Connection, event_id: int) -> LinkedEvent:
    """
    The event with this id of ours.

    Raises: `NotFound` where there is none, and where no date of it is linked to a show
    yet.
    """
    found = connection.execute(_events().where(events.c.id == event_id)).first()
    if found is None:
        raise errors.NotFound(f"There is no event {event_id}.")
    return _linked_event(found)


def _events() -> Select[Any]:
    return (
        select(
            events.c.id,
            accounts.c.name.label("account"),
            events.c.provider_id.label("provider_event_id"),
            events.c.name,
            productions.c.title.label("production"),
        )
        .join(accounts, accounts.c.id == events.c.account_id)
        .outerjoin(production_links, production_links.c.event_id == events.c.id)
        .outerjoin(productions, productions.c.id == production_links.c.production_id)
    )


def _linked_event(found: Row[Any]) -> LinkedEvent:
    if found.production is None:
        raise no_link_of_event()
    return LinkedEvent(**found._mapping)


def occurrences_of_show(
    connection: Connection, text: str, names: Collection[str] = ()
) -> set[SelectedOccurrence]:
    """
    The occurrences that count for a show, of all accounts or those with these
    names; occurrences whose link is off do not count.

    Raises: `NotFound` where no show fits, `UsageError` where nothing is linked to it.
    """
    show = find_show(connection, text)
    linked = [
        occurrence
        for occurrence in listings.list_occurrences(connection, show_id=show.id)
        if not names or occurrence.account in names
    ]
    found = {SelectedOccurrence(o.account_id, o.id) for o in linked if o.is_followed}
    if not found:
        raise _nothing_linked(show, linked, names)
    return found


def _nothing_linked(
    show: ShowInfo, linked: Sequence[LinkedOccurrence], names: Collection[str]
) -> errors.UsageError:
    """
    Why no occurrence of these accounts is linked to a show: all `linked` ones are
    switched off, or there are none.
    """
    if linked:
        off = "; ".join(
            f"{safe(o.name_and_start)} ({o.account}) is {o.switch_note}" for o in linked
        )
        commands = (_command_to_switch_on(o, show.production) for o in linked)
        return errors.UsageError(
            f"No date counts for {safe(show.production)} {show.starts_local}, because "
            f"its links are switched off: {off}.",
            hint=f"Switch on what to read: {'; '.join(dict.fromkeys(commands))}.",
            word="nothing-feeds",
        )
    of = f" of {_quoted(names)}" if names else ""
    return errors.UsageError(
        f"No date{of} is linked to {safe(show.production)} {show.starts_local}.",
        hint="See `ticketsync events list`; link one with `ticketsync match`.",
        word="nothing-feeds",
    )


def _command_to_switch_on(occurrence: LinkedOccurrence, production: str) -> str:
    """
    What switches on a linked occurrence again, at the highest level that is off.
    """
    words = {
        counted.DATE: str(occurrence.id),
        counted.EVENT: f"--event {shlex.quote(occurrence.provider_event_id)}",
        counted.PRODUCTION: f"--production {shlex.quote(production)}",
    }
    level = occurrence.sync_off_at or counted.DATE
    return f"`ticketsync link set {words[level]} --sync`"


def occurrences_of_event(
    connection: Connection, text: str, names: Collection[str] = ()
) -> set[SelectedOccurrence]:
    """
    The occurrences that an id stands for, of all accounts or those with
    these names: the platform's id of an occurrence or event; if there is none, our id
    of an occurrence; else our id of an event.

    Raises: `NotFound` where no listing has it, with the accounts that have it if these
    are others.
    """
    found = _listed_by_id(connection, text, names)
    if found:
        return {SelectedOccurrence(row.account_id, row.id) for row in found}
    elsewhere = sorted({row.account for row in _listed_by_id(connection, text)})
    if elsewhere:
        raise errors.NotFound(
            f"{_quoted(names)} has no event or date {safe(text)!r}; "
            f"{_quoted(elsewhere)} has.",
            hint=f"Use `ticketsync sync {elsewhere[0]} --event {safe(text)}`.",
        )
    whose = f"of {_quoted(names)} " if names else ""
    raise errors.NotFound(
        f"No listing {whose}has an event or date {safe(text)!r}.",
        hint="See the numbers in `ticketsync events list`; "
        "`ticketsync events fetch` reads the listings again.",
    )


def _listed_by_id(
    connection: Connection, text: str, names: Collection[str] = ()
) -> Sequence[Row[int, int, str]]:
    """
    `account_id`, `id` and the name of the `account` of the occurrences meant.
    """
    is_asked_for = accounts.c.name.in_(names) if names else true()
    for is_meant in (
        or_(_is_theirs(occurrences, text), _is_theirs(events, text)),
        _is_ours(occurrences, text),
        _is_ours(events, text),
    ):
        query = (
            select(
                occurrences.c.account_id,
                occurrences.c.id,
                accounts.c.name.label("account"),
            )
            .join(accounts, accounts.c.id == occurrences.c.account_id)
            .join(events, events.c.id == occurrences.c.event_id)
            .where(is_meant, is_asked_for)
        )
        if found := connection.execute(query).all():
            return found
    return ()


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(repr(safe(name)) for name in names)
