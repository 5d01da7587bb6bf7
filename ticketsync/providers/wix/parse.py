"""
Raw Wix records to our values. Pure: reads nothing but the record it is given.
"""

from __future__ import annotations

from collections.abc import (
    Iterator,
    Mapping,
    Sequence,
)
from typing import Any

from ticketsync.core import clock, money, records
from ticketsync.core.errors import (
    CONTRADICTION,
    UnreadableRecord,
)
from ticketsync.core.records import OccurrenceStatus, OrderStatus, TicketStatus
from ticketsync.net import hooks
from ticketsync.net.hooks import Delivery, Hint
from ticketsync.providers import reading
from ticketsync.providers.base import (
    Raw,
)
from ticketsync.providers.wix.invoice import Invoice, balance_due
from ticketsync.providers.wix.spec import (
    BY_HAND,
    EVENT_STATUS,
    ORDER_STATUS,
    REFUND_STATUS,
    REFUNDED,
)
from ticketsync.providers.wix.transactions import transaction_id_of


def parse_hint(delivery: Delivery) -> Hint:
    """
    Two envelopes, each a JSON text inside the other; of both only which order.
    """
    claims = delivery.body.strip().split(b".")[1]
    outer = hooks.claims_of(claims).get("data")
    told = hooks.json_object(outer if isinstance(outer, str) else "")
    event = str(told.get("eventType") or "").removeprefix("wix.")
    inner = hooks.json_object(
        told["data"] if isinstance(told.get("data"), str) else "{}"
    )
    entity = inner
    for step in ("createdEvent", "updatedEvent", "actionEvent"):
        if isinstance(inner.get(step), dict):
            body = inner[step]
            entity = body.get("entity") or body.get("currentEntity") or body
    entity = entity if isinstance(entity, dict) else {}
    number = hooks.text(entity.get("orderNumber"), r"[\w-]{1,60}")
    date = hooks.text(entity.get("eventId"), r"[\w-]{1,60}")
    key = hooks.text(inner.get("id"), r"[\w-]{1,100}")
    if not key and number:
        key = f"{event} {number} {entity.get('timestamp') or ''}"[:200]
    if "Reservation" in event or "OrderInitiated" in event:
        return Hint(key, event, hooks.NOTHING)
    if number and date:
        return Hint(key, event, hooks.ORDER, number, date)
    if event.startswith(("events.guests", "payments.refunds", "events.ticketing")):
        return Hint(key, event, hooks.ACCOUNT)
    return Hint(key, event, hooks.NOTHING)


def provider_occurrence_id_of(raw: Raw) -> str:
    return str(raw["order"].get("eventId") or "")


def parse_event(raw: Raw, site_id: str) -> records.Event:
    event_id = reading.text(raw, "id")
    name = reading.text(raw, "title")
    when = reading.mapping(raw, "dateAndTimeSettings")
    series = reading.text_or_none(when.get("recurringEvents") or {}, "categoryId")
    occurrence = _read_occurrence(raw, when, event_id, series or event_id, site_id)
    return records.Event(
        series or event_id,
        name,
        occurrence.url,
        (occurrence,),
        is_listing=series is None,
    )


def with_earlier(raw: Raw, earlier: Sequence[Raw]) -> Raw:
    """
    The record with whether it was ever seen paid, since a cancelled one does not
    tell, and with what it had before, which does not go away by itself.
    """
    statuses = {str(version["order"].get("status")).lower() for version in earlier}
    refunds = {
        str(refund.get("refundId"))
        for version in earlier
        for refund in version["refunds"]
        if str(refund.get("status")).lower() == "succeeded"
    }
    return {
        **raw,
        "was_paid": bool(statuses & {"paid", "partially_paid"}),
        "earlier": {
            "refunds": sorted(refunds),
            "invoice": any(version["order"].get("invoice") for version in earlier),
            "transaction": any(version.get("transaction") for version in earlier),
        },
    }


