"""
Dates that may be a show that we have, though they start at another minute: a show made
of one would be there twice. Titles, venues and minutes are compared as in matching,
within the minutes in which a pair may be certain; a person decides.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from ticketsync.catalogue import matching_input
from ticketsync.catalogue.adopting import PlannedAdoption
from ticketsync.catalogue.links import list_refusals
from ticketsync.catalogue.matching_rules import candidates
from ticketsync.catalogue.matching_rules.candidates import (
    SAME_TITLE,
    Match,
    ShowCandidate,
    Tolerance,
)
from ticketsync.catalogue.matching_rules.certainty import NEAR_MINUTES
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.core.clock import local_text
from ticketsync.core.redact import safe


@dataclass(frozen=True, slots=True)
class NearShow:
    """
    An occurrence of a plan and the show that it may be, which is not linked to its
    account. One that the same plan makes has no id yet.
    """

    item: PlannedAdoption
    match: Match

    @property
    def show_id(self) -> int | None:
        return self.match.show.show_id if self.match.show.show_id > 0 else None

    def __str__(self) -> str:
        other = self.match.show
        number = f"show {self.show_id}" if self.show_id else "the new show"
        return (
            f"{self.item.occurrence.account}: {safe(self.item.occurrence.event)} "
            f"{self.item.occurrence.starts_local} may be {number} "
            f"({safe(other.production)} {other.starts_local}): "
            f"{candidates.describe_start(self.match)}"
        )


def find_near(
    connection: Connection,
    plan: Sequence[PlannedAdoption],
    ours: Sequence[ShowInfo],
    tolerance: Tolerance,
) -> list[NearShow]:
    """
    The dates of a plan that would make a show beside one that they may be: one of ours,
    or one that the plan makes of another account's date.
    """
    new = [item for item in plan if item.show_id is None]
    if not new:
        return []
    taken = matching_input.list_selling_accounts(connection)
    taken |= {(i.occurrence.account, i.show_id) for i in plan if i.show_id is not None}
    planned = _planned_shows(new)
    known = [
        *matching_input.build_show_candidates(ours, taken),
        *(candidate for _, candidate in planned.values()),
    ]
    if not _is_any_close(new, known):
        return []
    listed = matching_input.build_occurrence_candidates(
        connection, [item.occurrence for item in new]
    )
    possible = candidates.candidates(known, listed, tolerance)
    refused = list_refusals(connection)
    return _choose(new, planned, [m for m in possible if _may_be_it(m, refused)])


def _is_any_close(
    new: Sequence[PlannedAdoption], known: Iterable[ShowCandidate]
) -> bool:
    """
    Whether any date is close to a show that its account does not sell; most listings
    have none, and need not be looked at.
    """
    shows = sorted(known, key=lambda show: show.starts_at)
    return any(
        item.occurrence.account not in show.sellers
        for item in new
        for show in _around(shows, item.new.starts_at, timedelta(minutes=NEAR_MINUTES))
    )


def _around(
    shows: Sequence[ShowCandidate], start: datetime, reach: timedelta
) -> Sequence[ShowCandidate]:
    first = bisect_left(shows, start - reach, key=lambda show: show.starts_at)
    end = bisect_right(shows, start + reach, key=lambda show: show.starts_at)
    return shows[first:end]


def _planned_shows(
    new: Sequence[PlannedAdoption],
) -> dict[_Key, tuple[int, ShowCandidate]]:
    """
    The shows that a plan makes, in its order, as matching sees them: with an id below
    zero.
    """
    sellers: dict[_Key, list[str]] = {}
    first: dict[_Key, PlannedAdoption] = {}
    for item in new:
        first.setdefault(_key(item), item)
        sellers.setdefault(_key(item), []).append(item.occurrence.account)
    return {
        key: (
            number,
            ShowCandidate(
                -number - 1,
                item.new.production,
                item.new.venue,
                item.new.starts_at,
                starts_local=local_text(item.new.starts_at, item.new.timezone),
                sellers=tuple(sellers[key]),
            ),
        )
        for number, (key, item) in enumerate(first.items())
    }


def _may_be_it(match: Match, refused: Container[tuple[int, int | None]]) -> bool:
    """
    Whether title and venue speak for a pair, its account does not sell that show
    already, and nobody refused it.
    """
    return (
        match.alike >= SAME_TITLE
        and abs(match.minutes_apart) < NEAR_MINUTES
        and not match.is_of_other_production
        and match.occurrence.account not in match.show.sellers
        and (match.occurrence.occurrence_id, match.show.show_id) not in refused
    )


def _choose(
    new: Sequence[PlannedAdoption],
    planned: Mapping[_Key, tuple[int, ShowCandidate]],
    possible: Iterable[Match],
) -> list[NearShow]:
    """
    Of two shows that a plan would make beside one another the first one is made.
    """
    by_occurrence: dict[int, list[Match]] = {}
    for match in sorted(possible, key=lambda match: match.cost):
        by_occurrence.setdefault(match.occurrence.occurrence_id, []).append(match)
    found: list[NearShow] = []
    left_out: set[int] = set()
    for item in new:
        own = planned[_key(item)][1].show_id
        for match in by_occurrence.get(item.occurrence.id, ()):
            other = match.show.show_id
            is_earlier = other > own and other not in left_out
            if other > 0 or is_earlier:
                found.append(NearShow(item, match))
                left_out.add(own)
                break
    return found


_Key = tuple[str, str, datetime]


def _key(item: PlannedAdoption) -> _Key:
    return item.new.production, item.new.venue, item.new.starts_at
