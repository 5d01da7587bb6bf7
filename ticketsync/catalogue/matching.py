"""
Which occurrence is which show.

Pure: takes candidates and returns a plan, so that the same function serves the prompt,
`--yes`, `sync` and the tests.

The best *overall* assignment is chosen, never the first fit. A pair is *certain*, and
linked without asking, only if venue and title agree, the platform does not sell more
seats than the show has, and either both start in the same minute and nothing else in
that minute could be meant, or each is the only candidate of the other within 90
minutes. A person decides about everything else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ticketsync.catalogue.assignment import assign
from ticketsync.catalogue.candidates import (
    SAME_TITLE,
    Match,
    OccurrenceCandidate,
    ShowCandidate,
    Tolerance,
    candidates,
    describe_start,
    likeness,
)
from ticketsync.catalogue.certainty import (
    Certainty,
    repeated_productions,
    shifted_events,
    touring_productions,
)
from ticketsync.core.plurals import number_of


@dataclass(frozen=True, slots=True)
class Unsure:
    """
    An occurrence that a person must decide about: its candidates, the best one first.
    """

    occurrence: OccurrenceCandidate
    candidates: tuple[Match, ...]
    why: str


@dataclass(frozen=True, slots=True)
class MatchPlan:
    """
    What matching proposes. `unmatched_shows` are shows that no platform sells yet.
    """

    certain: tuple[Match, ...]
    unsure: tuple[Unsure, ...]
    remarks: tuple[str, ...]
    unmatched_shows: tuple[ShowCandidate, ...] = ()


def propose(
    shows: Sequence[ShowCandidate],
    occurrences: Sequence[OccurrenceCandidate],
    *,
    taken: Iterable[tuple[str, int]] = (),
    refused: Iterable[tuple[int, int]] = (),
    tolerance: Tolerance | None = None,
) -> MatchPlan:
    """
    The plan for all unlinked occurrences.

    `taken` are (account, show id) pairs that are linked already: one account feeds a
    show once unless a person decides otherwise. `refused` are (occurrence id, show id)
    pairs that a person refused.
    """
    taken, refused = set(taken), set(refused)
    certain: list[Match] = []
    unsure: list[Unsure] = []
    remarks: list[str] = []
    by_account: dict[str, list[OccurrenceCandidate]] = defaultdict(list)
    for occurrence in occurrences:
        by_account[occurrence.account].append(occurrence)
    for account, listed in by_account.items():
        possible = candidates(shows, listed, tolerance or Tolerance())
        pairs = [
            match
            for match in possible
            if (account, match.show.show_id) not in taken
            and _pair(match) not in refused
        ]
        shifted = shifted_events(pairs)
        remarks += [_shift_warning(account, *item) for item in shifted.items()]
        chosen = assign([m for m in pairs if not m.is_of_other_production])
        rule = Certainty(
            possible, repeated_productions(shows, listed), touring_productions(shows)
        )
        sure = {
            match.occurrence.occurrence_id: match
            for match in chosen
            if match.occurrence.event not in shifted and rule.is_certain(match)
        }
        certain += sure.values()
        unlinkable = _unlinkable(possible, refused)
        unsure += _unsure(listed, pairs, chosen, sure, shifted, unlinkable)
    matched = {match.show.show_id for match in certain}
    unmatched = [s for s in shows if not s.sellers and s.show_id not in matched]
    unmatched.sort(key=lambda show: (show.starts_at, show.show_id))
    return MatchPlan(tuple(certain), tuple(unsure), tuple(remarks), tuple(unmatched))


def distant_candidates(
    shows: Sequence[ShowCandidate], occurrence: OccurrenceCandidate
) -> list[Match]:
    """
    Shows of the same production beyond any tolerance, the nearest first: what an
    occurrence may be that was moved to another day. Never linked without a person.
    """
    found = []
    for show in shows:
        known = show.production in (occurrence.production, occurrence.known_as)
        alike = 100 if known else likeness(show.production, occurrence.event)
        if alike >= SAME_TITLE:
            difference = occurrence.starts_at - show.starts_at
            found.append(
                Match(show, occurrence, round(difference.total_seconds() / 60), alike)
            )
    return sorted(found, key=lambda match: match.cost)


def _shift_warning(account: str, event: str, shift: tuple[int, int]) -> str:
    hours, count = shift
    dates = f"{number_of(count, 'date')} of {event!r}"
    direction = "later" if hours > 0 else "earlier"
    return (
        f"looks-like-timezone: {dates} on {account} "
        f"{'is' if count == 1 else 'are'} exactly {abs(hours)} h {direction} "
        "than your shows; check the time zone there."
    )


def _unsure(
    listed: Sequence[OccurrenceCandidate],
    pairs: Sequence[Match],
    chosen: Sequence[Match],
    sure: dict[int, Match],
    shifted: dict[str, tuple[int, int]],
    unlinkable: dict[int, str],
) -> Iterator[Unsure]:
    by_occurrence: dict[int, list[Match]] = defaultdict(list)
    settled = {match.show.show_id for match in sure.values()}
    for match in pairs:
        if match.show.show_id not in settled:
            by_occurrence[match.occurrence.occurrence_id].append(match)
    best = {match.occurrence.occurrence_id: match for match in chosen}
    for occurrence in listed:
        if occurrence.occurrence_id in sure:
            continue
        candidates = sorted(
            by_occurrence[occurrence.occurrence_id],
            key=lambda m: (m is not best.get(occurrence.occurrence_id), m.cost),
        )
        if candidates:
            why = _why_unsure(occurrence, candidates, shifted)
        else:
            why = unlinkable.get(occurrence.occurrence_id) or _nothing_near(occurrence)
        yield Unsure(occurrence, tuple(candidates), why)


def _pair(match: Match) -> tuple[int, int]:
    return match.occurrence.occurrence_id, match.show.show_id


def _unlinkable(
    possible: Sequence[Match], refused: set[tuple[int, int]]
) -> dict[int, str]:
    """
    Why occurrences near some show cannot be linked to it, if they are left over.
    """
    reasons: dict[int, str] = {}
    for match in possible:
        occurrence = match.occurrence
        if _pair(match) in refused:
            refusal = "you refused the shows within the tolerance"
            reasons.setdefault(occurrence.occurrence_id, refusal)
        else:
            reasons[occurrence.occurrence_id] = (
                f"the shows near it have another date of {occurrence.account}"
            )
    return reasons


def _nothing_near(occurrence: OccurrenceCandidate) -> str:
    whose = f"no show of {occurrence.production}" if occurrence.production else ""
    return f"{whose or 'no show of yours'} within the tolerance"


def _why_unsure(
    occurrence: OccurrenceCandidate,
    candidates: Sequence[Match],
    shifted: dict[str, tuple[int, int]],
) -> str:
    if all(match.is_of_other_production for match in candidates):
        return (
            f"{candidates[0].show.production} starts in that minute, but its listing "
            f"is linked to {occurrence.production}"
        )
    if occurrence.event in shifted:
        return "the whole listing seems shifted by hours"
    exact = [m for m in candidates if m.is_exact and not m.is_of_other_production]
    if len(exact) > 1:
        return f"{len(exact)} shows start in that minute"
    best = exact[0] if exact else candidates[0]
    objections = _objections(best)
    if exact and objections:
        return f"same minute, but {objections[0]}"
    if exact:
        return "another occurrence of theirs starts in that minute too"
    also = f", and {objections[0]}" if objections else ""
    return f"nearest {describe_start(best)}{also}"


def _objections(match: Match) -> list[str]:
    """
    The reasons against a pair, apart from its time.
    """
    objections = []
    if match.likeness < SAME_TITLE:
        objections.append(f"titles only {match.likeness} % alike")
    if match.is_elsewhere:
        objections.append(f"at {match.occurrence.venue}, not {match.show.venue}")
    elif not match.is_same_venue:
        objections.append(f"{match.occurrence.venue} may be another venue")
    if match.is_contradicted:
        objections.append(
            f"they sell {match.occurrence.capacity} seats, "
            f"the show has {match.show.capacity}"
        )
    return objections