def parse_people(raw: Raw) -> records.People:
    order = raw.get("order") or {}

    def one(ticket: Raw) -> tuple[Any, records.Person]:
        guest = ticket.get("guestDetails") or {}
        return ticket["ticketNumber"], reading.person(
            guest.get("firstName"),
            guest.get("lastName"),
            email=guest.get("email"),
            phone=guest.get("phone"),
        )

    return reading.people(
        reading.person(
            order.get("firstName"), order.get("lastName"), email=order.get("email")
        ),
        map(one, order.get("tickets") or ()),
    )


def parse_order(raw: Raw) -> records.Order:
    order = reading.mapping(raw, "order")
    if order.get("status") == "NA_ORDER_STATUS":
        raise UnreadableRecord(
            "its details were not sent; the key may lack a permission",
            word="details-missing",
        )
    status = reading.word(order, "status", ORDER_STATUS)
    invoice = Invoice(order)
    _refuse_contradiction(raw, order, status, invoice)
    refunds = tuple(_read_refunds(reading.rows(raw, "refunds"), invoice.currency))
    was_paid = status is OrderStatus.PAID or bool(refunds or raw.get("was_paid"))
    if status is OrderStatus.PENDING:
        was_paid = False
    due = balance_due(order, invoice.currency) if status is OrderStatus.PAID else 0
    charged = invoice.total - due if was_paid else 0
    tickets = _read_tickets(order, invoice)
    beside = invoice.total - sum(ticket.face for ticket in tickets)
    return records.Order(
        id=reading.text(order, "orderNumber"),
        occurrence_id=reading.text(order, "eventId"),
        status=status,
        placed_at=reading.moment(order, "created"),
        currency=invoice.currency,
        total=invoice.total,
        charged=charged,
        tickets=tickets,
        buyer_fees=invoice.added_fees if invoice.is_reported else beside,
        tax=invoice.tax,
        tax_on_top=invoice.tax_on_top,
        discounts=invoice.discount,
        fees=_fees(order, invoice, charged)
        if invoice.is_reported or not charged
        else None,
        refunds=refunds if was_paid else (),
        channel=str(order.get("channel") or "").lower(),
        payment_reference=transaction_id_of(order) or None,
        doubt=invoice.doubt(sum(refund.amount for refund in refunds), charged),
    )


def _refuse_contradiction(
    raw: Raw, order: Raw, status: OrderStatus, invoice: Invoice
) -> None:
    """
    What this order names, or had before, must be there.
    """
    before = raw.get("earlier") or {}
    there = {str(refund.get("refundId")) for refund in reading.rows(raw, "refunds")}
    for id_ in before.get("refunds") or ():
        if id_ not in there:
            raise UnreadableRecord(
                f"the site's transactions no longer hold its refund {id_}",
                word=CONTRADICTION,
            )
    if before.get("invoice") and not invoice.is_reported:
        raise UnreadableRecord("it no longer has an invoice", word=CONTRADICTION)
    if status is not OrderStatus.PAID:
        return
    if not reading.rows(order, "tickets") and order.get("ticketsQuantity"):
        raise UnreadableRecord(
            f"it has {order['ticketsQuantity']} tickets and none of them was sent",
            word=CONTRADICTION,
        )
    lacks = before.get("transaction") or ("transaction" in raw and _is_by_card(order))
    if invoice.total and lacks and not raw.get("transaction"):
        raise UnreadableRecord(
            f"the site's transactions lack its payment {transaction_id_of(order)}",
            word=CONTRADICTION,
        )


def _is_by_card(order: Raw) -> bool:
    method = str(order.get("method") or "").lower()
    return bool(transaction_id_of(order)) and method not in BY_HAND


def _fees(order: Raw, invoice: Invoice, charged: int) -> tuple[records.Fee, ...] | None:
    """
    Wix's own fee; where a card was used, its processor kept something that is not
    reported.
    """
    if not charged:
        return ()
    kept = sum(amount for _, amount in invoice.fees)
    own = (records.Fee("Wix service fee", kept),) if kept else ()
    if str(order.get("method") or "").lower() in ("offline", "inperson", "cash"):
        return own
    return (*own, records.Fee("Card processing", None)) if own else None


