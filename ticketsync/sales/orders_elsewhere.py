"""
The stored orders of other accounts that may be an order of this one: reports give an
order its number alone, and two folders may have one order in files that differ.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, or_, select

from ticketsync.core import clock
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import occurrences
from ticketsync.store.tables.sales import orders


@dataclass(frozen=True, slots=True)
class Sale:
    """
    An order for one performance. `charged` is in minor units of the currency.
    """

    id: str
    placed_at: datetime
    currency: str
    charged: int
    show: str
    starts_at: datetime
    timezone: str

    @property
    def day(self) -> date:
        """
        The day of the show, at its place.
        """
        return clock.day_of(self.starts_at, self.timezone)

    @property
    def is_undated(self) -> bool:
        """
        Whether its report has no time of purchase: it counts on the day of the show.
        """
        return self.placed_at == self.starts_at

    def is_same(self, other: Sale) -> bool:
        """
        Whether two orders of one number are one: also of another title, unless nothing
        says when they were bought.
        """
        if (self.charged, self.currency) != (other.charged, other.currency):
            return False
        if self.day != other.day:
            return False
        if self.is_undated or other.is_undated:
            return self.show.casefold() == other.show.casefold()
        return _minute(self) == _minute(other)


def _minute(sale: Sale) -> datetime:
    return sale.placed_at.replace(second=0, microsecond=0)


WITHIN: Final = " ("  # between a number and the event or file that it belongs to
_AT_ONCE: Final = 200  # numbers of one statement, which SQLite limits in depth


@dataclass(frozen=True, slots=True)
class SaleElsewhere:
    """
    A stored order of another account; `row` grows with each that was stored.
    """

    row: int
    account: str
    sale: Sale


def find_numbered(
    connection: Connection,
    account_ids: Collection[int],
    ids: Collection[str],
    divided: Collection[str],
) -> list[SaleElsewhere]:
    """
    The orders of these accounts that have one of these ids, or an id that begins with
    one of the numbers in `divided` and a bracket, the first stored first.
    """
    found: dict[int, SaleElsewhere] = {}
    every, within = sorted(ids), sorted(divided)
    for begin in range(0, max(len(every), len(within)), _AT_ONCE):
        end = begin + _AT_ONCE
        some = _find_some(connection, account_ids, every[begin:end], within[begin:end])
        found |= {item.row: item for item in some}
    return [found[row] for row in sorted(found)]


def _find_some(
    connection: Connection,
    account_ids: Collection[int],
    ids: Collection[str],
    divided: Collection[str],
) -> list[SaleElsewhere]:
    table = orders.c
    begins = [
        table.provider_id.startswith(f"{it}{WITHIN}", autoescape=True) for it in divided
    ]
    return read_sales(
        connection,
        table.account_id.in_(account_ids),
        or_(table.provider_id.in_(ids), *begins),
    )


def read_sales(
    connection: Connection, *restrictions: ColumnElement[bool]
) -> list[SaleElsewhere]:
    """
    The orders for one performance, the first stored first.
    """
    table = orders.c
    query = (
        select(
            *(table.id, accounts.c.name.label("account"), table.provider_id),
            *(table.placed_at, table.currency, table.charged),
            *(occurrences.c.name.label("show"), occurrences.c.starts_at),
            occurrences.c.timezone,
        )
        .join(accounts, accounts.c.id == table.account_id)
        .join(occurrences, occurrences.c.id == table.occurrence_id)
        .where(*restrictions)
        .order_by(table.id)
    )
    return [
        SaleElsewhere(row[0], row[1], Sale(*row[2:]))
        for row in connection.execute(query)
    ]


def get_rows(
    connection: Connection, account_id: int, ids: Collection[str]
) -> dict[str, int]:
    """
    Our ids of those of these orders that the account has stored.
    """
    query = select(orders.c.provider_id, orders.c.id).where(
        orders.c.account_id == account_id, orders.c.provider_id.in_(ids)
    )
    return {row.provider_id: row.id for row in connection.execute(query)}


def list_performances(
    connection: Connection, rows: Collection[int]
) -> dict[int, tuple[str, datetime, str]]:
    """
    Title, start and time zone of these occurrences, by our ids.
    """
    table = occurrences.c
    query = select(table.id, table.name, table.starts_at, table.timezone).where(
        table.id.in_(rows)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(query)}
