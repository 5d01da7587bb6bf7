"""
The tax worksheet of a closed period: of its frozen tax lines and of nothing else. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from ticketsync.financials import frozen_lines
from ticketsync.financials.frozen_lines import FrozenLine
from ticketsync.financials.tax_worksheet import OrderLine
from ticketsync.financials.taxing import UNKNOWN_FEES, TaxLine


def order_lines(lines: Iterable[FrozenLine]) -> list[OrderLine]:
    """
    The tax lines of the orders of a closed period; what adjusts an earlier period is
    among them, because it is declared with this one.
    """
    found = [item for line in lines for item in _of_line(line)]
    found.sort(key=lambda item: (item.day, item.account, item.order_id))
    return found


def _of_line(line: FrozenLine) -> Iterator[OrderLine]:
    if line.tax_lines == "[]":
        return
    day = date.fromisoformat(line.effective_on)
    for bucket, values in frozen_lines.taxes_of(line.tax_lines).items():
        flow, kinds, state, words, code, rate_ppm = bucket
        if line.cause and words == UNKNOWN_FEES:
            continue  # an amount that was not known is in no worksheet
        _, amount, tax, more = values
        taxed = TaxLine(
            *(tuple(kinds.split("+")), state, words, amount, tax, code, rate_ppm),
            added=more,
        )
        yield OrderLine(line.account, line.order_id, day, flow, line.currency, taxed)
