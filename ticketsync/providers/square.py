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
Surprise  a payment by Square gift card never has a fee; a refund may belong to no sale

Everything sold on the account is read, drinks included: what is linked to no show
counts in none. A date written out in a variation's name (6 Mar 2026 7:30pm) is taken
as its time, in the zone of the first location; any other stays without a date.

Unverified, and therefore handled tolerantly:
- that a payment's `updated_at` moves when its fee appears (the sweep reads all);
- `GET /v2/refunds/{id}`, of which only the answer is known;
- a line of a custom amount has no catalogue id: its name is its occurrence;
- the forms of the dashboard addresses.

An order, its payments, refunds and returns come from several lists; our raw record
is `{"id", "order", "payments": […], "refunds": […], "returns": […]}`. What an order
names and the lists lack is asked for by its id; many such gaps mean that a list is not
whole, and nothing is believed. An order that has lost a payment, refund or return since
it was last read contradicts itself and stays as it was.

A refund without a sale is a record of its own, `{"id", "unlinked", "returns": […]}`:
an order of which nothing was charged and something was returned, marked as such.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from ticketsync.core import clock, errors, money, records
from ticketsync.core.completeness import is_mostly_missing
from ticketsync.core.errors import CONTRADICTION, UnreadableRecord
from ticketsync.core.records import OccurrenceStatus, OrderStatus, TicketStatus
from ticketsync.core.redact import Secret
from ticketsync.net import hooks
from ticketsync.net.client import ApiClient, ErrorExplanation
from ticketsync.net.hooks import Delivery, Hint, HookCard
from ticketsync.net.paging import rows_of
from ticketsync.providers import reading
from ticketsync.providers.base import (
    LISTING,
    ORDER,
    Budget,
    Capabilities,
    CrossCheck,
    Extent,
    Options,
    Page,
    ProviderSpec,
    Raw,
    Registered,
)
from ticketsync.providers.square_lists import (
    GIFT_CARD,
    Lists,
    in_lots,
    is_sale,
    named_payments,
    refund_ids,
    slim,
    sources,
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
MOST_GAPS = 20  # sales made while a list is read leave some; a list that shrank, more
CUSTOM = "custom:"
ANY_AMOUNT = f"{CUSTOM}Custom Amount"
WITHOUT_SALE = "refunds-without-a-sale"


def explain(status: int, body: Mapping[str, Any]) -> ErrorExplanation | None:
    """
    What an error answer means: `errors[]` with category and code.
    """
    told = body.get("errors")
    codes = [str(e.get("code")) for e in told or () if isinstance(e, dict)]
    if "INSUFFICIENT_SCOPES" in codes or status == 403:
        return ErrorExplanation(
            "this Square token lacks a permission",
            "Allow MERCHANT_PROFILE_READ ORDERS_READ PAYMENTS_READ ITEMS_READ.",
        )
    if status == 401:
        return ErrorExplanation(
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


@dataclass(frozen=True, slots=True)
class _Changes:
    """
    The sales that changed, and how far both lists of changes go: where one is short,
    the next read must begin before what it lacks.
    """

    sales: Sequence[Raw]
    latest: str


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
        reports_fees=True,
        explain=explain,
        oauth=_oauth,
        global_ids=frozenset((LISTING, ORDER)),
        owner_is_account=True,
        limits="knows no dates and no check-ins: link its items to your shows; "
        "a refund without a sale belongs to no show",
    )
    reports_changes: ClassVar[bool] = True

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
            fitting = [raw for raw in page.records if _is_about(raw, event_id)]
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
        parts = [raw.get("order") or raw["unlinked"], *raw["returns"]]
        parts += [*raw.get("payments", ()), *raw.get("refunds", ())]
        return max(map(_changed_at, parts), default="")

    def provider_occurrence_id_of(self, raw: Raw) -> str:
        return next(iter(_dates_in(raw)), "")

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
        if "unlinked" in raw:
            amount = reading.mapping(reading.mapping(raw, "unlinked"), "amount_money")
        else:
            amount = reading.mapping(reading.mapping(raw, "order"), "total_money")
        currency = reading.text(amount, "currency")
        return [
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
            for id_, name in _dates_in(raw).items()
        ]

    def with_earlier(self, raw: Raw, earlier: Sequence[Raw]) -> Raw:
        """
        The record with the ids of what it had before: none of it goes away by itself.
        """
        return {
            **raw,
            "earlier": {
                name: sorted(
                    {
                        str(row["id"])
                        for version in earlier
                        for row in version.get(name) or ()
                        if row.get("status", "COMPLETED") == "COMPLETED"
                    }
                )
                for name in ("payments", "refunds", "returns")
            },
        }

    def read_people(self, raw: Raw) -> records.People:
        """
        Only the e-mail address of a payment, where the buyer gave one.
        """
        told = [p.get("buyer_email_address") for p in raw.get("payments") or ()]
        return reading.people(reading.person(email=next(filter(None, told), None)), ())

    def read_order(self, raw: Raw) -> records.Order:
        if "unlinked" in raw:
            return _read_unlinked(raw)
        order = reading.mapping(raw, "order")
        currency = reading.text(reading.mapping(order, "total_money"), "currency")
        money.exponent(currency)
        for name in ("line_items", "tenders", "returns"):
            reading.rows({name: [], **order}, name)
        total = _money(order, "total_money", currency)
        payments = [
            p
            for p in reading.rows(raw, "payments")
            if reading.word(p, "status", PAYMENT_STATUS) == "completed"
        ]
        refunds = tuple(_read_refunds(raw, currency))
        _refuse_contradiction(raw, payments, currency)
        paid = sum(_money(p, "total_money", currency) for p in payments)
        status = reading.word(order, "state", ORDER_STATE)
        if status is OrderStatus.PENDING and _is_covered(order, payments, paid, total):
            status = OrderStatus.PAID
        is_paid = status is OrderStatus.PAID
        lost = _not_found(raw, order) if is_paid else []
        charged = total if is_paid and (lost or not payments) else paid
        lines = _Lines(order, reading.rows(raw, "returns"), currency)
        tickets = tuple(lines.tickets())
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
            tax=_money(order, "total_tax_money", currency)
            if order.get("total_tax_money")
            else None,
            addons=tip,
            discounts=_money(order, "total_discount_money", currency),
            fees=None
            if is_paid and charged and (lost or not payments)
            else _fees(order, payments, raw, currency),
            refunds=refunds,
            channel=str((order.get("source") or {}).get("name") or "").lower(),
            payment_reference=str(payments[0]["id"]) if payments else None,
            doubt=_not_found_discrepancy(lost)
            or lines.doubt()
            or _doubt(
                status,
                total,
                charged,
                known + _rounded_down(order, currency),
                refunds,
                currency,
            ),
        )


