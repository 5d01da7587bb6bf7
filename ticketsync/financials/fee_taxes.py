"""
What of the fees of an order is tax that the venue may claim. Pure.

What the platform sold to the buyer itself, a booking fee for example, it keeps as its
own: that is not a purchase of the venue's, and the tax in it is the buyer's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ticketsync.core import money
from ticketsync.core.settings.tax_rules import NO_TAX, REPORTED, TaxRules
from ticketsync.financials.taxing import (
    NO_RULE,
    OPEN,
    OUTSIDE,
    SUPPLIED,
    TAXED,
    UNKNOWN_FEES,
    TaxLine,
)


@dataclass(frozen=True, slots=True)
class KeptFees:
    """
    What was kept of one order, in minor units: `amount` is `None` while it is not
    known, `reported_tax` (the tax inside it) where the platform does not report it.
    `own_rate_ppm` is the rate of the tax inside the venue's own rate, where that holds
    and says it; `passed_on` is what the order charged for sales of the platform's own.
    """

    amount: int | None
    reported_tax: int | None = None
    own_rate_ppm: int | None = None
    passed_on: int = 0


def passed_on(sold: Iterable[TaxLine]) -> int:
    """
    What an order with these lines charged for what its platform sold itself; or what of
    its fees, or of a refund (negative), is of that.
    """
    return sum(line.amount for line in sold if line.words == f"{SUPPLIED} platform")


def kept_of_returns(passed: int, kept: int, returned: Iterable[int]) -> list[int]:
    """
    Of an order that charged `passed` for sales of the platform's own, of which the
    platform keeps `kept`: what it keeps of what each refund, in their order, gave back
    of them. The venue bears that. Minor units.
    """
    found = []
    gone = borne = 0
    for amount in returned:
        gone += amount
        by_now = max(0, gone - (passed - kept))
        found.append(by_now - borne)
        borne = by_now
    return found


def fee_lines(
    kept: KeptFees,
    rules: TaxRules,
    account: str,
    day: date,
    *,
    registered_from: date | None = None,
) -> list[TaxLine]:
    """
    The fees of an order of an account that was placed on that day, as tax lines; none
    without fees.
    """
    if kept.amount is None:
        return [_line(OPEN, UNKNOWN_FEES, 0)]
    if not kept.amount:
        return []
    if registered_from is not None and day < registered_from:
        words = f"kept before the registration on {registered_from}"
        return [_line(OUTSIDE, words, kept.amount)]
    theirs = max(0, min(kept.passed_on, kept.amount))
    found = [_line(OUTSIDE, f"{SUPPLIED} platform", theirs)] if theirs else []
    if own := kept.amount - theirs:
        found.append(_own_line(kept, own, rules, account, day))
    return found


def _line(
    state: str,
    words: str,
    amount: int,
    tax: int | None = None,
    code: str = "",
    rate_ppm: int | None = None,
) -> TaxLine:
    return TaxLine(("fees",), state, words, amount, tax, code, rate_ppm)


def _own_line(
    kept: KeptFees, amount: int, rules: TaxRules, account: str, day: date
) -> TaxLine:
    """
    What the venue bears: by its own statement beside its rates, else by the rule.
    """
    if kept.own_rate_ppm is not None:
        return _line_by_own_rate(amount, kept.own_rate_ppm)
    rule = rules.rule_on(account, day)
    answer = None if rule is None else rule.answer("fees")
    if answer is None:
        return _line(OPEN, NO_RULE if rule is None else f"{NO_RULE} for fees", amount)
    if answer == NO_TAX:
        return _line(OUTSIDE, "no tax in them", amount)
    if answer == REPORTED:
        return _reported_line(kept, amount)
    rate_ppm = rules.rate_on(answer, day)
    if rate_ppm is None:
        return _line(OPEN, f"no rate of {answer} on the day of the sale", amount)
    tax = money.tax_inside(amount, rate_ppm)
    return _line(TAXED, f"{answer} inside", amount, tax, answer, rate_ppm)


def _reported_line(kept: KeptFees, amount: int) -> TaxLine:
    """
    The reported tax is that of all fees; the venue's part of them has its part of it.
    """
    if kept.reported_tax is None:
        words = "the platform does not report the tax in its fees"
        return _line(OPEN, words, amount)
    tax = money.share_of(kept.reported_tax, amount, kept.amount or 0)
    return _line(TAXED, "tax as reported", amount, tax)


def _line_by_own_rate(amount: int, rate_ppm: int) -> TaxLine:
    if not rate_ppm:
        return _line(OUTSIDE, "no tax in your own rate", amount)
    tax = money.tax_inside(amount, rate_ppm)
    return _line(TAXED, "tax inside your own rate", amount, tax, rate_ppm=rate_ppm)
