"""
Parses raw Humanitix records. Pure: uses nothing but the record it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import msgspec

from ticketsync.core import clock, money, records
from ticketsync.core.errors import CONTRADICTION, UnreadableRecord
from ticketsync.core.records import OccurrenceStatus
from ticketsync.providers import reading
from ticketsync.providers.base import Raw
from ticketsync.providers.humanitix.raw_orders import QUESTION, is_cancelled
from ticketsync.providers.humanitix.spec import ORDER_STATUS, TICKET_STATUS
from ticketsync.providers.humanitix.ticket_types import parse_ticket_types


def provider_occurrence_id_of(raw: Raw) -> str:
    """
    Event and date. Raises `UnreadableRecord` if the record names no date.
    """
    return _occurrence_id_of(raw["order"] or {}, raw["tickets"])


def parse_event(raw: Raw) -> records.Event:
    """
    Raises `UnreadableRecord`.
    """
    event_id = reading.text(raw, "_id")
    name = reading.text(raw, "name")
    url = reading.text_or_none(raw, "url")
    if url is None and raw.get("slug"):
        url = f"https://events.humanitix.com/{reading.text(raw, 'slug')}"
    dates = [d for d in reading.rows(raw, "dates") if not d.get("deleted")]
    has_one_date = len(dates) == 1
    types = parse_ticket_types(raw, has_one_date=has_one_date)
    event = records.Event(event_id, name, url)
    found = (_parse_occurrence(raw, date, event, has_one_date) for date in dates)
    return records.Event(
        event_id,
        name,
        url,
        tuple(msgspec.structs.replace(it, ticket_types=types) for it in found),
    )


def with_earlier(raw: Raw, earlier: Sequence[Raw]) -> Raw:
    """
    The record with the tickets that other events list, and with the price that each
    ticket had before it was cancelled; one that was swapped passed its price on.
    """
    first: dict[str, Raw] = {}
    parts: dict[str, Raw] = {}
    order = raw["order"]
    for version in (*earlier, raw):
        order = version["order"] or order
        part = str(version.get("part") or "")
        parts.pop(part, None)  # the newest comes last
        parts[part] = version
        for ticket in version["tickets"]:
            known = first.setdefault(ticket["_id"], ticket)
            if not known.get("total") and ticket.get("total"):
                first[ticket["_id"]] = ticket
    moved = {id_ for version in parts.values() for id_ in version.get("moved", ())}
    now = {t["_id"]: t for version in parts.values() for t in version["tickets"]}
    names = ("price", "netPrice", "total")
    return {
        **raw,
        "order": order,
        "lost": sorted(first.keys() - now.keys()),
        "moved": sorted(moved),
        "tickets": [
            ticket
            if id_ in moved
            else {**ticket, **{n: first[id_].get(n) for n in names}}
            for id_, ticket in sorted(now.items())
        ],
    }


def parse_people(raw: Raw) -> records.People:
    """
    The tickets carry names and no e-mail addresses. What the buyer answered for the
    whole order holds for each ticket that has no answer of its own to that question.
    """
    order = raw.get("order") or {}
    tickets = raw.get("tickets") or ()
    of_order = _answers(order)
    return reading.people(
        reading.person(
            order.get("firstName"),
            order.get("lastName"),
            email=order.get("email"),
            phone=order.get("mobile"),
        ),
        (
            (t["_id"], reading.person(t.get("firstName"), t.get("lastName")))
            for t in tickets
        ),
        ((t["_id"], {**of_order, **_answers(t)}) for t in tickets),
    )


def _answers(raw: Raw) -> dict[str, str]:
    """
    The answers by the text of their question, which `fetch` adds from the event.
    """
    return reading.answers(
        raw.get("additionalFields"), question=QUESTION, answer="value"
    )


def parse_order(raw: Raw) -> records.Order:
    """
    An order, from the record as `with_earlier` gives it. Raises `UnreadableRecord`.
    """
    _refuse_missing_order(raw)
    _refuse_contradiction(raw)
    order = reading.mapping(raw, "order")
    currency = reading.text(order, "currency").upper()
    money.exponent(currency)
    now = reading.mapping(order, "totals")
    then = order.get("purchaseTotals") or now

    def amount_of(totals: Raw, name: str) -> int:
        return reading.amount_or_none(totals, name, currency) or 0

    charged = reading.amount(then, "total", currency)
    faces = amount_of(then, "subtotal") - amount_of(then, "discounts")
    passed_on = amount_of(then, "passedOnFee")
    moved = raw.get("moved") or ()
    if not raw.get("part"):
        _refuse_missing_tickets(raw["tickets"], currency, faces)
    refunded = amount_of(now, "refunds")
    return records.Order(
        id=reading.text(order, "_id"),
        occurrence_id=_occurrence_id_of(order, reading.rows(raw, "tickets")),
        status=reading.word(order, "status", ORDER_STATUS),
        placed_at=reading.moment(
            order, "completedAt" if order.get("completedAt") else "createdAt"
        ),
        currency=currency,
        total=charged,
        charged=charged,
        tickets=_parse_tickets(raw["tickets"], currency, (faces, passed_on), moved),
        buyer_fees=amount_of(then, "amexFee") + amount_of(then, "zipFee"),
        tax=reading.amount_or_none(then, "taxes", currency),
        donations=amount_of(then, "clientDonation"),
        vouchers=amount_of(then, "giftCardCredit") + amount_of(then, "credit"),
        discounts=amount_of(then, "discounts"),
        fees=_parse_fees(now, currency),
        refunds=(records.Refund(str(order["_id"]), refunded),) if refunded else (),
        channel=str(order.get("salesChannel") or ""),
        doubt=_discrepancy(lambda name: amount_of(now, name), charged, currency),
        changed_at=reading.moment_or_none(order, "updatedAt"),
        promo_code=_promo_code(order),
    )


def _promo_code(order: Raw) -> str:
    discounts = order.get("discounts")
    used = discounts.get("discountCode") if isinstance(discounts, dict) else None
    code = used.get("code") if isinstance(used, dict) else None
    return code.strip() if isinstance(code, str) else ""


def _refuse_missing_order(raw: Raw) -> None:
    if raw["order"] is None:
        raise UnreadableRecord(
            f"Humanitix lists tickets of it at the event {raw.get('part')}, but does "
            "not know the order",
            word="order-missing",
        )


def _parse_fees(totals: Raw, currency: str) -> tuple[records.Fee, ...]:
    booking = reading.amount_or_none(totals, "bookingFee", currency)
    tax = reading.amount_or_none(totals, "bookingTaxes", currency)
    rebates = reading.amount_or_none(totals, "rebates", currency) or 0
    fees = (
        records.Fee("Humanitix booking fee", booking, tax),
        records.Fee("Rebate", -rebates),
    )
    return tuple(fee for fee in fees if fee.amount != 0)


def _occurrence_id_of(order: Raw, tickets: Sequence[Raw]) -> str:
    for row in (order, *tickets):
        if row.get("eventDateId"):
            return f"{row.get('eventId') or order['eventId']}/{row['eventDateId']}"
    raise UnreadableRecord("neither the order nor a ticket has an eventDateId")


def _parse_occurrence(
    raw: Raw, date: Raw, event: records.Event, has_one_date: bool
) -> records.Occurrence:
    zone = reading.text(raw, "timezone")
    clock.zone(zone)
    location = raw.get("eventLocation") or {}
    created = reading.text_or_none(raw, "createdAt")
    return records.Occurrence(
        id=f"{event.id}/{reading.text(date, '_id')}",
        event_id=event.id,
        name=event.name,
        starts_at=reading.moment(date, "startDate"),
        ends_at=reading.moment(date, "endDate") if date.get("endDate") else None,
        timezone=zone,
        status=_status(raw, date),
        capacity=reading.whole_or_none(raw, "totalCapacity") if has_one_date else None,
        currency=reading.text(raw, "currency").upper(),
        venue=reading.text_or_none(location, "venueName"),
        url=event.url,
        listed_at=clock.from_iso(created) if created else None,
        issued=None,
        ordered=None,
        fingerprint="",
        changed_at=reading.moment_or_none(raw, "updatedAt"),
    )


def _status(raw: Raw, date: Raw) -> OccurrenceStatus:
    if not raw.get("published", True):
        return OccurrenceStatus.DRAFT
    closed = ("suspendSales", "markedAsSoldOut", "isArchived", "isPermanentlyArchived")
    if any(raw.get(name) for name in closed) or date.get("disabled"):
        return OccurrenceStatus.CLOSED
    return OccurrenceStatus.ON_SALE


def _parse_tickets(
    raws: list[Raw], currency: str, charged: tuple[int, int], moved: Collection[str]
) -> tuple[records.Ticket, ...]:
    """
    The tickets with their prices and fees, of which the order `charged` so much.
    Cancelled ones that lost theirs share the rest. Those in `moved` cost nothing: the
    tickets they were swapped for do.
    """

    def amount_of(raw: Raw, name: str) -> int:
        return 0 if raw["_id"] in moved else reading.amount(raw, name, currency)

    prices = [amount_of(raw, "netPrice") for raw in raws]
    paid = [amount_of(raw, "total") for raw in raws]
    fees = [total - price for total, price in zip(paid, prices, strict=True)]
    lost = [
        n
        for n, raw in enumerate(raws)
        if is_cancelled(raw) and not paid[n] and raw["_id"] not in moved
    ]
    for amounts, whole in zip((prices, fees), charged, strict=True):
        missing = whole - sum(amounts)
        if lost and missing > 0:
            parts = money.split_evenly(missing, len(lost))
            for n, part in zip(lost, parts, strict=True):
                amounts[n] = part
    return tuple(
        _parse_ticket(raw, face=price, fee=fee)
        for raw, price, fee in zip(raws, prices, fees, strict=True)
    )


def _parse_ticket(raw: Raw, *, face: int, fee: int) -> records.Ticket:
    event, date = reading.text(raw, "eventId"), reading.text(raw, "eventDateId")
    code, second_code = _codes(raw)
    return records.Ticket(
        id=reading.text(raw, "_id"),
        occurrence_id=f"{event}/{date}",
        type_id=str(raw.get("ticketTypeId") or ""),
        type_name=reading.text_or_none(raw, "ticketTypeName") or "Ticket",
        status=reading.word(raw, "status", TICKET_STATUS),
        checked_in=bool((raw.get("checkIn") or {}).get("checkedIn")),
        face=face,
        fee=fee,
        voided_at=reading.moment_or_none(raw, "cancelledAt"),
        code=code,
        second_code=second_code,
        seat=_seat(raw),
    )


def _seat(ticket: Raw) -> str:
    """
    The label of a reserved seat, as in "Section C Table 49 Seat 10".
    """
    location = ticket.get("seatingLocation")
    label = location.get("name") if isinstance(location, dict) else location
    return label.strip() if isinstance(label, str) else ""


def _refuse_contradiction(raw: Raw) -> None:
    """
    Every order has tickets, and none of them disappears. Raises `UnreadableRecord`.
    """
    for ticket in raw.get("lost") or ():
        raise UnreadableRecord(
            f"Humanitix no longer lists its ticket {ticket}", word=CONTRADICTION
        )
    if not reading.rows(raw, "tickets"):
        raise UnreadableRecord(
            "Humanitix lists none of its tickets", word=CONTRADICTION
        )


def _refuse_missing_tickets(tickets: list[Raw], currency: str, faces: int) -> None:
    """
    Raises `UnreadableRecord` if the order cost more than the listed tickets by the
    price of one. A smaller difference comes from packages, whose price is rounded per
    ticket; where tickets were cancelled or swapped their prices are missing anyway.
    """
    if any(map(is_cancelled, tickets)):
        return
    prices = [reading.amount(ticket, "netPrice", currency) for ticket in tickets]
    paid = [price for price in prices if price > 0]
    if faces - sum(prices) >= (min(paid) if paid else 1):
        cost, listed = (money.decimal_text(n, currency) for n in (faces, sum(prices)))
        raise UnreadableRecord(
            f"its tickets cost {cost} {currency}, those that Humanitix lists "
            f"{listed} {currency}",
            word=CONTRADICTION,
        )


def _codes(ticket: Raw) -> tuple[str | None, str | None]:
    """
    First the content of the QR code, then the venue's own code.
    """
    printed = ticket.get("qrCodeData")
    if isinstance(printed, dict):
        printed = printed.get("_id")
    return reading.codes(printed, ticket.get("customScanningCode"))


def _discrepancy(
    amount_of: Callable[[str], int], charged: int, currency: str
) -> str | None:
    """
    Gross less fees and refunds must be the net sales that Humanitix reports.
    """
    other = (
        amount_of("clientDonation") - amount_of("giftCardCredit") - amount_of("credit")
    )
    net = charged - other - amount_of("bookingFee") - amount_of("refunds")
    if net == amount_of("netSales"):
        return None
    ours = money.decimal_text(net, currency)
    theirs = money.decimal_text(amount_of("netSales"), currency)
    return f"gross less fees and refunds is {ours} {currency}, its net sales {theirs}"
