"""
Square.

API       https://developer.squareup.com (REST v2, Square-Version 2025-08-20)
Words     a catalogue item is our Event, each of its variations an Occurrence: Square
          knows no dates, so a person says in `link` which show a variation is for
Auth      `Authorization: Bearer`, a personal access token or OAuth
Pages     opaque cursors; a missing one is the last page
Surprise  payments without a location are those of the main one only, and of one year
          only: every location is asked, with the whole time stated
Surprise  processing fees appear minutes after the payment; until then unknown, not 0
Surprise  a refund of items is an order of its own, which looks like a sale
Surprise  a paid order stays OPEN until it is fulfilled
Surprise  tips and service charges are inside `total_money`; quantities are texts

Everything sold on the account is read, drinks included: what is linked to no show
counts in none. A date written out in a variation's name (6 Mar 2026 7:30pm) is taken
as its time, in the zone of the first location; any other stays without a date.

Unverified, and therefore handled tolerantly:
- that a payment's `updated_at` moves when its fee appears (the sweep reads all);
- `GET /v2/refunds/{id}`, of which only the answer is known;
- a line of a custom amount has no catalogue id: its name is its occurrence;
- the forms of the dashboard addresses.

An order, its payments, refunds and returns come from several lists; our raw record
is `{"id", "order", "payments": […], "refunds": […], "returns": […]}`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from ticketsync.core import clock, money, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OccurrenceStatus, OrderStatus, TicketStatus
from ticketsync.core.redact import Secret
from ticketsync.net import hooks
from ticketsync.net.client import ApiClient, Meaning
from ticketsync.net.hooks import Delivery, Hint, HookCard
from ticketsync.net.paging import rows_of
from ticketsync.providers import reading
from ticketsync.providers.base import (
    OCCURRENCE,
    ORDER,
    Budget,
    Capabilities,
    Extent,
    Options,
    Page,
    ProviderSpec,
    Raw,
    Registered,
)

if TYPE_CHECKING:
    from ticketsync.net.oauth import OAuth

VERSION = "2025-08-20"
HOOK_EVENTS = (
    *("payment.created", "payment.updated", "refund.created", "refund.updated"),
    *("order.created", "order.updated", "catalog.version.updated"),
)
STATES = ("COMPLETED", "OPEN", "CANCELED")
ORDER_STATE = {
    "completed": OrderStatus.PAID,
    "open": OrderStatus.PENDING,
    "draft": OrderStatus.PENDING,
    "canceled": OrderStatus.CANCELLED,
}
PAYMENT_STATUS = {
    word: word for word in ("approved", "pending", "completed", "canceled", "failed")
}
REFUND_STATUS = {word: word for word in ("pending", "completed", "rejected", "failed")}
WITHOUT_FEE = ("CASH", "EXTERNAL")
BEGINNING = "2009-01-01T00:00:00Z"  # before Square was there
OVERLAP = timedelta(minutes=5)
ORDERS_AT_ONCE = 500
LOCATIONS_AT_ONCE = 10
IDS_AT_ONCE = 100
PAYMENTS_AT_ONCE = 100
CUSTOM = "custom:"
# What is kept of a payment or refund: they carry cards and people besides.
_KEPT = (
    *("id", "order_id", "payment_id", "location_id", "status", "source_type"),
    *("amount_money", "total_money", "tip_money", "refunded_money", "refund_ids"),
    *("processing_fee", "created_at", "updated_at"),
)


def explain(status: int, body: Mapping[str, Any]) -> Meaning | None:
    """
    What an error answer means: `errors[]` with category and code.
    """
    told = body.get("errors")
    codes = [str(e.get("code")) for e in told or () if isinstance(e, dict)]
    if "INSUFFICIENT_SCOPES" in codes or status == 403:
        return Meaning(
            "this Square token lacks a permission",
            "Allow MERCHANT_PROFILE_READ ORDERS_READ PAYMENTS_READ ITEMS_READ.",
        )
    if status == 401:
        return Meaning(
            "Square does not know this token, or it has expired",
            "Copy the production access token of your app in the Developer Console.",
        )
    return None


def _bearer(secret: Secret, options: Options) -> dict[str, Secret]:
    return {
        "Authorization": Secret(f"Bearer {secret.reveal()}"),
        "Square-Version": Secret(VERSION),
    }


def _oauth() -> OAuth:
    """
    The code flow: access tokens of 30 days, renewed with a refresh token.
    """
    from ticketsync.net.oauth import OAuth

    return OAuth(
        authorize_url="https://connect.squareup.com/oauth2/authorize",
        token_url="https://connect.squareup.com/oauth2/token",  # noqa: S106  # an address
        scopes=("MERCHANT_PROFILE_READ", "ORDERS_READ", "PAYMENTS_READ", "ITEMS_READ"),
        uses_pkce=True,
        sends_json=True,
    )


class Square:
    spec = ProviderSpec(
        name="square",
        title="Square",
        base_url="https://connect.squareup.com",
        authenticate=_bearer,
        budget=Budget(requests=600, minutes=1),
        key_help="developer.squareup.com → your app → Production → Access token",
        capabilities=Capabilities(
            reads_pricing=True, webhooks=True, real_time_sales=True, promo_codes=True
        ),
        personal_fields=frozenset(
            (
                *("buyer_email_address", "customer_id", "note", "ticket_name"),
                *("billing_address", "shipping_address", "fulfillments", "metadata"),
                *("receipt_url", "card_details", "customer_details", "reference_id"),
            )
        ),
        tells_fees=True,
        explain=explain,
        oauth=_oauth,
        global_ids=frozenset((OCCURRENCE, ORDER)),
        owner_is_account=True,
        limits="knows no dates and no check-ins: link its items to your shows",
    )
    tells_changes: ClassVar[bool] = True

    def __init__(self, api: ApiClient, options: Options) -> None:
        self.api = api
        self._places: list[Raw] | None = None

    # The half that talks

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
            fitting = [raw for raw in page.records if event_id in _dates_in(raw)]
            if fitting:
                yield Page("order", fitting)

    def fetch_all_orders(
        self, bookmark: str | None, extent: Extent, *, workers: int
    ) -> Iterator[Page]:
        return self._all_orders()

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]:
        since = clock.from_iso(watermark)
        if self.api.is_ahead(since):
            yield from self._all_orders()
            return
        edge = f"{since - OVERLAP:%Y-%m-%dT%H:%M:%SZ}"
        wanted = dict.fromkeys(self._changed(edge))
        ids = list(wanted)
        for begin in range(0, len(ids), IDS_AT_ONCE):
            orders = self._by_id(ids[begin : begin + IDS_AT_ONCE])
            yield Page("order", [self._gathered(order) for order in orders])

    def fetch_order(self, order_id: str, occurrence_id: str) -> Raw:
        found = self._by_id([order_id])
        if not found:
            raise self.api.nonsense(f"does not know the order {order_id}", "rejected")
        return self._gathered(found[0])

    webhooks: ClassVar[HookCard] = HookCard(
        is_signed=True,
        key_help="the signature key of the subscription",
        steps=(
            "Developer Console → your app → Webhooks → Subscriptions",
            "add a subscription with the address {url}, exactly so",
            "choose payment.*, refund.*, order.* and catalog.version.updated",
            "give us its signature key",
        ),
    )

    @staticmethod
    def verify(delivery: Delivery, secrets: Sequence[Secret]) -> None:
        hooks.address_hmac(delivery, "x-square-hmacsha256-signature", secrets)

    @staticmethod
    def hint(delivery: Delivery) -> Hint:
        """
        The object inside says which order; `data.id` may be another thing's.
        """
        told = hooks.json_object(delivery.body)
        event = str(told.get("type") or "")
        key = hooks.text(told.get("event_id"), r"[\w-]{1,100}")
        data = told.get("data")
        held = data.get("object") if isinstance(data, dict) else None
        thing = next(iter(held.values()), None) if isinstance(held, dict) else None
        thing = thing if isinstance(thing, dict) else {}
        if event.startswith(("payment.", "refund.", "order.")):
            order = hooks.text(thing.get("order_id"), r"[\w-]{1,100}")
            return Hint(key, event, hooks.ORDER if order else hooks.ACCOUNT, order)
        if event.startswith("catalog."):
            return Hint(key, event, hooks.LISTING)
        return Hint(key, event, hooks.NOTHING)

    def watermark_of(self, raw: Raw) -> str:
        parts = [raw["order"], *raw["payments"], *raw["refunds"], *raw["returns"]]
        moments = [part.get("updated_at") or part.get("created_at") for part in parts]
        return max(
            (reading.sortable(m) for m in moments if isinstance(m, str)), default=""
        )

    def event_of(self, raw: Raw) -> str:
        return next(iter(_dates_in(raw)), "")

    def _locations(self) -> list[Raw]:
        """
        All locations, closed ones too: they had sales.
        """
        if self._places is None:
            told = self.api.get("/v2/locations")
            self._places = list(told.get("locations") or ())
            if not self._places:
                raise self.api.nonsense("tells no location", "no-location")
        return self._places

    def _all_orders(self) -> Iterator[Page]:
        """
        Newest first, so that a return comes before the sale that it belongs to.
        """
        payments = _grouped(self._of_locations("/v2/payments", "payments"), "order_id")
        refunds = _grouped(self._of_locations("/v2/refunds", "refunds"), "payment_id")
        returns: dict[str, list[Raw]] = {}
        for orders in self._search("created_at", "CREATED_AT", BEGINNING, "DESC"):
            _note_returns(orders, returns)
            found = []
            for order in orders:
                if not _is_sale(order):
                    continue
                paid = payments.get(order["id"], [])
                back = [r for p in paid for r in refunds.get(p["id"], [])]
                found.append(_whole(order, paid, back, returns.get(order["id"], [])))
            yield Page("order", found)

    def _changed(self, since: str) -> Iterator[str]:
        """
        The sales of which anything changed: the order, a payment, a refund, a return.
        """
        for orders in self._search("updated_at", "UPDATED_AT", since, "ASC"):
            for order in orders:
                if _is_sale(order):
                    yield str(order["id"])
                for part in order.get("returns") or ():
                    if part.get("source_order_id"):
                        yield str(part["source_order_id"])
        changed = {"updated_at_begin_time": since, "sort_field": "UPDATED_AT"}
        paid: dict[str, str] = {}
        for payment in self._of_locations("/v2/payments", "payments", changed):
            if payment.get("order_id"):
                paid[payment["id"]] = str(payment["order_id"])
                yield paid[payment["id"]]
        for refund in self._of_locations("/v2/refunds", "refunds", changed):
            id_ = str(refund.get("payment_id") or "")
            if id_ and id_ not in paid:
                paid[id_] = str(self._payment(id_).get("order_id") or "")
                if paid[id_]:
                    yield paid[id_]

    def _gathered(self, order: Raw) -> Raw:
        """
        One sale with what belongs to it, asked one by one.
        """
        ids = [t.get("payment_id") for t in order.get("tenders") or ()]
        payments = [self._payment(str(id_)) for id_ in ids if id_]
        refunds = [
            _slim(reading.mapping(self.api.get(f"/v2/refunds/{id_}"), "refund"))
            for payment in payments
            for id_ in payment.get("refund_ids") or ()
        ]
        back = [str(r["order_id"]) for r in refunds if r.get("order_id")]
        returns: dict[str, list[Raw]] = {}
        if back:
            _note_returns(self._by_id(back), returns)
        return _whole(order, payments, refunds, returns.get(order["id"], []))

    def _payment(self, id_: str) -> Raw:
        told = self.api.get(f"/v2/payments/{id_}")
        return _slim(reading.mapping(told, "payment"))

    def _by_id(self, ids: Sequence[str]) -> list[Raw]:
        told = self.api.query("/v2/orders/batch-retrieve", {"order_ids": list(ids)})
        orders: list[Raw] = list(told.get("orders") or ())
        return orders

    def _of_locations(
        self, path: str, key: str, query: Mapping[str, str] | None = None
    ) -> Iterator[Raw]:
        for place in self._locations():
            asked = {"begin_time": BEGINNING, **(query or {})}
            asked |= {"location_id": str(place["id"]), "sort_order": "ASC"}
            for rows in self._list(path, key, {**asked, "limit": PAYMENTS_AT_ONCE}):
                for row in rows:
                    yield _slim(row)

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
                raise self.api.nonsense("answered with errors inside", "rejected")
            yield envelope
            cursor = str(envelope.get("cursor") or "")
            if not cursor:
                return
            if cursor in seen:
                raise self.api.nonsense(
                    "repeats the same page for ever", "pagination-loop"
                )
            seen.add(cursor)
            more = {"cursor": cursor}

    def register_webhook(self, url: str) -> Registered:
        """
        A subscription of the application that the key belongs to. Its path and shape
        are not in the documents at hand **(unverified)**; a refusal is told.
        """
        answer = self.api.tell(
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

    # The half that understands

    def read_event(self, raw: Raw) -> records.Event:
        item = reading.mapping(raw, "item")
        data = reading.mapping(item, "item_data")
        event_id = reading.text(item, "id")
        name = reading.text(data, "name")
        url = reading.text_or_none(data, "ecom_uri")
        zone = reading.text_or_none(raw, "timezone") or "UTC"
        return records.Event(
            event_id,
            name,
            url,
            tuple(
                _read_variation(variation, event_id, name, url, zone, raw)
                for variation in data.get("variations") or ()
                if not variation.get("is_deleted")
            ),
        )

    def events_in(self, raw: Raw) -> Sequence[records.Event]:
        """
        What the lines sold, for items that the catalogue has no more, or never had.
        """
        found = []
        order = reading.mapping(raw, "order")
        currency = reading.text(reading.mapping(order, "total_money"), "currency")
        for line in order.get("line_items") or ():
            id_ = _date_of(line)
            name = _line_name(line)
            found.append(
                records.Event(
                    f"line:{id_}",
                    name,
                    None,
                    (
                        _undated(
                            id_,
                            f"line:{id_}",
                            name,
                            currency,
                            fingerprint=records.FROM_ORDERS,
                        ),
                    ),
                )
            )
        return found

    def read_people(self, raw: Raw) -> records.People:
        """
        Only the e-mail address of a payment, where the buyer gave one.
        """
        told = [p.get("buyer_email_address") for p in raw.get("payments") or ()]
        return reading.people(reading.person(email=next(filter(None, told), None)), ())

    def read_order(self, raw: Raw) -> records.Order:
        order = reading.mapping(raw, "order")
        currency = reading.text(reading.mapping(order, "total_money"), "currency")
        money.exponent(currency)
        total = _money(order, "total_money", currency)
        payments = [
            p
            for p in reading.rows(raw, "payments")
            if reading.word(p, "status", PAYMENT_STATUS) == "completed"
        ]
        paid = sum(_money(p, "total_money", currency) for p in payments)
        status = reading.word(order, "state", ORDER_STATE)
        if status is OrderStatus.PENDING and payments and paid >= total:
            status = OrderStatus.PAID
        charged = paid if payments or status is not OrderStatus.PAID else total
        refunds = tuple(_read_refunds(raw, currency))
        tickets = tuple(_read_lines(raw, order, currency))
        tip = _money(order, "total_tip_money", currency)
        known = sum(ticket.face + ticket.fee for ticket in tickets) + tip
        return records.Order(
            id=reading.text(order, "id"),
            occurrence_id=next(iter(_dates_in(raw)), None),
            status=status,
            placed_at=reading.moment(order, "created_at"),
            currency=currency,
            total=total,
            charged=charged,
            tickets=tickets,
            buyer_fees=max(0, total - known),
            tax=_money(order, "total_tax_money", currency),
            addons=tip,
            discounts=_money(order, "total_discount_money", currency),
            fees=_fees(payments, raw, currency),
            refunds=refunds,
            channel=str((order.get("source") or {}).get("name") or "").lower(),
            payment_reference=str(payments[0]["id"]) if payments else None,
            doubt=_doubt(status, total, charged, known, refunds, currency),
        )


def _rows(api: ApiClient, envelope: Any, key: str) -> list[dict[str, Any]]:
    """
    An empty list is left out of the answer.
    """
    return rows_of(api, envelope, key) if key in envelope else []


def _slim(raw: Raw) -> dict[str, Any]:
    return {name: raw[name] for name in _KEPT if name in raw}


def _grouped(rows: Iterable[Raw], name: str) -> dict[str, list[Raw]]:
    found: dict[str, list[Raw]] = {}
    for row in rows:
        if row.get(name):
            found.setdefault(str(row[name]), []).append(row)
    return found


def _is_sale(order: Raw) -> bool:
    """
    An order that only takes back what another one sold is no sale.
    """
    return bool(order.get("line_items")) or not order.get("returns")


def _note_returns(orders: Iterable[Raw], returns: dict[str, list[Raw]]) -> None:
    for order in orders:
        for part in order.get("returns") or ():
            source = str(part.get("source_order_id") or "")
            lines = list(part.get("return_line_items") or ())
            slim = {
                "id": order["id"],
                "updated_at": order.get("updated_at"),
                "return_line_items": lines,
            }
            returns.setdefault(source, []).append(slim)


def _whole(
    order: Raw, payments: Sequence[Raw], refunds: Sequence[Raw], returns: Sequence[Raw]
) -> Raw:
    def ordered(rows: Sequence[Raw]) -> list[Raw]:
        return sorted(rows, key=lambda row: str(row["id"]))

    return {
        "id": order["id"],
        "order": order,
        "payments": ordered(payments),
        "refunds": ordered(refunds),
        "returns": ordered(returns),
    }


def _date_of(line: Raw) -> str:
    """
    The occurrence that a line sells: its variation, or its name.
    """
    told = line.get("catalog_object_id")
    return str(told) if told else f"{CUSTOM}{line.get('name') or 'Custom Amount'}"


def _dates_in(raw: Raw) -> dict[str, None]:
    return dict.fromkeys(
        _date_of(line) for line in raw["order"].get("line_items") or ()
    )


def _line_name(line: Raw) -> str:
    names = (line.get("name"), line.get("variation_name"))
    return ", ".join(str(name) for name in names if name) or "Custom Amount"


def _money(raw: Raw, name: str, currency: str) -> int:
    told = raw.get(name)
    if told is None:
        return 0
    code = told.get("currency") or told.get("currency_code")
    if code != currency:
        raise UnreadableRecord(f"{name} is in {code}, not in {currency}")
    return reading.whole(told, "amount") if "amount" in told else 0


def _quantity(raw: Raw) -> Decimal:
    try:
        return Decimal(reading.text(raw, "quantity"))
    except InvalidOperation:
        raise reading.wrong("quantity", raw["quantity"], "a number") from None


def _read_lines(raw: Raw, order: Raw, currency: str) -> Iterator[records.Ticket]:
    """
    Each line's units; those that were returned are void, the last ones first.
    """
    returned: dict[str, Decimal] = {}
    for part in reading.rows(raw, "returns"):
        for line in part.get("return_line_items") or ():
            uid = str(line.get("source_line_item_uid") or "")
            returned[uid] = returned.get(uid, Decimal(0)) + _quantity(line)
    for line in order.get("line_items") or ():
        quantity = _quantity(line)
        # What is sold by weight is one thing, whatever it weighs.
        units = int(quantity) if quantity == int(quantity) and quantity > 0 else 1
        gone = int(returned.get(str(line.get("uid")), 0))
        gross = _money(line, "gross_sales_money", currency)
        price = gross - _money(line, "total_discount_money", currency)
        whole = _money(line, "total_money", currency)
        parts = zip(
            money.split_evenly(gross, units),
            money.split_evenly(price, units),
            money.split_evenly(whole - price, units),
            money.split_evenly(_money(line, "total_tax_money", currency), units),
            strict=True,
        )
        for n, (listed, face, on_top, tax) in enumerate(parts):
            yield records.Ticket(
                id=f"{order['id']}/{line.get('uid')}/{n + 1}",
                occurrence_id=_date_of(line),
                type_id=_date_of(line),
                type_name=str(line.get("variation_name") or _line_name(line)),
                status=TicketStatus.VOID if n >= units - gone else TicketStatus.VALID,
                checked_in=False,
                face=face,
                fee=on_top,
                listed=listed,
                tax=tax,
            )


def _read_refunds(raw: Raw, currency: str) -> Iterator[records.Refund]:
    for refund in reading.rows(raw, "refunds"):
        if reading.word(refund, "status", REFUND_STATUS) == "completed":
            yield records.Refund(
                reading.text(refund, "id"),
                _money(refund, "amount_money", currency),
                reading.moment(refund, "created_at")
                if refund.get("created_at")
                else None,
            )


def _fees(
    payments: list[Raw], raw: Raw, currency: str
) -> tuple[records.Fee, ...] | None:
    """
    What Square keeps; unknown while a card payment does not tell its fee yet.
    """
    kept = 0
    for payment in payments:
        told = payment.get("processing_fee")
        if not told and str(payment.get("source_type")).upper() not in WITHOUT_FEE:
            return None
        kept += sum(_money(fee, "amount_money", currency) for fee in told or ())
    for refund in raw["refunds"]:
        for fee in refund.get("processing_fee") or ():
            kept += _money(fee, "amount_money", currency)
    return (records.Fee("Square processing", kept),) if kept else ()


def _doubt(
    status: OrderStatus,
    total: int,
    charged: int,
    known: int,
    refunds: Sequence[records.Refund],
    currency: str,
) -> str | None:
    def shown(minor: int) -> str:
        return f"{money.decimal_text(minor, currency)} {currency}"

    refunded = sum(refund.amount for refund in refunds)
    if refunded > charged:
        return f"refunded {shown(refunded)} of {shown(charged)} paid"
    if known > total:
        return f"its lines come to {shown(known)}, the order to {shown(total)}"
    if status is OrderStatus.PAID and charged != total:
        return f"paid {shown(charged)} of {shown(total)}"
    return None


# The catalogue

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_WRITTEN = re.compile(
    rf"\b(\d{{1,2}}) ({_MONTHS})[a-z]* (\d{{4}}),? (\d{{1,2}})[:.](\d{{2}}) ?([ap]m)\b",
    re.IGNORECASE,
)


def written_date(text: str) -> datetime | None:
    """
    The local time in `6 Mar 2026 7:30pm`; any other way of writing is left alone.
    """
    found = _WRITTEN.search(text)
    if found is None:
        return None
    day, month, year, hour, minute, half = found.groups()
    number = _MONTHS.lower().split("|").index(month.lower()) + 1
    hours = int(hour) % 12 + (12 if half.lower() == "pm" else 0)
    try:
        return datetime(int(year), number, int(day), hours, int(minute))  # noqa: DTZ001
    except ValueError:
        return None


def _read_variation(
    raw: Raw, event_id: str, item: str, url: str | None, zone: str, home: Raw
) -> records.Occurrence:
    data = reading.mapping(raw, "item_variation_data")
    name = reading.text_or_none(data, "name")
    price = data.get("price_money") or {}
    currency = price.get("currency") or home.get("currency")
    local = written_date(f"{item} {name or ''}")
    undated = _undated(
        reading.text(raw, "id"),
        event_id,
        f"{item}, {name}" if name else item,
        currency,
        zone=zone,
        url=url,
    )
    if local is None:
        return undated
    return msgspec.structs.replace(
        undated,
        name=item,
        starts_at=clock.local_to_utc(local, zone),
        status=OccurrenceStatus.ON_SALE,
        is_dated=True,
    )


def _undated(
    id_: str,
    event_id: str,
    name: str,
    currency: str | None,
    *,
    zone: str = "UTC",
    url: str | None = None,
    fingerprint: str = "",
) -> records.Occurrence:
    return records.Occurrence(
        id=id_,
        event_id=event_id,
        name=name,
        starts_at=clock.from_epoch(0),
        ends_at=None,
        timezone=zone,
        status=OccurrenceStatus.ON_SALE,
        capacity=None,
        currency=currency,
        venue=None,
        url=url,
        listed_at=None,
        issued=None,
        ordered=None,
        fingerprint=fingerprint,
        is_dated=False,
    )
