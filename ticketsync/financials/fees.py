"""
Fees by the venue's own rates, where the platform does not report them.

The rates (`accounts.NAME.fees` in the settings) are applied to each order as the
platform bills it: per paid ticket, in percent of what was charged, per paid order, and
per free ticket where those cost something. An order over several shows is billed once,
and each show bears its part. Of several dated rates those of the day of the sale count,
in the zone of the business. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from ticketsync.core import clock, money
from ticketsync.core.settings.config import FeeSchedule

# The dated rates of accounts (our ids), the oldest first.
Schedules = Mapping[int, Sequence[FeeSchedule]]

SCHEDULE: Final = "schedule"  # the source of fees by these rates

_SCALE = 1_000_000  # of a minor unit, to weigh capped percentages

PER_TICKET = "Per ticket"
PERCENT = "Percentage"
PER_ORDER = "Per order"
FREE_TICKETS = "Free tickets"


@dataclass(frozen=True, slots=True)
class OrderPart:
    """
    What one order charged for one occurrence (our id), in minor units, and the number
    of its tickets there that were not free; `prices` is what each of these was charged,
    `free_tickets` the number of those that cost nothing.
    """

    occurrence_id: int
    charged: int
    paid_tickets: int
    prices: tuple[int, ...] = ()
    free_tickets: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """
    A schedule and the instant from which it is in force; `None`: it always was.
    """

    start: datetime | None
    schedule: FeeSchedule


def spans(schedules: Sequence[FeeSchedule], zone: str) -> list[Span]:
    """
    When each of an account's schedules begins: with its day in that zone (IANA name).
    """
    return [
        Span(None if s.since is None else clock.start_of(s.since, zone), s)
        for s in schedules
    ]


def in_force(spans: Sequence[Span], moment: datetime) -> FeeSchedule | None:
    """
    The schedule that holds for a sale of that moment; `None` before the first one.
    """
    found = None
    for span in spans:
        if span.start is None or span.start <= moment:
            found = span.schedule
    return found


@dataclass(frozen=True, slots=True)
class LineRate:
    """
    The rate that makes a fee line: so much for each ticket, parts per million of what
    was charged, or so much for each order; minor units. One of the three, or none where
    no single rate made it.
    """

    per_ticket: int | None = None
    rate_ppm: int | None = None
    per_order: int | None = None


def rate_of(name: str, schedule: FeeSchedule, currency: str) -> LineRate:
    """
    The rate of one of the lines of `by_schedule`.
    """
    if name == PERCENT:
        return LineRate(rate_ppm=int(schedule.percent * 10_000))
    if name == PER_ORDER:
        return LineRate(per_order=_minor(schedule.per_order, currency))
    if name == FREE_TICKETS:
        return LineRate(per_ticket=_minor(schedule.free_tickets, currency))
    return LineRate(per_ticket=_per_ticket(schedule, currency))


def by_schedule(
    parts: Sequence[OrderPart], schedule: FeeSchedule, currency: str
) -> list[dict[str, int]]:
    """
    The fee lines of one order in minor units, one dict for each of its parts.
    """
    lines = _paid_lines(parts, schedule, currency)
    free = _minor(schedule.free_tickets, currency)
    if free and any(part.free_tickets for part in parts):
        lines[FREE_TICKETS] = [free * part.free_tickets for part in parts]
    return [
        {name: amounts[n] for name, amounts in lines.items()} for n in range(len(parts))
    ]


def _paid_lines(
    parts: Sequence[OrderPart], schedule: FeeSchedule, currency: str
) -> dict[str, list[int]]:
    """
    The lines of what was paid for, each divided among the parts of the order.
    """
    charged = sum(part.charged for part in parts)
    if charged <= 0:
        return {}
    weights = [max(0, part.charged) for part in parts]
    cap = schedule.cap_per_ticket
    per_ticket = _per_ticket(schedule, currency)
    percent = _rounded(Decimal(charged) * schedule.percent / 100)
    by_percent = weights
    if cap is not None:
        room = _minor(cap, currency) - per_ticket
        exact = [_capped(part, schedule.percent, room) for part in parts]
        percent = _rounded(sum(exact, Decimal(0)))
        by_percent = [max(0, int(amount * _SCALE)) for amount in exact]
    per_order = _minor(schedule.per_order, currency)
    lines: dict[str, list[int]] = {}
    if schedule.per_ticket:
        lines[PER_TICKET] = [per_ticket * part.paid_tickets for part in parts]
    if schedule.percent:
        lines[PERCENT] = money.split(percent, by_percent)
    if schedule.per_order:
        lines[PER_ORDER] = money.split(per_order, weights)
    return lines


def _per_ticket(schedule: FeeSchedule, currency: str) -> int:
    per_ticket, cap = schedule.per_ticket, schedule.cap_per_ticket
    if cap is not None:
        per_ticket = min(per_ticket, cap)
    return _minor(per_ticket, currency)


def _capped(part: OrderPart, percent: Decimal, room: int) -> Decimal:
    """
    The percentage of a part, not rounded: at most `room` for each paid ticket.
    """
    rest = part.charged - sum(part.prices)
    amounts = [min(price * percent / 100, Decimal(room)) for price in part.prices]
    return sum(amounts, rest * percent / 100)


def _minor(major: Decimal, currency: str) -> int:
    return _rounded(major.scaleb(money.exponent(currency)))


def _rounded(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_UP))
