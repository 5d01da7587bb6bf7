"""
What has changed of a period since it was closed, line by line, each with its cause.
Pure.

An adjustment is what is to be added to all closed lines of the period in which a sale
or refund belongs (its origin) to get what a recomputation of today says of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ticketsync.financials import frozen_lines
from ticketsync.financials.fees import SCHEDULE
from ticketsync.financials.frozen_lines import (
    AMOUNTS,
    DISPUTE,
    FEE_AMOUNTS,
    NOTHING,
    SOLD,
    Amounts,
    FrozenLine,
    Taxes,
)
from ticketsync.financials.taxing import OPEN, OUTSIDE, VOUCHER

REFUND_AFTER_CLOSE: Final = "refund-after-close"
REFUND_REVERSED: Final = "refund-reversed"
FEE_CORRECTED: Final = "fee-corrected"
ORDER_EDITED: Final = "order-edited"
CHARGEBACK: Final = "chargeback"
LATE_SALE: Final = "late-sale"
LINKED: Final = "occurrence-linked"
UNLINKED: Final = "occurrence-unlinked"
RULE_CHANGED: Final = "rule-changed"
RATE_CHANGED: Final = "rate-changed"
REPARSED: Final = "reparsed"
CAUSES: Final = {
    REFUND_AFTER_CLOSE: "a refund became known after the period was closed",
    REFUND_REVERSED: "a refund was taken back",
    FEE_CORRECTED: "the platform reports other fees",
    ORDER_EDITED: "the platform reports the order otherwise",
    CHARGEBACK: "a buyer's bank took money back",
    LATE_SALE: "an order that was not known before",
    LINKED: "a date counts for a show now",
    UNLINKED: "a date no longer counts for the show",
    RULE_CHANGED: "a tax rule in the settings is another",
    RATE_CHANGED: "a fee rate in the settings is another",
    REPARSED: "this version of ticketsync reads the same record otherwise",
}

_COUNTS: Final = ("tickets", "comps")
_IS_FEE: Final = tuple(name in FEE_AMOUNTS for name in AMOUNTS)
_CHARGED: Final = AMOUNTS.index("charged")
_IS_COUNT: Final = tuple(name in _COUNTS for name in AMOUNTS)

OrderKey = tuple[int, str]  # account (our id), the platform's order id


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """
    What is known of an order, whether it counts or not: since when there is one, since
    when it says what it says, and which version of its record is stored.
    """

    first_known: datetime
    known_at: datetime
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseContext:
    """
    What tells causes apart: `closed_at` is when the newest period was closed, because
    what had changed by then was adjusted in it; `facts` are those of all orders whose
    lines differ, and `now` is the present instant.
    """

    closed_at: datetime
    facts: Mapping[OrderKey, OrderFacts]
    now: datetime


def adjust(
    closed: Iterable[FrozenLine], present: Iterable[FrozenLine], since: CauseContext
) -> list[FrozenLine]:
    """
    The adjustments of one origin: `closed` are all its closed lines, those of later
    periods too, and `present` what a recomputation says now.
    """
    differences = list(_differences(closed, present))
    with_cause = [
        (item, cause, amounts, taxes)
        for item in differences
        for cause, amounts, taxes in _parts(item, since)
    ]
    of_orders: dict[OrderKey, str] = {}
    for item, cause, _, _ in with_cause:
        if cause:
            of_orders.setdefault(item.order, cause)
    found = []
    for item, cause, amounts, taxes in with_cause:
        usual = ORDER_EDITED if any(amounts) else _cause_of_taxes(taxes)
        chosen = cause or of_orders.get(item.order, usual)
        found.append(_line(item, chosen, amounts, taxes, since))
    return found


def _cause_of_taxes(taxes: Taxes) -> str:
    """
    Why an order is taxed otherwise. Earlier versions put what vouchers paid apart only
    where a rule taxed it: what does nothing else changes neither a sum nor a tax.
    """
    kinds = {kinds for _, kinds, *_ in taxes}
    moved = sum(amount for _, amount, _, _ in taxes.values())
    is_untaxed = all(state in (OPEN, OUTSIDE) for _, _, state, *_ in taxes)
    is_apart = VOUCHER in kinds and not moved and is_untaxed
    return REPARSED if is_apart else RULE_CHANGED


def differing_orders(
    closed: Iterable[FrozenLine], present: Iterable[FrozenLine]
) -> set[OrderKey]:
    """
    The orders with a line that is to be adjusted.
    """
    return {item.order for item in _differences(closed, present)}


@dataclass(frozen=True, slots=True)
class _Difference:
    """
    The closed lines of one key, the oldest first, and the present one; either may be
    missing. `others` are all closed lines of the same order.
    """

    closed: Sequence[FrozenLine]
    present: FrozenLine | None
    amounts: Amounts
    taxes: Taxes
    was_closed: bool
    others: Sequence[FrozenLine]

    @property
    def last(self) -> FrozenLine:
        line = self.present or self.closed[-1]
        assert line is not None
        return line

    @property
    def order(self) -> OrderKey:
        return self.last.account_id, self.last.order_id


def _differences(
    closed: Iterable[FrozenLine], present: Iterable[FrozenLine]
) -> Iterator[_Difference]:
    held = frozen_lines.by_key(closed)
    now = {each.key: each for each in present}
    of_order: dict[OrderKey, list[FrozenLine]] = {}
    for lines in held.values():
        for each in lines:
            of_order.setdefault((each.account_id, each.order_id), []).append(each)
    for key in [*held, *(key for key in now if key not in held)]:
        lines, line = held.get(key, []), now.get(key)
        if _is_same(lines, line):
            continue
        before = frozen_lines.sum_of(lines)
        taxes_before = frozen_lines.taxes_in(lines)
        amounts = frozen_lines.less(NOTHING if line is None else line.amounts, before)
        taxes_now = {} if line is None else frozen_lines.taxes_of(line.tax_lines)
        taxes = frozen_lines.add_taxes(taxes_now, taxes_before, -1)
        if not any(amounts) and not taxes:
            continue
        # What was adjusted to nothing is as if it had never been there.
        was_closed = any(before) or bool(taxes_before)
        others = of_order.get((key[1], key[2]), [])
        yield _Difference(lines, line, amounts, taxes, was_closed, others)


def _is_same(lines: Sequence[FrozenLine], line: FrozenLine | None) -> bool:
    """
    The usual case, which is quick to see.
    """
    if len(lines) != 1 or line is None:
        return False
    (held,) = lines
    return held.amounts == line.amounts and held.tax_lines == line.tax_lines


Part = tuple[str, Amounts, Taxes]  # cause, "" where it is that of the order


def _parts(item: _Difference, since: CauseContext) -> Iterator[Part]:
    """
    A difference by causes: fees are apart from what was charged.
    """
    if item.last.kind not in SOLD:
        yield _cause_of_refund(item, since), item.amounts, item.taxes
        return
    if item.present is None or not item.was_closed:
        yield _cause_of_whole(item, since), item.amounts, item.taxes
        return
    fees = _only(item.amounts, _IS_FEE)
    sold = frozen_lines.less(item.amounts, fees)
    cause = _cause_of_sale(item, sold, since) if any(sold) else ""
    taxes = item.taxes
    if any(fees):
        cause_of_fees = _cause_of_fees(item, cause)
        if cause_of_fees != cause:
            of_fees = {bucket: v for bucket, v in taxes.items() if bucket[0] == "fee"}
            taxes = {bucket: v for bucket, v in taxes.items() if bucket[0] != "fee"}
            yield cause_of_fees, fees, of_fees
        else:
            sold = item.amounts
    if any(sold) or taxes:
        yield cause, sold, taxes


def _only(amounts: Amounts, wanted: Sequence[bool]) -> Amounts:
    return tuple([a if is_it else 0 for a, is_it in zip(amounts, wanted, strict=True)])


def _cause_of_refund(item: _Difference, since: CauseContext) -> str:
    is_new = item.present is not None and not item.was_closed
    if not is_new or item.present is None:
        return _cause_of_whole(item, since) if item.present is None else ""
    if item.present.known_at < since.closed_at:
        # What its sale was closed without is not new, only counted otherwise.
        return REPARSED if _was_sold(item) else _cause_of_whole(item, since)
    if item.present.kind == DISPUTE:
        return CHARGEBACK
    return REFUND_REVERSED if item.present.refunded < 0 else REFUND_AFTER_CLOSE


def _was_sold(item: _Difference) -> bool:
    """
    Whether the closed lines have the sale of the same order for the same show.
    """
    show_id = item.last.show_id
    sold = [it for it in item.others if it.kind in SOLD and it.show_id == show_id]
    return any(frozen_lines.sum_of(sold))


def _cause_of_whole(item: _Difference, since: CauseContext) -> str:
    """
    Why a line is there that was not, or is no longer.
    """
    facts = since.facts.get(item.order)
    if facts is None:
        return ORDER_EDITED  # it is not held any more
    if item.present is not None and facts.first_known >= since.closed_at:
        return LATE_SALE
    if facts.known_at < since.closed_at:
        return UNLINKED if item.present is None else LINKED
    is_same_record = any(line.content == facts.content for line in item.others)
    return REPARSED if is_same_record else ORDER_EDITED


def _cause_of_sale(item: _Difference, sold: Amounts, since: CauseContext) -> str:
    """
    Why an order says something else; `""` where only tickets no longer admit anybody,
    which a refund of the same order may explain.
    """
    assert item.present is not None
    if item.present.content == item.closed[-1].content:
        if item.present.known_at < since.closed_at:  # one of two dates of the show
            return LINKED if sold[_CHARGED] >= 0 else UNLINKED
        return REPARSED
    if not any(frozen_lines.less(sold, _only(sold, _IS_COUNT))):
        return ""
    return ORDER_EDITED


def _cause_of_fees(item: _Difference, cause: str) -> str:
    assert item.present is not None
    before, now = item.closed[-1].fees_source, item.present.fees_source
    is_same_record = item.present.content == item.closed[-1].content
    if SCHEDULE in (before, now):
        if cause:
            return cause
        return RATE_CHANGED if is_same_record or before == now else FEE_CORRECTED
    return cause if cause and is_same_record else FEE_CORRECTED


def _line(
    item: _Difference, cause: str, amounts: Amounts, taxes: Taxes, since: CauseContext
) -> FrozenLine:
    last = item.last
    is_gone = item.present is None
    known_at = last.known_at
    if is_gone or known_at < since.closed_at:
        facts = since.facts.get(item.order)
        known_at = since.now if facts is None else max(facts.known_at, known_at)
        if known_at < since.closed_at:
            known_at = since.now
    return frozen_lines.with_amounts(last, amounts)._replace(
        known_at=known_at,
        tax_lines=frozen_lines.tax_text(taxes),
        cause=cause,
        note=CAUSES[cause],
    )
