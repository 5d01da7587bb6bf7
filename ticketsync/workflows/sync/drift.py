"""
Did the platform change its records, or are some records odd? This is the only place
that decides: odd ones wait in quarantine while the rest is read, a change stops the
account before more of it is read wrongly.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from ticketsync.core import errors
from ticketsync.core.records import Unread
from ticketsync.providers.base import ProviderSpec

ENOUGH = 20  # records, or
PAGES = 3  # pages, of which most fail alike: the platform changed
FEW = 5  # records; of a smaller page the share means nothing
MOST_CONTRADICTORY = 0.2

UNFINISHED_DRAFT = "unfinished-draft"
UNKNOWN_EVENT = "unknown-event"
REFUSED = "refused"
# They say something about one event of the venue, however many records it has.
_NO_SHAPE = {UNFINISHED_DRAFT, UNKNOWN_EVENT, REFUSED, errors.CONTRADICTION}

Cause = tuple[str, str]


@dataclass(slots=True)
class RecentPages:
    """
    The last pages of one kind of record: how many records each had, and how many of
    them failed by which cause.
    """

    pages: deque[tuple[int, Counter[Cause]]] = field(default_factory=deque)

    def add(self, records: int, unread: Sequence[Unread]) -> None:
        """
        Add a page, and forget the pages that are not needed to judge the last ones.
        """
        self.pages.append((records, Counter(map(_cause, unread))))
        while _is_enough(list(self.pages)[1:]):
            self.pages.popleft()

    def fails_alike(self) -> bool:
        """
        Whether half of the records or more fail by one cause, on enough of them.
        """
        causes: Counter[Cause] = Counter()
        for _, of_page in self.pages:
            causes.update(of_page)
        worst = max(
            (n for (word, _), n in causes.items() if word not in _NO_SHAPE), default=0
        )
        total = sum(records for records, _ in self.pages)
        return bool(worst) and 2 * worst >= total and _is_enough(list(self.pages))


def refuse_drift(
    recent: RecentPages,
    read: int,
    unread: Sequence[Unread],
    spec: ProviderSpec,
    account: str,
) -> None:
    """
    Judge a page of which `read` records could be parsed and the others not. Files are
    never refused: they are what people made of them.

    Raises: `InvalidResponse` where most records fail alike over `ENOUGH` records or
    `PAGES` pages (`schema-drift`), and where many of a page contradict what is known,
    so that a list behind them is not whole (`list-incomplete`).
    """
    if spec.is_local:
        return
    everything = read + len(unread)
    recent.add(everything, unread)
    contradictory = [item for item in unread if item.word == errors.CONTRADICTION]
    if everything >= FEW and len(contradictory) > MOST_CONTRADICTORY * everything:
        raise _refusal(
            contradictory,
            everything,
            spec.title,
            account,
            word="list-incomplete",
            hint="Nothing of this page was saved; it is read again with the next run.",
        )
    if recent.fails_alike():
        raise _refusal(
            unread,
            everything,
            spec.title,
            account,
            word="schema-drift",
            hint="Nothing of this page was saved; look for a newer ticketsync.",
        )


def _refusal(
    unread: Sequence[Unread],
    everything: int,
    platform: str,
    account: str,
    *,
    word: str,
    hint: str,
) -> errors.InvalidResponse:
    return errors.InvalidResponse(
        f"Account {account!r}: {len(unread)} of {everything} records of one page of "
        f"{platform} cannot be read ({unread[0].provider_id}: {unread[0].reason}).",
        hint=hint,
        word=word,
    )


def _is_enough(pages: Sequence[tuple[int, Counter[Cause]]]) -> bool:
    whole = [records for records, _ in pages if records >= FEW]
    return sum(records for records, _ in pages) >= ENOUGH or len(whole) >= PAGES


def _cause(item: Unread) -> Cause:
    """
    How a record fails: by its word, and by the field that its reason begins with.
    """
    return item.word, item.reason.partition(" ")[0]
