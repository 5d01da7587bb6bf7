"""
What of a sale is taxed: a rule and the parts of an order make tax lines. Pure.

The lines of an order always add up to what it charged. Tax is rounded once for each
order and tax code, because the order is the buyer's document. What the rule does not
answer, or what contradicts it, is a line that is open: it is listed and never summed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from ticketsync.core import money
from ticketsync.core.settings.tax_rules import (
    EXEMPT,
    FREE,
    KINDS,
    OUT_OF_SCOPE,
    REPORTED,
    TaxRule,
    TaxRules,
    in_words,
)

# How a line counts. Those that are outside are in no return of the venue's.
TAXED: Final = "taxed"
OUTSIDE: Final = "outside"
REMITTED: Final = "remitted"
OPEN: Final = "open"
STATES: Final = (TAXED, FREE, EXEMPT, OUTSIDE, REMITTED, OPEN)

NO_RULE: Final = "no rule"
SUPPLIED: Final = "supplied by the"
VOUCHER: Final = "voucher"  # the kind of a line of what vouchers paid
VOUCHER_SOLD: Final = "voucher_sold"  # of those that were sold
# Of what vouchers paid that were taxed when they were sold: the price that is not taxed
# again, and what of the voucher was tax then.
VOUCHER_PAID: Final = "voucher_paid"
VOUCHER_TAX: Final = "voucher_tax"
OF_VOUCHERS: Final = (VOUCHER, VOUCHER_SOLD, VOUCHER_PAID, VOUCHER_TAX)
UNKNOWN_FEES: Final = "fees not known"
UNKNOWN_PARTS: Final = "parts not known before `sync replay`"
NAMES: Final = {
    "admission": "admission",
    "buyer_fee": "booking fees",
    "addons": "add-ons",
    "donation": "donations",
    "voucher": "vouchers",
    "voucher_sold": "gift cards sold",
    "voucher_paid": "paid by vouchers",
    "voucher_tax": "tax in vouchers",
    "tax_added": "tax on top",
    "unexplained": "unexplained",
    "fees": "fees",
}


@dataclass(frozen=True, slots=True)
class SaleParts:
    """
    What one order charged, in minor units of one currency: the sum of the parts, with
    `voucher` taken off; `voucher_sold` is the price of vouchers. `tax` is the tax that
    its platform reports, `None` where it does not; `tax_remitted` what of it the
    platform pays to the state itself.
    """

    face: int = 0
    buyer_fee: int = 0
    addons: int = 0
    donation: int = 0
    voucher: int = 0
    tax_added: int = 0
    unexplained: int = 0
    tax: int | None = None
    tax_remitted: int = 0
    voucher_sold: int = 0

    @property
    def charged(self) -> int:
        paid = self.face + self.buyer_fee + self.addons + self.donation
        paid += self.voucher_sold
        return paid - self.voucher + self.tax_added + self.unexplained

    def amount(self, kind: str) -> int:
        """
        What was charged for one of `KINDS`.
        """
        amounts = (self.face, self.buyer_fee, self.addons, self.donation)
        return dict(zip(KINDS, amounts, strict=True))[kind]


@dataclass(frozen=True, slots=True)
class TaxLine:
    """
    An amount that is taxed alike, in minor units, with the tax in it; `tax` is `None`
    where none is due or where it is not known. `code` is the tax code of a taxed line,
    `rate_ppm` its rate. `words` say how it is treated, or why it is open. `added` is
    the tax that was charged on top, where the rule says so.
    """

    kinds: tuple[str, ...]
    state: str
    words: str
    amount: int
    tax: int | None = None
    code: str = ""
    rate_ppm: int | None = None
    added: int | None = None


@dataclass(slots=True)
class _Bucket:
    state: str
    words: str
    code: str = ""
    rate_ppm: int | None = None
    kinds: list[str] = field(default_factory=list)
    amount: int = 0


def tax_lines(
    parts: SaleParts | None,
    rules: TaxRules,
    account: str,
    day: date,
    *,
    charged: int,
    registered_from: date | None = None,
) -> list[TaxLine]:
    """
    The lines of one order of an account that was placed on that day. `parts` are `None`
    while they are not known; `charged` is what the order charged, in minor units.
    """
    voucher_sold = 0 if parts is None else parts.voucher_sold
    if (
        not charged
        and not voucher_sold
        and (parts is None or not any(map(parts.amount, KINDS)))
    ):
        return []
    if registered_from is not None and day < registered_from:
        words = f"sold before the registration on {registered_from}"
        return _whole(OUTSIDE, words, charged, parts)
    rule = rules.rule_on(account, day)
    if rule is None:
        return _whole(OPEN, NO_RULE, charged, parts)
    if parts is None:
        return _whole(OPEN, UNKNOWN_PARTS, charged, parts)
    buckets = _sorted_by_treatment(parts, rule, rules, day)
    for_vouchers = _paid_for_vouchers(parts, rule)
    lines = _with_vouchers(buckets, parts.voucher - for_vouchers, rule, rules, day)
    lines += _vouchers_sold(voucher_sold - for_vouchers, rule, rules, day)
    lines += _with_tax(buckets, parts, rule)
    if parts.unexplained:
        words = "the platform's numbers do not add up"
        lines.append(TaxLine(("unexplained",), OPEN, words, parts.unexplained))
    return [line for line in lines if line.amount or line.tax]


def _whole(
    state: str, words: str, charged: int, parts: SaleParts | None
) -> list[TaxLine]:
    """
    The whole price as one line, and apart what vouchers paid of it, and what of it is
    for vouchers.
    """
    voucher = 0 if parts is None else parts.voucher
    voucher_sold = 0 if parts is None else parts.voucher_sold
    found = [
        TaxLine(("admission",), state, words, charged + voucher - voucher_sold),
        TaxLine((VOUCHER_SOLD,), state, words, voucher_sold),
        TaxLine((VOUCHER,), state, words, -voucher),
    ]
    return [line for line in found if line.amount] or found[:1]


def _sorted_by_treatment(
    parts: SaleParts, rule: TaxRule, rules: TaxRules, day: date
) -> list[_Bucket]:
    """
    What was sold, put together where it is treated alike.
    """
    found: dict[tuple[str, str], _Bucket] = {}
    for kind in KINDS:
        amount = parts.amount(kind)
        if not amount:
            continue
        bucket = _treatment(kind, rule, rules, day)
        bucket = found.setdefault((bucket.state, bucket.words), bucket)
        bucket.kinds.append(kind)
        bucket.amount += amount
    return [*found.values()]


def _treatment(kind: str, rule: TaxRule, rules: TaxRules, day: date) -> _Bucket:
    seller = rule.answer(f"{kind}_is_sold_by") or "venue"
    if seller != "venue":
        return _Bucket(OUTSIDE, f"{SUPPLIED} {seller}")
    answer = rule.answer(kind)
    if answer is None:
        return _Bucket(OPEN, f"{NO_RULE} for {NAMES[kind]}")
    if answer in (FREE, EXEMPT):
        return _Bucket(answer, answer)
    if answer == OUT_OF_SCOPE:
        return _Bucket(OUTSIDE, in_words(answer))
    rate_ppm = rules.rate_on(answer, day)
    if rate_ppm is None:
        return _Bucket(OPEN, f"no rate of {answer} on the day of the sale")
    prices = rule.answer("prices")
    if prices is None:
        return _Bucket(OPEN, f"{NO_RULE} for prices")
    words = f"{answer} {in_words(prices)}"
    return _Bucket(TAXED, words, answer, rate_ppm)


def _with_vouchers(
    buckets: Sequence[_Bucket],
    voucher: int,
    rule: TaxRule,
    rules: TaxRules,
    day: date,
) -> list[TaxLine]:
    """
    Vouchers that were taxed when they were sold are taken off what they paid; where
    they are taxed when they are redeemed, the whole price stays, and a line says so.
    """
    if not voucher:
        return []
    answer = rule.answer("voucher")
    if answer == "redeemed":
        words = "paid by voucher, taxed when it is redeemed"
        return [TaxLine((VOUCHER,), OUTSIDE, words, -voucher)]
    if answer is None:
        words = f"{NO_RULE} for vouchers: sold or redeemed"
        return [TaxLine((VOUCHER,), OPEN, words, -voucher)]
    found = _taxed_when_sold(voucher, rule, rules, day)
    own = [bucket for bucket in buckets if bucket.state in (TAXED, FREE, EXEMPT)]
    weights = [max(0, bucket.amount) for bucket in own]
    if not any(weights):
        return found
    for bucket, share in zip(own, money.split(voucher, weights), strict=True):
        bucket.amount -= share
    return [replace(found[0], kinds=(VOUCHER_PAID,), amount=voucher), *found]


def _taxed_when_sold(
    voucher: int, rule: TaxRule, rules: TaxRules, day: date
) -> list[TaxLine]:
    """
    What such vouchers paid: as `_vouchers_sold` taxes one that is sold that day, so
    that what is owed falls by as much as it rose for one.
    """
    bucket = _treatment("admission", rule, rules, day)
    tax = 0
    if bucket.state == TAXED:
        tax = money.tax_inside(voucher, bucket.rate_ppm or 0)
    words = "paid by voucher, taxed when it was sold"
    found = [
        TaxLine((VOUCHER,), OUTSIDE, words, tax - voucher),
        TaxLine((VOUCHER_TAX,), OUTSIDE, words, -tax),
    ]
    return found if tax else found[:1]


def _paid_for_vouchers(parts: SaleParts, rule: TaxRule) -> int:
    """
    What vouchers taxed when sold paid, beyond all else, for vouchers that are sold now.
    """
    if rule.answer("voucher") != "sold":
        return 0
    others = parts.charged + parts.voucher - parts.voucher_sold - parts.unexplained
    lacking = parts.voucher_sold - max(0, parts.charged)
    return max(0, min(parts.voucher - others, lacking))


def _vouchers_sold(
    amount: int, rule: TaxRule, rules: TaxRules, day: date
) -> list[TaxLine]:
    """
    Vouchers that were sold: they are taxed when they pay, or now, as admission is.
    """
    if not amount:
        return []
    answer = rule.answer("voucher")
    state, words = OUTSIDE, "gift cards sold, taxed when they pay"
    if answer is None:
        state, words = OPEN, f"{NO_RULE} for vouchers: sold or redeemed"
    elif answer == "sold":
        bucket = _treatment("admission", rule, rules, day)
        if bucket.state == TAXED:
            tax = money.tax_inside(amount, bucket.rate_ppm or 0)
            words = f"{bucket.code} inside, gift cards taxed when they are sold"
            return [
                TaxLine(
                    *((VOUCHER_SOLD,), TAXED, words, amount, tax, bucket.code),
                    rate_ppm=bucket.rate_ppm,
                )
            ]
        state, words = bucket.state, f"gift cards sold: {bucket.words}"
    return [TaxLine((VOUCHER_SOLD,), state, words, amount)]


def _with_tax(
    buckets: Sequence[_Bucket], parts: SaleParts, rule: TaxRule
) -> list[TaxLine]:
    taxed = [bucket for bucket in buckets if bucket.state == TAXED]
    others = [_line(bucket) for bucket in buckets if bucket.state != TAXED]
    does_remit = rule.answer("remits") == "yes"
    if parts.tax_remitted and not does_remit:
        words = "the platform remitted tax, and the rule does not say so"
        return [*others, *_opened(taxed, words), *_unplaced_tax(parts, OPEN, words)]
    if not taxed:
        return [*others, *_tax_of_others(others, parts)]
    if does_remit:
        return [*others, *_remitted(taxed, parts)]
    return [*others, *_BY_PRICES[str(rule.answer("prices"))](taxed, parts)]


def _line(bucket: _Bucket, **changes: int | None) -> TaxLine:
    line = TaxLine(
        tuple(bucket.kinds),
        bucket.state,
        bucket.words,
        bucket.amount,
        code=bucket.code,
        rate_ppm=bucket.rate_ppm,
    )
    return replace(line, **changes)  # type: ignore[arg-type]  # amounts only


def _opened(taxed: Iterable[_Bucket], words: str) -> list[TaxLine]:
    return [
        replace(_line(bucket), state=OPEN, words=words, code="", rate_ppm=None)
        for bucket in taxed
    ]


def _unplaced_tax(parts: SaleParts, state: str, words: str) -> list[TaxLine]:
    if not parts.tax_added:
        return []
    return [TaxLine(("tax_added",), state, words, parts.tax_added)]


def _tax_of_others(others: Sequence[TaxLine], parts: SaleParts) -> list[TaxLine]:
    """
    Tax on top where nothing is taxed: that of another seller is their own.
    """
    for line in others:
        if line.words.startswith(SUPPLIED):
            return _unplaced_tax(parts, OUTSIDE, line.words)
    return _unplaced_tax(parts, OPEN, "tax on top of what is not taxed")


def _inside(taxed: Sequence[_Bucket], parts: SaleParts) -> list[TaxLine]:
    lines = [
        _line(bucket, tax=money.tax_inside(bucket.amount, bucket.rate_ppm or 0))
        for bucket in taxed
    ]
    words = "tax on top, and the rule says that prices include it"
    return [*lines, *_unplaced_tax(parts, OPEN, words)]


def _on_top(taxed: Sequence[_Bucket], parts: SaleParts) -> list[TaxLine]:
    taxes = [money.tax_on_top(b.amount, b.rate_ppm or 0) for b in taxed]
    added = money.split(parts.tax_added, _weights(taxes))
    return [
        _line(bucket, amount=bucket.amount + more, tax=tax, added=more)
        for bucket, tax, more in zip(taxed, taxes, added, strict=True)
    ]


def _charged(taxed: Sequence[_Bucket], parts: SaleParts) -> list[TaxLine]:
    """
    The tax inside everything that was charged, whether prices included it or not.
    """
    weights = _weights([bucket.amount * (bucket.rate_ppm or 0) for bucket in taxed])
    added = money.split(parts.tax_added, weights)
    lines = []
    for bucket, more in zip(taxed, added, strict=True):
        amount = bucket.amount + more
        tax = money.tax_inside(amount, bucket.rate_ppm or 0)
        lines.append(_line(bucket, amount=amount, tax=tax))
    return lines


def _reported(taxed: Sequence[_Bucket], parts: SaleParts) -> list[TaxLine]:
    if parts.tax is None:
        words = "the platform does not report the tax"
        return [*_opened(taxed, words), *_unplaced_tax(parts, OPEN, words)]
    weights = _weights(
        [money.tax_inside(bucket.amount, bucket.rate_ppm or 0) for bucket in taxed]
    )
    shares = money.split(parts.tax, weights)
    added = money.split(parts.tax_added, weights)
    return [
        _line(bucket, amount=bucket.amount + more, tax=tax)
        for bucket, tax, more in zip(taxed, shares, added, strict=True)
    ]


def _remitted(taxed: Sequence[_Bucket], parts: SaleParts) -> list[TaxLine]:
    """
    Sales whose tax the platform pays to the state: the tax is as it reports it.
    """
    weights = _weights([bucket.amount for bucket in taxed])
    shares = money.split(parts.tax_remitted, weights)
    added = money.split(parts.tax_added, weights)
    return [
        replace(
            _line(bucket, amount=bucket.amount + more, tax=tax),
            state=REMITTED,
            words="tax remitted by the platform",
            code="",
            rate_ppm=None,
        )
        for bucket, tax, more in zip(taxed, shares, added, strict=True)
    ]


_BY_PRICES = {
    "inside": _inside,
    "on_top": _on_top,
    "charged": _charged,
    REPORTED: _reported,
}


def _weights(amounts: Iterable[int]) -> list[int]:
    return [max(0, amount) for amount in amounts]


def divide_lines(
    lines: Sequence[TaxLine],
    of_shows: Sequence[Sequence[TaxLine]],
    weights: Sequence[int],
) -> list[list[TaxLine]]:
    """
    The lines of an order divided among its shows, as each show's own lines say: tax is
    rounded for each order, and may be another for each show. `weights` are used where
    they say nothing, as while parts of the order are not known.
    """
    if len(weights) == 1:
        return [[*lines]]
    own = [{_treatment_of(line): line for line in found} for found in of_shows]
    divided = [
        _divided(line, [found.get(_treatment_of(line)) for found in own], weights)
        for line in lines
    ]
    return [[of_line[place] for of_line in divided] for place in range(len(weights))]


def _treatment_of(line: TaxLine) -> tuple[object, ...]:
    is_apart = line.kinds[0] in (*OF_VOUCHERS, "unexplained")
    kinds = line.kinds if is_apart else ()
    return kinds, line.state, line.words, line.code, line.rate_ppm


def _divided(
    line: TaxLine, own: Sequence[TaxLine | None], weights: Sequence[int]
) -> list[TaxLine]:
    amounts, taxes, added = (
        _shares(
            getattr(line, name),
            [0 if it is None else getattr(it, name) or 0 for it in own],
            weights,
        )
        for name in ("amount", "tax", "added")
    )
    return [
        replace(line, amount=amount, tax=tax, added=more)
        for amount, tax, more in zip(amounts, taxes, added, strict=True)
    ]


def _shares(
    whole: int | None, own: Sequence[int], weights: Sequence[int]
) -> Sequence[Any]:
    if whole is None:
        return [None] * len(weights)
    if sum(own) == whole:
        return own
    of_sign = [max(0, amount if whole > 0 else -amount) for amount in own]
    return money.split(whole, of_sign if any(of_sign) else weights)
