"""
Comparing the rows with amounts of money in two databases.

Rows are compared as they are stored, column by column, and identified by what both
databases have in common: the account and the platform's ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Table,
    Text,
    UniqueConstraint,
    collate,
    literal_column,
    select,
)

from ticketsync.core import clock
from ticketsync.store.tables.sales import fees, orders, refunds, tickets

KINDS: Mapping[str, Table] = {
    "order": orders,
    "ticket": tickets,
    "refund": refunds,
    "fee": fees,
}
ORDER = "order_id"  # here always the platform's id, not ours
_CHUNK = 2000
# Since when a version is known depends on when its records were read, and by which
# version of ticketsync.
_NOT_COMPARED = ("id", "account_id", "known_from")

Key = tuple[Any, ...]
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowDifference:
    """
    One row as it is `held` and as it was computed `again`; either may be missing.
    """

    kind: str
    key: Key
    held: Values | None
    again: Values | None

    @property
    def order_id(self) -> str | None:
        """
        The platform's id of the order it belongs to.
        """
        found = self.again or self.held or {}
        name = "provider_id" if self.kind == "order" else ORDER
        return found.get(name)

    @property
    def name(self) -> str:
        return " ".join(str(part) for part in self.key)

    def differing(self) -> list[str]:
        """
        The columns that are not the same; none where one of the two is missing.
        """
        if self.held is None or self.again is None:
            return []
        return [name for name in self.held if self.held[name] != self.again[name]]


def compare_rows(
    held: Connection, again: Connection, account_id: int, kind: str
) -> Iterator[RowDifference]:
    """
    The rows of one kind that differ between the two databases, in the order of their
    keys. Neither database is read into memory as a whole.
    """
    ours, theirs = read_rows(held, account_id, kind), read_rows(again, account_id, kind)
    left, right = next(ours, None), next(theirs, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[0] < right[0]):
            assert left is not None
            yield RowDifference(kind, left[0], left[1], None)
            left = next(ours, None)
        elif left is None or right[0] < left[0]:
            yield RowDifference(kind, right[0], None, right[1])
            right = next(theirs, None)
        else:
            if left[1] != right[1]:
                yield RowDifference(kind, left[0], left[1], right[1])
            left, right = next(ours, None), next(theirs, None)


def _is_text(table: Table, name: str) -> bool:
    return name == ORDER or isinstance(table.c[name].type, Text)


def read_rows(
    connection: Connection, account_id: int, kind: str
) -> Iterator[tuple[Key, dict[str, Any]]]:
    """
    The rows of one kind with all their columns, sorted by their keys.
    """
    table = KINDS[kind]
    is_postgres = connection.dialect.name == "postgresql"
    shown: dict[str, Any] = {
        column.name: literal_column(f"{table.name}.{column.name}")
        for column in table.columns
        if column.name not in _NOT_COMPARED
    }
    source: Any = table
    if table is not orders:
        shown[ORDER] = literal_column("orders.provider_id")
        source = table.outerjoin(orders, orders.c.id == table.c.order_id)
    owner = table if "account_id" in table.c else orders
    key = [name for name in _unique(table) if name != "account_id"]
    # Text is sorted as Python does it, whatever the collation of the database.
    texts = {name for name in key if _is_text(table, name)} if is_postgres else set()
    order_by = [collate(shown[n], "C") if n in texts else shown[n] for n in key]
    query = (
        select(*(value.label(name) for name, value in shown.items()))
        .select_from(source)
        .where(owner.c.account_id == account_id)
        .order_by(*order_by)
        .execution_options(yield_per=_CHUNK)
    )
    for row in connection.execute(query).mappings():
        values = {name: _plain(value) for name, value in row.items()}
        yield tuple(values[name] for name in key), values


def read_order_dates(connection: Connection, account_id: int) -> dict[str, str]:
    """
    When each order with a refund was placed, by the platform's id.
    """
    stored: Any = literal_column("orders.placed_at")
    query = (
        select(orders.c.provider_id, stored)
        .join(refunds, refunds.c.order_id == orders.c.id)
        .where(orders.c.account_id == account_id)
    )
    rows = connection.execute(query)
    return {str(id_): str(_plain(moment)) for id_, moment in rows}


def _unique(table: Table) -> list[str]:
    """
    The columns of the table's unique key.
    """
    found = next(c for c in table.constraints if isinstance(c, UniqueConstraint))
    return [column.name for column in found.columns]


def _plain(value: Any) -> Any:
    """
    A value as SQLite stores it, from either database.
    """
    if isinstance(value, datetime):
        whole = value.replace(microsecond=0)
        return clock.iso(value) if value == whole else value.isoformat()
    return bytes(value) if isinstance(value, memoryview) else value
