"""
Gift cards that were sold in the orders of a show: they are in none of its figures, so
that whoever compares these with the platform sees why they differ.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from ticketsync.core.money import Money
from ticketsync.store import counted
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.sales import tickets


def list_of_show(connection: Connection, show_id: int) -> list[Money]:
    """
    What was charged for them in orders that were placed for a show (our id), one amount
    for each currency.
    """
    query = (
        select(tickets.c.currency, func.sum(tickets.c.charged))
        .select_from(counted.vouchers_sold_with_shows())
        .where(show_links.c.show_id == show_id, tickets.c.charged != 0)
        .group_by(tickets.c.currency)
        .order_by(tickets.c.currency)
    )
    return [
        Money(int(charged), currency) for currency, charged in connection.execute(query)
    ]


def sentences(connection: Connection, show_id: int) -> list[str]:
    """
    The same in words; nothing where none was sold.
    """
    amounts = ", ".join(map(str, list_of_show(connection, show_id)))
    if not amounts:
        return []
    return [
        f"Gift cards sold in its orders: {amounts}, not this show's income. They are "
        "owed until they pay."
    ]
