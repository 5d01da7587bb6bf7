"""
What a season list changes: which of its shows are new, known, moved or cancelled. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ticketsync.catalogue.listed_rows import ListedShow, SheetProblem
from ticketsync.catalogue.shows import ShowInfo

CANCELLED_IN_LIST = "cancelled in the season list"


class Change(StrEnum):
    """
    What happens to a show: it is added, stays, gets another capacity or reference,
    starts at another time, is excluded because the list cancels it, is included again,
    or is cancelled without being one of ours.
    """

    NEW = "new"
    SAME = "same"
    UPDATED = "updated"
    MOVED = "moved"
    EXCLUDED = "excluded"
    INCLUDED = "included"
    CANCELLED = "cancelled"


NEEDS_CONSENT = (Change.MOVED, Change.EXCLUDED, Change.INCLUDED)


@dataclass(frozen=True, slots=True)
class PlannedShow:
    """
    One show of the list and the one of ours that it is, if there is one.
    """

    listed: ListedShow
    change: Change
    show: ShowInfo | None = None


@dataclass(frozen=True, slots=True)
class ListPlan:
    """
    What a list changes, and the rows that contradict what we have or one another.
    `repeated` are rows that say what another one says already.
    """

    shows: tuple[PlannedShow, ...]
    problems: tuple[SheetProblem, ...] = ()
    repeated: tuple[str, ...] = ()

    @property
    def needs_consent(self) -> tuple[PlannedShow, ...]:
        """
        What changes shows that we have: a person should see it first.
        """
        return tuple(item for item in self.shows if item.change in NEEDS_CONSENT)


def plan(listed: Sequence[ListedShow], ours: Sequence[ShowInfo]) -> ListPlan:
    """
    Compare a list with our shows. A show is the same by its reference, else by its
    production, venue and start.
    """
    first = _FirstRows()
    kept, problems, repeated = [], [], []
    for item in listed:
        reason, is_problem = first.add(item)
        if is_problem:
            problems.append(SheetProblem(item.position, reason))
        elif reason:
            repeated.append(f"{item.position}: {reason}")
        else:
            kept.append(item)
    compared = _Comparison(kept, ours)
    planned: list[PlannedShow] = []
    for item in kept:
        found = compared.plan(item)
        if isinstance(found, SheetProblem):
            problems.append(found)
        else:
            planned.append(found)
    problems += compared.taken_places(planned)
    wrong = {problem.position for problem in problems}
    shows = tuple(item for item in planned if item.listed.position not in wrong)
    return ListPlan(shows, tuple(problems), tuple(repeated))


_Key = tuple[str, str, datetime]


def _key(item: ListedShow) -> _Key:
    return item.new.production, item.new.venue, item.new.starts_at


def _key_of(show: ShowInfo) -> _Key:
    return show.production, show.venue, show.starts_at


class _FirstRows:
    """
    The first row of each reference and of each show in a list.
    """

    def __init__(self) -> None:
        self._by_reference: dict[str, ListedShow] = {}
        self._by_key: dict[_Key, ListedShow] = {}

    def add(self, item: ListedShow) -> tuple[str, bool]:
        """
        Why a row is not taken as well, and whether that is a problem.
        """
        reference = item.new.reference
        other = self._by_reference.get(reference or "")
        if other is not None:
            is_same = _key(other) == _key(item)
            is_same = is_same and other.is_cancelled == item.is_cancelled
            reason = f'the reference "{reference}" is that of {other.position}'
            return reason, not is_same
        same = self._by_key.get(_key(item))
        if same is not None and not item.is_cancelled and not same.is_cancelled:
            is_problem = bool(reference and same.new.reference)
            return f"the same show as {same.position}", is_problem
        if reference:
            self._by_reference[reference] = item
        if same is None or same.is_cancelled:
            self._by_key[_key(item)] = item
        return "", False


class _Comparison:
    """
    Our shows by reference and by key, beside the rows of one list.
    """

    def __init__(self, listed: Sequence[ListedShow], ours: Sequence[ShowInfo]) -> None:
        self._by_reference = {show.reference: show for show in ours if show.reference}
        self._by_key = {_key_of(show): show for show in ours}
        self._left_out = {show.id for show in ours if show.is_excluded}
        self._references = {item.new.reference for item in listed}
        self._playing = {_key(item) for item in listed if not item.is_cancelled}

    def plan(self, item: ListedShow) -> PlannedShow | SheetProblem:
        show = self._find(item)
        if item.is_cancelled:
            return self._plan_cancelled(item, show)
        if show is None:
            return PlannedShow(item, Change.NEW)
        if problem := _contradiction(item, show):
            return SheetProblem(item.position, problem)
        if show.starts_at != item.new.starts_at:
            return PlannedShow(item, Change.MOVED, show)
        if show.id in self._left_out and show.excluded_because == CANCELLED_IN_LIST:
            return PlannedShow(item, Change.INCLUDED, show)
        is_same = _is_filled(item, show)
        return PlannedShow(item, Change.SAME if is_same else Change.UPDATED, show)

    def _find(self, item: ListedShow) -> ShowInfo | None:
        """
        The show that a row is. One at the same time is another one where the list has
        that one's reference, too: it moves away.
        """
        reference = item.new.reference
        if reference and reference in self._by_reference:
            return self._by_reference[reference]
        show = self._by_key.get(_key(item))
        if show is not None and show.reference and reference:
            return None if show.reference in self._references else show
        return show

    def _plan_cancelled(self, item: ListedShow, show: ShowInfo | None) -> PlannedShow:
        is_other = show is not None and _key_of(show) in self._playing
        if show is None or (is_other and show.reference != item.new.reference):
            return PlannedShow(item, Change.CANCELLED)
        is_done = show.id in self._left_out
        return PlannedShow(item, Change.CANCELLED if is_done else Change.EXCLUDED, show)

    def taken_places(self, planned: Sequence[PlannedShow]) -> list[SheetProblem]:
        """
        Shows that would be moved to, or added at, the time of another one that stays.
        """
        leaving = {
            item.show.id
            for item in planned
            if item.change is Change.MOVED and item.show is not None
        }
        problems = []
        for item in planned:
            if item.change not in (Change.MOVED, Change.NEW):
                continue
            other = self._by_key.get(_key(item.listed))
            if other is not None and other.id not in leaving:
                reason = f"show {other.id} ({other.reference or 'without a reference'})"
                problems.append(
                    SheetProblem(item.listed.position, f"{reason} plays at that time")
                )
        return problems


def _contradiction(item: ListedShow, show: ShowInfo) -> str:
    """
    Why a row with the reference of a show cannot be that show.
    """
    theirs: Mapping[str, str] = {
        "production": item.new.production,
        "venue": item.new.venue,
    }
    for name, text in theirs.items():
        ours = getattr(show, name)
        if ours != text:
            return (
                f'the reference "{show.reference}" is show {show.id}, whose {name} is '
                f'"{ours}", not "{text}"; `shows edit {show.id}` changes it'
            )
    return ""


def _is_filled(item: ListedShow, show: ShowInfo) -> bool:
    new = item.new
    has_capacity = new.capacity is None or new.capacity == show.capacity
    return has_capacity and (new.reference is None or new.reference == show.reference)
