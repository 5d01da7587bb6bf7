"""
Which occurrence is which show.

Pure: takes candidates and returns a plan, so that the same function serves the prompt,
`--yes`, `sync` and the tests.

The best *overall* assignment is chosen, never the first fit. A pair is *certain*, and
linked without asking, only if venue and title agree, the platform does not sell more
seats than the show has, and either both start in the same minute and nothing else in
that minute could be meant, or each is the only candidate of the other within 90
minutes. A person decides about everything else.

A person may also confirm that an account lists a production so many minutes before or
after its shows: what fits that to the minute is certain then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ticketsync.catalogue.matching_rules.assignment import assign
from ticketsync.catalogue.matching_rules.candidates import (
    SAME_TITLE,
    Match,
    OccurrenceCandidate,
    ShowCandidate,
    Tolerance,
    candidates,
    describe_start,
    likeness,
)
from ticketsync.catalogue.matching_rules.certainty import (
    Certainty,
    repeated_productions,
    shifted_events,
    touring_productions,
)
from ticketsync.catalogue.matching_rules.offsets import MIN_EVIDENCE, Offset
from ticketsync.core.date_keys import group_parts
from ticketsync.core.plurals import number_of


@dataclass(frozen=True, slots=True)
class Unsure:
    """
    An occurrence that a person must decide about: its candidates, the best one first.
    `is_clear`: nothing speaks against the best one.
    """

    occurrence: OccurrenceCandidate
    candidates: tuple[Match, ...]
    why: str
    is_clear: bool = False


@dataclass(frozen=True, slots=True)
class OffsetProposal:
    """
    A learnt offset that no person has confirmed, and the unsure pairs that fit it.
    """

    offset: Offset
    matches: tuple[Match, ...]

    @property
    def dates(self) -> tuple[Match, ...]:
        """
        One pair for each date: its parts are counted and listed once.
        """
        return tuple(parts[0] for parts in _by_date(self.matches))


@dataclass(frozen=True, slots=True)
class MatchPlan:
    """
    What matching proposes. `unmatched_shows` are shows that no platform sells yet.
    """

    certain: tuple[Match, ...]
    unsure: tuple[Unsure, ...]
    remarks: tuple[str, ...]
    unmatched_shows: tuple[ShowCandidate, ...] = ()
    offsets: tuple[OffsetProposal, ...] = ()

    def of_production(self, title: str) -> MatchPlan:
        """
        The part that concerns the shows of one production.
        """
        return replace(
            self,
            certain=tuple(m for m in self.certain if m.show.production == title),
            unsure=tuple(
                item
                for item in self.unsure
                if any(c.show.production == title for c in item.candidates)
            ),
            unmatched_shows=tuple(
                show for show in self.unmatched_shows if show.production == title
            ),
            offsets=tuple(o for o in self.offsets if o.offset.production == title),
        )


def propose(
    shows: Sequence[ShowCandidate],
    occurrences: Sequence[OccurrenceCandidate],
    *,
    taken: Iterable[tuple[str, int]] = (),
    refused: Iterable[tuple[int, int]] = (),
    tolerance: Tolerance | None = None,
    offsets: Iterable[Offset] = (),
) -> MatchPlan:
    """
    The plan for all unlinked occurrences.

    `taken` are (account, show id) pairs that are linked already: one account is linked
    to a show once unless a person decides otherwise. `refused` are (occurrence id, show
    id) pairs that a person refused. `offsets` are the learnt and the confirmed ones.
    """
    taken, refused = set(taken), set(refused)
    parts: list[MatchPlan] = []
    by_account: dict[str, list[OccurrenceCandidate]] = defaultdict(list)
    for occurrence in occurrences:
        by_account[occurrence.account].append(occurrence)
    offsets = list(offsets)
    for account, listed in by_account.items():
        possible = candidates(shows, listed, tolerance or Tolerance())
        pairs = [
            match
            for match in possible
            if (account, match.show.show_id) not in taken
            and _pair(match) not in refused
        ]
        known = {item.production: item for item in offsets if item.account == account}
        unlinkable = _unlinkable(possible, refused)
        rule = Certainty(
            possible,
            repeated_productions(shows, listed),
            touring_productions(shows),
            {title: item.minutes for title, item in known.items()},
        )
        parts.append(_propose_account(listed, pairs, rule, known, unlinkable))
    certain = tuple(match for part in parts for match in part.certain)
    matched = {match.show.show_id for match in certain}
    unmatched = [s for s in shows if not s.sellers and s.show_id not in matched]
    unmatched.sort(key=lambda show: (show.starts_at, show.show_id))
    return MatchPlan(
        certain,
        tuple(item for part in parts for item in part.unsure),
        tuple(remark for part in parts for remark in part.remarks),
        tuple(unmatched),
        tuple(proposal for part in parts for proposal in part.offsets),
    )


def _propose_account(
    listed: Sequence[OccurrenceCandidate],
    pairs: Sequence[Match],
    rule: Certainty,
    known: Mapping[str, Offset],
    unlinkable: dict[int, str],
) -> MatchPlan:
    """
    The plan for the occurrences of one account; `known` are its offsets by production.
    """
    confirmed = {t: item.minutes for t, item in known.items() if item.is_confirmed}
    learnt = {title: item.minutes for title, item in known.items()}
    shifted = shifted_events(pairs, confirmed)
    shifted_from_learnt = shifted_events(pairs, learnt)
    chosen = _assign_dates(listed, [m for m in pairs if not m.is_of_other_production])
    sure = {
        match.occurrence.occurrence_id: match
        for match in chosen
        if match.occurrence.event not in shifted and rule.is_certain(match)
    }
    fitting = [
        match
        for match in pairs
        if match.occurrence.occurrence_id not in sure
        and match.occurrence.event not in shifted_from_learnt
        and rule.is_settled_by_offset(match)
    ]
    sure |= {
        match.occurrence.occurrence_id: replace(match, is_by_offset=True)
        for match in fitting
        if match.show.production in confirmed
    }
    proposals = _offset_proposals(fitting, known)
    best = {match.occurrence.occurrence_id: match for match in (*chosen, *fitting)}
    clear = {
        id_
        for id_, match in best.items()
        if match.occurrence.event not in shifted_from_learnt and rule.is_clear(match)
    }
    unsure = _unsure(listed, pairs, best, clear, sure, shifted, unlinkable, proposals)
    account = listed[0].account
    return MatchPlan(
        tuple(sure.values()),
        tuple(unsure),
        tuple(_shift_warning(account, *item) for item in shifted.items()),
        offsets=proposals,
    )


def _assign_dates(
    listed: Sequence[OccurrenceCandidate], pairs: Sequence[Match]
) -> list[Match]:
    """
    The best assignment, in which the parts of one date have the same show: each of them
    would else take a show of its own, on a double bill the one after theirs.
    """
    lead = {
        part.occurrence_id: parts[0].occurrence_id
        for parts in group_parts(listed, lambda item: item.date_key)
        for part in parts
    }
    chosen = assign(
        [m for m in pairs if lead[m.occurrence.occurrence_id] == _pair(m)[0]]
    )
    show_of = {match.occurrence.occurrence_id: match.show.show_id for match in chosen}
    followers = [
        match
        for match in pairs
        if (leader := lead[match.occurrence.occurrence_id]) != _pair(match)[0]
        and show_of.get(leader) == match.show.show_id
    ]
    return [*chosen, *followers]


def _offset_proposals(
    fitting: Iterable[Match], known: Mapping[str, Offset]
) -> tuple[OffsetProposal, ...]:
    """
    The pairs that fit an offset that nobody has confirmed, by offset. A single date is
    asked about like any other until a third pair has made the offset a habit.
    """
    by_production: dict[str, list[Match]] = defaultdict(list)
    for match in fitting:
        by_production[match.show.production].append(match)
    return tuple(
        OffsetProposal(known[production], tuple(matches))
        for production, matches in by_production.items()
        if not known[production].is_confirmed
        and known[production].pairs + len(_by_date(matches)) >= MIN_EVIDENCE
    )


def _by_date(matches: Iterable[Match]) -> list[tuple[Match, ...]]:
    return group_parts(matches, lambda match: match.occurrence.date_key)


def distant_candidates(
    shows: Sequence[ShowCandidate], occurrence: OccurrenceCandidate
) -> list[Match]:
    """
    Shows of the same production beyond any tolerance, the nearest first: what an
    occurrence may be that was moved to another day. Never linked without a person.
    """
    found = [distant_match(show, occurrence) for show in shows]
    alike = [match for match in found if match.likeness >= SAME_TITLE]
    return sorted(alike, key=lambda match: match.cost)


def distant_match(show: ShowCandidate, occurrence: OccurrenceCandidate) -> Match:
    """
    A show and an occurrence as a pair, however far apart they start.
    """
    known = show.production in (occurrence.production, occurrence.known_as)
    alike = 100 if known else likeness(show.production, occurrence.event)
    difference = occurrence.starts_at - show.starts_at
    return Match(show, occurrence, round(difference.total_seconds() / 60), alike)


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
    best: Mapping[int, Match],
    clear: Container[int],
    sure: Mapping[int, Match],
    shifted: dict[str, tuple[int, int]],
    unlinkable: dict[int, str],
    proposals: Iterable[OffsetProposal],
) -> Iterator[Unsure]:
    by_occurrence: dict[int, list[Match]] = defaultdict(list)
    settled = {match.show.show_id for match in sure.values()}
    fits = {
        match.occurrence.occurrence_id: proposal.offset
        for proposal in proposals
        for match in proposal.matches
    }
    for match in pairs:
        if match.show.show_id not in settled:
            by_occurrence[match.occurrence.occurrence_id].append(match)
    for occurrence in listed:
        if occurrence.occurrence_id in sure:
            continue
        candidates = sorted(
            by_occurrence[occurrence.occurrence_id],
            key=lambda m: (m is not best.get(occurrence.occurrence_id), m.cost),
        )
        id_ = occurrence.occurrence_id
        if not candidates:
            why = unlinkable.get(id_) or _nothing_near(occurrence)
        elif id_ in fits:
            why = _fits(fits[id_])
        else:
            why = _why_unsure(occurrence, candidates, shifted)
        is_clear = id_ in clear and bool(candidates) and candidates[0] is best[id_]
        yield Unsure(occurrence, tuple(candidates), why, is_clear)


def _fits(offset: Offset) -> str:
    pairs = number_of(offset.pairs, "date")
    return (
        f"{offset.habit}, like {pairs} of {offset.production} that you confirmed "
        f"on {offset.account}"
    )


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
        return f"{len(exact):,} shows start in that minute"
    best = exact[0] if exact else candidates[0]
    objections = _objections(best)
    if exact and objections:
        return f"same minute, but {objections[0]}"
    if exact and occurrence.part:
        return "same minute, each of its ticket types is listed on its own"
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
            f"they sell {match.occurrence.capacity:,} seats, "
            f"the show has {match.show.capacity:,}"
        )
    return objections