def _read_refunds(raws: list[Raw], currency: str) -> Iterator[records.Refund]:
    """
    What went back, each once however often it is reported.
    """
    ranks: dict[str, int] = {}
    found: dict[str, records.Refund] = {}
    for raw in raws:
        refund = records.Refund(
            reading.text(raw, "refundId"),
            reading.amount(raw, "amount", currency),
            reading.moment(raw, "createdAt") if raw.get("createdAt") else None,
        )
        rank = reading.word(raw, "status", REFUND_STATUS)
        if found.setdefault(refund.id, refund).amount != refund.amount:
            raise UnreadableRecord(f"its refund {refund.id} has two amounts")
        ranks[refund.id] = max(rank, ranks.get(refund.id, rank))
    yield from (it for id_, it in found.items() if ranks[id_] == REFUNDED)


def _read_tickets(order: Raw, invoice: Invoice) -> tuple[records.Ticket, ...]:
    """
    The tickets; their prices are the invoice's, divided by list price: what stands on
    a ticket is not what was paid for it.
    """
    prices = {str(item.get("id")): invoice.of(item, "price") for item in invoice.items}
    raws = list(order.get("tickets") or ())
    listed = [_listed(raw, prices, invoice) for raw in raws]
    # Without an invoice only list prices are known, and never more than was paid.
    faced = invoice.faces if invoice.is_reported else min(sum(listed), invoice.total)
    faces = money.split(faced, listed) if raws else []
    return tuple(
        records.Ticket(
            id=reading.text(raw, "ticketNumber"),
            occurrence_id=reading.text(order, "eventId"),
            type_id=str(raw.get("ticketDefinitionId") or ""),
            type_name=reading.text_or_none(raw, "name") or "Ticket",
            status=TicketStatus.VOID if raw.get("canceled") else TicketStatus.VALID,
            checked_in=bool(raw.get("checkIn")),
            face=face,
            listed=price,
        )
        for raw, price, face in zip(raws, listed, faces, strict=True)
    )


def _listed(raw: Raw, prices: Mapping[str, int], invoice: Invoice) -> int:
    details = raw.get("ticketDetails") or {}
    for id_ in (details.get("pricingOptionId"), raw.get("ticketDefinitionId")):
        if str(id_) in prices:
            return prices[str(id_)]
    return invoice.of(raw, "price")


def _read_occurrence(
    raw: Raw, when: Raw, event_id: str, series: str, site: str
) -> records.Occurrence:
    zone = reading.text_or_none(when, "timeZoneId") or "UTC"
    clock.zone(zone)
    is_dated = bool(when.get("startDate")) and not when.get("dateAndTimeTbd")
    registration = raw.get("registration") or {}
    status = reading.word(raw, "status", EVENT_STATUS)
    is_closed = str(registration.get("status") or "").startswith("CLOSED")
    if status is OccurrenceStatus.ON_SALE and is_closed:
        status = OccurrenceStatus.CLOSED
    page = raw.get("eventPageUrl") or {}
    url = f"{page.get('base') or ''}{page.get('path') or ''}" or None
    currency = reading.text_or_none(registration.get("tickets") or {}, "currency")
    return records.Occurrence(
        id=event_id,
        event_id=series,
        name=reading.text(raw, "title"),
        starts_at=reading.moment(when, "startDate")
        if is_dated
        else clock.from_epoch(0),
        ends_at=reading.moment(when, "endDate") if when.get("endDate") else None,
        timezone=zone,
        status=status,
        capacity=None,
        currency=currency.upper() if currency else None,
        venue=reading.text_or_none(raw.get("location") or {}, "name"),
        url=url,
        listed_at=reading.moment(raw, "createdDate")
        if raw.get("createdDate")
        else None,
        issued=None,
        ordered=None,
        fingerprint="",
        dashboard_url=f"https://manage.wix.com/dashboard/{site}/events"
        if site
        else None,
        is_dated=is_dated,
    )
