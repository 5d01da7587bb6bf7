"""
The tax worksheet: the tax lines of the orders of a period put together, with what each
box of a return would say. Pure.

Nothing that is open is in a sum: `Worksheet.open_lines` lists it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Final

from ticketsync.core import money
from ticketsync.core.written import written_rates
from ticketsync.financials.taxing import (
    NAMES,
    OF_VOUCHERS,
    OPEN,
    OUTSIDE,
    STATES,
    SUPPLIED,
    TAXED,
    UNKNOWN_FEES,
    VOUCHER,
    TaxLine,
)

SALE: Final = "sale"
REFUND: Final = "refund"
FEE: Final = "fee"
FLOWS: Final = (SALE, REFUND, FEE)


@dataclass(frozen=True, slots=True)
class OrderLine:
    """
    One tax line of an order (the platform's id), with the day on which it counts.
    """

    account: str
    order_id: str
    day: date
    flow: str
    currency: str
    line: TaxLine

    @property
    def what(self) -> str:
        return _what(self.line.kinds)


@dataclass(frozen=True, slots=True)
class WorksheetLine:
    """
    The lines of an account that are treated alike, in minor units. `tax` is `None`
    where none is due or where it is not known, `amount` where it is not known.
    """

    account: str
    flow: str
    what: str
    treatment: str
    state: str
    code: str
    rate_ppm: int | None
    currency: str
    orders: int
    amount: int | None
    tax: int | None


@dataclass(frozen=True, slots=True)
class CodeTotal:
    """
    What was sold under one tax code at one rate, less what went back, in minor units.
    `from_total` is the tax inside that total, rounded once; `added` is the tax that was
    charged on top, `None` where prices include it.
    """

    code: str
    rate_ppm: int
    currency: str
    amount: int
    tax: int
    from_total: int
    added: int | None

    @property
    def difference(self) -> int:
        """
        How far the tax, which is rounded for each order, is from that of the total.
        """
        return self.tax - self.from_total


@dataclass(frozen=True, slots=True)
class Worksheet:
    """
    Lines by account, and the totals of each tax code.
    """

    lines: tuple[WorksheetLine, ...]
    totals: tuple[CodeTotal, ...]

    @property
    def currencies(self) -> list[str]:
        return sorted({line.currency for line in self.lines})

    @property
    def open_lines(self) -> list[WorksheetLine]:
        """
        What is in no sum, because the rules do not say how it is taxed.
        """
        return [line for line in self.lines if line.state == OPEN]

    def is_complete(self, currency: str, flows: Sequence[str]) -> bool:
        """
        Whether the rules say of all lines of these flows how they are taxed. What
        adjusts an earlier period, and takes back what was open there, lacks nothing.
        """
        return not any(
            line.currency == currency and line.flow in flows and _is_missing(line)
            for line in self.open_lines
        )

    def total(
        self,
        currency: str,
        states: Sequence[str],
        flows: Sequence[str] = (SALE, REFUND),
    ) -> int:
        """
        The sum of the amounts of these lines, tax included, in minor units.
        """
        return sum(
            line.amount or 0
            for line in self.lines
            if line.currency == currency and line.state in states and line.flow in flows
        )

    def bought(self, currency: str) -> int:
        """
        The sum of the fees that the venue bears, tax included, in minor units: without
        what the platform sold to the buyer itself, and without what is open.
        """
        return sum(
            line.amount or 0
            for line in self.lines
            if line.currency == currency
            and line.flow == FEE
            and line.state in (TAXED, OUTSIDE)
            and not line.treatment.startswith(SUPPLIED)
        )

    def tax(self, currency: str, flows: Sequence[str] = (SALE, REFUND)) -> int:
        """
        The sum of the tax of taxed lines, in minor units.
        """
        return sum(
            line.tax or 0
            for line in self.lines
            if line.currency == currency and line.state == TAXED and line.flow in flows
        )


def _is_missing(line: WorksheetLine) -> bool:
    """
    Whether an open line is lacking in the sums, and does not take back an earlier one:
    its amount is not known, or has the sign of its kind.
    """
    if line.amount is None or line.what == NAMES["unexplained"]:
        return True
    is_taken_off = (line.flow == REFUND) != (line.what == NAMES[VOUCHER])
    return line.amount < 0 if is_taken_off else line.amount > 0


@dataclass(slots=True)
class _Group:
    first: OrderLine
    kinds: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)
    amount: int = 0
    tax: int | None = 0

    def add(self, item: OrderLine) -> None:
        self.kinds |= {*item.line.kinds}
        self.orders.add(item.order_id)
        self.amount += item.line.amount
        tax = item.line.tax
        self.tax = None if self.tax is None or tax is None else self.tax + tax


def make_worksheet(items: Iterable[OrderLine]) -> Worksheet:
    """
    The worksheet over the lines of orders: one line for each account, kind of movement
    and treatment. What was charged for vouchers, and what they paid, has lines of its
    own.
    """
    loaded = [*items]
    groups: dict[tuple[object, ...], _Group] = {}
    for item in loaded:
        line = item.line
        key = (
            *(item.account, item.flow, line.state, line.words),
            *(line.code, line.rate_ppm, item.currency, _of_vouchers(line)),
        )
        groups.setdefault(key, _Group(item)).add(item)
    lines = sorted(map(_worksheet_line, groups.values()), key=_place)
    return Worksheet(tuple(lines), tuple(_totals(loaded)))


def _of_vouchers(line: TaxLine) -> str:
    """
    The kind of a line of vouchers, which is never put together with another one.
    """
    kind = line.kinds[0]
    return kind if kind in OF_VOUCHERS else ""


def _worksheet_line(group: _Group) -> WorksheetLine:
    first, line = group.first, group.first.line
    return WorksheetLine(
        account=first.account,
        flow=first.flow,
        what=_what(group.kinds),
        treatment=line.words,
        state=line.state,
        code=line.code,
        rate_ppm=line.rate_ppm,
        currency=first.currency,
        orders=len(group.orders),
        amount=None if line.words == UNKNOWN_FEES else group.amount,
        tax=group.tax,
    )


def _place(line: WorksheetLine) -> tuple[object, ...]:
    return (
        *(line.currency, FLOWS.index(line.flow), line.account),
        *(STATES.index(line.state), line.treatment, line.code, line.rate_ppm or 0),
        line.what,
    )


def _what(kinds: Iterable[str]) -> str:
    found = {*kinds}
    return ", ".join(name for kind, name in NAMES.items() if kind in found)


def _totals(items: Iterable[OrderLine]) -> list[CodeTotal]:
    """
    Per code and rate; tax that was charged on top is not known of refunds.
    """
    sums: dict[tuple[str, int, str], list[int]] = {}
    is_added: set[tuple[str, int, str]] = set()
    for item in items:
        line = item.line
        if item.flow == FEE or line.state != TAXED or line.rate_ppm is None:
            continue
        key = (line.code, line.rate_ppm, item.currency)
        found = sums.setdefault(key, [0, 0, 0])
        found[0] += line.amount
        found[1] += line.tax or 0
        if line.added is not None:
            is_added.add(key)
            found[2] += line.added
    return [
        CodeTotal(
            *key,
            amount,
            tax,
            money.tax_inside(amount, key[1]),
            added if key in is_added else None,
        )
        for key, (amount, tax, added) in sorted(sums.items())
    ]


def divisor_words(rate_ppm: int) -> str:
    """
    How the tax inside a total is found by hand: `÷ 11`, `× 3 ÷ 23`.
    """
    part = Fraction(rate_ppm, 1_000_000 + rate_ppm)
    times = "" if part.numerator == 1 else f"× {part.numerator} "
    if part.denominator > 1000:
        rate = written_rates.per_cent(rate_ppm)
        return f"× {rate} ÷ (100 + {rate})"
    return f"{times}÷ {part.denominator}"
