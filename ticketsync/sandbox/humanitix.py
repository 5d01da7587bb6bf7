"""
A fake Humanitix, written from its documents.

`page` is required and unknown parameters are refused. Amounts are numbers in major
units. `purchaseTotals` never change while `totals` follow refunds; cancelled tickets
lose their price; fees are not refunded. A swapped ticket is cancelled and replaced by a
new one at the new event, while the order stays in the list of the old event.

Assumed: a key without `overrideLocation` sees the events of all its regions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ticketsync.sandbox.fake_platform import (
    ApiRequest,
    ApiResponse,
    iso_utc,
    json_response,
    major_text,
    unix_seconds,
)
from ticketsync.sandbox.questions import (
    QUESTIONS,
    Question,
    answers_of_order,
    answers_of_ticket,
)
from ticketsync.sandbox.season import Performance, Production, Purchase, Seat
from ticketsync.sandbox.world import VENUE, ZONE, PlatformProfile, World

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
DURATION = timedelta(minutes=100)
TAGS = ({"_id": f"{901:024x}", "name": "Comedy", "userId": "u0001", "location": "AU"},)


@dataclass(frozen=True)
class _Ticket:
    """
    A ticket as it is listed. A swapped ticket is listed twice: as the cancelled one and
    as the new one, which `is_new`.
    """

    purchase: Purchase
    seat: Seat
    is_new: bool = False

    @property
    def id(self) -> str:
        return f"{self.seat.swapped_id if self.is_new else self.seat.id:024x}"

    @property
    def performance(self) -> Performance:
        swapped_to = self.seat.swapped_to if self.is_new else None
        return swapped_to or self.purchase.performance

    @property
    def is_cancelled(self) -> bool:
        return self.seat.is_void or (
            self.seat.swapped_to is not None and not self.is_new
        )

    @property
    def changed_at(self) -> int:
        return max(self.purchase.changed_at, self.seat.changed_at)


def kept_fees(purchase: Purchase) -> int:
    """
    The booking fees; they are not refunded.
    """
    return sum(seat.fee for seat in purchase.seats)


def provider_occurrence_id(performance: Performance) -> str:
    return f"{performance.production.id:024x}/{performance.id:024x}"


PROFILE = PlatformProfile(
    platform="humanitix",
    production_ids=(3001, 3002),
    currencies={3002: "NZD"},
    has_extras=False,
    has_imports=False,
    mutations=("refund_seat", "cancel", "void_seat"),
    refund_small_amount=False,
    refunds_fees=False,
    kept_fees=kept_fees,
    provider_occurrence_id=provider_occurrence_id,
    has_swaps=True,
)


@dataclass
class Humanitix:
    """
    Serves one world; its second production is in the region NZ.
    """

    world: World
    key: str = KEY
    limit: int = 200
    limit_seconds: int = 60
    name: str = "humanitix"
    prefix: str = "/humanitix"
    organiser: str = "organiser0001"

    def invalidate(self) -> None:
        """
        Do nothing: every request renders from the world.
        """

    def rate_limit_response(self, seconds: str) -> ApiResponse:
        return _error(429, "Too Many Requests", "Rate limit exceeded")

    def respond(self, request: ApiRequest) -> ApiResponse:
        if request.headers.get("x-api-key") is None:
            return _error(403, "Forbidden", "Forbidden")
        if request.headers.get("x-api-key") != self.key:
            return _error(401, "Unauthorized", "Invalid API Key.")
        try:
            return self._route(request)
        except ValueError:
            return _error(400, "Bad Request", "query should match format date-time")

    def _route(self, request: ApiRequest) -> ApiResponse:
        match request.method, *request.segments:
            case (
                "POST",
                "v1",
                "events",
                _,
                "tickets",
                id_,
                ("check-in" | "check-out"),
            ):
                return self._check_in(id_, request.segments[-1] == "check-in")
        if request.method != "GET":
            return _error(405, "Method Not Allowed", "read-only sandbox")
        match request.segments:
            case ["v1", "events"]:
                rows = [
                    w for w in self.world.productions if self._is_in_region(request, w)
                ]
                return self._list(request, "events", rows, self._event)
            case ["v1", "events", id_, *rest]:
                production = self._find_production(id_)
                if production is not None and self._is_in_region(request, production):
                    return self._route_event(request, production, rest)
            case ["v1", "tags"]:
                return self._list(request, "tags", list(TAGS), lambda tag: tag)
            case ["v1", "tags", id_]:
                for tag in TAGS:
                    if tag["_id"] == id_:
                        return _check_parameters(request, "one") or json_response(tag)
        return _error(404, "Not Found", "Not Found")

    def _route_event(
        self, request: ApiRequest, production: Production, segments: list[str]
    ) -> ApiResponse:
        match segments:
            case []:
                return _check_parameters(request, "one") or json_response(
                    self._event(production)
                )
            case ["orders"]:
                return self._list(
                    request, "orders", self._purchases(production), _order
                )
            case ["orders", id_]:
                some = [t.purchase for t in self._tickets(production)]
                for purchase in [*self._purchases(production), *some]:
                    if f"{purchase.id:024x}" == id_:
                        return _check_parameters(request, "one") or json_response(
                            _order(purchase)
                        )
            case ["tickets"]:
                return self._list(
                    request, "tickets", self._tickets(production), _ticket
                )
            case ["tickets", id_]:
                for ticket in self._tickets(production):
                    if ticket.id == id_:
                        return _check_parameters(request, "one") or json_response(
                            _ticket(ticket)
                        )
            case ["check-in-count"]:
                return _check_parameters(request, "check-in-count") or self._count(
                    request, production
                )
        return _error(404, "Not Found", "Not Found")

    def _count(self, request: ApiRequest, production: Production) -> ApiResponse:
        date_id = request.get("eventDateId")
        if not date_id:
            message = "query should have required property 'eventDateId'"
            return _error(400, "Bad Request", message)
        inside = [
            ticket.seat.ticket_type.id
            for ticket in self._tickets(production)
            if f"{ticket.performance.id:024x}" == date_id
            and ticket.seat.is_checked_in
            and not ticket.is_cancelled
        ]
        return json_response(
            {
                "eventId": f"{production.id:024x}",
                "eventDateId": date_id,
                "checkedIn": len(inside),
                "ticketTypes": [
                    {
                        "ticketTypeId": f"{ticket_type.id:024x}",
                        "ticketTypeName": ticket_type.name,
                        "checkedIn": inside.count(ticket_type.id),
                    }
                    for ticket_type in production.ticket_types
                    if ticket_type.id in inside
                ],
            }
        )

    def _check_in(self, id_: str, is_in: bool) -> ApiResponse:
        for production in self.world.productions:
            for ticket in self._tickets(production):
                if ticket.id == id_:
                    ticket.seat.is_checked_in = is_in
                    ticket.seat.changed_at = self.world.now
                    return json_response({"scanningMessages": []})
        return _error(404, "Not Found", "Not Found")

    def _performances(self, production: Production) -> list[Performance]:
        return [p for p in self.world.performances if p.production is production]

    def _is_in_region(self, request: ApiRequest, production: Production) -> bool:
        own = self._performances(production)
        wanted = request.get("overrideLocation")
        return bool(own) and wanted in ("", _region(own[0].currency))

    def _find_production(self, id_: str) -> Production | None:
        found = [w for w in self.world.productions if f"{w.id:024x}" == id_]
        return found[0] if found else None

    def _purchases(self, production: Production) -> list[Purchase]:
        return [
            p for p in self.world.purchases if p.performance.production is production
        ]

    def _tickets(self, production: Production) -> list[_Ticket]:
        """
        An event's tickets, including those swapped to it.
        """
        everything = [
            _Ticket(purchase, seat, is_new)
            for purchase in self.world.purchases
            if purchase.performance.production is production
            or any(s.swapped_to for s in purchase.seats)
            for seat in purchase.seats
            for is_new in ((False, True) if seat.swapped_to else (False,))
        ]
        return [t for t in everything if t.performance.production is production]

    def _list(
        self,
        request: ApiRequest,
        key: str,
        rows: list[Any],
        render: Callable[[Any], Any],
    ) -> ApiResponse:
        error = _check_parameters(request, key)
        if error is not None:
            return error
        if not request.get("page"):
            message = "query should have required property 'page'"
            return _error(400, "Bad Request", message)
        for name in ("page", "pageSize"):
            if (
                not request.get(name, "1").isdecimal()
                or int(request.get(name, "1")) < 1
            ):
                return _error(400, "Bad Request", f"query/{name} should be >= 1")
        size = int(request.get("pageSize", str(LARGEST_PAGE)))
        if size > LARGEST_PAGE:
            return _error(400, "Bad Request", "query/pageSize should be <= 100")
        status = request.get("status")
        if status and status not in TICKET_STATUS:
            message = "query/status should be equal to one of the allowed values"
            return _error(400, "Bad Request", message)
        if request.get("inFutureOnly", "false") not in ("true", "false"):
            return _error(400, "Bad Request", "query/inFutureOnly should be boolean")
        found = [render(row) for row in rows]
        found = [row for row in found if self._is_wanted(request, row)]
        number = int(request.get("page"))
        page = found[(number - 1) * size : number * size]
        envelope = {"total": len(found), "page": number, "pageSize": size}
        return json_response({**envelope, key: page})

    def _is_wanted(self, request: ApiRequest, row: dict[str, Any]) -> bool:
        """
        Whether a record passes the filters of the request.
        """
        since, date_id = request.get("since"), request.get("eventDateId")
        is_late = bool(since) and unix_seconds(row["updatedAt"]) < unix_seconds(since)
        has_ended = request.get("inFutureOnly") == "true" and (
            unix_seconds(row["endDate"]) < self.world.now
        )
        return (
            not is_late
            and not has_ended
            and request.get("status") in ("", row.get("status"))
            and date_id in ("", row.get("eventDateId"))
        )

    def _event(self, production: Production) -> dict[str, Any]:
        own = self._performances(production)
        return {
            "_id": f"{production.id:024x}",
            "userId": "u0001",
            "organiserId": self.organiser,
            "currency": own[0].currency,
            "name": production.title,
            "description": f"<p>{production.title}</p>",
            "slug": f"show-{production.id}",
            "url": f"https://events.humanitix.com/show-{production.id}",
            "public": True,
            "published": True,
            "suspendSales": False,
            "markedAsSoldOut": False,
            "startDate": iso_utc(own[0].starts_at.timestamp(), millis=True),
            "endDate": iso_utc((own[-1].starts_at + DURATION).timestamp(), millis=True),
            "timezone": ZONE,
            "totalCapacity": production.capacity,
            "ticketTypes": [
                {
                    "_id": f"{ticket_type.id:024x}",
                    "name": ticket_type.name,
                    "price": _major(ticket_type.price, own[0].currency),
                    "quantity": production.capacity,
                    "disabled": False,
                    "deleted": False,
                    "isDonation": False,
                }
                for ticket_type in production.ticket_types
            ],
            "packagedTickets": [],
            "additionalQuestions": [_question(question) for question in QUESTIONS],
            "eventLocation": {"type": "address", "venueName": VENUE},
            "dates": [
                {
                    "_id": f"{p.id:024x}",
                    "startDate": iso_utc(p.starts_at.timestamp(), millis=True),
                    "endDate": iso_utc(
                        (p.starts_at + DURATION).timestamp(), millis=True
                    ),
                    "disabled": False,
                    "deleted": False,
                }
                for p in own
            ],
            "location": _region(own[0].currency),
            "createdAt": iso_utc(own[0].listed_at, millis=True),
            "updatedAt": iso_utc(max(p.updated_at for p in own), millis=True),
            "isArchived": False,
        }


def _error(status: int, name: str, message: str) -> ApiResponse:
    return json_response(
        {"statusCode": status, "error": name, "message": message}, status
    )


def _check_parameters(request: ApiRequest, key: str) -> ApiResponse | None:
    """
    The error response if the request has an undocumented parameter.
    """
    for name, _ in request.query:
        if name not in KNOWN[key]:
            message = f"query should NOT have additional properties '{name}'"
            return _error(400, "Bad Request", message)
    return None


def _region(currency: str) -> str:
    return REGION.get(currency, "US")


def _major(minor: int, currency: str) -> float:
    return float(major_text(minor, currency))


def _totals(purchase: Purchase, refunded: int) -> dict[str, Any]:
    fee = sum(seat.fee for seat in purchase.seats)
    listed = sum(seat.ticket_type.price for seat in purchase.seats)
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
        "refunds": refunded,
        "netSales": listed - off - refunded,
        "grossSales": listed + fee,
        "total": listed + fee - off - refunded,
    }
    return {"feesIncluded": False} | {
        n: _major(v, purchase.performance.currency) for n, v in amounts.items()
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "_id": f"{question.id:024x}",
        "inputType": "text",
        "question": question.text,
        "required": False,
        "perOrder": question.is_for_order,
        "disabled": False,
    }


def _answers(given: Mapping[Question, str]) -> list[dict[str, str]]:
    return [
        {"questionId": f"{question.id:024x}", "value": answer}
        for question, answer in given.items()
    ]


def _order(purchase: Purchase) -> dict[str, Any]:
    found = _plain_order(purchase)
    if purchase.code:
        found["discounts"] = {"discountCode": {"code": purchase.code}}
    return found


def _plain_order(purchase: Purchase) -> dict[str, Any]:
    paid = purchase.total
    label = "paid" if paid else "free"
    if purchase.refunded:
        label = "refunded" if purchase.state == "cancelled" else "partiallyRefunded"
    return {
        "_id": f"{purchase.id:024x}",
        "orderName": f"{purchase.id:08d}"[-8:],
        "eventId": f"{purchase.performance.production.id:024x}",
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
        "totals": _totals(purchase, purchase.refunded),
        "purchaseTotals": _totals(purchase, 0),
        "additionalFields": _answers(answers_of_order(purchase)),
        "location": _region(purchase.performance.currency),
        "completedAt": iso_utc(purchase.placed_at, millis=True),
        "createdAt": iso_utc(purchase.placed_at, millis=True),
        "updatedAt": iso_utc(purchase.changed_at, millis=True),
    }


def _ticket(ticket: _Ticket) -> dict[str, Any]:
    purchase, seat, performance = ticket.purchase, ticket.seat, ticket.performance
    is_cancelled = ticket.is_cancelled
    price, fee = (0, 0) if is_cancelled else (seat.paid, seat.fee)
    code = purchase.performance.currency
    changed_at = iso_utc(ticket.changed_at, millis=True)
    found: dict[str, Any] = {
        "_id": ticket.id,
        "eventId": f"{performance.production.id:024x}",
        "eventDateId": f"{performance.id:024x}",
        "orderId": f"{purchase.id:024x}",
        "orderName": f"{purchase.id:08d}"[-8:],
        "currency": code,
        "number": seat.id,
        "firstName": "Guest",
        "lastName": str(purchase.buyer),
        "ticketTypeName": seat.ticket_type.name,
        "ticketTypeId": f"{seat.ticket_type.id:024x}",
        "price": 0 if is_cancelled else _major(seat.ticket_type.price, code),
        "discount": _major(seat.ticket_type.price - seat.paid, code),
        "netPrice": _major(price, code),
        "taxes": 0,
        "fee": _major(fee, code),
        "passedOnFee": _major(fee, code),
        "absorbedFee": 0,
        "total": _major(price + fee, code),
        "status": "cancelled" if is_cancelled else "complete",
        "checkIn": {"checkedIn": seat.is_checked_in and not is_cancelled},
        "qrCodeData": {
            "_id": f"qr{int(ticket.id, 16)}",
            "eventId": f"{performance.production.id:024x}",
        },
        "additionalFields": _answers(answers_of_ticket(seat)),
        "salesChannel": "online",
        "location": _region(code),
        "createdAt": iso_utc(purchase.placed_at, millis=True),
        "updatedAt": changed_at,
    }
    if is_cancelled:
        found["cancelledAt"] = changed_at
    place = performance.seat_of(seat.swapped_id if ticket.is_new else seat.id)
    if place:
        label = f"Stalls Row {place[0]} Seat {place[1]}"
        found["seatingLocation"] = {"seatingMapId": f"{701:024x}", "name": label}
    if seat.id % 3 == 0:  # a venue's own wristbands
        found["customScanningCode"] = f"29{int(ticket.id, 16):012d}"
    if seat.swapped_to:
        name = "swappedFrom" if ticket.is_new else "swappedTo"
        other = _Ticket(purchase, seat, not ticket.is_new)
        swap = {"id": other.id, "swappedAt": changed_at, "userId": "u0001"}
        found[name] = swap
    return found
