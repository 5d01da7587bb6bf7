"""
Humanitix, played from its documents.

`page` is required and an unknown parameter refused, amounts are numbers in major
units, `purchaseTotals` stand still while `totals` follow refunds, cancelled tickets
lose their price, fees stay when money goes back.
"""

from __future__ import annotations

from collections.abc import Callable
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
    Seat,
    Work,
    World,
)

KEY = "hx-sandbox-key-000000000000000000000001"
LARGEST_PAGE = 100
KNOWN = {
    "events": ("page", "pageSize", "inFutureOnly", "since", "overrideLocation"),
    "orders": ("page", "pageSize", "eventDateId", "since", "overrideLocation"),
    "tickets": (
        *("page", "pageSize", "eventDateId", "since", "overrideLocation"),
        "status",
    ),
}
REGION = {"AUD": "AU", "NZD": "NZ"}


def kept(purchase: Purchase) -> int:
    """
    The booking fees; they do not come back.
    """
    return sum(seat.fee for seat in purchase.seats)


def _named(performance: Performance) -> str:
    return f"{performance.work.id:024x}/{performance.id:024x}"


HABITS = Habits(
    platform="humanitix",
    works=(3001, 3002),
    currencies={3002: "NZD"},
    extras=False,
    imports=False,
    ways=("refund_seat", "cancel", "void_seat"),
    goodwill=False,
    fee_comes_back=False,
    kept=kept,
    named=_named,
)


@dataclass
class Humanitix:
    """
    Answers requests about one world; its second work lives in the region NZ.
    """

    world: World
    key: str = KEY
    limit: int = 200
    limit_seconds: int = 60
    name: str = "humanitix"
    prefix: str = "/humanitix"
    organiser: str = "organiser0001"

    def forget(self) -> None:
        """
        Everything is rendered at each request.
        """

    def too_many(self, seconds: str) -> Reply:
        return _error(429, "Too Many Requests", "Rate limit exceeded")

    def respond(self, asked: Asked) -> Reply:
        if asked.headers.get("x-api-key") is None:
            return _error(403, "Forbidden", "Forbidden")
        if asked.headers.get("x-api-key") != self.key:
            return _error(401, "Unauthorized", "Invalid API Key.")
        match asked.method, *asked.steps:
            case (
                "POST",
                "v1",
                "events",
                _,
                "tickets",
                id_,
                ("check-in" | "check-out"),
            ):
                return self._check_in(id_, asked.steps[-1] == "check-in")
        if asked.method != "GET":
            return _error(405, "Method Not Allowed", "read-only sandbox")
        match asked.steps:
            case ["v1", "events"]:
                rows = [w for w in self.world.works if self._own(w)]
                return self._list(asked, "events", rows, self._event)
            case ["v1", "events", id_, "orders"] if self._work(id_):
                found = self._purchases(id_)
                return self._list(asked, "orders", found, _order)
            case ["v1", "events", id_, "orders", order]:
                for purchase in self._purchases(id_):
                    if f"{purchase.id:024x}" == order:
                        return reply(_order(purchase))
            case ["v1", "events", id_, "tickets"] if self._work(id_):
                seats = [(p, s) for p in self._purchases(id_) for s in p.seats]
                return self._list(asked, "tickets", seats, _ticket)
        return _error(404, "Not Found", "Not Found")

    def _check_in(self, id_: str, is_in: bool) -> Reply:
        for purchase in self.world.purchases:
            for seat in purchase.seats:
                if f"{seat.id:024x}" == id_:
                    seat.has_entered = is_in
                    return reply(_ticket((purchase, seat)))
        return _error(404, "Not Found", "Not Found")

    def _own(self, work: Work) -> list[Performance]:
        return [p for p in self.world.performances if p.work is work]

    def _work(self, id_: str) -> Work | None:
        found = [w for w in self.world.works if f"{w.id:024x}" == id_]
        return found[0] if found else None

    def _purchases(self, id_: str) -> list[Purchase]:
        return [
            p for p in self.world.purchases if f"{p.performance.work.id:024x}" == id_
        ]

    def _list(
        self, asked: Asked, key: str, rows: list[Any], render: Callable[[Any], Any]
    ) -> Reply:
        for name, _ in asked.query:
            if name not in KNOWN[key]:
                told = f"query should NOT have additional properties {name}"
                return _error(400, "Bad Request", told)
        if not asked.one("page"):
            told = "query should have required property 'page'"
            return _error(400, "Bad Request", told)
        size = int(asked.one("pageSize", str(LARGEST_PAGE)))
        if not 1 <= size <= LARGEST_PAGE:
            return _error(400, "Bad Request", "query/pageSize should be <= 100")
        if key != "events" and asked.one("since"):
            since = seconds_of(asked.one("since"))
            rows = [row for row in rows if _touched(row) >= since]
        number = int(asked.one("page"))
        page = rows[(number - 1) * size : number * size]
        envelope = {"total": len(rows), "page": number, "pageSize": size}
        return reply({**envelope, key: [render(row) for row in page]})

    def _event(self, work: Work) -> dict[str, Any]:
        own = self._own(work)
        return {
            "_id": f"{work.id:024x}",
            "userId": "u0001",
            "organiserId": self.organiser,
            "currency": own[0].currency,
            "name": work.title,
            "slug": f"show-{work.id}",
            "url": f"https://events.humanitix.com/show-{work.id}",
            "public": True,
            "published": True,
            "suspendSales": False,
            "markedAsSoldOut": False,
            "startDate": utc(own[0].starts.timestamp(), millis=True),
            "endDate": utc(own[-1].starts.timestamp(), millis=True),
            "timezone": ZONE,
            "totalCapacity": work.capacity,
            "ticketTypes": [
                {
                    "_id": f"{kind.id:024x}",
                    "name": kind.name,
                    "price": _major(kind.price, own[0].currency),
                    "quantity": 100,
                    "disabled": False,
                    "deleted": False,
                    "isDonation": False,
                }
                for kind in work.kinds
            ],
            "packagedTickets": [],
            "eventLocation": {"type": "address", "venueName": VENUE},
            "dates": [
                {
                    "_id": f"{p.id:024x}",
                    "startDate": utc(p.starts.timestamp(), millis=True),
                    "endDate": utc(
                        (p.starts + timedelta(minutes=100)).timestamp(), millis=True
                    ),
                    "disabled": False,
                    "deleted": False,
                }
                for p in own
            ],
            "location": REGION.get(own[0].currency, "US"),
            "createdAt": utc(own[0].listed, millis=True),
            "updatedAt": utc(own[0].listed, millis=True),
            "isArchived": False,
        }


