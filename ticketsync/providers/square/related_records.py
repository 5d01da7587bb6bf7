"""
The payments, refunds and returns that belong to a Square order, from several lists.

Pure: `fetch` reads the lists and adds their rows here. A row that is not here need not
be missing: `is_complete` says whether it should be here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketsync.providers.base import Raw

GIFT_CARD = "SQUARE_GIFT_CARD"
# The fields kept of a payment or refund: others hold cards and people.
_KEPT = (
    *("id", "order_id", "payment_id", "location_id", "status", "source_type"),
    *("amount_money", "total_money", "tip_money", "refunded_money", "refund_ids"),
    *("processing_fee", "created_at", "updated_at"),
)


def select_fields(raw: Raw) -> dict[str, Any]:
    """
    A payment or refund without cards and people.
    """
    selected = {name: raw[name] for name in _KEPT if name in raw}
    details = raw.get("card_details")
    card = details.get("card") if isinstance(details, dict) else None
    if isinstance(card, dict) and card.get("card_brand") == GIFT_CARD:
        selected["card_brand"] = GIFT_CARD
    if raw.get("unlinked") is True:
        selected["unlinked"] = True
    return selected


def objects_in(raw: Raw, name: str) -> list[Raw]:
    """
    The objects in a list of a record that was not validated yet; anything else is left
    for the parser to refuse.
    """
    value = raw.get(name)
    rows = value if isinstance(value, list) else []
    return [row for row in rows if isinstance(row, dict)]


def refund_ids(payment: Raw) -> list[str]:
    """
    The refunds that a payment names.
    """
    ids = payment.get("refund_ids")
    return [str(id_) for id_ in ids] if isinstance(ids, list) else []


@dataclass
class OrderParts:
    """
    Rows of the lists of payments, refunds and returns, and of those that were requested
    individually.

    is_complete  whether the lists should contain everything, so that `gaps` mean that
                 one of them is incomplete
    """

    is_complete: bool = False
    gaps: int = 0
    payments: dict[str, Raw] = field(default_factory=dict)
    refunds: dict[str, Raw] = field(default_factory=dict)
    returns: dict[str, list[Raw]] = field(default_factory=dict)  # by sale id
    without_sale: dict[str, Raw] = field(default_factory=dict)  # by return id
    seen: set[str] = field(default_factory=set)  # orders checked for returns
    requested: set[str] = field(default_factory=set)  # ids requested individually
    _ids_by_order: dict[str, list[str]] = field(default_factory=dict)
    _ids_by_payment: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, row: Raw) -> None:
        """
        A `payment` or a `refund`.
        """
        if kind == "payment":
            self.add_payment(row)
        else:
            self.add_refund(row)

    def add_payment(self, row: Raw) -> None:
        id_ = str(row["id"])
        if id_ not in self.payments and row.get("order_id"):
            self._ids_by_order.setdefault(str(row["order_id"]), []).append(id_)
        self.payments[id_] = row

    def add_refund(self, row: Raw) -> None:
        id_ = str(row["id"])
        if id_ not in self.refunds and row.get("payment_id"):
            self._ids_by_payment.setdefault(str(row["payment_id"]), []).append(id_)
        self.refunds[id_] = row

    def add_returns(self, orders: Iterable[Raw]) -> None:
        """
        The returns in these orders, by the sales that they return.
        """
        for order in orders:
            id_ = str(order["id"])
            if id_ in self.seen:
                continue
            self.seen.add(id_)
            for part in objects_in(order, "returns"):
                returned = {
                    "id": order["id"],
                    "updated_at": order.get("updated_at"),
                    "return_line_items": objects_in(part, "return_line_items"),
                }
                source = str(part.get("source_order_id") or "")
                if source:
                    self.returns.setdefault(source, []).append(returned)
                else:
                    self.without_sale[id_] = returned

    def missing_payments(self, orders: Iterable[Raw]) -> list[str]:
        """
        Ids of payments that these orders name and that are not here.
        """
        ids = (id_ for order in orders for id_ in payment_ids_of(order))
        return self._missing(ids, self.payments)

    def missing_payments_of_refunds(self) -> list[str]:
        """
        Ids of payments that refunds name and that are not here.
        """
        rows = self.refunds.values()
        ids = (str(row["payment_id"]) for row in rows if row.get("payment_id"))
        return self._missing(ids, self.payments)

    def missing_refunds(self, orders: Iterable[Raw]) -> list[str]:
        """
        Ids of refunds that payments of these orders name and that are not here.
        """
        ids = (
            id_
            for order in orders
            for payment in self._payments_of(order)
            for id_ in refund_ids(payment)
        )
        return self._missing(ids, self.refunds)

    def refunds_of(self, orders: Iterable[Raw]) -> list[Raw]:
        """
        The refunds of these orders' payments.
        """
        return [
            refund
            for order in orders
            for payment in self._payments_of(order)
            for refund in self._refunds_of(payment)
        ]

    def unlinked_refunds(self) -> list[Raw]:
        """
        Refunds that belong to no sale.
        """
        return [
            refund
            for refund in self.refunds.values()
            if refund.get("unlinked") or not refund.get("payment_id")
        ]

    def assemble_order(self, order: Raw) -> Raw:
        """
        Our raw record of a sale.
        """
        return {
            "id": order["id"],
            "order": order,
            "payments": _by_id(self._payments_of(order)),
            "refunds": _by_id(self.refunds_of([order])),
            "returns": _by_id(self.returns.get(str(order["id"]), [])),
        }

    def assemble_unlinked_refund(self, refund: Raw) -> Raw:
        """
        Our raw record of a refund without a sale.
        """
        returned = self.without_sale.get(str(refund.get("order_id")))
        return {
            "id": refund["id"],
            "unlinked": refund,
            "returns": [returned] if returned else [],
        }

    def _missing(self, ids: Iterable[str], known: Mapping[str, Raw]) -> list[str]:
        return [
            id_
            for id_ in dict.fromkeys(ids)
            if id_ not in known and id_ not in self.requested
        ]

    def _payments_of(self, order: Raw) -> list[Raw]:
        """
        The payments it was paid with. An order does not name failed attempts.
        """
        named = payment_ids_of(order)
        listed = self._ids_by_order.get(str(order["id"]), ())
        return [
            self.payments[id_]
            for id_ in dict.fromkeys([*named, *listed])
            if id_ in self.payments
            and (id_ in named or self.payments[id_].get("status") == "COMPLETED")
        ]

    def _refunds_of(self, payment: Raw) -> list[Raw]:
        named = refund_ids(payment)
        listed = self._ids_by_payment.get(str(payment["id"]), ())
        return [
            self.refunds[id_]
            for id_ in dict.fromkeys([*named, *listed])
            if id_ in self.refunds
        ]


def _by_id(rows: Sequence[Raw]) -> list[Raw]:
    return sorted(rows, key=lambda row: str(row["id"]))


def payment_ids_of(order: Raw) -> list[str]:
    """
    The payments that an order names. A tender without a `payment_id` is older than
    Square's list of payments.
    """
    tenders = objects_in(order, "tenders")
    return [str(t["payment_id"]) for t in tenders if t.get("payment_id")]


def is_sale(order: Raw) -> bool:
    """
    Whether an order sold something: one that only returns items is not a sale.
    """
    return bool(order.get("line_items")) or not order.get("returns")


def source_order_ids(orders: Iterable[Raw]) -> dict[str, None]:
    """
    The ids of the sales that these orders return.
    """
    return dict.fromkeys(
        str(part["source_order_id"])
        for order in orders
        for part in objects_in(order, "returns")
        if part.get("source_order_id")
    )
