"""
Parses raw Ticket Tailor records. Pure: uses nothing but the record it is given.
"""

from __future__ import annotations

from datetime import datetime

from ticketsync.core import clock, money, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OrderStatus
from ticketsync.net import webhook_signatures
from ticketsync.net.webhook_signatures import Delivery, Hint
from ticketsync.providers import reading
from ticketsync.providers.base import Raw
from ticketsync.providers.ticket_tailor import on_sale
from ticketsync.providers.ticket_tailor.line_sums import (
    Amounts,
    LineSums,
    parse_lines,
    sum_lines_of_order,
)
from ticketsync.providers.ticket_tailor.spec import (
    EVENT_STATUS,
    NO_PAYMENT,
    ORDER_STATUS,
    TICKET_STATUS,
    WEBHOOKS,
)


def parse_hint(delivery: Delivery) -> Hint:
    """
    Which order or listing a webhook delivery is about.

    "Order updated" also means cancelled, "ticket updated" also voided. Whether the
    delivery's id stays the same when it is repeated is **(unverified)**.
    """
    envelope = webhook_signatures.json_object(delivery.body)
    event = str(envelope.get("event") or "")
    payload = envelope.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    key = webhook_signatures.text(envelope.get("id"), WEBHOOKS.delivery_id)
    if event.startswith("ORDER."):
        order_id = webhook_signatures.text(payload.get("id"), WEBHOOKS.order_id)
        return Hint(
            key,
            event,
            webhook_signatures.ORDER if order_id else webhook_signatures.ACCOUNT,
            order_id,
        )
    if event.startswith("ISSUED_TICKET."):
        order_id = webhook_signatures.text(payload.get("order_id"), WEBHOOKS.order_id)
        return Hint(
            key,
            event,
            webhook_signatures.ORDER if order_id else webhook_signatures.ACCOUNT,
            order_id,
        )
    if event.startswith("EVENT"):
        return Hint(key, event, webhook_signatures.LISTING)
    return Hint(key, event, webhook_signatures.NOTHING)


def provider_occurrence_id_of(raw: Raw) -> str:
    summary = raw.get("event_summary")
    if not isinstance(summary, dict):
        return ""
    return str(summary.get("event_id") or summary.get("id") or "")


def parse_event(raw: Raw) -> records.Event:
    """
    Raises `UnreadableRecord`.
    """
    if raw["object"] == "event_series":
        return records.Event(
            id=reading.text(raw, "id"),
            name=reading.text(raw, "name"),
            url=reading.text_or_none(raw, "url"),
        )
    occurrence = _parse_occurrence(raw)
    return records.Event(
        id=occurrence.event_id,
        name=occurrence.name,
        url=occurrence.url,
        occurrences=(occurrence,),
        is_listing=False,
    )


def parse_people(raw: Raw) -> records.People:
    """
    What the buyer answered for the whole order holds for each ticket that has no answer
    of its own to the same question.
    """
    buyer = raw.get("buyer_details") or {}
    tickets = raw.get("issued_tickets") or ()
    of_order = _answers(buyer)
    return reading.people(
        reading.person(
            buyer.get("name"), email=buyer.get("email"), phone=buyer.get("phone")
        ),
        (
            (t["id"], reading.person(t.get("full_name"), email=t.get("email")))
            for t in tickets
        ),
        ((t["id"], {**of_order, **_answers(t)}) for t in tickets),
    )


def _answers(raw: Raw) -> dict[str, str]:
    questions = raw.get("custom_questions")
    return reading.answers(questions, question="question", answer="answer")


