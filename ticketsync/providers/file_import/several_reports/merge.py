"""
One raw order from all rows that belong to it, in however many files.

Where reports give one number to different orders, or the stored order of a number is
another one, the order is set aside by name: nothing is overwritten without a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketsync.core.plurals import number_of
from ticketsync.providers.base import Raw
from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.report import Source
from ticketsync.providers.file_import.orders.events_from_rows import named_event
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports import (
    doubtful_amounts,
    exchanges,
    file_numbers,
    gone_reports,
    renamed_events,
    rewritten_order_numbers,
    stored_order_ids,
)
from ticketsync.providers.file_import.several_reports.exported_again import (
    ExportedAgain,
)
from ticketsync.providers.file_import.several_reports.gone_reports import Found
from ticketsync.providers.file_import.several_reports.order_versions import (
    VersionMerger,
)
from ticketsync.providers.file_import.several_reports.report_versions import (
    CHANGED,
    DIVIDE,
    Origin,
    Version,
)
from ticketsync.providers.file_import.several_reports.stored_order_ids import Key
from ticketsync.providers.report_folder import HeldNames, report_name


@dataclass(slots=True)
class MergedOrders:
    """
    locations  where each order begins, as file and row, by order id
    reports    the ids of the orders that each report gave, by the report's key
    notes      which files replaced rows of older ones
    kept       the ids of orders that are as they were stored from a report that is gone
    """

    orders: dict[str, Raw] = field(default_factory=dict)
    locations: dict[str, str] = field(default_factory=dict)
    reports: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    kept: frozenset[str] = frozenset()


def merge_orders(
    recipe: Recipe, sources: Sequence[Source], rules: Mapping[str, Any], held: HeldNames
) -> MergedOrders:
    """
    The raw orders of all sources, which come oldest first. The rows are taken out of
    the sources, so that a large report is in memory once.
    """
    exchanges.follow_exchanges(recipe, sources)
    _spell_events_alike(recipe, sources, held)
    exports = ExportedAgain(sources, with_sales=recipe.order_numbers == "folder")
    numbers = _numbers_by_report(sources)
    versions = _versions_by_key(recipe, sources, held)
    if recipe.order_numbers == "file":
        versions = file_numbers.settle(recipe, versions, held)
    ids = stored_order_ids.assign_ids(versions, held.orders)
    merger = VersionMerger(recipe, rules, exports, numbers)
    merged, origins = _merge_versions(merger, ids, versions)
    _refuse_unclear(recipe, merged, merger)
    if held.orders:
        ages = {source.key: source.modified_at for source in sources}
        _compare_with_stored(recipe, held, ages, merged, ids, origins)
    _refuse_rewritten(merged, held)
    _refuse_held_twice(recipe, held, ids, merged)
    _refuse_renamed(recipe, held, ids, merged)
    for id_, raw in merged.orders.items():
        if "problem" not in raw:
            for report in origins[id_]:
                merged.reports.setdefault(report, []).append(id_)
    return merged


def _numbers_by_report(sources: Sequence[Source]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for source in sources:
        found[source.key] = found.get(source.key, frozenset()) | source.orders.keys()
    return found


def _versions_by_key(
    recipe: Recipe, sources: Sequence[Source], held: HeldNames
) -> dict[Key, list[Version]]:
    """
    What each source says of each order, oldest first. Takes the rows out of the
    sources.
    """
    found: dict[Key, list[Version]] = {}
    for source in sources:
        for key, lines in _numbered(recipe, source, held).items():
            found.setdefault(key, []).append(Version(source, lines))
        source.orders.clear()
    return found


def _merge_versions(
    merger: VersionMerger,
    ids: Mapping[Key, str],
    versions: dict[Key, list[Version]],
) -> tuple[MergedOrders, dict[str, Origin]]:
    """
    The orders, and the reports that each is from, by its id. Takes the versions out.
    """
    merged = MergedOrders(notes=merger.notes)
    origins: dict[str, Origin] = {}
    for key, id_ in ids.items():
        found = versions.pop(key)
        merged.locations[id_] = found[-1].place
        merged.orders[id_], origins[id_] = merger.raw(id_, found)
    return merged, origins


def _refuse_unclear(
    recipe: Recipe, merged: MergedOrders, merger: VersionMerger
) -> None:
    """
    Set orders aside of which all reports together leave open what they are.
    """
    if merger.repeated:
        merged.notes.append(_note_repeated(recipe, merger.repeated))
    _refuse_doubtful(merged, merger)
    for id_, reason in doubtful_amounts.find_doubtful(recipe, merged.orders).items():
        _set_aside(merged, id_, "per-order", f"{merged.locations[id_]}: {reason}")


def _refuse_held_twice(
    recipe: Recipe, held: HeldNames, ids: Mapping[Key, str], merged: MergedOrders
) -> None:
    """
    Set orders aside that are stored under another id.
    """
    duplicates = stored_order_ids.duplicates_of_held(
        ids,
        lambda key: _events(merged.orders[ids[key]]),
        held.orders,
        recipe.order_numbers,
        held.event_names,
    )
    _refuse_duplicates(merged, duplicates, held)


def _note_repeated(recipe: Recipe, orders: int) -> str:
    """
    That the recipe decided how often alike returns count.
    """
    each = "each" if recipe.repeated_returns == "count" else "once"
    return (
        f"{number_of(orders, 'order')} with alike returns in several reports: they "
        f"count {each}, as `repeated_returns` says, or wait"
    )


def _refuse_doubtful(merged: MergedOrders, merger: VersionMerger) -> None:
    """
    Set orders aside that are likely the same in two reports, where the numbers of one
    of these begin again.
    """
    for id_, (old, new, verdict) in merger.comparisons.doubtful().items():
        what = (
            f"it is as {report_name(old)} says, but in no time of purchase"
            if verdict.degree == "same"
            else f"{verdict.why}, not what {report_name(old)} says of this number"
        )
        reason = (
            f"{merged.locations[id_]}: {what}, and other numbers of "
            f"{report_name(new)} are those of other orders; {DIVIDE}, or {CHANGED}"
        )
        _set_aside(merged, id_, "order-conflict", reason)


def _set_aside(
    merged: MergedOrders, id_: str, word: str, reason: str, *stored: Mapping[str, str]
) -> None:
    """
    An order with its problem; an earlier one stays. With the rows that are `stored`
    their dates are listed still.
    """
    raw = merged.orders[id_]
    if "problem" not in raw:
        merged.orders[id_] = {
            **raw,
            "lines": [*raw["lines"], *stored],
            "problem": {"word": word, "reason": reason},
        }


def _compare_with_stored(
    recipe: Recipe,
    held: HeldNames,
    ages: Mapping[str, int],
    merged: MergedOrders,
    ids: dict[Key, str],
    origins: dict[str, Origin],
) -> None:
    """
    Set orders aside that are not those that are stored under their numbers, or give
    them ids of their own, in place.
    """
    found = {
        id_: Found(
            merged.orders[id_],
            key,
            merged.locations[id_],
            origins[id_][-1],
            ages.get(origins[id_][-1], 0),
            frozenset(map(report_name, origins[id_])),
        )
        for key, id_ in ids.items()
        if id_ in held.orders and "problem" not in merged.orders[id_]
    }
    judged = gone_reports.judge(recipe, held, ages.keys(), found)
    merged.notes.extend(judged.notes)
    for id_ in judged.apart:
        key = found[id_].key
        own = ids[key] = stored_order_ids.id_of(*key)
        merged.orders[own] = {**merged.orders.pop(id_), "id": own}
        merged.locations[own] = merged.locations.pop(id_)
        origins[own] = origins.pop(id_)
    merged.kept = frozenset(judged.kept)
    for id_, stored in judged.kept.items():
        merged.orders[id_], origins[id_] = stored, ()
    for id_, refused in judged.refused.items():
        _set_aside(merged, id_, "number-used-again", refused.reason, *refused.stored)


def event_key(name: str) -> str:
    """
    An event's name without case, spaces and punctuation, by which it is recognised.
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", "", plain) or plain


