"""
Which pairs are certain, so that they are linked without asking. Pure.

The rule is in the docstring of `matching`; in doubt a person is asked, because a wrong
pair books money to the wrong show and nobody notices.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from ticketsync.catalogue.matching_rules.candidates import (
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
    that play at more than one of our venues; `minutes` is by production how much later
    than the show the account lists it, where an offset is known.
    """

    def __init__(
        self,
        possible: Sequence[Match],
        repeated: set[str],
        touring: set[str],
        minutes: Mapping[str, int] | None = None,
    ) -> None:
        self._repeated = repeated
        self._touring = touring
        self._minutes = minutes or {}
        self._by_side: dict[tuple[str, int], list[Match]] = defaultdict(list)
        for match in possible:
            for side in sides(match):
                self._by_side[side].append(match)
        self._inexact = _inexact_listings(possible, lambda match: match.is_exact)
        self._unfitting = _inexact_listings(
            possible, lambda match: match.is_exact or self.fits_offset(match)
        )

    def is_certain(self, match: Match) -> bool:
        if not _is_agreed(match):
            return False
        if match.is_exact:
            return not self._is_dubious_minute(match) and (
                not any(rival.is_exact for rival in self._rivals(match))
            )
        return self._is_certain_at_another_minute(match)

    def _is_dubious_minute(self, match: Match) -> bool:
        """
        Whether the same minute may be that of another show of the evening: the listing
        is not exact, or the account is known to list the production at another minute.
        """
        production = match.show.production
        return production in self._repeated and (
            match.occurrence.event in self._inexact or production in self._minutes
        )

    def fits_offset(self, match: Match) -> bool:
        """
        Whether it is as far apart as this account lists the production.
        """
        return match.minutes_apart == self._minutes.get(match.show.production)

    def is_settled_by_offset(self, match: Match) -> bool:
        """
        Whether it fits the offset to the minute, all else agrees, and nothing else
        starts in the same minute or fits as well.
        """
        production, occurrence = match.show.production, match.occurrence
        if not self.fits_offset(match) or not _is_agreed(match):
            return False
        if production in self._touring and not occurrence.venue:
            return False
        if production in self._repeated and occurrence.event in self._unfitting:
            return False
        return not any(
            rival.is_exact or self.fits_offset(rival)
            for rival in self._rival_dates(match)
        )

    def is_clear(self, match: Match) -> bool:
        """
        Whether nothing speaks against the best candidate of an occurrence, so that a
        person who is asked needs only agree.
        """
        apart = abs(match.minutes_apart)
        if not _is_agreed(match):
            return False
        if self.is_settled_by_offset(match):
            return True
        if match.show.production in self._minutes and not match.is_exact:
            return False
        if apart >= NEAR_MINUTES or (apart and apart % 60 == 0):
            return False
        return not any(
            abs(rival.minutes_apart) < apart + CLEAR_MINUTES
            for rival in self._rival_dates(match)
        )

    def _is_certain_at_another_minute(self, match: Match) -> bool:
        """
        Doors open before the show starts, and times are easily mistyped: such a pair
        is certain if nothing else is near. A whole hour may be a wrong time zone.
        """
        apart = abs(match.minutes_apart)
        if apart >= NEAR_MINUTES or apart % 60 == 0 or not match.is_same_title:
            return False
        if not self.fits_offset(match) and match.show.production in self._minutes:
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

    def _rival_dates(self, match: Match) -> Iterator[Match]:
        """
        Rivals that are not parts of the same date with the same show. `is_certain`
        counts those, too: where nobody has said anything of this account, a part may
        be parking or a meal.
        """
        date = match.occurrence.date_key
        for rival in self._rivals(match):
            is_same_show = rival.show.show_id == match.show.show_id
            if date is None or rival.occurrence.date_key != date or not is_same_show:
                yield rival


def _inexact_listings(
    possible: Iterable[Match], is_expected: Callable[[Match], bool]
) -> set[str]:
    """
    Events with an occurrence that is near a show of the same title, but not at the
    minute that is expected. Such a listing is not exact, so that the minute does not
    decide between two shows of one evening.
    """
    expected: dict[int, bool] = {}
    events: dict[int, str] = {}
    for match in possible:
        if match.likeness >= SAME_TITLE:
            id_ = match.occurrence.occurrence_id
            events[id_] = match.occurrence.event
            expected[id_] = expected.get(id_, False) or is_expected(match)
    return {events[id_] for id_, is_met in expected.items() if not is_met}


def _is_agreed(match: Match) -> bool:
    """
    Whether title, venue, seats and production all agree.
    """
    return (
        match.likeness >= SAME_TITLE
        and match.is_same_venue
        and not match.is_contradicted
        and not match.is_of_other_production
    )


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


def shifted_events(
    pairs: Sequence[Match], minutes: Mapping[str, int] | None = None
) -> dict[str, tuple[int, int]]:
    """
    Events that match better when shifted by whole hours: event → (hours, pairs).
    `minutes` is by production how much later than the show the account lists it.
    """
    fits: dict[str, Counter[int]] = defaultdict(Counter)
    for match in pairs:
        shift = match.minutes_apart - (minutes or {}).get(match.show.production, 0)
        if match.likeness >= SAME_TITLE and shift % 60 == 0:
            fits[match.occurrence.event][shift // 60] += 1
    shifted: dict[str, tuple[int, int]] = {}
    for event, by_hours in fits.items():
        unshifted = by_hours.pop(0, 0)
        if by_hours:
            hours, count = max(by_hours.items(), key=lambda item: (item[1], -item[0]))
            if count >= MIN_SHIFTED_PAIRS and count > unshifted:
                shifted[event] = (hours, count)
    return shifted
