"""
What refunds take back of the tax lines of their order. Pure.

Where the rule takes the tax of a sale as it is reported, that of a refund is taken so,
too; all other tax goes back in proportion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from ticketsync.core import money
from ticketsync.core.settings.tax_rules import REPORTED, in_words
from ticketsync.financials.taxing import (
    OPEN,
    TAXED,
    VOUCHER,
    VOUCHER_PAID,
    VOUCHER_SOLD,
    VOUCHER_TAX,
    TaxLine,
)


@dataclass(frozen=True, slots=True)
class Returned:
    """
    What one movement gave back, in minor units, or negative: what did not go back after
    all. `tax` is the tax in it, `None` where the platform does not report that.
    `to_vouchers` is what vouchers got back of what they had paid, beside `amount`.
    """

    amount: int
    tax: int | None = None
    to_vouchers: int = 0


def refund_lines(
    lines: Sequence[TaxLine], movements: Sequence[Returned]
) -> list[list[TaxLine]]:
    """
    For each movement of an order's refunds, in their order, what it takes back of the
    order's lines: negative amounts. It is divided by what was charged, and what has
    gone back together decides, so that a whole refund takes back the tax to the cent.
    Where a line says what vouchers paid, the whole price was charged, and what they got
    back is taken off both; where what they paid has a line of its own, off that one
    alone. What goes back of vouchers that were sold is their price first: fees are
    often not refunded, and nothing more is owed for them then.
    """
    weights = [0 if _is_paid(line) else max(0, line.amount) for line in lines]
    vouchers = [0, *accumulate(it.to_vouchers for it in movements)]
    by_line: dict[int, list[TaxLine]] = {}
    if any(weights):
        by_line = _money_taken(lines, weights, movements, vouchers)
    else:
        words = "a refund of what nothing was charged for"
        open_ = TaxLine(("admission",), OPEN, words, 0)
        by_line[-1] = [replace(open_, amount=-it.amount) for it in movements]
    if any(weights) or any(map(_is_paid, lines)):
        by_line |= _vouchers_taken(lines, vouchers)
    in_order = [by_line[place] for place in sorted(by_line)]
    found = [[*of] for of in zip(*in_order, strict=True)]
    return [[line for line in of if line.amount or line.tax] for of in found]


def _money_taken(
    lines: Sequence[TaxLine],
    weights: Sequence[int],
    movements: Sequence[Returned],
    vouchers: Sequence[int],
) -> dict[int, list[TaxLine]]:
    """
    What is taken back of each line that is not of what vouchers paid, by its place.
    """
    gone = [0, *accumulate(it.amount for it in movements)]
    if any(map(_is_voucher, lines)) and not any(map(_is_paid, lines)):
        gone = [a + b for a, b in zip(gone, vouchers, strict=True)]
    sold = [
        weight if line.kinds == (VOUCHER_SOLD,) else 0
        for line, weight in zip(lines, weights, strict=True)
    ]
    shares = zip(*(_split(sum_, weights, sold) for sum_ in gone), strict=True)
    return {
        place: _taken(line, amounts, _taxes_gone(line, amounts, movements, lines))
        for place, (line, amounts) in enumerate(zip(lines, shares, strict=True))
        if not _is_voucher(line) and not _is_paid(line)
    }


def _vouchers_taken(
    lines: Sequence[TaxLine], vouchers: Sequence[int]
) -> dict[int, list[TaxLine]]:
    """
    The same of those that say what vouchers paid: `vouchers` is what they have got back
    in all, before the first movement and after each.
    """
    weights = [max(0, -line.amount) if _is_voucher(line) else 0 for line in lines]
    shares = [[0] * len(lines)] * len(vouchers)
    if any(weights):
        shares = [money.split(sum_, weights) for sum_ in vouchers]
    found = {}
    for place, line in enumerate(lines):
        if _is_paid(line):
            found[place] = _taken(line, vouchers, None)
        elif _is_voucher(line):
            found[place] = _taken(line, [-share[place] for share in shares], None)
    return found


def _split(amount: int, weights: Sequence[int], first: Sequence[int]) -> list[int]:
    """
    An amount divided by weight, of which those that come first get theirs before the
    others.
    """
    others = [weight - own for weight, own in zip(weights, first, strict=True)]
    if not any(first) or not any(others):
        return money.split(amount, weights)
    own = max(0, min(amount, sum(first)))
    of_first, rest = money.split(own, first), money.split(amount - own, others)
    return [a + b for a, b in zip(of_first, rest, strict=True)]


def _is_voucher(line: TaxLine) -> bool:
    return line.kinds[0] in (VOUCHER, VOUCHER_TAX)


def _is_paid(line: TaxLine) -> bool:
    return line.kinds == (VOUCHER_PAID,)


def _taken(
    line: TaxLine, amounts: Sequence[int], taxes: Sequence[int] | None
) -> list[TaxLine]:
    """
    What each movement takes back of a line, of which so much in all has gone back
    before the first one and after each.
    """
    by_amount = [before - now for before, now in pairwise(amounts)]
    by_tax: Sequence[int | None] = [None] * len(by_amount)
    if taxes is not None:
        by_tax = [before - now for before, now in pairwise(taxes)]
    return [
        replace(line, amount=amount, tax=tax, added=None)
        for amount, tax in zip(by_amount, by_tax, strict=True)
    ]


def _taxes_gone(
    line: TaxLine,
    amounts: Sequence[int],
    movements: Sequence[Returned],
    lines: Sequence[TaxLine],
) -> Sequence[int] | None:
    if line.tax is None:
        return None
    if line.amount <= 0:
        return [0] * len(amounts)
    if _is_reported(line) and sum(map(_is_reported, lines)) == 1:
        return _reported_taxes(line.amount, line.tax, amounts[1:], movements)
    return [money.share_of(line.tax, amount, line.amount) for amount in amounts]


def _is_reported(line: TaxLine) -> bool:
    return line.state == TAXED and line.words == f"{line.code} {in_words(REPORTED)}"


def _reported_taxes(
    whole: int, whole_tax: int, amounts: Sequence[int], movements: Sequence[Returned]
) -> list[int]:
    """
    The tax that has gone back of a line in all, before the first movement and after
    each, where `amounts` have gone back of it by then. A movement that reports its tax
    takes back that; one that does not, its part of what is left, or, negative, of what
    the movements before it took. Nothing has gone back without an amount, and all of it
    with all of the amount.
    """
    known = [(0, 0)]  # amounts that had gone back, with their tax, in rising order
    taxes = [0]
    for amount, movement in zip(amounts, movements, strict=True):
        tax = _between([*known, (whole, whole_tax)], amount)
        if movement.tax is not None and 0 < amount < whole:
            reported = taxes[-1] + movement.tax
            tax = max(min(0, whole_tax), min(reported, max(0, whole_tax)))
        taxes.append(tax)
        if movement.tax is not None or known[-1][0] > amount:
            known = [known[0], *(it for it in known[1:] if it[0] < amount)]
            if 0 < amount < whole:
                known.append((amount, tax))
    return taxes


def _between(known: Sequence[tuple[int, int]], amount: int) -> int:
    """
    The tax of an amount between the two next to it whose tax is known.
    """
    for (low, tax), (high, next_tax) in pairwise(known):
        if low <= amount < high:
            return tax + money.share_of(next_tax - tax, amount - low, high - low)
    return known[0][1] if amount < known[0][0] else known[-1][1]
