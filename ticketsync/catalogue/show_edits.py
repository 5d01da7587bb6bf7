"""
Editing and removing shows of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from ticketsync.catalogue import (
    entered_values,
    moves,
    production_edits,
    show_names,
    shows,
    undoing,
)
from ticketsync.catalogue.dependents import count_dependents, refuse_books
from ticketsync.catalogue.links import lock_occurrences, remove_links, remove_refusals
from ticketsync.catalogue.shows import ShowInfo, VenueInfo
from ticketsync.core import clock, digest, errors
from ticketsync.core.clock import local_text
from ticketsync.core.redact import safe
from ticketsync.core.written import date_orders, written_dates, written_times
from ticketsync.store import audit, row_locks
from ticketsync.store.audit import Decision
from ticketsync.store.tables.boxoffice import till_sessions
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import (
    occurrences,
    production_links,
    productions,
    refusals,
    show_links,
    venues,
)
from ticketsync.store.tables.catalogue import shows as shows_table
from ticketsync.store.upsert import rows_among


@dataclass(frozen=True, slots=True)
class ShowEdit:
    """
    What is to be different; `None` stays as it is. `starts_local` is the wall-clock
    time at the venue, an empty `reference` removes it. `opened` is the fingerprint of
    the show as the person saw it, if they saw it.
    """

    production: str | None = None
    venue: str | None = None
    starts_local: datetime | None = None
    capacity: int | None = None
    has_no_capacity: bool = False
    reference: str | None = None
    opened: str = ""


def fingerprint(show: ShowInfo) -> str:
    """
    Tells whether what can be edited about a show has changed.
    """
    editable = (
        *(show.production, show.venue, show.starts_local),
        *(show.capacity, show.reference),
    )
    return digest.content(json.dumps(editable).encode()).hex()


@dataclass(frozen=True, slots=True)
class PlannedEdit:
    """
    A show with the columns that change: their present and their new values, for people
    (`before`, `after`) and for the row (`values`).
    """

    show: ShowInfo
    before: dict[str, Any]
    after: dict[str, Any]
    values: dict[str, Any]


def parse_start(text: str, zone: str) -> datetime:
    """
    The wall-clock time that a person typed for a show in this time zone.

    Raises: `UsageError` if it is none.
    """
    try:
        return written_times.read_moment(text, date_orders.order_in_zone(zone))
    except written_dates.WrittenDateError as error:
        raise errors.UsageError(
            f'"{safe(text)}" {error.reason}.', hint="Use 2026-11-27 19:30."
        ) from None


def plan_edit(connection: Connection, show_id: int, edit: ShowEdit) -> PlannedEdit:
    """
    What an edit changes; nothing is written.

    Raises: `NotFound` for an unknown show, production or venue, `UsageError` where the
    result would be another show's or is not decided, `GuardRefused` (`guard-books`)
    where sales are in another currency than the venue's, `Busy` where the show is not
    as it was opened.
    """
    show = shows.get_show(connection, show_id)
    venue = _venue(connection, show, edit)
    starts_at = _start(show, venue, edit)
    seats = None if edit.has_no_capacity else edit.capacity
    capacity = entered_values.check_seats(seats)
    is_resized = edit.has_no_capacity or edit.capacity is not None
    after = {
        "production": edit.production or show.production,
        "venue": venue.name,
        "starts_local": local_text(starts_at, venue.timezone),
        "capacity": capacity if is_resized else show.capacity,
        "reference": show.reference
        if edit.reference is None
        else edit.reference or None,
    }
    before = {name: getattr(show, name) for name in after}
    starts_local = after["starts_local"]
    if _is_the_other_hour(show, starts_at, before, after):
        before["starts_local"] = clock.with_offset(show.starts_at, show.timezone)
        after["starts_local"] = clock.with_offset(starts_at, venue.timezone)
    production_id = production_edits.find_production(
        connection, edit.production or show.production
    )
    values = {
        "production_id": production_id,
        "venue_id": venue.id,
        "starts_at": starts_at,
        "starts_local": starts_local,
        "timezone": venue.timezone,
        "currency": venue.currency,
        "capacity": after["capacity"],
        "reference": after["reference"],
    }
    _refuse_taken(connection, show, values)
    if after["production"] != show.production:
        former = shows.get_production_id(connection, show.production)
        production_edits.refuse_other_switches(connection, former, production_id)
    changed = [name for name in after if before[name] != after[name]]
    if changed and edit.opened and edit.opened != fingerprint(show):
        raise errors.Busy(
            "Somebody else has changed this show meanwhile.",
            hint="Open it again, and look at what it is now.",
        )
    return PlannedEdit(
        show,
        {name: before[name] for name in changed},
        {name: after[name] for name in changed},
        values,
    )


def edit_show(connection: Connection, show_id: int, edit: ShowEdit) -> PlannedEdit:
    """
    Change a show and record it. The events that are linked only to shows of its new
    production belong to that one from now on, with their ticket-type names and
    switches.

    Raises: as `plan_edit`.
    """
    lock_shows(connection, [show_id])
    planned = plan_edit(connection, show_id, edit)
    if not planned.after:
        return planned
    is_this = shows_table.c.id == show_id
    connection.execute(update(shows_table).where(is_this).values(**planned.values))
    if "starts_local" in planned.after:
        moves.follow_show(
            connection, show_id, planned.show.starts_at, planned.values["starts_at"]
        )
    if "production" in planned.after:
        _follow_production(connection, show_id, planned.values["production_id"])
    audit.record(
        connection,
        Decision(
            *("edit", "show", planned.show.name, show_id),
            planned.before,
            planned.after,
        ),
    )
    return planned


def refuse_removal(connection: Connection, show_ids: Iterable[int]) -> list[ShowInfo]:
    """
    The shows, if nothing was sold or scanned for any of them and none is sold by the
    venue's own box office.

    Raises: `NotFound`, `GuardRefused` (`guard-books`).
    """
    wanted = sorted(set(show_ids))
    found = [shows.get_show(connection, show_id) for show_id in wanted]
    one = found[0] if len(found) == 1 else None
    refuse_books(
        count_dependents(connection, wanted),
        one.name if one else f"One of these {len(found):,} shows",
        str(one.id) if one else "SHOW",
    )
    _refuse_box_office(connection, found)
    return found


def _refuse_box_office(connection: Connection, found: list[ShowInfo]) -> None:
    """
    Prices, orders and their history are kept by the show, also without a ticket.
    """
    ids = [show.id for show in found]
    sold_here = {
        row.show_id
        for table in (boxoffice_shows, till_sessions)
        for row in rows_among(connection, select(table.c.show_id), table.c.show_id, ids)
    }
    for show in found:
        if show.id in sold_here:
            raise errors.GuardRefused(
                f"{show.name} was put on sale at your box office, whose prices and "
                "orders belong to it.",
                hint=f"Use `ticketsync boxoffice close {show.id}` and "
                f"`ticketsync shows exclude {show.id}`.",
                word="guard-books",
            )


def remove_shows(connection: Connection, found: Iterable[ShowInfo]) -> None:
    """
    Remove shows that `refuse_removal` returned and that have no links and no figures
    any more; records it.
    """
    removed = list(found)
    audit.record_all(connection, [_removal(show) for show in removed])
    shows.delete_shows(connection, [show.id for show in removed])


def unlink_shows(connection: Connection, show_ids: Iterable[int]) -> None:
    """
    Remove the links and refusals of shows that are to be removed.
    """
    wanted = list(show_ids)
    remove_links(connection, show_links.c.show_id.in_(wanted))
    remove_refusals(connection, refusals.c.show_id.in_(wanted))
    undoing.remove_unused_production_links(connection)


def lock_shows(connection: Connection, show_ids: list[int]) -> None:
    """
    Lock these shows and the occurrences linked to them until the transaction ends.
    """
    linked = select(show_links.c.occurrence_id).where(
        show_links.c.show_id.in_(show_ids)
    )
    lock_occurrences(connection, connection.scalars(linked), show_ids)
    row_locks.lock_keys(connection, shows_table, show_ids)


def refuse_others(show_ids: Iterable[int], locked: Iterable[int]) -> None:
    """
    Raises `Busy` where a show came to a production or venue before that was locked.
    """
    if set(show_ids) - set(locked):
        raise errors.Busy(
            "A show was added there at this very moment; nothing was changed.",
            hint="Run the command again.",
        )


def _venue(connection: Connection, show: ShowInfo, edit: ShowEdit) -> VenueInfo:
    name = edit.venue or show.venue
    venue = show_names.get_venue(connection, name)
    if edit.venue is None:
        return VenueInfo(venue.id, venue.name, show.timezone, show.currency)
    if venue.timezone != show.timezone and edit.starts_local is None:
        raise errors.UsageError(
            f"{safe(venue.name)} is in {venue.timezone}, the show in {show.timezone}.",
            hint="Say when it starts there: --starts-at.",
        )
    if venue.currency != show.currency:
        _refuse_other_currency(connection, show, venue)
    return venue


def _refuse_other_currency(
    connection: Connection, show: ShowInfo, venue: VenueInfo
) -> None:
    found = count_dependents(connection, [show.id])
    if found.has_books:
        raise errors.GuardRefused(
            f"{show.name} has {found} in {show.currency}; {safe(venue.name)} sells "
            f"in {venue.currency}.",
            hint="Add another show there and link its sales to it.",
            word="guard-books",
        )


def _start(show: ShowInfo, venue: VenueInfo, edit: ShowEdit) -> datetime:
    local = edit.starts_local
    if local is None:
        return show.starts_at
    if local.tzinfo is not None:
        return local
    try:
        return clock.local_to_utc(local, venue.timezone)
    except ValueError as error:
        raise errors.UsageError(f"{error}.", hint=clock.advice_about(error)) from None


def _is_the_other_hour(
    show: ShowInfo, starts_at: datetime, before: dict[str, Any], after: dict[str, Any]
) -> bool:
    """
    Whether a start is another one with the same wall-clock time: a clock change
    repeats an hour.
    """
    minutes = [
        at.replace(second=0, microsecond=0) for at in (show.starts_at, starts_at)
    ]
    return minutes[0] != minutes[1] and (
        before["starts_local"] == after["starts_local"]
    )


def _refuse_taken(
    connection: Connection, show: ShowInfo, values: dict[str, Any]
) -> None:
    """
    No two shows of a production play at one venue at the same time, and none shares its
    reference.
    """
    key = ("production_id", "venue_id", "starts_at")
    is_same = [shows_table.c[name] == values[name] for name in key]
    is_other = shows_table.c.id != show.id
    other = connection.scalar(select(shows_table.c.id).where(is_other, *is_same))
    if other is not None:
        raise errors.UsageError(
            f"Show {other} is the same performance then.",
            hint=f"See `ticketsync shows show {other}`; remove or move one of them.",
        )
    if values["reference"]:
        has_reference = shows_table.c.reference == values["reference"]
        other = connection.scalar(
            select(shows_table.c.id).where(is_other, has_reference)
        )
        if other is not None:
            raise errors.UsageError(
                f"The reference {safe(values['reference'])!r} is that of show {other}.",
                hint="Choose another one.",
            )


def _follow_production(
    connection: Connection, show_id: int, production_id: int
) -> None:
    """
    An event all of whose shows are of one production belongs to that one.
    """
    of_show = (
        select(occurrences.c.event_id)
        .join(show_links, show_links.c.occurrence_id == occurrences.c.id)
        .where(show_links.c.show_id == show_id)
    )
    elsewhere = (
        select(occurrences.c.event_id)
        .join(show_links, show_links.c.occurrence_id == occurrences.c.id)
        .join(shows_table, shows_table.c.id == show_links.c.show_id)
        .where(shows_table.c.production_id != production_id)
    )
    connection.execute(
        update(production_links)
        .where(
            production_links.c.event_id.in_(of_show),
            production_links.c.event_id.not_in(elsewhere),
        )
        .values(production_id=production_id)
    )


def show_ids_of(
    connection: Connection, *, production: str | None = None, venue: str | None = None
) -> list[int]:
    """
    The ids of the shows of a production, or at a venue.
    """
    query = (
        select(shows_table.c.id)
        .join(productions, productions.c.id == shows_table.c.production_id)
        .join(venues, venues.c.id == shows_table.c.venue_id)
        .order_by(shows_table.c.id)
    )
    if production is not None:
        query = query.where(productions.c.title == production)
    if venue is not None:
        query = query.where(venues.c.name == venue)
    return list(connection.scalars(query))


def _removal(show: ShowInfo) -> Decision:
    names = ("venue", "starts_local", "capacity", "reference")
    before = {name: getattr(show, name) for name in names}
    return Decision("remove", "show", show.name, show.id, before)
