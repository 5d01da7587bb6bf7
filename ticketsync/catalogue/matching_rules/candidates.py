"""
Which shows an occurrence may be: every pair that is close enough in time, with the
evidence for and against it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ticketsync.core.date_keys import DateKey

TOLERANCE = timedelta(hours=2)
SAME_TITLE = 70  # likeness in percent from which two titles may be one production
SAME_WORDS = 85  # the same with every word counted
SAME_VENUE = 90  # likeness in percent from which two names are one venue's
OTHER_VENUE = 50  # likeness in percent below which they are two venues'
OTHER_VENUE_PENALTY = 40  # points subtracted for another venue
ARTICLES = frozenset({"the", "a", "an"})


@dataclass(frozen=True, slots=True)
class ShowCandidate:
    """
    A show of ours as matching sees it. The accounts `sellers` sell it already, and they
    sell in these `currencies`.
    """

    show_id: int
    production: str
    venue: str
    starts_at: datetime
    capacity: int | None = None
    starts_local: str = ""
    sellers: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OccurrenceCandidate:
    """
    A platform's occurrence as matching sees it.

    `production` is set where its event is linked already; `known_as` where a listing of
    the same title was linked to a production before, for example last season;
    `known_at` where occurrences at a venue of that name are linked to shows at one of
    ours; `part` where others of the same event start at the same time: what tells it
    apart.
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
    known_at: str | None = None
    part: str = ""
    event_id: int | None = None  # ours
    currency: str | None = None

    @property
    def date_key(self) -> DateKey | None:
        """
        What it has in common with the other parts of its date.
        """
        if self.event_id is None:
            return None
        return DateKey(self.account, self.event_id, self.starts_at)

    @property
    def title(self) -> str:
        """
        The name of its event, with what tells it apart from others at the same time.
        """
        return f"{self.event}: {self.part}" if self.part else self.event


@dataclass(frozen=True, slots=True)
class Tolerance:
    """
    How far apart a show and an occurrence may start to be proposed as a pair: the
    default, and exceptions by production.
    """

    usual: timedelta = TOLERANCE
    by_production: Mapping[str, timedelta] = field(default_factory=dict)

    @property
    def longest(self) -> timedelta:
        return max((self.usual, *self.by_production.values()))

    def of_production(self, title: str) -> timedelta:
        return self.by_production.get(title, self.usual)


@dataclass(frozen=True, slots=True)
class Match:
    """
    One possible pair with the evidence for it.

    `minutes_apart` is how much later the occurrence starts than the show.
    `is_elsewhere`: the platform names another venue. `is_same_venue`: it names the
    show's, or none. `is_same_title`: the titles agree word for word, or are known.
    `is_by_offset`: it fits an offset that a person confirmed.
    """

    show: ShowCandidate
    occurrence: OccurrenceCandidate
    minutes_apart: int
    likeness: int
    is_elsewhere: bool = False
    is_same_venue: bool = True
    is_same_title: bool = True
    is_by_offset: bool = False

    @property
    def is_exact(self) -> bool:
        return self.minutes_apart == 0

    @property
    def is_contradicted(self) -> bool:
        """
        Whether the platform sells more seats than the show has, so that it is probably
        another show. Fewer are an allotment.
        """
        ours, theirs = self.show.capacity, self.occurrence.capacity
        return bool(ours and theirs and theirs > ours)

    @property
    def is_in_other_currency(self) -> bool:
        """
        Whether the platform sells in another currency than those that are linked to the
        show.
        """
        ours, theirs = self.show.currencies, self.occurrence.currency
        return bool(ours and theirs and theirs not in ours)

    @property
    def currencies(self) -> str:
        """
        Theirs and those of the show, in words.
        """
        return f"{self.occurrence.currency}, not {' and '.join(self.show.currencies)}"

    @property
    def is_of_other_production(self) -> bool:
        """
        Whether the occurrence's event is linked to another production already.
        """
        linked = self.occurrence.production
        return linked is not None and linked != self.show.production

    @property
    def alike(self) -> int:
        """
        How alike the two are, in points: the likeness of the titles, minus the penalty
        for another venue.
        """
        return self.likeness - (OTHER_VENUE_PENALTY if self.is_elsewhere else 0)

    @property
    def cost(self) -> int:
        """
        Time first, then likeness: one minute outweighs any likeness.
        """
        return abs(self.minutes_apart) * 1000 + (100 - self.alike)

    def reason(self) -> str:
        """
        The evidence in words: `same minute, titles 94 % alike, capacity 180 = 180`.
        """
        ours, theirs = self.show.capacity, self.occurrence.capacity
        parts = [describe_start(self), self._title()]
        if self.is_by_offset:
            parts.insert(1, f"as confirmed for {self.occurrence.account}")
        if self.is_elsewhere:
            parts.append(f"at {self.occurrence.venue}, not {self.show.venue}")
        elif not self.is_same_venue:
            parts.append(f"at {self.occurrence.venue}, perhaps {self.show.venue}")
        if ours and theirs:
            parts.append(
                f"capacity {theirs} {'=' if ours == theirs else 'against'} {ours}"
            )
        if self.is_in_other_currency:
            parts.append(f"in {self.currencies}")
        if self.show.sellers:
            parts.append(f"also on {', '.join(self.show.sellers)}")
        return ", ".join(parts)

    def _title(self) -> str:
        if self.is_of_other_production:
            return f"its listing is linked to {self.occurrence.production}"
        if self.occurrence.production is not None:
            return "production already linked"
        if self.occurrence.known_as == self.show.production:
            return "title known from before"
        return f"titles {self.likeness} % alike"


