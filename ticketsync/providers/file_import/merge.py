"""
One raw order from all rows that belong to it, in however many files.

A newer report replaces what an older one says of the same order; a report with nothing
but what was taken back is added to it. Where two reports give one number to different
orders, or are of equal age and disagree, the order is set aside by name: nothing is
overwritten without a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketsync.providers.base import Raw
from ticketsync.providers.file_import import held_numbers
from ticketsync.providers.file_import.columns import Line
from ticketsync.providers.file_import.held_numbers import Key
from ticketsync.providers.file_import.recipe import Recipe
from ticketsync.providers.file_import.report import Source
from ticketsync.providers.report_folder import HeldNames

_PEOPLE = {"name": "buyer_name", "email": "buyer_email", "phone": "buyer_phone"}
_WAY_OUT = "say `order_numbers: event`, `file` or `folder` in the recipe"


@dataclass(slots=True)
class MergedOrders:
    """
    locations  where each order begins, as file and row, by order id
    notes      which files replaced rows of older ones
    """

    orders: dict[str, Raw] = field(default_factory=dict)
    locations: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Version:
    """
    What one source says of an order.
    """

    source: Source
    lines: list[Line]

    @property
    def rows(self) -> Counter[tuple[tuple[str, str], ...]]:
        return Counter(_frozen(line) for line in self.lines)

    @property
    def sales(self) -> list[Line]:
        return [line for line in self.lines if not line.is_return]


class _Conflict(Exception):
    """
    Two versions of an order contradict each other; the message says how.
    """

    def __init__(self, reason: str, word: str = "order-conflict") -> None:
        super().__init__(reason)
        self.reason = reason
        self.word = word


def merge_orders(
    recipe: Recipe, sources: Sequence[Source], rules: Mapping[str, Any], held: HeldNames
) -> MergedOrders:
    """
    The raw orders of all sources, which come oldest first.
    """
    _spell_events_alike(sources, held)
    versions: dict[Key, list[_Version]] = {}
    for source in sources:
        for key, lines in _numbered(recipe, source, held).items():
            versions.setdefault(key, []).append(_Version(source, lines))
    ids = held_numbers.assign_ids(versions, held.orders)
    merged = MergedOrders()
    for key, found in versions.items():
        id_ = ids[key]
        begin = found[-1]
        merged.locations[id_] = begin.source.place(begin.lines[0])
        merged.orders[id_] = _raw(recipe, id_, found, rules, merged.notes)
    _refuse_lost_zeros(merged, held)
    twins = held_numbers.twins_of_held(
        ids, lambda key: _events(versions[key]), held.orders, recipe.order_numbers
    )
    _refuse_twins(merged, twins, held)
    return merged


def event_key(name: str) -> str:
    """
    An event's name without case, spaces and punctuation, by which it is recognised.
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", "", plain) or plain


def _spell_events_alike(sources: Sequence[Source], held: HeldNames) -> None:
    """
    Write each event's name as it was first written, in place.
    """
    spelled: dict[str, str] = {event_key(name): name for name in sorted(held.events)}
    cache: dict[str, str] = {}
    for source in sources:
        for lines in source.orders.values():
            for line in lines:
                name = line.cells.get("event")
                if name is None or "event_id" in line.cells:
                    continue
                if name not in cache:
                    cache[name] = spelled.setdefault(event_key(name), name)
                line.cells["event"] = cache[name]


def _refuse_twins(
    merged: MergedOrders, twins: Mapping[str, Sequence[str]], held: HeldNames
) -> None:
    """
    Set orders aside that are held under other ids, by these: so nothing seems missing.
    """
    found = {
        id_: (merged.orders[id_], merged.locations[id_])
        for ids in twins.values()
        for id_ in ids
    }
    for id_ in found.keys() - held.orders.keys():
        del merged.orders[id_], merged.locations[id_]
    for stored, ids in twins.items():
        raw, place = found[ids[0]]
        reason = (
            f"{place}: it is stored as {stored!r}, and would be counted twice: the "
            "recipe said another `order_numbers` when it was read; put that line back"
        )
        event = held.orders[stored]
        merged.locations[stored] = place
        merged.orders[stored] = {
            **raw,
            "id": stored,
            "lines": [x for x in raw["lines"] if _event(x) == event] or raw["lines"],
            "problem": {"word": "order-numbers-changed", "reason": reason},
        }


def _events(versions: Sequence[_Version]) -> set[str]:
    return {
        line.cells.get(name, "")
        for version in versions
        for line in version.lines
        for name in ("event_id", "event")
    }


def _event(cells: Mapping[str, str]) -> str:
    return cells.get("event_id") or cells.get("event") or ""


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
                within = _event(line.cells)
            found.setdefault((number, within), []).append(line)
    return found


def _file_of(source: Source, number: str, lines: list[Line], held: HeldNames) -> str:
    """
    The file of an order, as its id names it: in full where it is called like an event
    of the order, so that the id says by what it is divided.
    """
    stem = source.file.rpartition(".")[0]
    is_event = stem in {_event(line.cells) for line in lines}
    is_held = held_numbers.id_of(number, stem) in held.orders
    return source.file if is_event and not is_held else stem


def _raw(
    recipe: Recipe,
    id_: str,
    found: Sequence[_Version],
    rules: Mapping[str, Any],
    notes: list[str],
) -> Raw:
    """
    One order; with its problem if a row of it cannot be read, or its versions disagree.
    """
    problem: dict[str, str] = {}
    lines = [line for version in found for line in version.lines]
    try:
        for version in found:
            for line in version.lines:
                if line.problem:
                    place = version.source.place(line)
                    raise _Conflict(f"{place}: {line.problem}", line.word)
        lines = _merged(recipe, found, notes)
        _refuse_two_orders(found[-1], lines)
    except _Conflict as conflict:
        problem = {"word": conflict.word, "reason": conflict.reason}
    raw: dict[str, Any] = {
        "id": id_,
        "rules": rules,
        "lines": [_stored(line) for line in lines],
    }
    return raw | {"problem": problem} if problem else raw


