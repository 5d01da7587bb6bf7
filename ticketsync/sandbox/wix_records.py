"""
Builds Wix's records of a world: events, orders, tickets, guests and transactions.

Besides ordinary sales there are rare cases: archived, offline and declined orders, gift
cards, refunds that did not go through or are reported twice, and events without sales
because they take registrations or are sold elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from ticketsync.sandbox.fake_platform import iso_utc, major_text
from ticketsync.sandbox.season import (
    CURRENCY,
    Performance,
    Production,
    Purchase,
    Seat,
    TicketType,
)
from ticketsync.sandbox.types_on_sale import count_paid
from ticketsync.sandbox.world import (
    VENUE,
    ZONE,
    World,
    apply_states,
    leave_unpaid,
)

APP_INSTANCE = "a1110000-0000-4000-8000-000000000001"
SITE = "5a1e0000-0000-4000-8000-000000000001"
OWNER = "12dea96f-ec20-4935-86ab-75692c994959"
INCLUDED = 3003  # the production that pays the fee itself
SEATED = 3003  # the production with reserved seats
SECTIONS = ("Stalls", "Circle", "Balcony", "Gallery")
ROWS, SEATS = 26, 20  # of each section, of each row
GIFT = 2000  # the part of an order paid by gift card
FAILED_REFUND = 100  # the amount of a refund that does not go through
WITHOUT_SALES = {3901: ("Open Rehearsal", "RSVP"), 3902: ("Guest Evening", "EXTERNAL")}
REFUND_TRIES = ("REFUND_PENDING", "REFUND_FAILED", "REFUND_REVERSED")


def fee_of(purchase: Purchase) -> int:
    """
    2.5 % of the ticket prices, rounded half up per order.
    """
    base = sum(seat.paid for seat in purchase.seats)
    return (base * 25 + 500) // 1000


def charged_fee(purchase: Purchase) -> int:
    return 0 if purchase.performance.production.id == INCLUDED else fee_of(purchase)


def _keep_as_is(purchase: Purchase) -> None:
    """
    Leave the sale as it is; only its records differ.
    """


def _pay_offline(purchase: Purchase) -> None:
    purchase.channel = "offline"


def _place_offline(purchase: Purchase) -> None:
    leave_unpaid(purchase)
    purchase.channel = "offline"


def _decline(purchase: Purchase) -> None:
    leave_unpaid(purchase)
    purchase.state = "cancelled"


def _refund_some(purchase: Purchase) -> None:
    cheapest = min(seat.paid for seat in purchase.seats)
    purchase.refunded = min(500, max(1, cheapest - 1))


def apply_rare_states(world: World) -> None:
    """
    Add rare orders, and two events without sales before the first show.
    """
    apply_states(
        world,
        {
            "OFFLINE_PENDING": _place_offline,
            "GIFT_CARD": _keep_as_is,
            "REFUND_TWICE": _refund_some,
            "ARCHIVED": _keep_as_is,
            "REFUND_FAILED": _keep_as_is,
            "OFFLINE": _pay_offline,
            "REFUND_PENDING": _keep_as_is,
            "PENDING": leave_unpaid,
            "REFUND_REVERSED": _keep_as_is,
            "DECLINED": _decline,
        },
    )
    if not world.performances:
        return
    first = world.performances[0]
    for number, (work_id, (title, _)) in enumerate(WITHOUT_SALES.items(), start=1):
        production = Production(work_id, title, (), 0, False, 0, 100)
        starts_at = first.starts_at - timedelta(days=number)
        listed = replace(
            first, id=48000 + number, production=production, starts_at=starts_at
        )
        listed.currency = CURRENCY  # the record has none, so the venue's
        world.performances.insert(0, listed)


def guid(number: int, kind: int) -> str:
    return f"{number:08x}-{kind:04x}-4000-8000-000000000000"


def event_id(performance: Performance) -> str:
    return guid(performance.id, 1)


def definition_id(performance: Performance, ticket_type: TicketType) -> str:
    """
    Every event has ticket definitions of its own.
    """
    return f"{ticket_type.id:08x}-0003-4000-8000-{performance.id:012x}"


def slug(performance: Performance) -> str:
    return f"show-{performance.id}"


def number_of(purchase: Purchase) -> str:
    return f"LR{purchase.id:06d}-WIX"


def transaction_id(purchase: Purchase) -> str:
    """
    Empty for free orders and for unpaid offline orders.
    """
    is_unpaid_offline = purchase.channel == "offline" and not purchase.was_paid
    return "" if not purchase.total or is_unpaid_offline else guid(purchase.id, 9)


def updated(purchase: Purchase) -> int:
    """
    When the order and its guests were last updated. A void or a late payment updates
    them, a refund does not.
    """
    has_void = any(seat.is_void for seat in purchase.seats)
    was_late = purchase.was_paid and purchase.rare_state in (
        "OFFLINE_PENDING",
        "PENDING",
    )
    return purchase.changed_at if has_void or was_late else purchase.placed_at


def status_of(purchase: Purchase) -> str:
    if not purchase.was_paid:
        return purchase.rare_state
    return "PAID" if purchase.total else "FREE"


def has_tickets(purchase: Purchase) -> bool:
    """
    Tickets exist once an order is confirmed, whether or not it is paid.
    """
    return purchase.was_paid or purchase.rare_state == "OFFLINE_PENDING"


def method_of(purchase: Purchase) -> str:
    if not purchase.total:
        return ""
    return "offline" if purchase.channel == "offline" else "creditCard"


def gift_of(purchase: Purchase) -> int:
    return min(GIFT, purchase.total) if purchase.rare_state == "GIFT_CARD" else 0


def money(minor: int, currency: str) -> dict[str, str]:
    text = major_text(minor, currency)
    return {"amount": text, "currency": currency, "value": text}


# Events


# Parts that are the same for every event, by the field that requests them.
_PARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "TEXTS": ("description", {"nodes": []}),
    "FORM": ("form", {"controls": [], "messages": {}}),
    "FEED": ("feed", {"token": ""}),
    "ONLINE_CONFERENCING_SESSION": ("onlineConferencing", {"enabled": False}),
    "AGENDA": ("agendaSettings", {"enabled": False}),
    "CATEGORIES": ("categories", {"categories": []}),
}


def registration_of(performance: Performance) -> str:
    return WITHOUT_SALES.get(performance.production.id, ("", "TICKETING"))[1]


def event(performance: Performance, now: int, fields: Any) -> dict[str, Any]:
    has_passed = performance.starts_at.timestamp() < now
    ends = performance.starts_at + timedelta(minutes=100)
    found: dict[str, Any] = {
        "id": event_id(performance),
        "title": performance.production.title,
        "slug": slug(performance),
        "status": "ENDED" if has_passed else "UPCOMING",
        "createdDate": iso_utc(performance.listed_at),
        "updatedDate": iso_utc(performance.listed_at),
        "userId": OWNER,
        "dateAndTimeSettings": {
            "dateAndTimeTbd": False,
            "startDate": iso_utc(performance.starts_at.timestamp()),
            "endDate": iso_utc(ends.timestamp()),
            "timeZoneId": ZONE,
            "recurrenceStatus": "RECURRING",
            "recurringEvents": {
                "individualEventDates": [],
                "categoryId": guid(performance.production.id, 2),
            },
        },
        "location": {"name": VENUE, "type": "VENUE"},
    }
    if "DETAILS" in fields:
        found["shortDescription"] = "An evening show."
    if "REGISTRATION" in fields:
        found["registration"] = _registration(performance, has_passed=has_passed)
    for name, (key, value) in _PARTS.items():
        if name in fields:
            found[key] = value
    if "SEO_SETTINGS" in fields:
        found["seoSettings"] = {"slug": slug(performance), "hidden": False}
    if "URLS" in fields:
        path = f"/event-details/{slug(performance)}"
        found["eventPageUrl"] = {"base": "https://www.example.com", "path": path}
    return found


def _registration(performance: Performance, *, has_passed: bool) -> dict[str, Any]:
    registration_type = registration_of(performance)
    if registration_type == "TICKETING":
        return {
            "type": registration_type,
            "initialType": registration_type,
            "status": "CLOSED_AUTOMATICALLY" if has_passed else "OPEN_TICKETS",
            "tickets": {"currency": performance.currency},
        }
    if registration_type == "EXTERNAL":
        link = {"url": "https://www.example.org/elsewhere"}
        return {"type": registration_type, "status": "OPEN_EXTERNAL", "external": link}
    closed = "CLOSED_AUTOMATICALLY" if has_passed else "OPEN_RSVP"
    return {
        "type": registration_type,
        "initialType": registration_type,
        "status": closed,
        "rsvp": {},
    }


def definitions(world: World, *, with_sales: bool) -> list[dict[str, Any]]:
    """
    The ticket definitions of all events. Free ones are not limited.
    """
    sold = count_paid(world)
    return [
        _definition(
            performance,
            ticket_type,
            sold[performance.id, ticket_type.id] if with_sales else None,
            has_passed=performance.starts_at.timestamp() < world.now,
        )
        for performance in world.performances
        for ticket_type in performance.production.ticket_types
    ]


def _definition(
    performance: Performance,
    ticket_type: TicketType,
    sold: int | None,
    *,
    has_passed: bool,
) -> dict[str, Any]:
    is_included = performance.production.id == INCLUDED
    fee = "FEE_INCLUDED" if is_included else "FEE_ADDED_AT_CHECKOUT"
    price = major_text(ticket_type.price, performance.currency)
    limit = performance.production.capacity if ticket_type.price else None
    found: dict[str, Any] = {
        "id": definition_id(performance, ticket_type),
        "eventId": event_id(performance),
        "revision": "2" if performance.changed_at else "1",
        "createdDate": iso_utc(performance.listed_at),
        "updatedDate": iso_utc(performance.updated_at),
        "name": ticket_type.name,
        "hidden": False,
        "limited": limit is not None,
        "initialLimit": limit,
        "actualLimit": limit,
        "pricingMethod": {
            "fixedPrice": {"value": price, "currency": performance.currency},
            "pricingType": "STANDARD",
            "free": not ticket_type.price,
        },
        "feeType": fee if ticket_type.price else "NO_FEE",
        "salePeriod": {
            "startDate": iso_utc(performance.listed_at),
            "endDate": iso_utc(performance.starts_at.timestamp()),
            "displayNotOnSale": True,
        },
        "saleStatus": "SALE_ENDED" if has_passed else "SALE_STARTED",
        "limitPerCheckout": 20,
    }
    if sold is not None:
        found["salesDetails"] = {
            "unsoldCount": None if limit is None else limit - sold,
            "soldCount": sold,
            "reservedCount": 0,
            "soldOut": limit is not None and sold >= limit,
        }
    return found


# Orders


def order(
    purchase: Purchase, fieldsets: list[str], *, has_invoice: bool = True
) -> dict[str, Any]:
    currency = purchase.performance.currency
    transaction = transaction_id(purchase)
    found: dict[str, Any] = {
        "orderNumber": number_of(purchase),
        "eventId": event_id(purchase.performance),
        "contactId": guid(purchase.buyer, 5),
        "memberId": "",
        "transactionId": transaction,
        "channel": "OFFLINE_POS" if purchase.channel == "offline" else "ONLINE",
        "anonymized": False,
        "archived": False,
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
        method = method_of(purchase)
        found["paymentDetails"] = {
            "transaction": {"transactionId": transaction, "method": method}
        }
    if "DETAILS" in fieldsets:
        found |= {
            "created": iso_utc(purchase.placed_at),
            "updated": iso_utc(updated(purchase)),
            "status": status_of(purchase),
            "confirmed": has_tickets(purchase),
            "archived": purchase.rare_state == "ARCHIVED",
            "method": method_of(purchase),
            "ticketsQuantity": len(purchase.seats),
            "totalPrice": money(purchase.total, currency),
            "firstName": "Guest",
            "lastName": str(purchase.buyer),
            "fullName": f"Guest {purchase.buyer}",
            "email": f"guest{purchase.buyer}@example.com",
        }
    if gift := gift_of(purchase):
        found["giftCardPaymentDetails"] = [
            {
                "giftCardPaymentId": guid(purchase.id, 6),
                "amount": money(gift, currency),
                "voided": False,
                "obfuscatedCode": "****-1234",
            }
        ]
    if "INVOICE" in fieldsets and has_invoice:
        found["invoice"] = _invoice(purchase)
    if "TICKETS" in fieldsets:
        found["tickets"] = tickets(purchase)
    return found


def tickets(purchase: Purchase) -> list[dict[str, Any]]:
    if not has_tickets(purchase):
        return []
    currency = purchase.performance.currency
    return [
        {
            "ticketNumber": f"{number_of(purchase)}{n:02d}",
            "orderNumber": number_of(purchase),
            "ticketDefinitionId": definition_id(purchase.performance, seat.ticket_type),
            "name": seat.ticket_type.name,
            "price": money(seat.ticket_type.price, currency),
            "free": not seat.ticket_type.price,
            "orderStatus": status_of(purchase),
            "orderArchived": purchase.rare_state == "ARCHIVED",
            "archived": purchase.rare_state == "ARCHIVED",
            "orderFullName": f"Guest {purchase.buyer}",
            "guestFullName": f"Guest {purchase.buyer}",
            "canceled": seat.is_void,
            **(
                {"checkIn": {"created": iso_utc(seat.created_at)}}
                if seat.is_checked_in
                else {}
            ),
            **_ticket_details(purchase, seat),
        }
        for n, seat in enumerate(purchase.seats, 1)
    ]


def seat_of(seat: Seat) -> tuple[str, str, str]:
    """
    The labels of a ticket's section, row and seat.
    """
    row, place = divmod(seat.id, SEATS)
    section, row = divmod(row, ROWS)
    return SECTIONS[section % len(SECTIONS)], chr(ord("A") + row), str(place + 1)


def _ticket_details(purchase: Purchase, seat: Seat) -> dict[str, Any]:
    if purchase.performance.production.id != SEATED:
        return {}
    section, row, place = seat_of(seat)
    details = {
        "seatId": f"{section}-{row}-{place}",
        "sectionLabel": section,
        "rowLabel": row,
        "seatLabel": place,
    }
    return {"ticketDetails": details}


def _invoice(purchase: Purchase) -> dict[str, Any]:
    currency = purchase.performance.currency
    production = purchase.performance.production
    listed = sum(seat.ticket_type.price for seat in purchase.seats)
    off = listed - sum(seat.paid for seat in purchase.seats)
    fee = fee_of(purchase)
    counted: dict[Any, int] = {}
    for seat in purchase.seats:
        counted[seat.ticket_type] = counted.get(seat.ticket_type, 0) + 1
    fee_type = "FEE_INCLUDED" if production.id == INCLUDED else "FEE_ADDED_AT_CHECKOUT"
    found: dict[str, Any] = {
        "items": [
            {
                "id": definition_id(purchase.performance, ticket_type),
                "quantity": number,
                "name": ticket_type.name,
                "price": money(ticket_type.price, currency),
                "total": money(ticket_type.price * number, currency),
                "fees": [],
            }
            for ticket_type, number in counted.items()
        ],
        "subTotal": money(listed, currency),
        "grandTotal": money(purchase.total, currency),
        "total": money(purchase.total, currency),
        "revenue": money(purchase.total - fee, currency),
        "tax": {
            "type": "ADDED_AT_CHECKOUT" if production.tax_on_top else "INCLUDED",
            "name": "GST",
            "rate": str(production.tax_percent),
            "amount": money(purchase.tax, currency),
        },
    }
    if fee:
        amount = money(fee, currency)
        invoice_fee = {
            "name": "WIX_FEE",
            "type": fee_type,
            "rate": "2.5",
            "amount": amount,
        }
        found["fees"] = [invoice_fee]
    if off:
        found["discount"] = _discount(purchase, off)
    return found


def _discount(purchase: Purchase, off: int) -> dict[str, Any]:
    amount = money(off, purchase.performance.currency)
    coupon = {"name": "Coupon", "code": purchase.code, "couponId": guid(1, 10)}
    return {"amount": amount, "discounts": [{"coupon": coupon, "amount": amount}]}


def summary(purchases: list[Purchase]) -> dict[str, Any]:
    """
    The dashboard's totals, one row per currency, without archived orders.
    """
    sales: dict[str, list[Purchase]] = {}
    for purchase in purchases:
        if purchase.was_paid and purchase.total and purchase.rare_state != "ARCHIVED":
            sales.setdefault(purchase.performance.currency, []).append(purchase)
    return {
        "sales": [
            {
                "total": money(sum(p.total for p in some), currency),
                "totalOrders": len(some),
                "totalTickets": sum(len(p.seats) for p in some),
                "revenue": money(sum(p.total - fee_of(p) for p in some), currency),
            }
            for currency, some in sales.items()
        ]
    }


def dashboard(purchases: list[Purchase], currency: str) -> dict[str, Any]:
    """
    The dashboard's totals of one event.
    """
    rows = summary(purchases)["sales"]
    none = {"total": money(0, currency), "revenue": money(0, currency)}
    row = rows[0] if rows else {**none, "totalOrders": 0, "totalTickets": 0}
    return {
        "tickets": {
            "ticketsSold": row["totalTickets"],
            "totalOrders": row["totalOrders"],
            "totalSales": row["total"],
            "revenue": row["revenue"],
            "currencyLocked": bool(rows),
        }
    }


# Money that moved


def refunds_of(purchase: Purchase) -> list[dict[str, Any]]:
    """
    The refunds of a purchase, including those that did not go through: id, amount,
    status, time.
    """
    found = []
    if purchase.rare_state in REFUND_TRIES:
        status = purchase.rare_state.removeprefix("REFUND_")
        row = {"id": guid(purchase.id, 8), "amount": FAILED_REFUND, "status": status}
        found.append({**row, "moment": purchase.placed_at})
    if purchase.refunded:
        row = {"id": guid(purchase.id, 7), "amount": purchase.refunded}
        row |= {"status": "SUCCEEDED", "moment": purchase.changed_at}
        if purchase.rare_state == "REFUND_TWICE":
            found.append({**row, "status": "PENDING"})
            found.append(row)
        found.append(row)
    return found


def transaction(purchase: Purchase, *, with_refunds: bool = True) -> dict[str, Any]:
    currency = purchase.performance.currency
    charged = purchase.total - gift_of(purchase)
    refunds = [
        {
            "refundId": row["id"],
            "amount": float(major_text(row["amount"], currency)),
            "type": "FULL" if row["amount"] == purchase.total else "PARTIAL",
            "status": row["status"],
            "createdAt": iso_utc(row["moment"]),
        }
        for row in refunds_of(purchase)
    ]
    status = "REFUND" if purchase.refunded else "APPROVED"
    if purchase.channel == "offline":
        status = "OFFLINE"
    if not purchase.was_paid:
        status = purchase.rare_state
    found: dict[str, Any] = {
        "transactionId": transaction_id(purchase),
        "status": status,
        "type": "SALE",
        "createdAt": iso_utc(purchase.placed_at),
        "amount": {
            "amount": float(major_text(charged, currency)),
            "currency": currency,
        },
        "provider": "offline" if purchase.channel == "offline" else "stripe",
        "paymentMethod": method_of(purchase),
        "order": {"description": {"wixAppOrderId": number_of(purchase), "items": []}},
    }
    return {**found, "refunds": refunds} if with_refunds else found


def refund_rows(world: World) -> list[dict[str, Any]]:
    """
    The separate list of refunds: each one once, with its last status.
    """
    found: dict[str, dict[str, Any]] = {}
    for purchase in world.purchases:
        currency = purchase.performance.currency
        for row in refunds_of(purchase):
            found[row["id"]] = {
                "id": row["id"],
                "revision": "1",
                "createdDate": iso_utc(row["moment"]),
                "updatedDate": iso_utc(row["moment"]),
                "chargeId": transaction_id(purchase),
                "currencyCode": currency,
                "amount": major_text(row["amount"], currency),
                "full": row["amount"] == purchase.total,
                "status": row["status"],
            }
    return list(found.values())


# People


def guests(purchase: Purchase) -> list[dict[str, Any]]:
    """
    The guest records of a purchase: the buyer, and one per ticket.
    """
    rows = []
    guest_types = ["BUYER", *("TICKET_HOLDER" for _ in tickets(purchase))]
    for n, guest_type in enumerate(guest_types):
        row: dict[str, Any] = {
            "id": guid(purchase.id, 100 + n),
            "eventId": event_id(purchase.performance),
            "orderNumber": number_of(purchase),
            "contactId": guid(purchase.buyer, 5),
            "guestType": guest_type,
            "attendanceStatus": "ATTENDING",
            "createdDate": iso_utc(purchase.placed_at),
            "updatedDate": iso_utc(updated(purchase)),
            "attendanceStatusUpdatedDate": iso_utc(purchase.placed_at),
            "tickets": [],
            "guestDetails": {"email": f"guest{purchase.buyer}@example.com"},
        }
        if n:
            row["ticketNumber"] = f"{number_of(purchase)}{n:02d}"
        rows.append(row)
    return rows


def registered(world: World) -> list[dict[str, Any]]:
    """
    The guests who registered for an event without tickets. They have no order.
    """
    return [
        {
            "id": guid(performance.id, 200 + n),
            "eventId": event_id(performance),
            "rsvpId": guid(performance.id, 300 + n),
            "contactId": guid(n, 5),
            "guestType": "RSVP",
            "attendanceStatus": "ATTENDING",
            "createdDate": iso_utc(performance.listed_at),
            "updatedDate": iso_utc(performance.listed_at),
            "attendanceStatusUpdatedDate": iso_utc(performance.listed_at),
            "totalGuests": 1,
            "tickets": [],
            "guestDetails": {"email": f"guest{n}@example.com"},
        }
        for performance in world.performances
        if registration_of(performance) == "RSVP"
        for n in range(1, 4)
    ]
