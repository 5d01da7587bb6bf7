"""
Editing, merging and removing venues.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, select, update

from ticketsync.catalogue import (
    entered_values,
    merged_shows,
    other_names,
    show_names,
    shows,
)
from ticketsync.catalogue.dependents import count_dependents
from ticketsync.catalogue.show_edits import lock_shows, refuse_others, show_ids_of
from ticketsync.catalogue.shows import ShowInfo, VenueInfo
from ticketsync.core import clock, digest, errors
from ticketsync.core.clock import local_text
from ticketsync.core.redact import safe
from ticketsync.store import audit, row_locks
from ticketsync.store.audit import Decision
from ticketsync.store.tables.catalogue import shows as shows_table
from ticketsync.store.tables.catalogue import venues

Keep = Literal["clock", "instant"]


@dataclass(frozen=True, slots=True)
class VenueEdit:
    """
    What is to be different; `None` stays. `keep` says what stays of its shows where the
    time zone changes: their time on the clock, or their instant. `opened` is the
    fingerprint of the venue as somebody saw it; empty if it does not matter.
    """

    name: str | None = None
    timezone: str | None = None
    currency: str | None = None
    keep: Keep | None = None
    opened: str = ""


def fingerprint(venue: VenueInfo) -> str:
    """
    Tells whether what can be edited about a venue has changed.
    """
    editable = (venue.name, venue.timezone, venue.currency)
    return digest.content(json.dumps(editable).encode()).hex()


def add_venue(
    connection: Connection, name: str, timezone: str, currency: str
) -> VenueInfo:
    """
    Add a venue that a person named, or return the one of that very name.

    Raises: as `shows.add_venue`; `UsageError` for a name that is none, or is that of
    another one in other letters.
    """
    wanted = _check_name(connection, name, may_be=name.strip())
    return shows.add_venue(connection, wanted, timezone, currency)


def _check_name(connection: Connection, name: str, *, may_be: str) -> str:
    """
    The name of a venue as it is stored: that of no other one than `may_be`.
    """
    wanted = entered_values.check_name(name, "venue")
    names = [venue.name for venue in shows.list_venues(connection)]
    others = [other for other in names if other != may_be]
    entered_values.refuse_same_name(wanted, others, "venue")
    return wanted


def plan_edit(connection: Connection, name: str, edit: VenueEdit) -> dict[str, str]:
    """
    The values of a venue that an edit changes; nothing is written.

    Raises: `NotFound`; `UsageError` for an unknown zone or currency, the name of
    another venue, and a new zone where it is not said what its shows keep;
    `GuardRefused` (`guard-books`) for another currency where something was sold;
    `Busy` where it has changed since it was opened.
    """
    venue = show_names.get_venue(connection, name)
    after = {
        "name": edit.name or venue.name,
        "timezone": shows.check_time_zone(edit.timezone or venue.timezone),
        "currency": shows.check_currency(edit.currency or venue.currency),
    }
    changed = {k: v for k, v in after.items() if v != getattr(venue, k)}
    if changed and edit.opened and edit.opened != fingerprint(venue):
        raise errors.Busy(
            "This venue was changed since you opened the form.",
            hint="Open it again to see how it is now.",
        )
    if "name" in changed:
        changed["name"] = _check_name(connection, after["name"], may_be=venue.name)
    found = count_dependents(connection, show_ids_of(connection, venue=name))
    if "timezone" in changed and found.shows and edit.keep is None:
        raise errors.UsageError(
            f"{safe(name)} has {found}: a new time zone changes either their local "
            "times or their instants.",
            hint="Add --keep clock (19:30 stays 19:30), or --keep instant.",
        )
    if "currency" in changed and found.has_books:
        raise errors.GuardRefused(
            f"{safe(name)} has {found}, sold in {venue.currency} as far as it says.",
            hint="Add another venue for the shows that sell in another currency.",
            word="guard-books",
        )
    return changed


def edit_venue(connection: Connection, name: str, edit: VenueEdit) -> list[int]:
    """
    Change a venue and its shows, and record it; returns the shows whose times or
    currency changed.

    Raises: as `plan_edit`.
    """
    venue, _ = _lock(connection, name)
    changed = plan_edit(connection, name, edit)
    if not changed:
        return []
    is_this = venues.c.id == venue.id
    connection.execute(update(venues).where(is_this).values(**changed))
    if "name" in changed:
        other_names.follow_rename(
            connection, "venue", venue.id, venue.name, changed["name"]
        )
    before = {key: getattr(venue, key) for key in changed}
    after: dict[str, str] = dict(changed)
    if "timezone" in changed and edit.keep:
        after["keep"] = edit.keep
    audit.record(connection, Decision("edit", "venue", name, venue.id, before, after))
    return _follow_venue(connection, venue.id, changed, edit.keep)


def _lock(
    connection: Connection, name: str, *others: int
) -> tuple[VenueInfo, list[int]]:
    """
    Lock the shows of a venue, then itself and other venues; returns it and its shows.

    Raises: `NotFound`; `Busy` where a show was added to it meanwhile.
    """
    venue = show_names.get_venue(connection, name)
    ids = show_ids_of(connection, venue=name)
    lock_shows(connection, ids)
    row_locks.lock_keys(connection, venues, [venue.id, *others])
    refuse_others(show_ids_of(connection, venue=name), ids)
    return venue, ids


def _follow_venue(
    connection: Connection, venue_id: int, changed: dict[str, str], keep: Keep | None
) -> list[int]:
    """
    Bring the shows of a venue to its new zone and currency.
    """
    is_here = shows_table.c.venue_id == venue_id
    touched: list[int] = []
    if "currency" in changed:
        currency = changed["currency"]
        connection.execute(update(shows_table).where(is_here).values(currency=currency))
        touched = list(connection.scalars(select(shows_table.c.id).where(is_here)))
    if "timezone" in changed:
        ids = list(connection.scalars(select(shows_table.c.id).where(is_here)))
        row_locks.lock_keys(connection, shows_table, ids)
        # Later ones first or last, so that none takes the place of another one.
        moved = [
            _in_zone(show, changed["timezone"], keep) for show in _of(connection, ids)
        ]
        is_later = any(new > old for old, new, _ in moved)
        for _, _, values in sorted(moved, key=lambda m: m[0], reverse=is_later):
            show_id = values.pop("id")
            connection.execute(
                update(shows_table).where(shows_table.c.id == show_id).values(**values)
            )
        touched = ids
    return touched


def _of(connection: Connection, ids: list[int]) -> list[ShowInfo]:
    return [shows.get_show(connection, show_id) for show_id in ids]


def starts_in_zone(
    connection: Connection, name: str, zone: str, keep: Keep | None
) -> dict[int, datetime]:
    """
    When each show of a venue starts, by our id, once the venue is in another zone.

    Raises: `UsageError` for a time that does not exist there.
    """
    found = _of(connection, show_ids_of(connection, venue=name))
    return {show.id: _in_zone(show, zone, keep)[1] for show in found}


def _in_zone(
    show: ShowInfo, zone: str, keep: Keep | None
) -> tuple[Any, Any, dict[str, Any]]:
    """
    The present start of a show, its new one, and the values of its row.
    """
    starts_at = show.starts_at
    if keep == "clock":
        local = clock.parse_local(show.starts_local)
        try:
            starts_at = clock.local_to_utc(local, zone)
        except ValueError as error:
            raise errors.UsageError(
                f"Show {show.id}: {error}.", hint="Move that show first."
            ) from None
    values = {
        "id": show.id,
        "timezone": zone,
        "starts_at": starts_at,
        "starts_local": local_text(starts_at, zone),
    }
    return show.starts_at, starts_at, values


def refuse_merge(
    connection: Connection, name: str, into: str
) -> tuple[VenueInfo, VenueInfo]:
    """
    Check that two venues can be one; returns both.

    Raises: `NotFound`; `UsageError` where they are the same, differ in zone or
    currency, the first is the default venue, or a production plays at both at once.
    """
    source, target = (
        show_names.get_venue(connection, name),
        show_names.get_venue(connection, into),
    )
    if source == target:
        raise errors.UsageError("That is the same venue.", hint="Give two names.")
    if (source.timezone, source.currency) != (target.timezone, target.currency):
        raise errors.UsageError(
            f"{safe(name)} has {source.timezone} and {source.currency}, {safe(into)} "
            f"{target.timezone} and {target.currency}.",
            hint="Set them alike first: `ticketsync venues edit`.",
        )
    _refuse_default(connection, source, f"Merge {safe(into)!r} into it instead.")
    merged_shows.refuse_same_shows(
        connection,
        "venue_id",
        source.id,
        target.id,
        clash="One production plays at both",
    )
    return source, target


def merge_venues(connection: Connection, name: str, into: str) -> list[int]:
    """
    Make one venue of two; returns the shows that move to the second.

    Raises: as `refuse_merge`.
    """
    _, moved = _lock(connection, name, show_names.get_venue(connection, into).id)
    source, target = refuse_merge(connection, name, into)
    is_here = shows_table.c.venue_id == source.id
    connection.execute(update(shows_table).where(is_here).values(venue_id=target.id))
    other_names.follow_merge(connection, "venue", source.id, source.name, target.id)
    connection.execute(delete(venues).where(venues.c.id == source.id))
    audit.record(
        connection,
        Decision("merge", "venue", name, source.id, {"name": name}, {"name": into}),
    )
    return moved


def refuse_removal(connection: Connection, name: str) -> VenueInfo:
    """
    The venue, if it can be removed.

    Raises: `NotFound`; `UsageError` where it has shows or is the default venue.
    """
    venue = show_names.get_venue(connection, name)
    _refuse_default(connection, venue, "Use `ticketsync venues edit` to change it.")
    found = count_dependents(connection, show_ids_of(connection, venue=name))
    if found.shows:
        raise errors.UsageError(
            f"{safe(name)} has {found}.",
            hint="Move them with `ticketsync venues merge`, or remove them first.",
        )
    return venue


def remove_venue(connection: Connection, name: str) -> None:
    """
    Remove a venue without shows.

    Raises: as `refuse_removal`.
    """
    venue = show_names.get_venue(connection, name)
    row_locks.lock_keys(connection, venues, [venue.id])
    venue = refuse_removal(connection, name)
    connection.execute(delete(venues).where(venues.c.id == venue.id))
    before = {"timezone": venue.timezone, "currency": venue.currency}
    audit.record(connection, Decision("remove", "venue", name, venue.id, before))


def _refuse_default(connection: Connection, venue: VenueInfo, hint: str) -> None:
    if shows.get_venue(connection).id == venue.id:
        raise errors.UsageError(
            f"{safe(venue.name)} is the first venue, whose zone decides the calendar "
            "days of all figures.",
            hint=hint,
        )
