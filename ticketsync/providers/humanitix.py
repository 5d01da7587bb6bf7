"""
Humanitix.

API       https://humanitix.stoplight.io (public API v1)
Words     their event is our Event, each of its `dates[]` our Occurrence
Auth      header `x-api-key`; one key per account
Pages     `page` is required, `pageSize` 100 at most; an unknown parameter is an error
Surprise  no webhooks, no account-wide orders: every event is asked, with `since`
Surprise  data live per region: `overrideLocation` asks another one
Surprise  `totals` is the present, `purchaseTotals` the purchase; `grossSales` is
          before discounts and never what was charged
Surprise  a cancelled ticket loses its price: the one seen first is kept
Surprise  the zone stands on the event only, its dates have none

Unverified, and therefore handled tolerantly:
- that `since` compares with `updatedAt`, and that a list without `status` has
  cancelled tickets, too: the daily sweep reads everything;
- that `clientDonation` is a gift to the venue on top of the tickets;
- 200 requests per minute;
- whether `totalCapacity` is per date: it is believed for an event with one date;
- the paths of check-in and check-out, which the documents only mention: a refusal is
  told and stops nothing;
- there is no cancelled flag: an event that is not published counts as a draft.

An order and its tickets come from two lists; our raw record is
`{"id", "order": …, "tickets": […]}`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from ticketsync.core import clock, money, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OccurrenceStatus, OrderStatus, TicketStatus
from ticketsync.core.redact import Secret
from ticketsync.net.client import ApiClient, Meaning, Params
from ticketsync.net.paging import rows_of
from ticketsync.providers import reading
from ticketsync.providers.base import (
    OCCURRENCE,
    ORDER,
    Budget,
    Capabilities,
    Options,
    Page,
    ProviderSpec,
    Raw,
)
from ticketsync.providers.options import Option

PAGE_SIZE = 100
REGIONS = ("AU", "CA", "DE", "FJ", "GB", "MX", "MY", "NZ", "SG", "US")
OVERLAP = timedelta(minutes=5)
ORDER_STATUS = {"complete": OrderStatus.PAID}
TICKET_STATUS = {"complete": TicketStatus.VALID, "cancelled": TicketStatus.VOID}


def explain(status: int, body: Mapping[str, Any]) -> Meaning | None:
    """
    What an error answer means; the messages were seen by third parties.
    """
    message = str(body.get("message") or "").lower()
    if status in (401, 403) or (status == 400 and "api key" in message):
        return Meaning(
            "Humanitix does not know this key",
            "Copy it anew from console.humanitix.com → Account → Advanced → API key.",
        )
    return None


def _key_header(secret: Secret, options: Options) -> dict[str, Secret]:
    return {"x-api-key": secret}


class Humanitix:
    spec = ProviderSpec(
        name="humanitix",
        title="Humanitix",
        base_url="https://api.humanitix.com",
        authenticate=_key_header,
        budget=Budget(requests=200, minutes=1),
        key_help="console.humanitix.com → Account → Advanced → API key",
        capabilities=Capabilities(
            reads_pricing=True,
            reads_attendees=True,
            writes_events=True,
            recurring=True,
            reserved_seating=True,
            wait_lists=True,
            promo_codes=True,
        ),
        personal_fields=frozenset(
            (
                *("firstName", "lastName", "email", "mobile", "organisation"),
                *("businessName", "businessTaxId", "notes", "additionalFields"),
                *("accessCode", "waitlistOfferId", "qrCodeData"),
                *("customScanningCode", "swappedFrom", "swappedTo"),
            )
        ),
        code_fields=frozenset(("qrCodeData", "customScanningCode")),
        tells_fees=True,
        orders_by="event",
        options=(
            Option(
                "regions",
                "regions to read, as in AU,NZ (default: the account's)",
                values=REGIONS,
                is_list=True,
                sets_apart=True,
            ),
        ),
        explain=explain,
        limits="names no account: it is known again by the organisers of its events",
        global_ids=frozenset((OCCURRENCE, ORDER)),
    )
    filters_by_change: ClassVar[bool] = True

    def __init__(self, api: ApiClient, options: Options) -> None:
        self.api = api
        told = options.get("regions", "").upper().replace(" ", "")
        self._regions: Sequence[str | None] = told.split(",") if told else (None,)
        self._region_of: dict[str, str | None] = {}

    # The half that talks

    def identify(self) -> records.Identity:
        """
        There is no account to ask for: the key is tried on the list of events.
        """
        query: Params = {**_region(self._regions[0]), "page": 1, "pageSize": PAGE_SIZE}
        events = self.api.get("/v1/events", query).get("events") or ()
        owners = sorted({owner for event in events if (owner := self.owner_of(event))})
        if not events:
            return records.Identity(None, "an account without events yet")
        return records.Identity(
            None,
            f"organiser {', '.join(owners) or 'unknown'}",
            reading.text_or_none(events[0], "currency"),
            owners=tuple(owners),
        )

    def owner_of(self, raw: Raw) -> str | None:
        return str(raw.get("organiserId") or "") or None

    def fetch_events(self) -> Iterator[Page]:
        for region in self._regions:
            for rows in self._pages("/v1/events", "events", _region(region)):
                for row in rows:
                    self._region_of[row["_id"]] = region
                yield Page("event", [{"id": row["_id"], **row} for row in rows])

    def fetch_orders(self, event_id: str, bookmark: str | None) -> Iterator[Page]:
        place = _Place.of(bookmark)
        query = {**self._where(event_id), **place.query}
        orders = [
            row
            for rows in self._pages(f"/v1/events/{event_id}/orders", "orders", query)
            for row in rows
        ]
        changed = [row for row in orders if not place.has_seen(row)]
        if not changed:
            return
        tickets = self._tickets(event_id)
        following = place.after(orders).as_text()
        for begin in range(0, len(changed), PAGE_SIZE):
            page = changed[begin : begin + PAGE_SIZE]
            is_last = begin + PAGE_SIZE >= len(changed)
            yield Page(
                "order",
                [_whole(row, tickets.get(row["_id"], [])) for row in page],
                bookmark=following if is_last else None,
            )

    def fetch_order(self, order_id: str, occurrence_id: str) -> Raw:
        event_id = occurrence_id.partition("/")[0]
        query = self._where(event_id)
        order = self.api.get(f"/v1/events/{event_id}/orders/{order_id}", query)
        return _whole(order, self._tickets(event_id).get(order_id, []))

    def _tickets(self, event_id: str) -> dict[str, list[Raw]]:
        """
        All tickets of an event by order: no filter asks for those of one order.
        """
        found: dict[str, list[Raw]] = {}
        path = f"/v1/events/{event_id}/tickets"
        for rows in self._pages(path, "tickets", self._where(event_id)):
            for row in rows:
                found.setdefault(str(row.get("orderId")), []).append(row)
        return found

    def _where(self, event_id: str) -> dict[str, str]:
        return _region(self._region_of.get(event_id, self._regions[0]))

    def _pages(
        self, path: str, key: str, query: Mapping[str, str]
    ) -> Iterator[list[dict[str, Any]]]:
        """
        The pages of a list. New rows shift pages, so what is short at the end is
        read once more (F03).
        """
        seen: set[str] = set()
        for _ in range(2):
            total = 0
            number = 1
            while True:
                asked: Params = {**query, "page": number, "pageSize": PAGE_SIZE}
                envelope = self.api.get(path, asked)
                rows = rows_of(self.api, envelope, key, "_id")
                total = reading.whole(envelope, "total") if "total" in envelope else 0
                fresh = [row for row in rows if row["_id"] not in seen]
                seen |= {row["_id"] for row in fresh}
                if fresh or number == 1:
                    yield fresh
                if not rows or number * PAGE_SIZE >= total:
                    break
                number += 1
            if len(seen) >= total:
                return

    def push_check_in(self, ticket_id: str, occurrence_id: str, *, is_in: bool) -> None:
        event = occurrence_id.partition("/")[0]
        verb = "check-in" if is_in else "check-out"
        self.api.tell(f"/v1/events/{event}/tickets/{ticket_id}/{verb}")

    # The half that understands

    def event_of(self, raw: Raw) -> str:
        return _date_of(raw["order"], raw["tickets"])

    def read_event(self, raw: Raw) -> records.Event:
        event_id = reading.text(raw, "_id")
        name = reading.text(raw, "name")
        url = reading.text_or_none(raw, "url")
        if url is None and raw.get("slug"):
            url = f"https://events.humanitix.com/{reading.text(raw, 'slug')}"
        dates = [d for d in reading.rows(raw, "dates") if not d.get("deleted")]
        return records.Event(
            event_id,
            name,
            url,
            tuple(_read_date(raw, date, event_id, name, url, dates) for date in dates),
        )

    def with_earlier(self, raw: Raw, earlier: Sequence[Raw]) -> Raw:
        """
        The record with the price that each ticket had before it was cancelled.
        """
        first: dict[str, Raw] = {}
        for version in (*earlier, raw):
            for ticket in version["tickets"]:
                held = first.setdefault(ticket["_id"], ticket)
                if not held.get("total") and ticket.get("total"):
                    first[ticket["_id"]] = ticket
        names = ("price", "netPrice", "total")
        return {
            **raw,
            "tickets": [
                {**ticket, **{n: first[ticket["_id"]].get(n) for n in names}}
                for ticket in raw["tickets"]
            ],
        }

    def read_people(self, raw: Raw) -> records.People:
        """
        The tickets carry names and no e-mail addresses.
        """
        order = raw.get("order") or {}
        return reading.people(
            reading.person(
                order.get("firstName"),
                order.get("lastName"),
                email=order.get("email"),
                phone=order.get("mobile"),
            ),
            (
                (t["_id"], reading.person(t.get("firstName"), t.get("lastName")))
                for t in raw.get("tickets") or ()
            ),
        )

    def read_order(self, raw: Raw) -> records.Order:
        order = reading.mapping(raw, "order")
        currency = reading.text(order, "currency").upper()
        money.exponent(currency)
        now = reading.mapping(order, "totals")
        then = order.get("purchaseTotals") or now

        def of(totals: Raw, name: str) -> int:
            return reading.amount_or_none(totals, name, currency) or 0

        charged = reading.amount(then, "total", currency)
        faces = of(then, "subtotal") - of(then, "discounts")
        refunded = of(now, "refunds")
        return records.Order(
            id=reading.text(order, "_id"),
            occurrence_id=_date_of(order, reading.rows(raw, "tickets")),
            status=reading.word(order, "status", ORDER_STATUS),
            placed_at=reading.moment(
                order, "completedAt" if order.get("completedAt") else "createdAt"
            ),
            currency=currency,
            total=charged,
            charged=charged,
            tickets=_read_tickets(raw["tickets"], currency, faces),
            buyer_fees=of(then, "amexFee") + of(then, "zipFee"),
            tax=of(then, "taxes"),
            donations=of(then, "clientDonation"),
            vouchers=of(then, "giftCardCredit") + of(then, "credit"),
            discounts=of(then, "discounts"),
            fees=tuple(
                records.Fee(name, amount)
                for name, amount in (
                    ("Humanitix booking fee", of(now, "bookingFee")),
                    ("Rebate", -of(now, "rebates")),
                )
                if amount
            ),
            refunds=(records.Refund(str(order["_id"]), refunded),) if refunded else (),
            channel=str(order.get("salesChannel") or ""),
            doubt=_doubt(lambda name: of(now, name), charged, currency),
        )


def _whole(order: Raw, tickets: list[Raw]) -> Raw:
    tickets = sorted(tickets, key=lambda ticket: str(ticket["_id"]))
    return {"id": order["_id"], "order": order, "tickets": tickets}


def _region(region: str | None) -> dict[str, str]:
    return {"overrideLocation": region} if region else {}


class _Place:
    """
    Where reading an event's orders goes on: the newest change seen, and the orders of
    the minutes before it, so that an overlap costs no second look at what is known.
    """

    def __init__(self, newest: str, seen: Mapping[str, str]) -> None:
        self.newest = newest
        self.seen = seen

    @staticmethod
    def of(bookmark: str | None) -> _Place:
        return _Place(*json.loads(bookmark)) if bookmark else _Place("", {})

    def as_text(self) -> str:
        return json.dumps([self.newest, self.seen], sort_keys=True)

    @property
    def query(self) -> dict[str, str]:
        return {"since": _earlier(self.newest)} if self.newest else {}

    def has_seen(self, row: Raw) -> bool:
        return self.seen.get(row["_id"]) == row.get("updatedAt")

    def after(self, rows: list[dict[str, Any]]) -> _Place:
        told = {row["_id"]: str(row.get("updatedAt") or "") for row in rows}
        newest = max([self.newest, *told.values()])
        edge = _earlier(newest) if newest else ""
        recent = {**self.seen, **told}
        return _Place(newest, {id_: at for id_, at in recent.items() if at >= edge})


def _earlier(moment: str) -> str:
    return f"{clock.from_iso(moment) - OVERLAP:%Y-%m-%dT%H:%M:%S}.000Z"


def _date_of(order: Raw, tickets: Sequence[Raw]) -> str:
    for told in (order, *tickets):
        if told.get("eventDateId"):
            return f"{order['eventId']}/{told['eventDateId']}"
    raise UnreadableRecord("neither the order nor a ticket names its date")


def _read_date(
    raw: Raw, date: Raw, event_id: str, name: str, url: str | None, dates: list[Raw]
) -> records.Occurrence:
    zone = reading.text(raw, "timezone")
    clock.zone(zone)
    location = raw.get("eventLocation") or {}
    created = reading.text_or_none(raw, "createdAt")
    return records.Occurrence(
        id=f"{event_id}/{reading.text(date, '_id')}",
        event_id=event_id,
        name=name,
        starts_at=reading.moment(date, "startDate"),
        ends_at=reading.moment(date, "endDate") if date.get("endDate") else None,
        timezone=zone,
        status=_status(raw, date),
        capacity=reading.whole_or_none(raw, "totalCapacity")
        if len(dates) == 1
        else None,
        currency=reading.text(raw, "currency").upper(),
        venue=reading.text_or_none(location, "venueName"),
        url=url,
        listed_at=clock.from_iso(created) if created else None,
        issued=None,
        ordered=None,
        fingerprint="",
    )


def _status(raw: Raw, date: Raw) -> OccurrenceStatus:
    if not raw.get("published", True):
        return OccurrenceStatus.DRAFT
    closed = ("suspendSales", "markedAsSoldOut", "isArchived", "isPermanentlyArchived")
    if any(raw.get(name) for name in closed) or date.get("disabled"):
        return OccurrenceStatus.CLOSED
    return OccurrenceStatus.ON_SALE


def _read_tickets(
    raws: list[Raw], currency: str, faces: int
) -> tuple[records.Ticket, ...]:
    """
    The tickets with their prices; where cancelled ones have lost theirs, they share
    what the order's price leaves.
    """
    prices = [reading.amount(raw, "netPrice", currency) for raw in raws]
    paid = [reading.amount(raw, "total", currency) for raw in raws]
    lost = [
        n
        for n, raw in enumerate(raws)
        if raw.get("status") == "cancelled" and not paid[n]
    ]
    missing = faces - sum(prices)
    if lost and missing > 0:
        parts = money.split_evenly(missing, len(lost))
        for n, part in zip(lost, parts, strict=True):
            prices[n] = paid[n] = part
    return tuple(
        records.Ticket(
            id=reading.text(raw, "_id"),
            occurrence_id=f"{reading.text(raw, 'eventId')}/"
            f"{reading.text(raw, 'eventDateId')}",
            type_id=str(raw.get("ticketTypeId") or ""),
            type_name=reading.text_or_none(raw, "ticketTypeName") or "Ticket",
            status=reading.word(raw, "status", TICKET_STATUS),
            checked_in=bool((raw.get("checkIn") or {}).get("checkedIn")),
            face=price,
            fee=total - price,
            code=reading.code(raw.get("customScanningCode"), raw.get("qrCodeData")),
        )
        for raw, price, total in zip(raws, prices, paid, strict=True)
    )


def _doubt(of: Callable[[str], int], charged: int, currency: str) -> str | None:
    """
    Gross less fees and refunds must be the net sales that Humanitix tells.
    """
    beside = of("clientDonation") - of("giftCardCredit") - of("credit")
    left = charged - beside - of("bookingFee") - of("refunds")
    if left == of("netSales"):
        return None
    ours = money.decimal_text(left, currency)
    theirs = money.decimal_text(of("netSales"), currency)
    return f"gross less fees and refunds is {ours} {currency}, its net sales {theirs}"
