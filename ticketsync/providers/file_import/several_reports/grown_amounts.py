"""
Whether the amounts of a column are those of one ticket each, or of all the tickets
beside which they stand: what needs fewer different amounts to explain all rows. Pure.

40.00 for one ticket, 80.00 for two and 120.00 for three of one type are one price of a
ticket and three amounts; 40.00 for one and for three are one amount and two prices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from fractions import Fraction

_FEWER = Fraction(3, 4)


@dataclass(frozen=True, slots=True)
class CountedAmount:
    """
    An amount in minor units, the number of tickets beside it, and what is sold.
    """

    amount: int
    number: int
    kind: Hashable


def has_price_of_each(found: Iterable[CountedAmount]) -> bool:
    """
    Whether some kind has one amount beside two numbers of tickets: it is that of each.
    40.00 for one and 150.00 for four show nothing.
    """
    first: dict[Hashable, int] = {}
    return any(
        item.amount
        and item.number > 0
        and first.setdefault((item.kind, item.amount), item.number) != item.number
        for item in found
    )


def grow_with_numbers(found: Iterable[CountedAmount]) -> bool:
    """
    Whether amounts grow with the numbers of tickets, as those of all tickets together
    do: divided by the numbers, the different ones are a quarter fewer or less. Only
    kinds that are there with two numbers say anything.

    Where each order has a price of its own, two of a hundred may be so by chance.
    """
    numbers: dict[Hashable, set[int]] = defaultdict(set)
    amounts: dict[Hashable, set[int]] = defaultdict(set)
    divided: dict[Hashable, set[Fraction]] = defaultdict(set)
    for item in found:
        if item.amount and item.number > 0:
            numbers[item.kind].add(item.number)
            amounts[item.kind].add(item.amount)
            divided[item.kind].add(Fraction(item.amount, item.number))
    kinds = [kind for kind, different in numbers.items() if len(different) > 1]
    each, all_together = (
        sum(len(found[kind]) for kind in kinds) for found in (divided, amounts)
    )
    return bool(kinds) and _FEWER * all_together >= each
