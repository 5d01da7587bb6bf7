"""
Parses raw Wix records. Pure: uses nothing but the record it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ticketsync.core import clock, money, records
from ticketsync.core.errors import CONTRADICTION, UnreadableRecord
from ticketsync.core.records import OccurrenceStatus, OrderStatus, TicketStatus
from ticketsync.net import webhook_signatures
from ticketsync.net.webhook_signatures import Delivery, Hint
from ticketsync.providers import reading
from ticketsync.providers.base import Raw
from ticketsync.providers.wix.invoice import Invoice, balance_due
from ticketsync.providers.wix.order_labels import promo_code_of, seat_of
from ticketsync.providers.wix.spec import (
    BY_HAND,
    EVENT_STATUS,
    ORDER_STATUS,
    REFUND_STATUS,
    REFUNDED,
    SPEC,
    WEBHOOKS,
)
from ticketsync.providers.wix.transaction_fields import transaction_id_of


def parse_hint(delivery: Delivery) -> Hint:
    """
    Which order a webhook delivery is about. Its payload is JSON text inside JSON text
    inside a token; nothing but ids is used.
    """
    claims = delivery.body.strip().split(b".")[1]
    outer = webhook_signatures.claims_of(claims).get("data")
    payload = webhook_signatures.json_object(outer if isinstance(outer, str) else "")
    event = str(payload.get("eventType") or "").removeprefix("wix.")
    data = payload.get("data")
    inner = webhook_signatures.json_object(data if isinstance(data, str) else "{}")
    entity = inner
    for wrapper in ("createdEvent", "updatedEvent", "actionEvent"):
        if isinstance(inner.get(wrapper), dict):
            body = inner[wrapper]
            entity = body.get("entity") or body.get("currentEntity") or body
    entity = entity if isinstance(entity, dict) else {}
    number = webhook_signatures.text(entity.get("orderNumber"), WEBHOOKS.order_id)
    occurrence_id = webhook_signatures.text(
        entity.get("eventId"), WEBHOOKS.occurrence_id
    )
    key = webhook_signatures.text(inner.get("id"), WEBHOOKS.delivery_id)
    if not key and number:
        key = f"{event} {number} {entity.get('timestamp') or ''}"[:200]
    if "Reservation" in event or "OrderInitiated" in event:
        return Hint(key, event, webhook_signatures.NOTHING)
    if number and occurrence_id:
        return Hint(key, event, webhook_signatures.ORDER, number, occurrence_id)
    if event.startswith(("events.guests", "payments.refunds", "events.ticketing")):
        return Hint(key, event, webhook_signatures.ACCOUNT)
    return Hint(key, event, webhook_signatures.NOTHING)


def provider_occurrence_id_of(raw: Raw) -> str:
    return str(raw["order"].get("eventId") or "")


def parse_event(raw: Raw, site_id: str) -> records.Event:
    """
    Raises `UnreadableRecord`.
    """
    name = reading.text(raw, "title")
    schedule = reading.mapping(raw, "dateAndTimeSettings")
    series_id = reading.text_or_none(
        schedule.get("recurringEvents") or {}, "categoryId"
    )
    event_id = series_id or reading.text(raw, "id")
    occurrence = _parse_occurrence(raw, schedule, event_id, site_id)
    return records.Event(
        event_id, name, occurrence.url, (occurrence,), is_listing=series_id is None
    )


def with_earlier(raw: Raw, earlier: Sequence[Raw]) -> Raw:
    """
    The record with what only its earlier versions say: whether it was ever paid, since
    a cancelled order does not say so, and what it had, which never just disappears.
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

    def parse_guest(ticket: Raw) -> tuple[Any, records.Person]:
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
        map(parse_guest, order.get("tickets") or ()),
    )


def _refuse_missing_details(order: Raw) -> None:
    if order.get("status") == "NA_ORDER_STATUS":
        raise UnreadableRecord(
            "its details were not sent; the key may lack a permission",
            word="details-missing",
        )


def parse_order(raw: Raw) -> records.Order:
    """
    An order, from the record as `with_earlier` gives it. Raises `UnreadableRecord`.
    """
    order = reading.mapping(raw, "order")
    _refuse_missing_details(order)
    status = reading.word(order, "status", ORDER_STATUS)
    invoice = Invoice(order)
    _refuse_contradiction(raw, order, status, invoice)
    refunds = tuple(_parse_refunds(reading.rows(raw, "refunds"), invoice.currency))
    was_paid = status is OrderStatus.PAID or bool(refunds or raw.get("was_paid"))
    if status is OrderStatus.PENDING:
        was_paid = False
    due = balance_due(order, invoice.currency) if status is OrderStatus.PAID else 0
    charged = invoice.total - due if was_paid else 0
    tickets = _parse_tickets(order, invoice)
    beyond_tickets = invoice.total - sum(ticket.face for ticket in tickets)
    return records.Order(
        id=reading.text(order, "orderNumber"),
        occurrence_id=reading.text(order, "eventId"),
        status=status,
        placed_at=reading.moment(order, "created"),
        currency=invoice.currency,
        total=invoice.total,
        charged=charged,
        tickets=tickets,
        buyer_fees=invoice.added_fees if invoice.is_reported else beyond_tickets,
        tax=invoice.tax,
        tax_on_top=invoice.tax_on_top,
        discounts=invoice.discount,
        fees=_fees(order, invoice, charged)
        if invoice.is_reported or not charged
        else None,
        refunds=refunds if was_paid else (),
        channel=str(order.get("channel") or "").lower(),
        payment_reference=transaction_id_of(order) or None,
        doubt=invoice.discrepancy(sum(refund.amount for refund in refunds), charged),
        promo_code=promo_code_of(order),
    )


