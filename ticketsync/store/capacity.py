"""
How full a show is: its capacity, the tickets sold, and the word for it.

The capacity is that of our own box office, where it sells the seats of all platforms,
else the show's own, else the sum over its linked occurrences; where one of
them has none, the sum would be too low and the capacity is unknown, as is 0. Sold are
the tickets in the figures, over all accounts and currencies.

The levels are declared once, with operators that both Python numbers and SQL columns
have, so that views and pages agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    select,
)

from ticketsync.store import counted
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import occurrences, show_links, shows
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.types import whole_sum

OVERSOLD: Final = "oversold"
FULL: Final = "full"
NEARLY: Final = "nearly"  # 90 % and more
ROOM: Final = ""
WORDS: Final = {NEARLY: "nearly full"}  # where people see another word

# (word, whether it applies to `sold` of `capacity`), the fullest first
LEVELS: Final[tuple[tuple[str, Callable[[Any, Any], Any]], ...]] = (
    (OVERSOLD, lambda sold, capacity: sold > capacity),
    (FULL, lambda sold, capacity: sold == capacity),
    (NEARLY, lambda sold, capacity: sold * 10 >= capacity * 9),
)


@dataclass(frozen=True, slots=True)
class Seats:
    """
    The seats of one show; `capacity` is `None` where it is unknown.
    """

    capacity: int | None = None
    sold: int = 0

    @property
    def fullness(self) -> str:
        return fullness(self.sold, self.capacity)

    @property
    def words(self) -> str:
        """
        How full it is, for people; empty where there is room.
        """
        return in_words(self.fullness)

    @property
    def is_oversold(self) -> bool:
        return self.fullness == OVERSOLD


def fullness(sold: int, capacity: int | None) -> str:
    """
    How full a show is, in a word.
    """
    if not capacity:
        return ROOM
    return next((word for word, applies in LEVELS if applies(sold, capacity)), ROOM)


def in_words(level: str) -> str:
    return WORDS.get(level, level)


def show_seats() -> Select[Any]:
    """
    Every show with its `capacity`, `tickets_sold` and `fullness`.
    """
    sold, of_occurrences = (
        _sold().subquery("sold"),
        _occurrence_capacity().subquery("offered"),
    )
    capacity = func.nullif(
        func.coalesce(
            boxoffice_shows.c.capacity, shows.c.capacity, of_occurrences.c.capacity
        ),
        0,
    )
    number = func.coalesce(sold.c.tickets_sold, 0)
    return (
        select(
            shows.c.id.label("show_id"),
            capacity.label("capacity"),
            number.label("tickets_sold"),
            _level(number, capacity).label("fullness"),
        )
        .select_from(shows)
        .outerjoin(
            boxoffice_shows,
            and_(boxoffice_shows.c.show_id == shows.c.id, _sells_all_seats()),
        )
        .outerjoin(sold, sold.c.show_id == shows.c.id)
        .outerjoin(of_occurrences, of_occurrences.c.show_id == shows.c.id)
    )


def admitting_seats() -> Select[Any]:
    """
    The same columns for the shows whose seats our own box office sells beside other
    platforms. Sold are the tickets that admit somebody, as where seats are allocated:
    also those whose sales do not count.
    """
    capacity = func.nullif(
        func.coalesce(boxoffice_shows.c.capacity, shows.c.capacity), 0
    )
    number = func.count()
    return (
        select(
            shows.c.id.label("show_id"),
            capacity.label("capacity"),
            number.label("tickets_sold"),
            _level(number, capacity).label("fullness"),
        )
        .select_from(counted.admitting_tickets())
        .join(boxoffice_shows, boxoffice_shows.c.show_id == shows.c.id)
        .where(_sells_all_seats())
        .group_by(shows.c.id, boxoffice_shows.c.capacity, shows.c.capacity)
    )


def sells_all_seats(connection: Connection) -> bool:
    """
    Whether there is any show of `admitting_seats`.
    """
    query = select(boxoffice_shows.c.show_id).where(_sells_all_seats()).limit(1)
    return connection.execute(query).first() is not None


def _sells_all_seats() -> ColumnElement[bool]:
    return boxoffice_shows.c.counts_other_platforms


def _level(sold: Any, capacity: Any) -> ColumnElement[Any]:
    known = capacity.is_not(None)
    return case(
        *((and_(known, applies(sold, capacity)), word) for word, applies in LEVELS),
        else_=ROOM,
    )


def _sold() -> Select[Any]:
    return select(
        show_financials.c.show_id,
        whole_sum(show_financials.c.tickets_sold).label("tickets_sold"),
    ).group_by(show_financials.c.show_id)


def _occurrence_capacity() -> Select[Any]:
    """
    The capacity of the occurrences whose sales count, where all of them have one.
    """
    is_known = func.count(occurrences.c.capacity) == func.count()
    return (
        select(
            show_links.c.show_id,
            case((is_known, whole_sum(occurrences.c.capacity))).label("capacity"),
        )
        .select_from(counted.counted_links())
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .where(occurrences.c.status != "cancelled")
        .group_by(show_links.c.show_id)
    )
