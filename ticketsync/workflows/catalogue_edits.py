"""
Editing, merging and removing shows, productions and venues: what hangs on them first,
then the change with the figures in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from ticketsync.boxoffice import fewer_seats, seats
from ticketsync.catalogue import (
    dependents,
    occurrences,
    other_names,
    production_edits,
    show_edits,
    show_names,
    shows,
    venue_edits,
)
from ticketsync.catalogue.dependents import Dependents
from ticketsync.catalogue.known_names import Kind
from ticketsync.catalogue.show_edits import ShowEdit
from ticketsync.catalogue.venue_edits import VenueEdit
from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.core.settings.config import Settings
from ticketsync.financials import sales_notices
from ticketsync.financials.recompute import linked_shows
from ticketsync.store.business_zone import get_business_zone
from ticketsync.store.engine import Database
from ticketsync.workflows import recompute_figures


@dataclass(frozen=True, slots=True)
class EditPreview:
    """
    What a change would do to its subject, what hangs on that, and what else a person
    should know.
    """

    action: str
    subject: str
    dependents: Dependents
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def changes_nothing(self) -> bool:
        return self.action == "edit" and not self.after


# Shows


def preview_show(connection: Connection, show_id: int, edit: ShowEdit) -> EditPreview:
    """
    Raises: as `edit_show`.
    """
    planned = show_edits.plan_edit(connection, show_id, edit)
    if "capacity" in planned.after:
        capacity = planned.after["capacity"]
        fewer_seats.refuse_planned(connection, {show_id: capacity})
    found = dependents.count_dependents(connection, [show_id])
    notes = []
    if "starts_local" in planned.after:
        notes = [
            f"{item.account} sells it for {item.starts_local}"
            for item in occurrences.list_occurrences(connection, show_id=show_id)
            if item.gone_since is None and item.starts_at != planned.values["starts_at"]
        ]
    return EditPreview(
        *("edit", planned.show.name, found, planned.before, planned.after),
        tuple(notes),
    )


def edit_show(
    database: Database, settings: Settings, show_id: int, edit: ShowEdit
) -> None:
    """
    Change a show and recompute its figures.

    Raises: as `show_edits.plan_edit`; `GuardRefused` (`seats-taken`) where your box
    office has sold or holds more seats than there would be.
    """
    with database.write() as connection:
        with fewer_seats.refusing(connection, [show_id]):
            show_edits.edit_show(connection, show_id, edit)
        recompute_figures.recompute(connection, settings, {show_id})


def preview_removal(connection: Connection, show_id: int) -> EditPreview:
    """
    Raises: as `show_edits.refuse_removal`.
    """
    (show,) = show_edits.refuse_removal(connection, [show_id])
    found = dependents.count_dependents(connection, [show_id])
    return EditPreview("remove", show.name, found)


def remove_show(database: Database, settings: Settings, show_id: int) -> None:
    """
    Remove a show that nothing was sold for, with its links.
    """
    with database.write() as connection:
        remove_shows(connection, settings, [show_id])


def remove_shows(
    connection: Connection, settings: Settings, show_ids: Iterable[int]
) -> None:
    """
    Remove shows with their links, figures and notices.

    Raises: as `show_edits.refuse_removal`.
    """
    ids = list(show_ids)
    seats.lock_openings(connection)
    show_edits.lock_shows(connection, ids)
    found = show_edits.refuse_removal(connection, ids)
    show_edits.unlink_shows(connection, ids)
    recompute_figures.recompute(connection, settings, ids)
    sales_notices.forget_shows(connection, ids)
    show_edits.remove_shows(connection, found)


# Productions


def preview_rename(
    connection: Connection, settings: Settings, title: str, new_title: str
) -> EditPreview:
    """
    Raises: `NotFound`; `UsageError` where another production has that title.
    """
    production_edits.find_production(connection, title)
    new_title = production_edits.check_title(connection, title, new_title)
    return EditPreview(
        *("rename", title, _of_production(connection, title)),
        *({"title": title}, {"title": new_title}),
        (
            *_setting(settings, title),
            *_taken_name(connection, "production", title, new_title),
        ),
    )


def _taken_name(
    connection: Connection, kind: Kind, name: str, new_name: str
) -> list[str]:
    """
    That a name was another one's, whose lists mean this one from now on.
    """
    taken = other_names.find_present(connection, kind, [new_name])
    return [
        f"lists that say {safe(new_name)!r} mean this one then, not {safe(known)!r}"
        for known in taken.values()
        if known != name
    ]


def rename_production(database: Database, title: str, new_title: str) -> None:
    with database.write() as connection:
        production_edits.rename_production(connection, title, new_title)


def preview_merge(
    connection: Connection, settings: Settings, title: str, into: str
) -> EditPreview:
    """
    Raises: as `production_edits.refuse_merge`.
    """
    production_edits.refuse_merge(connection, title, into)
    return EditPreview(
        *("merge", title, _of_production(connection, title)),
        *({"title": title}, {"title": into}, _setting(settings, title)),
    )


def merge_productions(
    database: Database, settings: Settings, title: str, into: str
) -> None:
    """
    Make one production of two and recompute the shows that move.
    """
    with database.write() as connection:
        moved = show_edits.show_ids_of(connection, production=title)
        show_edits.lock_shows(connection, moved)
        production_edits.lock(connection, title, into)
        now = show_edits.show_ids_of(connection, production=title)
        show_edits.refuse_others(now, moved)
        production_edits.merge_productions(connection, title, into)
        recompute_figures.recompute(connection, settings, moved)


def preview_production_removal(connection: Connection, title: str) -> EditPreview:
    """
    Raises: `NotFound`, `GuardRefused` (`guard-books`).
    """
    production_edits.find_production(connection, title)
    ids = show_edits.show_ids_of(connection, production=title)
    show_edits.refuse_removal(connection, ids)
    return EditPreview("remove", title, _of_production(connection, title))


def remove_production(database: Database, settings: Settings, title: str) -> None:
    """
    Remove a production with its shows, if nothing was sold for any of them.
    """
    with database.write() as connection:
        ids = show_edits.show_ids_of(connection, production=title)
        if ids:
            remove_shows(connection, settings, ids)
        production_edits.remove_production(connection, title)


# Venues


def preview_venue(connection: Connection, name: str, edit: VenueEdit) -> EditPreview:
    """
    Raises: as `venue_edits.plan_edit`.
    """
    after = venue_edits.plan_edit(connection, name, edit)
    venue = show_names.get_venue(connection, name)
    notes = []
    if "timezone" in after and shows.get_venue(connection).id == venue.id:
        notes.append("the calendar days of all figures are those of its new zone")
    if "timezone" in after:
        notes += _listings_elsewhere(connection, name, after["timezone"], edit)
    if "name" in after:
        notes += _taken_name(connection, "venue", name, after["name"])
    return EditPreview(
        *("edit", name, _at_venue(connection, name)),
        {key: getattr(venue, key) for key in after},
        dict(after),
        tuple(notes),
    )


def _listings_elsewhere(
    connection: Connection, name: str, zone: str, edit: VenueEdit
) -> list[str]:
    """
    The listings that sell shows of a venue for another time than in its new zone.
    """
    starts = venue_edits.starts_in_zone(connection, name, zone, edit.keep)
    found = [
        f"show {item.show_id}: {item.account} sells it for {item.starts_local}"
        for item in occurrences.list_occurrences(connection)
        if item.show_id in starts
        and item.gone_since is None
        and item.starts_at != starts[item.show_id]
    ]
    return errors.first_of(found)


def edit_venue(
    database: Database, settings: Settings, name: str, edit: VenueEdit
) -> None:
    """
    Change a venue and its shows, and recompute their figures: those of all shows where
    the zone of the business changes, because it decides on the day of each sale.
    """
    with database.write() as connection:
        zone = get_business_zone(connection)
        touched = set(venue_edits.edit_venue(connection, name, edit))
        if get_business_zone(connection) != zone:
            touched |= linked_shows(connection)
        recompute_figures.recompute(connection, settings, touched)


def preview_venue_merge(connection: Connection, name: str, into: str) -> EditPreview:
    """
    Raises: as `venue_edits.refuse_merge`.
    """
    venue_edits.refuse_merge(connection, name, into)
    found = _at_venue(connection, name)
    return EditPreview("merge", name, found, {"name": name}, {"name": into})


def merge_venues(database: Database, settings: Settings, name: str, into: str) -> None:
    """
    Make one venue of two and recompute the shows that move.
    """
    with database.write() as connection:
        moved = venue_edits.merge_venues(connection, name, into)
        recompute_figures.recompute(connection, settings, moved)


def preview_venue_removal(connection: Connection, name: str) -> EditPreview:
    """
    Raises: as `venue_edits.refuse_removal`.
    """
    venue_edits.refuse_removal(connection, name)
    return EditPreview("remove", name, Dependents())


def remove_venue(database: Database, name: str) -> None:
    with database.write() as connection:
        venue_edits.remove_venue(connection, name)


def _of_production(connection: Connection, title: str) -> Dependents:
    ids = show_edits.show_ids_of(connection, production=title)
    return dependents.count_dependents(connection, ids)


def _at_venue(connection: Connection, name: str) -> Dependents:
    ids = show_edits.show_ids_of(connection, venue=name)
    return dependents.count_dependents(connection, ids)


def _setting(settings: Settings, title: str) -> tuple[str, ...]:
    """
    A title also stands in the settings, where nobody but a person changes it.
    """
    if title not in settings.match_tolerances:
        return ()
    return (f"the settings name {title!r} under `matching: productions:`; change it",)