def likeness(ours: str, theirs: str) -> int:
    """
    How alike two titles are, in percent; word order and added words hardly count.
    """
    from rapidfuzz import fuzz, utils  # only where there is something to match

    return round(fuzz.token_set_ratio(ours, theirs, processor=utils.default_process))


def _likeness_of_all_words(ours: str, theirs: str) -> int:
    """
    How alike two titles are with added words counted: "Hamlet" is not "Hamlet for
    Kids".
    """
    from rapidfuzz import fuzz, utils

    return round(fuzz.token_sort_ratio(ours, theirs, processor=utils.default_process))


def candidates(
    shows: Sequence[ShowCandidate],
    occurrences: Sequence[OccurrenceCandidate],
    tolerance: Tolerance,
) -> list[Match]:
    """
    Every pair within the tolerance, found by walking both lists in time order.

    Shows of another production than the one an event is linked to are candidates only
    in the same minute.
    """
    ours = sorted(shows, key=lambda show: show.starts_at)
    compared = _Comparison(tuple({show.venue for show in shows}))
    longest = tolerance.longest
    found: list[Match] = []
    first = 0
    for theirs in sorted(occurrences, key=lambda item: item.starts_at):
        while first < len(ours) and ours[first].starts_at < theirs.starts_at - longest:
            first += 1
        for show in ours[first:]:
            if show.starts_at > theirs.starts_at + longest:
                break
            difference = theirs.starts_at - show.starts_at
            if abs(difference) > tolerance.of_production(show.production):
                continue
            match = compared.pair(show, theirs, round(difference.total_seconds() / 60))
            if match.is_exact or not match.is_of_other_production:
                found.append(match)
    return found


class _Comparison:
    """
    Compares titles and venues, and caches the results by pair of texts.
    """

    def __init__(self, venues: Sequence[str]) -> None:
        self._our_venues = venues
        self._titles: dict[tuple[str, str], tuple[int, bool]] = {}
        self._venues: dict[tuple[str, str | None], tuple[bool, bool]] = {}

    def pair(
        self, show: ShowCandidate, theirs: OccurrenceCandidate, minutes: int
    ) -> Match:
        title = (show.production, theirs.event)
        if title not in self._titles:
            words = _likeness_of_all_words(*title)
            self._titles[title] = likeness(*title), words >= SAME_WORDS
        alike, is_same = self._titles[title]
        if show.production in (theirs.production, theirs.known_as):
            alike, is_same = 100, True
        is_elsewhere, is_same_venue = self._venue(show, theirs)
        return Match(show, theirs, minutes, alike, is_elsewhere, is_same_venue, is_same)

    def _venue(
        self, show: ShowCandidate, theirs: OccurrenceCandidate
    ) -> tuple[bool, bool]:
        """
        Whether it is another venue than the show's, and whether it is surely the same.
        """
        if theirs.known_at is not None:
            return theirs.known_at != show.venue, theirs.known_at == show.venue
        key = (show.venue, theirs.venue)
        if key not in self._venues:
            self._venues[key] = _compare_venues(*key, self._our_venues)
        return self._venues[key]


def _compare_venues(
    ours: str, theirs: str | None, all_ours: Sequence[str]
) -> tuple[bool, bool]:
    """
    Whether the platform names another venue than ours, and whether it names ours: the
    one whose name is most alike. Without a name it counts as ours.
    """
    if not theirs:
        return False, True
    fits = {venue: _venue_likeness(venue, theirs) for venue in (ours, *all_ours)}
    fit = fits[ours]
    is_best = fit == max(fits.values())
    return fit[0] < OTHER_VENUE, is_best and fit[0] >= SAME_VENUE


def _venue_likeness(ours: str, theirs: str) -> tuple[int, float]:
    """
    How alike two names of venues are, in percent, then how close their texts are.
    """
    from rapidfuzz import fuzz

    first, second = _without_articles(ours), _without_articles(theirs)
    return round(fuzz.token_set_ratio(first, second)), fuzz.ratio(first, second)


def _without_articles(name: str) -> str:
    from rapidfuzz import utils

    words = utils.default_process(name).split()
    return " ".join(word for word in words if word not in ARTICLES) or name.casefold()


def describe_start(match: Match) -> str:
    """
    When the show starts relative to the occurrence: `show is 30 min later`.
    """
    if match.is_exact:
        return "same minute"
    length = abs(match.minutes_apart)
    if length >= 48 * 60:
        text = f"{length // (24 * 60)} days"
    elif length > 180:
        text = f"{length / 60:.0f} h"
    else:
        text = f"{length} min"
    return f"show is {text} {'earlier' if match.minutes_apart > 0 else 'later'}"


def sides(match: Match) -> tuple[tuple[str, int], tuple[str, int]]:
    """
    The two sides of a pair.
    """
    return (
        ("show", match.show.show_id),
        ("occurrence", match.occurrence.occurrence_id),
    )
