"""
A fake Ticket Tailor, written from its documentation.

Paths, envelopes, cursors, string booleans, lower-case currencies, date objects and
rate-limit headers as documented; lists are newest first. In the event listing,
`total_issued_tickets` counts valid tickets and `revenue` is net of refunds. An
unsupported parameter is refused, never ignored.
"""

from __future__ import annotations

import base64
import bisect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ticketsync.sandbox.fake_platform import ApiRequest, ApiResponse, json_response
from ticketsync.sandbox.questions import (
    Question,
    answers_of_order,
    answers_of_ticket,
)
from ticketsync.sandbox.season import (
    CURRENCY,
    Performance,
    Production,
    Purchase,
    Seat,
    TicketType,
)
from ticketsync.sandbox.world import VENUE, ZONE, World

KEY = "sk_1001_2002_sandbox"
OFFICE = "lanternroom"
PREFIX = "/v1"
LARGEST_PAGE = 100
CURSOR = frozenset(("starting_after", "ending_before", "limit"))
TIMES: Mapping[str, Callable[[int, int], bool]] = {
    "created_at": lambda moment, wanted: moment == wanted,
    "created_at.gte": lambda moment, wanted: moment >= wanted,
    "created_at.gt": lambda moment, wanted: moment > wanted,
    "created_at.lte": lambda moment, wanted: moment <= wanted,
    "created_at.lt": lambda moment, wanted: moment < wanted,
}
ORDER_STATUS = ("completed", "pending", "cancelled")
TICKET_STATUS = ("valid", "voided")
# The query parameters that filter a list, with their tests.
ORDER_FILTERS: Mapping[str, Callable[[Purchase, str], bool]] = {
    "event_id": lambda p, wanted: wanted == f"ev_{p.performance.id}",
    "event_series_id": lambda p, wanted: wanted == f"es_{p.performance.production.id}",
    "status": lambda p, wanted: wanted == p.state,
    "email": lambda p, wanted: wanted == f"guest{p.buyer}@example.com",
    "txn_id": lambda p, wanted: wanted == _transaction(p),
    "barcode": lambda p, wanted: wanted in [f"bc{seat.id}" for seat in p.seats],
    "referral_tag": lambda p, wanted: False,
}
TICKET_FILTERS: Mapping[str, Callable[[dict[str, Any], str], bool]] = {
    "name": lambda row, wanted: wanted.lower() in row["full_name"].lower(),
    **{
        name: lambda row, wanted, name=name: row[name] == wanted  # type: ignore[misc]  # a default
        for name in ("event_id", "event_series_id", "order_id", "barcode", "email")
    },
    "reference": lambda row, wanted: row["reference"] == wanted,
    "status": lambda row, wanted: row["status"] == wanted,
}
SAME_SHOW = frozenset(("event_id", "event_series_id"))
RATE_LIMIT = 5000
RATE_SECONDS = 1800


class _Refused(Exception):
    """
    An invalid or unknown parameter.
    """


