"""
The money of shows that have not played yet: what was there, what came and went, and
what is left. Read from the projected entries, so that both say the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ticketsync.core.records import NO_SHOW
from ticketsync.core.tables import Column, Kind, Table
from ticketsync.ledger import chart
from ticketsync.ledger.projection import EARN, REFUND, SALE, Entry, ShowDay

COLUMNS: Final = (
    Column("show_id", Kind.ID),
    Column("day", Kind.DAY),
    Column("production"),
    Column("status"),  # cancelled, or nothing
    Column("currency"),
    *(
        Column(name, Kind.MONEY)
        for name in ("opening", "sold", "returned", "earned", "closing")
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unearned:
    """
    One show's unearned money in a period, in minor units, without tax and without what
    is somebody else's: opening + sold - returned - earned = closing.
    """

    show: ShowDay
    currency: str
    opening: int
    sold: int
    returned: int
    earned: int

    @property
    def closing(self) -> int:
        return self.opening + self.sold - self.returned - self.earned


def after_shows(entries: Iterable[Entry], first: date | None) -> dict[str, int]:
    """
    What was sold less what went back after shows had played, in the period that begins
    on that day, in minor units by currency: it is income at once and in no line. What
    was paid beside gift cards is no show's.
    """
    found: dict[str, int] = defaultdict(int)
    for entry in entries:
        if entry.show_id == NO_SHOW:
            continue
        if entry.kind in (SALE, REFUND) and (first is None or entry.day >= first):
            found[entry.currency] -= entry.postings.get(chart.INCOME, 0)
    return {currency: amount for currency, amount in found.items() if amount}


def statement(
    entries: Iterable[Entry], shows: Mapping[int, ShowDay], first: date | None
) -> list[Unearned]:
    """
    A line for each show and currency about which something is to be said, by the day
    of the show. `entries` begin with the first sale, `first` is the first day of the
    period.
    """
    moved: dict[tuple[int, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for entry in entries:
        amount = -entry.postings.get(chart.UNEARNED, 0)
        if entry.show_id is None or not amount:
            continue
        is_before = first is not None and entry.day < first
        moved[entry.show_id, entry.currency]["" if is_before else entry.kind] += amount
    found = [
        Unearned(
            show=shows[show_id],
            currency=currency,
            opening=sums[""],
            sold=sums[SALE],
            returned=-sums[REFUND],
            earned=-sums[EARN],
        )
        for (show_id, currency), sums in moved.items()
        if any(sums.values())
    ]
    return sorted(found, key=lambda it: (it.show.day, it.show.show_id, it.currency))


def table(lines: Iterable[Unearned]) -> Table:
    """
    The statement as a loaded report with `COLUMNS`.
    """
    rows = [
        (
            line.show.show_id,
            line.show.day,
            line.show.title,
            "cancelled" if line.show.is_cancelled else "",
            line.currency,
            line.opening,
            line.sold,
            line.returned,
            line.earned,
            line.closing,
        )
        for line in lines
    ]
    return Table(COLUMNS, rows)
