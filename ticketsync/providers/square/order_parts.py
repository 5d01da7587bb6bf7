"""
What an order of Square's is made of beside itself, put together from several lists.

Pure: the provider reads the lists and gives their rows here. A newcomer's trap: a row
that is not here need not be missing; `is_whole` says whether it should be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketsync.providers.base import Raw

GIFT_CARD = "SQUARE_GIFT_CARD"
# What is kept of a payment or refund: they carry cards and people besides.
_KEPT = (
    *("id", "order_id", "payment_id", "location_id", "status", "source_type"),
    *("amount_money", "total_money", "tip_money", "refunded_money", "refund_ids"),
    *("processing_fee", "created_at", "updated_at"),
)


def slim(raw: Raw) -> dict[str, Any]:
    found = {name: raw[name] for name in _KEPT if name in raw}
    details = raw.get("card_details")
    card = details.get("card") if isinstance(details, dict) else None
    if isinstance(card, dict) and card.get("card_brand") == GIFT_CARD:
        found["card_brand"] = GIFT_CARD
    if raw.get("unlinked") is True:
        found["unlinked"] = True
    return found


def parts(raw: Raw, name: str) -> list[Raw]:
    """
    The objects in a list of a record that nobody has looked at yet; odd ones are left
    for its reader to refuse.
    """
    found = raw.get(name)
    rows = found if isinstance(found, list) else []
    return [row for row in rows if isinstance(row, dict)]


def refund_ids(payment: Raw) -> list[str]:
    found = payment.get("refund_ids")
    return [str(id_) for id_ in found] if isinstance(found, list) else []


def in_lots(items: Sequence[Any], size: int) -> Iterator[Any]:
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]


@dataclass
class Lists:
    """
    What orders are made of beside themselves: rows of the lists of payments, refunds
    and orders, and what was asked for alone. `is_whole` says that the lists should
    hold everything, so that `gaps` speak against them.
    """

    is_whole: bool = False
    gaps: int = 0
    payments: dict[str, Raw] = field(default_factory=dict)
    refunds: dict[str, Raw] = field(default_factory=dict)
    returns: dict[str, list[Raw]] = field(default_factory=dict)  # by the sale's id
    without_sale: dict[str, Raw] = field(default_factory=dict)  # by the return's id
    seen: set[str] = field(default_factory=set)  # orders looked at for returns
    asked: set[str] = field(default_factory=set)  # payments, refunds asked for alone
    _of_order: dict[str, list[str]] = field(default_factory=dict)
    _of_payment: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, row: Raw) -> None:
        if kind == "payment":
            self.add_payment(row)
        else:
            self.add_refund(row)

    def add_payment(self, row: Raw) -> None:
        id_ = str(row["id"])
        if id_ not in self.payments and row.get("order_id"):
            self._of_order.setdefault(str(row["order_id"]), []).append(id_)
        self.payments[id_] = row

    def add_refund(self, row: Raw) -> None:
        id_ = str(row["id"])
        if id_ not in self.refunds and row.get("payment_id"):
            self._of_payment.setdefault(str(row["payment_id"]), []).append(id_)
        self.refunds[id_] = row

    def note_returns(self, orders: Iterable[Raw]) -> None:
        for order in orders:
            id_ = str(order["id"])
            if id_ in self.seen:
                continue
            self.seen.add(id_)
            for part in parts(order, "returns"):
                slim = {
                    "id": order["id"],
                    "updated_at": order.get("updated_at"),
                    "return_line_items": parts(part, "return_line_items"),
                }
                source = str(part.get("source_order_id") or "")
                if source:
                    self.returns.setdefault(source, []).append(slim)
                else:
                    self.without_sale[id_] = slim

    def lacking_payments(self, orders: Iterable[Raw]) -> list[str]:
        named = (id_ for order in orders for id_ in named_payments(order))
        return self._lacking(named, self.payments)

    def lacking_payments_of_refunds(self) -> list[str]:
        rows = self.refunds.values()
        named = (str(row["payment_id"]) for row in rows if row.get("payment_id"))
        return self._lacking(named, self.payments)

    def lacking_refunds(self, orders: Iterable[Raw]) -> list[str]:
        named = (
            id_
            for order in orders
            for payment in self._payments_of(order)
            for id_ in refund_ids(payment)
        )
        return self._lacking(named, self.refunds)

    def refunds_of(self, orders: Iterable[Raw]) -> list[Raw]:
        return [
            refund
            for order in orders
            for payment in self._payments_of(order)
            for refund in self._refunds_of(payment)
        ]

    def unlinked(self) -> list[Raw]:
        return [
            refund
            for refund in self.refunds.values()
            if refund.get("unlinked") or not refund.get("payment_id")
        ]

    def whole(self, order: Raw) -> Raw:
        return {
            "id": order["id"],
            "order": order,
            "payments": _by_id(self._payments_of(order)),
            "refunds": _by_id(self.refunds_of([order])),
            "returns": _by_id(self.returns.get(str(order["id"]), [])),
        }

    def whole_unlinked(self, refund: Raw) -> Raw:
        taken_back = self.without_sale.get(str(refund.get("order_id")))
        return {
            "id": refund["id"],
            "unlinked": refund,
            "returns": [taken_back] if taken_back else [],
        }

    def _lacking(self, named: Iterable[str], held: Mapping[str, Raw]) -> list[str]:
        return [
            id_
            for id_ in dict.fromkeys(named)
            if id_ not in held and id_ not in self.asked
        ]

    def _payments_of(self, order: Raw) -> list[Raw]:
        """
        Those it was paid with; of attempts that came to nothing it names none.
        """
        named = named_payments(order)
        listed = self._of_order.get(str(order["id"]), ())
        return [
            self.payments[id_]
            for id_ in dict.fromkeys([*named, *listed])
            if id_ in self.payments
            and (id_ in named or self.payments[id_].get("status") == "COMPLETED")
        ]

    def _refunds_of(self, payment: Raw) -> list[Raw]:
        named = refund_ids(payment)
        listed = self._of_payment.get(str(payment["id"]), ())
        return [
            self.refunds[id_]
            for id_ in dict.fromkeys([*named, *listed])
            if id_ in self.refunds
        ]


def _by_id(rows: Sequence[Raw]) -> list[Raw]:
    return sorted(rows, key=lambda row: str(row["id"]))


def named_payments(order: Raw) -> list[str]:
    """
    The payments that an order says it was paid with. A tender without a `payment_id`
    is older than the list of payments.
    """
    tenders = parts(order, "tenders")
    return [str(t["payment_id"]) for t in tenders if t.get("payment_id")]


def is_sale(order: Raw) -> bool:
    """
    An order that only takes back what another one sold is no sale.
    """
    return bool(order.get("line_items")) or not order.get("returns")


def sources(orders: Iterable[Raw]) -> dict[str, None]:
    """
    The ids of the sales that these orders take back.
    """
    return dict.fromkeys(
        str(part["source_order_id"])
        for order in orders
        for part in parts(order, "returns")
        if part.get("source_order_id")
    )
