"""
What is different between two states of the figures. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ticketsync.reporting.numbers import Figures

COMPARED = (
    "tickets_sold",
    "tickets_comp",
    "tickets_refunded",
    "checked_in",
    "gross",
    "refunded",
    "net_before_fees",
    "fees",
)


@dataclass(frozen=True, slots=True)
class Change:
    """
    One show on one account, before and after; either may be missing.
    """

    before: Figures | None
    after: Figures | None

    @property
    def either(self) -> Figures:
        found = self.after or self.before
        assert found is not None
        return found

    def difference(self, name: str) -> int:
        """
        How much a number grew; unknown counts as nothing.
        """
        old = getattr(self.before, name) if self.before else 0
        new = getattr(self.after, name) if self.after else 0
        return (new or 0) - (old or 0)


def changes(before: Iterable[Figures], after: Iterable[Figures]) -> list[Change]:
    """
    The shows whose figures differ, in the order they play.
    """
    old = {(f.show_id, f.account, f.currency): f for f in before}
    new = {(f.show_id, f.account, f.currency): f for f in after}
    found = [Change(old.get(key), new.get(key)) for key in {**old, **new}]
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
