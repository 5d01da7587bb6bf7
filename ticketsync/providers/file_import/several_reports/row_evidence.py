"""
Whether a column of amounts is of rows or of whole orders, by what all of its orders
show together, where some order has one amount on each of its rows. Pure.

An order with two unlike amounts, or an amount that follows the price or the number of
tickets of the row where it does not follow those of the order, show amounts of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ticketsync.providers.file_import.several_reports.grown_amounts import (
    CountedAmount,
    grow_with_numbers,
)

_ROUNDED = 1  # how far a rounded share may be off, in minor units


@dataclass(frozen=True, slots=True)
class SoldAmount:
    """
    A row that sells, with its amount in the column in question.

    amount    in minor units; `None` where the cell is empty
    price     of all its tickets, in minor units
    quantity  of tickets
    kind      what it sells, such as its event and type
    """

    amount: int | None
    price: int
    quantity: int
    kind: tuple[str, ...]


Order = Sequence[SoldAmount]  # the rows of one order


def is_repeated(order: Order) -> bool:
    """
    Whether several rows have one amount that is not zero.
    """
    return (
        len(order) > 1 and bool(order[0].amount) and len({r.amount for r in order}) == 1
    )


def has_unlike_amounts(orders: Iterable[Order]) -> bool:
    """
    Whether an order has two amounts, or none on a row that costs something: an amount
    of the order would stand on each of them.
    """
    return any(
        len({row.amount or 0 for row in order if row.amount or row.price}) > 1
        for order in orders
    )


def shows_row_fees(orders: Sequence[Order], *, may_be_flat: bool) -> bool:
    """
    Whether fees, taxes or discounts are those of rows. `may_be_flat` says whether an
    order of any size may have the same.
    """
    if has_unlike_amounts(orders):
        return True
    charging = [order for order in orders if any(row.amount for row in order)]
    rows = [row for order in charging for row in order if row.amount]
    of_orders = [next(row.amount or 0 for row in o if row.amount) for o in charging]
    prices = [sum(row.price for row in order) for order in charging]
    numbers = [sum(row.quantity for row in order) for order in charging]
    of_rows = [row.amount or 0 for row in rows]
    fits_rows = _is_share(of_rows, [row.price for row in rows]) or _is_share(
        of_rows, [row.quantity for row in rows]
    )
    fits_orders = (
        _is_share(of_orders, prices)
        or _is_share(of_orders, numbers)
        or (may_be_flat and len(set(of_orders)) == 1)
    )
    if fits_rows or fits_orders:
        return fits_rows and not fits_orders
    return _follows_single_rows(charging)


def _is_share(amounts: Sequence[int], bases: Sequence[int]) -> bool:
    """
    Whether all amounts are one share of their bases, but for rounding.
    """
    low, high = Fraction(0), Fraction(10**18)
    for amount, base in zip(amounts, bases, strict=True):
        if base <= 0:
            return False
        low = max(low, Fraction(abs(amount) - _ROUNDED, base))
        high = min(high, Fraction(abs(amount) + _ROUNDED, base))
    return low <= high


def _follows_single_rows(orders: Sequence[Order]) -> bool:
    """
    Whether rows have what an order of one such row has, where these are not all alike.
    """
    single: dict[tuple[object, ...], set[int | None]] = defaultdict(set)
    for order in orders:
        if len(order) == 1:
            single[_like(order[0])].add(order[0].amount)
    if len({amount for found in single.values() for amount in found}) < 2:
        return False
    known = [
        order
        for order in orders
        if len(order) > 1 and all(len(single[_like(row)]) == 1 for row in order)
    ]
    return bool(known) and all(
        single[_like(row)] == {row.amount} for order in known for row in order
    )


def _like(row: SoldAmount) -> tuple[object, ...]:
    return row.price, row.quantity, row.kind


def doubtful_totals(orders: Sequence[Order]) -> list[int]:
    """
    The places of the orders whose one total may be that of the order: what orders of
    one row cost, unlike numbers or types of tickets, or totals that grow with the size
    of the order speak for it.
    """
    places = [n for n, order in enumerate(orders) if is_repeated(order)]
    if not places or has_unlike_amounts(orders):
        return []
    each: dict[tuple[str, ...], set[Fraction]] = defaultdict(set)
    for order in orders:
        row = order[0]
        if len(order) == 1 and row.amount and row.quantity > 0:
            each[row.kind].add(Fraction(row.amount, row.quantity))
    for_rows = [n for n in places if _costs_row_by_row(orders[n], each)]
    for_orders = [n for n in places if _costs_together(orders[n], each)]
    if for_rows and not for_orders:
        return []
    unlike = [n for n in places if len({(r.quantity, r.kind) for r in orders[n]}) > 1]
    if not for_rows and grow_with_numbers(_whole_orders(orders)):
        return places
    return sorted({*for_orders, *unlike} - set(for_rows))


def _whole_orders(orders: Iterable[Order]) -> Iterator[CountedAmount]:
    """
    The totals of orders of one kind of ticket, with all their tickets.
    """
    for order in orders:
        amounts = {row.amount for row in order}
        kinds = {row.kind for row in order}
        if len(amounts) == len(kinds) == 1:
            number = sum(row.quantity for row in order)
            yield CountedAmount(order[0].amount or 0, number, order[0].kind)


def _costs_row_by_row(order: Order, each: dict[tuple[str, ...], set[Fraction]]) -> bool:
    return all(
        Fraction(row.amount or 0, max(row.quantity, 1)) in each.get(row.kind, ())
        for row in order
    )


def _costs_together(order: Order, each: dict[tuple[str, ...], set[Fraction]]) -> bool:
    prices = [each.get(row.kind, set()) for row in order]
    if any(len(found) != 1 for found in prices):
        return False
    together = sum(
        next(iter(found)) * row.quantity
        for found, row in zip(prices, order, strict=True)
    )
    return together == order[0].amount
