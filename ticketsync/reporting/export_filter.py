"""
Which rows an export has: by the day of the sale or refund, and by the day of the show.
Both can be chosen at once, as in "sold in October for shows in November".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from ticketsync.core import periods
from ticketsync.core.periods import ALWAYS, Period
from ticketsync.store import order_spans, totals


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFilter:
    """
    `sold` and `refunded` are days by the calendar of `zone`, that of the business;
    `shows` are local days of the shows.
    """

    zone: str = "UTC"
    sold: Period = ALWAYS
    refunded: Period = ALWAYS
    shows: Period = ALWAYS

    def of_orders(self) -> list[ColumnElement[bool]]:
        """
        The conditions on orders.
        """
        return order_spans.placed_within(self.sold, self.zone)

    def of_refunds(self) -> list[ColumnElement[bool]]:
        """
        The conditions on refund movements.
        """
        return order_spans.refunded_within(self.refunded)

    def of_shows(self) -> list[ColumnElement[Any]]:
        """
        The conditions on shows; none where all are meant, so that what is linked to no
        show is meant, too.
        """
        return [] if self.shows == ALWAYS else [totals.starts_within(self.shows)]

    def in_words(self) -> list[tuple[str, str]]:
        """
        What was chosen, as lines of a name and a text.
        """
        days = f"by the calendar of {self.zone}"
        named = [
            ("sold", self.sold, days),
            ("refunded", self.refunded, days),
            ("shows", self.shows, "by the local day of the show"),
        ]
        lines = [
            (name, f"{periods.in_words(period)}, {basis}")
            for name, period, basis in named
            if period != ALWAYS
        ]
        return lines or [("period", "all of it")]


EVERYTHING = ExportFilter()
