"""
Orders whose stored rows are from a report that is no longer in the folder: a newer
report that uses their number is compared with what is stored, since there is nothing
beside it to compare it with. Another order is set aside, or gets an id of its own where
the recipe says that numbers begin again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.providers.base import Raw
from ticketsync.providers.file_import.one_report.columns import is_return
from ticketsync.providers.file_import.orders import same_order
from ticketsync.providers.file_import.orders.same_order import (
    Cells,
    Comparisons,
    Verdict,
)
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports import lasting_losses, net_sales
from ticketsync.providers.file_import.several_reports.order_versions import note_fewer
from ticketsync.providers.file_import.several_reports.report_versions import (
    CHANGED,
    PEOPLE,
    is_confirmed,
)
from ticketsync.providers.file_import.several_reports.stored_order_ids import Key
from ticketsync.providers.report_folder import HeldNames, report_digest, report_name

_BATCH = 500  # stored orders that are held in memory at a time
_BESIDE_ROW = frozenset(PEOPLE.values())


@dataclass(frozen=True, slots=True)
class Refused:
    """
    An order that is set aside: why, and the stored rows of its number.
    """

    reason: str
    stored: Sequence[Cells]


@dataclass(frozen=True, slots=True)
class Found:
    """
    An order of the folder: its raw record, by what its number is unique, and where and
    in which report (its key) the newest rows begin.
    """

    raw: Raw
    key: Key
    place: str
    report: str
    modified_at: int = 0  # of that report, in nanoseconds
    files: frozenset[str] = frozenset()  # of all of its reports


@dataclass(frozen=True, slots=True)
class _Compared:
    found: Found
    lines: Sequence[Cells]  # as they are stored, where they may be another order's
    fewer: int  # rows than are stored
    verdict: Verdict
    report: str  # the name of the one that is gone; `""` where nobody knows
    is_equal: bool  # in every row
    stored: Raw | None = None  # where less is known of the order now

    @property
    def files(self) -> tuple[str, str]:
        return self.report, self.found.report


@dataclass(frozen=True, slots=True)
class Judged:
    """
    refused  orders that are set aside, by their ids
    apart    orders that get an id of their own, by the id of the stored order
    notes    which reports replaced rows of those that are gone
    kept     the stored records of orders, by their ids, of which the reports say the
             same less what went back
    """

    refused: Mapping[str, Refused]
    apart: frozenset[str]
    notes: Sequence[str] = ()
    kept: Mapping[str, Raw] = field(default_factory=dict)


def judge(
    recipe: Recipe,
    held: HeldNames,
    present: Collection[str],
    orders: Mapping[str, Found],
) -> Judged:
    """
    What becomes of those of these orders, by id, whose stored rows are from a report
    that is not among the `present` ones.
    """
    comparisons = Comparisons()
    gone = _of_gone(held, present, orders)
    compared = dict(_compare(recipe, held, gone, orders))
    for id_, item in compared.items():
        comparisons.add(*item.files, id_, item.verdict)
    doubtful = {*comparisons.doubtful(), *_beside_lost(held, orders, compared)}
    begun_again = {f for f in comparisons.found if comparisons.begin_again(*f)}
    files = {report_name(key) for key in present}
    refused: dict[str, Refused] = {}
    apart: set[str] = set()
    kept: dict[str, Raw] = {}
    notes = []
    repeated: Counter[str] = Counter()
    for id_, item in compared.items():
        is_other = item.verdict.degree == "other" or id_ in doubtful
        begins_again = item.files in begun_again
        if _is_apart(recipe, held, id_, item, is_other=is_other or begins_again):
            apart.add(id_)
        elif is_other:
            refused[id_] = Refused(_reason(recipe, item, files), item.lines)
        elif item.stored is not None:
            kept[id_] = _with_people(item.stored, item.found.raw["lines"])
            notes.append(_note_kept(item))
        elif item.fewer > 0:
            newer = report_name(item.found.report)
            older = item.report or "a report"
            fewer = number_of(item.fewer, "row")
            notes.append(note_fewer(item.found.key[0], newer, older, fewer))
        elif _repeats_returns(recipe, item):
            repeated[item.report] += 1
    notes += [_note_replaced(*found) for found in repeated.items()]
    return Judged(refused, frozenset(apart), notes, kept)


def _repeats_returns(recipe: Recipe, item: _Compared) -> bool:
    """
    Whether a report without the sale took the place of one that took back the same: it
    may be the same return, or one more.
    """
    files = item.found.files
    is_statement = len(files) > 1 and item.report in files
    has_returns = bool(_parts(recipe, item.found.raw["lines"])[1])
    return is_statement and item.is_equal and has_returns


def _note_replaced(file: str, orders: int) -> str:
    return (
        f"{safe(file)} was replaced, and what it takes back of "
        f"{number_of(orders, 'order')} is equal to what it took back before: it counts "
        "once; if it went back twice, put the earlier report back under another name"
    )


def _with_people(stored: Raw, lines: Sequence[Cells]) -> Raw:
    """
    A stored record, which has no people in it, with those of the order's rows.
    """
    found: dict[str, str] = {}
    for line in lines:
        for name in _BESIDE_ROW & line.keys():
            found.setdefault(name, line[name])
    return {**stored, "lines": [{**line, **found} for line in stored["lines"]]}


def _note_kept(item: _Compared) -> str:
    return (
        f"order {item.found.key[0]}: {report_name(item.found.report)} sells it less "
        "what went back, and the report that said so is not in the folder any more; "
        "what is stored counts"
    )


def _beside_lost(
    held: HeldNames, orders: Mapping[str, Found], compared: Mapping[str, _Compared]
) -> set[str]:
    """
    Orders that seem to be renamed, while others of their event in the report that is
    gone are in no report any more: more likely it is another event's report.
    """
    lost = {
        (report_name(key), held.orders.get(id_))
        for key, ids in held.reports.items()
        for id_ in ids
        if id_ not in orders
    }
    return {
        id_
        for id_, item in compared.items()
        if item.verdict.degree == "renamed"
        and (item.report, held.orders.get(id_)) in lost
    }


def _of_gone(
    held: HeldNames, present: Collection[str], orders: Mapping[str, Found]
) -> dict[str, str]:
    """
    The orders whose stored rows are from a report that is gone, or from one that nobody
    knows (`""`): the name of it.
    """
    known: set[str] = set()
    gone: dict[str, str] = {}
    for key, ids in held.reports.items():
        known.update(ids)
        if key not in present:
            gone |= dict.fromkeys(ids, report_name(key))
    return {
        id_: gone.get(id_, "")
        for id_ in orders
        if id_ in held.orders and (id_ in gone or id_ not in known)
    }


def _times_stored(held: HeldNames) -> dict[str, int]:
    """
    The time of the newest report that each order is stored from, in nanoseconds.
    """
    times: dict[str, int] = {}
    for key, ids in held.reports.items():
        report = held.read.get(report_digest(key))
        if report is not None:
            for id_ in ids:
                times[id_] = max(times.get(id_, 0), report.modified_at)
    return times


def _compare(
    recipe: Recipe,
    held: HeldNames,
    wanted: Mapping[str, str],
    orders: Mapping[str, Found],
) -> Iterator[tuple[str, _Compared]]:
    events = frozenset(held.orders.values())
    ids = list(wanted)
    times = _times_stored(held)
    for begin in range(0, len(ids), _BATCH):
        stored = held.stored(ids[begin : begin + _BATCH])
        for id_, old in stored.items():
            found = orders[id_]
            if not old["rules"].get("is_plain"):
                continue  # of an earlier version; it is stored anew by this read
            is_equal = _rows(old["lines"]) == _rows(found.raw["lines"])
            verdict = _verdict(recipe, old, found, events)
            if verdict.degree != "other" and not is_equal:
                is_older = found.modified_at < times.get(id_, 0)
                verdict = _unless_undone(recipe, old, found, verdict, is_older=is_older)
            lines = old["lines"] if verdict.degree != "same" else ()
            fewer = len(old["lines"]) - len(found.raw["lines"])
            kept = old if not is_equal and _is_net(recipe, old, found) else None
            yield (
                id_,
                _Compared(
                    found,
                    lines,
                    fewer,
                    verdict,
                    wanted[id_],
                    is_equal=is_equal,
                    stored=kept,
                ),
            )


def _is_net(recipe: Recipe, old: Raw, found: Found) -> bool:
    """
    Whether an order is as it is stored, with what went back taken off its sale: that it
    did stays known, with its day, though its report is gone.
    """
    if is_confirmed(recipe, found.raw["lines"]):
        return False
    return lasting_losses.is_net_of(
        lasting_losses.figures_of(found.raw), lasting_losses.figures_of(old)
    )


def _verdict(
    recipe: Recipe, old: Raw, found: Found, events: Collection[str]
) -> Verdict:
    if is_confirmed(recipe, found.raw["lines"]):
        return Verdict("same", is_sure=True)
    sold, returned = _parts(recipe, old["lines"])
    sold_now, returned_now = _parts(recipe, found.raw["lines"])
    rules = found.raw["rules"]
    if _rows(sold) <= _rows(sold_now) and not _rows(returned) <= _rows(returned_now):
        return Verdict("other", "what was taken back is in no report any more")
    # A type that was renamed is another row, too; in a folder it may be another file's.
    is_divided = recipe.order_numbers == "folder" or len(sold_now) < len(sold)
    if is_divided and not same_order.has_each(sold, sold_now, rules):
        return Verdict("other", "some of its rows are in no report any more")
    return same_order.compare(sold, sold_now, rules, events_before=events)


def _unless_undone(
    recipe: Recipe, old: Raw, found: Found, verdict: Verdict, *, is_older: bool
) -> Verdict:
    """
    The verdict on the same order, or another where it would go back to what it was in
    an older report.
    """
    if not is_confirmed(recipe, found.raw["lines"]):
        before, now = (
            lasting_losses.figures_of(old),
            lasting_losses.figures_of(found.raw),
        )
        lost = lasting_losses.what_is_undone(before, now)
        if lost:
            return Verdict("other", lost)
        is_net = lasting_losses.is_net_of(now, before)
        if is_older and before != now and not is_net and None not in (before, now):
            return Verdict("other", "this report is the older one")
    sold, _ = _parts(recipe, old["lines"])
    sold_now, returned = _parts(recipe, found.raw["lines"])
    amount = net_sales.what_went_back_twice(
        recipe, found.raw["rules"], sold, sold_now, returned
    )
    if amount:
        return Verdict(
            "other",
            f"it sells {amount} less, and takes that back as well: "
            f"{net_sales.remedy(sold_now, amount)}",
        )
    return verdict


def _parts(recipe: Recipe, lines: Sequence[Cells]) -> tuple[list[Cells], list[Cells]]:
    """
    The rows that sell, and those that take back.
    """
    parts: tuple[list[Cells], list[Cells]] = ([], [])
    for line in lines:
        parts[is_return(line, recipe)].append(line)
    return parts


def _rows(lines: Sequence[Cells]) -> Counter[Any]:
    return Counter(
        frozenset(item for item in line.items() if item[0] not in _BESIDE_ROW)
        for line in lines
    )


def _is_apart(
    recipe: Recipe, held: HeldNames, id_: str, item: _Compared, *, is_other: bool
) -> bool:
    """
    Whether an order that would have the id of a stored one is by the recipe's own words
    another: of another event, or of another file.
    """
    number, within = item.found.key
    if not within or id_ != number:
        return False
    if recipe.order_numbers == "event":
        event = held.orders[id_]
        names = {event, *held.event_names.get(event, ())}
        is_of_event = item.verdict.degree not in ("other", "renamed")
        return is_other and not is_of_event and within not in names
    stem = item.report.rpartition(".")[0]
    is_same_file = within in (item.report, stem)
    return not is_same_file and (is_other or not item.is_equal)


def _reason(recipe: Recipe, item: _Compared, files: Collection[str]) -> str:
    """
    Why an order is set aside, and the ways out, the likeliest first; `files` are the
    names of the reports in the folder.
    """
    why = item.verdict.why
    file = report_name(item.found.report)
    divide = (
        "give this report a name of its own"
        if recipe.order_numbers == "file"
        else "say `order_numbers: file` in the recipe"
    )
    divide = f"{divide} if numbers begin again with each file"
    if item.report == file:
        number = safe(item.found.key[0])
        return (
            f"{item.found.place}: {_what_changed(item, number, file)}. If it was "
            f"corrected: `changed_orders: [{_in_list(number)}]` in the recipe; {divide}"
        )
    of_another = f"{item.found.place}: its number is that of another order, stored from"
    if item.report in files:
        return (
            f"{of_another} {item.report}, which does not have it any more ({why}); "
            f"{CHANGED}, put the row back into that report, or {divide}"
        )
    return (
        f"{of_another} {item.report or 'a report'}, which is not in the folder "
        f"({why}); put that report back, {divide}, or {CHANGED}"
    )


def _what_changed(item: _Compared, number: str, file: str) -> str:
    """
    What a report says of an order that was stored from an earlier state of it.
    """
    if item.verdict.nights:
        before, now = item.verdict.nights
        return f"{number} was stored for {before}, and {file} has {now} now"
    return (
        f"{number} was stored from {file} as it was before, and differs there now "
        f"({item.verdict.why})"
    )


def _in_list(number: str) -> str:
    """
    A number as it is written into a list of a recipe.
    """
    return number if re.fullmatch(r"\w(?:[\w./-]*\w)?", number) else f'"{number}"'
