"""
What a season list changes: which of its shows are new, known, moved or cancelled. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ticketsync.catalogue.new_starts import NewStart, beside, is_same_minute
from ticketsync.catalogue.season_list.list_rows import ListedShow, SheetProblem
from ticketsync.catalogue.shows import CANCELLED_IN_LIST, ShowInfo
from ticketsync.core.redact import safe


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


# How far a show may move that the list calls by a title that is none of ours: a number
# of last season may be that of another show now.
NEAR_BY_REFERENCE = timedelta(days=31)
NEEDS_CONSENT = (Change.MOVED, Change.EXCLUDED, Change.INCLUDED)


@dataclass(frozen=True, slots=True)
class PlannedShow:
    """
    One show of the list and the one of ours that it is, if there is one.
    """

    listed: ListedShow
    change: Change
    show: ShowInfo | None = None

    @property
    def new_start(self) -> NewStart | None:
        """
        Where a show of ours goes; `None` if it stays, or is none of ours.
        """
        start = self.listed.new.starts_at
        if self.show is None or self.change not in (Change.MOVED, Change.INCLUDED):
            return None
        return None if self.show.starts_at == start else NewStart(self.show, start)

    @property
    def replaced_reference(self) -> str:
        """
        The reference of a show of ours that the list gives another one; `""` where it
        does not.
        """
        new = self.listed.new.reference
        old = "" if self.show is None else self.show.reference or ""
        return (
            old if old and new and new != old and not self.listed.is_cancelled else ""
        )

    @property
    def is_included(self) -> bool:
        """
        Whether a show that an earlier list cancelled plays after all.
        """
        is_playing = self.change in (Change.MOVED, Change.INCLUDED)
        return self.show is not None and is_playing and _is_cancelled(self.show)


@dataclass(frozen=True, slots=True)
class ListPlan:
    """
    What a list changes, and the rows that contradict what we have or one another.
    `repeated` are rows that say what another one says already; `beside` are cancelled
    shows that leave their time to one that plays then.
    """

    shows: tuple[PlannedShow, ...]
    problems: tuple[SheetProblem, ...] = ()
    repeated: tuple[str, ...] = ()
    beside: tuple[NewStart, ...] = ()

    @property
    def needs_consent(self) -> tuple[PlannedShow, ...]:
        """
        What changes shows that we have: a person should see it first.
        """
        return tuple(item for item in self.shows if item.change in NEEDS_CONSENT)


def plan(listed: Sequence[ListedShow], ours: Sequence[ShowInfo]) -> ListPlan:
    """
    Compare a list with our shows. A show is the same by its reference, else by its
    production, venue and start. Whether the times are free is for `settle_times`.
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
    return ListPlan(_without(planned, problems), tuple(problems), tuple(repeated))


def settle_times(plan: ListPlan, ours: Sequence[ShowInfo]) -> ListPlan:
    """
    The plan without the shows that would be moved to, or added at, the time of another
    one that plays. One that is cancelled, by this list or an earlier one, leaves its
    time to them.
    """
    by_key = {_key_of(show): show for show in ours}
    going = {start.show.id for item in plan.shows if (start := item.new_start)}
    cancelled = _cancelled_shows(plan, ours)
    problems, leaving = [], []
    for item in plan.shows:
        is_new = item.change is Change.NEW
        other = by_key.get(_key(item.listed)) if is_new or item.new_start else None
        if other is None or other.id in going or other == item.show:
            continue
        start = beside(other, by_key) if other.id in cancelled else None
        if start is None:
            problems.append(_taken(item, other))
        else:
            leaving.append(start)
    return replace(
        plan,
        shows=_without(plan.shows, problems),
        problems=(*plan.problems, *problems),
        beside=tuple(leaving),
    )


def _without(
    planned: Sequence[PlannedShow], problems: Sequence[SheetProblem]
) -> tuple[PlannedShow, ...]:
    wrong = {problem.position for problem in problems}
    return tuple(item for item in planned if item.listed.position not in wrong)


def _cancelled_shows(plan: ListPlan, ours: Sequence[ShowInfo]) -> set[int]:
    """
    The shows that this list cancels, or that an earlier one cancelled.
    """
    by_this = {
        item.show.id
        for item in plan.shows
        if item.show and item.change in (Change.EXCLUDED, Change.CANCELLED)
    }
    return by_this | {show.id for show in ours if _is_cancelled(show)}


def _is_cancelled(show: ShowInfo) -> bool:
    return show.is_excluded and show.excluded_because == CANCELLED_IN_LIST


