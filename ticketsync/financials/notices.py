"""
How each show stood when the venue was last told of its sales: what is news follows from
the figures, so that nothing is told twice and nothing is lost where a message fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select, update
from sqlmodel import Session

from ticketsync.store import capacity
from ticketsync.store.tables.catalogue import Production, Show
from ticketsync.store.tables.financials import ShowFinancials
from ticketsync.store.tables.notices import SaleNotice
from ticketsync.store.upsert import table_of, upsert

OVERSOLD = capacity.OVERSOLD
FULL = capacity.FULL
NEARLY = capacity.NEARLY
ROOM = capacity.ROOM
_RISING = (ROOM, NEARLY, FULL, OVERSOLD)
STAYS_NEARLY = 17  # twentieths (85 %), once it was nearly full

Key = tuple[int, str]  # a show and a currency


@dataclass(frozen=True, slots=True)
class Standing:
    """
    One show in one currency as it stands. `capacity` is by the rule of
    `store.capacity`, `sold_in_all` over all currencies; amounts are minor units.
    """

    show_id: int
    currency: str
    production: str
    starts_at: datetime
    starts_local: str
    capacity: int | None
    sold_in_all: int
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
    productions = table_of(Production)
    seats = capacity.show_seats().subquery("seats")
    by_show = (
        shows.c.id,
        figures.c.currency,
        productions.c.title,
        shows.c.starts_at,
        shows.c.starts_local,
        seats.c.capacity,
        seats.c.tickets_sold,
    )
    rows = session.connection().execute(
        select(
            *by_show,
            func.sum(figures.c.tickets_sold),
            func.sum(figures.c.gross),
            func.sum(figures.c.refunded),
        )
        .select_from(figures)
        .join(shows, shows.c.id == figures.c.show_id)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(seats, seats.c.show_id == shows.c.id)
        .group_by(*by_show)
        .order_by(shows.c.starts_at, shows.c.id, figures.c.currency)
    )
    return [Standing(*row[:7], *map(int, row[7:])) for row in rows]


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
    held = on_record(session)
    rows = [
        {
            "show_id": item.show_id,
            "currency": item.currency,
            "tickets_sold": item.tickets_sold,
            "gross": item.gross,
            "refunded": item.refunded,
            "fullness": to_remember(
                fullness[item.key], held.get(item.key, NEVER).fullness
            ),
            "told_at": now,
        }
        for item in standings
    ]
    upsert(session, SaleNotice, rows, key=["show_id", "currency"])


def note_fullness(session: Session, words: Mapping[Key, str]) -> None:
    """
    Remember how full shows are now, whatever else was told of them.
    """
    table = table_of(SaleNotice)
    for (show_id, currency), word in words.items():
        session.connection().execute(
            update(table)
            .where(table.c.show_id == show_id, table.c.currency == currency)
            .values(fullness=word)
        )


def changed_fullness(
    fullness: Mapping[Key, str], held: Mapping[Key, Told]
) -> dict[Key, str]:
    """
    Shows on record that are less full than is remembered, with what to remember: one
    that emptied is announced again when it fills.
    """
    return {
        key: to_remember(word, held[key].fullness)
        for key, word in fullness.items()
        if key in held
        and not is_fuller(word, held[key].fullness)
        and to_remember(word, held[key].fullness) != held[key].fullness
    }


def to_remember(now: str, before: str) -> str:
    """
    What is on record of how full a show is. A seat given back of a full show and sold
    again is no news, so it stays full until it emptied below 85 %; only that it is
    oversold no longer is noted at once.
    """
    if now == NEARLY and before in (FULL, OVERSOLD):
        return FULL
    return now


def is_fuller(now: str, before: str) -> bool:
    """
    Whether that is news: fuller than what is on record.
    """
    return _RISING.index(now) > _RISING.index(before)


def fullness(sold: int, capacity_: int | None, before: str) -> str:
    """
    How full a show is, in a word; one that was nearly full stays so down to 85 %, so
    that a seat given back and sold again is not told each time.
    """
    level = capacity.fullness(sold, capacity_)
    if level != ROOM or not capacity_ or before == ROOM:
        return level
    return NEARLY if sold * 20 >= capacity_ * STAYS_NEARLY else ROOM
