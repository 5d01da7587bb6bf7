"""
Eventbrite, played from its documents.

Slashes at the end, no Content-Type on GET, three kinds of secret, continuations that
are sent with the last page too, `changed_since`, series with hidden parents. When
money goes back, the costs of the ticket and of its order shrink.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ticketsync.sandbox.player import Asked, Reply, major_text, reply, seconds_of, utc
from ticketsync.sandbox.world import (
    VENUE,
    ZONE,
    Habits,
    Performance,
    Purchase,
    World,
    tax_shares,
)

KEY = "EBPRIVATETOKEN000001"
API_KEY = "EBAPIKEY000000000001"
PUBLIC_TOKEN = "EBPUBLICTOKEN0000001"  # noqa: S105  # a played one
ORGANISATION = "770000001"
EMPTY_ORGANISATION = "770000002"
PAGE = 50


def kept(purchase: Purchase) -> int:
    """
    The service fees; those of a refunded ticket come back.
    """
    return sum(seat.fee for seat in purchase.seats if not seat.is_returned)


HABITS = Habits(
    platform="eventbrite",
    works=(3001, 3003),
    extras=False,
    tells_inner_tax=False,
    imports=False,
    mishaps=False,
    ways=("refund_seat", "cancel", "void_seat"),
    goodwill=False,
    tax_comes_back=True,
    kept=kept,
    named=lambda performance: f"88{performance.id}",
)


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
    hooks: dict[str, str] = field(default_factory=dict)

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
        match asked.steps:
            case ["users", "me"]:
                return reply({"id": self.user, "name": "Lantern Box Office"})
            case ["users", "me", "organizations"]:
                rows = [
                    {"id": id_, "name": f"Lantern {id_[-1]}", "_type": "organization"}
                    for id_ in self.organisations
                ]
                return self._list(asked, "organizations", rows)
            case ["organizations", id_, "webhooks"] if id_ in self.organisations:
                self.hooks[asked.body["endpoint_url"]] = asked.body["actions"]
                return reply({"id": f"77{len(self.hooks):05d}", **asked.body})
            case ["organizations", id_, *what] if id_ in self.organisations:
                return self._of_organisation(asked, what, id_ == self.organisations[0])
            case ["events", id_, "orders"]:
                found = [p for p in self._purchases() if _event(p.performance) == id_]
                return self._orders(asked, found)
            case ["events", id_, "attendees"]:
                found = [p for p in self._purchases() if _event(p.performance) == id_]
                return self._attendees(asked, found)
            case ["orders", id_]:
                for purchase in self._purchases():
                    if str(purchase.id) == id_:
                        return reply(self._order(purchase, asked))
        return _error(404, "NOT_FOUND", "The path you requested does not exist.")

    def _refusal(self, asked: Asked) -> Reply | None:
        if not asked.path.endswith("/"):
            return _error(301, "PERMANENTLY_MOVED", "Slash missing")
        is_hook = asked.method == "POST" and asked.path.endswith("/webhooks/")
        if asked.method != "GET" and not is_hook:
            return _error(405, "METHOD_NOT_ALLOWED", "read-only sandbox")
        if asked.headers.get("Content-Type") and not is_hook:
            return _error(400, "ARGUMENTS_ERROR", "There are errors with arguments")
        told = asked.headers.get("Authorization")
        if told is None:
            return _error(401, "NO_AUTH", "Authentication not provided.")
        if told == f"Bearer {PUBLIC_TOKEN}":
            return _error(403, "NOT_AUTHORIZED", "You are not authorized.")
        if told != f"Bearer {self.key}":
            return _error(
                401, "INVALID_AUTH", "The OAuth token you provided was invalid."
            )
        return None

    def _of_organisation(self, asked: Asked, what: list[str], has_all: bool) -> Reply:
        purchases = self._purchases() if has_all else []
        match what:
            case ["events"]:
                wanted = asked.one("status", "live").split(",")
                rows = [self._listed(p) for p in self.world.performances if has_all]
                rows = [row for row in rows if row["status"] in wanted]
                return self._list(asked, "events", rows)
            case ["orders"]:
                return self._orders(asked, purchases)
            case ["attendees"]:
                return self._attendees(asked, purchases)
        return _error(404, "NOT_FOUND", "The path you requested does not exist.")

    def _purchases(self) -> list[Purchase]:
        return sorted(self.world.purchases, key=lambda p: p.id)

    def _since(self, asked: Asked) -> float:
        told = asked.one("changed_since")
        return seconds_of(told) if told else 0.0

    def _orders(self, asked: Asked, purchases: list[Purchase]) -> Reply:
        since = self._since(asked)
        found = [p for p in purchases if p.touched >= since]
        if asked.one("status") not in ("both", "all_not_deleted"):
            found = [p for p in found if p.state == "completed"]
        return self._list(asked, "orders", found, lambda p: self._order(p, asked))

    def _attendees(self, asked: Asked, purchases: list[Purchase]) -> Reply:
        since = self._since(asked)
        found = [
            attendee
            for purchase in purchases
            if purchase.touched >= since
            for attendee in _attendees(purchase)
        ]
        return self._list(asked, "attendees", found)

    def _list(
        self,
        asked: Asked,
        key: str,
        rows: list[Any],
        render: Callable[[Any], Any] = lambda row: row,
    ) -> Reply:
        first = 0
        if token := asked.one("continuation"):
            try:
                first = int(base64.b64decode(token))
            except (ValueError, binascii.Error):
                return _error(400, "BAD_CONTINUATION_TOKEN", "Invalid continuation")
        elif number := asked.one("page"):
            first = (int(number) - 1) * PAGE
        last = first + PAGE
        envelope = {
            "object_count": len(rows),
            "page_number": first // PAGE + 1,
            "page_size": PAGE,
            "page_count": max(1, -(-len(rows) // PAGE)),
            "continuation": base64.b64encode(str(last).encode()).decode(),
            "has_more_items": last < len(rows),
        }
        page = [render(row) for row in rows[first:last]]
        return reply({"pagination": envelope, key: page})

    def _listed(self, performance: Performance) -> dict[str, Any]:
        work = performance.work
        has_passed = performance.starts.timestamp() < self.world.now
        ends = performance.starts + timedelta(minutes=100)
        id_ = _event(performance)
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
            "status": "completed" if has_passed else "live",
            "currency": performance.currency,
            "online_event": False,
            "is_series": True,
            "is_series_parent": False,
            "series_id": f"99{work.id}",
            "organization_id": self.organisations[0],
            "venue_id": "66001",
            "venue": {"id": "66001", "name": VENUE},
            "is_free": False,
        }

    def _order(self, purchase: Purchase, asked: Asked) -> dict[str, Any]:
        attendees = _attendees(purchase)
        found: dict[str, Any] = {
            "id": str(purchase.id),
            "created": utc(purchase.placed),
            "changed": utc(purchase.touched),
            "name": f"Guest {purchase.buyer}",
            "first_name": "Guest",
            "last_name": str(purchase.buyer),
            "email": f"guest{purchase.buyer}@example.com",
            "status": "refunded" if purchase.state == "cancelled" else "placed",
            "time_remaining": None,
            "event_id": _event(purchase.performance),
            "resource_uri": f"https://www.eventbriteapi.com/v3/orders/{purchase.id}/",
            "costs": _order_costs(purchase),
        }
        if self.expands and "attendees" in asked.one("expand").split(","):
            found["attendees"] = attendees
        return found


def _error(status: int, code: str, text: str) -> Reply:
    body = {"error": code, "error_description": text, "status_code": status}
    return reply(body, status)


def _event(performance: Performance) -> str:
    return HABITS.named(performance)


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


def _costs(currency: str, base: int, fee: int, tax: int) -> dict[str, Any]:
    amounts = {
        "base_price": base,
        "eventbrite_fee": fee,
        "payment_fee": 0,
        "tax": tax,
        "gross": base + fee + tax,
    }
    return {name: _money(value, currency) for name, value in amounts.items()}


def _order_costs(purchase: Purchase) -> dict[str, Any]:
    taxes = tax_shares(purchase) if purchase.performance.work.tax_on_top else None
    left = [n for n, seat in enumerate(purchase.seats) if not _is_refunded(seat)]
    seats = [purchase.seats[n] for n in left]
    currency = purchase.performance.currency
    costs = _costs(
        currency,
        sum(seat.paid for seat in seats),
        sum(seat.fee for seat in seats),
        sum(taxes[n] for n in left) if taxes else 0,
    )
    off = sum(seat.kind.price - seat.paid for seat in seats)
    if purchase.code:
        costs["price_before_discount"] = _money(
            sum(seat.kind.price for seat in seats), currency
        )
        costs["discount_amount"] = _money(off, currency)
        costs["discount_type"] = "coded"
    return costs


def _is_refunded(seat: Any) -> bool:
    return bool(seat.is_returned)


def _attendees(purchase: Purchase) -> list[dict[str, Any]]:
    taxes = tax_shares(purchase)
    on_top = purchase.performance.work.tax_on_top
    rows = []
    for n, seat in enumerate(purchase.seats):
        back = _is_refunded(seat)
        is_in = seat.has_entered and not seat.is_void
        costs = _costs(
            purchase.performance.currency,
            0 if back else seat.paid,
            0 if back else seat.fee,
            taxes[n] if on_top and not back else 0,
        )
        rows.append(
            {
                "id": f"{seat.id}-1",
                "created": utc(purchase.placed),
                "changed": utc(purchase.touched),
                "ticket_class_id": str(seat.kind.id),
                "ticket_class_name": seat.kind.name,
                "variant_id": None,
                "quantity": 1,
                "order_id": str(purchase.id),
                "event_id": _event(purchase.performance),
                "profile": {
                    "name": f"Guest {purchase.buyer}",
                    "email": f"guest{purchase.buyer}@example.com",
                },
                "answers": [],
                "barcodes": [
                    {
                        "barcode": f"{purchase.id}{seat.id}001",
                        "status": "refunded" if back else "used" if is_in else "unused",
                        "created": utc(purchase.placed),
                        "changed": utc(purchase.touched),
                    }
                ],
                "costs": costs,
                "checked_in": is_in,
                "cancelled": seat.is_void,
                "refunded": back,
                "status": "Not Attending"
                if seat.is_void
                else "Checked In"
                if is_in
                else "Attending",
            }
        )
    return rows
