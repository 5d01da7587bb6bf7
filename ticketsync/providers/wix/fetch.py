"""
Wix's lists. Orders have no filter by change: those that changed are found by their
guests, by the site's payment transactions and by when they were placed.
"""

from __future__ import annotations

from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ticketsync.core import clock, records
from ticketsync.core.completeness import is_mostly_missing
from ticketsync.core.errors import (
    InvalidResponse,
)
from ticketsync.net.client import ApiClient, Params
from ticketsync.net.paging import rows_of
from ticketsync.providers import reading
from ticketsync.providers.base import (
    CrossCheck,
    Extent,
    Options,
    Page,
    Raw,
)
from ticketsync.providers.wix.transactions import (
    order_number_of,
    refunds_in,
    transaction_id_of,
)

OPEN_REFUNDS = timedelta(days=14)  # a refund may still succeed or fail after that long


OVERLAP = timedelta(minutes=5)


FRESH = timedelta(hours=6)  # sold while the transactions were read, or nearly so


ORDERS_AT_ONCE = 100


EVENTS_AT_ONCE = 100


GUESTS_AT_ONCE = 1000


TRANSACTIONS_AT_ONCE = 1000


NUMBERS_AT_ONCE = 50


FIELDSETS = ("DETAILS", "INVOICE", "TICKETS")


EVENT_FIELDS = ("DETAILS", "REGISTRATION", "URLS")


def _events_of(guests: Iterable[Raw]) -> dict[str, str]:
    """
    The numbers of the orders that these guests are of, each with its event.
    """
    return {
        str(guest["orderNumber"]): str(guest["eventId"])
        for guest in guests
        if guest.get("orderNumber") and guest.get("eventId")
    }


def _by_id_and_status(refund: Raw) -> tuple[str, str]:
    return str(refund.get("refundId")), str(refund.get("status"))


def _is_fresh(order: Raw) -> bool:
    moment = reading.sortable(str(order.get("updated") or order.get("created")))
    return moment >= f"{clock.now() - FRESH:%Y-%m-%dT%H:%M:%SZ}"


