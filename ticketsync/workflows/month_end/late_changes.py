"""
What became known of closed periods after they were closed, for whoever imports a file
of each period once into another program.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from ticketsync.core import money
from ticketsync.core.periods import Period
from ticketsync.core.plurals import number_of
from ticketsync.core.settings.config import Settings
from ticketsync.financials import closed_periods, period_order
from ticketsync.financials.frozen_lines import FrozenLine
from ticketsync.workflows.month_end import close


@dataclass(frozen=True, slots=True)
class LateChanges:
    """
    The adjustments that come with a period: those of `earlier` ones, which are in no
    file of this one; and those of itself, which a file that was written before lacks.
    """

    name: str
    earlier: list[FrozenLine]
    own: list[FrozenLine]

    def sentences(self) -> list[str]:
        """
        What to say of a file of this period.
        """
        found = []
        if self.earlier:
            changes = number_of(len(self.earlier), "change")
            found.append(
                f"{changes} of earlier, closed periods ({_effect(self.earlier)} net) "
                "are not in this file: enter them by hand, see `ticketsync period "
                f"adjustments{self.name and ' ' + self.name}`."
            )
        if self.own:
            changes = number_of(len(self.own), "change")
            found.append(
                f"{self.name} is closed and {changes} ({_effect(self.own)} net) came "
                "later: this file has them, one that was imported before has not; see "
                f"`ticketsync period adjustments --origin {self.name}`."
            )
        return found


def read_late_changes(
    connection: Connection, settings: Settings, period: Period, currency: str = ""
) -> LateChanges:
    """
    What changed of closed periods, as far as it concerns a file of this period, of all
    currencies or one.
    """
    found = _read_late_changes(connection, settings, period)
    if not currency:
        return found
    return LateChanges(
        found.name,
        [line for line in found.earlier if line.currency == currency],
        [line for line in found.own if line.currency == currency],
    )


def _read_late_changes(
    connection: Connection, settings: Settings, period: Period
) -> LateChanges:
    closed = period_order.closed_now(closed_periods.list_events(connection))
    event = next((e for e in closed if e.period == period), None)
    if event is None:
        lines = close.open_adjustments(connection, settings)
        first = period.first.isoformat() if period.first else ""
        return LateChanges("", [it for it in lines if it.effective_on < first], [])
    booked = closed_periods.read_lines(connection, [event.id])
    later = closed_periods.read_lines(
        connection, [other.id for other in closed if other.id > event.id]
    )
    changed = [*later, *close.open_adjustments(connection, settings)]
    return LateChanges(
        event.name,
        [line for line in booked if line.cause],
        [line for line in changed if line.cause and line.origin_id == event.id],
    )


def _effect(lines: Iterable[FrozenLine]) -> str:
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.currency] = sums.get(line.currency, 0) + line.effect
    return ", ".join(
        f"{money.grouped_text(amount, code)} {code}"
        for code, amount in sorted(sums.items())
    )
