"""
What went back of an order, by the days on which its rows say that it did, and in one
over several nights by night. Pure.

A row that takes something back gives its day by `placed`. One that has the time of the
sale there says nothing of it: many reports repeat the day of the order on all of its
rows. One before the sale cannot be, nor one to come, and they are named.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from ticketsync.core import clock, records
from ticketsync.providers.file_import.orders.line_values import Cells
from ticketsync.providers.file_import.orders.returned_tickets import ReturnedRow
from ticketsync.providers.file_import.orders.same_order import has_time_of_day
from ticketsync.providers.file_import.recipes.recipe_keys import COMING

_NOON = time(12)  # of a day without a time: the same day in the zones around, too


@dataclass(frozen=True, slots=True)
class ReturnedPart:
    """
    What one row takes back, in minor units. `face`, `buyer_fee` and `tax` are `None`
    where it says nothing of them; `face` is so for a row of a fee or a tax alone.
    `occurrence_id` is that of its night in an order over several.
    """

    placed: str
    amount: int
    face: int | None
    buyer_fee: int | None
    tax: int | None
    occurrence_id: str | None = None


class ReturnDays:
    """
    The days of an order's returns, beside that of its first sale.
    """

    def __init__(self, sales: Iterable[Cells], timezone: str) -> None:
        self._timezone = timezone
        self._sales = sales

    @functools.cached_property
    def sold(self) -> str:
        """
        When the first of them was bought, as plain text; `""` where none says so.
        """
        times = [line["placed"] for line in self._sales if "placed" in line]
        return min(times, key=self._instant, default="")

    def date_of(self, placed: str) -> datetime | None:
        """
        The instant of a return, noon of a day without a time; `None` where it is not
        known.
        """
        if not placed or self.is_before_sale(placed):
            return None
        date = self._instant(placed)
        return None if self.sold and date == self._instant(self.sold) else date

    def is_before_sale(self, placed: str) -> bool:
        if not placed or not self.sold:
            return False
        if has_time_of_day(placed) and has_time_of_day(self.sold):
            return self._instant(placed) < self._instant(self.sold)
        return self._local(placed).date() < self._local(self.sold).date()

    def _local(self, text: str) -> datetime:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return moment
        return clock.local(moment, self._timezone).replace(tzinfo=None)

    def _instant(self, text: str) -> datetime:
        """
        In the hour of a clock change the day is known all the same.
        """
        moment = self._local(text)
        if not has_time_of_day(text):
            moment = datetime.combine(moment.date(), _NOON)
        return moment.replace(tzinfo=clock.zone(self._timezone)).astimezone(UTC)


def parts_of_rows(
    rows: Iterable[ReturnedRow],
    fees: Iterable[tuple[Cells, int]],
    taxes: Iterable[tuple[Cells, int]],
    *,
    has_fees: bool,
    tax_on_top: bool,
) -> list[ReturnedPart]:
    """
    What each row takes back: of tickets, and of fees and taxes that have rows of their
    own, given with their amounts in minor units. `has_fees` says whether the report of
    the order has buyers' fees, so that a row without one takes none back.
    """
    return [
        *(
            ReturnedPart(
                row.placed,
                row.amount,
                row.price,
                row.fee if has_fees else None,
                row.tax,
            )
            for row in rows
        ),
        *(
            ReturnedPart(line.get("placed", ""), amount, None, amount, None)
            for line, amount in fees
        ),
        *(
            ReturnedPart(
                line.get("placed", ""), amount if tax_on_top else 0, None, None, amount
            )
            for line, amount in taxes
        ),
    ]


def refunds_by_date(
    order_id: str,
    refunded: Mapping[str | None, int],
    parts: Sequence[ReturnedPart],
    days: ReturnDays,
) -> tuple[records.Refund, ...]:
    """
    All that went back of an order, `refunded` in minor units for each occurrence or for
    `None`: one refund for each date and occurrence that these rows give, and one of
    each occurrence for what has no date.
    """
    by_date: dict[tuple[datetime, str | None], list[ReturnedPart]] = {}
    for part in parts:
        date = days.date_of(part.placed)
        if date is not None:
            by_date.setdefault((date, part.occurrence_id), []).append(part)
    dated = [
        records.Refund(
            order_id,
            sum(part.amount for part in of_date),
            date,
            face=sum(part.face or 0 for part in of_date),
            buyer_fee=_sum_known(part.buyer_fee for part in of_date),
            tax=_tax_of(of_date),
            occurrence_id=occurrence_id,
        )
        for (date, occurrence_id), of_date in sorted(by_date.items(), key=_place)
    ]
    rest = dict(refunded)
    for refund in dated:
        rest[refund.occurrence_id] -= refund.amount
    undated = [
        records.Refund(order_id, amount, occurrence_id=occurrence_id)
        for occurrence_id, amount in rest.items()
    ]
    return tuple(refund for refund in (*undated, *dated) if refund.amount)


def _place(item: tuple[tuple[datetime, str | None], Any]) -> tuple[datetime, str]:
    (date, occurrence_id), _ = item
    return date, occurrence_id or ""


def early_return(
    parts: Sequence[ReturnedPart], days: ReturnDays, shown: Callable[[int], str]
) -> str | None:
    """
    Which row takes something back on a day before the order was bought, in words;
    `shown` writes an amount.
    """
    early = next((it for it in parts if days.is_before_sale(it.placed)), None)
    if early is None:
        return None
    back, sold = (it.removesuffix(" 00:00") for it in (early.placed, days.sold))
    amount = early.amount or early.tax or 0
    return (
        f"a row takes back {shown(amount)} on {back}, before the order was bought "
        f"({sold}): that is not taken for the day of the return"
    )


def coming_return(lines: Iterable[Cells]) -> str | None:
    """
    Which row takes something back on a day that had not come when its report was read,
    in words.
    """
    days = sorted({line[COMING] for line in lines if line.get(COMING)})
    if not days:
        return None
    return (
        f"a row takes something back on {days[0].removesuffix(' 00:00')}, a day that "
        "had not come when the report was read: it counts, and that is not taken for "
        "the day of the return; correct it in the report"
    )


def _tax_of(parts: Sequence[ReturnedPart]) -> int | None:
    """
    The tax that these rows take back: that of the tickets, or of rows of its own.
    """
    own = [part.tax for part in parts if part.face is not None]
    if any(tax is not None for tax in own):
        return None if None in own else _sum_known(own)
    return _sum_known(part.tax for part in parts)


def _sum_known(amounts: Iterable[int | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None
