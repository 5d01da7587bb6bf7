"""
Offsets: how much earlier or later than our show an account lists a production, learnt
from pairs that a person confirmed. Pure.

A learnt offset is only proposed. Matching links by it once a person has confirmed it
for that account and production, and only where it fits to the minute and nothing else
could be meant.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

MIN_PAIRS = 2  # from which on an offset is learnt: a single pair is not a habit
MIN_EVIDENCE = 4  # confirmed pairs and fitting dates from which one is proposed
DOORS_MINUTES = 90  # before the show within which a listing probably names the doors


@dataclass(frozen=True, slots=True)
class ConfirmedPair:
    """
    A pair that a person confirmed: how many minutes after the show the account lists
    it (before it where negative).
    """

    account: str
    provider: str
    production: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Offset:
    """
    An account lists a production so many `minutes` after its shows start (before them
    where negative); `pairs` that a person confirmed say so. `is_confirmed` where a
    person confirmed the offset itself.
    """

    account: str
    provider: str
    production: str
    minutes: int
    pairs: int = 0
    is_confirmed: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """
        Account and production: there is one offset for both.
        """
        return self.account, self.production

    @property
    def habit(self) -> str:
        """
        What the listing does, in words: `doors, 30 min before`.
        """
        length = f"{abs(self.minutes)} min"
        if self.minutes > 0:
            return f"{length} after the start"
        doors = "doors, " if -self.minutes <= DOORS_MINUTES else ""
        return f"{doors}{length} before"


def learn(pairs: Iterable[ConfirmedPair]) -> list[Offset]:
    """
    The offset of each account and production of which most confirmed pairs have it.
    """
    by_key: dict[tuple[str, str, str], Counter[int]] = defaultdict(Counter)
    for pair in pairs:
        key = pair.account, pair.provider, pair.production
        by_key[key][pair.minutes] += 1
    found = []
    for (account, provider, production), minutes in sorted(by_key.items()):
        usual, count = minutes.most_common(1)[0]
        if usual and count >= MIN_PAIRS and 2 * count > minutes.total():
            found.append(Offset(account, provider, production, usual, count))
    return found