def parse_order(raw: Raw) -> records.Order:
    """
    Raises `UnreadableRecord`.
    """
    status = reading.word(raw, "status", ORDER_STATUS)
    currency, multiplier = _parse_currency(reading.mapping(raw, "currency"))
    amounts = Amounts(currency, multiplier)
    total = amounts.get(raw, "total")
    lines = parse_lines(amounts, reading.rows(raw, "line_items"))
    tax = amounts.get(raw, "tax")
    tax_on_top = reading.text(raw, "tax_treatment") == "exclusive"
    sums = sum_lines_of_order(lines, total, tax if tax_on_top else 0)
    tickets = _parse_tickets(amounts, reading.rows(raw, "issued_tickets"), sums)
    charged = _charged(raw, amounts, status, total)
    refunded = amounts.get(raw, "refund_amount")
    discounts = sum(max(0, t.listed - t.face) for t in tickets if t.listed is not None)
    order_id = reading.text(raw, "id")
    summary = reading.mapping(raw, "event_summary")
    occurrence_id = reading.text_or_none(summary, "event_id") or reading.text(
        summary, "id"
    )
    return records.Order(
        id=order_id,
        occurrence_id=occurrence_id,
        status=status,
        placed_at=reading.instant(raw, "created_at"),
        currency=currency,
        total=total,
        charged=charged,
        tickets=tickets,
        buyer_fees=sums.charges,
        tax=tax,
        tax_on_top=tax_on_top,
        addons=sums.addons,
        donations=sums.donations,
        vouchers=sums.vouchers,
        discounts=discounts,
        refunds=(records.Refund(order_id, refunded),) if refunded else (),
        credited=amounts.get_or_zero(raw, "credited_out_amount"),
        channel=str((raw.get("payment_method") or {}).get("type") or ""),
        payment_reference=_payment_reference(raw),
        doubt=_discrepancy(sums, status, total, charged, refunded, currency),
        voucher_sales=_gift_cards(order_id, occurrence_id, sums.gift_cards_sold),
    )


def _gift_cards(
    order_id: str, occurrence_id: str, amount: int
) -> tuple[records.VoucherSale, ...]:
    """
    The gift cards that an order sold, together.
    """
    if not amount:
        return ()
    id_ = f"{order_id}/gift-cards"
    return (records.VoucherSale(id_, occurrence_id, "Gift card", amount),)


def parse_loose_ticket(raw: Raw) -> records.LooseTicket:
    stated = raw.get("listed_currency")
    currency, multiplier = _parse_currency(stated) if stated else ("", 1)
    listed = reading.whole_or_none(raw, "listed_price")
    if listed is not None and currency:
        listed = money.rescale(listed, multiplier, currency)
    return records.LooseTicket(
        ticket=_parse_ticket(raw, face=0, fee=0, listed=listed),
        issued_at=reading.instant(raw, "created_at"),
        currency=currency,
    )


def _parse_currency(raw: Raw) -> tuple[str, int]:
    code = reading.text(raw, "code").upper()
    money.exponent(code)
    return code, reading.whole(raw, "base_multiplier")


def _parse_tickets(
    amounts: Amounts, raws: list[Raw], sums: LineSums
) -> tuple[records.Ticket, ...]:
    by_type: dict[str, list[Raw]] = {}
    for raw in raws:
        by_type.setdefault(reading.text(raw, "ticket_type_id"), []).append(raw)
    tickets: list[records.Ticket] = []
    for type_id, group in by_type.items():
        group.sort(key=lambda raw: reading.text(raw, "id"))
        faces = _per_ticket(sums.faces.get(type_id), len(group))
        fees = _per_ticket(sums.fees.get(type_id), len(group))
        for raw, face, fee in zip(group, faces, fees, strict=True):
            listed = (
                amounts.get(raw, "listed_price")
                if raw.get("listed_price") is not None
                else None
            )
            tickets.append(_parse_ticket(raw, face=face, fee=fee, listed=listed))
    return tuple(tickets)


def _per_ticket(units: list[int] | None, tickets: int) -> list[int]:
    """
    The amounts of a ticket type, one for each of its tickets.
    """
    if units is None:
        return [0] * tickets
    if len(units) == tickets:
        return units
    return money.split_evenly(sum(units), tickets)


def _parse_ticket(
    raw: Raw, *, face: int, fee: int, listed: int | None
) -> records.Ticket:
    status = reading.word(raw, "status", TICKET_STATUS)
    return records.Ticket(
        id=reading.text(raw, "id"),
        occurrence_id=reading.text(raw, "event_id"),
        type_id=reading.text(raw, "ticket_type_id"),
        type_name=reading.text_or_none(raw, "description") or "Ticket",
        status=status,
        checked_in=reading.text_flag(raw, "checked_in"),
        face=face,
        fee=fee,
        listed=listed,
        voided_at=reading.instant(raw, "voided_at") if raw.get("voided_at") else None,
        code=reading.codes(raw.get("barcode"))[0],
        seat=_seat(raw),
    )


def _seat(raw: Raw) -> str:
    """
    The label of a reserved seat; one client's types say that it may be a number.
    """
    label = raw.get("reservation")
    return str(label).strip() if type(label) in (str, int) else ""


