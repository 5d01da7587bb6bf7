"""
The venue's own list: venues, productions, shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlmodel import Session

from ticketsync.core import clock, errors, money
from ticketsync.core.redact import safe
from ticketsync.store import audit, reports
from ticketsync.store.audit import Decision
from ticketsync.store.tables.catalogue import Production, Show, Venue
from ticketsync.store.upsert import insert_new, table_of


@dataclass(frozen=True, slots=True)
class VenueInfo:
    id: int
    name: str
    timezone: str
    currency: str


@dataclass(frozen=True, slots=True)
class ShowInfo:
    """
    One performance of ours with the names that people know it by.
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


def add_venue(session: Session, name: str, timezone: str, currency: str) -> VenueInfo:
    """
    Add a venue, or give back the one that is the same already.
    """
    checked_zone(timezone)
    code = checked_currency(currency)
    venue = _venue_named(session, name)
    if venue is None:
        row = {"name": name, "timezone": timezone, "currency": code}
        insert_new(session, Venue, row)
        venue = _venue_named(session, name)
        assert venue is not None
    if (venue.timezone, venue.currency) == (timezone, code):
        return venue
    raise errors.UsageError(
        f"Venue {safe(name)!r} exists with {venue.timezone} and {venue.currency}.",
        hint="Choose another name.",
    )


def venues(session: Session) -> list[VenueInfo]:
    """
    All venues; the first is the house itself.
    """
    table = table_of(Venue)
    rows = session.connection().execute(select(table).order_by(table.c.id))
    return [VenueInfo(**row._mapping) for row in rows]


def _venue_named(session: Session, name: str) -> VenueInfo | None:
    return next((venue for venue in venues(session) if venue.name == name), None)


def get_venue(session: Session) -> VenueInfo:
    """
    The venue that `init` made, whose zone and currency are the defaults.
    """
    known = venues(session)
    if not known:
        raise errors.ConfigurationError(
            "No venue is known yet.", hint="Run `ticketsync init` or `venues add`."
        )
    return known[0]


def business_zone(session: Session) -> str:
    """
    The zone whose calendar days the business counts by: that of its default venue, or
    UTC while it has none.
    """
    table = table_of(Venue)
    query = select(table.c.timezone).order_by(table.c.id).limit(1)
    return str(session.connection().scalar(query) or "UTC")


def add_production(session: Session, title: str) -> int:
    """
    The id of the production of that title, added if it is new.
    """
    table = table_of(Production)
    query = select(table.c.id).where(table.c.title == title)
    connection = session.connection()
    number: int | None = connection.scalar(query)
    if number is None:
        number = insert_new(session, Production, {"title": title})
    return connection.scalars(query).one() if number is None else number


def productions(session: Session) -> list[tuple[int, str, int]]:
    """
    Every production: id, title, number of shows.
    """
    table, shows = table_of(Production), table_of(Show)
    rows = session.connection().execute(
        select(table.c.id, table.c.title, func.count(shows.c.id))
        .select_from(table.outerjoin(shows, shows.c.production_id == table.c.id))
        .group_by(table.c.id, table.c.title)
        .order_by(table.c.title)
    )
    return [(int(id_), str(title), int(count)) for id_, title, count in rows]


def add_show(session: Session, new: NewShow) -> tuple[int, bool]:
    """
    The id of this show and whether it is new; capacity and reference are filled in.
    """
    production_id = add_production(session, new.production)
    venue = add_venue(session, new.venue, new.timezone, new.currency)
    known = _same_show(session, production_id, venue.id, new)
    if known is None:
        row = {
            "production_id": production_id,
            "venue_id": venue.id,
            "starts_at": new.starts_at,
            "starts_local": local_text(new.starts_at, new.timezone),
            "timezone": new.timezone,
            "capacity": new.capacity,
            "currency": venue.currency,
            "reference": new.reference,
        }
        number = insert_new(session, Show, row)
        if number is not None:
            return number, True
        known = _same_show(session, production_id, venue.id, new)  # added meanwhile
        assert known is not None
    _fill_in(session, known, new)
    return known, False


def list_shows(session: Session, production: str | None = None) -> list[ShowInfo]:
    """
    Shows in the order they play, of one production or of all.
    """
    shows, works, places = table_of(Show), table_of(Production), table_of(Venue)
    query = (
        select(
            *reports.named(
                reports.field_names(ShowInfo),
                shows,
                production=works.c.title,
                venue=places.c.name,
            )
        )
        .join(works, works.c.id == shows.c.production_id)
        .join(places, places.c.id == shows.c.venue_id)
        .order_by(shows.c.starts_at, shows.c.id)
    )
    if production is not None:
        query = query.where(works.c.title == production)
    rows = session.connection().execute(query)
    return [ShowInfo(**row._mapping) for row in rows]


def get_show(session: Session, show_id: int) -> ShowInfo:
    """
    The show of that number of ours.
    """
    for show in list_shows(session):
        if show.id == show_id:
            return show
    raise errors.NotFound("There is no such show.", hint="See `ticketsync shows list`.")


