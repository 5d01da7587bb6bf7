"""
The `costs` of an order or an attendee.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ticketsync.core import money, records
from ticketsync.core.errors import (
    UnreadableRecord,
)
from ticketsync.providers import reading
from ticketsync.providers.base import (
    Raw,
)

if TYPE_CHECKING:
    pass


class Costs:
    """
    The `costs` of an order or attendee in minor units:
    gross = base_price + eventbrite_fee + payment_fee + tax.
    """

    def __init__(self, raw: Any, currency: str = "") -> None:
        if raw is None:
            # Free tickets may come without costs; the order must have some.
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
        self.shown = self._of("display_price") if "display_price" in raw else None

    @property
    def reported_tax(self) -> int | None:
        return None if self._raw.get("tax") is None else self.tax

    @staticmethod
    def charged(raw: Raw, currency: str = "") -> Costs:
        """
        What was charged for an order or an attendee before any money went back.
        """
        return Costs(raw.get("first_costs") or raw.get("costs"), currency)

    def _of(self, name: str) -> int:
        told = self._raw.get(name)
        return 0 if told is None else reading.whole(told, "value")

    def without(self, others: Iterable[Costs]) -> Costs:
        """
        What is left when these, which are part of it, are taken out.
        """
        left = copy.copy(self)
        for other in others:
            for name in ("gross", "base", "tax", "service", "processing"):
                setattr(left, name, getattr(left, name) - getattr(other, name))
        return left

    @property
    def adds_up(self) -> bool:
        return self.gross == self.base + self.service + self.processing + self.tax

    @property
    def fees(self) -> tuple[records.Fee, ...]:
        """
        A fee that is left out is none where the rest adds up to the gross, else it is
        unknown.
        """
        found = []
        for name, field, amount in (
            ("Eventbrite fee", "eventbrite_fee", self.service),
            ("Payment fee", "payment_fee", self.processing),
        ):
            is_unknown = self._raw.get(field) is None and not self.adds_up
            if amount or is_unknown:
                found.append(records.Fee(name, None if is_unknown else amount))
        return tuple(found)


def higher_cost(a: Any, b: Any) -> Any:
    """
    Of two costs the one with the higher gross, the earlier if they are alike.
    """

    return b if gross_of(b) > gross_of(a) else a


def gross_of(costs: Any) -> int:
    """
    The gross of some costs in minor units; -1 where nobody tells.
    """
    gross = (costs or {}).get("gross") or {}
    value = gross.get("value")
    return value if type(value) is int else -1