@dataclass
class TicketTailor:
    """
    Serves one world. Call `invalidate` after the world has changed.
    """

    world: World
    lag: Mapping[str, dict[str, int]] = field(default_factory=dict)
    key: str = KEY
    limit: int = RATE_LIMIT
    limit_seconds: int = RATE_SECONDS
    name: str = "ticket_tailor"
    prefix: str = PREFIX

    def __post_init__(self) -> None:
        self.invalidate()

    def invalidate(self) -> None:
        """
        Drop the cached responses, so that the next request renders them again.
        """
        self._cache: dict[int, bytes] = {}
        self._listing: dict[str, list[dict[str, Any]]] = {}
        newest_first = sorted(
            self.world.purchases, key=lambda p: (p.placed_at, p.id), reverse=True
        )
        self._orders = newest_first
        self._placed = [-purchase.placed_at for purchase in newest_first]
        self._index_by_id = {f"or_{p.id}": n for n, p in enumerate(newest_first)}
        self._orders_by_event: dict[str, list[Purchase]] = {}
        for purchase in newest_first:
            event = f"ev_{purchase.performance.id}"
            self._orders_by_event.setdefault(event, []).append(purchase)

    def respond(self, request: ApiRequest) -> ApiResponse:
        expected = base64.b64encode(f"{self.key}:".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            body = {"error_code": "UNAUTHORIZED", "message": "API key not recognised"}
            return json_response(body, 401)
        if request.method == "POST" and request.segments == ["check_ins"]:
            return self._check_in(request.body)
        if request.method != "GET":
            return json_response({"message": "read-only sandbox"}, 405)
        return self.answer(request.path, dict(request.query))

    def rate_limit_response(self, seconds: str) -> ApiResponse:
        return ApiResponse(429, b'{"message":"rate limit"}', {"Retry-After": seconds})

    def answer(self, path: str, query: Mapping[str, str]) -> ApiResponse:
        """
        The response to one GET request below `/v1`.
        """
        try:
            return self._route(path, query)
        except _Refused as refused:
            body = {"error_code": "VALIDATION_ERROR", "message": str(refused)}
            return json_response(body, 400)

    def _route(self, path: str, query: Mapping[str, str]) -> ApiResponse:
        match [step for step in path.split("/") if step]:
            case ["ping"]:
                return json_response({"pong": True})
            case ["orders"]:
                return self._list_orders(query)
            case ["orders", id_] if id_ in self._index_by_id:
                return ApiResponse(
                    200, self._order(self._orders[self._index_by_id[id_]])
                )
            case ["event_series"]:
                return self._list(self._render_listing("series"), path, query)
            case ["event_series", id_]:
                return _find_by_id(self._render_listing("series"), id_)
            case ["event_series", id_, "events"] if self._has_series(id_):
                return self._list_events({**query, "event_series_id": id_}, path)
            case ["events"]:
                return self._list_events(query, path)
            case ["events", id_]:
                return _find_by_id(self._render_listing("events"), id_)
            case ["issued_tickets"]:
                return self._list(self._tickets(query), path, query, _TICKETS)
            case ["issued_tickets", id_]:
                return _find_by_id(self._tickets({}), id_)
            case ["check_ins"]:
                return self._list(self._check_ins(query), path, query, SAME_SHOW)
            case ["products"]:
                return self._list([self._product()], path, query)
            case ["products", id_]:
                return _find_by_id([self._product()], id_)
            case ["discounts"]:
                return self._list(self._discounts(), path, query)
            case ["discounts", id_]:
                return _find_by_id(self._discounts(), id_)
            case ["vouchers"]:
                return self._list([_VOUCHER], path, query)
            case ["vouchers", id_]:
                return _find_by_id([_VOUCHER], id_)
            case ["vouchers", id_, "codes"] if id_ == _VOUCHER["id"]:
                return self._list([_VOUCHER_CODE], path, query)
        return NOT_FOUND

    # Lists

    def _render_listing(self, kind: str) -> list[dict[str, Any]]:
        if kind not in self._listing:
            self._listing[kind] = (
                [self._series(production) for production in self.world.productions]
                if kind == "series"
                else [
                    self._event(performance) for performance in self.world.performances
                ]
            )
        return self._listing[kind]

    def _has_series(self, id_: str) -> bool:
        return any(series["id"] == id_ for series in self._render_listing("series"))

    def _list_events(self, query: Mapping[str, str], path: str) -> ApiResponse:
        series = query.get("event_series_id")
        events = [
            event
            for event in self._render_listing("events")
            if series in (None, event["event_series_id"])
        ]
        return self._list(events, path, query, frozenset(("event_series_id",)))

    def _list_orders(self, query: Mapping[str, str]) -> ApiResponse:
        _require_known_parameters(query, ORDER_FILTERS.keys() | TIMES.keys())
        _require_one_of(query, "status", ORDER_STATUS)
        event = query.get("event_id")
        orders = self._orders if event is None else self._orders_by_event.get(event, [])
        filters = [
            (ORDER_FILTERS[name], value)
            for name, value in query.items()
            if name in ORDER_FILTERS and name != "event_id"
        ]
        if filters:
            orders = [
                p
                for p in orders
                if all(is_match(p, value) for is_match, value in filters)
            ]
        if orders is self._orders:
            placed, index_by_id = self._placed, self._index_by_id
        else:
            placed = [-purchase.placed_at for purchase in orders]
            index_by_id = {f"or_{p.id}": n for n, p in enumerate(orders)}
        first, last = 0, len(orders)
        for name in query.keys() & TIMES.keys():
            moment = _parse_int(query, name)
            match name.partition(".")[2]:
                case "gte":
                    last = min(last, bisect.bisect_right(placed, -moment))
                case "gt":
                    last = min(last, bisect.bisect_left(placed, -moment))
                case "lte":
                    first = max(first, bisect.bisect_left(placed, -moment))
                case "lt":
                    first = max(first, bisect.bisect_right(placed, -moment))
                case _:
                    first = max(first, bisect.bisect_left(placed, -moment))
                    last = min(last, bisect.bisect_right(placed, -moment))
        limit = _parse_limit(query)
        begin, end = _page_range(query, index_by_id, first, max(first, last), limit)
        page = orders[begin:end]
        ids = [f"or_{purchase.id}" for purchase in page]
        links = _links("/orders", ids, limit, first < begin, end < last)
        body = b",".join(self._order(purchase) for purchase in page)
        links_json = json.dumps(links).encode()
        return ApiResponse(200, b'{"data":[' + body + b'],"links":' + links_json + b"}")

    def _list(
        self,
        rows: list[dict[str, Any]],
        path: str,
        query: Mapping[str, str],
        filters: frozenset[str] = frozenset(),
    ) -> ApiResponse:
        _require_known_parameters(query, filters)
        index_by_id = {row["id"]: n for n, row in enumerate(rows)}
        limit = _parse_limit(query)
        begin, end = _page_range(query, index_by_id, 0, len(rows), limit)
        page = rows[begin:end]
        ids = [row["id"] for row in page]
        links = _links(path, ids, limit, begin > 0, end < len(rows))
        return json_response({"data": page, "links": links})

    # Objects

    def _series(self, production: Production) -> dict[str, Any]:
        own = [p for p in self.world.performances if p.production is production]
        ahead = [p for p in own if p.starts_at.timestamp() > self.world.now]
        return {
            "object": "event_series",
            "id": f"es_{production.id}",
            "name": production.title,
            "created_at": min(p.listed_at for p in own),
            "currency": CURRENCY.lower(),
            "timezone": ZONE,
            "status": "published",
            "default_ticket_types": [
                _ticket_type(ticket_type, production, 0)
                for ticket_type in production.ticket_types
            ],
            "next_occurrence_date": _date_object(ahead[0].starts_at) if ahead else None,
            "online_event": "false",
            "private": "false",
            "revenue": sum(self.sum_revenue(p) for p in own),
            "sales_tax_label": "GST",
            "sales_tax_percentage": production.tax_percent,
            "sales_tax_treatment": _tax_treatment(production),
            "show_map": "false",
            "tickets_available_at": "",
            "total_issued_tickets": sum(self.count_issued(p) for p in own),
            "total_occurrences": len(own),
            "transaction_fee_fixed_amount": production.charge or None,
            "transaction_fee_percentage": None,
            "upcoming_occurrences": len(ahead),
            "url": f"https://buytickets.at/{OFFICE}/{production.id}",
            "venue": _venue(),
        }

    def _event(self, performance: Performance) -> dict[str, Any]:
        production = performance.production
        name = f"ev_{performance.id}"
        orders = self._orders_by_event.get(name, [])
        counts = {
            "revenue": self.sum_revenue(performance),
            "total_issued_tickets": self.count_issued(performance),
            "total_orders": sum(order.state != "cancelled" for order in orders),
        }
        counts.update(self.lag.get(name, {}))
        return {
            "object": "event",
            "id": name,
            "event_series_id": f"es_{production.id}",
            "name": production.title,
            "created_at": performance.listed_at,
            "currency": CURRENCY.lower(),
            "timezone": ZONE,
            "status": "published",
            "start": _date_object(performance.starts_at),
            "end": _date_object(performance.starts_at + timedelta(minutes=100)),
            "checkout_url": "https://www.tickettailor.com/checkout/view-event/id/"
            f"{performance.id}/chk/sandbox/",
            "chk": "sandbox",
            "hidden": "false",
            "max_tickets_sold_per_occurrence": production.capacity,
            "online_event": "false",
            "private": "false",
            "ticket_types": [
                _ticket_type(
                    ticket_type,
                    production,
                    self.count_issued(performance, ticket_type.id),
                )
                for ticket_type in production.ticket_types
            ],
            "tickets_available": "true",
            "tickets_available_at": None,
            "total_holds": 0,
            "unavailable": "false",
            "unavailable_status": None,
            "url": f"https://www.tickettailor.com/events/{OFFICE}/{production.id}",
            "venue": _venue(),
            **counts,
        }

    def sum_revenue(self, performance: Performance) -> int:
        return sum(
            purchase.total - purchase.refunded
            for purchase in self._orders_by_event.get(f"ev_{performance.id}", [])
            if purchase.was_paid
        )

    def count_issued(
        self, performance: Performance, ticket_type_id: int | None = None
    ) -> int:
        seats = [
            seat
            for purchase in self._orders_by_event.get(f"ev_{performance.id}", [])
            for seat in purchase.seats
        ]
        seats += [
            seat
            for other, seat in self.world.tickets_without_order
            if other is performance
        ]
        return sum(
            not s.is_void and ticket_type_id in (None, s.ticket_type.id) for s in seats
        )

    def _order(self, purchase: Purchase) -> bytes:
        body = self._cache.get(purchase.id)
        if body is None:
            body = json.dumps(_order(purchase), separators=(",", ":")).encode()
            self._cache[purchase.id] = body
        return body

    def _tickets(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        _require_one_of(query, "status", TICKET_STATUS)
        wanted = query.get("event_id")
        orders = (
            self._orders if wanted is None else self._orders_by_event.get(wanted, [])
        )
        rows = [
            _ticket(seat, purchase.performance, purchase)
            for purchase in orders
            for seat in purchase.seats
        ]
        rows += [
            _ticket(seat, performance, None)
            for performance, seat in self.world.tickets_without_order
        ]
        for name in query.keys() & TICKET_FILTERS.keys():
            is_match, value = TICKET_FILTERS[name], query[name]
            rows = [row for row in rows if is_match(row, value)]
        for name in query.keys() & TIMES.keys():
            moment = _parse_int(query, name)
            rows = [row for row in rows if TIMES[name](row["created_at"], moment)]
        return rows

    def _product(self) -> dict[str, Any]:
        created_at = _date_object(
            self.world.performances[0].starts_at - timedelta(days=90)
        )
        return {
            "object": "product",
            "id": "pr_901",
            "name": "Programme",
            "booking_fee": 0,
            "price": 1200,
            "currency": CURRENCY,
            "created_at": created_at,
            "updated_at": created_at,
            "issued_count": sum(bool(p.product) for p in self._orders if p.was_paid),
            "quantity": None,
            "status": "ON_SALE",
        }

    def _discounts(self) -> list[dict[str, Any]]:
        """
        The discount codes that the orders use; `times_redeemed` counts orders.
        """
        found: list[dict[str, Any]] = []
        for id_, code, amount, percent in (
            ("di_801", "LANTERN20", None, 20),
            ("di_802", "FIVEOFF", 500, None),
        ):
            found.append(
                {
                    "object": "discount",
                    "id": id_,
                    "code": code,
                    "name": code,
                    "type": "percentage" if percent else "fixed_amount",
                    "face_value_amount": amount,
                    "face_value_percentage": percent,
                    "booking_fee_amount": 0 if amount else None,
                    "booking_fee_percentage": None,
                    "expires": None,
                    "max_redemptions": None,
                    "times_redeemed": sum(p.code == code for p in self._orders),
                    "ticket_types": [],
                    "products": [],
                }
            )
        return found

    def _check_in(self, body: Any) -> ApiResponse:
        """
        Check in a ticket, or undo it if the quantity is negative.
        """
        if not isinstance(body, dict):
            text = {"error_code": "VALIDATION_ERROR", "message": "body"}
            return json_response(text, 400)
        for purchase in self._orders:
            for seat in purchase.seats:
                if f"it_{seat.id}" == body.get("issued_ticket_id"):
                    seat.is_checked_in = int(body["quantity"]) > 0
                    self.invalidate()
                    return json_response(
                        {"object": "check_in", "id": f"ci_{seat.id}"}, 201
                    )
        return json_response(
            {"error_code": "NOT_FOUND", "message": "no such ticket"}, 404
        )

    def _check_ins(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        event, series = query.get("event_id"), query.get("event_series_id")
        return [
            {
                "object": "check_in",
                "id": f"ci_{seat.id}",
                "check_in_at": int(purchase.performance.starts_at.timestamp()) - 600,
                "created_at": int(purchase.performance.starts_at.timestamp()) - 600,
                "event_id": f"ev_{purchase.performance.id}",
                "event_series_id": f"es_{purchase.performance.production.id}",
                "issued_ticket_id": f"it_{seat.id}",
                "quantity": 1,
            }
            for purchase in self._orders
            if event in (None, f"ev_{purchase.performance.id}")
            and series in (None, f"es_{purchase.performance.production.id}")
            for seat in purchase.seats
            if seat.is_checked_in
        ]


def rate_headers(limit: int, left: int, seconds: str) -> dict[str, str]:
    return {
        "X-Rate-Limit-Limit": str(limit),
        "X-Rate-Limit-Remaining": str(max(0, left)),
        "X-Rate-Limit-Reset": seconds,
    }


def _require_known_parameters(query: Mapping[str, str], filters: Any) -> None:
    for name in query:
        if name not in CURSOR and name not in filters:
            raise _Refused(f"unknown parameter {name}")


def _require_one_of(
    query: Mapping[str, str], name: str, known: tuple[str, ...]
) -> None:
    if query.get(name, known[0]) not in known:
        raise _Refused(name)


def _parse_int(query: Mapping[str, str], name: str) -> int:
    if not query[name].isdecimal():
        raise _Refused(name)
    return int(query[name])


def _parse_limit(query: Mapping[str, str]) -> int:
    limit = _parse_int(query, "limit") if "limit" in query else LARGEST_PAGE
    if not 1 <= limit <= LARGEST_PAGE:
        raise _Refused("limit must be between 1 and 100")
    return limit


def _page_range(
    query: Mapping[str, str],
    index_by_id: Mapping[str, int],
    first: int,
    last: int,
    limit: int,
) -> tuple[int, int]:
    """
    The start and end of a page in the list; `ending_before` wins over `starting_after`.
    """
    for name in ("ending_before", "starting_after"):
        if name in query and query[name] not in index_by_id:
            raise _Refused("cursor")
    if "ending_before" in query:
        end = min(last, index_by_id[query["ending_before"]])
        return max(first, end - limit), max(first, end)
    if "starting_after" in query:
        first = max(first, index_by_id[query["starting_after"]] + 1)
    return first, max(first, min(last, first + limit))


def _links(
    path: str, ids: list[str], limit: int, has_before: bool, has_after: bool
) -> dict[str, str | None]:
    before = f"{path}?ending_before={ids[0]}&limit={limit}" if ids else None
    after = f"{path}?starting_after={ids[-1]}&limit={limit}" if ids else None
    return {
        "next": after if has_after else None,
        "previous": before if has_before else None,
    }


def _find_by_id(rows: list[dict[str, Any]], id_: str) -> ApiResponse:
    for row in rows:
        if row["id"] == id_:
            return json_response(row)
    return NOT_FOUND


NOT_FOUND = json_response({"error_code": "NOT_FOUND", "message": "no such thing"}, 404)
_TICKETS = frozenset((*TICKET_FILTERS, *TIMES))
_VOUCHER = {
    "object": "voucher",
    "id": "vo_701",
    "name": "Gift voucher",
    "value": 5000,
    "currency": CURRENCY.lower(),
    "expiry": None,
    "status": "active",
}
_VOUCHER_CODE = {
    "object": "voucher_code",
    "id": "vc_70101",
    "voucher_id": "vo_701",
    "code": "GIFT-1",
    "value": 5000,
    "remaining_value": 5000,
}


def _tax_treatment(production: Production) -> str:
    return "exclusive" if production.tax_on_top else "inclusive"


def _venue() -> dict[str, str]:
    return {"name": VENUE, "postal_code": "2042", "country": "AU"}


def _date_object(moment: datetime) -> dict[str, Any]:
    offset = moment.strftime("%z")
    return {
        "date": f"{moment:%Y-%m-%d}",
        "formatted": f"{moment:%a %d %b %Y %I:%M %p}",
        "iso": moment.isoformat(timespec="seconds"),
        "time": f"{moment:%H:%M}",
        "timezone": f"{offset[:3]}:{offset[3:]}",
        "unix": int(moment.timestamp()),
    }


def _ticket_type(
    ticket_type: TicketType, production: Production, issued: int
) -> dict[str, Any]:
    return {
        "object": "ticket_type",
        "id": f"tt_{ticket_type.id}",
        "name": ticket_type.name,
        "price": ticket_type.price,
        "booking_fee": ticket_type.fee,
        "status": "on_sale",
        "type": "GA",
        "quantity": max(0, production.capacity - issued),
        "quantity_held": 0,
        "quantity_issued": issued,
        "quantity_total": production.capacity,
        "hide_when_sold_out": "false",
    }


def _order(purchase: Purchase) -> dict[str, Any]:
    performance = purchase.performance
    name = f"Guest {purchase.buyer}"
    email = f"guest{purchase.buyer}@example.com"
    return {
        "object": "order",
        "id": f"or_{purchase.id}",
        "buyer_details": {
            "address": {
                "address_1": f"{purchase.buyer % 200} Example Street",
                "address_2": None,
                "address_3": "Sydney",
                "postal_code": "2042",
            },
            "custom_questions": _answers(answers_of_order(purchase)),
            "email": email,
            "first_name": "Guest",
            "last_name": str(purchase.buyer),
            "name": name,
            "phone": f"5550{purchase.buyer % 1000:03d}",
        },
        "created_at": purchase.placed_at,
        "credited_out_amount": 0,
        "currency": {"base_multiplier": 100, "code": CURRENCY.lower()},
        "event_summary": {
            "id": f"ev_{performance.id}",
            "event_id": f"ev_{performance.id}",
            "event_series_id": f"es_{performance.production.id}",
            "name": performance.production.title,
            "start_date": _date_object(performance.starts_at),
            "end_date": _date_object(performance.starts_at + timedelta(minutes=100)),
            "venue": {"name": VENUE, "postal_code": "2042"},
        },
        "issued_tickets": [
            _ticket(seat, performance, purchase) for seat in purchase.seats
        ],
        "line_items": _lines(purchase),
        "marketing_opt_in": None,
        "meta_data": [],
        "notes": None,
        "payment_method": {
            "external_id": None,
            "id": "pm_6691",
            "instructions": None,
            "name": None,
            "type": purchase.channel,
        },
        "referral_tag": None,
        "refund_amount": purchase.refunded,
        "refunded_voucher_id": None,
        "status": purchase.state,
        "status_message": None,
        "subtotal": purchase.before_tax,
        "tax": purchase.tax,
        "tax_treatment": _tax_treatment(performance.production),
        "total": purchase.total,
        "total_paid": purchase.total if purchase.was_paid else 0,
        "txn_id": _transaction(purchase),
    }


def _answers(given: Mapping[Question, str]) -> list[dict[str, str]]:
    return [
        {"question": question.text, "answer": answer}
        for question, answer in given.items()
    ]


def _reservation(seat: Seat, performance: Performance) -> str | None:
    place = performance.seat_of(seat.id)
    return None if place is None else f"{place[0]}-{place[1]}"


def _transaction(purchase: Purchase) -> str:
    return f"pi_{purchase.id}" if purchase.was_paid and purchase.total else "--"


def _lines(purchase: Purchase) -> list[dict[str, Any]]:
    groups: dict[tuple[int, int, int], list[Seat]] = {}
    for seat in purchase.seats:
        groups.setdefault((seat.ticket_type.id, seat.paid, seat.fee), []).append(seat)
    lines = [
        _line(
            "ticket",
            f"tt_{ticket_type_id}",
            seats[0].ticket_type.name,
            len(seats),
            paid,
            fee,
        )
        for (ticket_type_id, paid, fee), seats in groups.items()
    ]
    if purchase.charge:
        lines.append(
            _line("transaction_charge", None, "Transaction fee", 1, purchase.charge, 0)
        )
    if purchase.donation:
        lines.append(_line("donation", None, "Donation", 1, purchase.donation, 0))
    if purchase.product:
        lines.append(_line("product", "pr_901", "Programme", 1, purchase.product, 0))
    lines += [
        _line("gift_card", None, "Gift card", 1, card, 0)
        for card in (purchase.gift_cards, -purchase.paid_by_gift_card)
        if card
    ]
    for n, line in enumerate(lines):
        line["id"] = f"li_{purchase.id}{n}"
    return lines


def _line(
    item_type: str, item: str | None, text: str, quantity: int, value: int, fee: int
) -> dict[str, Any]:
    return {
        "object": "line_item",
        "booking_fee": fee,
        "description": text,
        "item_id": item,
        "quantity": quantity,
        "store_id": None,
        "total": quantity * (value + fee),
        "type": item_type,
        "value": value,
    }


def _ticket(
    seat: Seat, performance: Performance, purchase: Purchase | None
) -> dict[str, Any]:
    buyer = purchase.buyer if purchase else seat.id
    return {
        "object": "issued_ticket",
        "id": f"it_{seat.id}",
        "add_on_id": None,
        "barcode": f"bc{seat.id}",
        "barcode_url": f"https://www.tickettailor.com/barcode/{seat.id}/sandbox",
        "checked_in": "true" if seat.is_checked_in else "false",
        "created_at": seat.created_at,
        "custom_questions": _answers(answers_of_ticket(seat)),
        "description": seat.ticket_type.name,
        "email": f"guest{buyer}@example.com",
        "event_id": f"ev_{performance.id}",
        "event_series_id": f"es_{performance.production.id}",
        "first_name": "Guest",
        "full_name": f"Guest {buyer}",
        "group_ticket_barcode": None,
        "last_name": str(buyer),
        "listed_currency": {"base_multiplier": 100, "code": CURRENCY.lower()},
        "listed_price": seat.ticket_type.price if purchase else seat.list_price,
        "order_id": f"or_{purchase.id}" if purchase else None,
        "qr_code_url": f"https://www.tickettailor.com/qr/{seat.id}/sandbox",
        "reference": None,
        "reservation": _reservation(seat, performance),
        "source": "checkout" if purchase else "dashboard_import",
        "status": "voided" if seat.is_void else "valid",
        "ticket_type_id": f"tt_{seat.ticket_type.id}",
        "updated_at": seat.created_at,
        "voided_at": seat.voided_at or None,
    }
