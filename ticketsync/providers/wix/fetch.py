"""
Wix's lists. Orders have no filter by change: those that changed are found by their
guests, by the site's payment transactions and by when they were placed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ticketsync.core import clock, records
from ticketsync.core.errors import InvalidResponse
from ticketsync.core.records import OrderStatus
from ticketsync.core.shrunken_lists import is_mostly_missing
from ticketsync.net.client import ApiClient, Params
from ticketsync.net.paging import Row, RowPage, by_offset, rows_of
from ticketsync.providers import reading
from ticketsync.providers.base import Options, OrderEstimate, Page, Raw
from ticketsync.providers.wix.definition_list import DefinitionList
from ticketsync.providers.wix.guest_list import GuestList, events_of_orders
from ticketsync.providers.wix.spec import ORDER_STATUS
from ticketsync.providers.wix.transaction_fields import (
    order_number_of,
    refunds_in,
    transaction_id_of,
)

OPEN_REFUNDS = timedelta(days=14)  # a refund may still succeed or fail after that long
OVERLAP = timedelta(minutes=5)
FRESH = timedelta(hours=6)  # may have been sold after the transactions were read
ORDERS_AT_ONCE = 100
EVENTS_AT_ONCE = 100
TRANSACTIONS_AT_ONCE = 1000
NUMBERS_AT_ONCE = 50
FIELDSETS = ("DETAILS", "INVOICE", "TICKETS")
EVENT_FIELDS = ("DETAILS", "REGISTRATION", "URLS")


class WixFetcher:
    """
    Reads orders and the transactions that hold their refunds. Every method raises the
    client's errors.
    """

    def __init__(self, api: ApiClient, options: Options) -> None:
        self.api = api
        self.site_id = options.get("site_id", "")
        self._definitions = DefinitionList(api)
        self._guests = GuestList(api)
        self._transactions: dict[str, Raw] | None = None
        self._transaction_ids: dict[str, list[str]] = {}  # by order number

    def identify(self) -> records.Identity:
        response = self.api.get("/site-properties/v4/properties")
        site = response.get("properties") or {}
        # A request for events proves that the Events app is installed.
        events = rows_of(self.api, self._query_events(0, 1), "events")
        owners = tuple(owner for event in events if (owner := self.owner_of(event)))
        name = site.get("businessName") or site.get("siteDisplayName") or "a site"
        currency = str(site.get("paymentCurrency") or "").upper() or None
        return records.Identity(
            self.site_id or None, str(name), currency, owners=owners
        )

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
            envelope_key="pagingMetadata",
        ):
            yield Page("event", rows)

    def fetch_ticket_types(
        self, provider_occurrence_ids: Sequence[str]
    ) -> Iterator[Page]:
        for found in self._definitions.read(provider_occurrence_ids):
            yield Page("ticket_type", found)

    def fetch_orders(
        self, provider_occurrence_id: str, bookmark: str | None
    ) -> Iterator[Page]:
        return self._orders({"eventId": provider_occurrence_id})

    def fetch_all_orders(
        self, bookmark: str | None, estimate: OrderEstimate, *, workers: int
    ) -> Iterator[Page]:
        listed: set[str] = set()
        with_guests: set[str] = set()
        for page in self._orders({}):
            listed |= {str(raw["id"]) for raw in page.records}
            with_guests |= {
                str(raw["id"]) for raw in page.records if _has_guests(raw["order"])
            }
            yield page
        checks = self._guests.compare(listed, with_guests)
        yield Page("order", [], cross_checks=checks)

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]:
        """
        Raises `InvalidResponse` if a list of changes is incomplete.
        """
        since = clock.from_iso(watermark)
        if self.api.is_ahead(since):
            yield from self._orders({})
            return
        guests = list(self._guests.changed(since - OVERLAP))
        times = (reading.sortable(str(g.get("updatedDate") or "")) for g in guests)
        # They say which old orders changed: where the list of guests is incomplete, the
        # next read must begin before what it lacks.
        latest = max([watermark, *times])
        for page in self._recent_orders(since, guests):
            yield replace(page, latest=latest)

    def fetch_order(self, provider_order_id: str, provider_occurrence_id: str) -> Raw:
        path = f"/events/v1/events/{provider_occurrence_id}/orders/{provider_order_id}"
        response = self.api.get(path, {"fieldset": FIELDSETS})
        return self._assemble_order(reading.mapping(response, "order"))

    def watermark_of(self, raw: Raw) -> str:
        order = raw["order"]
        times = [order.get("updated"), order.get("created")]
        return max(
            (reading.sortable(time) for time in times if isinstance(time, str)),
            default="",
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

    # Orders

    def _orders(self, filters: Params) -> Iterator[Page]:
        # Transactions first: an order that is placed meanwhile may lack its own.
        self._read_transactions()
        for rows in self._order_pages({**filters, "sort": "created:asc"}):
            yield Page("order", [self._assemble_order(row) for row in rows])

    def _recent_orders(self, since: datetime, guests: Sequence[Raw]) -> Iterator[Page]:
        """
        The orders that these guests belong to, that have a recent refund or are new.
        """
        events = events_of_orders(guests)
        of_guests = [str(g["orderNumber"]) for g in guests if g.get("orderNumber")]
        numbers = list(
            dict.fromkeys([*of_guests, *self._numbers_with_open_refunds(since)])
        )
        for begin in range(0, len(numbers), NUMBERS_AT_ONCE):
            batch = numbers[begin : begin + NUMBERS_AT_ONCE]
            yield from self._orders_by_number(batch, events)
        yield from self._new_orders(since - OVERLAP, frozenset(numbers))

    def _orders_by_number(
        self, numbers: Sequence[str], events: Mapping[str, str]
    ) -> Iterator[Page]:
        """
        These orders. What the list lacks is requested alone, since orders can be
        deleted: that needs its event, known from `events` or from a guest. An order
        that only a payment names may belong to the site's shop.

        Raises `InvalidResponse` if the list lacks most of those that exist.
        """
        listed: set[str] = set()
        for page in self._orders({"orderNumber": list(numbers)}):
            listed |= {str(raw["id"]) for raw in page.records}
            yield page
        missing = [number for number in numbers if number not in listed]
        by_number = self._fetch_individually(missing, events)
        existing = [raw for raw in by_number.values() if raw is not None]
        unknown = [number for number, raw in by_number.items() if raw is None]
        if by_number:
            yield Page("order", existing, unknown_ids=unknown)
        total = len(listed) + len(existing)
        if is_mostly_missing(len(existing), total):
            raise self.api.incomplete("orders", len(listed), total)

    def _fetch_individually(
        self, numbers: Sequence[str], events: Mapping[str, str]
    ) -> dict[str, Raw | None]:
        """
        These orders by number, `None` for one that the site does not know. Those whose
        event is unknown are left out.
        """
        without_event = [number for number in numbers if number not in events]
        if without_event:
            events = {
                **events,
                **events_of_orders(self._guests.of_orders(without_event)),
            }
        orders: dict[str, Raw | None] = {}
        for number in numbers:
            if number not in events:
                continue
            try:
                orders[number] = self.fetch_order(number, events[number])
            except InvalidResponse as error:
                if error.word != "endpoint-gone":
                    raise
                orders[number] = None
        return orders

    def _new_orders(self, since: datetime, known: Collection[str]) -> Iterator[Page]:
        """
        Orders placed since, apart from the `known` ones. They may have no guests yet.

        Raises `InvalidResponse` if the site lists no order at all, although it had
        some.
        """
        edge = f"{since:%Y-%m-%dT%H:%M:%SZ}"
        for number, rows in enumerate(self._order_pages({"sort": "created:desc"})):
            if not rows and not number:
                raise self.api.invalid_response(
                    "no longer lists any order", "list-incomplete"
                )
            recent = [
                row for row in rows if reading.sortable(str(row.get("created"))) >= edge
            ]
            new = [row for row in recent if row["orderNumber"] not in known]
            if new:
                yield Page("order", [self._assemble_order(row) for row in new])
            if len(recent) < len(rows):
                return

    def _order_pages(self, filters: Params) -> Iterator[Sequence[Row]]:
        def request(offset: int) -> Any:
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

        return self._by_offset(request, "orders", "orderNumber", ORDERS_AT_ONCE)

    def _by_offset(
        self,
        request: Callable[[int], Any],
        key: str,
        id_field: str,
        page_size: int,
        *,
        envelope_key: str = "",
    ) -> Iterator[Sequence[Row]]:
        """
        The pages of a list up to its `total`, which is found in the response itself or
        below `envelope_key`.

        Raises `InvalidResponse` if pages repeat or end before that.
        """

        def request_page(offset: int) -> RowPage[Any]:
            envelope = request(offset)
            rows = rows_of(self.api, envelope, key, id_field)
            paging = (envelope.get(envelope_key) or {}) if envelope_key else envelope
            total = None if paging.get("tooManyToCount") else paging.get("total")
            return RowPage(rows, total=total if type(total) is int else None)

        return by_offset(
            self.api, key, request_page, page_size=page_size, id_field=id_field
        )

    # Transactions

    def _numbers_with_open_refunds(self, since: datetime) -> Iterator[str]:
        """
        Numbers of orders with a pending refund, or with one made since.
        """
        edge = f"{min(since, clock.now()) - OPEN_REFUNDS:%Y-%m-%dT%H:%M:%SZ}"
        for transaction in self._read_transactions().values():
            number = order_number_of(transaction)
            for refund in refunds_in(transaction):
                is_pending = str(refund.get("status")).lower() == "pending"
                is_new = reading.sortable(str(refund.get("createdAt"))) >= edge
                if (is_pending or is_new) and number:
                    yield number

    def _read_transactions(self) -> Mapping[str, Raw]:
        """
        Every payment of the site by its id: no filter finds a late refund of an old
        sale, so all transactions are read, once a run.
        """
        if self._transactions is not None:
            return self._transactions
        transactions: dict[str, Raw] = {}
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
            envelope_key="pagination",
        ):
            transactions |= {row["transactionId"]: row for row in rows}
        for id_, row in transactions.items():
            self._transaction_ids.setdefault(order_number_of(row), []).append(id_)
        self._transactions = transactions
        return transactions

    def _assemble_order(self, order: Raw) -> Raw:
        """
        Our raw record: the order with the refunds of its payment, and of every other
        payment made for it.
        """
        transactions = self._read_transactions()
        number = str(order["orderNumber"])
        ids = dict.fromkeys(
            [transaction_id_of(order), *self._transaction_ids.get(number, ())]
        )
        known_ids = [id_ for id_ in ids if id_ in transactions]
        refunds = [
            {**refund, "orderNumber": order_number_of(transactions[id_])}
            for id_ in known_ids
            for refund in refunds_in(transactions[id_])
        ]
        raw = {
            "id": order["orderNumber"],
            "order": order,
            "refunds": sorted(refunds, key=_id_and_status),
        }
        if known_ids or not _is_fresh(order):
            raw["transaction"] = known_ids[0] if known_ids else None
        return raw


def _has_guests(order: Raw) -> bool:
    """
    Whether an order must have guests: it is paid, and they were made by now.
    """
    status = ORDER_STATUS.get(str(order.get("status")).lower())
    return status is OrderStatus.PAID and not _is_fresh(order)


def _id_and_status(refund: Raw) -> tuple[str, str]:
    return str(refund.get("refundId")), str(refund.get("status"))


def _is_fresh(order: Raw) -> bool:
    """
    Whether its transaction may not have existed when the transactions were read.
    """
    time = reading.sortable(str(order.get("updated") or order.get("created")))
    return time >= f"{clock.now() - FRESH:%Y-%m-%dT%H:%M:%SZ}"