def _charged(raw: Raw, amounts: Amounts, status: OrderStatus, total: int) -> int:
    if raw.get("total_paid") is not None:
        return amounts.get(raw, "total_paid")
    if status is OrderStatus.PAID:
        return total
    was_paid = status is OrderStatus.CANCELLED and (
        raw["refund_amount"] or _payment_reference(raw)
    )
    return total if was_paid else 0


def _payment_reference(raw: Raw) -> str | None:
    reference = reading.text_or_none(raw, "txn_id")
    return None if reference == NO_PAYMENT else reference


def _discrepancy(
    sums: LineSums,
    status: OrderStatus,
    total: int,
    charged: int,
    refunded: int,
    currency: str,
) -> str | None:
    """
    Why the amounts do not add up, if they do not.
    """

    def shown(minor: int) -> str:
        return money.decimal_text(minor, currency)

    if refunded > charged:
        return f"refunded {shown(refunded)} of {shown(charged)} {currency} paid"
    if not sums.adds_up:
        return f"its lines do not add up to its total of {shown(total)} {currency}"
    if status is OrderStatus.PAID and charged != total:
        return f"paid {shown(charged)} of {shown(total)} {currency}"
    return None


def _parse_occurrence(raw: Raw) -> records.Occurrence:
    zone = reading.text(raw, "timezone")
    clock.zone(zone)
    start = reading.mapping(raw, "start")
    starts_at = _parse_start(start, zone)
    types = on_sale.list_types(raw)
    issued = reading.whole_or_none(raw, "total_issued_tickets")
    ordered = reading.whole_or_none(raw, "total_orders")
    currency = reading.text_or_none(raw, "currency")
    venue = raw.get("venue") or {}
    return records.Occurrence(
        id=reading.text(raw, "id"),
        event_id=reading.text_or_none(raw, "event_series_id")
        or reading.text(raw, "id"),
        name=reading.text(raw, "name"),
        starts_at=starts_at,
        ends_at=_parse_time(raw["end"]) if raw.get("end") else None,
        timezone=zone,
        status=reading.word(raw, "status", EVENT_STATUS),
        capacity=_capacity(raw, types),
        currency=currency.upper() if currency else None,
        venue=venue.get("name"),
        url=reading.text_or_none(raw, "url"),
        listed_at=reading.instant(raw, "created_at") if raw.get("created_at") else None,
        issued=issued,
        ordered=ordered,
        fingerprint=_fingerprint(raw, types),
        ticket_types=on_sale.parse_ticket_types(raw),
    )


def _fingerprint(raw: Raw, types: list[Raw]) -> str:
    """
    What the listing counts; with the start, because every order repeats it.
    """
    issued, ordered = raw.get("total_issued_tickets"), raw.get("total_orders")
    of_types = sum(reading.count_or_none(t, "quantity_issued") or 0 for t in types)
    start = raw["start"]["unix"]
    return f"{start}/{ordered}/{issued}/{raw.get('revenue')}/{of_types}"


def _parse_start(start: Raw, zone: str) -> datetime:
    """
    Raises `UnreadableRecord` where the local time contradicts the instant.
    """
    starts_at = _parse_time(start)
    local = clock.local(starts_at, zone)
    stated = (reading.text_or_none(start, "date"), reading.text_or_none(start, "time"))
    if None not in stated and stated != (f"{local:%Y-%m-%d}", f"{local:%H:%M}"):
        raise UnreadableRecord(
            f"start says {stated[0]} {stated[1]}, but it is "
            f"{local:%Y-%m-%d %H:%M} in {zone}",
            word="time-disagrees",
        )
    return starts_at


def _parse_time(raw: Raw) -> datetime:
    time = reading.instant(raw, "unix")
    iso = reading.text_or_none(raw, "iso")
    if iso is not None and clock.from_iso(iso) != time:
        raise UnreadableRecord(
            f"its time {iso} is not its unix time {raw['unix']}",
            word="time-disagrees",
        )
    return time


def _capacity(raw: Raw, types: list[Raw]) -> int | None:
    limit = reading.whole_or_none(raw, "max_tickets_sold_per_occurrence")
    seats = [reading.count_or_none(kind, "quantity_total") for kind in types]
    if limit is not None:
        return limit
    known = [seat for seat in seats if seat is not None]
    return sum(known) if known and len(known) == len(seats) else None