def find(session: Session, wanted: str) -> ShowInfo:
    """
    The show a person means: its number, its reference, or `production date[ time]`.
    """
    shows = list_shows(session)
    text = wanted.strip().lower()
    fitting = [
        show
        for show in shows
        if text in (str(show.id), (show.reference or "").lower())
        or text == f"{show.production} {show.starts_local}".lower()
    ] or [
        show
        for show in shows
        if text and text in f"{show.production} {show.starts_local}".lower()
    ]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise errors.NotFound(
            f"There is no show {safe(wanted)!r}.", hint="See `ticketsync shows list`."
        )
    some = ", ".join(
        f"{show.id} ({show.production} {show.starts_local})" for show in fitting[:3]
    )
    raise errors.NotFound(
        f"{len(fitting)} shows fit {safe(wanted)!r}: {safe(some)} …",
        hint="Use the number in front.",
    )


def set_excluded(session: Session, show_id: int, excluded: bool, reason: str) -> None:
    """
    Leave a show out of the figures, or take it in again. Excluded once more without a
    reason, it keeps the one that it has.
    """
    table = table_of(Show)
    show = get_show(session, show_id)
    values = {
        "is_excluded": excluded,
        "excluded_because": (reason or show.excluded_because) if excluded else "",
    }
    session.connection().execute(
        update(table).where(table.c.id == show_id).values(**values)
    )
    before = {name: getattr(show, name) for name in values}
    action = "exclude" if excluded else "include"
    audit.record(session, _decision(action, show, before=before, after=values))


def remove_show(session: Session, show_id: int) -> None:
    """
    Forget a show that nothing feeds, and its production if that was its only one.
    """
    table, works = table_of(Show), table_of(Production)
    connection = session.connection()
    show = get_show(session, show_id)
    audit.record(session, _decision("remove", show, before={"venue": show.venue}))
    work = connection.execute(
        select(table.c.production_id).where(table.c.id == show_id)
    ).scalar()
    connection.execute(delete(table).where(table.c.id == show_id))
    left = select(table.c.id).where(table.c.production_id == work)
    if connection.execute(left).first() is None:
        connection.execute(delete(works).where(works.c.id == work))


def is_taken(session: Session, show_id: int, starts_at: datetime) -> bool:
    """
    Whether another show of the same production at the same venue starts at that time.
    """
    table = table_of(Show)
    mine = (
        select(table.c.production_id, table.c.venue_id)
        .where(table.c.id == show_id)
        .subquery()
    )
    query = select(table.c.id).where(
        table.c.id != show_id,
        table.c.production_id == mine.c.production_id,
        table.c.venue_id == mine.c.venue_id,
        table.c.starts_at == starts_at,
    )
    return session.connection().execute(query).first() is not None


def move_show(session: Session, show_id: int, starts_at: datetime) -> None:
    """
    Give a show the new time that its platform told.
    """
    table = table_of(Show)
    zone = session.connection().execute(
        select(table.c.timezone).where(table.c.id == show_id)
    )
    session.connection().execute(
        update(table)
        .where(table.c.id == show_id)
        .values(
            starts_at=starts_at, starts_local=local_text(starts_at, zone.scalar_one())
        )
    )


def local_text(starts_at: datetime, zone: str) -> str:
    """
    The time on the poster: `2026-11-27 19:30`.
    """
    return f"{clock.local(starts_at, zone):%Y-%m-%d %H:%M}"


def checked_zone(name: str) -> str:
    try:
        clock.zone(name)
    except ValueError:
        raise errors.UsageError(
            f"{safe(name)!r} is not a time zone.",
            hint="Use a name such as Australia/Sydney.",
        ) from None
    return name


def checked_currency(code: str) -> str:
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
    name = f"{show.production} {show.starts_local}"
    return Decision(action, "show", name, show.id, before, after or {})


def _same_show(
    session: Session, production_id: int, venue_id: int, new: NewShow
) -> int | None:
    table = table_of(Show)
    query = select(table.c.id).where(
        table.c.production_id == production_id,
        table.c.venue_id == venue_id,
        table.c.starts_at == new.starts_at,
    )
    if new.reference:
        same = select(table.c.id).where(table.c.reference == new.reference)
        by_reference = session.connection().execute(same).scalar()
        if by_reference is not None:
            return int(by_reference)
    found = session.connection().execute(query).scalar()
    return None if found is None else int(found)


def _fill_in(session: Session, show_id: int, new: NewShow) -> None:
    table = table_of(Show)
    told = {"capacity": new.capacity, "reference": new.reference}
    row = session.connection().execute(select(table).where(table.c.id == show_id)).one()
    values = {
        name: value
        for name, value in told.items()
        if value is not None and row._mapping[name] != value
    }
    if values:
        session.connection().execute(
            update(table).where(table.c.id == show_id).values(**values)
        )
