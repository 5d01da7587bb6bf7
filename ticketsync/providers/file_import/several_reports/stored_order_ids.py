"""
The ids of orders where the recipe's `order_numbers` changed after orders were stored.

Ids must not change with it: an order under a new id would be counted beside itself. So
an order that is held under its number alone keeps that id, and one that is held under
another event or file is recognised and not read. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

Key = tuple[str, str]  # an order's number, and the event or file that it belongs to


def id_of(number: str, within: str) -> str:
    """
    The id of an order whose number is unique within an event or file; `""`: anywhere.
    """
    return f"{number} ({within})" if within else number


def assign_ids(keys: Iterable[Key], held: Collection[str]) -> dict[Key, str]:
    """
    The id of each order; `keys` come with the oldest report first. Where several orders
    have one number that is held alone, the first one without an id of its own keeps it.
    """
    ids = {key: id_of(*key) for key in keys}
    taken = {number for number, within in ids if not within}
    for key, id_ in list(ids.items()):
        number, _ = key
        if number in held and number not in taken and id_ not in held:
            ids[key] = number
            taken.add(number)
    return ids


def duplicates_of_held(
    ids: Mapping[Key, str],
    events_of: Callable[[Key], Collection[str]],
    held: Mapping[str, str],
    order_numbers: str,
    event_names: Mapping[str, Collection[str]],
) -> Mapping[str, Sequence[str]]:
    """
    Orders that would be counted beside themselves, by the ids under which they are
    held: divided otherwise than the recipe says now, and in no report.

    `events_of` gives the names and ids of the events of an order; `held` has the event
    of each order that is held, `event_names` what that is called: a recipe may map the
    ids of events for a time, and then their names alone. An order under a new id may be
    any that is held under its number; one that keeps its id is another one as well
    where it is for its event.
    """
    present = set(ids.values())
    by_number: dict[str, list[Key]] = {}
    for key in ids:
        by_number.setdefault(key[0], []).append(key)
    duplicates: dict[str, list[str]] = {}
    for stored, event in sorted(held.items()):
        if stored in present or not stored.endswith(")"):
            continue
        names = {event, *event_names.get(event, ())}
        division = "event" if stored.endswith(f" ({event})") else "file"
        if division == order_numbers == "file":
            continue  # an order of a file that is gone
        for number in _numbers(stored, event):
            for key in by_number.get(number, ()):
                if not names.isdisjoint(events_of(key)):
                    duplicates.setdefault(stored, []).insert(0, ids[key])
                elif division != order_numbers and ids[key] not in held:
                    duplicates.setdefault(stored, []).append(ids[key])
    kept = {id_ for found in duplicates.values() for id_ in found if id_ in held}
    return duplicates | {id_: [id_] for id_ in kept}


def _numbers(id_: str, event: str) -> list[str]:
    """
    What the number in an id may be: the name of a file may have brackets of its own.
    """
    if id_.endswith(f" ({event})"):
        return [id_.removesuffix(f" ({event})")]
    return possible_numbers(id_)


def possible_numbers(id_: str) -> list[str]:
    """
    What the number in an id that is divided by file may be.
    """
    ends = [n for n in range(len(id_)) if id_.startswith(" (", n)]
    return [id_[:end] for end in ends]
