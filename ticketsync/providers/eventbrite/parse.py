"""
Raw Eventbrite records to our values. Pure: reads nothing but the record it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ticketsync.core import clock, money, records
from ticketsync.core.errors import (
    CONTRADICTION,
    UnreadableRecord,
)
from ticketsync.core.records import OrderStatus, TicketStatus
from ticketsync.core.redact import safe
from ticketsync.net import hooks
from ticketsync.net.hooks import Delivery, Hint
from ticketsync.providers import reading
from ticketsync.providers.base import (
    Raw,
)
from ticketsync.providers.eventbrite.attendees import attendance_of, status_of
from ticketsync.providers.eventbrite.costs import Costs
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
    Standing,
)

if TYPE_CHECKING:
    pass


_THEIR_ADDRESS = re.compile(
    r"https://www\.eventbriteapi\.com/v3/"
    r"(?:events/[0-9]{1,20}/?|(?:events/[0-9]{1,20}/)?orders/(?P<order>[0-9]{1,20})/?"
    r"|events/[0-9]{1,20}/attendees/(?P<attendee>[0-9]{1,20}(?:-[0-9]{1,10})?)/?)"
)


def parse_hint(delivery: Delivery) -> Hint:
    """
    Of `api_url` only the number is taken, and only where the whole address is one
    of theirs: our token goes nowhere that a stranger wrote (F60).
    """
    told = hooks.json_object(delivery.body)
    config = told.get("config")
    event = str(config.get("action") or "") if isinstance(config, dict) else ""
    header = delivery.headers.get("x-eventbrite-delivery", "")
    key = hooks.text(header, r"[\w-]{1,100}")
    address = told.get("api_url")
    if event == "test":
        return Hint(key, event, hooks.TEST)
    if not isinstance(address, str):
        raise hooks.Unclear("it names nothing")
    if "{" in address:
        return Hint(key, event, hooks.TEST)
    fitting = _THEIR_ADDRESS.fullmatch(address)
    if fitting is None:
        raise hooks.Unclear("it names an address that is not Eventbrite's")
    if fitting["order"]:
        return Hint(key, event, hooks.ORDER, fitting["order"])
    if fitting["attendee"]:
        return Hint(key, event, hooks.ACCOUNT)
    return Hint(key, event, hooks.LISTING)


def provider_occurrence_id_of(raw: Raw) -> str:
    return str(raw.get("event_id") or "")


def parse_event(raw: Raw) -> records.Event:
    name = reading.text(reading.mapping(raw, "name"), "text")
    url = reading.text_or_none(raw, "url")
    event_id = reading.text(raw, "id")
    if raw.get("is_series_parent"):
        return records.Event(event_id, name, url)
    series = reading.text_or_none(raw, "series_id")
    occurrence = _parse_occurrence(raw, event_id, series or event_id, name, url)
    return records.Event(
        series or event_id, name, url, (occurrence,), is_listing=series is None
    )


def with_earlier(raw: Raw, earlier: Sequence[Raw]) -> Raw:
    """
    The record with the highest costs that were ever paid, for the order and each
    attendee, and with what was never paid at all; attendees it no longer has are
    put back as not attending.
    """
    order = History()
    attendees: dict[str, History] = {}
    for version in [*earlier, raw]:
        rows = version.get("attendees") or ()
        for row in rows:
            history = attendees.setdefault(str(row.get("id")), History())
            history.add(row, past_attendance(row, version))
        now = [attendees[str(row.get("id"))] for row in rows]
        order.add(version, attendance_of_order(version, now))
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
    def one(attendee: Raw) -> tuple[Any, records.Person]:
        profile = attendee.get("profile") or {}
        return attendee["id"], reading.person(
            profile.get("name"),
            email=profile.get("email"),
            phone=profile.get("cell_phone"),
        )

    return reading.people(
        reading.person(raw.get("name"), email=raw.get("email")),
        map(one, raw.get("attendees") or ()),
    )


def parse_order(raw: Raw) -> records.Order:
    told = (reading.text_or_none(raw, "status") or "placed").lower()
    status = reading.word({"status": told}, "status", ORDER_STATUS)
    attendees = reading.rows(raw, "attendees")
    _refuse_missing_attendees(raw, status, attendees)
    unpaid = [row for row in attendees if _is_unpaid(row, raw)]
    is_paid = status is not OrderStatus.PENDING and told not in NEVER_PAID
    if len(unpaid) == len(attendees) and (unpaid or raw.get("is_unpaid")):
        is_paid = False
        if status is OrderStatus.PAID:
            status = OrderStatus.PENDING
    owed = unpaid if is_paid else []
    whole = Costs.charged(raw)
    first = whole.without(Costs.charged(row, whole.currency) for row in owed)
    now = _paid_now(raw, owed, first)
    tickets = tuple(_read_tickets(attendees, whole, owed))
    charged = first.gross if is_paid else 0
    known = sum(t.face + t.fee for t in tickets) + first.tax
    came = [row for row in attendees if not _is_among(row, owed)]
    refunded, is_guessed = _refunded(told, came, first, now, is_paid)
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
        addons=max(0, first.gross - known),
        discounts=first.discount,
        fees=now.fees if is_paid else (),
        refunds=(records.Refund(str(raw["id"]), refunded),) if refunded else (),
        doubt=_doubt(first, known, refunded, attendees, is_guessed=is_guessed),
        changed_at=reading.moment_or_none(raw, "changed"),
    )


def _parse_occurrence(
    raw: Raw, event_id: str, series: str, name: str, url: str | None
) -> records.Occurrence:
    start = reading.mapping(raw, "start")
    zone = reading.text(start, "timezone")
    clock.zone(zone)
    starts_at = clock.from_iso(reading.text(start, "utc"))
    told = reading.text_or_none(start, "local")
    poster = f"{clock.local(starts_at, zone):%Y-%m-%dT%H:%M:%S}"
    if told is not None and told != poster:
        raise UnreadableRecord(
            f"start says {told}, which is not {poster} in {zone}",
            word="time-disagrees",
        )
    end = raw.get("end")
    venue = raw.get("venue")
    currency = reading.text_or_none(raw, "currency")
    return records.Occurrence(
        id=event_id,
        event_id=series,
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
        dashboard_url=f"https://www.eventbrite.com/myevent?eid={event_id}",
    )


def _refuse_missing_attendees(
    order: Raw, status: OrderStatus, attendees: Sequence[Raw]
) -> None:
    """
    An order that is placed has attendees, and none of them goes away by itself.
    """
    if status is not OrderStatus.PAID or status_of(order) == "refunded":
        return
    for id_ in order.get("lost") or ():
        raise UnreadableRecord(
            f"Eventbrite no longer lists its attendee {safe(id_, longest=60)}",
            word=CONTRADICTION,
        )
    if not attendees:
        raise UnreadableRecord("Eventbrite lists no attendee of it", word=CONTRADICTION)


def _is_unpaid(attendee: Raw, order: Raw) -> bool:
    """
    Whether nobody has paid for it, as far as its versions, or this one, tell.
    """
    if "is_unpaid" in attendee:
        return bool(attendee["is_unpaid"])
    return attendance_of(attendee, order) is Standing.UNPAID


def _is_among(attendee: Raw, some: Sequence[Raw]) -> bool:
    return any(attendee is other for other in some)


def _paid_now(raw: Raw, unpaid: Sequence[Raw], paid: Costs) -> Costs:
    """
    The present costs of what was `paid` of an order. Those of an unpaid attendee are
    among the order's, until it is taken off; whether they are still there after that
    nobody tells, so no more than what was paid is believed.
    """
    now = Costs(raw.get("costs"))
    owed = [row for row in unpaid if attendance_of(row, raw) is Standing.UNPAID]
    left = now.without(Costs(row.get("costs"), paid.currency) for row in owed)
    if left.gross <= paid.gross:
        return left
    rest = [row for row in unpaid if not _is_among(row, owed)]
    return left.without(Costs(row.get("costs"), paid.currency) for row in rest)


def _read_tickets(
    attendees: list[Raw], whole: Costs, unpaid: list[Raw]
) -> Iterator[records.Ticket]:
    """
    The tickets with their parts of the `whole` order; an `unpaid` one beside paid ones
    has none, and admits nobody.
    """
    costs = [Costs.charged(a, whole.currency) for a in attendees]
    # Fees that the venue bears are inside the price that the buyer saw.
    inside = max(0, whole.shown - whole.base) if whole.shown is not None else 0
    fees = [c.service + c.processing for c in costs]
    borne = money.split(min(inside, sum(fees)), fees) if costs else []
    for raw, cost, fee, part in zip(attendees, costs, fees, borne, strict=True):
        is_owed = _is_among(raw, unpaid)
        is_void = is_owed or _is_void(raw)
        barcodes = sorted(
            raw.get("barcodes") or (), key=lambda b: b.get("status") == "refunded"
        )
        code, second = reading.codes(*(b.get("barcode") for b in barcodes))
        yield records.Ticket(
            id=reading.text(raw, "id"),
            occurrence_id=reading.text(raw, "event_id"),
            type_id=str(raw.get("ticket_class_id") or ""),
            type_name=reading.text_or_none(raw, "ticket_class_name") or "Ticket",
            status=TicketStatus.VOID if is_void else TicketStatus.VALID,
            checked_in=bool(raw.get("checked_in")),
            face=0 if is_owed else cost.base + part,
            fee=0 if is_owed else fee - part,
            code=code,
            second_code=second,
        )


def _is_void(attendee: Raw) -> bool:
    is_absent = attendance_of(attendee, {}) is Standing.ABSENT
    return is_absent or bool(attendee.get("cancelled") or attendee.get("refunded"))


def _refunded(
    told: str, attendees: list[Raw], first: Costs, now: Costs, is_paid: bool
) -> tuple[int, bool]:
    """
    What went back, and whether that had to be guessed from marks on the tickets.
    """
    if not is_paid:
        return 0, False
    if first.gross > now.gross:
        return first.gross - now.gross, False
    marked = [a for a in attendees if a.get("refunded")]
    if marked:
        costs = (Costs.charged(a, first.currency) for a in marked)
        return sum(cost.gross for cost in costs), True
    return (first.gross, True) if told == "refunded" else (0, False)


def _doubt(
    first: Costs,
    known: int,
    refunded: int,
    attendees: list[Raw],
    *,
    is_guessed: bool,
) -> str | None:
    def shown(minor: int) -> str:
        return f"{money.decimal_text(minor, first.currency)} {first.currency}"

    if not first.adds_up:
        return f"its costs do not add up to its gross of {shown(first.gross)}"
    if known > first.gross:
        return f"its tickets come to {shown(known)}, the order to {shown(first.gross)}"
    if is_guessed and not refunded:
        return (
            "it was refunded before it was read first: its price is not told any more"
        )
    if is_guessed:
        return f"no refunded amount is told; {shown(refunded)} is its tickets' price"
    return None
