"""
Orders of our own box office among those of all accounts: each is saved from its record
by the same code that saves a platform's, in the transaction that changes it. Nothing
else in ticketsync needs to know where an order was sold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from ticketsync.accounts import state
from ticketsync.accounts.state import AccountState
from ticketsync.boxoffice import order_records, placed_orders, seats
from ticketsync.boxoffice.placed_orders import PlacedOrder
from ticketsync.catalogue import links, occurrences
from ticketsync.core.records import People
from ticketsync.core.settings.config import Settings
from ticketsync.sales import privacy, saving, stored_orders
from ticketsync.sales.allocation import AllocatedOrder, allocate
from ticketsync.store.business_zone import get_business_zone
from ticketsync.store.engine import Database
from ticketsync.workflows import recompute_figures

NAME = "boxoffice"  # of the provider


def find_account(connection: Connection) -> AccountState | None:
    """
    The account of our own box office, if a show was ever put on sale.
    """
    found = (a for a in state.list_accounts(connection) if a.provider == NAME)
    return next(found, None)


def publish(
    connection: Connection,
    settings: Settings,
    account: AccountState,
    changed: Sequence[PlacedOrder],
    now: datetime,
    people: Mapping[str, People] | None = None,
) -> None:
    """
    Save these orders as they stand, and recompute their shows.
    """
    touched = save(connection, account, changed, now)
    if people and state.keeps_people(account, settings.account(account.name)):
        forgotten = settings.forget_before(now)
        privacy.save_people(connection, account.id, people, forgotten)
    shows = links.get_show_ids(connection, touched)
    recompute_figures.recompute(connection, settings, shows)


def save(
    connection: Connection,
    account: AccountState,
    changed: Sequence[PlacedOrder],
    now: datetime,
) -> set[int]:
    """
    Save these orders as they stand; returns our ids of their occurrences.
    """
    allocated = [_allocated(order) for order in changed]
    rows = {order.provider_occurrence_id: order.occurrence_id for order in changed}
    zone = get_business_zone(connection)
    saved = saving.save_orders(connection, account.id, allocated, rows, now, zone=zone)
    occurrences.lock_against_linking(connection, saved.touched)
    return saved.touched


def find_differing(connection: Connection, account: AccountState) -> list[str]:
    """
    The references of orders that are not saved as the box office has them.
    """
    orders = placed_orders.read_orders_of(connection, account.id)
    right = {
        order.reference: order_records.content_of(order_records.as_record(order))
        for order in orders
    }
    held = stored_orders.read_contents(connection, account.id, right)
    return sorted(id_ for id_, content in right.items() if held.get(id_) != content)


def _allocated(order: PlacedOrder, until: datetime | None = None) -> AllocatedOrder:
    record = order_records.as_record(order, until)
    return allocate(record, order_records.content_of(record))


def read_again(
    source: Connection,
    scratch: Database,
    account: AccountState,
    keep_lease: Callable[[], None] = lambda: None,
) -> int:
    """
    Save every order of the box office into private books; returns how many. Each is
    saved with all tickets that it ever held, and then its refunds one after the other,
    each at its time, as they were first. `keep_lease` is
    called between the orders.
    """
    orders = placed_orders.read_orders_of(source, account.id)
    rows = {order.provider_occurrence_id: order.occurrence_id for order in orders}
    with scratch.write() as connection:
        zone = get_business_zone(connection)
        for order in reversed(orders):
            keep_lease()
            held = order_records.as_held(order)
            first = (order.created_at, allocate(held, order_records.content_of(held)))
            later = ((moment, _allocated(order, moment)) for moment in _moments(order))
            for moment, again in (first, *later):
                saving.save_orders(
                    connection, account.id, [again], rows, moment, zone=zone
                )
    return len(orders)


def put_right(
    connection: Connection,
    account: AccountState,
    wrong: Collection[str],
    now: datetime,
) -> set[int]:
    """
    Save these orders, by their references, as the box office has them, if it has; the
    caller recomputes the shows of their occurrences, whose ids of ours it returns.
    """
    found = placed_orders.read_orders_of(connection, account.id, wrong)
    seats.lock_shows(connection, {order.show_id for order in found})
    found = placed_orders.read_orders_of(connection, account.id, wrong)
    return save(connection, account, found, now) if found else set()


def _moments(order: PlacedOrder) -> list[datetime]:
    """
    When an order was saved with another refund, or last.
    """
    refunded = {
        returned.settled_at
        for payment in order.payments
        for returned in payment.refunds
        if returned.settled_at is not None
    }
    last = [at for at in (order.created_at, order.paid_at, order.ended_at) if at]
    return sorted({*refunded, max([*last, *refunded])})
