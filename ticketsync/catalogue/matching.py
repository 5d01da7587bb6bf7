"""
Which occurrence is which show.

Pure: takes what we know, returns a plan. Nothing is saved here, so the same
function serves the prompt, `--yes`, `sync` and the tests.

The best *overall* assignment is chosen, never the first fit: on a double bill the
first fit swaps the two shows as soon as the platform lists the later one first.
A pair is certain only if both start in the same minute, nothing else could be meant
on either side, the titles agree, and no whole-hour shift explains the list better.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERANCE = timedelta(hours=2)
SAME_TITLE = 70  # likeness in percent from which two titles may be one work
CLEARLY = 25  # points of likeness that make one of two candidates the obvious one
SAME_HOUSE = 50  # likeness in percent below which two venues are two houses
ELSEWHERE = 40  # points that another house costs
LEAST_SHIFTED = 2  # pairs from which a constant shift is worth a remark


@dataclass(frozen=True, slots=True)
class Slot:
    """
    A show of ours, as far as matching cares. `sellers` feed it already.
    """

    show_id: int
    production: str
    venue: str
    starts_at: datetime
    capacity: int | None = None
    starts_local: str = ""
    sellers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dated:
    """
    An occurrence of theirs.

    `production` is set where its event is linked already; `known_as` where a listing
    of the same title was given to a production before, last season perhaps.
    """

    occurrence_id: int
    account: str
    event: str
    starts_at: datetime
    venue: str | None = None
    capacity: int | None = None
    production: str | None = None
    known_as: str | None = None
    starts_local: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """
    One possible pair, and why we believe in it.
    """

    show: Slot
    occurrence: Dated
    minutes_apart: int
    likeness: int
    is_elsewhere: bool = False

    @property
    def is_exact(self) -> bool:
        return self.minutes_apart == 0

    @property
    def alike(self) -> int:
        """
        How much the two say the same, in points: the titles, less what another house
        takes off.
        """
        return self.likeness - (ELSEWHERE if self.is_elsewhere else 0)

    @property
    def cost(self) -> int:
        """
        Time first, then likeness: one minute outweighs any likeness.
        """
        return abs(self.minutes_apart) * 1000 + (100 - self.alike)

    def reason(self) -> str:
        """
        Why, in words: `same minute, titles 94 % alike, capacity 180 = 180`.
        """
        ours, theirs = self.show.capacity, self.occurrence.capacity
        parts = [_apart(self.minutes_apart), self._title()]
        if self.is_elsewhere:
            parts.append(f"at {self.occurrence.venue}, not {self.show.venue}")
        if ours and theirs:
            parts.append(
                f"capacity {theirs} {'=' if ours == theirs else 'against'} {ours}"
            )
        if self.show.sellers:
            parts.append(f"also on {', '.join(self.show.sellers)}")
        return ", ".join(parts)

    def _title(self) -> str:
        if self.occurrence.production is not None:
            return "production already linked"
        if self.occurrence.known_as == self.show.production:
            return "title known from before"
        return f"titles {self.likeness} % alike"


@dataclass(frozen=True, slots=True)
class Unsure:
    """
    An occurrence that a person must place: its candidates, the best one first.
    """

    occurrence: Dated
    candidates: tuple[Match, ...]
    why: str


@dataclass(frozen=True, slots=True)
class MatchPlan:
    certain: tuple[Match, ...]
    unsure: tuple[Unsure, ...]
    remarks: tuple[str, ...]


def propose(
    shows: Sequence[Slot],
    occurrences: Sequence[Dated],
    *,
    taken: Iterable[tuple[str, int]] = (),
    refused: Iterable[tuple[int, int]] = (),
    tolerance: timedelta = TOLERANCE,
) -> MatchPlan:
    """
    The plan for all unlinked occurrences.

    `taken` are (account, show) pairs that are linked already: one account feeds a
    show once unless a person says otherwise. `refused` are (occurrence, show) pairs
    that a person said no to.
    """
    taken, refused = set(taken), set(refused)
    certain: list[Match] = []
    unsure: list[Unsure] = []
    remarks: list[str] = []
    by_account: dict[str, list[Dated]] = defaultdict(list)
    for occurrence in occurrences:
        by_account[occurrence.account].append(occurrence)
    for account, dated in by_account.items():
        free = [show for show in shows if (account, show.show_id) not in taken]
        pairs = [
            match
            for match in _candidates(free, dated, tolerance)
            if (match.occurrence.occurrence_id, match.show.show_id) not in refused
        ]
        shifted = _shifted_events(pairs)
        remarks += [_shift_remark(account, *item) for item in shifted.items()]
        chosen = assign(pairs)
        rivals = _rivals(pairs)
        sure = {
            match.occurrence.occurrence_id: match
            for match in chosen
            if match.occurrence.event not in shifted and _is_certain(match, rivals)
        }
        certain += sure.values()
        unsure += _unsure(dated, pairs, chosen, sure, shifted)
    return MatchPlan(tuple(certain), tuple(unsure), tuple(remarks))


def farther(shows: Sequence[Slot], occurrence: Dated) -> list[Match]:
    """
    Shows of the same work beyond any tolerance, the nearest first: what a date may be
    that was moved to another day. For a person to look at, never for the machine.
    """
    found = []
    for show in shows:
        known = show.production in (occurrence.production, occurrence.known_as)
        alike = 100 if known else likeness(show.production, occurrence.event)
        if alike >= SAME_TITLE:
            apart = occurrence.starts_at - show.starts_at
            found.append(
                Match(show, occurrence, round(apart.total_seconds() / 60), alike)
            )
    return sorted(found, key=lambda match: match.cost)


def assign(pairs: Sequence[Match]) -> list[Match]:
    """
    As many pairs as possible, at the lowest total cost, each side used once.

    The candidates fall into small groups that share nothing; each is solved exactly.
    """
    chosen: list[Match] = []
    for group in _groups(pairs):
        chosen += _solve(group)
    return chosen


def likeness(ours: str, theirs: str) -> int:
    """
    How alike two titles are, in percent; word order and additions matter little.
    """
    from rapidfuzz import fuzz, utils  # only where there is something to match

    return round(fuzz.token_set_ratio(ours, theirs, processor=utils.default_process))


def _candidates(
    shows: Sequence[Slot], dated: Sequence[Dated], tolerance: timedelta
) -> list[Match]:
    """
    Every pair within the tolerance, found by walking both lists in time order.
    """
    ours = sorted(shows, key=lambda show: show.starts_at)
    titles: dict[tuple[str, str], int] = {}
    houses: dict[tuple[str, str | None], bool] = {}
    found: list[Match] = []
    first = 0
    for theirs in sorted(dated, key=lambda item: item.starts_at):
        while (
            first < len(ours) and ours[first].starts_at < theirs.starts_at - tolerance
        ):
            first += 1
        for show in ours[first:]:
            if show.starts_at > theirs.starts_at + tolerance:
                break
            if theirs.production is not None and theirs.production != show.production:
                continue
            title = (show.production, theirs.event)
            if title not in titles:
                titles[title] = likeness(*title)
            house = (show.venue, theirs.venue)
            if house not in houses:
                houses[house] = _are_two_houses(*house)
            is_known = show.production in (theirs.production, theirs.known_as)
            apart = round((theirs.starts_at - show.starts_at).total_seconds() / 60)
            alike = 100 if is_known else titles[title]
            found.append(Match(show, theirs, apart, alike, houses[house]))
    return found


def _are_two_houses(ours: str, theirs: str | None) -> bool:
    return bool(theirs) and likeness(ours, theirs or "") < SAME_HOUSE


def _rivals(pairs: Sequence[Match]) -> dict[tuple[str, int], list[Match]]:
    """
    The exact pairs of each show and of each date.
    """
    found: dict[tuple[str, int], list[Match]] = defaultdict(list)
    for match in pairs:
        if match.is_exact:
            for side in _sides(match):
                found[side].append(match)
    return found


def _is_certain(match: Match, rivals: dict[tuple[str, int], list[Match]]) -> bool:
    if not match.is_exact or match.likeness < SAME_TITLE:
        return False
    return not any(
        other is not match and other.alike > match.alike - CLEARLY
        for side in _sides(match)
        for other in rivals[side]
    )


def _sides(match: Match) -> tuple[tuple[str, int], tuple[str, int]]:
    return ("show", match.show.show_id), ("date", match.occurrence.occurrence_id)


def _shifted_events(pairs: Sequence[Match]) -> dict[str, tuple[int, int]]:
    """
    Events whose dates fit better when moved by whole hours: event → (hours, pairs).
    """
    fits: dict[str, Counter[int]] = defaultdict(Counter)
    for match in pairs:
        if match.likeness >= SAME_TITLE and match.minutes_apart % 60 == 0:
            fits[match.occurrence.event][match.minutes_apart // 60] += 1
    shifted: dict[str, tuple[int, int]] = {}
    for event, by_hours in fits.items():
        straight = by_hours.pop(0, 0)
        if by_hours:
            hours, count = max(by_hours.items(), key=lambda item: (item[1], -item[0]))
            if count >= LEAST_SHIFTED and count > straight:
                shifted[event] = (hours, count)
    return shifted


def _shift_remark(account: str, event: str, shift: tuple[int, int]) -> str:
    hours, count = shift
    way = "later" if hours > 0 else "earlier"
    return (
        f"looks-like-timezone: {count} dates of {event!r} on {account} are exactly "
        f"{abs(hours)} h {way} than your shows; check the time zone there."
    )


def _unsure(
    dated: Sequence[Dated],
    pairs: Sequence[Match],
    chosen: Sequence[Match],
    sure: dict[int, Match],
    shifted: dict[str, tuple[int, int]],
) -> Iterator[Unsure]:
    by_occurrence: dict[int, list[Match]] = defaultdict(list)
    settled = {match.show.show_id for match in sure.values()}
    for match in pairs:
        if match.show.show_id not in settled:
            by_occurrence[match.occurrence.occurrence_id].append(match)
    best = {match.occurrence.occurrence_id: match for match in chosen}
    for occurrence in dated:
        if occurrence.occurrence_id in sure:
            continue
        candidates = sorted(
            by_occurrence[occurrence.occurrence_id],
            key=lambda m: (m is not best.get(occurrence.occurrence_id), m.cost),
        )
        yield Unsure(
            occurrence, tuple(candidates), _why_unsure(occurrence, candidates, shifted)
        )


def _why_unsure(
    occurrence: Dated, candidates: Sequence[Match], shifted: dict[str, tuple[int, int]]
) -> str:
    if not candidates:
        return "no show of yours within the tolerance"
    if occurrence.event in shifted:
        return "the whole listing seems shifted by hours"
    exact = [match for match in candidates if match.is_exact]
    if len(exact) > 1:
        return f"{len(exact)} shows start in that minute"
    if exact and exact[0].likeness < SAME_TITLE:
        return f"same minute, but titles only {exact[0].likeness} % alike"
    if exact:
        return "another date of theirs starts in that minute too"
    return f"nearest show is {_apart(candidates[0].minutes_apart)}"


def _apart(minutes: int) -> str:
    if not minutes:
        return "same minute"
    length = abs(minutes)
    if length >= 48 * 60:
        text = f"{length // (24 * 60)} days"
    elif length > 180:
        text = f"{length / 60:.0f} h"
    else:
        text = f"{length} min"
    return f"{text} {'later' if minutes > 0 else 'earlier'}"


# The exact solver


def _groups(pairs: Sequence[Match]) -> Iterator[list[Match]]:
    """
    Candidates that compete with one another, directly or through others.
    """
    leader: dict[tuple[str, int], tuple[str, int]] = {}

    def find(node: tuple[str, int]) -> tuple[str, int]:
        leader.setdefault(node, node)
        while leader[node] != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    for match in pairs:
        show, date = _sides(match)
        leader[find(show)] = find(date)
    groups: dict[tuple[str, int], list[Match]] = defaultdict(list)
    for match in pairs:
        groups[find(_sides(match)[0])].append(match)
    yield from groups.values()


def _solve(pairs: Sequence[Match]) -> list[Match]:
    if len(pairs) == 1:
        return list(pairs)
    rows = list(dict.fromkeys(m.occurrence.occurrence_id for m in pairs))
    columns = list(dict.fromkeys(m.show.show_id for m in pairs))
    row_of = {id_: n for n, id_ in enumerate(rows)}
    column_of = {id_: n for n, id_ in enumerate(columns)}
    # Staying alone costs more than any number of pairs: first as many as possible.
    alone = sum(match.cost for match in pairs) + 1
    costs = [[alone] * (len(columns) + len(rows)) for _ in rows]
    at: dict[tuple[int, int], Match] = {}
    for match in pairs:
        place = row_of[match.occurrence.occurrence_id], column_of[match.show.show_id]
        costs[place[0]][place[1]] = match.cost
        at[place] = match
    solved = cheapest(costs)
    return [at[place] for place in enumerate(solved) if place in at]


def cheapest(costs: Sequence[Sequence[int]]) -> list[int]:
    """
    For each row its column, so that the sum is lowest (Hungarian method).

    Needs at least as many columns as rows; integers keep it exact.
    """
    height, width = len(costs), len(costs[0])
    row_price, column_price = [0] * (height + 1), [0] * (width + 1)
    row_at = [0] * (width + 1)  # which row holds a column; 0 is nobody
    for row in range(1, height + 1):
        row_at[0] = row
        column = 0
        slack: list[int | None] = [None] * (width + 1)
        came_from = [0] * (width + 1)
        visited = [False] * (width + 1)
        while row_at[column]:
            visited[column] = True
            here = row_at[column]
            step: int | None = None
            following = 0
            for other in range(1, width + 1):
                if visited[other]:
                    continue
                rest = (
                    costs[here - 1][other - 1] - row_price[here] - column_price[other]
                )
                known = slack[other]
                if known is None or rest < known:
                    slack[other], came_from[other], known = rest, column, rest
                if step is None or known < step:
                    step, following = known, other
            assert step is not None
            for other in range(width + 1):
                known = slack[other]
                if visited[other]:
                    row_price[row_at[other]] += step
                    column_price[other] -= step
                elif known is not None:
                    slack[other] = known - step
            column = following
        while column:
            row_at[column] = row_at[came_from[column]]
            column = came_from[column]
    found = [0] * height
    for column in range(1, width + 1):
        if row_at[column]:
            found[row_at[column] - 1] = column - 1
    return found
