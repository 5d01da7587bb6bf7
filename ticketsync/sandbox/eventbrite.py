"""
Eventbrite, played from its documents.

Slashes at the end, no Content-Type on GET, three kinds of secret, continuations that
are sent with the last page too, `changed_since`, series with hidden parents. When
money goes back, the costs of the ticket and of its order shrink.

A parameter that is not played is refused, never ignored. Assumed, because the documents
do not say: without `status` a list of events has the live ones, one of orders the
active ones and one of attendees all; `active` are orders that are neither refunded nor
given up; `page_size` is honoured everywhere, up to 50.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from ticketsync.sandbox.player import Asked, Reply, major_text, reply, seconds_of, utc
from ticketsync.sandbox.world import (
    VENUE,
    ZONE,
    Kind,
    Performance,
    PlatformProfile,
    Purchase,
    Seat,
    Work,
    World,
    tax_parts,
)

KEY = "EBPRIVATETOKEN000001"
API_KEY = "EBAPIKEY000000000001"
PUBLIC_TOKEN = "EBPUBLICTOKEN0000001"  # noqa: S105  # a played one
ORGANISATION = "770000001"
EMPTY_ORGANISATION = "770000002"
VENUE_ID = "66001"
PAGE = 50
LASTS = timedelta(minutes=100)

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


def kept(purchase: Purchase) -> int:
    """
    The service and payment fees; those of a refunded ticket come back.
    """
    return sum(seat.fee for seat in purchase.seats if not seat.is_returned)


PROFILE = PlatformProfile(
    platform="eventbrite",
    works=(3001, 3003),
    extras=False,
    reports_inner_tax=False,
    imports=False,
    mishaps=False,
    ways=("refund_seat", "cancel", "void_seat"),
    refund_by_goodwill=False,
    tax_comes_back=True,
    kept=kept,
    named=lambda performance: f"88{performance.id}",
    unfinished=("unpaid", "pending", "started", "abandoned"),
)


class _Refused(Exception):
    """
    An answer that ends a request.
    """

    def __init__(self, answer: Reply) -> None:
        super().__init__()
        self.answer = answer


@dataclass
class Eventbrite:
    """
    Answers requests about one world.
    """

    world: World
    key: str = KEY
    limit: int = 2000
    limit_seconds: int = 3600
    name: str = "eventbrite"
    prefix: str = "/eventbrite/v3"
    organisations: tuple[str, ...] = (ORGANISATION, EMPTY_ORGANISATION)
    user: str = "5500001"
    expands: bool = True
    hooks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def forget(self) -> None:
        """
        Everything is rendered at each request.
        """

    def too_many(self, seconds: str) -> Reply:
        return _error(429, "HIT_RATE_LIMIT", "You have hit your rate limit")

    def respond(self, asked: Asked) -> Reply:
        refusal = self._refusal(asked)
        if refusal is not None:
            return refusal
        try:
            return self._answer(asked)
        except _Refused as refused:
            return refused.answer
        except (KeyError, TypeError, ValueError, AttributeError):
            return _error(400, "ARGUMENTS_ERROR", "There are errors with arguments")

    def _refusal(self, asked: Asked) -> Reply | None:
        if not asked.path.endswith("/"):
            return self._moved(asked)
        writes = asked.method in ("POST", "DELETE") and "webhooks" in asked.steps
        if asked.method != "GET" and not writes:
            return _error(405, "METHOD_NOT_ALLOWED", "read-only sandbox")
        if asked.headers.get("Content-Type") and not writes:
            return _error(400, "ARGUMENTS_ERROR", "There are errors with arguments")
        told = asked.headers.get("Authorization") or ""
        token = told.removeprefix("Bearer ") if told else asked.one("token")
        if not token:
            return _error(401, "NO_AUTH", "Authentication not provided.")
        if token == PUBLIC_TOKEN:
            return _error(403, "NOT_AUTHORIZED", "You are not authorized.")
        if token != self.key or (told and not told.startswith("Bearer ")):
            return _error(
                401, "INVALID_AUTH", "The OAuth token you provided was invalid."
            )
        return None

    def _moved(self, asked: Asked) -> Reply:
        """
        The same address with a slash.
        """
        query = urlencode(asked.query)
        where = f"{self.prefix}{asked.path}/" + (f"?{query}" if query else "")
        moved = _error(301, "PERMANENTLY_MOVED", "Slash missing")
        return Reply(301, moved.body, {"Location": where})

    def _answer(self, asked: Asked) -> Reply:
        match asked.steps:
            case ["users", "me"]:
                return reply({"id": self.user, "name": "Lantern Box Office"})
            case ["users", "me", "organizations"]:
                rows = [
                    {"id": id_, "name": f"Lantern {id_[-1]}", "_type": "organization"}
                    for id_ in self.organisations
                ]
                return self._list(asked, "organizations", rows)
            case ["organizations", id_, *what] if id_ in self.organisations:
                return self._of_organisation(asked, what, id_ == self.organisations[0])
            case ["webhooks", id_] if asked.method == "DELETE":
                hook = _found(self.hooks.values(), lambda hook: hook["id"], id_)
                del self.hooks[hook["endpoint_url"]]
                return reply({"success": True})
            case ["events", id_, *what]:
                performance = _found(self.world.performances, _event, id_)
                return self._of_event(asked, performance, what)
            case ["series", id_]:
                return reply(self._series(_found(self._works(), _series, id_)))
            case ["series", id_, "events"]:
                work = _found(self._works(), _series, id_)
                own = [p for p in self.world.performances if p.work is work]
                return self._events(asked, own, of_series=True)
            case ["orders", id_]:
                purchase = _found(self._purchases(), lambda p: str(p.id), id_)
                return reply(self._order(purchase, asked))
            case ["venues", id_] if id_ == VENUE_ID:
                return reply(_venue())
        raise _Refused(NOT_FOUND)

    def _of_organisation(self, asked: Asked, what: list[str], has_all: bool) -> Reply:
        purchases = self._purchases() if has_all else []
        performances = self.world.performances if has_all else []
        match what:
            case ["events"]:
                return self._events(asked, performances)
            case ["orders"]:
                return self._orders(asked, purchases)
            case ["attendees"]:
                return self._attendees(asked, purchases, ("attending", "not_attending"))
            case ["discounts"]:
                return self._discounts(asked)
            case ["reports", "sales"]:
                return self._report(asked, purchases)
            case ["venues"]:
                return self._list(asked, "venues", [_venue()] if has_all else [])
            case ["webhooks"] if asked.method == "POST":
                return self._new_hook(asked.body)
            case ["webhooks"]:
                return self._list(asked, "webhooks", list(self.hooks.values()))
        raise _Refused(NOT_FOUND)

    def _of_event(self, asked: Asked, of: Performance, what: list[str]) -> Reply:
        purchases = [p for p in self._purchases() if p.performance is of]
        match what:
            case []:
                return reply(self._listed(of))
            case ["orders"]:
                return self._orders(asked, purchases)
            case ["orders", id_]:
                purchase = _found(purchases, lambda p: str(p.id), id_)
                return reply(self._order(purchase, asked))
            case ["attendees"]:
                return self._attendees(asked, purchases, tuple(ATTENDEE_FILTERS))
            case ["attendees", id_]:
                rows = [row for p in purchases for row in _attendees(p)]
                return reply(_found(rows, lambda row: row["id"], id_))
            case ["ticket_classes"]:
                return self._ticket_classes(asked, of)
            case ["ticket_classes", id_]:
                kind = _found(of.work.kinds, lambda kind: str(kind.id), id_)
                return reply(_ticket_class(kind, of, purchases))
        raise _Refused(NOT_FOUND)

    def _works(self) -> list[Work]:
        """
        The works that have nights here.
        """
        return list({p.work.id: p.work for p in self.world.performances}.values())

    def _purchases(self) -> list[Purchase]:
        return sorted(self.world.purchases, key=lambda p: p.id)

    # Lists

    def _events(
        self,
        asked: Asked,
        performances: list[Performance],
        *,
        of_series: bool = False,
    ) -> Reply:
        _only(asked, {"time_filter", "order_by"} | _EVENT_FILTERS[of_series])
        wanted = asked.one("status", "all" if of_series else "live").split(",")
        if wanted == ["all"]:
            wanted = list(EVENT_STATUS)
        _one_of("status", wanted, EVENT_STATUS)
        when = asked.one("time_filter", "all")
        _one_of("time_filter", [when], TIME_FILTERS)
        rows: list[dict[str, Any]] = [
            self._listed(p)
            for p in performances
            if when == "all"
            or (when == "past") == ((p.starts + LASTS).timestamp() < self.world.now)
        ]
        if asked.one("show_series_parent") == "true":
            works = {p.work.id: p.work for p in performances}
            rows += [self._series(work) for work in works.values()]
        name, currency = asked.one("name_filter"), asked.one("currency_filter")
        begins = asked.one("start_date.range_start")
        ends = asked.one("start_date.range_end", "9999")
        rows = [
            row
            for row in rows
            if row["status"] in wanted
            and name.lower() in row["name"]["text"].lower()
            and currency in ("", row["currency"])
            and asked.one("venue_filter") in ("", VENUE_ID)
            and begins <= row["start"]["utc"] <= ends
        ]
        order = asked.one("order_by")
        if order:
            key, _, way = order.partition("_")
            _one_of("order_by", [key], tuple(ORDER_OF_EVENTS))
            _one_of("order_by", [way], ("asc", "desc"))
            rows.sort(key=ORDER_OF_EVENTS[key], reverse=way == "desc")
        return self._list(asked, "events", rows)

    def _orders(self, asked: Asked, purchases: list[Purchase]) -> Reply:
        _only(
            asked,
            {"status", "changed_since", "last_item_seen", "only_emails"}
            | {"exclude_emails", "refund_request_statuses"},
        )
        wanted = asked.one("status", "active")
        _one_of("status", [wanted], tuple(ORDER_FILTERS))
        only, but = (
            [email for email in asked.one(name).split(",") if email]
            for name in ("only_emails", "exclude_emails")
        )
        is_new = _newer_than(asked)
        found = [
            p
            for p in purchases
            if ORDER_FILTERS[wanted](_status(p))
            and is_new(p.touched, str(p.id))
            and (not only or _email(p) in only)
            and _email(p) not in but
            and not asked.one("refund_request_statuses")  # nobody asked for one
        ]
        return self._list(asked, "orders", found, lambda p: self._order(p, asked))

    def _attendees(
        self, asked: Asked, purchases: list[Purchase], statuses: tuple[str, ...]
    ) -> Reply:
        _only(asked, {"status", "changed_since", "last_item_seen", "attendee_ids"})
        wanted = asked.one("status")
        _one_of("status", [wanted or statuses[0]], statuses)
        ids = [id_ for id_ in asked.one("attendee_ids").split(",") if id_]
        is_new = _newer_than(asked)
        found = [
            row
            for purchase in purchases
            for row in _attendees(purchase)
            if is_new(seconds_of(row["changed"]), row["id"])
            and (not wanted or row["status"] in ATTENDEE_FILTERS[wanted])
            and (not ids or row["id"] in ids)
        ]
        return self._list(asked, "attendees", found)

    def _discounts(self, asked: Asked) -> Reply:
        _only(asked, {"scope", "event_id", "code", "code_filter", "type", "order_by"})
        _one_of("scope", [asked.one("scope")], ("event", "multi_events", "user"))
        if asked.one("code") and asked.one("code_filter"):
            raise _Refused(_arguments("code", "not together with code_filter"))
        rows: list[dict[str, Any]] = [
            {**row, "type": "coded", "quantity_available": 0, "event_id": None}
            | {"ticket_class_ids": [], "start_date": None, "end_date": None}
            | {"quantity_sold": sum(p.code == row["code"] for p in self._purchases())}
            for row in DISCOUNTS
            if asked.one("code") in ("", row["code"])
            and asked.one("code_filter").upper() in str(row["code"])
            and asked.one("type") in ("", "coded")
            and asked.one("scope") == "user"
        ]
        return self._list(asked, "discounts", rows)

    def _ticket_classes(self, asked: Asked, of: Performance) -> Reply:
        _only(asked, {"pos", "category"})
        category = asked.one("category", "all")
        _one_of("category", [category], ("all", "admission", "add_on", "donation"))
        _one_of("pos", [asked.one("pos", "online")], ("online", "at_the_door"))
        purchases = [p for p in self._purchases() if p.performance is of]
        rows = [_ticket_class(kind, of, purchases) for kind in of.work.kinds]
        if category not in ("all", "admission"):
            rows = []
        return self._list(asked, "ticket_classes", rows)

    def _report(self, asked: Asked, purchases: list[Purchase]) -> Reply:
        """
        Sales by day or in one sum: what is paid, less what went back.
        """
        _only(asked, {"event_ids", "event_status", "date_facet"})
        facet = asked.one("date_facet", "day")
        _one_of("date_facet", [facet], ("day", "none"))
        ids = [id_ for id_ in asked.one("event_ids").split(",") if id_]
        if bool(ids) == bool(asked.one("event_status")):
            raise _Refused(_arguments("event_ids", "or event_status"))
        _one_of("event_status", [asked.one("event_status", "all")], ("all",))
        paid = [
            p
            for p in purchases
            if p.was_paid and (not ids or _event(p.performance) in ids)
        ]
        days: dict[str, list[Purchase]] = {}
        for purchase in paid if facet == "day" else ():
            day = f"{datetime.fromtimestamp(purchase.placed, UTC):%Y-%m-%dT00:00:00Z}"
            days.setdefault(day, []).append(purchase)
        return reply(
            {
                "timezone": ZONE,
                "event_ids": ids,
                "data": [
                    {"date": day, "date_localized": day, "totals": _sums(some)}
                    for day, some in sorted(days.items())
                ],
                "totals": _sums(paid),
            }
        )

    def _new_hook(self, told: Any) -> Reply:
        if "endpoint_url" not in (told or {}):
            raise _Refused(_arguments("endpoint_url", "missing"))
        id_ = f"77{len(self.hooks) + 1:05d}"
        hook = {
            "id": id_,
            "endpoint_url": told["endpoint_url"],
            "actions": told.get("actions", "").split(","),
            "event_id": told.get("event_id"),
            "created": utc(self.world.now),
            "user_id": self.user,
            "resource_uri": f"https://www.eventbriteapi.com/v3/webhooks/{id_}/",
        }
        self.hooks[hook["endpoint_url"]] = hook
        return reply(hook)

    def _list(
        self,
        asked: Asked,
        key: str,
        rows: list[Any],
        render: Callable[[Any], Any] = lambda row: row,
    ) -> Reply:
        size = min(PAGE, _number(asked, "page_size", PAGE))
        first = 0
        mark = _mark(asked)
        pages = max(1, -(-len(rows) // size))
        if token := asked.one("continuation"):
            try:
                whose, at = json.loads(base64.b64decode(token))
            except ValueError:
                whose, at = "", 0
            if whose != mark:
                raise _Refused(
                    _error(400, "BAD_CONTINUATION_TOKEN", "Invalid continuation")
                )
            first = int(at)
        elif asked.one("page"):
            number = _number(asked, "page", 1)
            if number > pages:
                raise _Refused(_error(400, "BAD_PAGE", "Page number is not valid"))
            first = (number - 1) * size
        last = first + size
        following = base64.b64encode(json.dumps([mark, last]).encode()).decode()
        envelope = {
            "object_count": len(rows),
            "page_number": first // size + 1,
            "page_size": size,
            "page_count": pages,
            "continuation": following,
            "has_more_items": last < len(rows),
        }
        page = [render(row) for row in rows[first:last]]
        return reply({"pagination": envelope, key: page})

    # Objects

    def _listed(self, performance: Performance) -> dict[str, Any]:
        work = performance.work
        ends = performance.starts + LASTS
        id_ = _event(performance)
        status = "live"
        if performance.starts.timestamp() < self.world.now:
            has_ended = ends.timestamp() < self.world.now
            status = "completed" if has_ended else "started"
        return {
            "id": id_,
            "name": {"text": work.title, "html": work.title},
            "description": {"text": None, "html": None},
            "url": f"https://www.eventbrite.com/e/show-tickets-{id_}",
            "start": _time(performance.starts),
            "end": _time(ends),
            "created": utc(performance.listed),
            "changed": utc(performance.listed),
            "capacity": work.capacity,
            "capacity_is_custom": True,
            "status": status,
            "currency": performance.currency,
            "online_event": False,
            "is_series": True,
            "is_series_parent": False,
            "series_id": _series(work),
            "organization_id": self.organisations[0],
            "venue_id": VENUE_ID,
            "venue": _venue(),
            "is_free": False,
        }

    def _series(self, work: Work) -> dict[str, Any]:
        """
        The hidden parent of a series: from its first night to its last.
        """
        own = [p for p in self.world.performances if p.work is work]
        found = self._listed(own[0])
        del found["series_id"]
        is_over = all(p.starts.timestamp() < self.world.now for p in own)
        return {
            **found,
            "id": _series(work),
            "url": f"https://www.eventbrite.com/e/show-tickets-{_series(work)}",
            "end": _time(own[-1].starts + LASTS),
            "status": "completed" if is_over else "live",
            "is_series_parent": True,
        }

    def _order(self, purchase: Purchase, asked: Asked) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": str(purchase.id),
            "created": utc(purchase.placed),
            "changed": utc(purchase.touched),
            "name": f"Guest {purchase.buyer}",
            "first_name": "Guest",
            "last_name": str(purchase.buyer),
            "email": _email(purchase),
            "status": _status(purchase),
            "time_remaining": 480 if purchase.state == "started" else None,
            "event_id": _event(purchase.performance),
            "resource_uri": f"https://www.eventbriteapi.com/v3/orders/{purchase.id}/",
            "costs": _order_costs(purchase),
        }
        if self.expands and "attendees" in asked.one("expand").split(","):
            found["attendees"] = _attendees(purchase)
        return found


def _found(rows: Iterable[Any], name: Callable[[Any], str], wanted: str) -> Any:
    for row in rows:
        if name(row) == wanted:
            return row
    raise _Refused(NOT_FOUND)


def _only(asked: Asked, known: set[str]) -> None:
    """
    Refuse what is not played: a filter that is ignored would be worse.
    """
    for name, _ in asked.query:
        if name not in known | PAGING:
            raise _Refused(_arguments(name, "unknown"))


def _one_of(name: str, values: Iterable[str], known: tuple[str, ...]) -> None:
    for value in values:
        if value not in known:
            raise _Refused(_arguments(name, "invalid"))


def _number(asked: Asked, name: str, default: int) -> int:
    told = asked.one(name, str(default))
    if not told.isdecimal() or int(told) < 1:
        code = "BAD_PAGE" if name == "page" else "ARGUMENTS_ERROR"
        raise _Refused(_error(400, code, f"{name} is not valid"))
    return int(told)


def _mark(asked: Asked) -> str:
    """
    What a continuation belongs to: one list with one set of filters.
    """
    filters = sorted(
        pair for pair in asked.query if pair[0] not in ("continuation", "page", "token")
    )
    return hashlib.sha256(repr((asked.path, filters)).encode()).hexdigest()[:12]


def _newer_than(asked: Asked) -> Callable[[float, str], bool]:
    """
    Whether something changed since, or in the same second after the last item seen.
    """
    told, last = asked.one("changed_since"), asked.one("last_item_seen")
    since = seconds_of(told) if told else 0.0
    return lambda at, id_: at > since or (at == since and id_ > last)


def _error(status: int, code: str, text: str) -> Reply:
    body = {"error": code, "error_description": text, "status_code": status}
    return reply(body, status)


NOT_FOUND = _error(404, "NOT_FOUND", "The path you requested does not exist.")


def _arguments(name: str, why: str) -> Reply:
    text = f"There are errors with your arguments: {name} - {why}"
    return _error(400, "ARGUMENTS_ERROR", text)


def _event(performance: Performance) -> str:
    return PROFILE.named(performance)


def _status(purchase: Purchase) -> str:
    """
    What an order's status is called. One that waits for a cheque is placed.
    """
    if purchase.state in ("completed", "unpaid"):
        return "placed"
    if purchase.state == "cancelled":
        return "refunded" if purchase.was_paid else "cancelled"
    return purchase.state


def _series(work: Work) -> str:
    return f"99{work.id}"


def _email(purchase: Purchase) -> str:
    return f"guest{purchase.buyer}@example.com"


def _venue() -> dict[str, Any]:
    return {"id": VENUE_ID, "name": VENUE}


def _ticket_class(
    kind: Kind, of: Performance, purchases: list[Purchase]
) -> dict[str, Any]:
    sold = sum(
        seat.kind is kind and not seat.is_void
        for purchase in purchases
        if purchase.was_paid
        for seat in purchase.seats
    )
    cost, fee = _money(kind.price, of.currency), _money(kind.fee, of.currency)
    return {
        "id": str(kind.id),
        "event_id": _event(of),
        "name": kind.name,
        "description": None,
        "category": "admission",
        "free": not kind.price,
        "donation": False,
        "cost": cost if kind.price else None,
        "fee": fee if kind.price else None,
        "actual_cost": cost if kind.price else None,
        "actual_fee": fee if kind.price else None,
        "include_fee": False,
        "split_fee": False,
        "quantity_total": 100,
        "quantity_sold": sold,
        "on_sale_status": "AVAILABLE" if sold < 100 else "SOLD_OUT",
        "sales_start": utc(of.listed),
        "sales_end": utc(of.starts.timestamp()),
        "sales_channels": ["online", "atd"],
        "hidden": False,
        "variants": [],
    }


def _sums(purchases: list[Purchase]) -> dict[str, Any]:
    currency = purchases[0].performance.currency if purchases else "AUD"
    gross = sum(p.total - p.returned for p in purchases)
    fees = sum(map(kept, purchases))
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
        "utc": utc(moment.timestamp()),
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
    A third of the fee is for the payment, where that is not made elsewhere.
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
    The sum of its attendees' costs: each splits its own fee.
    """
    currency = purchase.performance.currency
    parts = [row["costs"] for row in _attendees(purchase)]
    costs = {
        name: _money(sum(part[name]["value"] for part in parts), currency)
        for name in ("base_price", "eventbrite_fee", "payment_fee", "tax", "gross")
    }
    seats = [seat for seat in purchase.seats if not seat.is_returned]
    if not purchase.code:
        return costs
    listed = sum(seat.kind.price for seat in seats)
    off = listed - sum(seat.paid for seat in seats)
    return {
        **costs,
        "price_before_discount": _money(listed, currency),
        "discount_amount": _money(off, currency),
        "discount_type": "coded",
    }


