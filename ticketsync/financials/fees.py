"""
What platform and processor keep, where the platform does not tell it.

The venue may state its own rates (`accounts.NAME.fees` in the settings). They are
applied to each order as the platform bills it: per paid ticket, in percent of what
was charged, per paid order. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from ticketsync.core import money
from ticketsync.core.config import FeeSchedule

PER_TICKET = "Per ticket"
PERCENT = "Percentage"
PER_ORDER = "Per order"


def by_schedule(
    orders: Iterable[tuple[int, int]], schedule: FeeSchedule, currency: str
) -> dict[str, int]:
    """
    Fee lines in minor units for orders given as (charged, paid tickets).

    Orders over several shows come as one entry for each show.
    """
    lines = {PER_TICKET: 0, PERCENT: 0, PER_ORDER: 0}
    per_ticket = _minor(schedule.per_ticket, currency)
    per_order = _minor(schedule.per_order, currency)
    for charged, paid_tickets in orders:
        if charged <= 0:
            continue
        lines[PER_TICKET] += per_ticket * paid_tickets
        lines[PERCENT] += _rounded(Decimal(charged) * schedule.percent / 100)
        lines[PER_ORDER] += per_order
    rates = {
        PER_TICKET: schedule.per_ticket,
        PERCENT: schedule.percent,
        PER_ORDER: schedule.per_order,
    }
    return {name: amount for name, amount in lines.items() if rates[name]}


def _minor(major: Decimal, currency: str) -> int:
    return _rounded(major.scaleb(money.exponent(currency)))


def _rounded(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_UP))