def _stored(line: Line) -> dict[str, str]:
    if _PEOPLE.keys().isdisjoint(line.cells):
        return line.cells
    return {_PEOPLE.get(name, name): text for name, text in line.cells.items()}


def _merged(recipe: Recipe, found: Sequence[_Version], notes: list[str]) -> list[Line]:
    """
    The rows of an order: the newest report that sells it, and what all others take
    back. Raises `_Conflict`.
    """
    if len(found) == 1:
        return found[0].lines
    selling = [version for version in found if version.sales]
    if not selling:
        return _with_returns([], found)
    chosen = selling[0].lines
    newest = selling[0]
    for version in selling[1:]:
        chosen = _newer(recipe, chosen, newest, version, notes)
        newest = version
    return _with_returns(chosen, [version for version in found if not version.sales])


def _newer(
    recipe: Recipe,
    chosen: list[Line],
    before: _Version,
    version: _Version,
    notes: list[str],
) -> list[Line]:
    old = Counter(_frozen(line) for line in chosen)
    new = version.rows
    if new >= old:
        return version.lines
    if version.source.modified_at == before.source.modified_at:
        if old >= new:
            return chosen
        raise _Conflict(
            f"{version.source.place(version.lines[0])}: "
            f"{before.source.place(before.lines[0])} says something else of this "
            f"order, and neither file is newer; {_WAY_OUT}"
        )
    if _is_same_order(chosen, version.sales):
        gone = sum((old - new).values()) - sum((new - old).values())
        if gone > 0:
            notes.append(
                f"order {version.lines[0].cells.get('order', '')}: "
                f"{version.source.file} is newer than {before.source.file} and has "
                f"{gone} rows fewer; the newer one counts"
            )
        return version.lines
    if recipe.order_numbers == "folder":
        return [*chosen, *version.lines]
    raise _Conflict(
        f"{version.source.place(version.lines[0])}: its number is that of another "
        f"order in {before.source.place(before.lines[0])}; {_WAY_OUT}"
    )


def _is_same_order(old: Sequence[Line], new: Sequence[Line]) -> bool:
    """
    Whether two reports mean one order: they share what was sold, and when.
    """
    keys = [
        {_key(line) for line in lines if not line.is_return} for lines in (old, new)
    ]
    placed = [
        {line.cells["placed"] for line in lines if "placed" in line.cells}
        for lines in (old, new)
    ]
    is_at_one_time = not all(placed) or bool(placed[0] & placed[1])
    return bool(keys[0] & keys[1]) and is_at_one_time


def _key(line: Line) -> tuple[str, ...]:
    cells = line.cells
    event = cells.get("show_id") or cells.get("event_id") or cells.get("event") or ""
    return event, cells.get("starts", ""), cells.get("type", ""), cells.get("line", "")


def _with_returns(chosen: list[Line], others: Iterable[_Version]) -> list[Line]:
    """
    These rows with what other reports take back and these do not have yet. Raises
    `_Conflict` where that cannot be seen.
    """
    held: dict[tuple[tuple[str, str], ...], list[Line]] = {}
    for line in chosen:
        held.setdefault(_frozen(line), []).append(line)
    found = list(chosen)
    for version in others:
        seen: Counter[tuple[tuple[str, str], ...]] = Counter()
        for line in version.lines:
            row = _frozen(line)
            same = held.setdefault(row, [])
            seen[row] += 1
            if seen[row] > len(same):
                found.append(line)
                same.append(line)
            elif line.whole not in {other.whole for other in same}:
                raise _Conflict(
                    f"{version.source.place(line)}: it takes back what another report "
                    f"does ({same[0].position}), and differs only in columns that the "
                    "recipe does not map: map one of them to `placed`, or remove the "
                    "report that repeats the other"
                )
    return found


def _refuse_two_orders(version: _Version, lines: Sequence[Line]) -> None:
    """
    `_Conflict` where one number stands for sales of two events at two times: numbers
    that begin again with each show.
    """
    bought = {
        (line.cells.get("event_id") or line.cells.get("event"), line.cells["placed"])
        for line in lines
        if not line.is_return and "placed" in line.cells
    }
    events = {event for event, _ in bought}
    times = {placed for _, placed in bought}
    if len(events) > 1 and len(times) > 1:
        raise _Conflict(
            f"{version.source.place(lines[0])}: its rows are of {len(events)} events, "
            f"bought at {len(times)} times; {_WAY_OUT}"
        )


def _frozen(line: Line) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(line.cells.items()))


def _refuse_lost_zeros(merged: MergedOrders, held: HeldNames) -> None:
    """
    Order numbers that differ in leading zeros alone: a spreadsheet has removed them
    from one of two reports.
    """
    by_number: dict[str, set[str]] = {}
    for id_ in merged.orders.keys() | held.orders:
        if id_.isascii() and id_.isdigit():
            by_number.setdefault(id_.lstrip("0"), set()).add(id_)
    for ids in by_number.values():
        if len(ids) == 1:
            continue
        for id_ in ids & merged.orders.keys():
            others = ", ".join(sorted(ids - {id_}))
            merged.orders[id_] = {
                **merged.orders[id_],
                "problem": {
                    "word": "leading-zeros",
                    "reason": f"{merged.locations[id_]}: its number {id_} differs from "
                    f"{others} in leading zeros alone; format the column as text and "
                    "export it again",
                },
            }
