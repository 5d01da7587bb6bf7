"""
Ticket Tailor.

API       https://developers.tickettailor.com
Words     their event series is our Event, their event is our Occurrence
Auth      API key as Basic user name, no password; one key per box office
Pages     starting_after=<last id>, 100 at most; links.next is relative to /v1
Surprise  no filter by change: neither refunds nor voids nor cancellations of old
          orders show in any created_at filter. The event listing's counts and
          revenue tell which events to read again; a sweep finds the rest.
Surprise  booleans are the texts "true" and "false"
Surprise  platform and processor fees are never told: unknown, not 0
Surprise  void, cancel and refund are three things; a void keeps the money, a
          cancelled order keeps its total, a refund keeps the admission
Surprise  tickets made by import or API have no order

Unverified, and therefore handled tolerantly:
- whether a line's `value` and `booking_fee` are per unit or per line, and whether
  `total` contains the booking fee: we take the reading under which the order adds
  up to its `total`, and mark the order if there is none (`_readings`);
- `line_items[].type` beyond `ticket`: taken from one client's types; an unknown one
  is quarantined, a product (`pr_…`) is an add-on whatever its type;
- whether `total_issued_tickets` and `total_orders` count void tickets, pending and
  cancelled orders: no count is believed, only compared (`catalogue.offers`);
- `credited_out_amount` is taken for credit given instead of money: it is kept apart
  and does not count as refunded;
- the names `created_at.gte` and `created_at.lt`: if records from outside come back,
  the whole list is read in one go;
- that a check-in is made by POST to `/check_ins` with `issued_ticket_id` and
  `quantity`, -1 taking one back: the documents show such records, not how they are
  made; a refusal is told and stops nothing;
- a cancelled order without `total_paid` counts as paid if it has a transaction id
  or a refund, else as never paid.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import msgspec

from ticketsync.core import clock, money, records
from ticketsync.core.completeness import is_mostly_missing
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OccurrenceStatus, OrderStatus, TicketStatus
from ticketsync.core.redact import Secret
from ticketsync.net import hooks
from ticketsync.net.hooks import Delivery, Hint, HookCard
from ticketsync.net.paging import FilterIgnored, Window, by_last_id, in_windows
from ticketsync.providers import reading
from ticketsync.providers.base import (
    LISTING,
    ORDER,
    Budget,
    Capabilities,
    Extent,
    Options,
    Page,
    ProviderSpec,
    Raw,
    key_as_basic_user,
)

if TYPE_CHECKING:
    from ticketsync.net.client import ApiClient

ORDER_STATUS = {
    "completed": OrderStatus.PAID,
    "pending": OrderStatus.PENDING,
    "cancelled": OrderStatus.CANCELLED,
    "canceled": OrderStatus.CANCELLED,
}
TICKET_STATUS = {
    "valid": TicketStatus.VALID,
    "voided": TicketStatus.VOID,
    "void": TicketStatus.VOID,
}
EVENT_STATUS = {
    "published": OccurrenceStatus.ON_SALE,
    "members_only": OccurrenceStatus.ON_SALE,
    "draft": OccurrenceStatus.DRAFT,
    "sales_closed": OccurrenceStatus.CLOSED,
}
NO_PAYMENT = "--"  # what txn_id says where nothing was paid
OVERLAP = 3600  # seconds of orders read again, in case some became visible late


class TicketTailor:
    spec = ProviderSpec(
        name="ticket_tailor",
        title="Ticket Tailor",
        base_url="https://api.tickettailor.com/v1",
        authenticate=key_as_basic_user,
        budget=Budget(requests=5000, minutes=30),
        key_help="Box office settings → API → Generate new key (begins with sk_)",
        capabilities=Capabilities(
            reads_pricing=True,
            reads_attendees=True,
            writes_events=True,
            writes_pricing=True,
            webhooks=True,
            real_time_sales=True,
            recurring=True,
            reserved_seating=True,
            wait_lists=True,
            promo_codes=True,
        ),
        personal_fields=frozenset(
            (
                *("buyer_details", "status_message", "notes", "meta_data"),
                *("custom_questions", "email", "full_name", "first_name", "last_name"),
                *("reference", "barcode", "barcode_url", "qr_code_url"),
                "group_ticket_barcode",
            )
        ),
        code_fields=frozenset(("barcode",)),
        global_ids=frozenset((LISTING, ORDER)),
        owner_is_account=True,
    )

    def __init__(self, api: ApiClient, options: Options) -> None:
        self.api = api

    # The half that talks

    def identify(self) -> records.Identity:
        self.api.get("/ping")
        first = self.api.get("/event_series", {"limit": 1})
        for series in first.get("data") or ():
            owner = self.owner_of(series)
            currency = str(series.get("currency") or "").upper() or None
            return records.Identity(
                owner,
                owner or "a box office",
                currency,
                owners=(owner,) if owner else (),
            )
        return records.Identity(None, "a box office without events yet")

    def fetch_events(self) -> Iterator[Page]:
        series: set[str] = set()
        for rows in by_last_id(self.api, "/event_series"):
            series |= {str(row["id"]) for row in rows}
            yield Page("event", rows)
        named: set[str] = set()
        for rows in by_last_id(self.api, "/events"):
            named |= {
                str(r["event_series_id"]) for r in rows if r.get("event_series_id")
            }
            yield Page("event", rows)
        if is_mostly_missing(len(named - series), len(named)):
            raise self.api.invalid_response(
                f"lists {len(series)} event series, and its events belong to "
                f"{len(named - series)} others",
                "list-incomplete",
            )

    def fetch_orders(self, event_id: str, bookmark: str | None) -> Iterator[Page]:
        query = {"event_id": event_id}
        for rows in by_last_id(self.api, "/orders", query, after=bookmark):
            yield Page("order", rows)

    def fetch_all_orders(
        self, bookmark: str | None, extent: Extent, *, workers: int
    ) -> Iterator[Page]:
        windows = _windows(bookmark, extent.cuts)
        walk = in_windows(
            self.api,
            "/orders",
            windows,
            time_of=_placed,
            expected=extent.orders,
            floor=extent.cuts[0] if extent.cuts else 0,
            workers=workers,
        )
        try:
            for page in walk:
                state = json.dumps(page.still_open) if page.still_open else None
                yield Page("order", page.rows, bookmark=state)
        except FilterIgnored:
            for rows in by_last_id(self.api, "/orders"):
                yield Page("order", rows)

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]:
        query = {"created_at.gte": int(watermark) - OVERLAP}
        try:
            is_ahead = self.api.is_ahead(clock.from_epoch(int(watermark)))
        except ValueError:
            is_ahead = True
        if is_ahead:
            query = {}  # read everything
        shows_anything = False
        for rows in by_last_id(self.api, "/orders", query):
            shows_anything = shows_anything or bool(rows)
            yield Page("order", rows)
        if not shows_anything:
            raise self.api.invalid_response(
                "shows no order of the hour before its newest one, nor that one",
                "list-incomplete",
            )

    def fetch_order(self, order_id: str, occurrence_id: str) -> Raw:
        found: Raw = self.api.get(f"/orders/{order_id}")
        return found

    def fetch_loose_tickets(self, event_id: str) -> Iterator[Page]:
        query = {"event_id": event_id}
        for rows in by_last_id(self.api, "/issued_tickets", query):
            # Only an order_id that is there and null says that there is no order.
            loose = [row for row in rows if row.get("order_id", "untold") is None]
            yield Page("ticket", loose, listed=len(rows))

    # What it tells by itself

    webhooks: ClassVar[HookCard] = HookCard(
        is_signed=True,
        key_help="the shared secret that Ticket Tailor shows with the webhook",
        steps=(
            "Settings → API → Webhooks in your box office",
            "add a webhook with the address {url}",
            "choose the order, issued ticket and event topics",
            "give us its shared secret",
        ),
    )

    @staticmethod
    def verify(delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """
        HMAC over time and body with nothing between. Whether a repeated delivery is
        signed anew is **(unverified)**: a stale one is refused, and the next sync finds
        what it hinted at.
        """
        header = "tickettailor-webhook-signature"
        hooks.timed_hmac(delivery, header, secrets, between=b"")

    @staticmethod
    def hint(delivery: Delivery) -> Hint:
        """
        "Order updated" also means cancelled, "ticket updated" also voided. Whether the
        delivery's id stays the same when it is repeated is **(unverified)**.
        """
        told = hooks.json_object(delivery.body)
        event = str(told.get("event") or "")
        payload = told.get("payload")
        payload = payload if isinstance(payload, dict) else {}
        key = hooks.text(told.get("id"), r"[\w-]{1,100}")
        if event.startswith("ORDER."):
            order = hooks.text(payload.get("id"), r"or_\w+")
            return Hint(key, event, hooks.ORDER if order else hooks.ACCOUNT, order)
        if event.startswith("ISSUED_TICKET."):
            order = hooks.text(payload.get("order_id"), r"or_\w+")
            return Hint(key, event, hooks.ORDER if order else hooks.ACCOUNT, order)
        if event.startswith("EVENT"):
            return Hint(key, event, hooks.LISTING)
        return Hint(key, event, hooks.NOTHING)

    def push_check_in(self, ticket_id: str, occurrence_id: str, *, is_in: bool) -> None:
        """
        One entry, or one taken back.
        """
        number = "1" if is_in else "-1"
        told = {"issued_ticket_id": ticket_id, "quantity": number}
        self.api.post("/check_ins", form=told)

    # The half that understands

    def owner_of(self, raw: Raw) -> str | None:
        """
        The box office's name in the public address of a series or event.
        """
        parts = urlsplit(str(raw.get("url") or ""))
        steps = [step for step in parts.path.split("/") if step]
        if steps and steps[0] == "events":
            steps = steps[1:]
        return steps[0] if len(steps) >= 2 else None

    def provider_occurrence_id_of(self, raw: Raw) -> str:
        summary = raw.get("event_summary")
        if not isinstance(summary, dict):
            return ""
        return str(summary.get("event_id") or summary.get("id") or "")

    def watermark_of(self, raw: Raw) -> str:
        return f"{_placed(raw):012d}"

    def read_event(self, raw: Raw) -> records.Event:
        if raw["object"] == "event_series":
            return records.Event(
                id=reading.text(raw, "id"),
                name=reading.text(raw, "name"),
                url=reading.text_or_none(raw, "url"),
            )
        occurrence = _read_occurrence(raw)
        return records.Event(
            id=occurrence.event_id,
            name=occurrence.name,
            url=occurrence.url,
            occurrences=(occurrence,),
            is_listing=False,
        )

    def read_people(self, raw: Raw) -> records.People:
        buyer = raw.get("buyer_details") or {}
        return reading.people(
            reading.person(
                buyer.get("name"), email=buyer.get("email"), phone=buyer.get("phone")
            ),
            (
                (t["id"], reading.person(t.get("full_name"), email=t.get("email")))
                for t in raw.get("issued_tickets") or ()
            ),
        )

    def read_order(self, raw: Raw) -> records.Order:
        status = reading.word(raw, "status", ORDER_STATUS)
        currency, multiplier = _currency(reading.mapping(raw, "currency"))
        amounts = _Amounts(raw, currency, multiplier)
        total = amounts.of(raw, "total")
        lines = _read_lines(amounts, reading.rows(raw, "line_items"))
        tax = amounts.of(raw, "tax")
        tax_on_top = reading.text(raw, "tax_treatment") == "exclusive"
        sums = _add_up(lines, total, tax if tax_on_top else 0)
        tickets = _read_tickets(amounts, reading.rows(raw, "issued_tickets"), sums)
        charged = _charged(raw, amounts, status, total)
        refunded = amounts.of(raw, "refund_amount")
        discounts = sum(
            max(0, t.listed - t.face) for t in tickets if t.listed is not None
        )
        order_id = reading.text(raw, "id")
        summary = reading.mapping(raw, "event_summary")
        return records.Order(
            id=order_id,
            occurrence_id=reading.text_or_none(summary, "event_id")
            or reading.text(summary, "id"),
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
            credited=amounts.of_optional(raw, "credited_out_amount"),
            channel=str((raw.get("payment_method") or {}).get("type") or ""),
            payment_reference=_payment_reference(raw),
            doubt=_doubt(sums, status, total, charged, refunded, currency),
        )

    def read_loose_ticket(self, raw: Raw) -> records.LooseTicket:
        told = raw.get("listed_currency")
        currency, multiplier = _currency(told) if told else ("", 1)
        listed = reading.whole_or_none(raw, "listed_price")
        if listed is not None and currency:
            listed = money.rescale(listed, multiplier, currency)
        return records.LooseTicket(
            ticket=_read_ticket(raw, face=0, fee=0, listed=listed),
            issued_at=reading.instant(raw, "created_at"),
            currency=currency,
        )


def _placed(raw: Raw) -> int:
    placed = raw.get("created_at")
    return placed if type(placed) is int else 0


def _windows(bookmark: str | None, cuts: Sequence[int]) -> list[Window]:
    if bookmark:
        return [Window(*state) for state in json.loads(bookmark)]
    edges: list[int | None] = [None, *cuts[1:], None]
    return [Window(a, b) for a, b in itertools.pairwise(edges)]


def _currency(raw: Raw) -> tuple[str, int]:
    code = reading.text(raw, "code").upper()
    money.exponent(code)
    return code, reading.whole(raw, "base_multiplier")


class _Amounts:
    """
    Reads amounts of one order, whose platform states its own multiplier.
    """

    def __init__(self, raw: Raw, currency: str, multiplier: int) -> None:
        if multiplier <= 0:
            raise UnreadableRecord(f"base_multiplier is {multiplier}")
        self._currency = currency
        self._multiplier = multiplier
        self._is_iso = multiplier == 10 ** money.exponent(currency)

    def of(self, raw: Raw, name: str) -> int:
        value = reading.whole(raw, name)
        if self._is_iso:
            return value
        return money.rescale(value, self._multiplier, self._currency)

    def of_optional(self, raw: Raw, name: str) -> int:
        return 0 if raw.get(name) is None else self.of(raw, name)


# What an order is made of


class _Line(msgspec.Struct, frozen=True):
    kind: str
    item: str
    quantity: int
    value: int
    fee: int
    total: int


class _Sums(msgspec.Struct, frozen=True):
    """
    The lines of an order under one reading: unit prices and fees per ticket type,
    and what is no ticket.
    """

    faces: dict[str, list[int]]
    fees: dict[str, list[int]]
    charges: int
    addons: int
    donations: int
    vouchers: int
    adds_up: bool


_LINE_KINDS = {
    "ticket": "ticket",
    "transaction_charge": "charge",
    "donation": "donation",
    "gift_card": "voucher",
    "tax": "tax",
    "void": "void",
    "product": "addon",
}


def _read_lines(amounts: _Amounts, raws: list[Raw]) -> list[_Line]:
    return [
        _Line(
            kind=_line_kind(raw),
            item=str(raw.get("item_id") or ""),
            quantity=reading.whole(raw, "quantity"),
            value=amounts.of(raw, "value"),
            fee=amounts.of_optional(raw, "booking_fee"),
            total=amounts.of(raw, "total"),
        )
        for raw in raws
    ]


def _line_kind(raw: Raw) -> str:
    if str(raw.get("item_id") or "").startswith("pr_"):
        return "addon"
    return reading.word(raw, "type", _LINE_KINDS)


# A reading says what one line cost: (price, booking fee, does the line agree?).
# Ordered by how natural they are; see the unverified points above.
_READINGS = (
    lambda q, v, f, total: (q * v, q * f, total == q * (v + f)),
    lambda q, v, f, total: (q * v, q * f, total == q * v),
    lambda q, v, f, total: (v, f, total == v + f),
    lambda q, v, f, total: (v, f, total == v),
    lambda q, v, f, total: (total, 0, True),
)


def _add_up(lines: list[_Line], total: int, tax_on_top: int) -> _Sums:
    """
    The order's sums under the first reading with which it adds up to its total.
    """
    has_tax_line = any(line.kind == "tax" for line in lines)
    on_top = 0 if has_tax_line else tax_on_top
    fallback: _Sums | None = None
    for read in _READINGS:
        sums, in_all, agrees = _sums(lines, read)
        voided = sum(line.total for line in lines if line.kind == "void")
        if agrees and total in (in_all + on_top, in_all + on_top + voided):
            return sums
        fallback = sums
    assert fallback is not None
    return _Sums(
        fallback.faces,
        fallback.fees,
        fallback.charges,
        fallback.addons,
        fallback.donations,
        fallback.vouchers,
        adds_up=False,
    )


def _sums(lines: list[_Line], read: Any) -> tuple[_Sums, int, bool]:
    faces: dict[str, list[int]] = {}
    fees: dict[str, list[int]] = {}
    other = {"charge": 0, "addon": 0, "donation": 0, "voucher": 0, "tax": 0}
    in_all = 0
    agrees = True
    for line in lines:
        if line.kind == "void":
            continue
        price, fee, fits = read(line.quantity, line.value, line.fee, line.total)
        agrees = agrees and fits
        in_all += price + fee
        if line.kind == "ticket" and line.quantity > 0:
            faces.setdefault(line.item, []).extend(
                money.split_evenly(price, line.quantity)
            )
            fees.setdefault(line.item, []).extend(
                money.split_evenly(fee, line.quantity)
            )
        elif line.kind == "ticket":
            agrees = agrees and price == 0
        else:
            other[line.kind] += price + fee
    sums = _Sums(
        faces,
        fees,
        charges=other["charge"],
        addons=other["addon"] + max(0, other["voucher"]),
        donations=other["donation"],
        vouchers=max(0, -other["voucher"]),
        adds_up=True,
    )
    return sums, in_all, agrees


def _read_tickets(
    amounts: _Amounts, raws: list[Raw], sums: _Sums
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
                amounts.of(raw, "listed_price")
                if raw.get("listed_price") is not None
                else None
            )
            tickets.append(_read_ticket(raw, face=face, fee=fee, listed=listed))
    return tuple(tickets)


def _per_ticket(units: list[int] | None, tickets: int) -> list[int]:
    """
    The unit amounts of a ticket type, one for each of its tickets.
    """
    if units is None:
        return [0] * tickets
    if len(units) == tickets:
        return units
    return money.split_evenly(sum(units), tickets)


def _read_ticket(
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
    )


def _charged(raw: Raw, amounts: _Amounts, status: OrderStatus, total: int) -> int:
    if raw.get("total_paid") is not None:
        return amounts.of(raw, "total_paid")
    if status is OrderStatus.PAID:
        return total
    was_paid = status is OrderStatus.CANCELLED and (
        raw["refund_amount"] or _payment_reference(raw)
    )
    return total if was_paid else 0


def _payment_reference(raw: Raw) -> str | None:
    reference = reading.text_or_none(raw, "txn_id")
    return None if reference == NO_PAYMENT else reference


def _doubt(
    sums: _Sums,
    status: OrderStatus,
    total: int,
    charged: int,
    refunded: int,
    currency: str,
) -> str | None:
    def shown(minor: int) -> str:
        return money.decimal_text(minor, currency)

    if refunded > charged:
        return f"refunded {shown(refunded)} of {shown(charged)} {currency} paid"
    if not sums.adds_up:
        return f"its lines do not add up to its total of {shown(total)} {currency}"
    if status is OrderStatus.PAID and charged != total:
        return f"paid {shown(charged)} of {shown(total)} {currency}"
    return None


# The listing


def _read_occurrence(raw: Raw) -> records.Occurrence:
    zone = reading.text(raw, "timezone")
    clock.zone(zone)
    start = reading.mapping(raw, "start")
    starts_at = _moment(start)
    name_of_day = clock.local(starts_at, zone)
    told = (reading.text_or_none(start, "date"), reading.text_or_none(start, "time"))
    if None not in told and told != (f"{name_of_day:%Y-%m-%d}", f"{name_of_day:%H:%M}"):
        raise UnreadableRecord(
            f"start says {told[0]} {told[1]}, which is not "
            f"{name_of_day:%Y-%m-%d %H:%M} in {zone}",
            word="time-disagrees",
        )
    types = raw.get("ticket_types") or []
    issued = reading.whole_or_none(raw, "total_issued_tickets")
    ordered = reading.whole_or_none(raw, "total_orders")
    of_types = sum(int(t.get("quantity_issued") or 0) for t in types)
    currency = reading.text_or_none(raw, "currency")
    venue = raw.get("venue") or {}
    return records.Occurrence(
        id=reading.text(raw, "id"),
        event_id=reading.text_or_none(raw, "event_series_id")
        or reading.text(raw, "id"),
        name=reading.text(raw, "name"),
        starts_at=starts_at,
        ends_at=_moment(raw["end"]) if raw.get("end") else None,
        timezone=zone,
        status=reading.word(raw, "status", EVENT_STATUS),
        capacity=_capacity(raw, types),
        currency=currency.upper() if currency else None,
        venue=venue.get("name"),
        url=reading.text_or_none(raw, "url"),
        listed_at=reading.instant(raw, "created_at") if raw.get("created_at") else None,
        issued=issued,
        ordered=ordered,
        # The start is part of it because every order repeats it.
        fingerprint=f"{start['unix']}/{ordered}/{issued}/{raw.get('revenue')}/{of_types}",
    )


def _moment(raw: Raw) -> Any:
    moment = reading.instant(raw, "unix")
    told = reading.text_or_none(raw, "iso")
    if told is not None and clock.from_iso(told) != moment:
        raise UnreadableRecord(
            f"{told} is not the unix time {raw['unix']} beside it",
            word="time-disagrees",
        )
    return moment


def _capacity(raw: Raw, types: list[Raw]) -> int | None:
    limit = reading.whole_or_none(raw, "max_tickets_sold_per_occurrence")
    seats = [reading.whole_or_none(kind, "quantity_total") for kind in types]
    if limit is not None:
        return limit
    known = [seat for seat in seats if seat is not None]
    return sum(known) if known and len(known) == len(seats) else None
