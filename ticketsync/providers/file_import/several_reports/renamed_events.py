"""
Events whose title changed in the reports while the recipe says `order_numbers: event`:
it is a part of the ids, so their orders would be counted beside themselves. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ticketsync.core.redact import safe
from ticketsync.providers.base import Raw
from ticketsync.providers.file_import.one_report.columns import is_return
from ticketsync.providers.file_import.orders import same_order
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports.stored_order_ids import Key
from ticketsync.providers.report_folder import HeldNames

_BATCH = 500  # stored orders that are held in memory at a time


@dataclass(frozen=True, slots=True)
class Renamed:
    """
    A stored event, what it seems to be called now, and the stored records of the orders
    that come back under that name, by the ids they would get.
    """

    before: str
    now: str
    stored: Mapping[str, Raw]

    @property
    def reason(self) -> str:
        before, now = safe(self.before, longest=300), safe(self.now, longest=300)
        return (
            f"most orders that a report gave for {before!r} are in none any more, and "
            f"come back as orders of {now!r}: say `renamed_events: {{{now!r}: "
            f"{before!r}}}` in the recipe if it is the same event, or `{{{now!r}: "
            f"{now!r}}}` if it is another"
        )


def find_renamed(
    recipe: Recipe, held: HeldNames, ids: Mapping[Key, str], orders: Mapping[str, Raw]
) -> Iterator[Renamed]:
    """
    Events of which most orders that one report gave, and that are in none any more,
    come back as orders of another event. `ids` are of the `orders` of all reports.
    """
    if recipe.order_numbers != "event":
        return
    new: dict[str, dict[str, str]] = {}
    for (number, event), id_ in ids.items():
        is_new = id_ not in held.orders and id_ in orders
        if is_new and recipe.renamed_events.get(event) != event:
            new.setdefault(event, {})[number] = id_
    if not new:
        return
    found: dict[tuple[str, str], dict[str, Raw]] = {}
    for before, absent in _absent(held, set(ids.values())):
        for now, by_number in new.items():
            pairs = {
                by_number[number]: absent[number]
                for number in absent.keys() & by_number.keys()
            }
            if 2 * len(pairs) <= len(absent):
                continue  # most cannot be the same
            same = _same(recipe, held, pairs, orders)
            if 2 * len(same) > len(absent):
                found.setdefault((before, now), {}).update(same)
    for names, stored in found.items():
        yield Renamed(*names, stored)


def ids_of_event(ids: Mapping[Key, str], event: str) -> set[str]:
    """
    The ids of the orders of an event.
    """
    return {id_ for (_, within), id_ in ids.items() if within == event}


def _absent(
    held: HeldNames, present: Collection[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """
    The stored orders that are in no report any more, of each event in each report that
    gave some: their ids by their numbers.
    """
    known: set[str] = set()
    for ids in held.reports.values():
        known.update(ids)
    unknown = held.orders.keys() - known  # stored by an earlier version
    for ids in (*held.reports.values(), unknown):
        by_event: dict[str, dict[str, str]] = {}
        for id_ in ids:
            event = held.orders.get(id_)
            if event is None or id_ in present:
                continue
            for name in (event, *held.event_names.get(event, ())):
                if name and id_.endswith(f" ({name})"):
                    number = id_.removesuffix(f" ({name})")
                    by_event.setdefault(name, {})[number] = id_
                    break
        yield from by_event.items()


def _same(
    recipe: Recipe,
    held: HeldNames,
    pairs: Mapping[str, str],
    orders: Mapping[str, Raw],
) -> dict[str, Raw]:
    events = frozenset(held.orders.values())
    found: dict[str, Raw] = {}
    items = list(pairs.items())
    for begin in range(0, len(items), _BATCH):
        batch = items[begin : begin + _BATCH]
        stored = held.stored([id_ for _, id_ in batch])
        for id_, stored_id in batch:
            old = stored.get(stored_id)
            if old is None:
                continue
            verdict = same_order.compare(
                _sold(recipe, old),
                _sold(recipe, orders[id_]),
                orders[id_]["rules"],
                events_before=events,
            )
            if verdict.degree in ("same", "renamed"):
                found[id_] = old
    return found


def _sold(recipe: Recipe, raw: Raw) -> Sequence[same_order.Cells]:
    return [line for line in raw["lines"] if not is_return(line, recipe)]
