"""
The figures of each show when the venue was last notified of its sales. What is new is
derived from the figures, so that nothing is reported twice, and nothing is lost when a
message fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, select, update

from ticketsync.store import capacity
from ticketsync.store.tables.catalogue import productions, shows
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.tables.notices import sale_notices
from ticketsync.store.upsert import upsert

OVERSOLD = capacity.OVERSOLD
FULL = capacity.FULL
NEARLY = capacity.NEARLY
ROOM = capacity.ROOM
_RISING = (ROOM, NEARLY, FULL, OVERSOLD)
STAYS_NEARLY_FULL = 17  # twentieths (85 %) down to which a show stays nearly full

Key = tuple[int, str]  # a show and a currency


@dataclass(frozen=True, slots=True)
class ShowSales:
    """
    The present sales of one show in one currency. `capacity` is by the rule of
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
class LastNotice:
    """
    The figures when the venue was last notified.
    """

    tickets_sold: int
    gross: int
    refunded: int
    fullness: str
    notified_at: datetime


NO_NOTICE = LastNotice(0, 0, 0, ROOM, datetime.min.replace(tzinfo=UTC))


def read_show_sales(connection: Connection) -> list[ShowSales]:
    """
    Every show with figures, in the order they play.
    """
    seats = capacity.show_seats().subquery("seats")
    by_show = (
        shows.c.id,
        show_financials.c.currency,
        productions.c.title,
        shows.c.starts_at,
        shows.c.starts_local,
        seats.c.capacity,
        seats.c.tickets_sold,
    )
    rows = connection.execute(
        select(
            *by_show,
            func.sum(show_financials.c.tickets_sold),
            func.sum(show_financials.c.gross),
            func.sum(show_financials.c.refunded),
        )
        .select_from(show_financials)
        .join(shows, shows.c.id == show_financials.c.show_id)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(seats, seats.c.show_id == shows.c.id)
        .group_by(*by_show)
        .order_by(shows.c.starts_at, shows.c.id, show_financials.c.currency)
    )
    return [ShowSales(*row[:7], *map(int, row[7:])) for row in rows]


def read_notices(connection: Connection) -> dict[Key, LastNotice]:
    return {
        (row.show_id, row.currency): LastNotice(
            row.tickets_sold, row.gross, row.refunded, row.fullness, row.told_at
        )
        for row in connection.execute(select(sale_notices))
    }


def record_notices(
    connection: Connection,
    show_sales: Iterable[ShowSales],
    fullness: Mapping[Key, str],
    now: datetime,
) -> None:
    """
    Record that the venue was notified of these.
    """
    recorded = read_notices(connection)
    rows = [
        {
            "show_id": item.show_id,
            "currency": item.currency,
            "tickets_sold": item.tickets_sold,
            "gross": item.gross,
            "refunded": item.refunded,
            "fullness": fullness_to_record(
                fullness[item.key], recorded.get(item.key, NO_NOTICE).fullness
            ),
            "told_at": now,
        }
        for item in show_sales
    ]
    upsert(connection, sale_notices, rows, key=["show_id", "currency"])


def forget_shows(connection: Connection, show_ids: Iterable[int]) -> None:
    """
    Forget what was notified about shows that are to be removed.
    """
    is_one = sale_notices.c.show_id.in_(list(show_ids))
    connection.execute(delete(sale_notices).where(is_one))


def record_fullness(connection: Connection, words: Mapping[Key, str]) -> None:
    """
    Record how full shows are now, without a notification.
    """
    for (show_id, currency), word in words.items():
        connection.execute(
            update(sale_notices)
            .where(
                sale_notices.c.show_id == show_id, sale_notices.c.currency == currency
            )
            .values(fullness=word)
        )


def changed_fullness(
    fullness: Mapping[Key, str], recorded: Mapping[Key, LastNotice]
) -> dict[Key, str]:
    """
    Recorded shows that are less full than recorded, with the new word: one that emptied
    is reported again when it fills.
    """
    return {
        key: fullness_to_record(word, recorded[key].fullness)
        for key, word in fullness.items()
        if key in recorded
        and not is_fuller(word, recorded[key].fullness)
        and fullness_to_record(word, recorded[key].fullness) != recorded[key].fullness
    }


def fullness_to_record(now: str, before: str) -> str:
    """
    The word to record for how full a show is. A seat of a full show that is returned
    and sold again is not news, so it stays full until it is below 85 %; only that it is
    no longer oversold is recorded at once.
    """
    if now == NEARLY and before in (FULL, OVERSOLD):
        return FULL
    return now


def is_fuller(now: str, before: str) -> bool:
    """
    Whether a show is fuller than recorded, which is news.
    """
    return _RISING.index(now) > _RISING.index(before)


def fullness(sold: int, capacity_: int | None, before: str) -> str:
    """
    How full a show is, in a word; one that was nearly full stays so down to 85 %, so
    that a seat that is returned and sold again is not reported each time.
    """
    level = capacity.fullness(sold, capacity_)
    if level != ROOM or not capacity_ or before == ROOM:
        return level
    return NEARLY if sold * 20 >= capacity_ * STAYS_NEARLY_FULL else ROOM
