"""
What moved of a refund since its last read: its reported sums beside its stored ones.
Pure.

Money that was written already, without a date or an occurrence or with another one, is
never written a second time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from ticketsync.core import records


class RefundKey(NamedTuple):
    """
    What the money under one refund id is divided by: the date and the occurrence (the
    platform's id) that the platform gives, each `None` where it gives none.
    """

    date: datetime | None
    occurrence_id: str | None


@dataclass(frozen=True, slots=True)
class RefundSum:
    """
    What went back in all, in minor units; a part is `None` where it is not completely
    reported.
    """

    amount: int = 0
    kind: str = records.RefundKind.REFUND.value
    face: int | None = 0
    buyer_fee: int | None = 0
    tax: int | None = 0

    def plus(self, other: RefundSum, *, sign: int = 1) -> RefundSum:
        """
        Both together, or with `sign` -1 what the other leaves; of the kind of this one.
        """
        return RefundSum(
            self.amount + sign * other.amount,
            self.kind,
            _add(self.face, other.face, sign),
            _add(self.buyer_fee, other.buyer_fee, sign),
            _add(self.tax, other.tax, sign),
        )

    def without(self, amount: int) -> RefundSum:
        """
        What is left without this amount, of which the parts are not known.
        """
        if not amount:
            return self
        return RefundSum(self.amount - amount, self.kind, None, None, None)


def _add(one: int | None, other: int | None, sign: int) -> int | None:
    return None if one is None or other is None else one + sign * other


ByRefundKey = Mapping[RefundKey, RefundSum]
Change = tuple[RefundKey, RefundSum]


def sums_by_id(refunds: Iterable[records.Refund]) -> dict[str, ByRefundKey]:
    """
    What went back under each refund id.
    """
    found: dict[str, dict[RefundKey, RefundSum]] = {}
    for refund in refunds:
        refund_key = RefundKey(refund.refunded_at, refund.occurrence_id)
        one = RefundSum(
            refund.amount, refund.kind.value, refund.face, refund.buyer_fee, refund.tax
        )
        _put(found.setdefault(refund.id, {}), refund_key, one)
    return dict(found)


def _put(
    sums: dict[RefundKey, RefundSum], refund_key: RefundKey, one: RefundSum
) -> None:
    known = sums.get(refund_key)
    sums[refund_key] = one if known is None else one.plus(known)


def change_of_refund(reported: ByRefundKey, before: ByRefundKey) -> list[Change]:
    """
    What moved of a refund with an id of its own. The platform's date is that of the
    refund, not of a later correction.
    """
    now, earlier = (_total(it.values()) if it else None for it in (reported, before))
    occurrences = {refund_key.occurrence_id for refund_key in reported or before}
    occurrence = occurrences.pop() if len(occurrences) == 1 else None
    date = None if before else [*reported][-1].date
    moved = _moved(now, earlier)
    return [(RefundKey(date, occurrence), moved)] if moved.amount else []


def changes_of_order(
    reported: ByRefundKey, before: ByRefundKey, occurrences: Collection[str]
) -> list[Change]:
    """
    What moved of the sum of an order by date and occurrence, where `occurrences` are
    those that it has tickets for. What was written for others is of no occurrence now.

    What is no longer reported for a key is the oldest of the money that is reported
    for another one: it stays where it was written. Between two occurrences it is moved,
    without a date.
    """
    held: dict[RefundKey, RefundSum] = {}
    for refund_key, one in before.items():
        known = refund_key.occurrence_id in occurrences
        _put(
            held, refund_key if known else refund_key._replace(occurrence_id=None), one
        )
    moved = {
        refund_key: _moved(reported.get(refund_key), held.get(refund_key))
        for refund_key in sorted({*held, *reported}, key=_place)
    }
    for may_cover in (_is_of_date, _is_of_occurrence, _may_be_of_occurrence):
        _cover(moved, may_cover)
    return [
        (refund_key, one) for refund_key, one in _written(moved).items() if one.amount
    ]


_FIRST = datetime.min.replace(tzinfo=UTC)


def _place(refund_key: RefundKey) -> tuple[bool, datetime, str]:
    return (
        refund_key.date is not None,
        refund_key.date or _FIRST,
        refund_key.occurrence_id or "",
    )


def _is_of_date(one: RefundKey, other: RefundKey) -> bool:
    return one.date == other.date and _may_be_of_occurrence(one, other)


def _is_of_occurrence(one: RefundKey, other: RefundKey) -> bool:
    return one.occurrence_id == other.occurrence_id


def _may_be_of_occurrence(one: RefundKey, other: RefundKey) -> bool:
    return None in (one.occurrence_id, other.occurrence_id)


def _cover(
    moved: dict[RefundKey, RefundSum], may_cover: Callable[[RefundKey, RefundKey], bool]
) -> None:
    """
    Take what is no longer reported from what is reported for another key, in place,
    the oldest first.
    """
    for less in [refund_key for refund_key, one in moved.items() if one.amount < 0]:
        for more in [refund_key for refund_key, one in moved.items() if one.amount > 0]:
            if may_cover(less, more):
                covered = min(-moved[less].amount, moved[more].amount)
                moved[less] = moved[less].without(-covered)
                moved[more] = moved[more].without(covered)


def _written(moved: Mapping[RefundKey, RefundSum]) -> dict[RefundKey, RefundSum]:
    """
    The changes that are written: what is no longer reported has no date, nor has as
    much of what is reported for other occurrences.
    """
    less = -sum(one.amount for one in moved.values() if one.amount < 0)
    found: dict[RefundKey, RefundSum] = {}
    for refund_key, one in moved.items():
        if one.amount > 0:
            corrected = min(less, one.amount)
            less -= corrected
            _put(found, refund_key, one.without(corrected))
            if corrected:
                rest = one.without(one.amount - corrected)
                _put(found, refund_key._replace(date=None), rest)
    for refund_key, one in moved.items():
        if one.amount < 0:
            _put(found, refund_key._replace(date=None), one)
    return found


def _total(sums: Iterable[RefundSum]) -> RefundSum:
    """
    All of these together, of the kind of the last one.
    """
    return functools.reduce(lambda total, one: one.plus(total), sums, RefundSum())


def _moved(reported: RefundSum | None, before: RefundSum | None) -> RefundSum:
    """
    What moved since; what is no longer reported is of the kind that it was.
    """
    if before is None:
        return reported or RefundSum()
    return (reported or RefundSum(kind=before.kind)).plus(before, sign=-1)
