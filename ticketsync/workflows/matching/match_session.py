"""
One session of a person at the matching screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ticketsync.boxoffice import seats
from ticketsync.catalogue import (
    known_offsets,
    matching_input,
    show_edits,
    shows,
    undoing,
)
from ticketsync.catalogue.matching_rules import matching
from ticketsync.catalogue.matching_rules.candidates import Match, OccurrenceCandidate
from ticketsync.catalogue.matching_rules.matching import MatchPlan, OffsetProposal
from ticketsync.catalogue.matching_rules.offsets import Offset
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.core.settings.config import Settings
from ticketsync.store.engine import Database
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.matching import match, match_decisions


@dataclass(frozen=True, slots=True)
class MadeDecision:
    """
    A decision of this session: the occurrences it was about, the show it made and the
    offset it confirmed, if it did.
    """

    occurrence_ids: tuple[int, ...]
    new_show: int | None = None
    offset: Offset | None = None


@dataclass(slots=True)
class MatchSession:
    """
    Each decision is saved as it is made, all of them under one batch, and the last ones
    can be taken back one by one.
    """

    database: Database
    settings: Settings
    batch: str
    linked: int = 0
    refused: int = 0
    _made: list[MadeDecision] = field(default_factory=list)

    def plan(self, production: str | None = None) -> MatchPlan:
        """
        What matching proposes now, with all that was decided so far.
        """
        with self.database.read() as connection:
            return match.plan(connection, self.settings, production=production)

    def distant_candidates(self, occurrence: OccurrenceCandidate) -> list[Match]:
        """
        What a date may be that nothing lies near to.
        """
        with self.database.read() as connection:
            taken = matching_input.list_selling_accounts(connection)
            currencies = matching_input.list_selling_currencies(connection)
            ours = matching_input.build_show_candidates(
                shows.list_shows(connection), taken, currencies
            )
        free = [s for s in ours if (occurrence.account, s.show_id) not in taken]
        return matching.distant_candidates(free, occurrence)

    def shows(self) -> list[ShowInfo]:
        with self.database.read() as connection:
            return matching_input.list_matchable_shows(connection)

    def accept(self, matches: Sequence[Match]) -> None:
        """
        Link the certain pairs of a plan.
        """
        self.linked += match.accept(
            self.database,
            self.settings,
            matches,
            decided_by="person",
            batch=self.batch,
        )
        self._note(_ids(matches))

    def choose(self, matches: Sequence[Match]) -> None:
        """
        Link pairs that a person chose among the candidates.
        """
        self.linked += match_decisions.link_matches(
            self.database, self.settings, matches, batch=self.batch
        )
        self._note(_ids(matches))

    def choose_for_all(
        self, chosen: Match, dates: Sequence[OccurrenceCandidate]
    ) -> list[str]:
        """
        Link dates to the show of a distant candidate, each for its own reason; returns
        the accounts that are linked to that show already, whose dates are left as they
        are.
        """
        sellers = chosen.show.sellers
        free = [date for date in dates if date.account not in sellers]
        self.choose([matching.distant_match(chosen.show, date) for date in free])
        return [date.account for date in dates if date.account in sellers]

    def find(self, occurrence_ids: Sequence[int], show_id: int) -> None:
        """
        Link dates to a show that a person found, whatever the plan says.
        """
        self.linked += match_decisions.link_to_show(
            self.database, self.settings, occurrence_ids, show_id, batch=self.batch
        )
        self._note(occurrence_ids)

    def never(self, occurrence_ids: Sequence[int]) -> None:
        """
        These dates are none of our shows.
        """
        match_decisions.refuse(self.database, occurrence_ids, batch=self.batch)
        self.refused += len(occurrence_ids)
        self._note(occurrence_ids)

    def new_show(self, occurrence_ids: Sequence[int], title: str) -> int:
        """
        Make a show of these dates and link them; returns its number.
        """
        show = match_decisions.make_show(
            self.database, self.settings, occurrence_ids, title, batch=self.batch
        )
        self.linked += len(occurrence_ids)
        self._note(occurrence_ids, new_show=show.id if show.is_new else None)
        return show.id

    def apply_offset(self, proposal: OffsetProposal, *, is_remembered: bool) -> None:
        """
        Link what fits a learnt offset, and perhaps all that will fit it.
        """
        self.linked += match_decisions.apply_offset(
            self.database,
            self.settings,
            proposal,
            is_remembered=is_remembered,
            batch=self.batch,
        )
        offset = proposal.offset if is_remembered else None
        self._note(_ids(proposal.matches), offset=offset)

    def take_back(self) -> tuple[int, ...]:
        """
        Undo the last decision; returns the dates it was about, none if there is none.

        Raises: `GuardRefused` (`guard-books`) where a show was made that is put on sale
        at the box office by now.
        """
        if not self._made:
            return ()
        made = self._made[-1]
        with self.database.write() as connection:
            seats.lock_openings(connection)
            lost = undoing.undo_decisions(connection, made.occurrence_ids, self.batch)
            recompute_figures.recompute(connection, self.settings, lost)
            if made.new_show is not None:
                show_edits.refuse_removal(connection, [made.new_show])
                shows.remove_show(connection, made.new_show)
            if made.offset is not None:
                known_offsets.forget_offset(connection, made.offset)
        self._made.pop()
        if lost:
            self.linked -= len(made.occurrence_ids)
        else:
            self.refused -= len(made.occurrence_ids)
        return made.occurrence_ids

    def _note(
        self,
        occurrence_ids: Iterable[int],
        new_show: int | None = None,
        offset: Offset | None = None,
    ) -> None:
        self._made.append(MadeDecision(tuple(occurrence_ids), new_show, offset))


def _ids(matches: Iterable[Match]) -> list[int]:
    return [match.occurrence.occurrence_id for match in matches]
