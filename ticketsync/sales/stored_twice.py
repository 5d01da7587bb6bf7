"""
Orders that two accounts have stored, so that they count twice: a version that did not
compare accounts may have saved them.

Asked on every page, so it costs one look into an index for each order of the smaller
account. The numbers of an account whose ids have their event or file in brackets are
compared without it, which costs reading them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, func, select

from ticketsync.sales import orders_elsewhere
from ticketsync.sales.orders_elsewhere import WITHIN, SaleElsewhere
from ticketsync.store import counted
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.sales import orders

_AT_ONCE: Final = 500  # orders of one statement
_PAID: Final = "paid"  # what was cancelled, or is not paid yet, counts nowhere
Pair = tuple[int, int]  # our ids of two orders, the one that was stored first first


@dataclass(frozen=True, slots=True)
class StoredTwice:
    """
    One order that two accounts have stored; `first` is what was stored first.
    """

    first: SaleElsewhere
    second: SaleElsewhere


def find_stored_twice(
    connection: Connection, account_ids: Collection[int]
) -> list[StoredTwice]:
    """
    The orders that count in two of these accounts, each later one once.
    """
    sizes = _count_orders(connection, account_ids)
    if len(sizes) < 2:
        return []
    ids = sorted(sizes, key=lambda id_: sizes[id_])
    if _has_divided_numbers(connection, ids):
        pairs = list(_pair_numbers(connection, ids))
    else:
        pairs = [
            pair
            for one, other in combinations(ids, 2)
            for pair in _pair_ids(connection, one, other)
        ]
    return _same_of(connection, sorted(pairs, key=lambda pair: pair[::-1]))


def _same_of(connection: Connection, pairs: Sequence[Pair]) -> list[StoredTwice]:
    rows = sorted({row for pair in pairs for row in pair})
    held: dict[int, SaleElsewhere] = {}
    for begin in range(0, len(rows), _AT_ONCE):
        wanted = orders.c.id.in_(rows[begin : begin + _AT_ONCE])
        found = orders_elsewhere.read_sales(connection, wanted, ~_is_uncounted())
        held |= {item.row: item for item in found}
    twice: dict[int, StoredTwice] = {}
    for row, later in pairs:
        first, second = held.get(row), held.get(later)
        if first and second and later not in twice and second.sale.is_same(first.sale):
            twice[later] = StoredTwice(first, second)
    return list(twice.values())


def _count_orders(
    connection: Connection, account_ids: Collection[int]
) -> dict[int, int]:
    query = (
        select(orders.c.account_id, func.count())
        .where(orders.c.account_id.in_(account_ids))
        .group_by(orders.c.account_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _has_divided_numbers(connection: Connection, account_ids: Collection[int]) -> bool:
    query = select(orders.c.id).where(
        orders.c.account_id.in_(account_ids),
        orders.c.provider_id.contains(WITHIN, autoescape=True),
    )
    return connection.scalar(query.limit(1)) is not None


def _pair_ids(connection: Connection, smaller: int, other: int) -> Iterator[Pair]:
    """
    The orders that these two accounts have under one id. The conditions on the first
    one name the second one, too, so that SQLite needs the index alone until it finds
    one.
    """
    one, two = orders.alias("one"), orders.alias("two")
    is_alike: ColumnElement[bool] = and_(
        two.c.account_id == other,
        two.c.provider_id == one.c.provider_id,
        two.c.status == _PAID,
        *(one.c[name] == two.c[name] for name in ("status", "charged", "currency")),
    )
    query = (
        select(one.c.id, two.c.id)
        .select_from(one.join(two, is_alike))
        .where(one.c.account_id == smaller)
    )
    for row in connection.execute(query):
        yield min(row), max(row)


def _pair_numbers(
    connection: Connection, account_ids: Collection[int]
) -> Iterator[Pair]:
    """
    The orders that two accounts have under one number, whatever it is divided by.
    """
    shared = _shared_numbers(connection, account_ids)
    if not shared:
        return
    table = orders.c
    query = select(
        *(table.provider_id, table.charged, table.currency, table.account_id, table.id)
    ).where(table.account_id.in_(account_ids), table.status == _PAID)
    alike: dict[tuple[str, int, str], list[tuple[int, int]]] = {}
    for id_, charged, currency, account, row in connection.execute(query):
        number = id_.partition(WITHIN)[0]
        if number in shared:
            alike.setdefault((number, charged, currency), []).append((account, row))
    for found in alike.values():
        for (account, row), (other, later) in combinations(found, 2):
            if account != other:
                yield min(row, later), max(row, later)


def _shared_numbers(connection: Connection, account_ids: Collection[int]) -> set[str]:
    """
    The numbers that two accounts have; the index alone has them.
    """
    seen: set[str] = set()
    shared: set[str] = set()
    for account_id in account_ids:
        query = select(orders.c.provider_id).where(orders.c.account_id == account_id)
        mine = {id_.partition(WITHIN)[0] for id_ in connection.scalars(query)}
        shared |= seen & mine
        seen |= mine
    return shared


def _is_uncounted() -> ColumnElement[bool]:
    """
    Whether the show of an order does not count its sales. What belongs to no show yet
    counts in the lists of sales.
    """
    off = (
        select(show_links.c.occurrence_id)
        .select_from(counted.links_and_shows())
        .where(~counted.is_counted())
    )
    return orders.c.occurrence_id.in_(off)
