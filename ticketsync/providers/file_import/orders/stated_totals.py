"""
What the rows of an order state that it comes to, each of them, beside what they come to
themselves. A refund or an exchange under a number of its own states its own total.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ticketsync.providers.file_import.orders import row_returns
from ticketsync.providers.file_import.orders.line_values import Cells, LineValues


def discrepancy(
    values: LineValues,
    total: int,
    charged: Sequence[Cells],
    rows: Sequence[Cells],
    returned: Sequence[Cells],
) -> str | None:
    """
    In which row's total the order does not come to, in words. `total` is that of the
    order in minor units with all that was added to it; `charged` are the rows that
    bear it, `rows` all that do not take back, `returned` those that do.
    """
    added = [line for line in charged if _is_added(line)]
    own = total - _sum(values, added)
    stated = _stated(values, (line for line in rows if not _is_added(line)))
    others = sorted(stated - {own})
    if others:
        return (
            f"its lines come to {values.shown(own)}, the order to "
            f"{values.shown(others[0])}"
        )
    for number in dict.fromkeys(line.get("order", "") for line in added):
        lines = [line for line in added if line.get("order", "") == number]
        back = [line for line in returned if line.get("order", "") == number]
        came = _sum(values, lines)
        left = came - abs(sum(values.line_total(line) for line in back))
        others = sorted(_stated(values, lines) - {came, left})
        if others:
            return (
                f"the lines of {number} come to {values.shown(came)}, its total to "
                f"{values.shown(others[0])}"
            )
    return None


def _is_added(line: Cells) -> bool:
    number = line.get("refund_of")
    return number is not None and line.get("order", "") != number


def _stated(values: LineValues, lines: Iterable[Cells]) -> set[int]:
    found = (values.amount(line, "order_total") for line in lines)
    return {amount for amount in found if amount is not None}


def _sum(values: LineValues, lines: Iterable[Cells]) -> int:
    return sum(
        values.line_total(line)
        if values.kind(line) in ("fee", "tax")
        else row_returns.paid_for(values, line)
        for line in lines
    )
