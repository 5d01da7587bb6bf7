"""
How each show stood when the venue was last told of its sales: what is news follows from
the figures, so that nothing is told twice and nothing is lost where a message fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlmodel import Session

from ticketsync.store import counted
from ticketsync.store.tables.catalogue import Occurrence, Production, Show, ShowLink
from ticketsync.store.tables.financials import ShowFinancials
from ticketsync.store.tables.notices import SaleNotice
from ticketsync.store.upsert import table_of, upsert

FULL = "full"
NEARLY = "nearly"  # 90 % and more
ROOM = ""

Key = tuple[int, str]  # a show and a currency


@dataclass(frozen=True, slots=True)
class Standing:
    """
    One show in one currency as it stands. `capacity` is the show's own, else what its
    platforms have for sale together; amounts are minor units.
    """

    show_id: int
    currency: str
    production: str
    starts_at: datetime
    starts_local: str
    capacity: int | None
    tickets_sold: int
    gross: int
    refunded: int

    @property
    def key(self) -> Key:
        return self.show_id, self.currency


@dataclass(frozen=True, slots=True)
class Told:
    """
    What is on record of it.
    """

    tickets_sold: int
    gross: int
    refunded: int
    fullness: str
    told_at: datetime


NEVER = Told(0, 0, 0, ROOM, datetime.min.replace(tzinfo=UTC))


def standings(session: Session) -> list[Standing]:
    """
    Every show with figures, in the order they play.
    """
    figures, shows = table_of(ShowFinancials), table_of(Show)
    works, links, dates = (
        table_of(Production),
        table_of(ShowLink),
        table_of(Occurrence),
    )
    offered = (
        select(links.c.show_id, func.sum(dates.c.capacity).label("capacity"))
        .select_from(counted.counted_links())
        .join(dates, dates.c.id == links.c.occurrence_id)
        .group_by(links.c.show_id)
        .subquery("offered")
    )
    rows = session.connection().execute(
        select(
            shows.c.id,
            figures.c.currency,
            works.c.title,
            shows.c.starts_at,
            shows.c.starts_local,
            func.coalesce(shows.c.capacity, offered.c.capacity),
            func.sum(figures.c.tickets_sold),
            func.sum(figures.c.gross),
            func.sum(figures.c.refunded),
        )
        .join(shows, shows.c.id == figures.c.show_id)
        .join(works, works.c.id == shows.c.production_id)
        .outerjoin(offered, offered.c.show_id == shows.c.id)
        .group_by(
            shows.c.id,
            figures.c.currency,
            works.c.title,
            shows.c.starts_at,
            shows.c.starts_local,
            shows.c.capacity,
            offered.c.capacity,
        )
        .order_by(shows.c.starts_at, shows.c.id, figures.c.currency)
    )
    return [
        Standing(*row[:5], None if row[5] is None else int(row[5]), *map(int, row[6:]))
        for row in rows
    ]


def on_record(session: Session) -> dict[Key, Told]:
    table = table_of(SaleNotice)
    return {
        (row.show_id, row.currency): Told(
            row.tickets_sold, row.gross, row.refunded, row.fullness, row.told_at
        )
        for row in session.connection().execute(select(table))
    }


def put(
    session: Session,
    standings: Iterable[Standing],
    fullness: Mapping[Key, str],
    now: datetime,
) -> None:
    """
    Remember that this was told.
    """
    rows = [
        {
            "show_id": item.show_id,
            "currency": item.currency,
            "tickets_sold": item.tickets_sold,
            "gross": item.gross,
            "refunded": item.refunded,
            "fullness": fullness[item.key],
            "told_at": now,
        }
        for item in standings
    ]
    upsert(session, SaleNotice, rows, key=["show_id", "currency"])


def fullness(sold: int, capacity: int | None, before: str) -> str:
    """
    How full a house is, in a word; one that was nearly full stays so down to 85 %, so
    that a seat given back and sold again is not told each time.
    """
    if not capacity:
        return ROOM
    if sold >= capacity:
        return FULL
    share = sold / capacity
    if share >= 0.9 or (before in (NEARLY, FULL) and share >= 0.85):
        return NEARLY
    return ROOM
