"""
Which report is a newer export of an older one: it repeats whole orders of it. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from ticketsync.providers.file_import.report_versions import Row, Version, lasting

Pair = tuple[str, str]  # the keys of two reports, older first
_FEWEST_ORDERS = 2  # that are repeated; one may be alike by chance


def find_exported_again(orders: Iterable[Sequence[Version]]) -> frozenset[Pair]:
    """
    The reports that are exported again, from the versions of each order, oldest first.
    """
    repeated: Counter[Pair] = Counter()
    for versions in orders:
        for older, newer in pairwise(version for version in versions if version.sales):
            if _rows(older) <= _rows(newer):
                repeated[older.source.key, newer.source.key] += 1
    return frozenset(
        pair for pair, orders in repeated.items() if orders >= _FEWEST_ORDERS
    )


def _rows(version: Version) -> Counter[Row]:
    return Counter(lasting(line) for line in version.sales)
