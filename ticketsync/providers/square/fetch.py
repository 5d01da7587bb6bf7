"""
Square's lists of orders, payments and refunds. What an order names and the lists lack
is requested by its id; many such gaps mean that a list is incomplete.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ticketsync.core import clock, errors, records
from ticketsync.core.completeness import is_mostly_missing
from ticketsync.core.redact import Secret
from ticketsync.net.client import ApiClient
from ticketsync.net.paging import rows_of
from ticketsync.providers import reading
from ticketsync.providers.base import CrossCheck, Extent, Options, Page, Raw, Registered
from ticketsync.providers.square.lines import is_about
from ticketsync.providers.square.order_parts import (
    Lists,
    in_lots,
    is_sale,
    slim,
    sources,
)
from ticketsync.providers.square.spec import HOOK_EVENTS, STATES, VERSION

if TYPE_CHECKING:
    pass


BEGINNING = "2009-01-01T00:00:00Z"  # before Square was there


OVERLAP = timedelta(minutes=5)


ORDERS_AT_ONCE = 500


LOCATIONS_AT_ONCE = 10


IDS_AT_ONCE = 100


PAYMENTS_AT_ONCE = 100


MOST_GAPS = 20  # sales made while a list is read leave some; a list that shrank, more


@dataclass(frozen=True, slots=True)
class _Changes:
    """
    The sales that changed, and how far both lists of changes go: where one is short,
    the next read must begin before what it lacks.
    """

    sales: Sequence[Raw]
    latest: str


def _rows(api: ApiClient, envelope: Any, key: str) -> list[dict[str, Any]]:
    """
    An empty list is left out of the answer.
    """
    return rows_of(api, envelope, key) if key in envelope else []


def _changed_at(row: Raw) -> str:
    moment = row.get("updated_at") or row.get("created_at")
    return reading.sortable(moment) if isinstance(moment, str) else ""


class SquareFetcher:
    """
    Reads the lists that an order is put together from.
    """

    def __init__(self, api: ApiClient, options: Options) -> None:
        self.api = api
        self._places: list[Raw] | None = None

    def identify(self) -> records.Identity:
        merchant = reading.mapping(self.api.get("/v2/merchants/me"), "merchant")
        id_ = str(merchant.get("id") or "")
        self._locations()
        return records.Identity(
            id_ or None,
            str(merchant.get("business_name") or "a merchant"),
            reading.text_or_none(merchant, "currency"),
            owners=(id_,) if id_ else (),
        )

    def owners(self) -> Sequence[str]:
        """
        The merchant, whom every location names.
        """
        told = (place.get("merchant_id") for place in self._locations())
        return sorted({str(merchant) for merchant in told if merchant})

    def parts(self) -> Sequence[str]:
        return [str(place["id"]) for place in self._locations()]

    def fetch_events(self) -> Iterator[Page]:
        home = self._locations()[0]
        for rows in self._list("/v2/catalog/list", "objects", {"types": "ITEM"}):
            items = [row for row in rows if row.get("type") == "ITEM"]
            yield Page(
                "event",
                [
                    {
                        "id": item["id"],
                        "item": item,
                        "timezone": home.get("timezone"),
                        "currency": home.get("currency"),
                    }
                    for item in items
                ],
            )

    def fetch_orders(self, event_id: str, bookmark: str | None) -> Iterator[Page]:
        """
        No list asks for the orders of one item: all are read, and those kept.
        """
        for page in self._all_orders():
            fitting = [raw for raw in page.records if is_about(raw, event_id)]
            if fitting or page.cross_checks:
                yield replace(page, records=fitting)

    def fetch_all_orders(
        self, bookmark: str | None, extent: Extent, *, workers: int
    ) -> Iterator[Page]:
        return self._all_orders()

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]:
        since = clock.from_iso(watermark)
        if self.api.is_ahead(since):
            yield from self._all_orders()
            return
        lists = Lists()
        found = self._changed(f"{since - OVERLAP:%Y-%m-%dT%H:%M:%SZ}", watermark, lists)
        for some in in_lots(found.sales, IDS_AT_ONCE):
            yield Page("order", self._gathered(some, lists), latest=found.latest)
        for page in self._unlinked(lists):
            yield replace(page, latest=found.latest)

    def fetch_order(self, order_id: str, occurrence_id: str) -> Raw:
        """
        A sale by its own id, or by that of an order that takes some of it back.
        """
        lists = Lists()
        found = self._by_id([order_id])
        lists.note_returns(found)
        sales = [order for order in found if is_sale(order)]
        if found and not sales:
            sales = self._by_id(list(sources(found)))
        if not sales:
            raise self.api.invalid_response(
                f"does not know the order {order_id}", "rejected"
            )
        return self._gathered(sales[:1], lists)[0]

    def watermark_of(self, raw: Raw) -> str:
        parts = [raw.get("order") or raw["unlinked"], *raw["returns"]]
        parts += [*raw.get("payments", ()), *raw.get("refunds", ())]
        return max(map(_changed_at, parts), default="")

    def _locations(self) -> list[Raw]:
        """
        All locations, closed ones too: they had sales.
        """
        if self._places is None:
            told = self.api.get("/v2/locations")
            self._places = list(told.get("locations") or ())
            if not self._places:
                raise self.api.invalid_response("tells no location", "no-location")
        return self._places

    def _all_orders(self) -> Iterator[Page]:
        """
        Newest first, so that a return comes before the sale that it belongs to.
        """
        lists = Lists(is_whole=True)
        self._read_money(lists, {})
        for orders in self._search("created_at", "CREATED_AT", BEGINNING, "DESC"):
            lists.note_returns(orders)
            sales = [order for order in orders if is_sale(order)]
            yield Page("order", self._gathered(sales, lists))
        paid = {
            str(payment["order_id"])
            for payment in lists.payments.values()
            if payment.get("order_id")
        }
        check = CrossCheck(
            "payments", len(paid), len(paid - lists.seen), "orders that were paid"
        )
        yield Page("order", [], cross_checks=[check])
        yield from self._unlinked(lists)

    def _read_money(self, lists: Lists, changed: Mapping[str, str]) -> None:
        """
        All payments and refunds, or those that `changed`: of each location, since the
        list of payments is otherwise that of the main one; refunds come from all.
        """
        for payment in self._of_locations("/v2/payments", "payments", changed):
            lists.add_payment(payment)
        asked = {"begin_time": BEGINNING, **changed, "sort_order": "ASC"}
        for rows in self._list(
            "/v2/refunds", "refunds", {**asked, "limit": PAYMENTS_AT_ONCE}
        ):
            for row in rows:
                lists.add_refund(slim(row))

    def _changed(self, since: str, watermark: str, lists: Lists) -> _Changes:
        """
        The sales of which anything changed: the order, a payment, a refund, a return.

        Raises `ProviderNonsense` if most of the changed orders are found only by their
        payments, or if nothing is shown, not even what the watermark is from.
        """
        sales: dict[str, Raw] = {}
        wanted: dict[str, None] = {}
        shown: dict[str, str] = {}
        for orders in self._search("updated_at", "UPDATED_AT", since, "ASC"):
            lists.note_returns(orders)
            shown |= {str(order["id"]): _changed_at(order) for order in orders}
            sales |= {str(order["id"]): order for order in orders if is_sale(order)}
            wanted |= sources(orders)
        changed = {"updated_at_begin_time": since, "sort_field": "UPDATED_AT"}
        self._read_money(lists, changed)
        paid = [_changed_at(payment) for payment in lists.payments.values()]
        if not shown and not lists.payments and not lists.refunds:
            raise self.api.invalid_response(
                f"shows no change since {since}, though its newest was of {watermark}",
                "list-incomplete",
            )
        newest = max([watermark, *shown.values()])
        latest = min(newest, max([watermark, *paid]))
        self._ask_alone("payment", lists.lacking_payments_of_refunds(), lists)
        wanted |= dict.fromkeys(
            str(payment["order_id"])
            for payment in lists.payments.values()
            if payment.get("order_id")
        )
        lacking = 0
        for some in in_lots([id_ for id_ in wanted if id_ not in sales], IDS_AT_ONCE):
            found = self._all_by_id(some)
            lists.note_returns(found)
            sales |= {str(order["id"]): order for order in found if is_sale(order)}
            # What changed after the list was read cannot have been in it.
            late = (since < _changed_at(order) <= newest for order in found)
            lacking += sum(late)
        self._refuse_lacking(lacking, len(shown), since)
        return _Changes(list(sales.values()), latest)

    def _refuse_lacking(self, lacking: int, shown: int, since: str) -> None:
        if lacking > shown:
            raise self.api.invalid_response(
                f"lacks {lacking} orders in its list of those changed since {since}",
                "list-incomplete",
            )

    def _gathered(self, orders: Sequence[Raw], lists: Lists) -> list[Raw]:
        """
        These sales with what belongs to them; what the lists lack is asked for.
        """
        self._ask_alone("payment", lists.lacking_payments(orders), lists)
        self._ask_alone("refund", lists.lacking_refunds(orders), lists)
        self._ask_returns(lists.refunds_of(orders), lists)
        return [lists.whole(order) for order in orders]

    def _ask_alone(self, kind: str, ids: Sequence[str], lists: Lists) -> None:
        if lists.is_whole:
            lists.gaps += len(ids)
            if lists.gaps > MOST_GAPS:
                raise self.api.invalid_response(
                    f"names the {kind} {ids[0]} and at least {lists.gaps - 1} others "
                    f"that its list of {kind}s lacks",
                    "list-incomplete",
                )
        for id_ in ids:
            for row in self._one(kind, id_):
                lists.add(kind, row)
            lists.asked.add(id_)

    def _ask_returns(self, refunds: Iterable[Raw], lists: Lists) -> None:
        ids = dict.fromkeys(str(r["order_id"]) for r in refunds if r.get("order_id"))
        for some in in_lots([i for i in ids if i not in lists.seen], IDS_AT_ONCE):
            lists.note_returns(self._all_by_id(some))
            lists.seen |= set(some)

    def _unlinked(self, lists: Lists) -> Iterator[Page]:
        refunds = lists.unlinked()
        if refunds:
            self._ask_returns(refunds, lists)
            yield Page("order", [lists.whole_unlinked(refund) for refund in refunds])

    def _one(self, kind: str, id_: str) -> list[Raw]:
        """
        A payment or refund by its id, if Square knows it.
        """
        try:
            answer = self.api.get(f"/v2/{kind}s/{id_}")
        except errors.InvalidResponse as error:
            if error.word != "endpoint-gone":
                raise
            return []
        row = answer.get(kind)
        if not isinstance(row, dict) or row.get("id") != id_:
            raise self.api.invalid_response(
                f"answered without the {kind} {id_}", "not-json"
            )
        return [slim(row)]

    def _all_by_id(self, ids: Sequence[str]) -> list[Raw]:
        """
        These orders; raises `ProviderNonsense` if most of several are missing.
        """
        found = self._by_id(ids)
        missing = len(set(ids) - {str(order["id"]) for order in found})
        if missing > 1 and is_mostly_missing(missing, len(ids)):
            raise self.api.incomplete("orders", len(found), len(ids))
        return found

    def _by_id(self, ids: Sequence[str]) -> list[Raw]:
        if not ids:
            return []
        answer = self.api.query("/v2/orders/batch-retrieve", {"order_ids": list(ids)})
        return list(_rows(self.api, answer, "orders"))

    def _of_locations(
        self, path: str, key: str, query: Mapping[str, str] | None = None
    ) -> Iterator[Raw]:
        for place in self._locations():
            asked = {"begin_time": BEGINNING, **(query or {})}
            asked |= {"location_id": str(place["id"]), "sort_order": "ASC"}
            for rows in self._list(path, key, {**asked, "limit": PAYMENTS_AT_ONCE}):
                for row in rows:
                    yield slim(row)

    def _search(
        self, name: str, sort: str, since: str, order: str
    ) -> Iterator[list[dict[str, Any]]]:
        places = [str(place["id"]) for place in self._locations()]
        for begin in range(0, len(places), LOCATIONS_AT_ONCE):
            body: dict[str, Any] = {
                "location_ids": places[begin : begin + LOCATIONS_AT_ONCE],
                "query": {
                    "filter": {
                        "date_time_filter": {name: {"start_at": since}},
                        "state_filter": {"states": STATES},
                    },
                    "sort": {"sort_field": sort, "sort_order": order},
                },
                "limit": ORDERS_AT_ONCE,
                "return_entries": False,
            }
            for envelope in self._cursors(
                lambda more, body=body: self.api.query(
                    "/v2/orders/search", {**body, **more}
                )
            ):
                yield _rows(self.api, envelope, "orders")

    def _list(
        self, path: str, key: str, query: Mapping[str, str | int]
    ) -> Iterator[list[dict[str, Any]]]:
        for envelope in self._cursors(
            lambda more: self.api.get(path, {**query, **more})
        ):
            yield _rows(self.api, envelope, key)

    def _cursors(self, ask: Any) -> Iterator[Any]:
        """
        Every page of a list; stops, with an error, at a cursor that comes again.
        """
        more: dict[str, str] = {}
        seen: set[str] = set()
        while True:
            envelope = ask(more)
            if envelope.get("errors"):
                raise self.api.invalid_response(
                    "answered with errors inside", "rejected"
                )
            yield envelope
            cursor = str(envelope.get("cursor") or "")
            if not cursor:
                return
            if cursor in seen:
                raise self.api.invalid_response(
                    "repeats the same page for ever", "pagination-loop"
                )
            seen.add(cursor)
            more = {"cursor": cursor}

    def register_webhook(self, url: str) -> Registered:
        """
        A subscription of the application that the key belongs to. Its path and shape
        are not in the documents at hand **(unverified)**; a refusal is told.
        """
        answer = self.api.post(
            "/v2/webhooks/subscriptions",
            body={
                # The same address is the same wish, however often it is sent.
                "idempotency_key": hashlib.sha256(url.encode()).hexdigest()[:45],
                "subscription": {
                    "name": "ticketsync",
                    "event_types": list(HOOK_EVENTS),
                    "notification_url": url,
                    "api_version": VERSION,
                },
            },
        )
        made = reading.mapping(answer or {}, "subscription")
        secret = Secret(reading.text(made, "signature_key"))
        return Registered(reading.text(made, "id"), secret)
