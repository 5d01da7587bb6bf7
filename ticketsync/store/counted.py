"""
Which tickets count for a show, and which admit somebody to it.

There are two rules, and every query over tickets uses one of them. *Money*: the link is
on, its sales are on, the show is not excluded. *Door*: the link is on; switching sales
off or excluding a show removes nobody from the door list.

A voucher that an order sold counts for no show: the venue owes it until it pays. It is
a line of the order without a show, whatever the switches are: `is_of_show()` keeps it
out of every rule, `is_voucher_sale()` finds it.

A link is on if its own switch is, that of its event and that of its show's production;
the same holds for its sales. What is switched off above a link is asked once for each
query, by subqueries that begin at the few productions and events switched off.

Each rule is a join to select from, with the columns of the tables. It is built once:
building it takes longer than what a door's scan does with it. No other module may
compare the switches or the kinds of tickets: `tests/test_architecture.py` checks it.
"""

from __future__ import annotations

import functools

from sqlalchemy import ColumnElement, Join, Select, and_, case, func, select

from ticketsync.core.records import LineKind
from ticketsync.store.tables.catalogue import (
    occurrences,
    production_links,
    productions,
    show_links,
    shows,
)
from ticketsync.store.tables.door import admissions
from ticketsync.store.tables.sales import tickets

DATE, EVENT, PRODUCTION = "date", "event", "production"  # the levels of a switch
_SYNC, _SALES = "sync_enabled", "sync_ticket_sales"


def is_followed() -> ColumnElement[bool]:
    """
    Whether a link is switched on, at every level: the door rule.
    """
    return _is_on(_SYNC)


def brings_sales() -> ColumnElement[bool]:
    """
    Whether a link and its sales are switched on, at every level.
    """
    return and_(is_followed(), _is_on(_SALES))


def sync_off_at() -> ColumnElement[str]:
    """
    The highest level at which a link is switched off; null if it is on.
    """
    return _off_at(_SYNC)


def sales_off_at() -> ColumnElement[str]:
    """
    The highest level at which a link's sales are switched off; null if they are on.
    """
    return _off_at(_SALES)


@functools.cache
def _is_on(switch: str) -> ColumnElement[bool]:
    return and_(
        show_links.c[switch],
        show_links.c.show_id.not_in(_shows_off(switch)),
        show_links.c.occurrence_id.not_in(_occurrences_off(switch)),
    )


@functools.cache
def _off_at(switch: str) -> ColumnElement[str]:
    return case(
        (show_links.c.show_id.in_(_shows_off(switch)), PRODUCTION),
        (show_links.c.occurrence_id.in_(_occurrences_off(switch)), EVENT),
        (~show_links.c[switch], DATE),
    )


def _shows_off(switch: str) -> Select[tuple[int]]:
    """
    The shows whose production is switched off. The tables are aliases, so that the
    subquery stands for itself in any query.
    """
    production, show = productions.alias("production_off"), shows.alias("show_off")
    switched_off = select(production.c.id).where(~production.c[switch])
    return select(show.c.id).where(show.c.production_id.in_(switched_off))


def _occurrences_off(switch: str) -> Select[tuple[int]]:
    """
    The occurrences whose event is switched off.
    """
    link = production_links.alias("event_off")
    occurrence = occurrences.alias("occurrence_off")
    switched_off = select(link.c.event_id).where(~link.c[switch])
    return select(occurrence.c.id).where(occurrence.c.event_id.in_(switched_off))


def is_event_on() -> ColumnElement[bool]:
    """
    Whether nothing is switched off for an event: a condition on its production link.
    """
    return and_(production_links.c[_SYNC], production_links.c[_SALES])


def takes_part() -> ColumnElement[bool]:
    """
    Whether a show is not excluded.
    """
    return ~shows.c.is_excluded


def is_listed_as(status: str) -> ColumnElement[bool]:
    """
    Whether an occurrence has this status (`on_sale`, `closed`) and is still listed.
    """
    return and_(occurrences.c.status == status, occurrences.c.gone_since.is_(None))