def _rows(api: ApiClient, envelope: Any, key: str) -> list[dict[str, Any]]:
    """
    An empty list is left out of the answer.
    """
    return rows_of(api, envelope, key) if key in envelope else []


def _date_of(line: Raw) -> str:
    """
    The occurrence that a line sells: its variation, or its name.
    """
    told = line.get("catalog_object_id")
    return str(told) if told else f"{CUSTOM}{line.get('name') or 'Custom Amount'}"


def _dates_in(raw: Raw) -> dict[str, str]:
    """
    The occurrences that a record is about, with their names: those of its lines, those
    of which nothing was bought last. An order without lines is for an amount.
    """
    if "unlinked" in raw:
        lines = [line for part in raw["returns"] for line in part["return_line_items"]]
        found = {_date_of(line): _line_name(line) for line in lines}
        return found if len(found) == 1 else {WITHOUT_SALE: "Refunds without a sale"}
    sold = raw["order"].get("line_items") or ()
    ordered = sorted(sold, key=lambda line: str(line.get("quantity")) == "0")
    found = {}
    for line in ordered:
        found.setdefault(_date_of(line), _line_name(line))
    return found or {ANY_AMOUNT: "Custom Amount"}


def _changed_at(row: Raw) -> str:
    moment = row.get("updated_at") or row.get("created_at")
    return reading.sortable(moment) if isinstance(moment, str) else ""