def _refuse_contradiction(
    raw: Raw, order: Raw, status: OrderStatus, invoice: Invoice
) -> None:
    """
    Raises `UnreadableRecord` if something that this order names, or had before, is
    missing.
    """
    earlier = raw.get("earlier") or {}
    refunds = {str(refund.get("refundId")) for refund in reading.rows(raw, "refunds")}
    for id_ in earlier.get("refunds") or ():
        if id_ not in refunds:
            raise UnreadableRecord(
                f"the site's transactions no longer hold its refund {id_}",
                word=CONTRADICTION,
            )
    if earlier.get("invoice") and not invoice.is_reported:
        raise UnreadableRecord("it no longer has an invoice", word=CONTRADICTION)
    if status is not OrderStatus.PAID:
        return
    if not reading.rows(order, "tickets") and order.get("ticketsQuantity"):
        raise UnreadableRecord(
            f"it has {order['ticketsQuantity']} tickets and none of them was sent",
            word=CONTRADICTION,
        )
    needs_transaction = earlier.get("transaction") or (
        "transaction" in raw and _is_by_card(order)
    )
    if invoice.total and needs_transaction and not raw.get("transaction"):
        raise UnreadableRecord(
            f"the site's transactions lack its payment {transaction_id_of(order)}",
            word=CONTRADICTION,
        )


def _is_by_card(order: Raw) -> bool:
    method = str(order.get("method") or "").lower()
    return bool(transaction_id_of(order)) and method not in BY_HAND


def _fees(order: Raw, invoice: Invoice, charged: int) -> tuple[records.Fee, ...] | None:
    """
    Wix's own fee. What a card processor kept is not reported: its fee is unknown.
    """
    if not charged:
        return ()
    kept = sum(amount for _, amount in invoice.fees)
    own = (records.Fee("Wix service fee", kept),) if kept else ()
    if str(order.get("method") or "").lower() in BY_HAND:
        return own
    return (*own, records.Fee("Card processing", None)) if own else None


def _parse_refunds(raws: list[Raw], currency: str) -> Iterator[records.Refund]:
    """
    The refunds that succeeded, each once however often it is reported.
    """
    ranks: dict[str, int] = {}
    refunds: dict[str, records.Refund] = {}
    for raw in raws:
        refund = records.Refund(
            reading.text(raw, "refundId"),
            reading.amount(raw, "amount", currency),
            reading.moment(raw, "createdAt") if raw.get("createdAt") else None,
        )
        rank = reading.word(raw, "status", REFUND_STATUS)
        if refunds.setdefault(refund.id, refund).amount != refund.amount:
            raise UnreadableRecord(f"its refund {refund.id} has two amounts")
        ranks[refund.id] = max(rank, ranks.get(refund.id, rank))
    yield from (refund for id_, refund in refunds.items() if ranks[id_] == REFUNDED)


def _parse_tickets(order: Raw, invoice: Invoice) -> tuple[records.Ticket, ...]:
    """
    The tickets. The invoice's total is split among them by list price: the price shown
    on a ticket is not what was paid for it.
    """
    prices = {
        str(item.get("id")): invoice.amount(item, "price") for item in invoice.items
    }
    raws = list(order.get("tickets") or ())
    listed = [_list_price(raw, prices, invoice) for raw in raws]
    # Without an invoice only list prices are known; they never exceed what was paid.
    total = invoice.faces if invoice.is_reported else min(sum(listed), invoice.total)
    faces = money.split(total, listed) if raws else []
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
            seat=seat_of(raw),
        )
        for raw, price, face in zip(raws, listed, faces, strict=True)
    )


def _list_price(raw: Raw, prices: Mapping[str, int], invoice: Invoice) -> int:
    details = raw.get("ticketDetails") or {}
    for id_ in (details.get("pricingOptionId"), raw.get("ticketDefinitionId")):
        if str(id_) in prices:
            return prices[str(id_)]
    return invoice.amount(raw, "price")


def _occurrence_status(raw: Raw, registration: Raw) -> OccurrenceStatus:
    status = reading.word(raw, "status", EVENT_STATUS)
    is_closed = str(registration.get("status") or "").startswith("CLOSED")
    if status is OccurrenceStatus.ON_SALE and is_closed:
        return OccurrenceStatus.CLOSED
    return status


def _parse_occurrence(
    raw: Raw, schedule: Raw, event_id: str, site_id: str
) -> records.Occurrence:
    is_dated = bool(schedule.get("startDate")) and not schedule.get("dateAndTimeTbd")
    zone = reading.text_or_none(schedule, "timeZoneId") or "UTC"
    if is_dated:
        zone = reading.text(schedule, "timeZoneId")
    clock.zone(zone)
    registration = raw.get("registration") or {}
    page = raw.get("eventPageUrl") or {}
    url = f"{page.get('base') or ''}{page.get('path') or ''}" or None
    currency = reading.text_or_none(registration.get("tickets") or {}, "currency")
    return records.Occurrence(
        id=reading.text(raw, "id"),
        event_id=event_id,
        name=reading.text(raw, "title"),
        starts_at=reading.moment(schedule, "startDate")
        if is_dated
        else clock.from_epoch(0),
        ends_at=reading.moment(schedule, "endDate")
        if schedule.get("endDate")
        else None,
        timezone=zone,
        status=_occurrence_status(raw, registration),
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
        dashboard_url=SPEC.dashboard_url_of({"site_id": site_id}) if site_id else None,
        is_dated=is_dated,
        changed_at=reading.moment_or_none(raw, "updatedDate"),
    )
