"""
The fees of a show's sales on one account: which of their sources hold, their sum and
their lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

from ticketsync.financials.fee_lines import Lines, ReportedLines, ScheduledLine
from ticketsync.financials.fees import SCHEDULE, LineRate

REPORTED: Final = "reported"
_NO_RATE: Final = LineRate()


class Sums(NamedTuple):
    """
    Of the tickets of a show: the fees that are reported, how many paid tickets lack
    them, how many tickets have them, and how many paid ones.
    """

    reported_fees: int
    unreported: int
    reported: int
    reported_paid: int


SUMS: Final = Sums._fields


@dataclass(frozen=True, slots=True)
class FeeLine:
    """
    A named amount in minor units, and the rate where one rate of the venue's made it.
    """

    name: str
    amount: int
    source: str
    rate: LineRate = _NO_RATE


@dataclass(frozen=True, slots=True)
class ShowFees:
    """
    The fees of a show's sales, `None` while they are unknown, and each line.
    """

    source: str
    total: int | None
    lines: list[FeeLine]

    def rows(self) -> Iterator[dict[str, Any]]:
        """
        The lines as values of `ticket_fees`.
        """
        for line in self.lines:
            yield {
                "name": line.name,
                "amount": line.amount,
                "source": line.source,
                **asdict(line.rate),
            }


def fees_of(
    sums: Sums,
    reported: ReportedLines,
    by_rate: Mapping[str, ScheduledLine],
    has_rate: bool,
) -> ShowFees:
    """
    A show's fees: as reported where they are known for all paid orders; else with the
    venue's own rate for the others; else unknown, with the lines that are known.
    """
    # Without sales there are no fees.
    if not sums.unreported and not by_rate and (sums.reported or not has_rate):
        lines = _together(reported.complete, {})
        return ShowFees(REPORTED, sums.reported_fees, lines)
    if not has_rate:
        return ShowFees("unknown", None, _together(reported.all_known(), by_rate))
    source = "mixed" if sums.reported_paid else SCHEDULE
    total = sums.reported_fees + sum(line.amount for line in by_rate.values())
    return ShowFees(source, total, _together(reported.complete, by_rate))


def _together(reported: Lines, by_rate: Mapping[str, ScheduledLine]) -> list[FeeLine]:
    """
    The lines of both sources; one that has both parts has no rate of its own.
    """
    lines = {name: FeeLine(name, amount, REPORTED) for name, amount in reported.items()}
    for name, line in by_rate.items():
        before = lines.get(name)
        lines[name] = (
            FeeLine(name, line.amount, SCHEDULE, line.rate)
            if before is None
            else FeeLine(name, before.amount + line.amount, SCHEDULE)
        )
    return list(lines.values())
