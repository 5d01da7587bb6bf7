"""
Orders of dates that are linked to no show: they are in no figure of one. Dates that a
person refused are left out, as in `waiting.list_unmatched`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, func, null, or_, select

from ticketsync.core.date_keys import date_key, group_parts
from ticketsync.core.money import Money
from ticketsync.core.plurals import number_of
from ticketsync.reporting import waiting_rows
from ticketsync.reporting.figure_filter import EVERYTHING, FigureFilter
from ticketsync.store import counted, query_results
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import (
    occurrences,
    production_links,
    productions,
    show_links,
    venues,
)
from ticketsync.store.tables.sales import tickets

MATCH: Final = "ticketsync match"
LINK: Final = (
    "ticketsync events list --unlinked, and ticketsync link DATE SHOW; what is none of "
    "your shows stays out"
)


@dataclass(frozen=True, slots=True)
class UnlinkedOrders:
    """
    How many orders belong to dates without a show, of how many dates, and what they
    charged: one amount for each currency. `can_match` says that matching asks for the
    show of one of them: not where each is no longer listed, or has no date, as drinks.
    `in_any_period` of the dates have no known day, and are there whatever period was
    chosen; none of them where all time was.
    """

    orders: int
    dates: int
    charged: tuple[Money, ...]
    can_match: bool = True
    in_any_period: int = 0

    @property
    def next_step(self) -> str:
        return MATCH if self.can_match else LINK

    @property
    def text(self) -> str:
        """
        For example: 47 orders (651.00 AUD) belong to 2 dates that are linked to no show
        """
        belong = "belongs" if self.orders == 1 else "belong"
        linked = "is linked" if self.dates == 1 else "are linked"
        amounts = ", ".join(str(amount) for amount in self.charged)
        return (
            f"{number_of(self.orders, 'order')} ({amounts}) {belong} to "
            f"{number_of(self.dates, 'date')} that {linked} to no show"
        )

    @property
    def after_matching(self) -> str:
        """
        The same where matching has no question left.
        """
        return (
            f"Matching has no question left, but {self.text}: it does not ask about a "
            "date that has no day or is no longer listed"
        )

    def __str__(self) -> str:
        text = f"{self.text}, and {'is' if self.orders == 1 else 'are'} in no line"
        if not self.in_any_period:
            return text
        is_one = self.in_any_period == 1
        dates = "This date" if is_one else "These dates"
        if self.in_any_period < self.dates:
            dates = f"{self.in_any_period:,} of these dates"
        has, it = ("has", "it is") if is_one else ("have", "they are")
        return f"{text}. {dates} {has} no known day: {it} named for every period"


def find_unlinked(
    connection: Connection, chosen: FigureFilter = EVERYTHING
) -> UnlinkedOrders | None:
    """
    What is missing in the figures chosen, `None` if nothing is. An order whose date
    does not say otherwise may be of the venue or the production that is asked for.
    """
    is_missing = _is_missing(chosen)
    count = select(func.count(tickets.c.order_id.distinct()))
    orders = connection.scalar(count.where(*is_missing))
    if not orders:
        return None
    of_orders = select(tickets.c.occurrence_id).where(*is_missing)
    sums = (
        select(tickets.c.currency, func.sum(tickets.c.charged))
        .where(*is_missing)
        .group_by(tickets.c.currency)
        .order_by(tickets.c.currency)
    )
    amounts = connection.execute(sums)
    return UnlinkedOrders(
        int(orders),
        _count_dates(connection, of_orders),
        tuple(Money(int(charged), currency) for currency, charged in amounts),
        can_match=_can_match(connection, chosen),
        in_any_period=_count_in_any_period(connection, chosen),
    )


def _count_dates(connection: Connection, ids: Select[tuple[int]]) -> int:
    """
    How many dates these occurrences are: the parts of one are one.
    """
    columns = (occurrences.c.is_dated, occurrences.c.event_id, occurrences.c.starts_at)
    rows = connection.execute(
        select(accounts.c.name.label("account"), null().label("show_id"), *columns)
        .join(accounts, accounts.c.id == occurrences.c.account_id)
        .where(occurrences.c.id.in_(ids))
    )
    return len(group_parts(rows, date_key))


def _count_in_any_period(connection: Connection, chosen: FigureFilter) -> int:
    """
    How many of the dates are there only because nothing says when they are.
    """
    if not _bounds(chosen):
        return 0
    undated = _dates_without_show(chosen).where(~occurrences.c.is_dated)
    count = select(func.count(tickets.c.occurrence_id.distinct()))
    return int(connection.scalar(count.where(*_is_missing(chosen, undated))) or 0)


def _can_match(connection: Connection, chosen: FigureFilter) -> bool:
    """
    Whether `match` asks about one of these dates.
    """
    asked = _dates_without_show(chosen).where(
        occurrences.c.is_dated, occurrences.c.gone_since.is_(None)
    )
    found = select(tickets.c.id).where(*_is_missing(chosen, asked)).limit(1)
    return connection.scalar(found) is not None


def _is_missing(
    chosen: FigureFilter, dates: Select[tuple[int]] | None = None
) -> list[ColumnElement[bool]]:
    """
    The conditions on tickets. They begin at the few dates without a show: whoever
    begins at the tickets looks at every one of them.
    """
    without_show = _dates_without_show(chosen) if dates is None else dates
    return [
        tickets.c.occurrence_id.in_(without_show),
        tickets.c.status != "gone",
        counted.is_of_show(),
        or_(tickets.c.charged != 0, tickets.c.is_sold),
        query_results.is_known(tickets.c.currency),
        *([tickets.c.currency == chosen.currency] if chosen.currency else []),
    ]


def _dates_without_show(chosen: FigureFilter) -> Select[tuple[int]]:
    """
    The dates (our ids) that are linked to no show and may be chosen.
    """
    return (
        select(occurrences.c.id)
        .join(accounts, accounts.c.id == occurrences.c.account_id)
        .outerjoin(show_links, show_links.c.occurrence_id == occurrences.c.id)
        .where(
            *waiting_rows.has_no_show(),
            *([accounts.c.name == chosen.account] if chosen.account else []),
            *_may_start_then(chosen),
            *_may_be_of(chosen),
        )
    )


def _may_start_then(chosen: FigureFilter) -> list[ColumnElement[bool]]:
    """
    Whether a date is in the period, or has no known start.
    """
    return [or_(~occurrences.c.is_dated, bound) for bound in _bounds(chosen)]


def _bounds(chosen: FigureFilter) -> list[ColumnElement[bool]]:
    """
    What a date with a known start has to be in the period, as shows are.
    """
    begin, end = chosen.period.local_starts
    local, start = occurrences.c.starts_local, occurrences.c.starts_at
    return [
        *([] if begin is None else [local >= begin]),
        *([] if end is None else [local < end]),
        *([] if chosen.begins_from is None else [start >= chosen.begins_from]),
        *([] if chosen.begins_before is None else [start < chosen.begins_before]),
    ]


def _may_be_of(chosen: FigureFilter) -> list[ColumnElement[bool]]:
    """
    Whether nothing says that a date is of another venue or production of ours.
    """
    found: list[ColumnElement[bool]] = []
    if chosen.venue:
        others = select(venues.c.name).where(venues.c.name != chosen.venue)
        place = occurrences.c.venue
        found.append(or_(place.is_(None), place.not_in(others)))
    if chosen.production:
        is_other = productions.c.title != chosen.production
        of_others = (
            select(production_links.c.event_id)
            .join(productions, productions.c.id == production_links.c.production_id)
            .where(is_other)
        )
        found.append(occurrences.c.event_id.not_in(of_others))
    return found
