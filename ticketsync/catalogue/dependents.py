"""
What hangs on shows: links, orders, figures, scans at the door, lines of closed months.
It is shown before a show, production or venue is changed, and books are never removed
with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Table, func, select

from ticketsync.core import errors
from ticketsync.core.plurals import number_of
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.door import scans
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.tables.periods import period_lines
from ticketsync.store.tables.sales import tickets
from ticketsync.store.upsert import rows_among


@dataclass(frozen=True, slots=True)
class Dependents:
    """
    How many of each belong to some shows. `figures` are rows of `show_financials`.
    """

    shows: int = 0
    links: int = 0
    orders: int = 0
    tickets: int = 0
    figures: int = 0
    scans: int = 0
    closed: int = 0

    @property
    def has_books(self) -> bool:
        """
        Whether something was sold, scanned or closed, which must not be removed: the
        next show would get the id that closed lines have.
        """
        return bool(self.orders or self.tickets or self.scans or self.closed)

    def __str__(self) -> str:
        """
        In words, without what there is none of.
        """
        names = ("show", "link", "order", "ticket", "scan", "line of a closed month")
        several = {names[-1]: "lines of closed months"}
        counts = (
            *(self.shows, self.links, self.orders, self.tickets, self.scans),
            self.closed,
        )
        words = [
            number_of(count, name, several.get(name, ""))
            for count, name in zip(counts, names, strict=True)
            if count
        ]
        return ", ".join(words) or "nothing"


def count_dependents(connection: Connection, show_ids: Iterable[int]) -> Dependents:
    """
    What hangs on these shows.
    """
    wanted = sorted(set(show_ids))
    sold = (
        select(
            show_links.c.show_id,
            func.count(tickets.c.order_id.distinct()).label("orders"),
            func.count().label("tickets"),
        )
        .join(tickets, tickets.c.occurrence_id == show_links.c.occurrence_id)
        .group_by(show_links.c.show_id)
    )
    sold_rows = list(rows_among(connection, sold, show_links.c.show_id, wanted))

    def number(table: Table) -> int:
        query = select(func.count().label("number")).select_from(table)
        rows = rows_among(connection, query, table.c.show_id, wanted)
        return sum(int(row.number) for row in rows)

    return Dependents(
        shows=len(wanted),
        links=number(show_links),
        orders=sum(int(row.orders) for row in sold_rows),
        tickets=sum(int(row.tickets) for row in sold_rows),
        figures=number(show_financials),
        scans=number(scans),
        closed=number(period_lines),
    )


def list_closed(connection: Connection, show_ids: Iterable[int]) -> set[int]:
    """
    Those of these shows that closed months have lines of.
    """
    query = select(period_lines.c.show_id).distinct()
    rows = rows_among(connection, query, period_lines.c.show_id, sorted(set(show_ids)))
    return {row.show_id for row in rows}


def count_orders(connection: Connection, occurrence_ids: Iterable[int]) -> int:
    """
    How many orders have tickets of these occurrences, by our ids.
    """
    wanted = sorted(set(occurrence_ids))
    query = select(tickets.c.order_id).distinct()
    rows = rows_among(connection, query, tickets.c.occurrence_id, wanted)
    return len({row.order_id for row in rows})


def refuse_books(found: Dependents, subject: str, exclude: str) -> None:
    """
    Refuse to remove what something was sold for; `exclude` is the show to exclude
    instead, or `SHOW`.

    Raises: `GuardRefused` (`guard-books`).
    """
    if found.has_books:
        raise errors.GuardRefused(
            f"{subject} has {found}: they would belong to no show any more.",
            hint=f"Use `ticketsync shows exclude {exclude}`, which keeps the books.",
            word="guard-books",
        )
