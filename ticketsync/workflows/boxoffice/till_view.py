"""
What a till shows of a show: what is left, who is in, the basket, the last sale and the
drawer, as they stand at one moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from ticketsync.boxoffice import placed_orders, seats, shows_on_sale, tills
from ticketsync.boxoffice.placed_orders import PlacedOrder
from ticketsync.boxoffice.shows_on_sale import ShowOnSale
from ticketsync.boxoffice.tills import Drawer, TillSession
from ticketsync.catalogue import shows
from ticketsync.core import clock
from ticketsync.door import attendees
from ticketsync.workflows.boxoffice import availability, cancel_and_refund
from ticketsync.workflows.boxoffice.availability import Availability
from ticketsync.workflows.boxoffice.box_office import BoxOffice


@dataclass(frozen=True, slots=True)
class TillView:
    """
    `basket` is the order that is being sold, `last` the last one of this session, which
    is of `last_show` and of which `last_admitted` guests are in; `admitted` of
    `expected` guests of the till's show are. From `stale_at` on it is not true any
    more, even if nobody has changed anything: a hold is over then, or a sale begins or
    ends.
    """

    left: Availability
    venue: str
    admitted: int
    expected: int
    session: TillSession | None
    drawer: Drawer | None
    basket: PlacedOrder | None
    last: PlacedOrder | None
    stale_at: datetime | None
    last_show: ShowOnSale | None = None
    last_admitted: int = 0


def read_view(
    office: BoxOffice, show_id: int, till: str, basket: str | None
) -> TillView:
    """
    The view of that till, whose basket is the order of that reference.

    Raises: `SaleRefused` (`not-on-sale`) where we do not sell the show.
    """
    with office.database.read() as connection:
        left = availability.get_availability(connection, show_id)
        guests = attendees.count_attendance(connection, show_id)
        session = tills.find_open(connection, till)
        reference = tills.last_order(connection, session) if session else None
        last = placed_orders.get_order(connection, reference) if reference else None
        return TillView(
            left,
            shows.get_show(connection, show_id).venue,
            guests.admitted,
            guests.expected,
            session,
            tills.get_drawer(connection, session) if session else None,
            placed_orders.get_order(connection, basket) if basket else None,
            last,
            _stale_at(connection, left),
            shows_on_sale.get_show(connection, last.show_id) if last else None,
            _count_admitted(connection, last) if last else 0,
        )


def _count_admitted(connection: Connection, order: PlacedOrder) -> int:
    admitted = cancel_and_refund.admitted_of(connection, [order])
    return len(admitted.get(order.reference, ()))


def _stale_at(connection: Connection, left: Availability) -> datetime | None:
    now = clock.now()
    ends = [
        seats.next_release(connection, left.show.show_id, now),
        *(left.show.opens_at, left.show.closes_at),
        *(item.tier.opens_at for item in left.tiers),
        *(item.tier.closes_at for item in left.tiers),
    ]
    return min((end for end in ends if end is not None and end > now), default=None)


def held_by(
    office: BoxOffice, session: TillSession
) -> tuple[PlacedOrder, ShowOnSale] | None:
    """
    An order that this till holds seats by, with its show: a till that was ended in the
    middle of a sale leaves one until its hold is over.
    """
    with office.database.read() as connection:
        held = tills.held_order(connection, session, clock.now())
        if held is None:
            return None
        order = placed_orders.get_order(connection, held)
        return order, shows_on_sale.get_show(connection, order.show_id)


def open_session(
    office: BoxOffice, show_id: int, till: str, person: str, opening_float: int
) -> TillSession:
    """
    Raises: what `tills.open_till` raises.
    """
    with office.database.write(urgent=True) as connection:
        show = shows.get_show(connection, show_id)
        return tills.open_till(
            *(connection, till, show.currency, clock.now()),
            show_id=show_id,
            person=person,
            opening_float=opening_float,
        )


def close_session(
    office: BoxOffice, session: TillSession, counted: int
) -> tuple[TillSession, Drawer]:
    """
    Raises: what `tills.close_till` raises.
    """
    with office.database.write(urgent=True) as connection:
        closed = tills.close_till(connection, session.id, counted, clock.now())
        return closed, tills.get_drawer(connection, closed)