def is_counted() -> ColumnElement[bool]:
    """
    Whether the sales of a linked occurrence count for its show: the money rule.
    """
    return and_(brings_sales(), takes_part())


def admits() -> ColumnElement[bool]:
    """
    Whether a ticket still admits somebody.
    """
    return tickets.c.is_sold


def is_admission() -> ColumnElement[bool]:
    """
    Whether a line of an order is a ticket, that still admits somebody or does not.
    """
    return tickets.c.kind == LineKind.ADMISSION.value


def is_voucher_sale() -> ColumnElement[bool]:
    """
    Whether a line of an order is a voucher that was sold.
    """
    return tickets.c.kind == LineKind.VOUCHER_SALE.value


def is_of_show() -> ColumnElement[bool]:
    """
    Whether a line of an order may count for a show: it is no voucher that was sold.
    """
    return tickets.c.kind != LineKind.VOUCHER_SALE.value


@functools.cache
def links_and_shows() -> Join:
    """
    Every link with its show, regardless of the switches.
    """
    return show_links.join(shows, shows.c.id == show_links.c.show_id)


@functools.cache
def followed_links() -> Join:
    """
    Links and shows by the door rule.
    """
    return show_links.join(
        shows, and_(shows.c.id == show_links.c.show_id, is_followed())
    )


@functools.cache
def counted_links() -> Join:
    """
    Links and shows by the money rule.
    """
    return show_links.join(
        shows, and_(shows.c.id == show_links.c.show_id, is_counted())
    )


@functools.cache
def counted_tickets() -> Join:
    """
    Links, shows and tickets by the money rule. Includes cancelled and void tickets,
    because their money was charged and returned; `admits()` says which still admit
    somebody.
    """
    return _with_tickets(counted_links(), is_of_show())


@functools.cache
def vouchers_sold_with_shows() -> Join:
    """
    The vouchers that were sold in orders placed for shows that count: they count for
    none of these shows.
    """
    return _with_tickets(counted_links(), is_voucher_sale())


@functools.cache
def is_counted_ticket() -> ColumnElement[bool]:
    """
    The money rule as a condition on tickets: whether one is in `counted_tickets()`. For
    queries that begin at orders: it asks for the few occurrences that do not count.
    """
    link = select(show_links.c.occurrence_id).select_from(counted_links())
    occurrence = occurrences.alias("uncounted")
    uncounted = select(occurrence.c.id).where(
        occurrence.c.id.not_in(link.correlate(None))
    )
    return and_(is_of_show(), tickets.c.occurrence_id.not_in(uncounted.correlate(None)))


@functools.cache
def door_tickets() -> Join:
    """
    Links, shows and tickets by the door rule, with the admissions that our own doors
    recorded; includes tickets that no longer admit anybody.
    """
    return _at_the_door()


@functools.cache
def admitting_tickets() -> Join:
    """
    `door_tickets()` without those that no longer admit anybody.
    """
    return _at_the_door(admits())


def _at_the_door(*restrictions: ColumnElement[bool]) -> Join:
    joined = _with_tickets(followed_links(), is_admission(), *restrictions)
    return with_admissions(joined)


def _with_tickets(joined: Join, *restrictions: ColumnElement[bool]) -> Join:
    same = show_links.c.occurrence_id == tickets.c.occurrence_id
    return joined.join(tickets, and_(same, *restrictions))


def with_admissions(joined: Join) -> Join:
    """
    The join with the admissions that our own doors recorded.
    """
    return joined.outerjoin(admissions, admissions.c.ticket_id == tickets.c.id)


def is_checked_in() -> ColumnElement[bool]:
    """
    Whether the ticket's guest is in: as our doors recorded if they ever scanned it,
    else as the platform reports. Needs `with_admissions`.
    """
    return func.coalesce(admissions.c.is_in, tickets.c.is_checked_in)


def is_admitted() -> ColumnElement[bool]:
    """
    Whether a ticket that still admits somebody is in: what `checked_in` counts. Needs
    `with_admissions`.
    """
    return case((admits(), is_checked_in()), else_=0)
