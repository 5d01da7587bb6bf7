"""
Wix Events, played from its documents.

The raw key and the site's id, orders that say nothing without their fieldsets, four
envelopes, refunds that change a transaction and nothing else, one event per date.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
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
)

KEY = "IST.sandbox-wix-key-0000000000000001"
SITE = "5a1e0000-0000-4000-8000-000000000001"
INCLUDED = 3003  # this work bears the fee itself


def fee_of(purchase: Purchase) -> int:
    """
    Two and a half percent of the tickets, rounded half up per order.
    """
    base = sum(seat.paid for seat in purchase.seats)
    return (base * 25 + 500) // 1000


def _charged_fee(purchase: Purchase) -> int:
    return 0 if purchase.performance.work.id == INCLUDED else fee_of(purchase)


def _guid(number: int, kind: int) -> str:
    return f"{number:08x}-{kind:04x}-4000-8000-000000000000"


def _event(performance: Performance) -> str:
    return _guid(performance.id, 1)


HABITS = Habits(
    platform="wix",
    works=(3001, 3003),
    extras=False,
    seat_fees=False,
    order_fee=_charged_fee,
    imports=False,
    ways=("refund_all", "cancel", "void_seat", "goodwill"),
    named=_event,
)


@dataclass
class Wix:
    """
    Answers requests about one world.
    """

    world: World
    key: str = KEY
    limit: int = 200
    limit_seconds: int = 60
    name: str = "wix"
    prefix: str = "/wix"
    is_installed: bool = True
    site: str = SITE
    app_instance: str = "a1110000-0000-4000-8000-000000000001"

    def forget(self) -> None:
        """
        Everything is rendered at each request.
        """

    def too_many(self, seconds: str) -> Reply:
        return reply({"message": "", "details": {}}, 429)

    def respond(self, asked: Asked) -> Reply:
        if asked.headers.get("Authorization") != self.key:
            return reply({"message": "", "details": {}}, 401)
        if asked.headers.get("wix-site-id") != self.site:
            return reply({"message": "", "details": {}}, 403)
        match (asked.method, *asked.steps):
            case ("GET", "site-properties", "v4", "properties"):
                site = {
                    "siteDisplayName": "lantern",
                    "businessName": "The Lantern Room",
                    "paymentCurrency": "AUD",
                    "timeZone": ZONE,
                }
                return reply({"version": "1", "properties": site})
            case ("GET", "payments", "v2", "transactions"):
                return self._transactions(asked)
        if not self.is_installed:
            error = {"code": "WIX_EVENTS_APP_NOT_INSTALLED", "description": "no app"}
            details = {"applicationError": error}
            return reply({"message": "not installed", "details": details}, 428)
        match (asked.method, *asked.steps):
            case ("POST", "events", "v3", "events", "query"):
                return self._events(asked.body)
            case ("POST", "events", "v2", "guests", "query"):
                return self._guests(asked.body["query"])
            case ("GET", "events", "v1", "orders"):
                return self._orders(asked)
            case ("GET", "events", "v1", "events", event, "orders", number):
                for purchase in self.world.purchases:
                    if (_event(purchase.performance), _number(purchase)) == (
                        event,
                        number,
                    ):
                        return reply({"order": _order(purchase, asked.all("fieldset"))})
        return reply({"message": "", "details": {}}, 404)

    def _events(self, body: dict[str, Any]) -> Reply:
        paging = body["query"]["paging"]
        limit, offset = paging["limit"], paging.get("offset", 0)
        if limit > 1000:
            return _violation("query.paging.limit", 1000)
        rows = self.world.performances
        page = [
            self._listed(p, body.get("fields", ()))
            for p in rows[offset : offset + limit]
        ]
        told = {
            "count": len(page),
            "offset": offset,
            "total": len(rows),
            "tooManyToCount": False,
        }
        return reply({"events": page, "pagingMetadata": told})

    def _listed(self, performance: Performance, fields: Any) -> dict[str, Any]:
        has_passed = performance.starts.timestamp() < self.world.now
        ends = performance.starts + timedelta(minutes=100)
        found: dict[str, Any] = {
            "id": _event(performance),
            "instanceId": self.app_instance,
            "title": performance.work.title,
            "slug": f"show-{performance.id}",
            "status": "ENDED" if has_passed else "UPCOMING",
            "createdDate": utc(performance.listed),
            "updatedDate": utc(performance.listed),
            "dateAndTimeSettings": {
                "dateAndTimeTbd": False,
                "startDate": utc(performance.starts.timestamp()),
                "endDate": utc(ends.timestamp()),
                "timeZoneId": ZONE,
                "recurrenceStatus": "RECURRING",
                "recurringEvents": {
                    "individualEventDates": [],
                    "categoryId": _guid(performance.work.id, 2),
                },
            },
            "location": {"name": VENUE, "type": "VENUE"},
        }
        if "REGISTRATION" in fields:
            found["registration"] = {
                "type": "TICKETING",
                "status": "CLOSED_AUTOMATICALLY" if has_passed else "OPEN_TICKETS",
                "tickets": {"currency": performance.currency},
            }
        if "URLS" in fields:
            path = f"/event-details/show-{performance.id}"
            found["eventPageUrl"] = {"base": "https://www.example.com", "path": path}
        return found

    def _guests(self, query: dict[str, Any]) -> Reply:
        paging = query["cursorPaging"]
        if paging["limit"] > 1000:
            return _violation("query.cursorPaging.limit", 1000)
        if "cursor" in paging:
            place, since = base64.b64decode(paging["cursor"]).decode().split("|")
            first, edge = int(place), float(since)
        else:
            first = 0
            edge = seconds_of(query["filter"]["updatedDate"]["$gte"])
        rows = sorted(
            (p for p in self.world.purchases if _updated(p) >= edge), key=_updated
        )
        guests = [guest for purchase in rows for guest in _guests(purchase)]
        last = first + paging["limit"]
        following = ""
        if last < len(guests):
            following = base64.b64encode(f"{last}|{edge}".encode()).decode()
        told = {
            "count": len(guests[first:last]),
            "cursors": {"next": following, "prev": ""},
        }
        return reply({"guests": guests[first:last], "pagingMetadata": told})

    def _orders(self, asked: Asked) -> Reply:
        limit, offset = int(asked.one("limit", "50")), int(asked.one("offset", "0"))
        if limit > 100:
            return _violation("limit", 100)
        rows = sorted(
            self.world.purchases,
            key=lambda p: (p.placed, p.id),
            reverse=asked.one("sort", "created:asc") == "created:desc",
        )
        if events := asked.all("eventId"):
            rows = [p for p in rows if _event(p.performance) in events]
        if numbers := asked.all("orderNumber"):
            rows = [p for p in rows if _number(p) in numbers]
        page = rows[offset : offset + limit]
        told = {"total": len(rows), "offset": offset, "limit": limit, "facets": {}}
        return reply(
            {**told, "orders": [_order(p, asked.all("fieldset")) for p in page]}
        )

    def _transactions(self, asked: Asked) -> Reply:
        limit, offset = int(asked.one("limit", "100")), int(asked.one("offset", "0"))
        if limit > 1000:
            return _violation("limit", 1000)
        rows = [p for p in self.world.purchases if p.was_paid and p.total]
        rows.sort(key=lambda p: (p.placed, p.id))
        page = [_transaction(p) for p in rows[offset : offset + limit]]
        told = {"offset": offset, "limit": limit, "total": len(rows)}
        return reply({"transactions": page, "pagination": told})


def _violation(field: str, most: int) -> Reply:
    found = {
        "field": field,
        "description": f"must be less than or equal to {most}",
        "violatedRule": "MAX",
        "ruleName": None,
    }
    details = {"validationError": {"fieldViolations": [found]}}
    return reply({"message": "validation", "details": details}, 400)


def _number(purchase: Purchase) -> str:
    return f"LR{purchase.id:06d}-WIX"


def _updated(purchase: Purchase) -> int:
    """
    Money that goes back moves neither the order nor its guests.
    """
    has_void = any(seat.is_void for seat in purchase.seats)
    return purchase.touched if has_void else purchase.placed


def _money(minor: int, currency: str) -> dict[str, str]:
    text = major_text(minor, currency)
    return {"amount": text, "currency": currency, "value": text}


def _order(purchase: Purchase, fieldsets: list[str]) -> dict[str, Any]:
    currency = purchase.performance.currency
    transaction = _guid(purchase.id, 9) if purchase.total else ""
    found: dict[str, Any] = {
        "orderNumber": _number(purchase),
        "eventId": _event(purchase.performance),
        "contactId": _guid(purchase.buyer, 5),
        "memberId": "",
        "transactionId": transaction,
        "channel": "ONLINE",
        "anonymized": False,
        "status": "NA_ORDER_STATUS",
        "ticketsQuantity": 0,
        "firstName": "",
        "lastName": "",
        "fullName": "",
        "email": "",
        "tickets": [],
        "giftCardPaymentDetails": [],
    }
    if transaction:
        found["paymentDetails"] = {
            "transaction": {"transactionId": transaction, "method": "creditCard"}
        }
    if "DETAILS" in fieldsets:
        found |= {
            "created": utc(purchase.placed),
            "updated": utc(_updated(purchase)),
            "status": "PAID" if purchase.total else "FREE",
            "confirmed": True,
            "method": "creditCard" if purchase.total else "",
            "ticketsQuantity": len(purchase.seats),
            "totalPrice": _money(purchase.total, currency),
            "firstName": "Guest",
            "lastName": str(purchase.buyer),
            "fullName": f"Guest {purchase.buyer}",
            "email": f"guest{purchase.buyer}@example.com",
        }
    if "INVOICE" in fieldsets:
        found["invoice"] = _invoice(purchase)
    if "TICKETS" in fieldsets:
        found["tickets"] = [
            {
                "ticketNumber": f"{_number(purchase)}{n:02d}",
                "orderNumber": _number(purchase),
                "ticketDefinitionId": _guid(seat.kind.id, 3),
                "name": seat.kind.name,
                "price": _money(seat.kind.price, currency),
                "free": not seat.kind.price,
                "orderStatus": "PAID",
                "orderFullName": f"Guest {purchase.buyer}",
                "guestFullName": f"Guest {purchase.buyer}",
                "canceled": seat.is_void,
                **(
                    {"checkIn": {"created": utc(seat.made)}} if seat.has_entered else {}
                ),
            }
            for n, seat in enumerate(purchase.seats, 1)
        ]
    return found


def _invoice(purchase: Purchase) -> dict[str, Any]:
    currency = purchase.performance.currency
    work = purchase.performance.work
    listed = sum(seat.kind.price for seat in purchase.seats)
    off = listed - sum(seat.paid for seat in purchase.seats)
    fee = fee_of(purchase)
    counted: dict[Any, int] = {}
    for seat in purchase.seats:
        counted[seat.kind] = counted.get(seat.kind, 0) + 1
    kind = "FEE_INCLUDED" if work.id == INCLUDED else "FEE_ADDED_AT_CHECKOUT"
    found: dict[str, Any] = {
        "items": [
            {
                "id": _guid(kind_.id, 3),
                "quantity": number,
                "name": kind_.name,
                "price": _money(kind_.price, currency),
                "total": _money(kind_.price * number, currency),
                "fees": [],
            }
            for kind_, number in counted.items()
        ],
        "subTotal": _money(listed, currency),
        "grandTotal": _money(purchase.total, currency),
        "total": _money(purchase.total, currency),
        "revenue": _money(purchase.total - fee, currency),
        "tax": {
            "type": "ADDED_AT_CHECKOUT" if work.tax_on_top else "INCLUDED",
            "name": "GST",
            "rate": str(work.tax_percent),
            "amount": _money(purchase.tax, currency),
        },
    }
    if fee:
        amount = _money(fee, currency)
        told = {"name": "WIX_FEE", "type": kind, "rate": "2.5", "amount": amount}
        found["fees"] = [told]
    if off:
        found["discount"] = {"amount": _money(off, currency), "discounts": []}
    return found


def _transaction(purchase: Purchase) -> dict[str, Any]:
    currency = purchase.performance.currency
    refunds = []
    if purchase.returned:
        whole = purchase.returned == purchase.total
        refunds.append(
            {
                "refundId": f"ref-{purchase.id}",
                "amount": float(major_text(purchase.returned, currency)),
                "type": "FULL" if whole else "PARTIAL",
                "status": "SUCCEEDED",
                "createdAt": utc(purchase.touched),
            }
        )
    return {
        "transactionId": _guid(purchase.id, 9),
        "status": "REFUND" if refunds else "APPROVED",
        "type": "SALE",
        "createdAt": utc(purchase.placed),
        "amount": {
            "amount": float(major_text(purchase.total, currency)),
            "currency": currency,
        },
        "provider": "stripe",
        "paymentMethod": "creditCard",
        "refunds": refunds,
        "order": {"description": {"wixAppOrderId": _number(purchase), "items": []}},
    }


def _guests(purchase: Purchase) -> list[dict[str, Any]]:
    """
    The buyer, and one more row per ticket.
    """
    rows = []
    kinds = ["BUYER", *("TICKET_HOLDER" for _ in purchase.seats)]
    for n, kind in enumerate(kinds):
        rows.append(
            {
                "id": _guid(purchase.id, 100 + n),
                "eventId": _event(purchase.performance),
                "orderNumber": _number(purchase),
                "guestType": kind,
                "attendanceStatus": "ATTENDING",
                "createdDate": utc(purchase.placed),
                "updatedDate": utc(_updated(purchase)),
                "tickets": [],
                "guestDetails": {"email": f"guest{purchase.buyer}@example.com"},
            }
        )
    return rows
