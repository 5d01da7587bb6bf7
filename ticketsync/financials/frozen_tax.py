"""
The tax worksheet of a closed period: of its frozen tax lines and of nothing else. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from ticketsync.financials import frozen_lines
from ticketsync.financials.frozen_lines import SOLD, FrozenLine
from ticketsync.financials.tax_worksheet import OrderLine
from ticketsync.financials.taxing import UNKNOWN_FEES, TaxLine


def order_lines(lines: Iterable[FrozenLine]) -> list[OrderLine]:
    """
    The tax lines of the orders of a closed period, those of an order over several shows
    put together; what adjusts an earlier period is among them, because it is declared
    with this one.
    """
    of_sales: dict[tuple[object, ...], OrderLine] = {}
    found = []
    for line in lines:
        for item in _of_line(line):
            if line.cause or line.kind not in SOLD:
                found.append(item)
            else:
                key = _treatment_of(item)
                held = of_sales.get(key)
                of_sales[key] = item if held is None else _together(held, item)
    found += of_sales.values()
    found.sort(key=lambda item: (item.day, item.account, item.order_id))
    return found


def _treatment_of(item: OrderLine) -> tuple[object, ...]:
    line = item.line
    return (
        *(item.account, item.order_id, item.day, item.flow, item.currency),
        *(line.kinds, line.state, line.words, line.code, line.rate_ppm),
    )


def _together(one: OrderLine, other: OrderLine) -> OrderLine:
    line, more = one.line, other.line
    return replace(
        one,
        line=replace(
            line,
            amount=line.amount + more.amount,
            tax=None if line.tax is None else line.tax + (more.tax or 0),
            added=None if line.added is None else line.added + (more.added or 0),
        ),
    )


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
