"""
Wix Events.

API       https://dev.wix.com/docs/rest: events V3, orders V1, guests V2, payments V2
Words     siblings of one `categoryId` are our Event, each their event our Occurrence
Auth      the raw API key in `Authorization`, no `Bearer`; `wix-site-id` beside it
Pages     by offset and limit; four different envelopes
Surprise  an order without its three fieldsets looks valid and says nothing true
Surprise  no filter by change on orders: guests have one, refunds only stand in the
          payment transactions, an order never tells that money went back
Surprise  a weekly show is one independent event per date
Surprise  `revenue` is what is left of the total after Wix's own fee only; what the
          card processor keeps is not told: the fees of a paid order are unknown

Unverified, and therefore handled tolerantly:
- that every change of an order but a refund moves one of its guests (the daily sweep
  reads everything);
- that a transaction's id is the order's `transactionId`; its `wixAppOrderId` is
  taken where it is not;
- that a cancelled order that was never seen paid, and of which nothing went back,
  was never paid;
- that guests are found by several order numbers at once;
- that an order that was deleted answers 404 when it is asked for alone;
- a transaction list that answers 403 lacks a permission: nothing is read then,
  because refunds would be missed silently.

A gift card is a way of paying, so gross is the grand total with it. RSVP and external
events are listed and sell nothing here. An order that has no invoice comes to its
`totalPrice`; what of it are fees is unknown.

An order and its refunds come from two lists; our raw record is
`{"id", "order": …, "refunds": […], "transaction": …}`: the id under which the site's
transactions hold its payment, `null` where they lack it and should not. Such an order,
and one that has lost a refund, its invoice or its tickets since it was last read,
contradicts itself and stays as it was.
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
from typing import Any, ClassVar

from ticketsync.core import clock, money, records
from ticketsync.core.completeness import is_mostly_missing
from ticketsync.core.errors import (
    CONTRADICTION,
    InvalidResponse,
    UnreadableRecord,
)
from ticketsync.core.records import OccurrenceStatus, OrderStatus, TicketStatus
from ticketsync.core.redact import Secret
from ticketsync.net import hooks
from ticketsync.net.client import ApiClient, ErrorExplanation, Params
from ticketsync.net.hooks import Delivery, Hint, HookCard
from ticketsync.net.paging import rows_of
from ticketsync.providers import reading
from ticketsync.providers.base import (
    LISTING,
    Budget,
    Capabilities,
    CrossCheck,
    Extent,
    Options,
    Page,
    ProviderSpec,
    Raw,
)
from ticketsync.providers.options import Option

EVENT_STATUS = {
    "upcoming": OccurrenceStatus.ON_SALE,
    "started": OccurrenceStatus.CLOSED,
    "ended": OccurrenceStatus.CLOSED,
    "canceled": OccurrenceStatus.CANCELLED,
    "draft": OccurrenceStatus.DRAFT,
}
ORDER_STATUS = {
    "free": OrderStatus.PAID,
    "paid": OrderStatus.PAID,
    "partially_paid": OrderStatus.PAID,
    "offline_pending": OrderStatus.PENDING,
    "pending": OrderStatus.PENDING,
    "authorized": OrderStatus.PENDING,
    "initiated": OrderStatus.CANCELLED,
    "declined": OrderStatus.CANCELLED,
    "voided": OrderStatus.CANCELLED,
    "canceled": OrderStatus.CANCELLED,
}
# What a refund goes through: of one that is reported twice, the later word is true.
REFUND_STATUS = {
    word: rank
    for rank, word in enumerate(("pending", "succeeded", "failed", "reversed"))
}
REFUNDED = REFUND_STATUS["succeeded"]
BY_HAND = ("offline", "inperson", "cash")  # methods without a payment processor
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


def explain(status: int, body: Mapping[str, Any]) -> ErrorExplanation | None:
    """
    What an error answer means; codes stand in `details.applicationError`.
    """
    details = body.get("details")
    error = details.get("applicationError") if isinstance(details, dict) else None
    code = error.get("code") if isinstance(error, dict) else ""
    if status == 428 and code == "WIX_EVENTS_APP_NOT_INSTALLED":
        return ErrorExplanation(
            "the Wix Events app is not installed on this site",
            "Install Wix Events on the site, or use the id of the site that has it.",
        )
    if status == 401:
        return ErrorExplanation(
            "Wix does not know this API key",
            "Make one as the account's owner at manage.wix.com/account/api-keys.",
        )
    if status == 403:
        return ErrorExplanation(
            "this Wix key may not read that site",
            "Check the site id, and tick Wix Events, Site Properties and Payments for "
            "the key.",
        )
    return None


def _key_and_site(secret: Secret, options: Options) -> dict[str, Secret]:
    return {
        "Authorization": secret,
        "wix-site-id": Secret(options.get("site_id", "")),
    }


class Wix:
    spec = ProviderSpec(
        name="wix",
        title="Wix Events",
        base_url="https://www.wixapis.com",
        authenticate=_key_and_site,
        budget=Budget(requests=200, minutes=1),
        key_help="manage.wix.com/account/api-keys, as the account's owner",
        capabilities=Capabilities(
            reads_pricing=True,
            reads_attendees=True,
            writes_events=True,
            writes_pricing=True,
            recurring=True,
            reserved_seating=True,
            promo_codes=True,
        ),
        personal_fields=frozenset(
            (
                *("firstName", "lastName", "fullName", "email", "phone", "contactId"),
                *("memberId", "orderFullName", "guestFullName", "guestDetails"),
                *("checkoutForm", "form", "ticketsPdf", "ticketPdfUrl", "previewUrl"),
                *("walletPassUrl", "checkInUrl", "obfuscatedCode"),
            )
        ),
        options=(
            Option(
                "site_id",
                "the GUID after /dashboard/ in your site's dashboard address",
                is_required=True,
                pattern=r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
                sets_apart=True,
                names_owner=True,
            ),
        ),
        explain=explain,
        global_ids=frozenset((LISTING,)),
        limits="card processing fees are not told; webhooks only for a venue's own "
        "app; events by registration or sold elsewhere sell nothing here",
    )
    reports_changes: ClassVar[bool] = True

    def __init__(self, api: ApiClient, options: Options) -> None:
        self.api = api
        self._site = options.get("site_id", "")
        self._transactions: dict[str, Raw] | None = None
        self._of_order: dict[str, list[str]] = {}  # order number → transaction ids

    # The half that talks

    def identify(self) -> records.Identity:
        told = self.api.get("/site-properties/v4/properties")
        site = told.get("properties") or {}
        listed = self._query_events(0, 1)  # proves that the app is there
        found = rows_of(self.api, listed, "events", "id")
        owners = tuple(owner for event in found if (owner := self.owner_of(event)))
        name = site.get("businessName") or site.get("siteDisplayName") or "a site"
        currency = str(site.get("paymentCurrency") or "").upper() or None
        site_id = self._site or None
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

    webhooks: ClassVar[HookCard] = HookCard(
        is_signed=True,
        key_help="the public key of your own Wix app",
        steps=(
            "only an app of your own can subscribe: dev.wix.com → your app → Webhooks",
            "add the address {url} for the order and guest events of Wix Events",
            "give us the app's public key",
        ),
        kinds=("text/plain", "application/jwt", "application/jose", "application/json"),
    )

    @staticmethod
    def verify(delivery: Delivery, secrets: Sequence[Secret]) -> None:
        hooks.signed_token(delivery, secrets)

    @staticmethod
    def hint(delivery: Delivery) -> Hint:
        """
        Two envelopes, each a JSON text inside the other; of both only which order.
        """
        claims = delivery.body.strip().split(b".")[1]
        outer = hooks.claims_of(claims).get("data")
        told = hooks.json_object(outer if isinstance(outer, str) else "")
        event = str(told.get("eventType") or "").removeprefix("wix.")
        inner = hooks.json_object(
            told["data"] if isinstance(told.get("data"), str) else "{}"
        )
        entity = inner
        for step in ("createdEvent", "updatedEvent", "actionEvent"):
            if isinstance(inner.get(step), dict):
                body = inner[step]
                entity = body.get("entity") or body.get("currentEntity") or body
        entity = entity if isinstance(entity, dict) else {}
        number = hooks.text(entity.get("orderNumber"), r"[\w-]{1,60}")
        date = hooks.text(entity.get("eventId"), r"[\w-]{1,60}")
        key = hooks.text(inner.get("id"), r"[\w-]{1,100}")
        if not key and number:
            key = f"{event} {number} {entity.get('timestamp') or ''}"[:200]
        if "Reservation" in event or "OrderInitiated" in event:
            return Hint(key, event, hooks.NOTHING)
        if number and date:
            return Hint(key, event, hooks.ORDER, number, date)
        if event.startswith(("events.guests", "payments.refunds", "events.ticketing")):
            return Hint(key, event, hooks.ACCOUNT)
        return Hint(key, event, hooks.NOTHING)

    def watermark_of(self, raw: Raw) -> str:
        order = raw["order"]
        moments = [order.get("updated"), order.get("created")]
        return max(
            (reading.sortable(m) for m in moments if isinstance(m, str)), default=""
        )

    def provider_occurrence_id_of(self, raw: Raw) -> str:
        return str(raw["order"].get("eventId") or "")

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
            number = _order_number(transaction)
            for refund in _refunds_in(transaction):
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
            self._of_order.setdefault(_order_number(row), []).append(id_)
        self._transactions = found
        return found

    def _whole(self, order: Raw) -> Raw:
        """
        An order with the refunds of its payment, and of every other one made for it.
        """
        transactions = self._read_transactions()
        number = str(order["orderNumber"])
        named = _transaction_of(order)
        ids = dict.fromkeys([named, *self._of_order.get(number, ())])
        there = [id_ for id_ in ids if id_ in transactions]
        refunds = [
            {**refund, "orderNumber": _order_number(transactions[id_])}
            for id_ in there
            for refund in _refunds_in(transactions[id_])
        ]
        found = {
            "id": order["orderNumber"],
            "order": order,
            "refunds": sorted(refunds, key=_by_id_and_status),
        }
        if there or not _is_fresh(order):
            found["transaction"] = there[0] if there else None
        return found

    # The half that understands

    def read_event(self, raw: Raw) -> records.Event:
        event_id = reading.text(raw, "id")
        name = reading.text(raw, "title")
        when = reading.mapping(raw, "dateAndTimeSettings")
        series = reading.text_or_none(when.get("recurringEvents") or {}, "categoryId")
        occurrence = _read_occurrence(
            raw, when, event_id, series or event_id, self._site
        )
        return records.Event(
            series or event_id,
            name,
            occurrence.url,
            (occurrence,),
            is_listing=series is None,
        )

    def with_earlier(self, raw: Raw, earlier: Sequence[Raw]) -> Raw:
        """
        The record with whether it was ever seen paid, since a cancelled one does not
        tell, and with what it had before, which does not go away by itself.
        """
        statuses = {str(version["order"].get("status")).lower() for version in earlier}
        refunds = {
            str(refund.get("refundId"))
            for version in earlier
            for refund in version["refunds"]
            if str(refund.get("status")).lower() == "succeeded"
        }
        return {
            **raw,
            "was_paid": bool(statuses & {"paid", "partially_paid"}),
            "earlier": {
                "refunds": sorted(refunds),
                "invoice": any(version["order"].get("invoice") for version in earlier),
                "transaction": any(version.get("transaction") for version in earlier),
            },
        }

    def read_people(self, raw: Raw) -> records.People:
        order = raw.get("order") or {}

        def one(ticket: Raw) -> tuple[Any, records.Person]:
            guest = ticket.get("guestDetails") or {}
            return ticket["ticketNumber"], reading.person(
                guest.get("firstName"),
                guest.get("lastName"),
                email=guest.get("email"),
                phone=guest.get("phone"),
            )

        return reading.people(
            reading.person(
                order.get("firstName"), order.get("lastName"), email=order.get("email")
            ),
            map(one, order.get("tickets") or ()),
        )

    def read_order(self, raw: Raw) -> records.Order:
        order = reading.mapping(raw, "order")
        if order.get("status") == "NA_ORDER_STATUS":
            raise UnreadableRecord(
                "its details were not sent; the key may lack a permission",
                word="details-missing",
            )
        status = reading.word(order, "status", ORDER_STATUS)
        invoice = _Invoice(order)
        _refuse_contradiction(raw, order, status, invoice)
        refunds = tuple(_read_refunds(reading.rows(raw, "refunds"), invoice.currency))
        was_paid = status is OrderStatus.PAID or bool(refunds or raw.get("was_paid"))
        if status is OrderStatus.PENDING:
            was_paid = False
        due = _due(order, invoice.currency) if status is OrderStatus.PAID else 0
        charged = invoice.total - due if was_paid else 0
        tickets = _read_tickets(order, invoice)
        beside = invoice.total - sum(ticket.face for ticket in tickets)
        return records.Order(
            id=reading.text(order, "orderNumber"),
            occurrence_id=reading.text(order, "eventId"),
            status=status,
            placed_at=reading.moment(order, "created"),
            currency=invoice.currency,
            total=invoice.total,
            charged=charged,
            tickets=tickets,
            buyer_fees=invoice.added_fees if invoice.is_reported else beside,
            tax=invoice.tax,
            tax_on_top=invoice.tax_on_top,
            discounts=invoice.discount,
            fees=_fees(order, invoice, charged)
            if invoice.is_reported or not charged
            else None,
            refunds=refunds if was_paid else (),
            channel=str(order.get("channel") or "").lower(),
            payment_reference=_transaction_of(order) or None,
            doubt=invoice.doubt(sum(refund.amount for refund in refunds), charged),
        )


def _events_of(guests: Iterable[Raw]) -> dict[str, str]:
    """
    The numbers of the orders that these guests are of, each with its event.
    """
    return {
        str(guest["orderNumber"]): str(guest["eventId"])
        for guest in guests
        if guest.get("orderNumber") and guest.get("eventId")
    }


def _transaction_of(order: Raw) -> str:
    nested = (order.get("paymentDetails") or {}).get("transaction") or {}
    return str(nested.get("transactionId") or order.get("transactionId") or "")


def _order_number(transaction: Raw) -> str:
    described = (transaction.get("order") or {}).get("description") or {}
    return str(described.get("wixAppOrderId") or "")


def _refunds_in(transaction: Raw) -> list[Raw]:
    return list(transaction.get("refunds") or ())


def _by_id_and_status(refund: Raw) -> tuple[str, str]:
    return str(refund.get("refundId")), str(refund.get("status"))


def _is_fresh(order: Raw) -> bool:
    moment = reading.sortable(str(order.get("updated") or order.get("created")))
    return moment >= f"{clock.now() - FRESH:%Y-%m-%dT%H:%M:%SZ}"


def _refuse_contradiction(
    raw: Raw, order: Raw, status: OrderStatus, invoice: _Invoice
) -> None:
    """
    What this order names, or had before, must be there.
    """
    before = raw.get("earlier") or {}
    there = {str(refund.get("refundId")) for refund in reading.rows(raw, "refunds")}
    for id_ in before.get("refunds") or ():
        if id_ not in there:
            raise UnreadableRecord(
                f"the site's transactions no longer hold its refund {id_}",
                word=CONTRADICTION,
            )
    if before.get("invoice") and not invoice.is_reported:
        raise UnreadableRecord("it no longer has an invoice", word=CONTRADICTION)
    if status is not OrderStatus.PAID:
        return
    if not reading.rows(order, "tickets") and order.get("ticketsQuantity"):
        raise UnreadableRecord(
            f"it has {order['ticketsQuantity']} tickets and none of them was sent",
            word=CONTRADICTION,
        )
    lacks = before.get("transaction") or ("transaction" in raw and _is_by_card(order))
    if invoice.total and lacks and not raw.get("transaction"):
        raise UnreadableRecord(
            f"the site's transactions lack its payment {_transaction_of(order)}",
            word=CONTRADICTION,
        )


def _is_by_card(order: Raw) -> bool:
    method = str(order.get("method") or "").lower()
    return bool(_transaction_of(order)) and method not in BY_HAND


def _amount(raw: Raw, name: str, currency: str) -> int:
    """
    A Money object: `value` first, the older `amount` where it is missing.
    """
    told = raw.get(name)
    if told is None:
        return 0
    if told.get("currency") not in (None, "", currency):
        raise UnreadableRecord(f"{name} is in {told['currency']}, not in {currency}")
    return reading.amount(
        told, "value" if told.get("value") is not None else "amount", currency
    )


class _Invoice:
    """
    The money of an order in minor units; a free order may have no invoice.
    """

    def __init__(self, order: Raw) -> None:
        self.is_reported = order.get("invoice") is not None
        raw = reading.mapping(order, "invoice") if self.is_reported else {}
        price = order.get("totalPrice") or raw.get("grandTotal") or {}
        self.currency = reading.text(price, "currency").upper()
        money.exponent(self.currency)
        self.items = list(raw.get("items") or ())
        self.subtotal = self.of(raw, "subTotal")
        self.discount = self.of(raw.get("discount") or {}, "amount")
        tax = raw.get("tax") or {}
        self.tax = None if tax.get("amount") is None else self.of(tax, "amount")
        self.tax_on_top = bool(tax) and str(tax.get("type")).upper() != "INCLUDED"
        self.fees = [
            (str(fee.get("type") or "").upper(), self.of(fee, "amount"))
            for fee in raw.get("fees") or ()
        ]
        self.total = (
            self.of(raw, "grandTotal")
            if raw.get("grandTotal")
            else self.of(order, "totalPrice")
        )

    def of(self, raw: Raw, name: str) -> int:
        return _amount(raw, name, self.currency)

    @property
    def added_fees(self) -> int:
        return sum(amount for kind, amount in self.fees if "ADDED" in kind)

    @property
    def faces(self) -> int:
        return self.subtotal - self.discount

    def doubt(self, refunded: int, charged: int) -> str | None:
        on_top = (self.tax or 0) if self.tax_on_top else 0
        parts = self.faces + on_top + self.added_fees
        if self.is_reported and parts != self.total:
            ours, theirs = (
                money.decimal_text(a, self.currency) for a in (parts, self.total)
            )
            return f"its invoice comes to {ours} {self.currency}, not to {theirs}"
        if refunded > charged:
            ours, theirs = (
                money.decimal_text(a, self.currency) for a in (refunded, charged)
            )
            return f"refunded {ours} of {theirs} {self.currency} paid"
        return None


def _due(order: Raw, currency: str) -> int:
    """
    What a partly paid order still owes.
    """
    if str(order.get("status")).upper() != "PARTIALLY_PAID":
        return 0
    return _amount(order.get("balanceSummary") or {}, "balance", currency)


def _fees(
    order: Raw, invoice: _Invoice, charged: int
) -> tuple[records.Fee, ...] | None:
    """
    Wix's own fee; where a card was used, its processor kept something that is not
    reported.
    """
    if not charged:
        return ()
    kept = sum(amount for _, amount in invoice.fees)
    own = (records.Fee("Wix service fee", kept),) if kept else ()
    if str(order.get("method") or "").lower() in ("offline", "inperson", "cash"):
        return own
    return (*own, records.Fee("Card processing", None)) if own else None


def _read_refunds(raws: list[Raw], currency: str) -> Iterator[records.Refund]:
    """
    What went back, each once however often it is reported.
    """
    ranks: dict[str, int] = {}
    found: dict[str, records.Refund] = {}
    for raw in raws:
        refund = records.Refund(
            reading.text(raw, "refundId"),
            reading.amount(raw, "amount", currency),
            reading.moment(raw, "createdAt") if raw.get("createdAt") else None,
        )
        rank = reading.word(raw, "status", REFUND_STATUS)
        if found.setdefault(refund.id, refund).amount != refund.amount:
            raise UnreadableRecord(f"its refund {refund.id} has two amounts")
        ranks[refund.id] = max(rank, ranks.get(refund.id, rank))
    yield from (it for id_, it in found.items() if ranks[id_] == REFUNDED)


def _read_tickets(order: Raw, invoice: _Invoice) -> tuple[records.Ticket, ...]:
    """
    The tickets; their prices are the invoice's, divided by list price: what stands on
    a ticket is not what was paid for it.
    """
    prices = {str(item.get("id")): invoice.of(item, "price") for item in invoice.items}
    raws = list(order.get("tickets") or ())
    listed = [_listed(raw, prices, invoice) for raw in raws]
    # Without an invoice only list prices are known, and never more than was paid.
    faced = invoice.faces if invoice.is_reported else min(sum(listed), invoice.total)
    faces = money.split(faced, listed) if raws else []
    return tuple(
        records.Ticket(
            id=reading.text(raw, "ticketNumber"),
            occurrence_id=reading.text(order, "eventId"),
            type_id=str(raw.get("ticketDefinitionId") or ""),
            type_name=reading.text_or_none(raw, "name") or "Ticket",
            status=TicketStatus.VOID if raw.get("canceled") else TicketStatus.VALID,
            checked_in=bool(raw.get("checkIn")),
            face=face,
            listed=price,
        )
        for raw, price, face in zip(raws, listed, faces, strict=True)
    )


def _listed(raw: Raw, prices: Mapping[str, int], invoice: _Invoice) -> int:
    details = raw.get("ticketDetails") or {}
    for id_ in (details.get("pricingOptionId"), raw.get("ticketDefinitionId")):
        if str(id_) in prices:
            return prices[str(id_)]
    return invoice.of(raw, "price")


def _read_occurrence(
    raw: Raw, when: Raw, event_id: str, series: str, site: str
) -> records.Occurrence:
    zone = reading.text_or_none(when, "timeZoneId") or "UTC"
    clock.zone(zone)
    is_dated = bool(when.get("startDate")) and not when.get("dateAndTimeTbd")
    registration = raw.get("registration") or {}
    status = reading.word(raw, "status", EVENT_STATUS)
    is_closed = str(registration.get("status") or "").startswith("CLOSED")
    if status is OccurrenceStatus.ON_SALE and is_closed:
        status = OccurrenceStatus.CLOSED
    page = raw.get("eventPageUrl") or {}
    url = f"{page.get('base') or ''}{page.get('path') or ''}" or None
    currency = reading.text_or_none(registration.get("tickets") or {}, "currency")
    return records.Occurrence(
        id=event_id,
        event_id=series,
        name=reading.text(raw, "title"),
        starts_at=reading.moment(when, "startDate")
        if is_dated
        else clock.from_epoch(0),
        ends_at=reading.moment(when, "endDate") if when.get("endDate") else None,
        timezone=zone,
        status=status,
        capacity=None,
        currency=currency.upper() if currency else None,
        venue=reading.text_or_none(raw.get("location") or {}, "name"),
        url=url,
        listed_at=reading.moment(raw, "createdDate")
        if raw.get("createdDate")
        else None,
        issued=None,
        ordered=None,
        fingerprint="",
        dashboard_url=f"https://manage.wix.com/dashboard/{site}/events"
        if site
        else None,
        is_dated=is_dated,
    )