def _taken(item: PlannedShow, other: ShowInfo) -> SheetProblem:
    name = f"show {other.id} ({other.reference or 'without a reference'})"
    if other.is_excluded:
        reason = f"{name} is at that time, excluded by you; `shows edit {other.id}`"
        return SheetProblem(item.listed.position, f"{reason} moves it")
    reason = (
        f"{name} plays at that time; if it is cancelled, list it as cancelled or say "
        "--missing cancelled"
    )
    return SheetProblem(item.listed.position, reason)


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
            if is_same and _has_other_capacity(item, other):
                return _another_capacity(item, other), True
            reason = f'the reference "{reference}" is that of {other.position}'
            return reason, not is_same
        same = self._by_key.get(_key(item))
        if same is not None and not item.is_cancelled and not same.is_cancelled:
            if item.room and same.room and item.room != same.room:
                return _another_room(item, same), True
            if _has_other_capacity(item, same):
                return _another_capacity(item, same), True
            is_problem = bool(reference and same.new.reference)
            return f"the same show as {same.position}", is_problem
        if reference:
            self._by_reference[reference] = item
        if same is None or same.is_cancelled:
            self._by_key[_key(item)] = item
        return "", False


def _another_room(item: ListedShow, same: ListedShow) -> str:
    return (
        f'the same show as {same.position}, in "{safe(item.room)}" instead of '
        f'"{safe(same.room)}"; make one of both a venue of its own'
    )


def _has_other_capacity(item: ListedShow, same: ListedShow) -> bool:
    capacity = item.new.capacity
    is_playing = not item.is_cancelled
    return is_playing and capacity is not None and capacity != same.new.capacity


def _another_capacity(item: ListedShow, same: ListedShow) -> str:
    other = same.new.capacity
    instead = f"instead of {other:,}" if other is not None else "where that has none"
    return (
        f"the same show as {same.position}, with {item.new.capacity:,} seats "
        f"{instead}; remove one of the rows"
    )


class _Comparison:
    """
    Our shows by reference and by key, beside the rows of one list. `_claimed` are the
    shows that its playing rows are.
    """

    def __init__(self, listed: Sequence[ListedShow], ours: Sequence[ShowInfo]) -> None:
        self._by_reference = {show.reference: show for show in ours if show.reference}
        self._by_key = {_key_of(show): show for show in ours}
        self._references = {item.new.reference for item in listed}
        playing = [self._find(item) for item in listed if not item.is_cancelled]
        self._claimed = {show.id for show in playing if show is not None}

    def plan(self, item: ListedShow) -> PlannedShow | SheetProblem:
        show = self._find(item)
        if item.is_cancelled:
            return self._plan_cancelled(item, show)
        if show is None:
            return PlannedShow(item, Change.NEW)
        if problem := _contradiction(item, show):
            return SheetProblem(item.position, problem)
        if _is_cancelled(show) and is_same_minute(show, item.new.starts_at):
            return PlannedShow(item, Change.INCLUDED, show)
        if show.starts_at != item.new.starts_at:
            return PlannedShow(item, Change.MOVED, show)
        is_same = _is_filled(item, show)
        return PlannedShow(item, Change.SAME if is_same else Change.UPDATED, show)

    def _find(self, item: ListedShow) -> ShowInfo | None:
        """
        The show that a row is. One at the same time is another one where the list has
        that one's reference, too: it moves away, or is cancelled.
        """
        reference = item.new.reference
        if reference and reference in self._by_reference:
            return self._by_reference[reference]
        show = self._by_key.get(_key(item))
        if show is not None and show.reference in self._references and show.reference:
            return None
        return show

    def _plan_cancelled(self, item: ListedShow, show: ShowInfo | None) -> PlannedShow:
        if show is None or show.id in self._claimed:
            return PlannedShow(item, Change.CANCELLED)
        is_done = show.is_excluded
        return PlannedShow(item, Change.CANCELLED if is_done else Change.EXCLUDED, show)


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
    if item.called and abs(item.new.starts_at - show.starts_at) > NEAR_BY_REFERENCE:
        return (
            f'the reference "{show.reference}" is show {show.id} ({safe(show.name)}); '
            f'"{safe(item.called)}" is at quite another time: give it a reference of '
            "its own"
        )
    return ""


def _is_filled(item: ListedShow, show: ShowInfo) -> bool:
    new = item.new
    has_capacity = new.capacity is None or new.capacity == show.capacity
    return has_capacity and (new.reference is None or new.reference == show.reference)
