"""
Which tickets count for a show, and which admit somebody to it.

Two rules, and every reader of tickets uses one of them. *Money*: the link is on, its
sales are on, the show is not excluded. *Door*: the link is on; neither a switch of the
sales nor an exclusion from the figures takes anybody off the door list.

Each rule is a join to select from; its columns are those of the tables themselves.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Join, and_, func, type_coerce

from ticketsync.store.tables.catalogue import Show, ShowLink
from ticketsync.store.tables.door import Admission
from ticketsync.store.tables.sales import Ticket
from ticketsync.store.types import WHOLE
from ticketsync.store.upsert import table_of


def counted_links() -> Join:
    """
    Links and shows whose sales count: what a show sells through, sold or not.
    """
    links, shows = table_of(ShowLink), table_of(Show)
    return links.join(
        shows,
        and_(
            shows.c.id == links.c.show_id,
            is_set(links.c.sync_enabled),
            is_set(links.c.sync_ticket_sales),
            ~is_set(shows.c.is_excluded),
        ),
    )


def counted_tickets() -> Join:
    """
    Tickets, links and shows by the rule of the money. Cancelled and void tickets are
    among them, because their money was charged and returned; `is_sold` says which
    still admit somebody.
    """
    tickets, links = table_of(Ticket), table_of(ShowLink)
    return tickets.join(
        counted_links(), links.c.occurrence_id == tickets.c.occurrence_id
    )


def door_tickets() -> Join:
    """
    Tickets, links and shows by the rule of the door, with our own doors' word on each
    ticket; those too that admit nobody any more.
    """
    return _at_the_door()


def admitting_tickets() -> Join:
    """
    Those of `door_tickets()` that admit somebody.
    """
    return _at_the_door(is_set(table_of(Ticket).c.is_sold))


def _at_the_door(*restrictions: ColumnElement[bool]) -> Join:
    tickets, links, shows = table_of(Ticket), table_of(ShowLink), table_of(Show)
    door = and_(
        links.c.occurrence_id == tickets.c.occurrence_id,
        is_set(links.c.sync_enabled),
        tickets.c.kind == "admission",
        *restrictions,
    )
    joined = tickets.join(links, door).join(shows, shows.c.id == links.c.show_id)
    return with_admissions(joined)


def with_admissions(joined: Join) -> Join:
    """
    The same with what our own doors say of each ticket, where they ever met it.
    """
    admissions, tickets = table_of(Admission), table_of(Ticket)
    return joined.outerjoin(admissions, admissions.c.ticket_id == tickets.c.id)


def is_checked_in() -> ColumnElement[int]:
    """
    1 where the ticket's guest is in: our doors' word where they ever met the ticket,
    else the platform's. Needs `with_admissions`.
    """
    admissions, tickets = table_of(Admission), table_of(Ticket)
    return func.coalesce(
        type_coerce(admissions.c.is_in, WHOLE),
        type_coerce(tickets.c.is_checked_in, WHOLE),
    )


def is_set(flag: Any) -> ColumnElement[bool]:
    """
    Whether a flag is set, as a comparison that both databases can use.
    """
    return type_coerce(flag, WHOLE) == 1
