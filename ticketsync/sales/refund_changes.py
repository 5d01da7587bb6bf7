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


class Slot(NamedTuple):
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


BySlot = Mapping[Slot, RefundSum]
Change = tuple[Slot, RefundSum]


def sums_by_id(refunds: Iterable[records.Refund]) -> dict[str, BySlot]:
    """
    What went back under each refund id.
    """
    found: dict[str, dict[Slot, RefundSum]] = {}
    for refund in refunds:
        slot = Slot(refund.refunded_at, refund.occurrence_id)
        one = RefundSum(
            refund.amount, refund.kind.value, refund.face, refund.buyer_fee, refund.tax
        )
        _put(found.setdefault(refund.id, {}), slot, one)
    return dict(found)


def _put(sums: dict[Slot, RefundSum], slot: Slot, one: RefundSum) -> None:
    known = sums.get(slot)
    sums[slot] = one if known is None else one.plus(known)


def change_of_refund(reported: BySlot, before: BySlot) -> list[Change]:
    """
    What moved of a refund with an id of its own. The platform's date is that of the
    refund, not of a later correction.
    """
    now, earlier = (_total(it.values()) if it else None for it in (reported, before))
    occurrences = {slot.occurrence_id for slot in reported or before}
    occurrence = occurrences.pop() if len(occurrences) == 1 else None
    date = None if before else [*reported][-1].date
    moved = _moved(now, earlier)
    return [(Slot(date, occurrence), moved)] if moved.amount else []


def changes_of_order(
    reported: BySlot, before: BySlot, occurrences: Collection[str]
) -> list[Change]:
    """
    What moved of the sum of an order by date and occurrence, where `occurrences` are
    those that it has tickets for. What was written for others is of no occurrence now.

    What is no longer reported for a slot is the oldest of the money that is reported
    for another one: it stays where it was written. Between two occurrences it is moved,
    without a date.
    """
    held: dict[Slot, RefundSum] = {}
    for slot, one in before.items():
        known = slot.occurrence_id in occurrences
        _put(held, slot if known else slot._replace(occurrence_id=None), one)
    moved = {
        slot: _moved(reported.get(slot), held.get(slot))
        for slot in sorted({*held, *reported}, key=_place)
    }
    for may_cover in (_is_of_date, _is_of_occurrence, _may_be_of_occurrence):
        _cover(moved, may_cover)
    return [(slot, one) for slot, one in _written(moved).items() if one.amount]


_FIRST = datetime.min.replace(tzinfo=UTC)


def _place(slot: Slot) -> tuple[bool, datetime, str]:
    return slot.date is not None, slot.date or _FIRST, slot.occurrence_id or ""


def _is_of_date(one: Slot, other: Slot) -> bool:
    return one.date == other.date and _may_be_of_occurrence(one, other)


def _is_of_occurrence(one: Slot, other: Slot) -> bool:
    return one.occurrence_id == other.occurrence_id


def _may_be_of_occurrence(one: Slot, other: Slot) -> bool:
    return None in (one.occurrence_id, other.occurrence_id)


def _cover(
    moved: dict[Slot, RefundSum], may_cover: Callable[[Slot, Slot], bool]
) -> None:
    """
    Take what is no longer reported from what is reported for another slot, in place,
    the oldest first.
    """
    for less in [slot for slot, one in moved.items() if one.amount < 0]:
        for more in [slot for slot, one in moved.items() if one.amount > 0]:
            if may_cover(less, more):
                covered = min(-moved[less].amount, moved[more].amount)
                moved[less] = moved[less].without(-covered)
                moved[more] = moved[more].without(covered)


def _written(moved: Mapping[Slot, RefundSum]) -> dict[Slot, RefundSum]:
    """
    The changes that are written: what is no longer reported has no date, nor has as
    much of what is reported for other occurrences.
    """
    less = -sum(one.amount for one in moved.values() if one.amount < 0)
    found: dict[Slot, RefundSum] = {}
    for slot, one in moved.items():
        if one.amount > 0:
            corrected = min(less, one.amount)
            less -= corrected
            _put(found, slot, one.without(corrected))
            if corrected:
                rest = one.without(one.amount - corrected)
                _put(found, slot._replace(date=None), rest)
    for slot, one in moved.items():
        if one.amount < 0:
            _put(found, slot._replace(date=None), one)
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
