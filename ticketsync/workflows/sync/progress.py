"""
What a run has read of an account's orders.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.core import errors
from ticketsync.workflows.sync.parse import ParsedPage


@dataclass(slots=True)
class OrdersRead:
    """
    `seen` are the provider's order ids by provider occurrence id, for occurrences of
    which all orders were shown; `complete` those whose orders are all up to date now,
    with their `fingerprints` when the read began; `bookmarks` where a later read of
    changes goes on, by what is read at once; `swept_events` what a sweep has read.

    `newest` is the watermark for new orders; with `is_whole` all orders were read, so
    that it is believed even if it went back; it stays where it was unless `may_move`.
    With `is_first` nothing was held before. `refused` are our ids of occurrences whose
    orders the platform refused. A read that failed says so in `failure`.
    """

    seen: dict[str, set[str]] = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)
    fingerprints: dict[str, str] = field(default_factory=dict)
    bookmarks: dict[str, str] = field(default_factory=dict)
    swept_events: set[str] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    newest: str = ""
    is_event_sweep: bool = False
    is_first: bool = False
    is_whole: bool = False
    may_move: bool = True
    failure: errors.TicketsyncError | None = None

    def note_pages(self, pages: Iterable[ParsedPage]) -> None:
        for page in pages:
            self.newest = max(self.newest, page.newest)
            for provider_occurrence_id, order_id in page.seen:
                self.seen.setdefault(provider_occurrence_id, set()).add(order_id)

    def note_complete(self, occurrences: Iterable[LinkedOccurrence]) -> None:
        for occurrence in occurrences:
            self.complete.add(occurrence.provider_occurrence_id)
            self.fingerprints.setdefault(
                occurrence.provider_occurrence_id, occurrence.fingerprint
            )

    def forget_seen(self, occurrences: Iterable[LinkedOccurrence]) -> None:
        """
        A part of an occurrence's orders says nothing of the rest.
        """
        for occurrence in occurrences:
            self.seen.pop(occurrence.provider_occurrence_id, None)

    def complete_of(
        self, occurrences: Iterable[LinkedOccurrence]
    ) -> list[LinkedOccurrence]:
        return [o for o in occurrences if o.provider_occurrence_id in self.complete]
