"""
Our venues, productions and shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlmodel import Session

from ticketsync.core import clock, errors, money
from ticketsync.core.redact import safe
from ticketsync.store import audit, reports
from ticketsync.store.audit import Decision
from ticketsync.store.tables.catalogue import ProductionRow, ShowRow, VenueRow
from ticketsync.store.types import is_row_id
from ticketsync.store.upsert import insert_all_new, insert_new, rows_among, table_of


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


def add_venue(session: Session, name: str, timezone: str, currency: str) -> VenueInfo:
    """
    Add a venue, or return the one of that name if it is the same.

    Raises: `UsageError` for an unknown time zone or currency, or where the venue exists
    with others.
    """
    check_time_zone(timezone)
    code = check_currency(currency)
    venue = find_venue(session, name)
    if venue is None:
        row = {"name": name, "timezone": timezone, "currency": code}
        insert_new(session, VenueRow, row)
        venue = find_venue(session, name)
        assert venue is not None
    if (venue.timezone, venue.currency) == (timezone, code):
        return venue
    raise errors.UsageError(
        f"Venue {safe(name)!r} exists with {venue.timezone} and {venue.currency}.",
        hint="Choose another name.",
    )


def list_venues(session: Session) -> list[VenueInfo]:
    """
    All venues; the first is the default venue.
    """
    table = table_of(VenueRow)
    rows = session.connection().execute(select(table).order_by(table.c.id))
    return [VenueInfo(**row._mapping) for row in rows]


def find_venue(session: Session, name: str) -> VenueInfo | None:
    """
    The venue of that name, or `None`.
    """
    table = table_of(VenueRow)
    query = select(table).where(table.c.name == name)
    row = session.connection().execute(query).first()
    return None if row is None else VenueInfo(**row._mapping)


def get_venue(session: Session) -> VenueInfo:
    """
    The venue that `init` made, whose zone and currency are the defaults.

    Raises: `ConfigurationError` where there is no venue yet.
    """
    table = table_of(VenueRow)
    query = select(table).order_by(table.c.id).limit(1)
    row = session.connection().execute(query).first()
    if row is None:
        raise errors.ConfigurationError(
            "There is no venue yet.", hint="Run `ticketsync init` or `venues add`."
        )
    return VenueInfo(**row._mapping)


def get_business_zone(session: Session) -> str:
    """
    The time zone of the business, which decides on calendar days: that of the default
    venue, or UTC while there is none.
    """
    table = table_of(VenueRow)
    query = select(table.c.timezone).order_by(table.c.id).limit(1)
    return str(session.connection().scalar(query) or "UTC")


def add_production(session: Session, title: str) -> int:
    """
    The id of the production of that title, added if it is new.
    """
    return add_productions(session, [title])[title]


def add_productions(session: Session, titles: Iterable[str]) -> dict[str, int]:
    """
    The ids of the productions of these titles, by title; new ones are added.
    """
    wanted = list(dict.fromkeys(titles))
    known = _production_ids(session, wanted)
    missing = [{"title": title} for title in wanted if title not in known]
    if missing:
        insert_all_new(session, ProductionRow, missing)
        known = _production_ids(session, wanted)
    return known


def _production_ids(session: Session, titles: Iterable[str]) -> dict[str, int]:
    table = table_of(ProductionRow)
    query = select(table.c.title, table.c.id)
    rows = rows_among(session, query, table.c.title, titles)
    return {str(title): int(id_) for title, id_ in rows}


def list_productions(session: Session) -> list[tuple[int, str, int]]:
    """
    Every production: id, title, number of shows.
    """
    table, shows = table_of(ProductionRow), table_of(ShowRow)
    rows = session.connection().execute(
        select(table.c.id, table.c.title, func.count(shows.c.id))
        .select_from(table.outerjoin(shows, shows.c.production_id == table.c.id))
        .group_by(table.c.id, table.c.title)
        .order_by(table.c.title)
    )
    return [(int(id_), str(title), int(count)) for id_, title, count in rows]


def list_shows(
    session: Session, production: str | None = None, *, since: datetime | None = None
) -> list[ShowInfo]:
    """
    Shows in the order they play: all, or those of one production, or those that start
    at `since` or later.
    """
    conditions: list[ColumnElement[bool]] = []
    if production is not None:
        conditions.append(table_of(ProductionRow).c.title == production)
    if since is not None:
        conditions.append(table_of(ShowRow).c.starts_at >= since)
    return _read_shows(session, *conditions)


def get_show(session: Session, show_id: int) -> ShowInfo:
    """
    The show with that id.

    Raises: `NotFound` where there is none.
    """
    if is_row_id(show_id):
        for show in _read_shows(session, table_of(ShowRow).c.id == show_id):
            return show
    raise errors.NotFound("There is no such show.", hint="See `ticketsync shows list`.")


def find_show(session: Session, text: str) -> ShowInfo:
    """
    The show a person means: its id, its reference, or `production date[ time]`.

    Raises: `NotFound` where no show, or more than one, fits.
    """
    shows, productions = table_of(ShowRow), table_of(ProductionRow)
    wanted = text.strip().lower()
    name = productions.c.title + " " + shows.c.starts_local
    exact = [
        or_(_may_be(shows.c.reference, wanted), _may_be(name, wanted)),
        *([shows.c.id == int(wanted)] if is_row_id(wanted) else []),
    ]
    fitting = [
        show
        for show in _read_shows(session, or_(*exact))
        if wanted in (str(show.id), (show.reference or "").lower(), _name(show).lower())
    ]
    if wanted and not fitting:
        fitting = [
            show
            for show in _read_shows(session, _may_be(name, wanted, is_part=True))
            if wanted in _name(show).lower()
        ]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise errors.NotFound(
            f"There is no show {safe(text)!r}.", hint="See `ticketsync shows list`."
        )
    some = ", ".join(f"{show.id} ({_name(show)})" for show in fitting[:3])
    raise errors.NotFound(
        f"{len(fitting)} shows fit {safe(text)!r}: {safe(some)} …",
        hint="Use the number in front.",
    )


def _may_be(
    column: ColumnElement[Any], wanted: str, *, is_part: bool = False
) -> ColumnElement[bool]:
    """
    Whether a text may be `wanted`, or have it as a part, in upper or lower case. Any
    character stands for one beyond ASCII, because SQLite does not know their cases.
    """
    pattern = "".join(
        f"/{sign}" if sign in "%_/" else sign if sign.isascii() else "_"
        for sign in wanted
    )
    found = f"%{pattern}%" if is_part else pattern
    return func.lower(column).like(found, escape="/")


def _read_shows(session: Session, *conditions: ColumnElement[bool]) -> list[ShowInfo]:
    shows, productions, venues = (
        table_of(ShowRow),
        table_of(ProductionRow),
        table_of(VenueRow),
    )
    query = (
        select(
            *reports.named(
                reports.field_names(ShowInfo),
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
    rows = session.connection().execute(query)
    return [ShowInfo(**row._mapping) for row in rows]


def set_excluded(session: Session, show_id: int, excluded: bool, reason: str) -> None:
    """
    Exclude a show from the figures, or include it again. Excluded again without a
    reason, it keeps the one it has.

    Raises: `NotFound` where there is no such show.
    """
    table = table_of(ShowRow)
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
    Delete a show that nothing feeds, and its production if that was its only show.

    Raises: `NotFound` where there is no such show.
    """
    table, productions = table_of(ShowRow), table_of(ProductionRow)
    connection = session.connection()
    show = get_show(session, show_id)
    audit.record(session, _decision("remove", show, before={"venue": show.venue}))
    production_id = connection.execute(
        select(table.c.production_id).where(table.c.id == show_id)
    ).scalar()
    connection.execute(delete(table).where(table.c.id == show_id))
    left = select(table.c.id).where(table.c.production_id == production_id)
    if connection.execute(left).first() is None:
        connection.execute(delete(productions).where(productions.c.id == production_id))


def is_taken(session: Session, show_id: int, starts_at: datetime) -> bool:
    """
    Whether another show of the same production at the same venue starts at that time.
    """
    table = table_of(ShowRow)
    same = (
        select(table.c.production_id, table.c.venue_id)
        .where(table.c.id == show_id)
        .subquery()
    )
    query = select(table.c.id).where(
        table.c.id != show_id,
        table.c.production_id == same.c.production_id,
        table.c.venue_id == same.c.venue_id,
        table.c.starts_at == starts_at,
    )
    return session.connection().execute(query).first() is not None


def move_show(session: Session, show_id: int, starts_at: datetime) -> None:
    """
    Set a show's new start, as its platform reported it.
    """
    table = table_of(ShowRow)
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
    The local time, as on a poster: `2026-11-27 19:30`.
    """
    return f"{clock.local(starts_at, zone):%Y-%m-%d %H:%M}"


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
    return Decision(action, "show", _name(show), show.id, before, after or {})


def _name(show: ShowInfo) -> str:
    return f"{show.production} {show.starts_local}"
