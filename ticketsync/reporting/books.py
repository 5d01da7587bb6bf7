"""
Every row that money stands in, by whose it is: to hold two databases side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from ticketsync.store.tables.accounts import Account
from ticketsync.store.tables.sales import Fee, Order, Refund, Ticket
from ticketsync.store.upsert import table_of

Key = tuple[str, str, str]  # what it is, the account, the platform's id
_OURS = ("id", "order_id", "seen_at")  # numbers and times of our own


def rows(session: Session) -> Iterator[tuple[Key, dict[str, Any]]]:
    """
    Orders, tickets, refunds and fees with all that was read of them.
    """
    orders, accounts = table_of(Order), table_of(Account)
    connection = session.connection()
    names = dict(connection.execute(select(accounts.c.id, accounts.c.name)).all())
    for what, kind in (("order", Order), ("ticket", Ticket), ("refund", Refund)):
        table = table_of(kind)
        columns = [column for column in table.columns if column.name not in _OURS]
        for row in connection.execute(select(*columns)):
            values = dict(row._mapping)
            account = names[values.pop("account_id")]
            id_ = values.pop("provider_id")
            if "number" in values:
                id_ = f"{id_} {values.pop('number')}"
            yield (what, account, id_), values
    fees = table_of(Fee)
    query = select(
        orders.c.account_id,
        orders.c.provider_id,
        fees.c.name,
        fees.c.occurrence_id,
        fees.c.amount,
    )
    for row in connection.execute(query.join(orders, orders.c.id == fees.c.order_id)):
        id_ = f"{row.provider_id} {row.name} {row.occurrence_id}"
        key = ("fee", names[row.account_id], id_)
        yield key, {"amount": row.amount}
