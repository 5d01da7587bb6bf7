"""
Square's lists of orders, payments and refunds. What an order names and the lists lack
is requested by its id; many such gaps mean that a list is incomplete.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from ticketsync.core import clock, errors, records
from ticketsync.core.redact import Secret
from ticketsync.core.shrunken_lists import is_mostly_missing
from ticketsync.net.paging import Row
from ticketsync.providers import reading
from ticketsync.providers.base import CrossCheck, OrderEstimate, Page, Raw, Registered
from ticketsync.providers.square.lines import is_about
from ticketsync.providers.square.paged_lists import SquareLists, batches, rows_in
from ticketsync.providers.square.related_records import (
    OrderParts,
    is_sale,
    select_fields,
    source_order_ids,
)
from ticketsync.providers.square.spec import HOOK_EVENTS, VERSION

BEGINNING = "2009-01-01T00:00:00Z"  # before Square existed
OVERLAP = timedelta(minutes=5)
IDS_AT_ONCE = 100
PAYMENTS_AT_ONCE = 100
MAX_GAPS = 20  # sales made while a list is read leave a few; a truncated list, more


@dataclass(frozen=True, slots=True)
class _Changes:
    """
    The sales that changed, and how far both lists of changes go: where one is
    incomplete, the next read must begin before what it lacks.
    """

    sales: Sequence[Raw]
    latest: str


class SquareFetcher(SquareLists):
    """
    Reads the lists that an order is put together from. Every method raises the
    client's errors.
    """

    def identify(self) -> records.Identity:
        merchant = reading.mapping(self.api.get("/v2/merchants/me"), "merchant")
        merchant_id = str(merchant.get("id") or "")
        self._locations()
        return records.Identity(
            merchant_id or None,
            str(merchant.get("business_name") or "a merchant"),
            reading.text_or_none(merchant, "currency"),
            owners=(merchant_id,) if merchant_id else (),
        )

    def owners(self) -> Sequence[str]:
        """
        The merchant, whom every location names.
        """
        ids = (location.get("merchant_id") for location in self._locations())
        return sorted({str(merchant_id) for merchant_id in ids if merchant_id})

    def fetch_events(self) -> Iterator[Page]:
        first = self._locations()[0]
        for rows in self._list("/v2/catalog/list", "objects", {"types": "ITEM"}):
            items = [row for row in rows if row.get("type") == "ITEM"]
            yield Page(
                "event",
                [
                    {
                        "id": item["id"],
                        "item": item,
                        "timezone": first.get("timezone"),
                        "currency": first.get("currency"),
                    }
                    for item in items
                ],
            )

    def fetch_orders(
        self, provider_occurrence_id: str, bookmark: str | None
    ) -> Iterator[Page]:
        """
        No list can be filtered by item: all orders are read, and these kept.
        """
        for page in self._all_orders():
            raws = [
                raw for raw in page.records if is_about(raw, provider_occurrence_id)
            ]
            if raws or page.cross_checks:
                yield replace(page, records=raws)

    def fetch_all_orders(
        self, bookmark: str | None, estimate: OrderEstimate, *, workers: int
    ) -> Iterator[Page]:
        return self._all_orders()

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]:
        """
        Raises `InvalidResponse` if a list of changes is incomplete.
        """
        since = clock.from_iso(watermark)
        if self.api.is_ahead(since):
            yield from self._all_orders()
            return
        parts = OrderParts()
        changes = self._changes_since(
            f"{since - OVERLAP:%Y-%m-%dT%H:%M:%SZ}", watermark, parts
        )
        for batch in batches(changes.sales, IDS_AT_ONCE):
            raws = self._assemble_orders(batch, parts)
            yield Page("order", raws, latest=changes.latest)
        for page in self._unlinked_refunds(parts):
            yield replace(page, latest=changes.latest)

    def fetch_order(self, provider_order_id: str, provider_occurrence_id: str) -> Raw:
        """
        A sale by its own id, or by that of an order that returns some of it. Raises
        `UnknownResource` if Square does not know it.
        """
        parts = OrderParts()
        orders = self._orders_by_id([provider_order_id])
        parts.add_returns(orders)
        sales = [order for order in orders if is_sale(order)]
        if orders and not sales:
            sales = self._orders_by_id(list(source_order_ids(orders)))
        if not sales:
            raise self.api.unknown_resource(f"the order {provider_order_id}")
        return self._assemble_orders(sales[:1], parts)[0]

    def watermark_of(self, raw: Raw) -> str:
        rows = [raw.get("order") or raw["unlinked"], *raw["returns"]]
        rows += [*raw.get("payments", ()), *raw.get("refunds", ())]
        return max(map(_changed_at, rows), default="")

    def register_webhook(self, url: str) -> Registered:
        """
        A subscription of the application that the key belongs to. Its path and shape
        are not documented in what we have **(unverified)**; a refusal is reported.
        """
        response = self.api.post(
            "/v2/webhooks/subscriptions",
            body={
                # The same URL is the same request, however often it is sent.
                "idempotency_key": hashlib.sha256(url.encode()).hexdigest()[:45],
                "subscription": {
                    "name": "ticketsync",
                    "event_types": list(HOOK_EVENTS),
                    "notification_url": url,
                    "api_version": VERSION,
                },
            },
        )
        subscription = reading.mapping(response or {}, "subscription")
        secret = Secret(reading.text(subscription, "signature_key"))
        return Registered(reading.text(subscription, "id"), secret)

    # Orders

    def _all_orders(self) -> Iterator[Page]:
        """
        Newest first, so that a return comes before the sale that it belongs to.
        """
        parts = OrderParts(is_complete=True)
        self._read_money(parts, {})
        for orders in self._search("created_at", "CREATED_AT", BEGINNING, "DESC"):
            parts.add_returns(orders)
            sales = [order for order in orders if is_sale(order)]
            yield Page("order", self._assemble_orders(sales, parts))
        paid = {
            str(payment["order_id"])
            for payment in parts.payments.values()
            if payment.get("order_id") and not self._is_refused(payment)
        }
        check = CrossCheck(
            "payments", len(paid), len(paid - parts.seen), "orders that were paid"
        )
        yield Page("order", [], cross_checks=[check])
        yield from self._unlinked_refunds(parts)

    def _changes_since(self, since: str, watermark: str, parts: OrderParts) -> _Changes:
        """
        The sales of which anything changed: the order, a payment, a refund, a return.

        Raises `InvalidResponse` if most of the changed orders are found only by their
        payments, or if nothing is listed, not even what the watermark is from.
        """
        sales: dict[str, Raw] = {}
        order_ids: dict[str, None] = {}
        listed: dict[str, str] = {}  # id → when it changed
        for orders in self._search("updated_at", "UPDATED_AT", since, "ASC"):
            parts.add_returns(orders)
            listed |= {str(order["id"]): _changed_at(order) for order in orders}
            sales |= {str(order["id"]): order for order in orders if is_sale(order)}
            order_ids |= source_order_ids(orders)
        changed = {"updated_at_begin_time": since, "sort_field": "UPDATED_AT"}
        self._read_money(parts, changed)
        # Its payments may be refused although its orders are not.
        sales = {id_: row for id_, row in sales.items() if not self._is_refused(row)}
        paid_at = [_changed_at(payment) for payment in parts.payments.values()]
        has_changes = bool(listed or parts.payments or parts.refunds)
        if not has_changes and not self._parts.refused:
            raise self.api.lists_no_change(since, watermark)
        newest = max([watermark, *listed.values()])
        latest = min(newest, max([watermark, *paid_at]))
        missing = parts.missing_payments_of_refunds()
        self._fetch_individually("payment", missing, parts)
        order_ids |= dict.fromkeys(
            str(payment["order_id"])
            for payment in parts.payments.values()
            if payment.get("order_id")
        )
        lacking = 0
        unlisted = [id_ for id_ in order_ids if id_ not in sales]
        for batch in batches(unlisted, IDS_AT_ONCE):
            orders = self._most_orders_by_id(batch)
            parts.add_returns(orders)
            sales |= {str(order["id"]): order for order in orders if is_sale(order)}
            # What changed after the list was read cannot have been in it.
            lacking += sum(since < _changed_at(order) <= newest for order in orders)
        self._refuse_lacking(lacking, len(listed), since)
        return _Changes(list(sales.values()), latest)

    def _refuse_lacking(self, lacking: int, listed: int, since: str) -> None:
        if lacking > listed:
            raise self.api.invalid_response(
                f"lacks {lacking:,} orders in its list of those changed since {since}",
                "list-incomplete",
            )

    def _most_orders_by_id(self, ids: Sequence[str]) -> list[Row]:
        """
        These orders. Raises `InvalidResponse` if most of several are missing.
        """
        orders = self._orders_by_id(ids)
        missing = len(set(ids) - {str(order["id"]) for order in orders})
        if missing > 1 and is_mostly_missing(missing, len(ids)):
            raise self.api.incomplete("orders", len(orders), len(ids))
        return orders

    def _orders_by_id(self, ids: Sequence[str]) -> list[Row]:
        if not ids:
            return []
        response = self.api.query("/v2/orders/batch-retrieve", {"order_ids": list(ids)})
        return rows_in(self.api, response, "orders")

    # What belongs to orders

    def _assemble_orders(self, orders: Sequence[Raw], parts: OrderParts) -> list[Raw]:
        """
        These sales with all their parts; what the lists lack is requested.
        """
        self._fetch_individually("payment", parts.missing_payments(orders), parts)
        self._fetch_individually("refund", parts.missing_refunds(orders), parts)
        self._fetch_returns(parts.refunds_of(orders), parts)
        return [parts.assemble_order(order) for order in orders]

    def _unlinked_refunds(self, parts: OrderParts) -> Iterator[Page]:
        refunds = parts.unlinked_refunds()
        if refunds:
            self._fetch_returns(refunds, parts)
            raws = [parts.assemble_unlinked_refund(refund) for refund in refunds]
            yield Page("order", raws)

    def _read_money(self, parts: OrderParts, changed: Mapping[str, str]) -> None:
        """
        All payments and refunds, or those that `changed`. Payments are read per
        location, since a list without one is that of the main location; refunds are
        those of all.
        """
        for payment in self._payments(changed):
            parts.add_payment(payment)
        query: dict[str, str | int] = {
            "begin_time": BEGINNING,
            **changed,
            "sort_order": "ASC",
            "limit": PAYMENTS_AT_ONCE,
        }
        for rows in self._list("/v2/refunds", "refunds", query):
            for row in rows:
                if not self._is_refused(row):
                    parts.add_refund(select_fields(row))

    def _payments(self, changed: Mapping[str, str]) -> Iterator[Raw]:
        def payments_of(location_id: str) -> Iterator[Raw]:
            query: dict[str, str | int] = {
                "begin_time": BEGINNING,
                **changed,
                "location_id": location_id,
                "sort_order": "ASC",
                "limit": PAYMENTS_AT_ONCE,
            }
            for rows in self._list("/v2/payments", "payments", query):
                yield from map(select_fields, rows)

        return self._parts.read(self.parts(), payments_of)

    def _fetch_individually(
        self, kind: str, ids: Sequence[str], parts: OrderParts
    ) -> None:
        """
        Payments or refunds that the lists lack.

        Raises `InvalidResponse` if the lists should be complete and lack too many.
        """
        if parts.is_complete:
            parts.gaps += len(ids)
            if parts.gaps > MAX_GAPS:
                raise self.api.invalid_response(
                    f"names the {kind} {ids[0]} and at least {parts.gaps - 1:,} others "
                    f"that its list of {kind}s lacks",
                    "list-incomplete",
                )
        for id_ in ids:
            for row in self._get_one(kind, id_):
                parts.add(kind, row)
            parts.requested.add(id_)

    def _fetch_returns(self, refunds: Iterable[Raw], parts: OrderParts) -> None:
        ids = dict.fromkeys(str(r["order_id"]) for r in refunds if r.get("order_id"))
        unseen = [id_ for id_ in ids if id_ not in parts.seen]
        for batch in batches(unseen, IDS_AT_ONCE):
            parts.add_returns(self._most_orders_by_id(batch))
            parts.seen |= set(batch)

    def _get_one(self, kind: str, id_: str) -> list[Raw]:
        """
        A payment or refund by its id, if Square knows it.
        """
        try:
            response = self.api.get(f"/v2/{kind}s/{id_}")
        except errors.InvalidResponse as error:
            if error.word != "endpoint-gone":
                raise
            return []
        row = response.get(kind)
        if not isinstance(row, dict) or row.get("id") != id_:
            raise self.api.invalid_response(
                f"answered without the {kind} {id_}", "not-json"
            )
        return [select_fields(row)]


def _changed_at(row: Raw) -> str:
    time = row.get("updated_at") or row.get("created_at")
    return reading.sortable(time) if isinstance(time, str) else ""
