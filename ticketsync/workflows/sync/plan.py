"""
Deciding which orders to read. Pure: what the listing says and what was read before in,
decisions out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.core.records import CountedTickets
from ticketsync.providers.base import (
    Extent,
    Provider,
    has_change_feed,
    reads_account,
)
from ticketsync.sales.stored_orders import HeldCounts

PAGE = 100  # orders

Occurrences = Sequence[LinkedOccurrence]


class ReadMode(Enum):
    """
    How an account's orders are read: all of them in one walk; what a feed of all
    changes shows; or occurrence by occurrence, after a look at what is new.
    """

    WHOLE = "whole"
    FEED = "feed"
    BY_OCCURRENCE = "by occurrence"


@dataclass(frozen=True, slots=True)
class Bookmarks:
    """
    What earlier runs left behind, by stream; see `streams`.
    """

    read: Mapping[str, str] = field(default_factory=dict)
    begun: Mapping[str, str] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)
    swept: Collection[str] = ()
    unfinished: str | None = None
    newest: str | None = None
    must_read_all: bool = False


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """
    `window` are the occurrences whose orders matter now; with `is_sweep` all of their
    orders are read, whether they seem to have changed or not.
    """

    mode: ReadMode
    is_sweep: bool
    window: tuple[LinkedOccurrence, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """
    What one call of `fetch_orders` reads: an occurrence, or a whole event with its
    occurrences; all of it, or what changed `since` a bookmark. `id` is the platform's.
    """

    id: str
    occurrences: tuple[LinkedOccurrence, ...]
    since: str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """
    How an occurrence stood at its last complete read, and whether the counts agreed.
    """

    fingerprint: str
    agrees: bool

    def as_text(self) -> str:
        return json.dumps([self.fingerprint, self.agrees])

    @staticmethod
    def parse(text: str) -> Mark:
        fingerprint, agrees = json.loads(text)
        return Mark(str(fingerprint), bool(agrees))


def plan_orders(
    provider: Provider,
    listed: Occurrences,
    held: Bookmarks,
    *,
    is_full: bool,
    is_sweep_due: bool,
    since: datetime,
) -> OrderPlan:
    """
    How to read the orders. `since` is the start before which occurrences are over and
    not read again, unless `is_full`.
    """
    is_unfinished = held.unfinished is not None
    is_sweep = is_full or is_sweep_due or is_unfinished or held.must_read_all
    window = tuple(
        o
        for o in listed
        if provider.spec.reads != "none" and is_read(o, None if is_full else since)
    )
    has_feed = has_change_feed(provider)
    reads_whole = reads_account(provider) and (
        is_unfinished
        or held.must_read_all
        or (has_feed and (is_sweep or not held.newest))
        or (is_sweep and whole_is_cheaper(window, listed))
    )
    if reads_whole:
        return OrderPlan(ReadMode.WHOLE, is_sweep, window)
    return OrderPlan(
        ReadMode.FEED if has_feed else ReadMode.BY_OCCURRENCE, is_sweep, window
    )


def is_read(occurrence: LinkedOccurrence, since: datetime | None) -> bool:
    """
    Whether the orders of an occurrence are read by themselves: it is listed, it is not
    over by `since`, if one is given, and its link is on (the door needs guests whose
    sales do not count).
    """
    is_over = since is not None and occurrence.is_dated and occurrence.starts_at < since
    return occurrence.gone_since is None and occurrence.is_followed and not is_over


def changed_since_begun(window: Occurrences, begun: Mapping[str, str]) -> Occurrences:
    """
    Occurrences whose fingerprint changed since an unfinished read of everything began.
    """
    return [o for o in window if begun.get(o.provider_occurrence_id) != o.fingerprint]


def covered_by_feed(
    listed: Occurrences,
    window: Occurrences,
    touched: set[int],
    marks: Mapping[str, str],
) -> Occurrences:
    """
    The occurrences that a feed of all changes has brought up to date: those it touched
    (our ids), and those that had no mark, because of a new link or a run that died.
    """
    covered = touched | {occurrence.id for occurrence in stale(window, marks)}
    return [occurrence for occurrence in listed if occurrence.id in covered]


def to_read(
    provider: Provider, plan: OrderPlan, marks: Mapping[str, str], news: Collection[str]
) -> Occurrences:
    """
    The occurrences to read one by one: all in a sweep, or where the platform says what
    changed in each; else those that changed, and the `news` (the platform's ids).
    """
    if plan.is_sweep or provider.spec.changes == "by_event":
        return plan.window
    wanted = {o.provider_occurrence_id for o in stale(plan.window, marks)} | set(news)
    return [o for o in plan.window if o.provider_occurrence_id in wanted]


def stale(occurrences: Occurrences, marks: Mapping[str, str]) -> Occurrences:
    """
    The occurrences that must be read: never read whole, changed since, or not agreeing.
    """

    def is_fresh(occurrence: LinkedOccurrence) -> bool:
        text = marks.get(occurrence.provider_occurrence_id)
        fresh = Mark(occurrence.fingerprint, True)
        return text is not None and Mark.parse(text) == fresh

    return [occurrence for occurrence in occurrences if not is_fresh(occurrence)]


def units(
    provider: Provider,
    chosen: Occurrences,
    listed: Occurrences,
    held: Bookmarks,
    *,
    is_sweep: bool,
) -> list[Unit]:
    """
    The chosen occurrences as the platform lists orders: each by itself, or with its
    whole event; of those that were read before, what changed, unless a sweep has not
    come to them yet.
    """
    if provider.spec.reads != "per_event":
        return [Unit(o.provider_occurrence_id, (o,), None) for o in chosen]
    by_event: dict[str, list[LinkedOccurrence]] = {
        o.provider_event_id: [] for o in chosen
    }
    for occurrence in listed:
        if occurrence.provider_event_id in by_event:
            by_event[occurrence.provider_event_id].append(occurrence)

    def since(event: str, its: Occurrences) -> str | None:
        is_due = is_sweep and event not in held.swept
        was_read = all(o.provider_occurrence_id in held.read for o in its)
        return held.changed.get(event) if was_read and not is_due else None

    return [
        Unit(event, tuple(its), since(event, its)) for event, its in by_event.items()
    ]


def whole_is_cheaper(chosen: Occurrences, listed: Occurrences) -> bool:
    """
    Whether one walk over all orders takes fewer requests than one per occurrence.
    """
    if len(chosen) < 2:
        return False
    one_by_one = sum(max(1, math.ceil((o.ordered or 0) / PAGE)) for o in chosen)
    return math.ceil(total_orders(listed) / PAGE) + 1 < one_by_one


def total_orders(occurrences: Iterable[LinkedOccurrence]) -> int:
    """
    How many orders the listing counts.
    """
    return sum(occurrence.ordered or 0 for occurrence in occurrences)


def extent(listed: Occurrences, workers: int, now: datetime) -> Extent:
    """
    How much there is to read, and instants that part it into equal shares: each
    occurrence is taken to sell evenly from its listing to its start. The first instant
    is where the earliest listing begins.
    """
    return Extent(total_orders(listed), _cuts(listed, workers, now.timestamp()))


def _cuts(listed: Occurrences, parts: int, now: float) -> list[int]:
    spans = []
    for occurrence in listed:
        if occurrence.ordered and occurrence.listed_at is not None:
            begins = occurrence.listed_at.timestamp()
            ends = max(begins + 1, min(occurrence.starts_at.timestamp(), now))
            spans.append((begins, ends, occurrence.ordered))
    if not spans or parts < 2:
        return []
    low, high = min(s[0] for s in spans), max(s[1] for s in spans)
    total = sum(s[2] for s in spans)

    def sold_by(instant: float) -> float:
        return sum(
            number * min(1.0, max(0.0, (instant - begins) / (ends - begins)))
            for begins, ends, number in spans
        )

    cuts = [int(low)]
    for part in range(1, parts):
        cut = int(_reached(sold_by, total * part / parts, low, high))
        if cut > cuts[-1]:
            cuts.append(cut)
    return cuts


def _reached(
    growing: Callable[[float], float], target: float, low: float, high: float
) -> float:
    """
    Where a function that never falls comes to `target`, by bisection.
    """
    for _ in range(32):
        middle = (low + high) / 2
        low, high = (middle, high) if growing(middle) < target else (low, middle)
    return high


# What the listing's counts say


def may_have_loose_tickets(
    occurrence: LinkedOccurrence, held: HeldCounts | None, counted: CountedTickets
) -> bool:
    """
    Whether the listing counts more than the orders hold, or does not count at all;
    `counted` says which tickets it counts. A date that left the listing has none to be
    read: what is stored of it stays.
    """
    if occurrence.gone_since is not None:
        return False
    if occurrence.issued is None:
        return True
    if held is None:
        return occurrence.issued > 0
    return held.loose > 0 or occurrence.issued > held.tickets_by_rule[counted]


def agrees(occurrence: LinkedOccurrence, held: HeldCounts | None) -> bool:
    """
    Whether the listing's counts fit what we hold under some way of counting.

    A listing that reports no counts never agrees: its orders are read every time.
    """
    if occurrence.issued is None:
        return False
    if held is None:
        return not occurrence.issued and not occurrence.ordered
    fits = occurrence.issued in held.tickets_by_rule.values()
    return fits and (occurrence.ordered is None or occurrence.ordered in held.orders)