def _spell_events_alike(
    recipe: Recipe, sources: Sequence[Source], held: HeldNames
) -> None:
    """
    Write each event's name as it was first written, in place, or as the recipe says
    that it was called.
    """
    renamed = {event_key(new): old for new, old in recipe.renamed_events.items()}
    spelled: dict[str, str] = {event_key(name): name for name in sorted(held.events)}
    cache: dict[str, str] = {}
    for source in sources:
        for lines in source.orders.values():
            for line in lines:
                if "event_id" in line.cells:
                    event_id = line.cells["event_id"]
                    line.cells["event_id"] = recipe.renamed_events.get(
                        event_id, event_id
                    )
                    continue
                name = line.cells.get("event")
                if name is None:
                    continue
                if name not in cache:
                    first = renamed.get(event_key(name), name)
                    cache[name] = spelled.setdefault(event_key(first), first)
                line.cells["event"] = cache[name]


def _refuse_duplicates(
    merged: MergedOrders, duplicates: Mapping[str, Sequence[str]], held: HeldNames
) -> None:
    """
    Set orders aside that are held under other ids, by these: so nothing seems missing.
    """
    found = {
        id_: (merged.orders[id_], merged.locations[id_])
        for ids in duplicates.values()
        for id_ in ids
    }
    for id_ in found.keys() - held.orders.keys():
        del merged.orders[id_], merged.locations[id_]
    for stored, ids in duplicates.items():
        raw, place = found[ids[0]]
        reason = (
            f"{place}: it is stored as {stored!r}, and would be counted twice: the "
            "recipe said another `order_numbers` or `event_id` when it was read; put "
            "that line back"
        )
        event = held.orders[stored]
        merged.locations[stored] = place
        merged.orders[stored] = {
            **raw,
            "id": stored,
            "lines": [x for x in raw["lines"] if named_event(x) == event]
            or raw["lines"],
            "problem": {"word": "order-numbers-changed", "reason": reason},
        }


