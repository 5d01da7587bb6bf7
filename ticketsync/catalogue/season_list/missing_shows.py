"""
Shows of ours that a new season list should have and does not. Pure.

A calendar that is exported again may give its entries new references, or move a whole
series. A new date beside a show that the list no longer has may be that show: whether
it moved, both play or it is cancelled only a person knows, and until then nothing is
imported, because the show would be there twice.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

from ticketsync.catalogue.new_shows import NewShow
from ticketsync.catalogue.season_list.list_rows import ListedShow, OpenRow
from ticketsync.catalogue.season_list.planned_changes import (
    Change,
    ListPlan,
    PlannedShow,
)
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.core import clock

MissingAnswer = Literal["moved", "both", "cancelled"]
ANSWERS: tuple[MissingAnswer, ...] = ("moved", "both", "cancelled")
_NEAR = timedelta(days=14)
_NEAR_IN_SERIES = timedelta(days=31)
_NEIGHBOURS = 3  # new dates on either side of a missing one that are looked at
_DAY = re.compile(r"#\d{8}(?:T\d{4})?$")
_SPLIT = re.compile(r"_R\d{8}(?:T\d{6}Z?)?(?=@|$)")  # Google's "this and following"


@dataclass(frozen=True, slots=True)
class MissingAnswers:
    """
    What a person said about missing shows: by our id, and about all others.
    """

    others: MissingAnswer | None = None
    by_show: Mapping[int, MissingAnswer] = field(default_factory=dict)

    def get(self, show_id: int) -> MissingAnswer | None:
        """
        What was said about this show.
        """
        return self.by_show.get(show_id, self.others)


@dataclass(frozen=True, slots=True)
class ListScope:
    """
    What a list is about where its shows do not say so: its season (local days, both
    included), and its rows that are not decided yet.
    """

    since: date | None = None
    until: date | None = None
    open_rows: Sequence[OpenRow] = ()

    def has(self, show: ShowInfo) -> bool:
        """
        Whether a show of ours is in the season.
        """
        day = _day_of(show)
        is_early = self.since is not None and day < self.since
        is_late = self.until is not None and day > self.until
        return not is_early and not is_late

    def leaves_open(self, show: ShowInfo) -> bool:
        """
        Whether a row that is not decided yet may be this show.
        """
        return any(
            (row.reference and row.reference == show.reference)
            or (row.production == show.production and row.day == _day_of(show))
            for row in self.open_rows
        )


@dataclass(frozen=True, slots=True)
class MissingShow:
    """
    A show that the list does not have, and the new date of it that may be that show.
    """

    show: ShowInfo
    likely: ListedShow | None = None

    def __str__(self) -> str:
        name = f"show {self.show.id} ({self.show.name}) is not in this list"
        if self.likely is None:
            return f"{name}; it stays"
        new = self.likely.new
        start = clock.local_text(new.starts_at, new.timezone)
        return f"{name}, which has {start} instead ({self.likely.position})"


def find_missing(
    plan: ListPlan, ours: Sequence[ShowInfo], scope: ListScope = ListScope()
) -> tuple[MissingShow, ...]:
    """
    The shows that a list should have and does not: those of its productions and venues
    within the days of the list, and those of its repeating entries. Each has the
    nearest new date that may be it, and no two have the same.
    """
    found = {item.show.id for item in plan.shows if item.show is not None}
    absent = [
        show
        for show in ours
        if show.id not in found
        and not show.is_excluded
        and scope.has(show)
        and not scope.leaves_open(show)
    ]
    missing, near = _Span(plan, is_known=bool(found)).divide(absent)
    pairs = _pairs(plan, [*missing, *near])
    return tuple(
        MissingShow(show, pairs.get(show.id))
        for show in sorted((*missing, *near), key=lambda show: show.starts_at)
        if show.id in pairs or show in missing
    )


class _Span:
    """
    Which shows a list is about. One that has shows of ours is a later list of the same
    season; then a show a few days outside of it may have moved into it.
    """

    def __init__(self, plan: ListPlan, *, is_known: bool) -> None:
        listed = [item.listed for item in plan.shows]
        self._of = {(item.new.production, item.new.venue) for item in listed}
        self._series = {
            series_of(item.new.reference) for item in listed if item.new.reference
        }
        days = [clock.day_of(i.new.starts_at, i.new.timezone) for i in listed]
        self._first = min(days, default=date.max)
        self._last = max(days, default=date.min)
        self._is_known = is_known

    def divide(
        self, absent: Sequence[ShowInfo]
    ) -> tuple[Collection[ShowInfo], Sequence[ShowInfo]]:
        """
        Those that the list lacks, and those near it.
        """
        ours = [show for show in absent if (show.production, show.venue) in self._of]
        missing = {
            show: None
            for show in absent
            if show.reference and series_of(show.reference) in self._series
        }
        missing |= {
            show: None for show in ours if self._first <= _day_of(show) <= self._last
        }
        if not self._is_known and not missing:
            return missing, ()
        return missing, [
            show
            for show in ours
            if show not in missing
            and self._first - _NEAR <= _day_of(show) <= self._last + _NEAR
        ]


def series_of(reference: str) -> str:
    """
    The repeating entry that a reference belongs to: `UID` of `UID#20261204`.
    """
    return _SPLIT.sub("", _DAY.sub("", reference))


def _pairs(plan: ListPlan, absent: Sequence[ShowInfo]) -> dict[int, ListedShow]:
    """
    The new date that each absent show may be, the nearest pairs first.
    """
    new: dict[str, list[ListedShow]] = defaultdict(list)
    for item in plan.shows:
        if item.change is Change.NEW:
            new[item.listed.new.production].append(item.listed)
    for dates in new.values():
        dates.sort(key=lambda listed: listed.new.starts_at)
    candidates = sorted(
        (
            (abs(listed.new.starts_at - show.starts_at), show.starts_at, show, listed)
            for show in absent
            for listed in _neighbours(show, new.get(show.production, ()))
        ),
        key=lambda candidate: candidate[:2],
    )
    pairs: dict[int, ListedShow] = {}
    taken: set[str] = set()
    for _, _, show, listed in candidates:
        if show.id not in pairs and listed.position not in taken:
            pairs[show.id] = listed
            taken.add(listed.position)
    return pairs


def _neighbours(show: ShowInfo, new: Sequence[ListedShow]) -> Iterator[ListedShow]:
    at = bisect_left(new, show.starts_at, key=lambda listed: listed.new.starts_at)
    for listed in new[max(at - _NEIGHBOURS, 0) : at + _NEIGHBOURS]:
        ours, theirs = show.reference, listed.new.reference
        is_series = bool(ours and theirs) and series_of(ours or "") == series_of(
            theirs or ""
        )
        near = _NEAR_IN_SERIES if is_series else _NEAR
        if abs(listed.new.starts_at - show.starts_at) <= near:
            yield listed


def answer(
    plan: ListPlan, missing: Sequence[MissingShow], answers: MissingAnswers
) -> tuple[ListPlan, tuple[MissingShow, ...]]:
    """
    The plan with the shows that were decided, and those that were not. A show without
    a likely new date stays, unless it is said to be cancelled.
    """
    moved: dict[str, ShowInfo] = {}
    cancelled: list[PlannedShow] = []
    left: list[MissingShow] = []
    for item in missing:
        said = answers.get(item.show.id)
        if said == "cancelled":
            cancelled.append(_cancelled(item.show))
        elif said == "moved" and item.likely is not None:
            moved[item.likely.position] = item.show
        elif item.likely is None or said is None:
            left.append(item)
    shows = tuple(
        replace(item, change=Change.MOVED, show=moved[item.listed.position])
        if item.listed.position in moved and item.change is Change.NEW
        else item
        for item in plan.shows
    )
    return replace(plan, shows=(*shows, *cancelled)), tuple(left)


def _cancelled(show: ShowInfo) -> PlannedShow:
    new = NewShow(
        *(show.production, show.starts_at, show.venue, show.timezone, show.currency),
        *(show.capacity, show.reference),
    )
    listed = ListedShow("not in the list", new, is_cancelled=True)
    return PlannedShow(listed, Change.EXCLUDED, show)


def _day_of(show: ShowInfo) -> date:
    return clock.day_of(show.starts_at, show.timezone)
