"""
Humanitix, played from its documents.

`page` is required and an unknown parameter refused, amounts are numbers in major
units, `purchaseTotals` stand still while `totals` follow refunds, cancelled tickets
lose their price, fees stay when money goes back. A ticket that was swapped is cancelled
and a new one stands at its new event; the order stays in the list of the old one.

Assumed: a key without `overrideLocation` sees the events of all its regions.
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
    Performance,
    PlatformProfile,
    Purchase,
    Seat,
    Work,
    World,
)

KEY = "hx-sandbox-key-000000000000000000000001"
LARGEST_PAGE = 100
KNOWN: dict[str, tuple[str, ...]] = {
    "tags": ("page", "pageSize"),
    "check-in-count": ("eventDateId",),
    "one": ("overrideLocation",),
    "events": ("page", "pageSize", "inFutureOnly", "since", "overrideLocation"),
    "orders": ("page", "pageSize", "eventDateId", "since", "overrideLocation"),
    "tickets": (
        *("page", "pageSize", "eventDateId", "since", "overrideLocation"),
        "status",
    ),
}
TICKET_STATUS = ("complete", "cancelled")
REGION = {"AUD": "AU", "NZD": "NZ"}
LASTS = timedelta(minutes=100)
TAGS = ({"_id": f"{901:024x}", "name": "Comedy", "userId": "u0001", "location": "AU"},)


@dataclass(frozen=True)
class _Ticket:
    """
    A ticket as a list has it. Where its guest swapped it, there are two of them: the
    cancelled one here, and the new one, which `is_new`.
    """

    purchase: Purchase
    seat: Seat
    is_new: bool = False

    @property
    def id(self) -> str:
        return f"{self.seat.moved_id if self.is_new else self.seat.id:024x}"

    @property
    def performance(self) -> Performance:
        moved = self.seat.moved if self.is_new else None
        return moved or self.purchase.performance

    @property
    def is_cancelled(self) -> bool:
        return self.seat.is_void or (self.seat.moved is not None and not self.is_new)

    @property
    def touched(self) -> int:
        return max(self.purchase.touched, self.seat.touched)


def kept(purchase: Purchase) -> int:
    """
    The booking fees; they do not come back.
    """
    return sum(seat.fee for seat in purchase.seats)


def _named(performance: Performance) -> str:
    return f"{performance.work.id:024x}/{performance.id:024x}"


PROFILE = PlatformProfile(
    platform="humanitix",
    works=(3001, 3002),
    currencies={3002: "NZD"},
    extras=False,
    imports=False,
    ways=("refund_seat", "cancel", "void_seat"),
    refund_by_goodwill=False,
    fee_comes_back=False,
    kept=kept,
    named=_named,
    swaps=True,
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
        try:
            return self._answer(asked)
        except ValueError:
            return _error(400, "Bad Request", "query should match format date-time")

    def _answer(self, asked: Asked) -> Reply:
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
                rows = [w for w in self.world.works if self._is_there(asked, w)]
                return self._list(asked, "events", rows, self._event)
            case ["v1", "events", id_, *what]:
                work = self._work(id_)
                if work is not None and self._is_there(asked, work):
                    return self._of_event(asked, work, what)
            case ["v1", "tags"]:
                return self._list(asked, "tags", list(TAGS), lambda tag: tag)
            case ["v1", "tags", id_]:
                for tag in TAGS:
                    if tag["_id"] == id_:
                        return _refused(asked, "one") or reply(tag)
        return _error(404, "Not Found", "Not Found")

    def _of_event(self, asked: Asked, work: Work, what: list[str]) -> Reply:
        match what:
            case []:
                return _refused(asked, "one") or reply(self._event(work))
            case ["orders"]:
                return self._list(asked, "orders", self._purchases(work), _order)
            case ["orders", id_]:
                some = [t.purchase for t in self._tickets(work)]
                for purchase in [*self._purchases(work), *some]:
                    if f"{purchase.id:024x}" == id_:
                        return _refused(asked, "one") or reply(_order(purchase))
            case ["tickets"]:
                return self._list(asked, "tickets", self._tickets(work), _ticket)
            case ["tickets", id_]:
                for ticket in self._tickets(work):
                    if ticket.id == id_:
                        return _refused(asked, "one") or reply(_ticket(ticket))
            case ["check-in-count"]:
                return _refused(asked, "check-in-count") or self._count(asked, work)
        return _error(404, "Not Found", "Not Found")

    def _count(self, asked: Asked, work: Work) -> Reply:
        date = asked.one("eventDateId")
        if not date:
            told = "query should have required property 'eventDateId'"
            return _error(400, "Bad Request", told)
        inside = [
            ticket.seat.kind
            for ticket in self._tickets(work)
            if f"{ticket.performance.id:024x}" == date
            and ticket.seat.has_entered
            and not ticket.is_cancelled
        ]
        return reply(
            {
                "eventId": f"{work.id:024x}",
                "eventDateId": date,
                "checkedIn": len(inside),
                "ticketTypes": [
                    {
                        "ticketTypeId": f"{kind.id:024x}",
                        "ticketTypeName": kind.name,
                        "checkedIn": inside.count(kind),
                    }
                    for kind in work.kinds
                    if kind in inside
                ],
            }
        )

    def _check_in(self, id_: str, is_in: bool) -> Reply:
        for work in self.world.works:
            for ticket in self._tickets(work):
                if ticket.id == id_:
                    ticket.seat.has_entered = is_in
                    ticket.seat.touched = self.world.now
                    return reply({"scanningMessages": []})
        return _error(404, "Not Found", "Not Found")

    def _own(self, work: Work) -> list[Performance]:
        return [p for p in self.world.performances if p.work is work]

    def _is_there(self, asked: Asked, work: Work) -> bool:
        own = self._own(work)
        wanted = asked.one("overrideLocation")
        return bool(own) and wanted in ("", _region(own[0].currency))

    def _work(self, id_: str) -> Work | None:
        found = [w for w in self.world.works if f"{w.id:024x}" == id_]
        return found[0] if found else None

    def _purchases(self, work: Work) -> list[Purchase]:
        return [p for p in self.world.purchases if p.performance.work is work]

    def _tickets(self, work: Work) -> list[_Ticket]:
        """
        An event's tickets, those too that were swapped to it.
        """
        everything = [
            _Ticket(purchase, seat, is_new)
            for purchase in self.world.purchases
            if purchase.performance.work is work or any(s.moved for s in purchase.seats)
            for seat in purchase.seats
            for is_new in ((False, True) if seat.moved else (False,))
        ]
        return [t for t in everything if t.performance.work is work]

    def _list(
        self, asked: Asked, key: str, rows: list[Any], render: Callable[[Any], Any]
    ) -> Reply:
        refusal = _refused(asked, key)
        if refusal is not None:
            return refusal
        if not asked.one("page"):
            told = "query should have required property 'page'"
            return _error(400, "Bad Request", told)
        for name in ("page", "pageSize"):
            if not asked.one(name, "1").isdecimal() or int(asked.one(name, "1")) < 1:
                return _error(400, "Bad Request", f"query/{name} should be >= 1")
        size = int(asked.one("pageSize", str(LARGEST_PAGE)))
        if size > LARGEST_PAGE:
            return _error(400, "Bad Request", "query/pageSize should be <= 100")
        status = asked.one("status")
        if status and status not in TICKET_STATUS:
            told = "query/status should be equal to one of the allowed values"
            return _error(400, "Bad Request", told)
        if asked.one("inFutureOnly", "false") not in ("true", "false"):
            return _error(400, "Bad Request", "query/inFutureOnly should be boolean")
        found = [render(row) for row in rows]
        found = [row for row in found if self._is_wanted(asked, row)]
        number = int(asked.one("page"))
        page = found[(number - 1) * size : number * size]
        envelope = {"total": len(found), "page": number, "pageSize": size}
        return reply({**envelope, key: page})

    def _is_wanted(self, asked: Asked, row: dict[str, Any]) -> bool:
        """
        Whether a record passes the filters of its list.
        """
        since, date = asked.one("since"), asked.one("eventDateId")
        is_late = bool(since) and seconds_of(row["updatedAt"]) < seconds_of(since)
        has_ended = asked.one("inFutureOnly") == "true" and (
            seconds_of(row["endDate"]) < self.world.now
        )
        return (
            not is_late
            and not has_ended
            and asked.one("status") in ("", row.get("status"))
            and date in ("", row.get("eventDateId"))
        )

    def _event(self, work: Work) -> dict[str, Any]:
        own = self._own(work)
        return {
            "_id": f"{work.id:024x}",
            "userId": "u0001",
            "organiserId": self.organiser,
            "currency": own[0].currency,
            "name": work.title,
            "description": f"<p>{work.title}</p>",
            "slug": f"show-{work.id}",
            "url": f"https://events.humanitix.com/show-{work.id}",
            "public": True,
            "published": True,
            "suspendSales": False,
            "markedAsSoldOut": False,
            "startDate": utc(own[0].starts.timestamp(), millis=True),
            "endDate": utc((own[-1].starts + LASTS).timestamp(), millis=True),
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
                    "endDate": utc((p.starts + LASTS).timestamp(), millis=True),
                    "disabled": False,
                    "deleted": False,
                }
                for p in own
            ],
            "location": _region(own[0].currency),
            "createdAt": utc(own[0].listed, millis=True),
            "updatedAt": utc(own[0].listed, millis=True),
            "isArchived": False,
        }


def _error(status: int, name: str, message: str) -> Reply:
    return reply({"statusCode": status, "error": name, "message": message}, status)


def _refused(asked: Asked, key: str) -> Reply | None:
    """
    The answer to a parameter that the documents do not have.
    """
    for name, _ in asked.query:
        if name not in KNOWN[key]:
            told = f"query should NOT have additional properties '{name}'"
            return _error(400, "Bad Request", told)
    return None


def _region(currency: str) -> str:
    return REGION.get(currency, "US")


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
        "donation": 0,
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
        "location": _region(purchase.performance.currency),
        "completedAt": utc(purchase.placed, millis=True),
        "createdAt": utc(purchase.placed, millis=True),
        "updatedAt": utc(purchase.touched, millis=True),
    }


def _ticket(ticket: _Ticket) -> dict[str, Any]:
    purchase, seat, performance = ticket.purchase, ticket.seat, ticket.performance
    is_cancelled = ticket.is_cancelled
    price, fee = (0, 0) if is_cancelled else (seat.paid, seat.fee)
    code = purchase.performance.currency
    touched = utc(ticket.touched, millis=True)
    found: dict[str, Any] = {
        "_id": ticket.id,
        "eventId": f"{performance.work.id:024x}",
        "eventDateId": f"{performance.id:024x}",
        "orderId": f"{purchase.id:024x}",
        "orderName": f"{purchase.id:08d}"[-8:],
        "currency": code,
        "number": seat.id,
        "firstName": "Guest",
        "lastName": str(purchase.buyer),
        "ticketTypeName": seat.kind.name,
        "ticketTypeId": f"{seat.kind.id:024x}",
        "price": 0 if is_cancelled else _major(seat.kind.price, code),
        "discount": _major(seat.kind.price - seat.paid, code),
        "netPrice": _major(price, code),
        "taxes": 0,
        "fee": _major(fee, code),
        "passedOnFee": _major(fee, code),
        "absorbedFee": 0,
        "total": _major(price + fee, code),
        "status": "cancelled" if is_cancelled else "complete",
        "checkIn": {"checkedIn": seat.has_entered and not is_cancelled},
        "qrCodeData": {
            "_id": f"qr{int(ticket.id, 16)}",
            "eventId": f"{performance.work.id:024x}",
        },
        "salesChannel": "online",
        "location": _region(code),
        "createdAt": utc(purchase.placed, millis=True),
        "updatedAt": touched,
    }
    if is_cancelled:
        found["cancelledAt"] = touched
    if seat.id % 3 == 0:  # a venue's own wristbands
        found["customScanningCode"] = f"29{int(ticket.id, 16):012d}"
    if seat.moved:
        name = "swappedFrom" if ticket.is_new else "swappedTo"
        other = _Ticket(purchase, seat, not ticket.is_new)
        swap = {"id": other.id, "swappedAt": touched, "userId": "u0001"}
        found[name] = swap
    return found