def _refuse_renamed(
    recipe: Recipe, held: HeldNames, ids: Mapping[Key, str], merged: MergedOrders
) -> None:
    """
    Set the orders of an event aside that seems to be a stored one with another title:
    those that are stored by the ids they have, so that nothing seems missing.
    """
    for renamed in list(renamed_events.find_renamed(recipe, held, ids, merged.orders)):
        for id_ in renamed_events.ids_of_event(ids, renamed.now) - held.orders.keys():
            raw = merged.orders.get(id_)
            if raw is None:
                continue
            place = merged.locations[id_]
            old = renamed.stored.get(id_)
            if old is not None:
                del merged.orders[id_], merged.locations[id_]
                merged.locations[old["id"]] = place
                raw = old
            problem = {"word": "event-renamed", "reason": f"{place}: {renamed.reason}"}
            merged.orders[raw["id"]] = {**raw, "problem": problem}


def _events(raw: Raw) -> set[str]:
    return {
        line.get(name, "") for line in raw["lines"] for name in ("event_id", "event")
    }


def _numbered(recipe: Recipe, source: Source, held: HeldNames) -> dict[Key, list[Line]]:
    """
    The rows of a source by what is unique in the folder.
    """
    if recipe.order_numbers not in ("event", "file"):
        return {(number, ""): lines for number, lines in source.orders.items()}
    found: dict[Key, list[Line]] = {}
    for number, lines in source.orders.items():
        within = _file_of(source, number, lines, held)
        for line in lines:
            if recipe.order_numbers == "event":
                within = named_event(line.cells)
            found.setdefault((number, within), []).append(line)
    return found


def _file_of(source: Source, number: str, lines: list[Line], held: HeldNames) -> str:
    """
    The file of an order, as its id names it: in full where it is called like an event
    of the order, so that the id says by what it is divided.
    """
    stem = source.first_name.rpartition(".")[0]
    is_event = stem in {named_event(line.cells) for line in lines}
    is_held = stored_order_ids.id_of(number, stem) in held.orders
    return source.first_name if is_event and not is_held else stem


def _refuse_rewritten(merged: MergedOrders, held: HeldNames) -> None:
    found = rewritten_order_numbers.find_rewritten(merged.orders, held.orders)
    for id_, word, what in list(found):
        reason = f"{merged.locations[id_]}: its number {id_} {what}"
        _set_aside(merged, id_, word, reason)
