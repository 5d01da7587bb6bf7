"""
Whether the numbers of a column are amounts of tax or its rates, by all of its sales.
Pure.

Amounts of a tax of 10 % are many numbers and one share of the prices; a column with the
rate has one number, which is another share of each price. What needs fewer different
numbers to explain all rows is believed. Where both need as many, as on rows of one
price, the taxes that are levied somewhere decide.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Literal, NamedTuple

HIGHEST = 30  # percent, of any tax on tickets
_OF_CITIES = (n / 8 for n in range(4 * 8, 11 * 8 + 1))  # of the United States
_OF_COUNTRIES = (2.1, 2.5, 2.6, 3.8, 7.7, 8.1, 13.5, 25.5)
_LEVIED = sorted({*map(float, range(3, 28)), *_OF_CITIES, *_OF_COUNTRIES})
_PERCENT = 100  # of a share
_ROUND = {Decimal(str(it)) for it in _LEVIED} | {
    Decimal(n) / 2 for n in range(2 * 2, HIGHEST * 2 + 1)
}
_MOST_RATES = 3  # of any numbers, in one folder
_MOST_ROUND_RATES = 12  # of a tour through many cities

# What speaks for rates: one number beside prices of which it is no one share, or
# numbers of rates beside prices of which they are not a tax that is levied.
Finding = Literal["", "unlike_prices", "unusual"]


class TaxedSale(NamedTuple):
    """
    A sale of something with a price. `tax` is the number as it is written, `amount` the
    same in minor units, as are the `price` and the `fee`, which are those of `number`
    tickets.
    """

    tax: Decimal
    amount: int
    price: float
    fee: float
    number: int


def why_rates(counted: Mapping[TaxedSale, int]) -> Finding:
    """
    What speaks for rates in a column with these sales, each with how many there are;
    `""` if they are amounts.
    """
    taxes = {row.tax for row in counted}
    is_round = all(tax in _ROUND or tax * _PERCENT in _ROUND for tax in taxes)
    most = _MOST_ROUND_RATES if is_round else _MOST_RATES
    if not taxes or len(taxes) > most or max(taxes) > HIGHEST:
        return ""
    if not is_round and _is_of_tickets_or_fees(counted, len(taxes)):
        return ""
    shares = min(
        _count_shares(counted, base)
        for base in (lambda row: row.price, lambda row: row.price + row.fee)
    )
    levied = sum(number for row, number in counted.items() if _is_levied(row))
    is_levied = 2 * levied > sum(counted.values())
    if shares > len(taxes) and (is_round or not is_levied):
        return "unlike_prices"
    if is_round and not is_levied and (shares == len(taxes) or not levied):
        return "unusual"
    return ""


def _is_of_tickets_or_fees(rows: Collection[TaxedSale], taxes: int) -> bool:
    """
    Whether the numbers follow that of the tickets, or the fee, rather than the price.
    """
    by_ticket = _count_shares(rows, lambda row: row.number)
    has_fees = all(row.fee for row in rows)
    return by_ticket < taxes or (
        has_fees and _count_shares(rows, lambda row: row.fee) < taxes
    )


def _count_shares(
    rows: Collection[TaxedSale], base: Callable[[TaxedSale], float]
) -> int:
    """
    The fewest shares of a base that explain all amounts, but for rounding: each share
    is chosen as the highest that the lowest row allows.
    """
    ranges = sorted(
        ((row.amount + row.number) / base(row), (row.amount - row.number) / base(row))
        for row in rows
    )
    count, chosen = 0, -1.0
    for high, low in ranges:
        if low > chosen:
            count, chosen = count + 1, high
    return count


def _is_levied(row: TaxedSale) -> bool:
    """
    Whether an amount is that of a tax that is levied somewhere, in the price or on top
    of it.
    """
    low, high = row.amount - row.number, row.amount + row.number
    for cost in (row.price, row.price + row.fee):
        if _has_levied(low / cost, high / cost):
            return True
        if high < cost and _has_levied(low / (cost - low), high / (cost - high)):
            return True
    return False


def _has_levied(low: float, high: float) -> bool:
    """
    Whether a tax between these shares of a price is levied somewhere.
    """
    place = bisect_left(_LEVIED, low * _PERCENT)
    return place < len(_LEVIED) and _LEVIED[place] <= high * _PERCENT
