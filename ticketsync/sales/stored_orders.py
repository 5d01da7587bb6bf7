"""
Queries over stored orders and tickets: content hashes, counts, what is delisted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Table,
    func,
    or_,
    select,
)

from ticketsync.core.records import CountedTickets
from ticketsync.store import counted
from ticketsync.store.tables.catalogue import occurrences
from ticketsync.store.tables.sales import orders, tickets
from ticketsync.store.upsert import Elsewhere, held_elsewhere, known

_FEW = 200  # occurrences above which all are read and then filtered


def read_contents(
    connection: Connection, account_id: int, provider_ids: Iterable[str]
) -> dict[str, bytes]:
    """
    The content hash of each of these orders that is stored and not delisted.
    """
    held = known(connection, orders, account_id, provider_ids, "content", "gone_since")
    return {id_: row.content for id_, row in held.items() if row.gone_since is None}


def find_elsewhere(
    connection: Connection, account_id: int, order_ids: Iterable[str]
) -> list[Elsewhere]:
    """
    Which of these orders, by the platform's ids, another account has.
    """
    return held_elsewhere(connection, orders, account_id, order_ids)


def holds_orders(connection: Connection, account_id: int) -> bool:
    """
    Whether any order of the account is stored.
    """
    return _holds(connection, orders, account_id)


def _holds(connection: Connection, table: Table, account_id: int) -> bool:
    query = select(table.c.id).where(table.c.account_id == account_id).limit(1)
    return connection.execute(query).first() is not None


def read_loose_contents(
    connection: Connection, account_id: int, provider_ids: Iterable[str]
) -> dict[str, bytes | None]:
    """
    The content hash of each of these tickets that is stored without an order, `None`
    for those stored with one: a ticket list never changes the money of an order.
    """
    held = known(connection, tickets, account_id, provider_ids, "content", "order_id")
    return {
        id_: row.content if row.order_id is None else None for id_, row in held.items()
    }


def count_future_orders(connection: Connection, account_id: int, now: datetime) -> int:
    """
    How many orders of an account are for occurrences in the future, or without a date.
    """
    query = (
        select(func.count())
        .select_from(
            orders.join(occurrences, occurrences.c.id == orders.c.occurrence_id)
        )
        .where(
            orders.c.account_id == account_id,
            or_(
                occurrences.c.starts_at >= now,
                ~occurrences.c.is_dated,
            ),
        )
    )
    return int(connection.execute(query).scalar_one())


def count_orders(connection: Connection, account_id: int) -> int:
    """
    How many orders of an account are stored.
    """
    query = select(func.count()).where(orders.c.account_id == account_id)
    return int(connection.execute(query).scalar_one())


def holds_sales(connection: Connection, account_id: int) -> bool:
    """
    Whether any order of the account is stored, or a ticket without one.
    """
    return holds_orders(connection, account_id) or _holds(
        connection, tickets, account_id
    )


def list_orders(
    connection: Connection, account_id: int, occurrence_rows: Iterable[int]
) -> dict[int, set[str]]:
    """
    The stored orders of these occurrences (our ids), without delisted ones.
    """
    wanted = set(occurrence_rows)
    found: dict[int, set[str]] = {}
    query = select(orders.c.occurrence_id, orders.c.provider_id).where(
        orders.c.account_id == account_id, orders.c.gone_since.is_(None)
    )
    if len(wanted) <= _FEW:
        query = query.where(orders.c.occurrence_id.in_(list(wanted)))
    for occurrence, provider_id in connection.execute(query):
        if occurrence in wanted:
            found.setdefault(occurrence, set()).add(provider_id)
    return found


def list_occurrence_of_orders(
    connection: Connection, account_id: int
) -> dict[str, int]:
    """
    The occurrence (our id) of each stored order, by the platform's id; also of delisted
    ones, which count as well.
    """
    rows = connection.execute(
        select(orders.c.provider_id, orders.c.occurrence_id).where(
            orders.c.account_id == account_id
        )
    )
    return {str(row.provider_id): int(row.occurrence_id) for row in rows}


def list_delisted_orders(
    connection: Connection, account_id: int
) -> dict[str, datetime]:
    """
    The orders of an account that a complete read no longer returned, and since when.
    """
    rows = connection.execute(
        select(orders.c.provider_id, orders.c.gone_since).where(
            orders.c.account_id == account_id, orders.c.gone_since.is_not(None)
        )
    )
    return {str(row.provider_id): row.gone_since for row in rows}


@dataclass(frozen=True, slots=True)
class HeldCounts:
    """
    What is stored of an occurrence, counted in every way a platform may count.
    """

    orders: frozenset[int]
    sold: int
    valid: int
    existing: int
    loose: int

    @property
    def tickets_by_rule(self) -> dict[CountedTickets, int]:
        """
        The tickets under each way of counting them.
        """
        return {"sold": self.sold, "valid": self.valid, "existing": self.existing}


def count_held(
    connection: Connection, account_id: int, occurrences: Iterable[int] | None = None
) -> dict[int, HeldCounts]:
    """
    Counts per occurrence (our ids), to compare with what the listing reports: of all
    of the account, or of these.
    """
    by_status: dict[int, list[int]] = {}

    def rows_of(table: Table) -> Any:
        if occurrences is None:
            return table.c.account_id == account_id
        # Each is of one account; asked for both, SQLite goes through all its rows.
        return table.c.occurrence_id.in_(occurrences)

    for occurrence, status, number in connection.execute(
        select(orders.c.occurrence_id, orders.c.status, func.count())
        .where(rows_of(orders))
        .group_by(orders.c.occurrence_id, orders.c.status)
    ):
        place = ("paid", "pending", "cancelled").index(status)
        by_status.setdefault(occurrence, [0, 0, 0])[place] += number
    found: dict[int, HeldCounts] = {}
    seats: dict[int, list[int]] = {}
    for occurrence, status, is_sold, is_loose, number in connection.execute(
        select(
            tickets.c.occurrence_id,
            tickets.c.status,
            tickets.c.is_sold,
            tickets.c.order_id.is_(None),
            func.count(),
        )
        .where(rows_of(tickets), counted.is_admission())
        .group_by(
            tickets.c.occurrence_id,
            tickets.c.status,
            tickets.c.is_sold,
            tickets.c.order_id.is_(None),
        )
    ):
        sold, valid, all_, loose = seats.setdefault(occurrence, [0, 0, 0, 0])
        seats[occurrence] = [
            sold + number * bool(is_sold),
            valid + number * (status == "valid"),
            all_ + number * (status != "gone"),
            loose + number * bool(is_loose),
        ]
    for occurrence in by_status.keys() | seats.keys():
        paid, pending, cancelled = by_status.get(occurrence, [0, 0, 0])
        sold, valid, all_, loose = seats.get(occurrence, [0, 0, 0, 0])
        found[occurrence] = HeldCounts(
            orders=frozenset((paid, paid + pending, paid + pending + cancelled)),
            sold=sold,
            valid=valid,
            existing=all_,
            loose=loose,
        )
    return found