class WixFetcher:
    """
    Reads orders and the transactions that hold their refunds.
    """

    def __init__(self, api: ApiClient, options: Options) -> None:
        self.api = api
        self.site_id = options.get("site_id", "")
        self._transactions: dict[str, Raw] | None = None
        self._of_order: dict[str, list[str]] = {}  # order number → transaction ids

    def identify(self) -> records.Identity:
        told = self.api.get("/site-properties/v4/properties")
        site = told.get("properties") or {}
        listed = self._query_events(0, 1)  # proves that the app is there
        found = rows_of(self.api, listed, "events", "id")
        owners = tuple(owner for event in found if (owner := self.owner_of(event)))
        name = site.get("businessName") or site.get("siteDisplayName") or "a site"
        currency = str(site.get("paymentCurrency") or "").upper() or None
        site_id = self.site_id or None
        return records.Identity(site_id, str(name), currency, owners=owners)

    def owner_of(self, raw: Raw) -> str | None:
        """
        The Events app of the site that an event was made on.
        """
        return str(raw.get("instanceId") or "") or None

    def fetch_events(self) -> Iterator[Page]:
        for rows in self._by_offset(
            lambda offset: self._query_events(offset, EVENTS_AT_ONCE),
            "events",
            "id",
            EVENTS_AT_ONCE,
            envelope_of="pagingMetadata",
        ):
            yield Page("event", rows)

    def fetch_orders(self, event_id: str, bookmark: str | None) -> Iterator[Page]:
        return self._orders({"eventId": event_id})

    def fetch_all_orders(
        self, bookmark: str | None, extent: Extent, *, workers: int
    ) -> Iterator[Page]:
        shown: set[str] = set()
        for page in self._orders({}):
            shown |= {str(raw["id"]) for raw in page.records}
            yield page
        named = self._numbers_of_guests()
        check = CrossCheck(
            "guests", len(named), len(named - shown), "orders that its guests name"
        )
        yield Page("order", [], cross_checks=[check])

    def _numbers_of_guests(self) -> set[str]:
        """
        The order numbers on the first page of all guests: enough to see whether the
        list of orders has collapsed.
        """
        asked = {
            "query": {"cursorPaging": {"limit": GUESTS_AT_ONCE}},
            "fields": ["GUEST_DETAILS"],
        }
        rows = rows_of(
            self.api, self.api.query("/events/v2/guests/query", asked), "guests", "id"
        )
        return {str(row["orderNumber"]) for row in rows if row.get("orderNumber")}

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]:
        since = clock.from_iso(watermark)
        if self.api.is_ahead(since):
            yield from self._orders({})
            return
        guests = list(self._changed_guests(since - OVERLAP))
        changed = (reading.sortable(str(g.get("updatedDate") or "")) for g in guests)
        # They say which old orders changed: where they are short, the next read must
        # begin before what they lack.
        latest = max([watermark, *changed])
        for page in self._recent_orders(since, guests):
            yield replace(page, latest=latest)

    def _recent_orders(self, since: datetime, guests: Sequence[Raw]) -> Iterator[Page]:
        """
        The orders that these guests changed, that money went back of, or that are new.
        """
        events = _events_of(guests)
        named = [str(g["orderNumber"]) for g in guests if g.get("orderNumber")]
        wanted = list(dict.fromkeys([*named, *self._open_refunds(since)]))
        for begin in range(0, len(wanted), NUMBERS_AT_ONCE):
            some = wanted[begin : begin + NUMBERS_AT_ONCE]
            yield from self._orders_numbered(some, events)
        yield from self._new_orders(since - OVERLAP, frozenset(wanted))

    def fetch_order(self, order_id: str, occurrence_id: str) -> Raw:
        path = f"/events/v1/events/{occurrence_id}/orders/{order_id}"
        told = self.api.get(path, {"fieldset": FIELDSETS})
        return self._whole(reading.mapping(told, "order"))

    def watermark_of(self, raw: Raw) -> str:
        order = raw["order"]
        moments = [order.get("updated"), order.get("created")]
        return max(
            (reading.sortable(m) for m in moments if isinstance(m, str)), default=""
        )

    def _query_events(self, offset: int, limit: int) -> Any:
        return self.api.query(
            "/events/v3/events/query",
            {
                "query": {
                    "sort": [{"fieldName": "createdDate", "order": "ASC"}],
                    "paging": {"limit": limit, "offset": offset},
                },
                "fields": EVENT_FIELDS,
                "includeDrafts": True,
            },
        )

    def _orders(self, filters: Params) -> Iterator[Page]:
        self._read_transactions()  # before the orders: what comes later is open
        for rows in self._order_pages({**filters, "sort": "created:asc"}):
            yield Page("order", [self._whole(row) for row in rows])

    def _orders_numbered(
        self, numbers: Sequence[str], events: Mapping[str, str]
    ) -> Iterator[Page]:
        """
        These orders. What the list lacks is asked for alone, since orders can be
        deleted: that needs its event, which `events` or a guest of it tells. An order
        that only a payment names may be a shop's.

        Raises `ProviderNonsense` if the list lacks most of those that there are.
        """
        shown: set[str] = set()
        for page in self._orders({"orderNumber": list(numbers)}):
            shown |= {str(raw["id"]) for raw in page.records}
            yield page
        missing = [number for number in numbers if number not in shown]
        alone = self._asked_alone(missing, events)
        found = [raw for raw in alone.values() if raw is not None]
        gone = [number for number, raw in alone.items() if raw is None]
        if alone:
            yield Page("order", found, gone=gone)
        there = len(shown) + len(found)
        if is_mostly_missing(len(found), there):
            raise self.api.incomplete("orders", len(shown), there)

    def _asked_alone(
        self, numbers: Sequence[str], events: Mapping[str, str]
    ) -> dict[str, Raw | None]:
        """
        These orders by their numbers, `None` for one that the site does not know; those
        whose event nobody names are left out.
        """
        unplaced = [number for number in numbers if number not in events]
        if unplaced:
            events = {**events, **_events_of(self._guests_of(unplaced))}
        found: dict[str, Raw | None] = {}
        for number in numbers:
            if number not in events:
                continue
            try:
                found[number] = self.fetch_order(number, events[number])
            except InvalidResponse as refused:
                if refused.word != "endpoint-gone":
                    raise
                found[number] = None
        return found

    def _guests_of(self, numbers: Sequence[str]) -> list[Raw]:
        query = {
            "filter": {"orderNumber": {"$in": list(numbers)}},
            "cursorPaging": {"limit": GUESTS_AT_ONCE},
        }
        asked = {"query": query, "fields": ["GUEST_DETAILS"]}
        answer = self.api.query("/events/v2/guests/query", asked)
        return list(rows_of(self.api, answer, "guests", "id"))

    def _new_orders(self, since: datetime, told: Collection[str]) -> Iterator[Page]:
        """
        Orders placed since, of which no guest was made yet.

        Raises `ProviderNonsense` if the site shows no order at all: it had some.
        """
        edge = f"{since:%Y-%m-%dT%H:%M:%SZ}"
        for number, rows in enumerate(self._order_pages({"sort": "created:desc"})):
            if not rows and not number:
                raise self.api.invalid_response(
                    "shows no order any more", "list-incomplete"
                )
            fresh = [r for r in rows if reading.sortable(str(r.get("created"))) >= edge]
            news = [row for row in fresh if row["orderNumber"] not in told]
            if news:
                yield Page("order", [self._whole(row) for row in news])
            if len(fresh) < len(rows):
                return

    def _order_pages(self, filters: Params) -> Iterator[list[dict[str, Any]]]:
        def ask(offset: int) -> Any:
            envelope = self.api.get(
                "/events/v1/orders",
                {
                    **filters,
                    "fieldset": FIELDSETS,
                    "offset": offset,
                    "limit": ORDERS_AT_ONCE,
                },
            )
            reading.whole(envelope, "total")
            return envelope

        return self._by_offset(ask, "orders", "orderNumber", ORDERS_AT_ONCE)

    def _by_offset(
        self,
        ask: Callable[[int], Any],
        key: str,
        id_: str,
        size: int,
        *,
        envelope_of: str = "",
    ) -> Iterator[list[dict[str, Any]]]:
        """
        The pages of a list up to its `total`, which stands in the answer itself or in
        a part of it; stops, with an error, at pages that come again or stay empty.
        """
        offset = 0
        seen: set[str] = set()
        while True:
            envelope = ask(offset)
            rows = rows_of(self.api, envelope, key, id_)
            ids = {row[id_] for row in rows}
            if rows and ids <= seen:
                raise self.api.invalid_response(
                    f"repeats the same page of {key} for ever", "pagination-loop"
                )
            yield rows
            seen |= ids
            offset += len(rows)
            paging = (envelope.get(envelope_of) or {}) if envelope_of else envelope
            total = None if paging.get("tooManyToCount") else paging.get("total")
            if type(total) is not int:
                if len(rows) < size:
                    return
            elif offset >= total:
                return
            elif not rows:
                raise self.api.incomplete(key, offset, total)

    def _changed_guests(self, since: datetime) -> Iterator[Raw]:
        """
        The guests that changed since.
        """
        paging: dict[str, Any] = {"limit": GUESTS_AT_ONCE}
        query: dict[str, Any] = {
            "filter": {"updatedDate": {"$gte": f"{since:%Y-%m-%dT%H:%M:%S}.000Z"}},
            "sort": [{"fieldName": "updatedDate", "order": "ASC"}],
            "cursorPaging": paging,
        }
        seen: set[str] = set()
        while True:
            envelope = self.api.query(
                "/events/v2/guests/query", {"query": query, "fields": ["GUEST_DETAILS"]}
            )
            rows = rows_of(self.api, envelope, "guests", "id")
            told = envelope.get("pagingMetadata") or {}
            if type(told.get("count")) is int and told["count"] != len(rows):
                raise self.api.invalid_response(
                    f"promised {told['count']} guests and sent {len(rows)}",
                    "list-incomplete",
                )
            yield from rows
            cursor = str((told.get("cursors") or {}).get("next") or "")
            if not cursor:
                return
            if cursor in seen:
                raise self.api.invalid_response(
                    "repeats the same page of guests for ever", "pagination-loop"
                )
            seen.add(cursor)
            query = {"cursorPaging": {**paging, "cursor": cursor}}

    def _open_refunds(self, since: Any) -> Iterator[str]:
        """
        Orders of which money went back, or may still go back, since.
        """
        edge = f"{min(since, clock.now()) - OPEN_REFUNDS:%Y-%m-%dT%H:%M:%SZ}"
        for transaction in self._read_transactions().values():
            number = order_number_of(transaction)
            for refund in refunds_in(transaction):
                is_open = str(refund.get("status")).lower() == "pending"
                is_new = reading.sortable(str(refund.get("createdAt"))) >= edge
                if (is_open or is_new) and number:
                    yield number

    def _read_transactions(self) -> Mapping[str, Raw]:
        """
        Every payment of the site by its id: no filter finds a late refund of an old
        sale, so the transactions are read whole, once a run.
        """
        if self._transactions is not None:
            return self._transactions
        found: dict[str, Raw] = {}
        for rows in self._by_offset(
            lambda offset: self.api.get(
                "/payments/v2/transactions",
                {
                    "order": "date:asc",
                    "includeRefunds": "true",
                    "ignoreTotals": "false",
                    "offset": offset,
                    "limit": TRANSACTIONS_AT_ONCE,
                },
            ),
            "transactions",
            "transactionId",
            TRANSACTIONS_AT_ONCE,
            envelope_of="pagination",
        ):
            found |= {row["transactionId"]: row for row in rows}
        for id_, row in found.items():
            self._of_order.setdefault(order_number_of(row), []).append(id_)
        self._transactions = found
        return found

    def _whole(self, order: Raw) -> Raw:
        """
        An order with the refunds of its payment, and of every other one made for it.
        """
        transactions = self._read_transactions()
        number = str(order["orderNumber"])
        named = transaction_id_of(order)
        ids = dict.fromkeys([named, *self._of_order.get(number, ())])
        there = [id_ for id_ in ids if id_ in transactions]
        refunds = [
            {**refund, "orderNumber": order_number_of(transactions[id_])}
            for id_ in there
            for refund in refunds_in(transactions[id_])
        ]
        found = {
            "id": order["orderNumber"],
            "order": order,
            "refunds": sorted(refunds, key=_by_id_and_status),
        }
        if there or not _is_fresh(order):
            found["transaction"] = there[0] if there else None
        return found