def _attendee_id(purchase: Purchase, place: int) -> str:
    """
    Of some orders the attendees share a number and are counted, of others not.
    """
    if purchase.id % 2:
        return str(purchase.seats[place].id)
    return f"{purchase.seats[0].id}-{place + 1}"


def _attendee_status(purchase: Purchase, seat: Seat, is_in: bool) -> str:
    if seat.is_void:
        return "Not Attending"
    if purchase.state == "unpaid":
        return "Unpaid"
    return "Checked In" if is_in else "Attending"


def _attendees(purchase: Purchase) -> list[dict[str, Any]]:
    taxes = tax_parts(purchase)
    on_top = purchase.performance.work.tax_on_top
    rows = []
    for n, seat in enumerate(purchase.seats):
        back = seat.is_returned
        is_in = seat.has_entered and not seat.is_void
        changed = utc(max(purchase.touched, seat.touched))
        rows.append(
            {
                "id": _attendee_id(purchase, n),
                "created": utc(purchase.placed),
                "changed": changed,
                "ticket_class_id": str(seat.kind.id),
                "ticket_class_name": seat.kind.name,
                "variant_id": None,
                "quantity": 1,
                "order_id": str(purchase.id),
                "event_id": _event(purchase.performance),
                "profile": {
                    "name": f"Guest {purchase.buyer}",
                    "email": _email(purchase),
                },
                "answers": [],
                "barcodes": [
                    {
                        "barcode": f"{purchase.id}{seat.id}001",
                        "status": "refunded" if back else "used" if is_in else "unused",
                        "created": utc(purchase.placed),
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
