"""
What our own box office gave back to gift vouchers. No money moves, so it is no refund
and in no sum of refunds; but the sale is undone, and with it its tax and what the
venue owes to the holders of vouchers.

How much of it there is, `orders` says (`credited`), so that a read of the past has
only what was known then; the tables of the box office say on which days.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, select

from ticketsync.reporting import figure_filter
from ticketsync.store import counted
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.boxoffice import (
    boxoffice_orders,
    payment_refunds,
    payments,
)
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.sales import orders

_SUCCEEDED: Final = "succeeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherReturn:
    """
    So much of an order's price, in minor units, was given back to a voucher.
    `order_row` and `show_id` are our ids; `reference` is of the refund, with its
    number.
    """

    order_row: int
    account: str
    order_id: str
    show_id: int
    amount: int
    currency: str
    reference: str
    at: datetime


def list_voucher_returns(
    connection: Connection, accounts_: Collection[str] = ()
) -> list[VoucherReturn]:
    """
    All of them for shows that they count for, the oldest first; of these accounts, or
    of all.
    """
    query = _query().where(*figure_filter.of_accounts(accounts_))
    found: list[VoucherReturn] = []
    given: dict[int, int] = {}
    for credited, payment_id, number, *values in connection.execute(query):
        order_row, account, order_id, show_id, amount, currency, at = values
        given[order_row] = given.get(order_row, 0) + amount
        if given[order_row] <= credited:
            found.append(
                VoucherReturn(
                    order_row=order_row,
                    account=account,
                    order_id=order_id,
                    show_id=show_id,
                    amount=amount,
                    currency=currency,
                    reference=f"{order_id}-R{payment_id}#{number}",
                    at=at,
                )
            )
    return found


def _query() -> Select[Any]:
    is_same_order = and_(
        orders.c.account_id == boxoffice_shows.c.account_id,
        orders.c.provider_id == boxoffice_orders.c.reference,
    )
    return (
        select(
            orders.c.credited,
            payments.c.id,
            payment_refunds.c.number,
            orders.c.id.label("order_row"),
            accounts.c.name,
            orders.c.provider_id,
            show_links.c.show_id,
            payment_refunds.c.amount,
            orders.c.currency,
            payment_refunds.c.settled_at,
        )
        .select_from(counted.counted_links())
        .join(
            boxoffice_shows,
            boxoffice_shows.c.occurrence_id == show_links.c.occurrence_id,
        )
        .join(boxoffice_orders, boxoffice_orders.c.show_id == boxoffice_shows.c.show_id)
        .join(payments, payments.c.order_id == boxoffice_orders.c.id)
        .join(payment_refunds, payment_refunds.c.payment_id == payments.c.id)
        .join(orders, is_same_order)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .where(
            payments.c.voucher_id.is_not(None),
            payment_refunds.c.state == _SUCCEEDED,
        )
        .order_by(payment_refunds.c.settled_at.nulls_first(), payment_refunds.c.id)
    )
