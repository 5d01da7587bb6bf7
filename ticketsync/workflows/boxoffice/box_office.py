"""
Our own box office, and the transaction of a sale: it locks the show first, whatever is
sold, and at its end saves the orders that it touched among those of all accounts, with
the figures of their show. A sale is there as a whole, for everybody, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection

from ticketsync.accounts import pins
from ticketsync.accounts.state import AccountState
from ticketsync.boxoffice import (
    orders,
    placed_orders,
    price_tiers,
    refusals,
    seats,
    shows_on_sale,
)
from ticketsync.boxoffice.placed_orders import CANCELLED, EXPIRED, PENDING, PlacedOrder
from ticketsync.boxoffice.price_tiers import Tier
from ticketsync.boxoffice.shows_on_sale import ShowOnSale
from ticketsync.core import clock
from ticketsync.core.records import People
from ticketsync.core.redact import Secret
from ticketsync.core.settings.config import Settings
from ticketsync.store.engine import Database
from ticketsync.workflows.boxoffice import save_own_orders


class BoxOffice:
    """
    Our own box office, with its account and the key that tickets are signed with; both
    are read once.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings

    @cached_property
    def account(self) -> AccountState:
        with self.database.read() as connection:
            found = save_own_orders.find_account(connection)
        if found is None:
            raise refusals.refused(
                refusals.NOT_ON_SALE,
                "Your box office sells no show yet.",
                hint="Run `ticketsync boxoffice open SHOW`.",
            )
        return found

    @cached_property
    def key(self) -> Secret:
        return pins.read_confirmed_secret(self.account)


@dataclass(slots=True, kw_only=True)
class OrderChanges:
    """
    A transaction that changes orders, which are saved at its end: `touched` are our ids
    of them. When it has ended, `saved` has them as they were saved.
    """

    connection: Connection
    settings: Settings
    account: AccountState
    now: datetime
    touched: set[int] = field(default_factory=set)
    saved: dict[int, PlacedOrder] = field(default_factory=dict)
    people: dict[str, People] = field(default_factory=dict)

    def read(self, order_id: int) -> PlacedOrder:
        """
        An order as it stands now, to be saved at the end.
        """
        self.touched.add(order_id)
        return placed_orders.get_order_by_id(self.connection, order_id)

    def publish(self) -> None:
        """
        Save the orders that were touched among those of all accounts.
        """
        for order_id in self.touched:
            self.saved[order_id] = placed_orders.get_order_by_id(
                self.connection, order_id
            )
        if self.saved:
            save_own_orders.publish(
                *(self.connection, self.settings, self.account),
                *([*self.saved.values()], self.now),
                people=self.people,
            )


@dataclass(slots=True, kw_only=True)
class Sale(OrderChanges):
    """
    A transaction about one show, with what it has on sale.
    """

    show: ShowOnSale
    tiers: list[Tier]


@contextmanager
def sale_of(office: BoxOffice, show_id: int) -> Iterator[Sale]:
    account = office.account
    with office.database.write(urgent=True) as connection:
        seats.lock_show(connection, show_id)
        sale = Sale(
            connection=connection,
            settings=office.settings,
            account=account,
            show=shows_on_sale.get_show(connection, show_id),
            tiers=price_tiers.list_tiers(connection, show_id),
            now=clock.now(),
        )
        yield sale
        sale.publish()


@contextmanager
def changes_of(
    office: BoxOffice, order_id: int | None = None
) -> Iterator[OrderChanges]:
    """
    The same for an order of no show (our id), which nobody else changes meanwhile; or
    for a new one.
    """
    account = office.account
    with office.database.write(urgent=True) as connection:
        orders.lock(connection, [] if order_id is None else [order_id])
        changes = OrderChanges(
            connection=connection,
            settings=office.settings,
            account=account,
            now=clock.now(),
        )
        yield changes
        changes.publish()


def find_order(office: BoxOffice, reference: str) -> tuple[int, int]:
    """
    The show and the id of an order, which never change.

    Raises: `SaleRefused` (`wrong-state`) where it sold a voucher, and was paid at once.
    """
    with office.database.read() as connection:
        order = placed_orders.get_order(connection, reference)
    if order.voucher is not None:
        refuse_ended(order)
    return order.show_id, order.id


def end_hold(sale: Sale, order: PlacedOrder, state: str, reason: str) -> None:
    seats.free_seats(sale.connection, order.id)
    orders.end(sale.connection, order, state, sale.now, reason)


def refuse_ended(order: PlacedOrder) -> None:
    """
    Raises: `SaleRefused` where an order is not pending any more.
    """
    if order.state == PENDING:
        return
    word = refusals.HOLD_EXPIRED if order.state == EXPIRED else refusals.WRONG_STATE
    raise refusals.refused(
        word,
        f"Order {order.reference} is {order.state}.",
        hint="Sell the seats again."
        if order.state in (EXPIRED, CANCELLED)
        else f"Run `ticketsync boxoffice refund {order.reference}` to take it back.",
    )
