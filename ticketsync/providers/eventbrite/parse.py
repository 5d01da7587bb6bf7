"""
Parses raw Eventbrite records. Pure: uses nothing but the record it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from ticketsync.core import clock, money, records
from ticketsync.core.errors import CONTRADICTION, UnreadableRecord
from ticketsync.core.records import OrderStatus, TicketStatus
from ticketsync.core.redact import safe
from ticketsync.net import webhook_signatures
from ticketsync.net.webhook_signatures import Delivery, Hint
from ticketsync.providers import reading
from ticketsync.providers.base import Raw
from ticketsync.providers.eventbrite.attendance import attendance_of, status_of
from ticketsync.providers.eventbrite.costs import Costs, is_completed, with_refunded
from ticketsync.providers.eventbrite.history import (
    History,
    attendance_of_order,
    past_attendance,
    unexplained_absences,
)
from ticketsync.providers.eventbrite.spec import (
    EVENT_STATUS,
    NEVER_PAID,
    ORDER_STATUS,
    WEBHOOKS,
    Attendance,
)
from ticketsync.providers.eventbrite.ticket_classes import parse_ticket_classes

_API_URL = re.compile(
    r"https://www\.eventbriteapi\.com/v3/"
    r"(?:events/[0-9]{1,20}/?|(?:events/[0-9]{1,20}/)?orders/(?P<order>[0-9]{1,20})/?"
    r"|events/[0-9]{1,20}/attendees/(?P<attendee>[0-9]{1,20}(?:-[0-9]{1,10})?)/?)"
)


def parse_hint(delivery: Delivery) -> Hint:
    """
    Which order or listing a webhook delivery is about.

    Of `api_url` only the id is used, and only if the whole URL is one of Eventbrite's:
    our token is never sent to an address that somebody else wrote (F60).
    Raises `Unclear` if the delivery names no such thing.
    """
    payload = webhook_signatures.json_object(delivery.body)
    config = payload.get("config")
    event = str(config.get("action") or "") if isinstance(config, dict) else ""
    header = delivery.headers.get("x-eventbrite-delivery", "")
    key = webhook_signatures.text(header, WEBHOOKS.delivery_id)
    url = payload.get("api_url")
    if event == "test":
        return Hint(key, event, webhook_signatures.TEST)
    if not isinstance(url, str):
        raise webhook_signatures.Unclear("it has no api_url")
    if "{" in url:
        return Hint(key, event, webhook_signatures.TEST)
    match = _API_URL.fullmatch(url)
    if match is None:
        raise webhook_signatures.Unclear("its api_url is not one of Eventbrite's")
    if match["order"]:
        return Hint(key, event, webhook_signatures.ORDER, match["order"])
    if match["attendee"]:
        return Hint(key, event, webhook_signatures.ACCOUNT)
    return Hint(key, event, webhook_signatures.LISTING)


def provider_occurrence_id_of(raw: Raw) -> str:
    return str(raw.get("event_id") or "")


def parse_event(raw: Raw) -> records.Event:
    """
    Raises `UnreadableRecord`.
    """
    name = reading.text(reading.mapping(raw, "name"), "text")
    url = reading.text_or_none(raw, "url")
    event_id = reading.text(raw, "id")
    if raw.get("is_series_parent"):
        return records.Event(event_id, name, url)
    series_id = reading.text_or_none(raw, "series_id")
    occurrence = _parse_occurrence(raw, event_id, series_id or event_id, name, url)
    return records.Event(
        series_id or event_id, name, url, (occurrence,), is_listing=series_id is None
    )


def with_earlier(raw: Raw, earlier: Sequence[Raw]) -> Raw:
    """
    The record with what only its earlier versions (oldest first) say: the highest costs
    ever paid of the order and each attendee, and whether it was ever paid at all.
    Attendees that it no longer has are added as not attending.
    """
    order = History()
    attendees: dict[str, History] = {}
    for version in [*earlier, raw]:
        rows = version.get("attendees") or ()
        for row in rows:
            history = attendees.setdefault(str(row.get("id")), History())
            history.add(row, past_attendance(row, version))
        present = [attendees[str(row.get("id"))] for row in rows]
        costs = with_refunded(version.get("costs"), rows)
        order.add({**version, "costs": costs}, attendance_of_order(version, present))
    listed = {str(row.get("id")) for row in raw.get("attendees") or ()}
    return {
        **raw,
        "lost": unexplained_absences(raw, attendees, listed),
        "first_costs": order.first_costs,
        "is_unpaid": order.is_unpaid,
        "attendees": [
            history.attendee(is_listed=id_ in listed)
            for id_, history in attendees.items()
        ],
    }


def parse_people(raw: Raw) -> records.People:
    def parse_attendee(attendee: Raw) -> tuple[Any, records.Person]:
        profile = attendee.get("profile") or {}
        return attendee["id"], reading.person(
            profile.get("name"),
            email=profile.get("email"),
            phone=profile.get("cell_phone"),
        )

    def parse_answers(attendee: Raw) -> tuple[Any, dict[str, str]]:
        raws = attendee.get("answers")
        return attendee["id"], reading.answers(
            raws, question="question", answer="answer"
        )

    attendees = raw.get("attendees") or ()
    return reading.people(
        reading.person(raw.get("name"), email=raw.get("email")),
        map(parse_attendee, attendees),
        map(parse_answers, attendees),
    )


def _parse_status(
    raw: Raw, word: str, attendees: Sequence[Raw], unpaid: Sequence[Raw]
) -> tuple[OrderStatus, bool]:
    """
    The order's status, and whether anybody has paid.
    """
    status = reading.word({"status": word}, "status", ORDER_STATUS)
    _refuse_missing_attendees(raw, status, attendees)
    if len(unpaid) == len(attendees) and (unpaid or raw.get("is_unpaid")):
        return OrderStatus.PENDING if status is OrderStatus.PAID else status, False
    return status, status is not OrderStatus.PENDING and word not in NEVER_PAID


def parse_order(raw: Raw) -> records.Order:
    """
    An order, from the record as `with_earlier` gives it. Raises `UnreadableRecord`.
    """
    word = (reading.text_or_none(raw, "status") or "placed").lower()
    if "refused" in raw:
        raise UnreadableRecord(
            f"Eventbrite refuses the attendees of its event {raw.get('event_id')}",
            word="refused",
        )
    attendees = reading.rows(raw, "attendees")
    unpaid = [row for row in attendees if _is_unpaid(row, raw)]
    status, is_paid = _parse_status(raw, word, attendees, unpaid)
    owing = unpaid if is_paid else []
    whole = Costs.charged(raw)
    first = whole.without(Costs.charged(row, whole.currency) for row in owing)
    now = _paid_now(raw, owing, first)
    tickets = tuple(_parse_tickets(attendees, whole, owing))
    charged = first.gross if is_paid else 0
    allocated = sum(t.face + t.fee for t in tickets) + first.tax
    paying = [row for row in attendees if not _is_among(row, owing)]
    refunded, is_estimate = _refunded(word, paying, first, now, is_paid=is_paid)
    is_estimate = is_estimate or (refunded > 0 and is_completed(raw))
    return records.Order(
        id=reading.text(raw, "id"),
        occurrence_id=reading.text(raw, "event_id"),
        status=status,
        placed_at=clock.from_iso(reading.text(raw, "created")),
        currency=first.currency,
        total=first.gross,
        charged=charged,
        tickets=tickets,
        tax=first.reported_tax,
        tax_on_top=True,
        addons=max(0, first.parts - allocated),
        discounts=first.discount,
        fees=now.fees if is_paid else (),
        refunds=(records.Refund(str(raw["id"]), refunded),) if refunded else (),
        doubt=_discrepancy(first, allocated, refunded, is_estimate=is_estimate),
        changed_at=reading.moment_or_none(raw, "changed"),
        promo_code=_parse_promo_code(raw),
    )


def _parse_promo_code(raw: Raw) -> str:
    code = raw.get("promo_code")
    return code.strip() if isinstance(code, str) else ""


def _parse_start(start: Raw) -> tuple[datetime, str]:
    """
    When it begins, and in which time zone. Raises `UnreadableRecord` where the local
    time contradicts the instant.
    """
    zone = reading.text(start, "timezone")
    clock.zone(zone)
    starts_at = clock.from_iso(reading.text(start, "utc"))
    stated = reading.text_or_none(start, "local")
    local = f"{clock.local(starts_at, zone):%Y-%m-%dT%H:%M:%S}"
    if stated is not None and stated != local:
        raise UnreadableRecord(
            f"start says {stated}, but it is {local} in {zone}",
            word="time-disagrees",
        )
    return starts_at, zone


def _parse_occurrence(
    raw: Raw, occurrence_id: str, event_id: str, name: str, url: str | None
) -> records.Occurrence:
    starts_at, zone = _parse_start(reading.mapping(raw, "start"))
    end = raw.get("end")
    venue = raw.get("venue")
    currency = reading.text_or_none(raw, "currency")
    return records.Occurrence(
        id=occurrence_id,
        event_id=event_id,
        name=name,
        starts_at=starts_at,
        ends_at=clock.from_iso(reading.text(end, "utc")) if end else None,
        timezone=zone,
        status=reading.word(raw, "status", EVENT_STATUS),
        capacity=reading.whole_or_none(raw, "capacity"),
        currency=currency.upper() if currency else None,
        venue=reading.text_or_none(venue, "name") if venue else None,
        url=url,
        listed_at=clock.from_iso(raw["created"]) if raw.get("created") else None,
        issued=None,
        ordered=None,
        fingerprint="",
        dashboard_url=f"https://www.eventbrite.com/myevent?eid={occurrence_id}",
        ticket_types=parse_ticket_classes(raw),
        changed_at=reading.moment_or_none(raw, "changed"),
    )


def _refuse_missing_attendees(
    order: Raw, status: OrderStatus, attendees: Sequence[Raw]
) -> None:
    """
    A placed order has attendees, and none of them disappears without a reason. Raises
    `UnreadableRecord`.
    """
    if status is not OrderStatus.PAID or status_of(order) == "refunded":
        return
    for id_ in order.get("lost") or ():
        raise UnreadableRecord(
            f"Eventbrite no longer lists its attendee {safe(id_, longest=60)}",
            word=CONTRADICTION,
        )
    if not attendees:
        raise UnreadableRecord(
            "Eventbrite lists no attendees of it", word=CONTRADICTION
        )


def _is_unpaid(attendee: Raw, order: Raw) -> bool:
    """
    Whether it is unpaid: by its history where that is known, else by this version.
    """
    if "is_unpaid" in attendee:
        return bool(attendee["is_unpaid"])
    return attendance_of(attendee, order) is Attendance.UNPAID


def _is_among(attendee: Raw, others: Sequence[Raw]) -> bool:
    return any(attendee is other for other in others)


def _paid_now(raw: Raw, unpaid: Sequence[Raw], paid: Costs) -> Costs:
    """
    The present costs of what was `paid` of an order.

    Those of an unpaid attendee are part of the order's until the attendee is removed.
    Whether they still are after that is undocumented, so the result is never more than
    what was paid.
    """
    now = Costs(raw.get("costs"))
    owing = [row for row in unpaid if attendance_of(row, raw) is Attendance.UNPAID]
    rest = now.without(Costs(row.get("costs"), paid.currency) for row in owing)
    if rest.gross <= paid.gross:
        return rest
    removed = [row for row in unpaid if not _is_among(row, owing)]
    return rest.without(Costs(row.get("costs"), paid.currency) for row in removed)


def _parse_tickets(
    attendees: list[Raw], whole: Costs, unpaid: list[Raw]
) -> Iterator[records.Ticket]:
    """
    The tickets with their share of the `whole` order. An `unpaid` one among paid ones
    has no share and admits nobody.
    """
    costs = [Costs.charged(a, whole.currency) for a in attendees]
    # Fees that the venue bears are included in the price shown to the buyer.
    shown = whole.display_price
    included = max(0, shown - whole.base) if shown is not None else 0
    fees = [c.service + c.processing for c in costs]
    absorbed = money.split(min(included, sum(fees)), fees) if costs else []
    for raw, cost, fee, part in zip(attendees, costs, fees, absorbed, strict=True):
        is_unpaid = _is_among(raw, unpaid)
        is_void = is_unpaid or _is_void(raw)
        barcodes = sorted(
            raw.get("barcodes") or (), key=lambda b: b.get("status") == "refunded"
        )
        code, second_code = reading.codes(*(b.get("barcode") for b in barcodes))
        yield records.Ticket(
            id=reading.text(raw, "id"),
            occurrence_id=reading.text(raw, "event_id"),
            type_id=str(raw.get("ticket_class_id") or ""),
            type_name=reading.text_or_none(raw, "ticket_class_name") or "Ticket",
            status=TicketStatus.VOID if is_void else TicketStatus.VALID,
            checked_in=bool(raw.get("checked_in")),
            face=0 if is_unpaid else cost.base + part,
            fee=0 if is_unpaid else fee - part,
            code=code,
            second_code=second_code,
        )


def _is_void(attendee: Raw) -> bool:
    is_absent = attendance_of(attendee, {}) is Attendance.ABSENT
    return is_absent or bool(attendee.get("cancelled") or attendee.get("refunded"))


def _refunded(
    status: str, attendees: list[Raw], first: Costs, now: Costs, *, is_paid: bool
) -> tuple[int, bool]:
    """
    The refunded amount, and whether it is only an estimate by ticket prices.
    """
    if not is_paid:
        return 0, False
    if first.gross > now.gross:
        return first.gross - now.gross, False
    marked = [a for a in attendees if a.get("refunded")]
    price = _sum_charged(marked, first.currency)
    left = [a for a in attendees if not _is_void(a)]
    if price and first.gross < price + _sum_charged(left, first.currency):
        return 0, True  # what went back is no longer in the order's costs
    is_whole = not marked or all(map(_is_void, attendees))
    if status == "refunded" and is_whole and not price:
        return first.gross, True
    return price, bool(marked)


def _sum_charged(attendees: Sequence[Raw], currency: str) -> int:
    return sum(Costs.charged(a, currency).gross for a in attendees)


def _discrepancy(
    first: Costs, allocated: int, refunded: int, *, is_estimate: bool
) -> str | None:
    """
    Why the amounts do not add up, if they do not.
    """

    def shown(minor: int) -> str:
        return f"{money.decimal_text(minor, first.currency)} {first.currency}"

    if not first.adds_up:
        return f"its costs do not add up to its gross of {shown(first.gross)}"
    if allocated > first.gross:
        return (
            f"its tickets come to {shown(allocated)}, the order to {shown(first.gross)}"
        )
    if is_estimate and not refunded:
        return "it was refunded before it was first read, so its price is unknown"
    if is_estimate:
        return (
            f"no refunded amount is reported; {shown(refunded)} is its tickets' price"
        )
    return None
