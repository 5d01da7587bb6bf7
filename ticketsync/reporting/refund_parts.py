"""
Refunds of an order over several shows, divided among them. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.core import money


def split_refunds(
    amounts: Sequence[int], parts: Sequence[int], charged: Sequence[int]
) -> list[list[int]]:
    """
    Each movement of an order's refunds divided among its shows, so that the sum for
    each show is its part. Minor units of one currency.

    Movements may be negative and cancel each other out; the last one gets the
    remainder, the others are divided by what is still missing, or by what was charged.
    """
    left = list(parts)
    found = []
    for index, amount in enumerate(amounts):
        if sum(left) == amount and index == len(amounts) - 1:
            shares = list(left)
        else:
            shares = money.split(amount, _weights(left, charged))
        left = [a - b for a, b in zip(left, shares, strict=True)]
        found.append(shares)
    return found


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
