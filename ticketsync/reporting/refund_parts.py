"""
Refunds of an order over several shows, divided among them. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.core import money


def split_refunds(
    amounts: Sequence[int],
    parts: Sequence[int],
    charged: Sequence[int],
    places: Sequence[int | None],
) -> list[list[int]]:
    """
    Each movement of an order's refunds divided among its shows, so that the sum for
    each show is its part. Minor units of one currency. `places` has the place of the
    show that a movement was for, `None` where that is not known.

    Movements may be negative and cancel each other out; of those for no known show the
    last one gets the remainder, the others are divided by what is still missing, or by
    what was charged.
    """
    left = _missing(amounts, parts, places)
    if None not in places and any(left):
        return split_refunds(amounts, parts, charged, [None] * len(amounts))
    last = max((n for n, place in enumerate(places) if place is None), default=None)
    found = []
    for n, (amount, place) in enumerate(zip(amounts, places, strict=True)):
        if place is not None:
            shares = [amount if place == m else 0 for m in range(len(parts))]
        elif n == last and sum(left) == amount:
            shares = list(left)
        else:
            shares = money.split(amount, _weights(left, charged))
        if place is None:
            left = [a - b for a, b in zip(left, shares, strict=True)]
        found.append(shares)
    return found


def _missing(
    amounts: Sequence[int], parts: Sequence[int], places: Sequence[int | None]
) -> list[int]:
    """
    What is not for a known show of each part.
    """
    left = list(parts)
    for amount, place in zip(amounts, places, strict=True):
        if place is not None:
            left[place] -= amount
    return left


def _weights(left: Sequence[int], charged: Sequence[int]) -> list[int]:
    """
    The weights to divide a movement by: what is still missing, else what was charged,
    else equal weights.
    """
    for amounts in (left, charged):
        weights = [max(0, amount) for amount in amounts]
        if any(weights):
            return weights
    return [1] * len(left)
