"""
Which pairs are certain, so that they are linked without asking. Pure.

The rule is in the docstring of `matching`; in doubt a person is asked, because a wrong
pair books money to the wrong show and nobody notices.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from ticketsync.catalogue.candidates import (
    SAME_TITLE,
    Match,
    OccurrenceCandidate,
    ShowCandidate,
    likeness,
    sides,
)

CLEAR_MARGIN = 25  # points of likeness by which a candidate clearly beats another one
NEAR_MINUTES = 90  # minutes within which a pair at different minutes may be certain
CLEAR_MINUTES = 60  # minutes that the next candidate must be further off
MIN_SHIFTED_PAIRS = 2  # pairs from which a constant shift is reported


class Certainty:
    """
    Decides which pairs of one account are certain.

    `repeated` are productions that play more than once an evening, `touring` those
    that play at more than one of our venues.
    """

    def __init__(
        self, possible: Sequence[Match], repeated: set[str], touring: set[str]
    ) -> None:
        self._repeated = repeated
        self._touring = touring
        self._by_side: dict[tuple[str, int], list[Match]] = defaultdict(list)
        for match in possible:
            for side in sides(match):
                self._by_side[side].append(match)
        self._inexact = _inexact_listings(possible)

    def is_certain(self, match: Match) -> bool:
        if match.likeness < SAME_TITLE or not match.is_same_venue:
            return False
        if match.is_contradicted or match.is_of_other_production:
            return False
        if match.is_exact:
            is_repeated = match.show.production in self._repeated
            return not (is_repeated and match.occurrence.event in self._inexact) and (
                not any(rival.is_exact for rival in self._rivals(match))
            )
        return self._is_certain_at_another_minute(match)

    def _is_certain_at_another_minute(self, match: Match) -> bool:
        """
        Doors open before the show starts, and times are easily mistyped: such a pair
        is certain if nothing else is near. A whole hour may be a wrong time zone.
        """
        apart = abs(match.minutes_apart)
        if apart >= NEAR_MINUTES or apart % 60 == 0 or not match.is_same_title:
            return False
        if match.show.production in self._repeated:
            return False
        if not match.occurrence.venue and match.show.production in self._touring:
            return False
        return not any(
            abs(rival.minutes_apart) < apart + CLEAR_MINUTES
            for rival in self._rivals(match)
        )

    def _rivals(self, match: Match) -> Iterator[Match]:
        """
        Other pairs of this show or this occurrence that are not clearly less alike.
        """
        for side in sides(match):
            for other in self._by_side[side]:
                is_itself = sides(other) == sides(match)
                if not is_itself and other.alike > match.alike - CLEAR_MARGIN:
                    yield other


def _inexact_listings(possible: Iterable[Match]) -> set[str]:
    """
    Events with an occurrence that is near a show of the same title, but not in its
    minute. Such a listing is not exact, so that the minute does not decide between two
    shows of one evening.
    """
    near: dict[int, Match] = {}
    for match in possible:
        if match.likeness >= SAME_TITLE:
            id_ = match.occurrence.occurrence_id
            if id_ not in near or match.is_exact:
                near[id_] = match
    return {match.occurrence.event for match in near.values() if not match.is_exact}


def repeated_productions(
    shows: Sequence[ShowCandidate], occurrences: Sequence[OccurrenceCandidate]
) -> set[str]:
    """
    Productions that play, or are listed, more than once an evening somewhere: where
    one of the two is missing on one side, the other looks like the only candidate.
    """
    ours = ((show.production, show.venue, show.starts_at) for show in shows)
    theirs = ((item.event, item.venue or "", item.starts_at) for item in occurrences)
    twice = {title for title, _, _ in _close_together(ours)}
    listed_twice = {title for title, _, _ in _close_together(theirs)}
    for production in {show.production for show in shows} - twice:
        if any(likeness(production, title) >= SAME_TITLE for title in listed_twice):
            twice.add(production)
    return twice


def _close_together(
    performances: Iterable[tuple[str, str, datetime]],
) -> Iterator[tuple[str, str, datetime]]:
    """
    Those that follow another one of the same title at the same venue too closely to be
    distinguished by their time.
    """
    near = timedelta(minutes=2 * NEAR_MINUTES + CLEAR_MINUTES)
    for before, after in pairwise(sorted(performances)):
        if before[:2] == after[:2] and after[2] - before[2] < near:
            yield after


def touring_productions(shows: Sequence[ShowCandidate]) -> set[str]:
    """
    Productions that play at more than one of our venues.
    """
    venues: dict[str, set[str]] = defaultdict(set)
    for show in shows:
        venues[show.production].add(show.venue)
    return {production for production, at in venues.items() if len(at) > 1}


def shifted_events(pairs: Sequence[Match]) -> dict[str, tuple[int, int]]:
    """
    Events that match better when shifted by whole hours: event → (hours, pairs).
    """
    fits: dict[str, Counter[int]] = defaultdict(Counter)
    for match in pairs:
        if match.likeness >= SAME_TITLE and match.minutes_apart % 60 == 0:
            fits[match.occurrence.event][match.minutes_apart // 60] += 1
    shifted: dict[str, tuple[int, int]] = {}
    for event, by_hours in fits.items():
        unshifted = by_hours.pop(0, 0)
        if by_hours:
            hours, count = max(by_hours.items(), key=lambda item: (item[1], -item[0]))
            if count >= MIN_SHIFTED_PAIRS and count > unshifted:
                shifted[event] = (hours, count)
    return shifted
