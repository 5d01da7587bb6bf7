"""
What a person is asked: the unsure occurrences, grouped so that one answer settles all
platforms of a night. Pure; the screen and the page ask the same questions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ticketsync.catalogue.matching_rules.candidates import (
    SAME_TITLE,
    Match,
    ShowCandidate,
    likeness,
)
from ticketsync.catalogue.matching_rules.matching import Unsure
from ticketsync.core.date_keys import group_parts


@dataclass(frozen=True, slots=True)
class AskedDate:
    """
    One date that is asked about, with the occurrences that are its parts.
    """

    parts: tuple[Unsure, ...]

    @property
    def first(self) -> Unsure:
        return self.parts[0]

    @property
    def title(self) -> str:
        """
        The name of its event, with the parts that are sold on their own.
        """
        event = self.first.occurrence.event
        names = [item.occurrence.part for item in self.parts if item.occurrence.part]
        return f"{event}: {', '.join(names)}" if names else event

    @property
    def occurrence_ids(self) -> tuple[int, ...]:
        return tuple(item.occurrence.occurrence_id for item in self.parts)

    @property
    def is_clear(self) -> bool:
        return all(item.is_clear for item in self.parts)


@dataclass(frozen=True, slots=True)
class Question:
    """
    Occurrences that wait for the same decision: of most, `show` is the best candidate.
    Without one they start in the same minute under similar titles, and nothing of ours
    is near.
    """

    show: ShowCandidate | None
    items: tuple[Unsure, ...]

    @property
    def starts_at(self) -> datetime:
        first = self.items[0].occurrence
        return self.show.starts_at if self.show else first.starts_at

    @property
    def title(self) -> str:
        first = self.items[0].occurrence
        return self.show.production if self.show else first.production or first.event

    @property
    def occurrence_ids(self) -> tuple[int, ...]:
        return tuple(item.occurrence.occurrence_id for item in self.items)

    @property
    def dates(self) -> tuple[AskedDate, ...]:
        """
        Its dates, each once, whatever the number of their parts.
        """
        groups = group_parts(self.items, lambda item: item.occurrence.date_key)
        return tuple(AskedDate(parts) for parts in groups)

    def first_dates(self, number: int) -> Question:
        """
        The same question about so many of its dates.
        """
        items = [item for date in self.dates[:number] for item in date.parts]
        return Question(self.show, tuple(items))

    @property
    def candidates(self) -> tuple[Match, ...]:
        """
        The candidates of all its occurrences, each show once, the best ones first.
        """
        most = max((len(item.candidates) for item in self.items), default=0)
        ranked = [
            match
            for place in range(most)
            for item in self.items
            for match in item.candidates[place : place + 1]
        ]
        by_show: dict[int, Match] = {}
        for match in ranked:
            by_show.setdefault(match.show.show_id, match)
        return tuple(by_show.values())


def group(unsure: Iterable[Unsure]) -> tuple[Question, ...]:
    """
    The questions of a plan, in order of time.
    """
    by_show: dict[int, list[Unsure]] = {}
    without_candidates: dict[datetime, list[list[Unsure]]] = {}
    for item in unsure:
        if item.candidates:
            show_id = item.candidates[0].show.show_id
            by_show.setdefault(show_id, []).append(item)
        else:
            _add_without_candidates(
                without_candidates.setdefault(item.occurrence.starts_at, []), item
            )
    questions = [
        Question(items[0].candidates[0].show, tuple(items))
        for items in by_show.values()
    ] + [
        Question(None, tuple(items))
        for groups in without_candidates.values()
        for items in groups
    ]
    return tuple(
        sorted(questions, key=lambda asked: (asked.starts_at, asked.occurrence_ids))
    )


def _add_without_candidates(groups: list[list[Unsure]], item: Unsure) -> None:
    """
    Add an occurrence without candidates to the group of other accounts' occurrences
    under a similar title, or of the other parts of its date, or make one for it. The
    groups start in the same minute.
    """
    theirs = item.occurrence
    for items in groups:
        if theirs.date_key is not None and any(
            it.occurrence.date_key == theirs.date_key for it in items
        ):
            items.append(item)
            return
        is_known = any(it.occurrence.account == theirs.account for it in items)
        title = items[0].occurrence.event
        if not is_known and likeness(title, theirs.event) >= SAME_TITLE:
            items.append(item)
            return
    groups.append([item])


def count_dates(unsure: Iterable[Unsure | Match]) -> int:
    """
    How many dates these occurrences are.
    """
    return len(group_parts(unsure, lambda item: item.occurrence.date_key))