def _error(status: int, name: str, message: str) -> Reply:
    return reply({"statusCode": status, "error": name, "message": message}, status)


def _touched(row: Purchase | tuple[Purchase, Seat]) -> int:
    return row.touched if isinstance(row, Purchase) else row[0].touched


def _major(minor: int, currency: str) -> float:
    return float(major_text(minor, currency))


def _totals(purchase: Purchase, returned: int) -> dict[str, Any]:
    fee = sum(seat.fee for seat in purchase.seats)
    listed = sum(seat.kind.price for seat in purchase.seats)
    off = listed - sum(seat.paid for seat in purchase.seats)
    amounts = {
        "subtotal": listed,
        "amexFee": 0,
        "zipFee": 0,
        "humanitixFee": fee,
        "bookingFee": fee,
        "passedOnFee": fee,
        "absorbedFee": 0,
        "clientDonation": 0,
        "netClientDonation": 0,
        "rebates": 0,
        "giftCardCredit": 0,
        "credit": 0,
        "bookingTaxes": 0,
        "passedOnTaxes": 0,
        "taxes": purchase.tax,
        "totalTaxes": purchase.tax,
        "discounts": off,
        "refunds": returned,
        "netSales": listed - off - returned,
        "grossSales": listed + fee,
        "total": listed + fee - off - returned,
    }
    return {"feesIncluded": False} | {
        n: _major(v, purchase.performance.currency) for n, v in amounts.items()
    }


def _order(purchase: Purchase) -> dict[str, Any]:
    paid = purchase.total
    label = "paid" if paid else "free"
    if purchase.returned:
        label = "refunded" if purchase.state == "cancelled" else "partiallyRefunded"
    return {
        "_id": f"{purchase.id:024x}",
        "orderName": f"{purchase.id:08d}"[-8:],
        "eventId": f"{purchase.performance.work.id:024x}",
        "eventDateId": f"{purchase.performance.id:024x}",
        "userId": "u0001",
        "currency": purchase.performance.currency,
        "status": "complete",
        "financialStatus": label,
        "firstName": "Guest",
        "lastName": str(purchase.buyer),
        "mobile": f"5550{purchase.buyer % 1000:03d}",
        "email": f"guest{purchase.buyer}@example.com",
        "manualOrder": False,
        "paymentGateway": "stripe-payments",
        "salesChannel": "boxOffice" if purchase.channel == "operator" else "online",
        "totals": _totals(purchase, purchase.returned),
        "purchaseTotals": _totals(purchase, 0),
        "additionalFields": [],
        "location": REGION.get(purchase.performance.currency, "US"),
        "completedAt": utc(purchase.placed, millis=True),
        "createdAt": utc(purchase.placed, millis=True),
        "updatedAt": utc(purchase.touched, millis=True),
    }


def _ticket(row: tuple[Purchase, Seat]) -> dict[str, Any]:
    purchase, seat = row
    price, fee = (0, 0) if seat.is_void else (seat.paid, seat.fee)
    code = purchase.performance.currency
    return {
        "_id": f"{seat.id:024x}",
        "eventId": f"{purchase.performance.work.id:024x}",
        "eventDateId": f"{purchase.performance.id:024x}",
        "orderId": f"{purchase.id:024x}",
        "orderName": f"{purchase.id:08d}"[-8:],
        "currency": purchase.performance.currency,
        "number": seat.id,
        "firstName": "Guest",
        "lastName": str(purchase.buyer),
        "ticketTypeName": seat.kind.name,
        "ticketTypeId": f"{seat.kind.id:024x}",
        "price": 0 if seat.is_void else _major(seat.kind.price, code),
        "discount": _major(seat.kind.price - seat.paid, code),
        "netPrice": _major(price, code),
        "taxes": 0,
        "fee": _major(fee, code),
        "passedOnFee": _major(fee, code),
        "absorbedFee": 0,
        "total": _major(price + fee, code),
        "status": "cancelled" if seat.is_void else "complete",
        "checkIn": {"checkedIn": seat.has_entered},
        "qrCodeData": f"qr{seat.id}",
        "salesChannel": "online",
        "createdAt": utc(purchase.placed, millis=True),
        "updatedAt": utc(purchase.touched, millis=True),
    }
