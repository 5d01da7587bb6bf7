"""
How full a show is: its capacity, what all its sources sold of it, and the word for it.

The capacity is the show's own, else what its sources have for sale together; where one
of them does not say, their sum says nothing about the room and it is unknown, as is 0.
Sold is what the figures say, over all accounts and currencies.

The levels are declared once, with operators that Python numbers and SQL columns both
have, so that views and pages cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, cast, func, select

from ticketsync.store import counted
from ticketsync.store.tables.catalogue import Occurrence, Show, ShowLink
from ticketsync.store.tables.financials import ShowFinancials
from ticketsync.store.types import WHOLE
from ticketsync.store.upsert import table_of

OVERSOLD: Final = "oversold"
FULL: Final = "full"
NEARLY: Final = "nearly"  # 90 % and more
ROOM: Final = ""
WORDS: Final = {NEARLY: "nearly full"}  # where the word for people is another

# (word, whether it holds for `sold` of `capacity`), the fullest first
LEVELS: Final[tuple[tuple[str, Callable[[Any, Any], Any]], ...]] = (
    (OVERSOLD, lambda sold, capacity: sold > capacity),
    (FULL, lambda sold, capacity: sold == capacity),
    (NEARLY, lambda sold, capacity: sold * 10 >= capacity * 9),
)


@dataclass(frozen=True, slots=True)
class Seats:
    """
    The seats of one show; `capacity` is `None` where nobody says it.
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
    return next((word for word, holds in LEVELS if holds(sold, capacity)), ROOM)


def in_words(level: str) -> str:
    return WORDS.get(level, level)


def show_seats() -> Select[Any]:
    """
    Every show with its `capacity`, `tickets_sold` and `fullness`.
    """
    shows = table_of(Show)
    sold, offered = _sold().subquery("sold"), _offered().subquery("offered")
    capacity = func.nullif(func.coalesce(shows.c.capacity, offered.c.capacity), 0)
    number = func.coalesce(sold.c.tickets_sold, 0)
    return (
        select(
            shows.c.id.label("show_id"),
            capacity.label("capacity"),
            number.label("tickets_sold"),
            _level(number, capacity).label("fullness"),
        )
        .select_from(shows)
        .outerjoin(sold, sold.c.show_id == shows.c.id)
        .outerjoin(offered, offered.c.show_id == shows.c.id)
    )


def _level(sold: Any, capacity: Any) -> ColumnElement[Any]:
    known = capacity.is_not(None)
    return case(
        *((and_(known, holds(sold, capacity)), word) for word, holds in LEVELS),
        else_=ROOM,
    )


def _sold() -> Select[Any]:
    figures = table_of(ShowFinancials)
    return select(
        figures.c.show_id,
        cast(func.sum(figures.c.tickets_sold), WHOLE).label("tickets_sold"),
    ).group_by(figures.c.show_id)


def _offered() -> Select[Any]:
    """
    What the sources whose sales count have for sale, where all of them say.
    """
    links, dates = table_of(ShowLink), table_of(Occurrence)
    all_say = func.count(dates.c.capacity) == func.count()
    return (
        select(
            links.c.show_id,
            case((all_say, cast(func.sum(dates.c.capacity), WHOLE))).label("capacity"),
        )
        .select_from(counted.counted_links())
        .join(dates, dates.c.id == links.c.occurrence_id)
        .where(dates.c.status != "cancelled")
        .group_by(links.c.show_id)
    )
