"""
Orders that a complete read no longer returned, and tickets that left their orders. They
are never deleted, because absence is not proof of a refund.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, select, update

from ticketsync.sales import superseded_versions
from ticketsync.sales.superseded_versions import Superseded
from ticketsync.store.tables.sales import orders, tickets

DELISTED = "the platform no longer lists this order; it still counts"
_HELD_ORDER = superseded_versions.TICKET.index("order_id")


def mark_delisted(
    connection: Connection,
    account_id: int,
    provider_ids: Iterable[str],
    since: datetime,
    now: datetime,
) -> None:
    """
    Mark orders that a complete read no longer returned; they still count.
    """
    held = superseded_versions.read_orders(connection, account_id, provider_ids)
    if not held:
        return
    fees_of = superseded_versions.read_fees(
        connection, [row.id for row in held.values()]
    )
    superseded = Superseded(now)
    marks = {"gone_since": since, "doubt": DELISTED}
    rows = []
    for row in held.values():
        version = tuple(
            marks.get(name, value)
            for name, value in zip(superseded_versions.ORDER, row.version, strict=True)
        )
        same_fees = fees_of.get(row.id, frozenset())
        known_from = superseded.order(row, version, same_fees, same_fees)
        rows.append({"b_id": row.id, "b_known": known_from})
    connection.execute(
        update(orders)
        .where(orders.c.id == bindparam("b_id"))
        .values(known_from=bindparam("b_known"), **marks),
        rows,
    )
    superseded.write(connection)


def restore_delisted_tickets(
    source: Connection,
    target: Connection,
    account_id: int,
    ticket_ids: Iterable[str],
    now: datetime,
) -> None:
    """
    Copy tickets that left their orders to another database: a new read of the order
    does not contain them.
    """
    ids = list(ticket_ids)
    held = superseded_versions.read_tickets(target, account_id, ids)
    superseded = Superseded(now)
    for id_ in ids:
        this = and_(tickets.c.account_id == account_id, tickets.c.provider_id == id_)
        row = source.execute(select(tickets).where(this)).mappings().one()
        values = {k: v for k, v in row.items() if k not in ("id", "order_id")}
        ours = {**values, "order_id": held[id_].version[_HELD_ORDER]}
        version = tuple(ours[name] for name in superseded_versions.TICKET)
        values["known_from"] = superseded.ticket(held[id_], version)
        target.execute(update(tickets).where(this).values(**values))
    superseded.write(target)
