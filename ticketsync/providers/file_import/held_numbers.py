"""
The ids of orders where the recipe's `order_numbers` changed after orders were stored.

Ids must not change with it: an order under a new id would be counted beside itself. So
an order that is held under its number alone keeps that id. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

Key = tuple[str, str]  # an order's number, and the event or file that it belongs to


def assign_ids(keys: Iterable[Key], held: Collection[str]) -> dict[Key, str]:
    """
    The id of each order; `keys` come with the oldest report first. Where several orders
    have one number that is held alone, the first one without an id of its own keeps it.
    """
    ids = {
        (number, within): f"{number} ({within})" if within else number
        for number, within in keys
    }
    taken = {number for number, within in ids if not within}
    for key, id_ in list(ids.items()):
        number, _ = key
        if number in held and number not in taken and id_ not in held:
            ids[key] = number
            taken.add(number)
    return ids


def former_ids(ids: Iterable[str], held: Collection[str]) -> Mapping[str, str]:
    """
    By the ids of orders that are not held, those under which orders of their number
    are, by event or by file, and which no report has any more.
    """
    present = set(ids)
    divided = {
        id_.partition(" (")[0]: id_
        for id_ in sorted(held)
        if id_.endswith(")") and id_ not in present
    }
    return {id_: divided[id_] for id_ in present - set(held) if id_ in divided}
