"""
The differences between two states of the figures. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ticketsync.core.money import Money
from ticketsync.core.tables import SUMMED
from ticketsync.reporting.figures_of_shows import FIGURES, GROSS_PARTS, Figures

# What gross consists of becomes known without a change of any figure.
COMPARED = [
    column.name
    for column in FIGURES
    if column.kind in SUMMED and column not in GROSS_PARTS
]


@dataclass(frozen=True, slots=True)
class Change:
    """
    One show on one account, before and after; either may be missing. `sold` are the
    tickets that all accounts have sold of the show, `None` where that was not asked.
    """

    before: Figures | None
    after: Figures | None
    sold: int | None = None

    @property
    def either(self) -> Figures:
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def tickets(self) -> int:
        """
        How many more are sold.
        """
        before = self.before.tickets_sold if self.before else 0
        return (self.after.tickets_sold if self.after else 0) - before

    @property
    def gross(self) -> Money:
        return self._growth(lambda figures: figures.gross)

    @property
    def refunded(self) -> Money:
        return self._growth(lambda figures: figures.refunded)

    def _growth(self, amount: Callable[[Figures], Money]) -> Money:
        nothing = Money(0, self.either.currency)
        before = amount(self.before) if self.before else nothing
        return (amount(self.after) if self.after else nothing) - before


def changes(before: Iterable[Figures], after: Iterable[Figures]) -> list[Change]:
    """
    The shows whose figures differ, in the order they play.
    """
    old = {(f.show_id, f.account, f.currency): f for f in before}
    new = {(f.show_id, f.account, f.currency): f for f in after}
    sold: Counter[int] = Counter()
    for figures in new.values():
        sold[figures.show_id] += figures.tickets_sold
    found = [Change(old.get(key), new.get(key), sold[key[0]]) for key in {**old, **new}]
    different = [
        change
        for change in found
        if any(
            getattr(change.before, name, None) != getattr(change.after, name, None)
            for name in COMPARED
        )
        or (change.before is None) != (change.after is None)
    ]
    return sorted(different, key=lambda c: (c.either.starts_at, c.either.show_id))