def _is_about(raw: Raw, occurrence_id: str) -> bool:
    try:
        return occurrence_id in reading.parsed(_dates_in, raw)
    except UnreadableRecord:
        return False


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
        found = Decimal(reading.text(raw, "quantity"))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found < 0:
        raise reading.wrong("quantity", raw["quantity"], "a number")
    return found


class _Lines:
    """
    The lines of an order as tickets; of each line the last ones returned are void.
    """

    def __init__(self, order: Raw, returns: Sequence[Raw], currency: str) -> None:
        self._order = order
        self._currency = currency
        self._lines: list[Raw] = list(order.get("line_items") or ())
        self._quantities = [_quantity(line) for line in self._lines]
        self._keys = _line_keys(self._lines)
        self._returned = [Decimal(0)] * len(self._lines)
        self._astray = Decimal(0)
        for part in returns:
            for line in part.get("return_line_items") or ():
                self._take_back(line)

    def tickets(self) -> Iterator[records.Ticket]:
        for place, line in enumerate(self._lines):
            units = self._units(place)
            if units:
                yield from self._of_line(place, line, units)

    def doubt(self) -> str | None:
        if self._astray:
            return f"a return of {self._astray} things names none of its lines"
        return None

    def _units(self, place: int) -> int:
        """
        What is sold by weight is one thing, whatever it weighs.
        """
        quantity = self._quantities[place]
        return int(quantity) if quantity == int(quantity) else 1

    def _take_back(self, line: Raw) -> None:
        """
        From the line that it names; if it names none, from those that sell the same.
        """
        left = _quantity(line)
        named = str(line.get("source_line_item_uid") or "")
        places = [n for n, key in enumerate(self._keys) if named and key == named]
        if not places:
            same = _date_of(line)
            places = [n for n, it in enumerate(self._lines) if _date_of(it) == same]
        for place in places:
            more = min(left, self._quantities[place] - self._returned[place])
            self._returned[place] += more
            left -= more
        self._astray += left

    def _of_line(self, place: int, line: Raw, units: int) -> Iterator[records.Ticket]:
        is_whole = self._returned[place] == self._quantities[place]
        gone = units if is_whole else int(self._returned[place])
        gross = _money(line, "gross_sales_money", self._currency)
        price = gross - _money(line, "total_discount_money", self._currency)
        whole = _money(line, "total_money", self._currency)
        parts = zip(
            money.split_evenly(gross, units),
            money.split_evenly(price, units),
            money.split_evenly(whole - price, units),
            money.split_evenly(_money(line, "total_tax_money", self._currency), units),
            strict=True,
        )
        for n, (listed, face, on_top, tax) in enumerate(parts):
            yield records.Ticket(
                id=f"{self._order['id']}/{self._keys[place]}/{n + 1}",
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


def _line_keys(lines: Sequence[Raw]) -> list[str]:
    """
    What tells the lines of an order apart: their `uid`, or where they stand.
    """
    found: list[str] = []
    for n, line in enumerate(lines, 1):
        uid = str(line.get("uid") or "")
        found.append(uid if uid and uid not in found else f"{uid}#{n}")
    return found


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


def _read_unlinked(raw: Raw) -> records.Order:
    """
    Money that went back without a sale: of the occurrence that the return names, or of
    one that stands for all of them.
    """
    refund = reading.mapping(raw, "unlinked")
    currency = reading.text(reading.mapping(refund, "amount_money"), "currency")
    refunds = tuple(_read_refunds({"refunds": [refund]}, currency))
    placed_at = reading.moment(refund, "created_at")
    kept = _kept_of_refunds([refund], currency)
    amount = sum(it.amount for it in refunds)
    return records.Order(
        id=reading.text(raw, "id"),
        occurrence_id=next(iter(_dates_in(raw))),
        status=OrderStatus.PAID if refunds else OrderStatus.PENDING,
        placed_at=placed_at,
        currency=currency,
        total=0,
        charged=0,
        tickets=(),
        tax=0,
        fees=(records.Fee("Square processing", kept),) if kept else (),
        refunds=refunds,
        doubt=f"{money.decimal_text(amount, currency)} {currency} went back without a "
        "sale"
        if refunds
        else None,
    )


def _refuse_contradiction(raw: Raw, payments: Sequence[Raw], currency: str) -> None:
    """
    Payments and refunds that this order names, or had before, must be there.
    """
    for name, ids in (raw.get("earlier") or {}).items():
        there = {str(row["id"]) for row in reading.rows(raw, name)}
        for id_ in ids:
            if id_ not in there:
                raise UnreadableRecord(
                    f"Square no longer lists {id_} among its {name}",
                    word=CONTRADICTION,
                )
    refunds = {str(row["id"]): row for row in reading.rows(raw, "refunds")}
    for payment in payments:
        for id_ in refund_ids(payment):
            if id_ not in refunds:
                raise UnreadableRecord(
                    f"its payment {payment['id']} names the refund {id_}, which Square "
                    "does not list",
                    word=CONTRADICTION,
                )
        back = sum(
            _money(refund, "amount_money", currency)
            for refund in refunds.values()
            if refund.get("payment_id") == payment["id"]
            and reading.word(refund, "status", REFUND_STATUS)
            in ("completed", "pending")
        )
        claimed = _money(payment, "refunded_money", currency)
        if claimed > back:
            raise UnreadableRecord(
                f"{money.decimal_text(claimed, currency)} {currency} of its payment "
                f"{payment['id']} went back, and its refunds come to "
                f"{money.decimal_text(back, currency)} {currency}",
                word=CONTRADICTION,
            )


def _is_covered(order: Raw, payments: Sequence[Raw], paid: int, total: int) -> bool:
    """
    Whether an open order was paid: its payments come to its total. One that costs
    nothing needs none, but it must be for something.
    """
    return paid >= total if payments else not total and bool(order.get("line_items"))


def _not_found(raw: Raw, order: Raw) -> list[str]:
    """
    The payments that an order names and Square does not know.
    """
    there = {str(payment["id"]) for payment in raw["payments"]}
    return [id_ for id_ in named_payments(order) if id_ not in there]


def _not_found_discrepancy(lost: Sequence[str]) -> str | None:
    if not lost:
        return None
    return f"Square does not know its payment {lost[0]}; its fees are unknown"


def _fees(
    order: Raw, payments: Sequence[Raw], raw: Raw, currency: str
) -> tuple[records.Fee, ...] | None:
    """
    What Square keeps; some of it is unknown while a card payment does not say its fee.
    """
    gifts = {
        str(tender.get("payment_id") or tender.get("id"))
        for tender in order.get("tenders") or ()
        if tender.get("type") == GIFT_CARD
    }
    kept = 0
    is_complete = True
    for payment in payments:
        told = payment.get("processing_fee")
        is_free = (
            str(payment.get("source_type")).upper() in WITHOUT_FEE
            or payment.get("card_brand") == GIFT_CARD
            or str(payment["id"]) in gifts
        )
        if not told and not is_free:
            is_complete = False
        kept += sum(_money(fee, "amount_money", currency) for fee in told or ())
    kept += _kept_of_refunds(raw["refunds"], currency)
    known = (records.Fee("Square processing", kept),) if kept else ()
    if is_complete:
        return known
    rest = records.Fee("Square processing, not reported yet", None)
    return (*known, rest) if known else None


def _kept_of_refunds(refunds: Iterable[Raw], currency: str) -> int:
    """
    What came back with the money that went back, so less than nothing.
    """
    return sum(
        _money(fee, "amount_money", currency)
        for refund in refunds
        if reading.word(refund, "status", REFUND_STATUS) == "completed"
        for fee in refund.get("processing_fee") or ()
    )


def _rounded_down(order: Raw, currency: str) -> int:
    """
    What the rounding of a cash sale took off its total, as a number below zero.
    """
    rounding = order.get("rounding_adjustment") or {}
    return min(0, _money(rounding, "amount_money", currency))


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
