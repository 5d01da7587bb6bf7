"""
Our venues, productions and shows.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select, update

from ticketsync.catalogue import other_names
from ticketsync.core import clock, errors, money, near_words
from ticketsync.core.clock import local_text
from ticketsync.core.redact import safe
from ticketsync.store import audit, query_results, row_digests
from ticketsync.store.audit import Decision
from ticketsync.store.tables.catalogue import productions, shows, venues
from ticketsync.store.tables.past_links import past_show_links
from ticketsync.store.types import is_row_id
from ticketsync.store.upsert import insert_all_new, insert_new, rows_among

CANCELLED_IN_LIST = "cancelled in the season list"


@dataclass(frozen=True, slots=True)
class VenueInfo:
    id: int
    name: str
    timezone: str
    currency: str


@dataclass(frozen=True, slots=True)
class ShowInfo:
    """
    One performance of ours with the names of its production and venue.
    """

    id: int
    production: str
    venue: str
    starts_at: datetime
    starts_local: str
    timezone: str
    capacity: int | None
    currency: str
    reference: str | None
    is_excluded: bool
    excluded_because: str

    @property
    def name(self) -> str:
        """
        Its production and when it starts: `Late Laughs 2026-11-27 19:30`.
        """
        return f"{self.production} {self.starts_local}"


def add_venue(
    connection: Connection, name: str, timezone: str, currency: str
) -> VenueInfo:
    """
    Add a venue, or return the one of that name if it is the same.

    Raises: `UsageError` for an unknown time zone or currency, or where the venue exists
    with others.
    """
    check_time_zone(timezone)
    code = check_currency(currency)
    venue = find_venue(connection, name)
    if venue is None:
        row = {"name": name, "timezone": timezone, "currency": code}
        new_id = insert_new(connection, venues, row)
        if new_id is not None:
            other_names.forget_names(connection, "venue", [name])
            values = {"timezone": timezone, "currency": code}
            audit.record(
                connection, Decision("add", "venue", name, new_id, after=values)
            )
        venue = find_venue(connection, name)
        assert venue is not None
    if (venue.timezone, venue.currency) == (timezone, code):
        return venue
    wanted = {
        "timezone": (venue.timezone, timezone),
        "currency": (venue.currency, code),
    }
    options = [f"--{name} {new}" for name, (old, new) in wanted.items() if old != new]
    words = " ".join(["ticketsync venues edit", shlex.quote(safe(name)), *options])
    raise errors.UsageError(
        f"You have a venue {safe(name)!r} with {venue.timezone} and {venue.currency}.",
        hint=f"To correct it: `{words}`. To add another one, choose another name.",
    )


def list_venues(connection: Connection) -> list[VenueInfo]:
    """
    All venues; the first is the default venue.
    """
    rows = connection.execute(select(venues).order_by(venues.c.id))
    return [VenueInfo(**row._mapping) for row in rows]


def get_venue_by_id(connection: Connection, venue_id: int) -> VenueInfo:
    """
    Raises: `NotFound` if there is no such venue.
    """
    row = connection.execute(select(venues).where(venues.c.id == venue_id)).first()
    if row is None:
        raise errors.NotFound("There is no such venue.")
    return VenueInfo(**row._mapping)


def find_venue(connection: Connection, name: str) -> VenueInfo | None:
    """
    The venue of that name, or `None`.
    """
    query = select(venues).where(venues.c.name == name)
    row = connection.execute(query).first()
    return None if row is None else VenueInfo(**row._mapping)


def find_default_venue(connection: Connection) -> VenueInfo | None:
    """
    The first venue, or `None` while there is none.
    """
    query = select(venues).order_by(venues.c.id).limit(1)
    row = connection.execute(query).first()
    return None if row is None else VenueInfo(**row._mapping)


def get_venue(connection: Connection) -> VenueInfo:
    """
    The first venue, whose zone and currency are the defaults.

    Raises: `ConfigurationError` where there is no venue yet.
    """
    venue = find_default_venue(connection)
    if venue is None:
        raise errors.ConfigurationError(
            "There is no venue yet.",
            hint="Run `ticketsync init` or `venues add`.",
            word="no-venue",
        )
    return venue


def add_production(connection: Connection, title: str) -> int:
    """
    The id of the production of that title, added if it is new.
    """
    return add_productions(connection, [title])[title]


def add_productions(connection: Connection, titles: Iterable[str]) -> dict[str, int]:
    """
    The ids of the productions of these titles, by title; new ones are added.
    """
    wanted = list(dict.fromkeys(titles))
    known = _production_ids(connection, wanted)
    missing = [{"title": title} for title in wanted if title not in known]
    if missing:
        added = insert_all_new(
            connection, productions, missing, returning=("id", "title")
        )
        audit.record(
            connection,
            *(Decision("add", "production", row.title, row.id) for row in added),
        )
        titles = [row.title for row in added]
        other_names.forget_names(connection, "production", titles)
        known = _production_ids(connection, wanted)
    return known


def _production_ids(connection: Connection, titles: Iterable[str]) -> dict[str, int]:
    query = select(productions.c.title, productions.c.id)
    rows = rows_among(connection, query, productions.c.title, titles)
    return {str(title): int(id_) for title, id_ in rows}


def get_production_title(connection: Connection, production_id: int) -> str:
    """
    The title of a production, by our id. Raises `NotFound` where there is none.
    """
    if is_row_id(production_id):
        query = select(productions.c.title).where(productions.c.id == production_id)
        title: str | None = connection.scalar(query)
        if title is not None:
            return title
    raise errors.NotFound("There is no such production.")


def get_production_id(connection: Connection, title: str) -> int:
    """
    Our id of the production of that title, or of the only one that has it in other
    letters, upper and lower. Raises `NotFound` where there is none.
    """
    query = select(productions.c.id).where(productions.c.title == title)
    production_id: int | None = connection.scalar(query)
    if production_id is not None:
        return production_id
    wanted = title.strip().casefold()
    query = select(productions.c.id, productions.c.title)
    rows = connection.execute(query).all()
    found = [row.id for row in rows if row.title.casefold() == wanted]
    if len(found) == 1:
        return int(found[0])
    near = "" if found else near_words.nearest_name(title, (row.title for row in rows))
    raise errors.NotFound(
        f"There {'are several productions' if found else 'is no production'} "
        f"{safe(title)!r}.{near_words.question(near)}",
        hint="See `ticketsync productions list`.",
    )


def list_productions(connection: Connection) -> list[tuple[int, str, int]]:
    """
    Every production: id, title, number of shows.
    """
    rows = connection.execute(
        select(productions.c.id, productions.c.title, func.count(shows.c.id))
        .select_from(
            productions.outerjoin(shows, shows.c.production_id == productions.c.id)
        )
        .group_by(productions.c.id, productions.c.title)
        .order_by(productions.c.title)
    )
    return [(int(id_), str(title), int(count)) for id_, title, count in rows]


def list_shows(
    connection: Connection,
    production: str | None = None,
    *,
    since: datetime | None = None,
) -> list[ShowInfo]:
    """
    Shows in the order they play: all, or those of one production, or those that start
    at `since` or later.
    """
    conditions: list[ColumnElement[bool]] = []
    if production is not None:
        conditions.append(productions.c.title == production)
    if since is not None:
        conditions.append(shows.c.starts_at >= since)
    return read_shows(connection, *conditions)


def shows_of_production(title: str) -> Select[tuple[int]]:
    """
    The ids of a production's shows.
    """
    is_of = productions.c.id == shows.c.production_id
    return (
        select(shows.c.id).join(productions, is_of).where(productions.c.title == title)
    )


def get_show(connection: Connection, show_id: int) -> ShowInfo:
    """
    The show with that id.

    Raises: `NotFound` where there is none.
    """
    if is_row_id(show_id):
        for show in read_shows(connection, shows.c.id == show_id):
            return show
    raise errors.NotFound("There is no such show.", hint="See `ticketsync shows list`.")


def read_shows(
    connection: Connection, *conditions: ColumnElement[bool]
) -> list[ShowInfo]:
    """
    The shows for which all conditions hold, in the order they play.
    """
    query = (
        select(
            *query_results.named(
                query_results.field_names(ShowInfo),
                shows,
                production=productions.c.title,
                venue=venues.c.name,
            )
        )
        .join(productions, productions.c.id == shows.c.production_id)
        .join(venues, venues.c.id == shows.c.venue_id)
        .where(*conditions)
        .order_by(shows.c.starts_at, shows.c.id)
    )
    rows = connection.execute(query)
    return [ShowInfo(**row._mapping) for row in rows]


def set_excluded(
    connection: Connection, show_id: int, excluded: bool, reason: str
) -> str:
    """
    Exclude a show from the figures, or include it again. Excluded again without a
    reason, it keeps the one it has. Returns the reason that another one replaced.

    Raises: `NotFound` where there is no such show; `UsageError` where another one has
    taken its time since it was cancelled.
    """
    show = get_show(connection, show_id)
    if not excluded:
        _take_time_back(connection, show)
    values = {
        "is_excluded": excluded,
        "excluded_because": (reason or show.excluded_because) if excluded else "",
    }
    connection.execute(update(shows).where(shows.c.id == show_id).values(**values))
    before = {name: getattr(show, name) for name in values}
    action = "exclude" if excluded else "include"
    audit.record(connection, _decision(action, show, before=before, after=values))
    is_replaced = excluded and values["excluded_because"] != show.excluded_because
    return show.excluded_because if is_replaced else ""


def _take_time_back(connection: Connection, show: ShowInfo) -> None:
    """
    Bring a show that stepped aside for another one back to its whole minute.
    """
    minute = show.starts_at.replace(second=0)
    if not show.is_excluded or show.starts_at == minute:
        return
    if is_taken(connection, show.id, minute):
        raise errors.UsageError(
            f"Another show of {safe(show.production)} plays at that time now.",
            hint=f"Move this one first: `ticketsync shows edit {show.id} --starts-at`.",
        )
    move_show(connection, show.id, minute)


def remove_show(connection: Connection, show_id: int) -> None:
    """
    Delete a show that nothing is linked to, and its production if that was its only
    show.

    Raises: `NotFound` where there is no such show.
    """
    show = get_show(connection, show_id)
    audit.record(connection, _decision("remove", show, before={"venue": show.venue}))
    production_id = connection.execute(
        select(shows.c.production_id).where(shows.c.id == show_id)
    ).scalar()
    delete_shows(connection, [show_id])
    left = select(shows.c.id).where(shows.c.production_id == production_id)
    if connection.execute(left).first() is None:
        connection.execute(delete(productions).where(productions.c.id == production_id))


def delete_shows(connection: Connection, ids: Sequence[int]) -> None:
    """
    Delete these shows; the past of their links stays, with digests of it.
    """
    was_theirs = past_show_links.c.show_id.in_(ids)
    row_digests.rewrite(connection, past_show_links, was_theirs, {"show_id": None})
    connection.execute(delete(shows).where(shows.c.id.in_(ids)))


def is_taken(connection: Connection, show_id: int, starts_at: datetime) -> bool:
    """
    Whether another show of the same production at the same venue starts at that time.
    """
    same = (
        select(shows.c.production_id, shows.c.venue_id)
        .where(shows.c.id == show_id)
        .subquery()
    )
    query = select(shows.c.id).where(
        shows.c.id != show_id,
        shows.c.production_id == same.c.production_id,
        shows.c.venue_id == same.c.venue_id,
        shows.c.starts_at == starts_at,
    )
    return connection.execute(query).first() is not None


def move_show(connection: Connection, show_id: int, starts_at: datetime) -> None:
    """
    Set a show's new start, as its platform reported it.
    """
    zone = connection.execute(select(shows.c.timezone).where(shows.c.id == show_id))
    connection.execute(
        update(shows)
        .where(shows.c.id == show_id)
        .values(
            starts_at=starts_at, starts_local=local_text(starts_at, zone.scalar_one())
        )
    )


def check_time_zone(name: str) -> str:
    """
    The name of an existing time zone.

    Raises: `UsageError` for any other name.
    """
    try:
        clock.zone(name)
    except ValueError:
        raise errors.UsageError(
            f"{safe(name)!r} is not a time zone.",
            hint="Use a name such as Australia/Sydney.",
        ) from None
    return name


def check_currency(code: str) -> str:
    """
    The ISO 4217 code in upper case.

    Raises: `UsageError` for an unknown code.
    """
    try:
        money.exponent(code.upper())
    except money.MoneyError:
        raise errors.UsageError(
            f"{safe(code)!r} is not an ISO 4217 currency.", hint="For example AUD."
        ) from None
    return code.upper()


def _decision(
    action: str,
    show: ShowInfo,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any] | None = None,
) -> Decision:
    return Decision(action, "show", show.name, show.id, before, after or {})
