"""
A fake Square, written from its documents.

Two locations, items whose variations have a date in their name, drinks, returns as
separate orders, fees on payments, cursors bound to their query. A filter is honoured or
refused with Square's own error; `square_records` builds the records.

Assumed, since the documents do not say: a search without locations covers all of them;
time ranges include their start and exclude their end.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ticketsync.sandbox import square_records as records
from ticketsync.sandbox.consent import ConsentPage
from ticketsync.sandbox.fake_platform import (
    ApiRequest,
    ApiResponse,
    iso_utc,
    json_response,
    unix_seconds,
)
from ticketsync.sandbox.square_records import MAIN, MERCHANT, SECOND
from ticketsync.sandbox.world import DAY, PlatformProfile, World

KEY = "EAAAsandboxsquaretoken0000000001"
LIST_PAGE = 100
SEARCH_PAGE, LONGEST_SEARCH = 500, 1000
MOST_LOCATIONS, MOST_ORDERS, MOST_OBJECTS = 10, 100, 1000
YEAR = 365 * DAY
EVENT_DAYS = 28
STATES = ("OPEN", "COMPLETED", "CANCELED", "DRAFT")
SORTS = ("CREATED_AT", "UPDATED_AT", "CLOSED_AT")
ORDERS = ("ASC", "DESC")
FULFILLMENTS = {
    "fulfillment_types": ("PICKUP", "SHIPMENT", "DELIVERY"),
    "fulfillment_states": (
        *("PROPOSED", "RESERVED", "PREPARED", "COMPLETED", "CANCELED", "FAILED"),
    ),
}
PAYMENT_SORTS = ("CREATED_AT", "OFFLINE_CREATED_AT", "UPDATED_AT")
REFUND_STATES = ("PENDING", "COMPLETED", "REJECTED", "FAILED")
OBJECT_TYPES = (
    *("ITEM", "IMAGE", "CATEGORY", "ITEM_VARIATION", "TAX", "DISCOUNT"),
    *("MODIFIER_LIST", "MODIFIER", "PRICING_RULE", "PRODUCT_SET", "TIME_PERIOD"),
    *("MEASUREMENT_UNIT", "SUBSCRIPTION_PLAN_VARIATION", "ITEM_OPTION"),
    *("ITEM_OPTION_VAL", "CUSTOM_ATTRIBUTE_DEFINITION", "QUICK_AMOUNTS_SETTINGS"),
    *("SUBSCRIPTION_PLAN", "AVAILABILITY_PERIOD"),
)
TIMES = (
    *("begin_time", "end_time", "updated_at_begin_time", "updated_at_end_time"),
    *("sort_field", "sort_order", "location_id", "limit", "cursor"),
)

PROFILE = PlatformProfile(
    platform="square",
    production_ids=(3001, 3003),
    has_extras=False,
    has_seat_fees=False,
    has_check_ins=False,
    has_imports=False,
    mutations=("refund_seat", "refund_all", "cancel", "refund_small_amount"),
    refund_small_amount=False,
    refunds_tax=True,
    kept_fees=records.kept_fees,
    provider_occurrence_id=records.provider_occurrence_id,
    apply_rare_states=records.apply_rare_states,
)

Row = dict[str, Any]


class Refused(Exception):
    """
    A request that Square refuses: the error code and the offending field.
    """

    def __init__(self, code: str, field: str = "", status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.status = status


@dataclass
class Square:
    """
    Serves one world. `late_fees` omits the fees of the newest payments.
    """

    world: World
    key: str = KEY
    limit: int = 100_000
    limit_seconds: int = 60
    name: str = "square"
    prefix: str = "/square"
    merchant: str = MERCHANT["id"]
    late_fees: bool = False
    caches_records: bool = False
    has_events: bool = False
    client_secret: str = "sq-client-secret"  # noqa: S105  # a fake
    refresh_token: str = "EQAAsandboxrefresh0"  # noqa: S105  # a fake
    tokens_given: int = 0
    families_killed: int = 0
    hooks: dict[str, str] = field(default_factory=dict)
    consent: ConsentPage = field(default_factory=ConsentPage)

    def __post_init__(self) -> None:
        self.invalidate()

    def invalidate(self) -> None:
        """
        Drop the rendered records. Without `caches_records`, every request renders them
        again anyway.
        """
        self._rendered: dict[str, list[Row]] = {}

    def rate_limit_response(self, seconds: str) -> ApiResponse:
        return _error(429, "RATE_LIMIT_ERROR", "RATE_LIMITED")

    def respond(self, request: ApiRequest) -> ApiResponse:
        if request.segments == ["oauth2", "authorize"]:
            return self.consent.respond(request)
        if request.method == "POST" and request.segments == ["oauth2", "token"]:
            return self._issue_tokens(request.body)
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return _error(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED")
        if not request.headers.get("Square-Version"):
            return _error(400, "INVALID_REQUEST_ERROR", "BAD_REQUEST")
        try:
            return self._route(request)
        except Refused as refused:
            category = "INVALID_REQUEST_ERROR"
            return _error(refused.status, category, refused.code, refused.field)
        except (KeyError, TypeError, ValueError, AttributeError):
            return _error(400, "INVALID_REQUEST_ERROR", "BAD_REQUEST")

    def _route(self, request: ApiRequest) -> ApiResponse:
        match (request.method, *request.segments):
            case ("GET", "v2", "merchants"):
                return json_response({"merchant": [MERCHANT | {"id": self.merchant}]})
            case ("GET", "v2", "merchants", id_):
                own = self.merchant if id_ == "me" else id_
                return _find_by_id("merchant", [MERCHANT | {"id": self.merchant}], own)
            case ("GET", "v2", "locations"):
                locations = [
                    records.location(id_, self.merchant) for id_ in (MAIN, SECOND)
                ]
                return json_response({"locations": locations})
            case ("GET", "v2", "locations", id_):
                locations = [
                    records.location(location_id, self.merchant)
                    for location_id in (MAIN, SECOND)
                ]
                return _find_by_id(
                    "location", locations, MAIN if id_ == "main" else id_
                )
            case ("GET", "v2", "payments"):
                return self._list_payments(request)
            case ("GET", "v2", "payments", id_):
                return _find_by_id("payment", self._all_payments(), id_)
            case ("GET", "v2", "refunds"):
                return self._list_refunds(request)
            case ("GET", "v2", "refunds", id_):
                return _find_by_id("refund", records.refunds(self.world), id_)
            case (_, "v2", "orders", *_):
                return self._route_orders(request)
            case (_, "v2", "catalog", *_):
                return self._route_catalogue(request)
            case ("GET", "v2", "payouts", *_):
                return self._route_payouts(request)
            case ("GET", "v2", "customers", *_):
                return self._route_customers(request)
            case (_, "v2", "events", *_):
                return self._route_events(request)
            case ("POST", "v2", "webhooks", "subscriptions"):
                wanted = request.body["subscription"]
                self.hooks[wanted["notification_url"]] = "sq-signature-key-1"
                key = {"id": "wbhk_1", "signature_key": "sq-signature-key-1"}
                return json_response({"subscription": {**wanted, **key}})
        raise Refused("NOT_FOUND", status=404)

    def _issue_tokens(self, body: Row) -> ApiResponse:
        """
        Issue tokens for an authorization code or the newest refresh token. Reusing an
        old refresh token revokes the whole family.
        """
        if body.get("client_secret") != self.client_secret:
            return _error(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED")
        if body["grant_type"] == "refresh_token":
            if body["refresh_token"] != self.refresh_token:
                self.families_killed += 1
                self.key = self.refresh_token = ""
                return _error(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED")
        elif not body.get("code_verifier") or not self.consent.is_good(body):
            return _error(400, "INVALID_REQUEST_ERROR", "BAD_REQUEST")
        self.tokens_given += 1
        self.key = f"EAAAsandboxsquaretoken{self.tokens_given:010d}"
        self.refresh_token = f"EQAAsandboxrefresh{self.tokens_given}"
        return json_response(
            {
                "access_token": self.key,
                "token_type": "bearer",
                "expires_at": iso_utc(self.world.now + 30 * DAY),
                "merchant_id": self.merchant,
                "refresh_token": self.refresh_token,
            }
        )

    # Orders

    def _route_orders(self, request: ApiRequest) -> ApiResponse:
        match (request.method, *request.segments[2:]):
            case ("POST", "search"):
                return self._search(request.body or {})
            case ("POST", "batch-retrieve"):
                ids = request.body["order_ids"]
                if len(ids) > MOST_ORDERS:
                    raise Refused("ARRAY_LENGTH_TOO_LONG", "order_ids")
                location_id = request.body.get("location_id")
                orders = {
                    order["id"]: order
                    for order in self._orders()
                    if location_id in (None, order["location_id"])
                }
                return json_response(
                    {"orders": [orders[i] for i in ids if i in orders]}
                )
            case ("GET", id_):
                return _find_by_id("order", self._orders(), id_)
        raise Refused("NOT_FOUND", status=404)

    def _orders(self) -> list[Row]:
        if "orders" not in self._rendered or not self.caches_records:
            self._rendered["orders"] = list(records.orders(self.world))
        return self._rendered["orders"]

    def _search(self, body: Row) -> ApiResponse:
        """
        Search orders. Every field of the body is optional; by default it returns all
        orders, newest first.
        """
        _require_known_parameters(
            body, "location_ids", "query", "limit", "cursor", "return_entries"
        )
        query = body.get("query") or {}
        _require_known_parameters(query, "filter", "sort")
        sort = query.get("sort") or {}
        by = _parse_enum("sort_field", sort.get("sort_field") or "CREATED_AT", SORTS)
        direction = _parse_enum("sort_order", sort.get("sort_order") or "DESC", ORDERS)
        location_ids = body.get("location_ids") or [MAIN, SECOND]
        if len(location_ids) > MOST_LOCATIONS:
            raise Refused("ARRAY_LENGTH_TOO_LONG", "location_ids")
        rows = [
            order for order in self._orders() if order["location_id"] in location_ids
        ]
        rows = _filter_orders(rows, query.get("filter") or {}, by)
        rows.sort(
            key=lambda order: (order.get(by.lower(), ""), order["id"]),
            reverse=direction == "DESC",
        )
        key = "orders"
        if body.get("return_entries"):
            key = "order_entries"
            rows = [
                {"order_id": row["id"]}
                | {name: row[name] for name in ("version", "location_id")}
                for row in rows
            ]
        size = _parse_limit(body.get("limit"), SEARCH_PAGE, LONGEST_SEARCH)
        return _paginate("orders/search", key, rows, body, size)

    # Money

    def _all_payments(self) -> list[Row]:
        if "payments" not in self._rendered or not self.caches_records:
            self._rendered["payments"] = list(records.payments(self.world))
        found = [dict(payment) for payment in self._rendered["payments"]]
        if self.late_fees:
            for payment in found[-10:]:
                payment.pop("processing_fee", None)
        return found

    def _list_payments(self, request: ApiRequest) -> ApiResponse:
        query = dict(request.query)
        _require_known_parameters(
            query, *TIMES, "total", "last_4", "card_brand", "is_offline_payment"
        )
        rows = self._all_payments()
        if "total" in query:
            wanted = int(query["total"])
            rows = [row for row in rows if row["total_money"]["amount"] == wanted]
        for name in ("last_4", "card_brand"):
            if name in query:
                rows = [row for row in rows if _card(row).get(name) == query[name]]
        if query.get("is_offline_payment") == "true":
            rows = []
        location_id = query.get("location_id", MAIN)
        return self._list_by_time("payments", rows, query, location_id, PAYMENT_SORTS)

    def _list_refunds(self, request: ApiRequest) -> ApiResponse:
        query = dict(request.query)
        _require_known_parameters(query, *TIMES, "status", "source_type")
        rows = list(records.refunds(self.world))
        if "status" in query:
            status = _parse_enum("status", query["status"], REFUND_STATES)
            rows = [row for row in rows if row["status"] == status]
        if "source_type" in query:
            source_types = {
                row["id"]: row["source_type"] for row in self._all_payments()
            }
            rows = [
                row
                for row in rows
                if source_types.get(row.get("payment_id"), "CARD")
                == query["source_type"]
            ]
        sorts = ("CREATED_AT", "UPDATED_AT")
        return self._list_by_time(
            "refunds", rows, query, query.get("location_id"), sorts
        )

    def _list_by_time(
        self,
        key: str,
        rows: list[Row],
        query: Mapping[str, str],
        location_id: str | None,
        sorts: Iterable[str],
    ) -> ApiResponse:
        """
        A page of the rows of one location or of all; by default of the last year.
        """
        by = _parse_enum("sort_field", query.get("sort_field", "CREATED_AT"), sorts)
        direction = _parse_enum("sort_order", query.get("sort_order", "DESC"), ORDERS)
        begin = query.get("begin_time", iso_utc(self.world.now - YEAR))
        rows = [row for row in rows if location_id in (None, row["location_id"])]
        rows = _filter_by_time(rows, "created_at", begin, query.get("end_time"))
        rows = _filter_by_time(
            rows,
            "updated_at",
            query.get("updated_at_begin_time"),
            query.get("updated_at_end_time"),
        )
        name = "updated_at" if by == "UPDATED_AT" else "created_at"
        rows.sort(key=lambda row: (row[name], row["id"]), reverse=direction == "DESC")
        size = _parse_limit(query.get("limit"), LIST_PAGE, LIST_PAGE)
        return _paginate(f"{key} {location_id}", key, rows, query, size)

    def _route_payouts(self, request: ApiRequest) -> ApiResponse:
        payouts = records.payouts(self.world)
        query = dict(request.query)
        match request.segments[2:]:
            case []:
                _require_known_parameters(
                    query,
                    *("location_id", "status", "begin_time", "end_time"),
                    *("sort_order", "cursor", "limit"),
                )
                rows = [payout for payout, _ in payouts.values()]
                location_id = query.get("location_id", MAIN)
                rows = [row for row in rows if row["location_id"] == location_id]
                if "status" in query:
                    rows = [row for row in rows if row["status"] == query["status"]]
                begin, end = query.get("begin_time"), query.get("end_time")
                rows = _filter_by_time(rows, "created_at", begin, end)
                direction = _parse_enum(
                    "sort_order", query.get("sort_order", "DESC"), ORDERS
                )
                rows.sort(key=lambda r: r["created_at"], reverse=direction == "DESC")
                size = _parse_limit(query.get("limit"), LIST_PAGE, LIST_PAGE)
                return _paginate("payouts", "payouts", rows, query, size)
            case [id_] if id_ in payouts:
                return json_response({"payout": payouts[id_][0]})
            case [id_, "payout-entries"] if id_ in payouts:
                _require_known_parameters(query, "sort_order", "cursor", "limit")
                rows = payouts[id_][1]
                size = _parse_limit(query.get("limit"), LIST_PAGE, LIST_PAGE)
                return _paginate(f"payouts/{id_}", "payout_entries", rows, query, size)
        raise Refused("NOT_FOUND", status=404)

    # The rest

    def _route_catalogue(self, request: ApiRequest) -> ApiResponse:
        objects = records.catalogue(self.world)
        match (request.method, *request.segments[2:]):
            case ("GET", "list"):
                query = dict(request.query)
                _require_known_parameters(query, "types", "cursor")
                if query.get("types"):
                    types = query["types"].upper().split(",")
                    for type_ in types:
                        _parse_enum("types", type_, OBJECT_TYPES)
                    objects = [it for it in objects if it["type"] in types]
                return _paginate("catalog/list", "objects", objects, query, LIST_PAGE)
            case ("GET", "object", id_):
                return _find_by_id("object", objects, id_)
            case ("POST", "batch-retrieve"):
                ids = request.body["object_ids"]
                if len(ids) > MOST_OBJECTS:
                    raise Refused("ARRAY_LENGTH_TOO_LONG", "object_ids")
                found = {"objects": [it for it in objects if it["id"] in ids]}
                if request.body.get("include_related_objects"):
                    parents = {
                        it["item_variation_data"]["item_id"]
                        for it in found["objects"]
                        if it["type"] == "ITEM_VARIATION"
                    }
                    related = [it for it in objects if it["id"] in parents - set(ids)]
                    found["related_objects"] = related
                return json_response(found)
            case ("POST", "search"):
                body = request.body or {}
                _require_known_parameters(body, "object_types", "limit", "cursor")
                wanted = body.get("object_types") or OBJECT_TYPES
                rows = [it for it in objects if it["type"] in wanted]
                size = _parse_limit(body.get("limit"), LIST_PAGE, LONGEST_SEARCH)
                return _paginate("catalog/search", "objects", rows, body, size)
            case ("POST", "search-catalog-items"):
                return self._search_items(request.body or {}, objects)
        raise Refused("NOT_FOUND", status=404)

    def _search_items(self, body: Row, objects: list[Row]) -> ApiResponse:
        _require_known_parameters(
            body, "text_filter", "product_types", "limit", "cursor", "sort_order"
        )
        rows = [it for it in objects if it["type"] == "ITEM"]
        if product_types := body.get("product_types"):
            rows = [
                it for it in rows if it["item_data"]["product_type"] in product_types
            ]
        if words := str(body.get("text_filter") or "").lower().split():
            rows = [
                it
                for it in rows
                if all(word in json.dumps(it["item_data"]).lower() for word in words)
            ]
        size = _parse_limit(body.get("limit"), LIST_PAGE, LIST_PAGE)
        return _paginate("search-catalog-items", "items", rows, body, size)

    def _route_customers(self, request: ApiRequest) -> ApiResponse:
        known = {
            f"C{purchase.buyer}": records.customer(purchase)
            for purchase in self.world.purchases
        }
        match request.segments[2:]:
            case []:
                query = dict(request.query)
                _require_known_parameters(query, "cursor", "limit")
                size = _parse_limit(query.get("limit"), LIST_PAGE, LIST_PAGE)
                rows = list(known.values())
                return _paginate("customers", "customers", rows, query, size)
            case [id_] if id_ in known:
                return json_response({"customer": known[id_]})
        raise Refused("NOT_FOUND", status=404)

    def _route_events(self, request: ApiRequest) -> ApiResponse:
        """
        Recent order events, once events have been enabled.
        """
        match (request.method, *request.segments[2:]):
            case ("PUT", "enable"):
                self.has_events = True
                return json_response({})
            case ("PUT", "disable"):
                self.has_events = False
                return json_response({})
            case ("POST",) if self.has_events:
                body = request.body or {}
                _require_known_parameters(body, "cursor", "limit")
                since = self.world.now - EVENT_DAYS * DAY
                recent = [
                    order
                    for order in self._orders()
                    if unix_seconds(order["updated_at"]) >= since
                ]
                rows = [_order_event(order) for order in recent]
                size = _parse_limit(body.get("limit"), LIST_PAGE, LIST_PAGE)
                return _paginate("events", "events", rows, body, size)
            case ("POST",):
                raise Refused("FORBIDDEN", status=403)
        raise Refused("NOT_FOUND", status=404)


def _order_event(order: Row) -> Row:
    names = ("version", "location_id", "state", "created_at", "updated_at")
    order_updated = {"order_id": order["id"]} | {name: order[name] for name in names}
    data = {"type": "order_updated", "id": order["id"]}
    return {
        "event_id": f"ev-{order['id']}-{order['version']}",
        "merchant_id": MERCHANT["id"],
        "type": "order.updated",
        "created_at": order["updated_at"],
        "data": {**data, "object": {"order_updated": order_updated}},
    }


def _card(payment: Row) -> Row:
    card: Row = payment.get("card_details", {}).get("card", {})
    return card


def _find_by_id(key: str, rows: Iterable[Row], id_: str) -> ApiResponse:
    for row in rows:
        if row["id"] == id_:
            return json_response({key: row})
    raise Refused("NOT_FOUND", status=404)


def _require_known_parameters(given: Mapping[str, Any], *known: str) -> None:
    """
    Refuse unsupported parameters instead of ignoring them.
    """
    for name in given:
        if name not in known:
            raise Refused("UNKNOWN_QUERY_PARAMETER", name)


def _parse_enum(name: str, value: Any, known: Iterable[str]) -> str:
    if value not in known:
        raise Refused("INVALID_ENUM_VALUE", name)
    return str(value)


def _parse_limit(wanted: Any, default: int, maximum: int) -> int:
    if wanted is None:
        return default
    size = int(wanted)
    if size < 1:
        raise Refused("VALUE_TOO_LOW", "limit")
    if size > maximum:
        raise Refused("VALUE_TOO_HIGH", "limit")
    return size


def _parse_time(text: str, name: str) -> float:
    try:
        return unix_seconds(text)
    except ValueError:
        raise Refused("INVALID_TIME", name) from None


def _filter_by_time(
    rows: list[Row], name: str, begin: str | None, end: str | None
) -> list[Row]:
    if begin is not None:
        moment = _parse_time(begin, name)
        rows = [r for r in rows if name in r and unix_seconds(r[name]) >= moment]
    if end is not None:
        moment = _parse_time(end, name)
        rows = [r for r in rows if name in r and unix_seconds(r[name]) < moment]
    return rows


def _filter_orders(rows: list[Row], filters: Row, sort: str) -> list[Row]:
    """
    The orders that match the filters of a search.
    """
    _require_known_parameters(
        filters,
        *("state_filter", "date_time_filter", "source_filter", "customer_filter"),
        "fulfillment_filter",
    )
    if states := (filters.get("state_filter") or {}).get("states"):
        for state in states:
            _parse_enum("states", state, STATES)
        rows = [row for row in rows if row["state"] in states]
    for name, window in (filters.get("date_time_filter") or {}).items():
        _parse_enum("date_time_filter", name.upper(), SORTS)
        if name.upper() != sort:
            raise Refused("CONFLICTING_PARAMETERS", "sort_field")
        _require_known_parameters(window, "start_at", "end_at")
        rows = _filter_by_time(rows, name, window.get("start_at"), window.get("end_at"))
    if names := (filters.get("source_filter") or {}).get("source_names"):
        rows = [row for row in rows if row.get("source", {}).get("name") in names]
    for name, values in (filters.get("fulfillment_filter") or {}).items():
        if name not in FULFILLMENTS:
            raise Refused("UNKNOWN_QUERY_PARAMETER", name)
        for value in values:
            _parse_enum(name, value, FULFILLMENTS[name])
        key = name.removeprefix("fulfillment_").removesuffix("s")
        rows = [
            row
            for row in rows
            if not values
            or any(it[key] in values for it in row.get("fulfillments", ()))
        ]
    if ids := (filters.get("customer_filter") or {}).get("customer_ids"):
        rows = [row for row in rows if row.get("customer_id") in ids]
    return rows


def _paginate(
    list_name: str, key: str, rows: list[Row], query: Mapping[str, Any], size: int
) -> ApiResponse:
    """
    One page. A cursor is only valid for the same list with the same parameters.
    """
    parameters = {name: value for name, value in query.items() if name != "cursor"}
    digest = hashlib.sha256(
        json.dumps([list_name, parameters], sort_keys=True).encode()
    )
    list_id = digest.hexdigest()[:12]
    first = 0
    if cursor := query.get("cursor"):
        try:
            cursor_list_id, _, number = base64.b64decode(cursor).decode().partition(":")
            first = int(number)
        except ValueError:
            raise Refused("INVALID_CURSOR", "cursor") from None
        if cursor_list_id != list_id:
            raise Refused("INVALID_CURSOR", "cursor")
    found: Row = {key: rows[first : first + size]} if rows else {}
    if first + size < len(rows):
        found["cursor"] = base64.b64encode(
            f"{list_id}:{first + size}".encode()
        ).decode()
    return json_response(found)


def _error(status: int, category: str, code: str, field: str = "") -> ApiResponse:
    error = {"category": category, "code": code, "detail": code.lower()}
    return json_response(
        {"errors": [error | ({"field": field} if field else {})]}, status
    )
