"""
The venue's calendar over all platforms: every show once, with how well it sells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select

from ticketsync.core import clock, invisible_characters, web_address
from ticketsync.core.date_keys import date_key, group_parts
from ticketsync.reporting import fullness
from ticketsync.store import counted
from ticketsync.store.capacity import Seats
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import (
    occurrences,
    productions,
    show_links,
    shows,
    venues,
)
from ticketsync.store.tables.financials import show_financials

# Controls, line and paragraph separators, overrides of the direction of text; half a
# surrogate pair cannot be written at all.
_NOT_IN_CALENDARS = re.compile(
    f"[{invisible_characters.CONTROLS}{invisible_characters.SEPARATORS}{invisible_characters.DIRECTION}"
    f"{invisible_characters.BYTE_ORDER_MARK}{invisible_characters.SURROGATES}]"
)
USUAL_LENGTH = timedelta(hours=2)  # where no platform reports an end


@dataclass(frozen=True, slots=True)
class Source:
    """
    One account that sells a show: how many tickets it sold, and the public URL.
    """

    account: str
    sold: int
    url: str | None
    provider: str = ""
    is_on_sale: bool = False


@dataclass(frozen=True, slots=True)
class Performance:
    """
    One show in the calendar.
    """

    show_id: int
    production: str
    venue: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    seats: Seats
    sources: tuple[Source, ...]

    @property
    def capacity(self) -> int | None:
        return self.seats.capacity

    @property
    def sold(self) -> int:
        return self.seats.sold

    @property
    def sellers(self) -> list[Source]:
        """
        Those where it can be bought now by a link, each account once.
        """
        found: dict[str, Source] = {}
        for source in self.sources:
            if source.is_on_sale and web_address.is_link(source.url):
                found.setdefault(source.account, source)
        return list(found.values())

    @property
    def starts_local(self) -> str:
        """
        The local time, as on the poster.
        """
        return clock.local_text(self.starts_at, self.timezone)

    @property
    def title(self) -> str:
        """
        `Gala (118/180 sold)`, without the capacity where it is unknown; marked where it
        is oversold.
        """
        of = f"/{self.capacity:,}" if self.capacity else ""
        over = ", OVERSOLD" if self.seats.is_oversold else ""
        return f"{self.production} ({self.sold:,}{of} sold{over})"


def list_performances(
    connection: Connection,
    *,
    since: datetime | None = None,
    production: str | None = None,
    most: int | None = None,
) -> list[Performance]:
    """
    Every show that is not excluded, in the order they play: all, those that start at
    `since` or later, those of one production; the first of them, at most so many.
    """
    chosen = select(shows.c.id).where(counted.takes_part())
    if since is not None:
        chosen = chosen.where(shows.c.starts_at >= since)
    if production is not None:
        is_of = productions.c.id == shows.c.production_id
        chosen = chosen.join(productions, is_of).where(
            productions.c.title == production
        )
    if most is not None:
        chosen = chosen.order_by(shows.c.starts_at, shows.c.id).limit(most)
    query = (
        select(shows, productions.c.title, venues.c.name.label("venue"))
        .join(productions, productions.c.id == shows.c.production_id)
        .join(venues, venues.c.id == shows.c.venue_id)
        .where(shows.c.id.in_(chosen))
        .order_by(shows.c.starts_at, shows.c.id)
    )
    sources, ends = _sources(connection, chosen)
    seats = fullness.read_seats(connection)
    return [
        Performance(
            show_id=row.id,
            production=row.title,
            venue=row.venue,
            starts_at=row.starts_at,
            ends_at=max(
                ends.get(row.id, row.starts_at + USUAL_LENGTH),
                row.starts_at + timedelta(minutes=1),
            ),
            timezone=row.timezone,
            seats=seats[row.id],
            sources=tuple(sources.get(row.id, ())),
        )
        for row in connection.execute(query)
    ]


def as_ics(shows: Sequence[Performance], *, name: str, now: datetime) -> bytes:
    """
    An iCalendar file with time zone definitions. A show keeps its UID, so that a
    subscribed calendar updates it and does not add another one.

    Foreign texts are one line without control characters, and only addresses of web
    pages become links.
    """
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//ticketsync//calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _one_line(name))
    for show in shows:
        event = Event()
        event.add("uid", f"show-{show.show_id}@ticketsync")
        event.add("dtstamp", now)
        event.add("dtstart", clock.local(show.starts_at, show.timezone))
        event.add("dtend", clock.local(show.ends_at, show.timezone))
        event.add("summary", _one_line(show.title))
        event.add("location", _one_line(show.venue))
        lines = [
            f"{source.account}: {source.sold:,} sold"
            + (f", {source.url}" if web_address.is_link(source.url) else "")
            for source in show.sources
        ]
        event.add("description", "\n".join(map(_one_line, lines)))
        links = (s.url for s in show.sources if web_address.is_link(s.url))
        if url := next(links, None):
            event.add("url", url)
        calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _one_line(text: str) -> str:
    return _NOT_IN_CALENDARS.sub(" ", text)


def _sources(
    connection: Connection, chosen: Select[tuple[int]]
) -> tuple[dict[int, list[Source]], dict[int, datetime]]:
    """
    What sells each of the chosen shows, and when they end as far as that is listed.
    """
    sold = {
        (row.show_id, row.account_id): int(row.sold)
        for row in connection.execute(
            select(
                show_financials.c.show_id,
                show_financials.c.account_id,
                func.sum(show_financials.c.tickets_sold).label("sold"),
            )
            .where(show_financials.c.show_id.in_(chosen))
            .group_by(show_financials.c.show_id, show_financials.c.account_id)
        )
    }
    rows = connection.execute(
        select(
            show_links.c.show_id,
            occurrences.c.account_id,
            accounts.c.name.label("account"),
            accounts.c.provider,
            counted.is_listed_as("on_sale").label("is_on_sale"),
            occurrences.c.url,
            occurrences.c.ends_at,
            occurrences.c.event_id,
            occurrences.c.starts_at,
            occurrences.c.is_dated,
        )
        .select_from(counted.followed_links())
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .join(accounts, accounts.c.id == occurrences.c.account_id)
        .where(show_links.c.show_id.in_(chosen))
        .order_by(show_links.c.show_id, accounts.c.name, occurrences.c.id)
    )
    found: dict[int, list[Source]] = {}
    ends: dict[int, datetime] = {}
    seen: set[tuple[int, int]] = set()
    for parts in group_parts(rows, date_key):
        first = parts[0]
        for part in parts:
            if part.ends_at is not None:
                known = ends.get(first.show_id, part.ends_at)
                ends[first.show_id] = max(part.ends_at, known)
        # Two dates of one account for one show share its figures: counted once.
        key = (first.show_id, first.account_id)
        count = 0 if key in seen else sold.get(key, 0)
        seen.add(key)
        found.setdefault(first.show_id, []).append(_source(parts, count))
    return found, ends


def _source(parts: Sequence[Any], sold: int) -> Source:
    """
    One date that is linked to a show: it is on sale where any part of it is, at that
    address.
    """
    best = next((part for part in parts if part.is_on_sale and part.url), parts[0])
    return Source(
        best.account,
        sold,
        best.url,
        best.provider,
        any(part.is_on_sale for part in parts),
    )
