"""
How far a new installation is: what a person has to do until the first figures.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Table, select

from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import occurrences, show_links, venues
from ticketsync.store.tables.sales import orders


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """
    What there is already: our venue, a platform with its listing, links to shows of
    ours, orders.
    """

    has_venue: bool
    has_accounts: bool
    has_listing: bool
    has_links: bool
    has_orders: bool

    @property
    def are_done(self) -> bool:
        return self.has_links and self.has_orders

    @property
    def next_one(self) -> int:
        """
        The number of the step to do next, from 1 to 4.
        """
        done = (self.has_venue, self.has_listing, self.has_links)
        return next((n for n, is_done in enumerate(done, 1) if not is_done), 4)


def read_first_steps(connection: Connection) -> FirstSteps:
    """
    What there is in this database.
    """
    return FirstSteps(
        has_venue=_is_any(connection, venues),
        has_accounts=_is_any(connection, accounts),
        has_listing=_is_any(connection, occurrences),
        has_links=_is_any(connection, show_links),
        has_orders=_is_any(connection, orders),
    )


def _is_any(connection: Connection, table: Table) -> bool:
    return connection.execute(select(table.c.id).limit(1)).first() is not None
