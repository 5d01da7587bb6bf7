"""
Making shows of occurrences, for venues without a list of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from ticketsync.catalogue import (
    matching_input,
    other_names,
    production_edits,
    shows,
)
from ticketsync.catalogue.links import Pair, save_links
from ticketsync.catalogue.matching_input import MADE_FROM_OCCURRENCE
from ticketsync.catalogue.new_shows import AddedShow, NewShow, add_show, add_shows
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.catalogue.shows import ShowInfo, VenueInfo
from ticketsync.core.date_keys import date_key, group_parts

ADOPTED = "adopted from the listing"  # with a show that was made for it
ADOPTED_AS_OURS = "adopted from the listing as a show you had"


@dataclass(frozen=True, slots=True)
class Adopted:
    """
    How many shows and how many links were made.
    """

    shows: int
    links: int


@dataclass(frozen=True, slots=True)
class PlannedAdoption:
    """
    An occurrence, the show that would be made of it, and the id of the one of ours
    that it is already.
    """

    occurrence: LinkedOccurrence
    new: NewShow
    show_id: int | None


def adopt_occurrence(
    connection: Connection,
    occurrence: LinkedOccurrence,
    title: str,
    *,
    batch: str,
    now: datetime,
    keep_seats_of: Collection[int] = (),
) -> AddedShow:
    """
    Make a show of one occurrence, under the title that a person gave it. What is a show
    of `keep_seats_of` already keeps its capacity.

    Raises: `UsageError` for an empty title, and (`linked-already`) where it is linked
    to another show already.
    """
    (new,) = _as_new_shows(connection, [occurrence])
    ours = production_edits.known_title(connection, title)
    new = replace(new, production=ours)
    added = add_show(connection, new, keep_seats_of=keep_seats_of)
    pair = Pair(occurrence.id, added.id, MADE_FROM_OCCURRENCE)
    save_links(connection, [pair], decided_by="person", batch=batch, now=now)
    return added


def adopt(
    connection: Connection,
    plan: Sequence[PlannedAdoption],
    *,
    batch: str,
    now: datetime,
    keep_seats_of: Collection[int] = (),
) -> Adopted:
    """
    Make the shows of a plan, whose occurrences the caller has locked, and link them.
    What is a show of `keep_seats_of` already keeps its capacity.
    """
    wanted = [item.new for item in plan]
    added = add_shows(connection, wanted, keep_seats_of=keep_seats_of)
    made = {show.id for show in added if show.is_new}
    pairs = [
        Pair(
            item.occurrence.id,
            show.id,
            ADOPTED if show.id in made else ADOPTED_AS_OURS,
            basis="",
        )
        for item, show in zip(plan, added, strict=True)
    ]
    linked = save_links(connection, pairs, decided_by="adopted", batch=batch, now=now)
    return Adopted(sum(show.is_new for show in added), linked)


def plan_adoption(
    connection: Connection,
    occurrences: Iterable[LinkedOccurrence],
    ours: Iterable[ShowInfo] | None = None,
) -> list[PlannedAdoption]:
    """
    What adopting these occurrences would make; nothing is written. `ours` are our shows
    where they have been read. An occurrence without a date is left out: only a person
    can say when it plays.

    Raises: `ConfigurationError` where there is no venue yet.
    """
    wanted = _adoptable(occurrences)
    ours = shows.list_shows(connection) if ours is None else ours
    known = {(show.production, show.venue, show.starts_at): show.id for show in ours}
    return [
        PlannedAdoption(
            occurrence,
            new,
            known.get((new.production, new.venue, new.starts_at)),
        )
        for occurrence, new in zip(
            wanted, _as_new_shows(connection, wanted), strict=True
        )
    ]


def first_parts(plan: Iterable[PlannedAdoption]) -> list[PlannedAdoption]:
    """
    Of a plan one for each date, whatever the number of its parts.
    """
    groups = group_parts(plan, lambda item: date_key(item.occurrence))
    return [parts[0] for parts in groups]


def _adoptable(occurrences: Iterable[LinkedOccurrence]) -> list[LinkedOccurrence]:
    return [
        occurrence
        for occurrence in occurrences
        if occurrence.show_id is None
        and occurrence.gone_since is None
        and occurrence.is_dated
    ]


def _as_new_shows(
    connection: Connection, occurrences: list[LinkedOccurrence]
) -> list[NewShow]:
    known = shows.list_venues(connection)
    venues = {venue.name: venue for venue in known}
    default_venue = known[0] if known else shows.get_venue(connection)
    elsewhere = {item.venue for item in occurrences if item.venue} - set(venues)
    places = other_names.find_present(connection, "venue", elsewhere)
    titles = matching_input.get_production_titles(
        connection, (occurrence.event_id for occurrence in occurrences)
    )
    unlinked = {item.event for item in occurrences if item.event_id not in titles}
    renamed = other_names.find_present(connection, "production", unlinked)
    return [
        _as_new_show(
            item,
            titles.get(item.event_id) or renamed.get(item.event, item.event),
            venues.get(places.get(item.venue or "", item.venue or ""), default_venue),
        )
        for item in occurrences
    ]


def _as_new_show(
    occurrence: LinkedOccurrence, production: str, venue: VenueInfo
) -> NewShow:
    return NewShow(
        production=production,
        starts_at=occurrence.starts_at,
        venue=venue.name,
        timezone=venue.timezone,
        currency=venue.currency,
        capacity=occurrence.capacity,
    )
