"""
Adding shows: many at once, with their productions and venues.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from ticketsync.catalogue.shows import add_productions, add_venue
from ticketsync.core.clock import local_text
from ticketsync.store import audit
from ticketsync.store.audit import Decision
from ticketsync.store.tables.catalogue import shows
from ticketsync.store.upsert import insert_all_new, rows_among

ShowKey = tuple[int, int, datetime]  # production, venue, start: what makes two the same


@dataclass(frozen=True, slots=True)
class NewShow:
    """
    A performance to add. `venue` is a name; an unknown one is added with it.
    """

    production: str
    starts_at: datetime
    venue: str
    timezone: str
    currency: str
    capacity: int | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class AddedShow:
    """
    The id of a show that was to be added, and whether it is new.
    """

    id: int
    is_new: bool


def add_show(
    connection: Connection, new: NewShow, *, keep_seats_of: Collection[int] = ()
) -> AddedShow:
    """
    Add one show; see `add_shows`.

    Raises: `UsageError` where its venue exists with another time zone or currency.
    """
    return add_shows(connection, [new], keep_seats_of=keep_seats_of)[0]


def add_shows(
    connection: Connection,
    new_shows: Sequence[NewShow],
    *,
    keep_seats_of: Collection[int] = (),
) -> list[AddedShow]:
    """
    Add these shows with their productions and venues; returns one entry for each.

    A show of the same production, venue and time, or of the same reference, is the
    same show: it is not added again, its capacity and reference are filled in; the
    capacity of those in `keep_seats_of` stays as it is.

    Raises: `UsageError` where a venue exists with another time zone or currency.
    """
    production_ids = add_productions(connection, (new.production for new in new_shows))
    venue_ids = _add_venues(connection, new_shows)
    keys = [
        (production_ids[new.production], venue_id, new.starts_at.replace(microsecond=0))
        for new, venue_id in zip(new_shows, venue_ids, strict=True)
    ]
    index = _ShowIndex(keys, new_shows, keep_seats_of)
    index.read(connection)
    shows = [index.find_or_plan(*pair) for pair in zip(keys, new_shows, strict=True)]
    index.update_changed(connection)
    index.insert_planned(connection)
    audit.record_all(connection, _decisions(shows, new_shows))
    return [AddedShow(show.id, is_new and show.is_inserted) for show, is_new in shows]


def _add_venues(connection: Connection, new_shows: Sequence[NewShow]) -> list[int]:
    """
    The venue id of each of these shows.
    """
    venues = [(new.venue, new.timezone, new.currency) for new in new_shows]
    ids = {venue: add_venue(connection, *venue).id for venue in dict.fromkeys(venues)}
    return [ids[venue] for venue in venues]


@dataclass(slots=True)
class _Show:
    """
    A show that exists, or that is to be inserted: its `id` is 0 until then.
    """

    key: ShowKey
    capacity: int | None
    reference: str | None
    before: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    is_changed: bool = False
    is_inserted: bool = False

    @property
    def values(self) -> dict[str, Any]:
        return {"capacity": self.capacity, "reference": self.reference}

    def fill_in(self, new: NewShow, *, keeps_seats: bool) -> None:
        """
        Take over the capacity and the reference where they are given.
        """
        is_kept = keeps_seats or new.capacity is None
        capacity = self.capacity if is_kept else new.capacity
        reference = self.reference if new.reference is None else new.reference
        if (capacity, reference) != (self.capacity, self.reference):
            self.capacity, self.reference = capacity, reference
            self.is_changed = True


class _ShowIndex:
    """
    The shows that some new ones may be the same as, by key and by reference.
    """

    def __init__(
        self,
        keys: Sequence[ShowKey],
        new_shows: Sequence[NewShow],
        keep_seats_of: Collection[int],
    ) -> None:
        self._keep_seats_of = keep_seats_of
        self._production_ids = {key[0] for key in keys}
        self._references = {new.reference for new in new_shows if new.reference}
        self._by_key: dict[ShowKey, _Show] = {}
        self._by_reference: dict[str, _Show] = {}
        self._planned: list[tuple[_Show, NewShow]] = []

    def read(self, connection: Connection) -> None:
        """
        Read the shows of these productions and those with these references.
        """
        query = select(
            shows.c.id,
            shows.c.production_id,
            shows.c.venue_id,
            shows.c.starts_at,
            shows.c.capacity,
            shows.c.reference,
        )
        for row in (
            *rows_among(connection, query, shows.c.production_id, self._production_ids),
            *rows_among(connection, query, shows.c.reference, self._references),
        ):
            key = (row.production_id, row.venue_id, row.starts_at)
            show = self._by_key.get(key) or _Show(key, None, None)
            show.id, show.capacity, show.reference = row.id, row.capacity, row.reference
            show.before = show.values
            self._add(show)

    def find_or_plan(self, key: ShowKey, new: NewShow) -> tuple[_Show, bool]:
        """
        The show that `new` is, and whether it has to be inserted.
        """
        show = self._find(key, new)
        if show is not None:
            self._by_reference.pop(show.reference or "", None)
            show.fill_in(new, keeps_seats=show.id in self._keep_seats_of)
            self._add(show)
            return show, False
        show = _Show(key, new.capacity, new.reference)
        self._planned.append((show, new))
        self._add(show)
        return show, True

    def update_changed(self, connection: Connection) -> None:
        changed = [
            {"show_id": show.id, "capacity": show.capacity, "reference": show.reference}
            for show in self._by_key.values()
            if show.is_changed and show.id
        ]
        if changed:
            connection.execute(
                update(shows)
                .where(shows.c.id == bindparam("show_id"))
                .values(
                    capacity=bindparam("capacity"), reference=bindparam("reference")
                ),
                changed,
            )

    def insert_planned(self, connection: Connection) -> None:
        """
        Insert the planned shows. Where another transaction added one of them meanwhile,
        that one is taken and filled in.
        """
        rows = [_as_row(show, new) for show, new in self._planned]
        columns = ("production_id", "venue_id", "starts_at")
        inserted = insert_all_new(connection, shows, rows, returning=("id", *columns))
        for row in inserted:
            show = self._by_key[row.production_id, row.venue_id, row.starts_at]
            show.id, show.is_inserted = row.id, True
        others = [(show, new) for show, new in self._planned if not show.id]
        if others:
            self.read(connection)
            for show, new in others:
                same = self._find(show.key, new)
                assert same is not None
                same.fill_in(new, keeps_seats=same.id in self._keep_seats_of)
                show.id = same.id
            self.update_changed(connection)

    def _find(self, key: ShowKey, new: NewShow) -> _Show | None:
        return self._by_reference.get(new.reference or "") or self._by_key.get(key)

    def _add(self, show: _Show) -> None:
        self._by_key[show.key] = show
        if show.reference:
            self._by_reference[show.reference] = show


def _decisions(
    found: Sequence[tuple[_Show, bool]], new_shows: Sequence[NewShow]
) -> list[Decision]:
    """
    The audit entries of the shows that were added or filled in.
    """
    entries: dict[int, Decision] = {}
    for (show, is_new), new in zip(found, new_shows, strict=True):
        name = f"{new.production} {local_text(show.key[2], new.timezone)}"
        if is_new and show.is_inserted:
            after = {"venue": new.venue, **show.values}
            entries[show.id] = Decision("add", "show", name, show.id, after=after)
        elif show.is_changed and show.id not in entries:
            entries[show.id] = Decision(
                "change", "show", name, show.id, show.before, show.values
            )
    return list(entries.values())


def _as_row(show: _Show, new: NewShow) -> dict[str, Any]:
    production_id, venue_id, starts_at = show.key
    return {
        "production_id": production_id,
        "venue_id": venue_id,
        "starts_at": starts_at,
        "starts_local": local_text(starts_at, new.timezone),
        "timezone": new.timezone,
        "capacity": show.capacity,
        "currency": new.currency.upper(),
        "reference": show.reference,
    }
