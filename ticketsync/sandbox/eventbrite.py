"""
A fake Eventbrite, written from its documents.

Trailing slashes, no Content-Type on GET, three kinds of secret, a continuation even
with the last page, `changed_since`, series with hidden parents. A refund reduces the
costs of the ticket and of its order. Events are listed with their ticket classes where
`expand=ticket_classes` asks for them.

An unsupported parameter is refused, never ignored. Assumed, because the documents do
not say: without `status`, a list of events has the live ones, a list of orders the
active ones and a list of attendees all; `active` orders are neither refunded nor
abandoned; `page_size` is honoured everywhere, up to 50.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from ticketsync.sandbox.consent import ConsentPage
from ticketsync.sandbox.fake_platform import (
    ApiRequest,
    ApiResponse,
    iso_utc,
    json_response,
    major_text,
    unix_seconds,
)
from ticketsync.sandbox.season import (
    Performance,
    Production,
    Purchase,
    Seat,
    TicketType,
)
from ticketsync.sandbox.types_on_sale import count_paid
from ticketsync.sandbox.world import VENUE, ZONE, PlatformProfile, World, tax_parts

KEY = "EBPRIVATETOKEN000001"
API_KEY = "EBAPIKEY000000000001"
PUBLIC_TOKEN = "EBPUBLICTOKEN0000001"  # noqa: S105  # a fake
ORGANISATION = "770000001"
EMPTY_ORGANISATION = "770000002"
VENUE_ID = "66001"
PAGE = 50
DURATION = timedelta(minutes=100)

PAGING = frozenset(("page", "continuation", "page_size", "token", "expand"))
EVENT_STATUS = ("draft", "live", "started", "ended", "completed", "canceled")
ACTIVE = ("placed", "pending", "started")
ORDER_FILTERS: dict[str, Callable[[str], bool]] = {
    "active": lambda status: status in ACTIVE,
    "inactive": lambda status: status not in ACTIVE,
    "both": lambda status: True,
    "all_not_deleted": lambda status: status != "deleted",
}
ATTENDEE_FILTERS = {
    "attending": ("Attending", "Checked In"),
    "not_attending": ("Not Attending",),
    "unpaid": ("Unpaid",),
}
_EVENT_FILTERS = {
    False: {"status", "show_series_parent", "name_filter", "currency_filter"}
    | {"venue_filter"},
    True: {"start_date.range_start", "start_date.range_end"},
}
TIME_FILTERS = ("all", "past", "current_future")
ORDER_OF_EVENTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "start": lambda event: event["start"]["utc"],
    "created": lambda event: event["created"],
    "name": lambda event: event["name"]["text"],
}
DISCOUNTS = (
    {"id": "7001", "code": "LANTERN20", "percent_off": "20.00", "amount_off": None},
    {"id": "7002", "code": "FIVEOFF", "percent_off": None, "amount_off": "5.00"},
)


def kept_fees(purchase: Purchase) -> int:
    """
    The service and payment fees. The fees of a refunded ticket are returned.
    """
    return sum(seat.fee for seat in purchase.seats if not seat.is_refunded)


PROFILE = PlatformProfile(
    platform="eventbrite",
    production_ids=(3001, 3003),
    has_extras=False,
    reports_included_tax=False,
    has_imports=False,
    has_initial_mutations=False,
    mutations=("refund_seat", "cancel", "void_seat"),
    refund_small_amount=False,
    refunds_tax=True,
    kept_fees=kept_fees,
    provider_occurrence_id=lambda performance: f"88{performance.id}",
    unpaid_states=("unpaid", "pending", "started", "abandoned"),
)


class _Refused(Exception):
    """
    An error response that ends the request.
    """

    def __init__(self, response: ApiResponse) -> None:
        super().__init__()
        self.response = response


@dataclass
class Eventbrite:
    """
    Serves one world. Without `expands` the larger expansions are left out of the
    response; a request for one of the `failing_expansions` fails as a whole.
    """

    world: World
    key: str = KEY
    limit: int = 2000
    limit_seconds: int = 3600
    name: str = "eventbrite"
    prefix: str = "/eventbrite/v3"
    organisations: tuple[str, ...] = (ORGANISATION, EMPTY_ORGANISATION)
    # By the id of a performance; the first organisation sells all others.
    sellers: dict[int, str] = field(default_factory=dict)
    user: str = "5500001"
    expands: bool = True
    failing_expansions: tuple[str, ...] = ()
    hooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    client_secret: str = "eb-client-secret"  # noqa: S105  # a fake
    consent: ConsentPage = field(default_factory=ConsentPage)

    def invalidate(self) -> None:
        """
        Do nothing: every request renders from the world.
        """

    def rate_limit_response(self, seconds: str) -> ApiResponse:
        return _error(429, "HIT_RATE_LIMIT", "You have hit your rate limit")

    def respond(self, request: ApiRequest) -> ApiResponse:
        match (request.method, *request.segments):
            case ("GET", "oauth", "authorize"):
                return self.consent.respond(request)
            case ("POST", "oauth", "token"):
                return self._issue_token(request.body)
        error = self._check_request(request)
        if error is not None:
            return error
        try:
            return self._route(request)
        except _Refused as refused:
            return refused.response
        except (KeyError, TypeError, ValueError, AttributeError):
            return _error(400, "ARGUMENTS_ERROR", "There are errors with arguments")

    def _issue_token(self, body: Any) -> ApiResponse:
        """
        The access token for a code, from a form; it does not end.
        """
        is_ours = body.get("client_secret") == self.client_secret
        if not is_ours or not self.consent.is_good(body):
            return json_response({"error": "invalid_grant"}, 400)
        return json_response({"access_token": self.key, "token_type": "bearer"})

    def _check_request(self, request: ApiRequest) -> ApiResponse | None:
        if not request.path.endswith("/"):
            return self._redirect(request)
        writes = request.method in ("POST", "DELETE") and "webhooks" in request.segments
        if request.method != "GET" and not writes:
            return _error(405, "METHOD_NOT_ALLOWED", "read-only sandbox")
        if request.headers.get("Content-Type") and not writes:
            return _error(400, "ARGUMENTS_ERROR", "There are errors with arguments")
        header = request.headers.get("Authorization") or ""
        token = header.removeprefix("Bearer ") if header else request.get("token")
        if not token:
            return _error(401, "NO_AUTH", "Authentication not provided.")
        if token == PUBLIC_TOKEN:
            return _error(403, "NOT_AUTHORIZED", "You are not authorized.")
        if token != self.key or (header and not header.startswith("Bearer ")):
            return _error(
                401, "INVALID_AUTH", "The OAuth token you provided was invalid."
            )
        return None

    def _redirect(self, request: ApiRequest) -> ApiResponse:
        """
        Redirect to the same address with a trailing slash.
        """
        query = urlencode(request.query)
        where = f"{self.prefix}{request.path}/" + (f"?{query}" if query else "")
        redirect = _error(301, "PERMANENTLY_MOVED", "Slash missing")
        return ApiResponse(301, redirect.body, {"Location": where})

    def _expansions(self, request: ApiRequest) -> list[str]:
        """
        The expansions that a request asks for. Refuses a failing one.
        """
        wanted = request.get("expand").split(",")
        for name in wanted:
            if name in self.failing_expansions:
                raise _Refused(
                    _error(500, "EXPANSION_FAILED", f"Could not expand {name}")
                )
        return wanted if self.expands else []

    def _route(self, request: ApiRequest) -> ApiResponse:
        match request.segments:
            case ["users", "me"]:
                return json_response({"id": self.user, "name": "Lantern Box Office"})
            case ["users", "me", "organizations"]:
                rows = [
                    {"id": id_, "name": f"Lantern {id_[-1]}", "_type": "organization"}
                    for id_ in self.organisations
                ]
                return self._list(request, "organizations", rows)
            case ["organizations", id_, *rest] if id_ in self.organisations:
                return self._route_organisation(request, rest, id_)
            case ["webhooks", id_] if request.method == "DELETE":
                hook = _find(self.hooks.values(), lambda hook: hook["id"], id_)
                del self.hooks[hook["endpoint_url"]]
                return json_response({"success": True})
            case ["events", id_, *rest]:
                performance = _find(self.world.performances, _event_id, id_)
                return self._route_event(request, performance, rest)
            case ["series", id_]:
                return json_response(
                    self._series(_find(self._productions(), _series_id, id_))
                )
            case ["series", id_, "events"]:
                production = _find(self._productions(), _series_id, id_)
                own = [p for p in self.world.performances if p.production is production]
                return self._events(request, own, is_series_list=True)
            case ["orders", id_]:
                purchase = _find(self._purchases(), lambda p: str(p.id), id_)
                return json_response(self._order(purchase, request))
            case ["venues", id_] if id_ == VENUE_ID:
                return json_response(_venue())
        raise _Refused(NOT_FOUND)

    def _route_organisation(
        self, request: ApiRequest, segments: list[str], id_: str
    ) -> ApiResponse:
        performances = [p for p in self.world.performances if self._seller(p) == id_]
        own = {p.id for p in performances}
        purchases = [p for p in self._purchases() if p.performance.id in own]
        match segments:
            case ["events"]:
                return self._events(request, performances)
            case ["orders"]:
                return self._orders(request, purchases)
            case ["attendees"]:
                return self._attendees(
                    request, purchases, ("attending", "not_attending")
                )
            case ["discounts"]:
                return self._discounts(request)
            case ["reports", "sales"]:
                return self._report(request, purchases)
            case ["venues"]:
                has_venue = id_ == self.organisations[0]
                return self._list(request, "venues", [_venue()] if has_venue else [])
            case ["webhooks"] if request.method == "POST":
                return self._create_webhook(request.body)
            case ["webhooks"]:
                return self._list(request, "webhooks", list(self.hooks.values()))
        raise _Refused(NOT_FOUND)

    def _route_event(
        self, request: ApiRequest, performance: Performance, segments: list[str]
    ) -> ApiResponse:
        purchases = [p for p in self._purchases() if p.performance is performance]
        match segments:
            case []:
                has_classes = "ticket_classes" in self._expansions(request)
                sold = count_paid(self.world) if has_classes else None
                return json_response(self._listed(performance, sold))
            case ["orders"]:
                return self._orders(request, purchases)
            case ["orders", id_]:
                purchase = _find(purchases, lambda p: str(p.id), id_)
                return json_response(self._order(purchase, request))
            case ["attendees"]:
                return self._attendees(request, purchases, tuple(ATTENDEE_FILTERS))
            case ["attendees", id_]:
                rows = [row for p in purchases for row in list_attendees(p)]
                return json_response(_find(rows, lambda row: row["id"], id_))
            case ["ticket_classes"]:
                return self._ticket_classes(request, performance)
            case ["ticket_classes", id_]:
                ticket_type = _find(
                    performance.production.ticket_types,
                    lambda ticket_type: str(ticket_type.id),
                    id_,
                )
                sold = count_paid(self.world)
                return json_response(_ticket_class(ticket_type, performance, sold))
        raise _Refused(NOT_FOUND)

    def _productions(self) -> list[Production]:
        """
        The productions that have performances on this platform.
        """
        return list(
            {p.production.id: p.production for p in self.world.performances}.values()
        )

    def _seller(self, performance: Performance) -> str:
        """
        The organisation that sells a performance.
        """
        return self.sellers.get(performance.id, self.organisations[0])

    def _purchases(self) -> list[Purchase]:
        return sorted(self.world.purchases, key=lambda p: p.id)

    # Lists

    def _events(
        self,
        request: ApiRequest,
        performances: list[Performance],
        *,
        is_series_list: bool = False,
    ) -> ApiResponse:
        _require_known_parameters(
            request, {"time_filter", "order_by"} | _EVENT_FILTERS[is_series_list]
        )
        wanted = request.get("status", "all" if is_series_list else "live").split(",")
        if wanted == ["all"]:
            wanted = list(EVENT_STATUS)
        _require_one_of("status", wanted, EVENT_STATUS)
        when = request.get("time_filter", "all")
        _require_one_of("time_filter", [when], TIME_FILTERS)
        has_classes = "ticket_classes" in self._expansions(request)
        sold = count_paid(self.world) if has_classes else None
        rows: list[dict[str, Any]] = [
            self._listed(p, sold)
            for p in performances
            if when == "all"
            or (when == "past")
            == ((p.starts_at + DURATION).timestamp() < self.world.now)
        ]
        if request.get("show_series_parent") == "true":
            productions = {p.production.id: p.production for p in performances}
            rows += [self._series(production) for production in productions.values()]
        name, currency = request.get("name_filter"), request.get("currency_filter")
        begins = request.get("start_date.range_start")
        ends = request.get("start_date.range_end", "9999")
        rows = [
            row
            for row in rows
            if row["status"] in wanted
            and name.lower() in row["name"]["text"].lower()
            and currency in ("", row["currency"])
            and request.get("venue_filter") in ("", VENUE_ID)
            and begins <= row["start"]["utc"] <= ends
        ]
        order = request.get("order_by")
        if order:
            key, _, way = order.partition("_")
            _require_one_of("order_by", [key], tuple(ORDER_OF_EVENTS))
            _require_one_of("order_by", [way], ("asc", "desc"))
            rows.sort(key=ORDER_OF_EVENTS[key], reverse=way == "desc")
        return self._list(request, "events", rows)

    def _orders(self, request: ApiRequest, purchases: list[Purchase]) -> ApiResponse:
        _require_known_parameters(
            request,
            {"status", "changed_since", "last_item_seen", "only_emails"}
            | {"exclude_emails", "refund_request_statuses"},
        )
        wanted = request.get("status", "active")
        _require_one_of("status", [wanted], tuple(ORDER_FILTERS))
        included, excluded = (
            [email for email in request.get(name).split(",") if email]
            for name in ("only_emails", "exclude_emails")
        )
        is_new = _changed_filter(request)
        found = [
            p
            for p in purchases
            if ORDER_FILTERS[wanted](_status(p))
            and is_new(p.changed_at, str(p.id))
            and (not included or _email(p) in included)
            and _email(p) not in excluded
            and not request.get("refund_request_statuses")  # there are none
        ]
        return self._list(request, "orders", found, lambda p: self._order(p, request))

    def _attendees(
        self, request: ApiRequest, purchases: list[Purchase], statuses: tuple[str, ...]
    ) -> ApiResponse:
        _require_known_parameters(
            request, {"status", "changed_since", "last_item_seen", "attendee_ids"}
        )
        wanted = request.get("status")
        _require_one_of("status", [wanted or statuses[0]], statuses)
        ids = [id_ for id_ in request.get("attendee_ids").split(",") if id_]
        is_new = _changed_filter(request)
        found = [
            row
            for purchase in purchases
            for row in list_attendees(purchase)
            if is_new(unix_seconds(row["changed"]), row["id"])
            and (not wanted or row["status"] in ATTENDEE_FILTERS[wanted])
            and (not ids or row["id"] in ids)
        ]
        return self._list(request, "attendees", found)

    def _discounts(self, request: ApiRequest) -> ApiResponse:
        _require_known_parameters(
            request, {"scope", "event_id", "code", "code_filter", "type", "order_by"}
        )
        _require_one_of(
            "scope", [request.get("scope")], ("event", "multi_events", "user")
        )
        if request.get("code") and request.get("code_filter"):
            raise _Refused(_arguments("code", "not together with code_filter"))
        rows: list[dict[str, Any]] = [
            {**row, "type": "coded", "quantity_available": 0, "event_id": None}
            | {"ticket_class_ids": [], "start_date": None, "end_date": None}
            | {"quantity_sold": sum(p.code == row["code"] for p in self._purchases())}
            for row in DISCOUNTS
            if request.get("code") in ("", row["code"])
            and request.get("code_filter").upper() in str(row["code"])
            and request.get("type") in ("", "coded")
            and request.get("scope") == "user"
        ]
        return self._list(request, "discounts", rows)

    def _ticket_classes(
        self, request: ApiRequest, performance: Performance
    ) -> ApiResponse:
        _require_known_parameters(request, {"pos", "category"})
        category = request.get("category", "all")
        _require_one_of(
            "category", [category], ("all", "admission", "add_on", "donation")
        )
        _require_one_of(
            "pos", [request.get("pos", "online")], ("online", "at_the_door")
        )
        rows = _list_ticket_classes(performance, count_paid(self.world))
        if category not in ("all", "admission"):
            rows = []
        return self._list(request, "ticket_classes", rows)

    def _report(self, request: ApiRequest, purchases: list[Purchase]) -> ApiResponse:
        """
        Sales by day or in total: payments less refunds.
        """
        _require_known_parameters(request, {"event_ids", "event_status", "date_facet"})
        facet = request.get("date_facet", "day")
        _require_one_of("date_facet", [facet], ("day", "none"))
        ids = [id_ for id_ in request.get("event_ids").split(",") if id_]
        if bool(ids) == bool(request.get("event_status")):
            raise _Refused(_arguments("event_ids", "or event_status"))
        _require_one_of("event_status", [request.get("event_status", "all")], ("all",))
        paid = [
            p
            for p in purchases
            if p.was_paid and (not ids or _event_id(p.performance) in ids)
        ]
        days: dict[str, list[Purchase]] = {}
        for purchase in paid if facet == "day" else ():
            day = (
                f"{datetime.fromtimestamp(purchase.placed_at, UTC):%Y-%m-%dT00:00:00Z}"
            )
            days.setdefault(day, []).append(purchase)
        return json_response(
            {
                "timezone": ZONE,
                "event_ids": ids,
                "data": [
                    {"date": day, "date_localized": day, "totals": _sales_totals(some)}
                    for day, some in sorted(days.items())
                ],
                "totals": _sales_totals(paid),
            }
        )

    def _create_webhook(self, body: Any) -> ApiResponse:
        if "endpoint_url" not in (body or {}):
            raise _Refused(_arguments("endpoint_url", "missing"))
        id_ = f"77{len(self.hooks) + 1:05d}"
        hook = {
            "id": id_,
            "endpoint_url": body["endpoint_url"],
            "actions": body.get("actions", "").split(","),
            "event_id": body.get("event_id"),
            "created": iso_utc(self.world.now),
            "user_id": self.user,
            "resource_uri": f"https://www.eventbriteapi.com/v3/webhooks/{id_}/",
        }
        self.hooks[hook["endpoint_url"]] = hook
        return json_response(hook)

    def _list(
        self,
        request: ApiRequest,
        key: str,
        rows: list[Any],
        render: Callable[[Any], Any] = lambda row: row,
    ) -> ApiResponse:
        size = min(PAGE, _parse_positive_int(request, "page_size", PAGE))
        first = 0
        list_id = _list_id(request)
        pages = max(1, -(-len(rows) // size))
        if token := request.get("continuation"):
            try:
                token_list_id, start = json.loads(base64.b64decode(token))
            except ValueError:
                token_list_id, start = "", 0
            if token_list_id != list_id:
                raise _Refused(
                    _error(400, "BAD_CONTINUATION_TOKEN", "Invalid continuation")
                )
            first = int(start)
        elif request.get("page"):
            number = _parse_positive_int(request, "page", 1)
            if number > pages:
                raise _Refused(_error(400, "BAD_PAGE", "Page number is not valid"))
            first = (number - 1) * size
        last = first + size
        following = base64.b64encode(json.dumps([list_id, last]).encode()).decode()
        envelope = {
            "object_count": len(rows),
            "page_number": first // size + 1,
            "page_size": size,
            "page_count": pages,
            "continuation": following,
            "has_more_items": last < len(rows),
        }
        page = [render(row) for row in rows[first:last]]
        return json_response({"pagination": envelope, key: page})

    # Objects

    def _listed(
        self, performance: Performance, sold: Counter[tuple[int, int]] | None = None
    ) -> dict[str, Any]:
        """
        An event; with its ticket classes if it is known how many of each were `sold`.
        """
        production = performance.production
        ends = performance.starts_at + DURATION
        id_ = _event_id(performance)
        status = "live"
        if performance.starts_at.timestamp() < self.world.now:
            has_ended = ends.timestamp() < self.world.now
            status = "completed" if has_ended else "started"
        return {
            "id": id_,
            "name": {"text": production.title, "html": production.title},
            "description": {"text": None, "html": None},
            "url": f"https://www.eventbrite.com/e/show-tickets-{id_}",
            "start": _time(performance.starts_at),
            "end": _time(ends),
            "created": iso_utc(performance.listed_at),
            "changed": iso_utc(performance.updated_at),
            "capacity": production.capacity,
            "capacity_is_custom": True,
            "status": status,
            "currency": performance.currency,
            "online_event": False,
            "is_series": True,
            "is_series_parent": False,
            "series_id": _series_id(production),
            "organization_id": self._seller(performance),
            "venue_id": VENUE_ID,
            "venue": _venue(),
            "is_free": False,
            **(
                {}
                if sold is None
                else {"ticket_classes": _list_ticket_classes(performance, sold)}
            ),
        }

    def _series(self, production: Production) -> dict[str, Any]:
        """
        The hidden parent event of a series, from its first performance to its last.
        """
        own = [p for p in self.world.performances if p.production is production]
        found = self._listed(own[0])
        del found["series_id"]
        is_over = all(p.starts_at.timestamp() < self.world.now for p in own)
        return {
            **found,
            "id": _series_id(production),
            "url": f"https://www.eventbrite.com/e/show-tickets-{_series_id(production)}",
            "end": _time(own[-1].starts_at + DURATION),
            "status": "completed" if is_over else "live",
            "is_series_parent": True,
        }

    def _order(self, purchase: Purchase, request: ApiRequest) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": str(purchase.id),
            "created": iso_utc(purchase.placed_at),
            "changed": iso_utc(purchase.changed_at),
            "name": f"Guest {purchase.buyer}",
            "first_name": "Guest",
            "last_name": str(purchase.buyer),
            "email": _email(purchase),
            "status": _status(purchase),
            "time_remaining": 480 if purchase.state == "started" else None,
            "event_id": _event_id(purchase.performance),
            "resource_uri": f"https://www.eventbriteapi.com/v3/orders/{purchase.id}/",
            "costs": _order_costs(purchase),
        }
        if purchase.code:
            found["promo_code"] = purchase.code
        if "attendees" in self._expansions(request):
            found["attendees"] = list_attendees(purchase)
        return found


def _find(rows: Iterable[Any], get_id: Callable[[Any], str], wanted: str) -> Any:
    for row in rows:
        if get_id(row) == wanted:
            return row
    raise _Refused(NOT_FOUND)


def _require_known_parameters(request: ApiRequest, known: set[str]) -> None:
    """
    Refuse unsupported parameters: silently ignoring a filter would be worse.
    """
    for name, _ in request.query:
        if name not in known | PAGING:
            raise _Refused(_arguments(name, "unknown"))


def _require_one_of(name: str, values: Iterable[str], known: tuple[str, ...]) -> None:
    for value in values:
        if value not in known:
            raise _Refused(_arguments(name, "invalid"))


def _parse_positive_int(request: ApiRequest, name: str, default: int) -> int:
    text = request.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        code = "BAD_PAGE" if name == "page" else "ARGUMENTS_ERROR"
        raise _Refused(_error(400, code, f"{name} is not valid"))
    return int(text)


def _list_id(request: ApiRequest) -> str:
    """
    Identify the list and filters that a continuation belongs to.
    """
    filters = sorted(
        pair
        for pair in request.query
        if pair[0] not in ("continuation", "page", "token")
    )
    return hashlib.sha256(repr((request.path, filters)).encode()).hexdigest()[:12]


def _changed_filter(request: ApiRequest) -> Callable[[float, str], bool]:
    """
    Whether a record changed since then, or in the same second but after the last item
    seen.
    """
    changed_since, last = request.get("changed_since"), request.get("last_item_seen")
    since = unix_seconds(changed_since) if changed_since else 0.0
    return lambda at, id_: at > since or (at == since and id_ > last)


def _error(status: int, code: str, text: str) -> ApiResponse:
    body = {"error": code, "error_description": text, "status_code": status}
    return json_response(body, status)


NOT_FOUND = _error(404, "NOT_FOUND", "The path you requested does not exist.")


def _arguments(name: str, why: str) -> ApiResponse:
    text = f"There are errors with your arguments: {name} - {why}"
    return _error(400, "ARGUMENTS_ERROR", text)


def _event_id(performance: Performance) -> str:
    return PROFILE.provider_occurrence_id(performance)


def _status(purchase: Purchase) -> str:
    """
    The order's status in Eventbrite's terms. An order to be paid by cheque is placed.
    """
    if purchase.state in ("completed", "unpaid"):
        return "placed"
    if purchase.state == "cancelled":
        return "refunded" if purchase.was_paid else "cancelled"
    return purchase.state


def _series_id(production: Production) -> str:
    return f"99{production.id}"


def _email(purchase: Purchase) -> str:
    return f"guest{purchase.buyer}@example.com"


def _venue() -> dict[str, Any]:
    return {"id": VENUE_ID, "name": VENUE}


def _list_ticket_classes(
    performance: Performance, sold: Counter[tuple[int, int]]
) -> list[dict[str, Any]]:
    return [
        _ticket_class(ticket_type, performance, sold)
        for ticket_type in performance.production.ticket_types
    ]


def _ticket_class(
    ticket_type: TicketType, performance: Performance, sold: Counter[tuple[int, int]]
) -> dict[str, Any]:
    """
    A ticket class; each may be sold up to the capacity of the performance.
    """
    number = sold[performance.id, ticket_type.id]
    total = performance.production.capacity
    cost, fee = (
        _money(ticket_type.price, performance.currency),
        _money(ticket_type.fee, performance.currency),
    )
    return {
        "id": str(ticket_type.id),
        "event_id": _event_id(performance),
        "name": ticket_type.name,
        "description": None,
        "category": "admission",
        "free": not ticket_type.price,
        "donation": False,
        "cost": cost if ticket_type.price else None,
        "fee": fee if ticket_type.price else None,
        "actual_cost": cost if ticket_type.price else None,
        "actual_fee": fee if ticket_type.price else None,
        "include_fee": False,
        "split_fee": False,
        "quantity_total": total,
        "quantity_sold": number,
        "on_sale_status": "AVAILABLE" if number < total else "SOLD_OUT",
        "sales_start": iso_utc(performance.listed_at),
        "sales_end": iso_utc(performance.starts_at.timestamp()),
        "sales_channels": ["online", "atd"],
        "hidden": False,
        "variants": [],
    }


def _sales_totals(purchases: list[Purchase]) -> dict[str, Any]:
    currency = purchases[0].performance.currency if purchases else "AUD"
    gross = sum(p.total - p.refunded for p in purchases)
    fees = sum(map(kept_fees, purchases))
    return {
        "currency": currency,
        "gross": major_text(gross, currency),
        "net": major_text(gross - fees, currency),
        "quantity": sum(not s.is_void for p in purchases for s in p.seats),
        "fees": major_text(fees, currency),
        "royalty": major_text(0, currency),
    }


def _time(moment: Any) -> dict[str, str]:
    return {
        "timezone": ZONE,
        "utc": iso_utc(moment.timestamp()),
        "local": f"{moment:%Y-%m-%dT%H:%M:%S}",
    }


def _money(minor: int, currency: str) -> dict[str, Any]:
    text = major_text(minor, currency)
    return {
        "currency": currency,
        "value": minor,
        "major_value": text,
        "display": f"{text} {currency}",
    }


def _costs(
    currency: str, base: int, fee: int, tax: int, *, is_offline: bool = False
) -> dict[str, Any]:
    """
    A third of the fee is the payment fee, unless the order was paid offline.
    """
    payment = 0 if is_offline else fee // 3
    amounts = {
        "base_price": base,
        "eventbrite_fee": fee - payment,
        "payment_fee": payment,
        "tax": tax,
        "gross": base + fee + tax,
    }
    return {name: _money(value, currency) for name, value in amounts.items()}


def _order_costs(purchase: Purchase) -> dict[str, Any]:
    """
    The sum of the attendees' costs; each splits its own fee.
    """
    currency = purchase.performance.currency
    parts = [row["costs"] for row in list_attendees(purchase)]
    costs = {
        name: _money(sum(part[name]["value"] for part in parts), currency)
        for name in ("base_price", "eventbrite_fee", "payment_fee", "tax", "gross")
    }
    seats = [seat for seat in purchase.seats if not seat.is_refunded]
    if not purchase.code:
        return costs
    listed = sum(seat.ticket_type.price for seat in seats)
    off = listed - sum(seat.paid for seat in seats)
    return {
        **costs,
        "price_before_discount": _money(listed, currency),
        "discount_amount": _money(off, currency),
        "discount_type": "coded",
    }


def _attendee_id(purchase: Purchase, index: int) -> str:
    """
    Some orders number their attendees from one shared id, others give each its own id.
    """
    if purchase.id % 2:
        return str(purchase.seats[index].id)
    return f"{purchase.seats[0].id}-{index + 1}"


def _attendee_status(purchase: Purchase, seat: Seat, is_in: bool) -> str:
    if seat.is_void:
        return "Not Attending"
    if purchase.state == "unpaid":
        return "Unpaid"
    return "Checked In" if is_in else "Attending"


def list_attendees(purchase: Purchase) -> list[dict[str, Any]]:
    taxes = tax_parts(purchase)
    on_top = purchase.performance.production.tax_on_top
    rows = []
    for n, seat in enumerate(purchase.seats):
        back = seat.is_refunded
        is_in = seat.is_checked_in and not seat.is_void
        changed = iso_utc(max(purchase.changed_at, seat.changed_at))
        rows.append(
            {
                "id": _attendee_id(purchase, n),
                "created": iso_utc(purchase.placed_at),
                "changed": changed,
                "ticket_class_id": str(seat.ticket_type.id),
                "ticket_class_name": seat.ticket_type.name,
                "variant_id": None,
                "quantity": 1,
                "order_id": str(purchase.id),
                "event_id": _event_id(purchase.performance),
                "profile": {
                    "name": f"Guest {purchase.buyer}",
                    "email": _email(purchase),
                },
                "answers": [],
                "barcodes": [
                    {
                        "barcode": f"{purchase.id}{seat.id}001",
                        "status": "refunded" if back else "used" if is_in else "unused",
                        "created": iso_utc(purchase.placed_at),
                        "changed": changed,
                    }
                ],
                "costs": _costs(
                    purchase.performance.currency,
                    0 if back else seat.paid,
                    0 if back else seat.fee,
                    taxes[n] if on_top and not back else 0,
                    is_offline=purchase.channel == "offline",
                ),
                "checked_in": is_in,
                "cancelled": seat.is_void,
                "refunded": back,
                "status": _attendee_status(purchase, seat, is_in),
            }
        )
    return rows
