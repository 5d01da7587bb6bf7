"""
The `costs` of an Eventbrite order or attendee.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from ticketsync.core import money, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.providers import reading
from ticketsync.providers.base import Raw

_COMPLETED = "with_refunded"  # ours, beside the amounts
_AMOUNTS = (
    *("gross", "base_price", "eventbrite_fee", "payment_fee", "tax"),
    *("discount_amount", "display_price"),
)


class Costs:
    """
    The `costs` of an order or attendee in minor units:
    gross = base_price + eventbrite_fee + payment_fee + tax.
    """

    def __init__(self, raw: Any, currency: str = "") -> None:
        if raw is None:
            # Free tickets may have no costs; the order must have some.
            raw = {"gross": {"value": 0, "currency": currency}} if currency else {}
        gross = reading.mapping(raw, "gross")
        self.currency = reading.text(gross, "currency").upper()
        money.exponent(self.currency)
        if currency and self.currency != currency:
            raise UnreadableRecord(f"it is in {self.currency} and {currency}")
        self._raw = raw
        self.gross = self._of("gross")
        self.base = self._of("base_price")
        self.tax = self._of("tax")
        self.service = self._of("eventbrite_fee")
        self.processing = self._of("payment_fee")
        self.discount = self._of("discount_amount")
        self.display_price = (
            self._of("display_price") if "display_price" in raw else None
        )

    @property
    def reported_tax(self) -> int | None:
        return None if self._raw.get("tax") is None else self.tax

    @staticmethod
    def charged(raw: Raw, currency: str = "") -> Costs:
        """
        What was charged for an order or an attendee, before any refund.
        """
        return Costs(raw.get("first_costs") or raw.get("costs"), currency)

    def _of(self, name: str) -> int:
        cost = self._raw.get(name)
        return 0 if cost is None else reading.whole(cost, "value")

    def without(self, others: Iterable[Costs]) -> Costs:
        """
        The rest once these, which are part of it, are subtracted.
        """
        rest = copy.copy(self)
        for other in others:
            for name in ("gross", "base", "tax", "service", "processing"):
                setattr(rest, name, getattr(rest, name) - getattr(other, name))
        return rest

    @property
    def parts(self) -> int:
        return self.base + self.service + self.processing + self.tax

    @property
    def adds_up(self) -> bool:
        return self.gross == self.parts

    @property
    def fees(self) -> tuple[records.Fee, ...]:
        """
        A fee that is not reported is 0 where the rest adds up to the gross, else it is
        unknown.
        """
        fees = []
        for name, field, amount in (
            ("Eventbrite fee", "eventbrite_fee", self.service),
            ("Payment fee", "payment_fee", self.processing),
        ):
            is_unknown = self._raw.get(field) is None and not self.adds_up
            if amount or is_unknown:
                fees.append(records.Fee(name, None if is_unknown else amount))
        return tuple(fees)


def higher_costs(a: Any, b: Any) -> Any:
    """
    The one with the higher gross; the first if they are equal.
    """
    return b if gross_of(b) > gross_of(a) else a


def gross_of(costs: Any) -> int:
    """
    The gross in minor units; -1 if it is unknown.
    """
    gross = (costs or {}).get("gross") or {}
    value = gross.get("value")
    return value if type(value) is int else -1


def with_refunded(costs: Any, attendees: Sequence[Raw]) -> Any:
    """
    The costs of an order with those of its refunded attendees, where it has exactly
    those of the others: it was refunded before it was read, and its attendees still say
    what was charged. Else its costs as they are.
    """
    gone = [row["costs"] for row in attendees if _was_paid(row) and row.get("refunded")]
    left = [row.get("costs") for row in attendees if not row.get("refunded")]
    if not gone or gross_of(costs) != sum(max(0, gross_of(each)) for each in left):
        return costs
    whole = {
        name: {**amounts[0], "value": sum(amount["value"] for amount in amounts)}
        for name in _AMOUNTS
        if (amounts := [each[name] for each in (costs, *gone) if each.get(name)])
    }
    return {**costs, **whole, _COMPLETED: True}


def is_completed(raw: Raw) -> bool:
    """
    Whether what was charged for an order is known from its refunded attendees only.
    """
    return bool((raw.get("first_costs") or {}).get(_COMPLETED))


def _was_paid(attendee: Raw) -> bool:
    return gross_of(attendee.get("costs")) > 0
