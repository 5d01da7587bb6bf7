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
Surprise  a ticket that is swapped to another event is listed there, its order is not:
          such an order is asked for by itself
Surprise  `qrCodeData` is an object; `customScanningCode` names the ticket, too

Unverified, and therefore handled tolerantly:
- that `since` compares with `updatedAt`, and that a list without `status` has
  cancelled tickets, too: the daily sweep reads everything;
- that `clientDonation` is a gift to the venue on top of the tickets;
- 200 requests per minute;
- whether `totalCapacity` is per date: it is believed for an event with one date;
- the paths of check-in and check-out, which the documents only mention: a refusal is
  told and stops nothing;
- there is no cancelled flag: an event that is not published counts as a draft;
- what the printed QR code contains: `qrCodeData._id`, the whole object as JSON and
  `customScanningCode` are all recognised at the door;
- that a swapped ticket is cancelled with `swappedTo`, and that the new one carries its
  price: the old one keeps nothing of it;
- that the order of a swapped ticket is answered under the event it was swapped to: if
  not, it is looked for under the account's other events.

An order and its tickets come from two lists; our raw record is
`{"id", "order": …, "tickets": […]}`. Where tickets of an order are listed at another
event than the order, that event gives a record of its own for the order, with these
tickets and `part` (that event's id); the order is read from the newest record of each
part. `moved` names the tickets that were swapped for others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from ticketsync.core import clock, digest, money, records
from ticketsync.core.completeness import is_mostly_missing
from ticketsync.core.errors import CONTRADICTION, InvalidResponse, UnreadableRecord
from ticketsync.core.records import OccurrenceStatus, OrderStatus, TicketStatus
from ticketsync.core.redact import Secret
from ticketsync.net import exact_json
from ticketsync.net.client import ApiClient, ErrorExplanation, Params
from ticketsync.net.paging import rows_of
from ticketsync.providers import reading
from ticketsync.providers.base import (
    LISTING,
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
FEW = 10  # orders that are asked for one by one before all are listed anew
MANY_WITHOUT = 5  # orders without tickets from which on their list is not believed
_IDS = re.compile(r"\w{1,100}")
ORDER_STATUS = {"complete": OrderStatus.PAID}
TICKET_STATUS = {"complete": TicketStatus.VALID, "cancelled": TicketStatus.VOID}


def explain(status: int, body: Mapping[str, Any]) -> ErrorExplanation | None:
    """
    What an error answer means; the messages were seen by third parties.
    """
    message = str(body.get("message") or "").lower()
    if status in (401, 403) or (status == 400 and "api key" in message):
        return ErrorExplanation(
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
        reports_fees=True,
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
        global_ids=frozenset((LISTING, ORDER)),
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
        if place.newest and self.api.is_ahead(clock.from_iso(place.newest)):
            place = _Place("", {})
        orders = self._list_of(event_id, "orders", place.query)
        listed = {row["_id"] for row in orders}
        if not place.seen.keys() <= listed:
            # Nothing takes an order back out of the time since that it was found in.
            yield from self.fetch_orders(event_id, None)
            return
        changed = [row for row in orders if not place.has_seen(row)]
        if not changed and place.newest:
            return
        tickets = _by_order(self._list_of(event_id, "tickets", {}))
        missing = [id_ for id_, some in tickets.items() if id_ not in listed]
        if place.newest:
            # Orders that did not change are not listed: their tickets must be new.
            missing = [id_ for id_ in missing if any(map(place.is_new, tickets[id_]))]
            if len(missing) > FEW:
                yield from self.fetch_orders(event_id, None)
                return
        elif _is_collapsed(len(missing), len(tickets)):
            raise self.api.invalid_response(
                f"lists tickets of {len(tickets)} orders of the event {event_id}, and "
                f"{len(missing)} of these orders not",
                "list-incomplete",
            )
        self._refuse_few_tickets(event_id, changed, tickets)
        found = [_whole(row, tickets.get(row["_id"], [])) for row in changed]
        found += [self._order_of(event_id, id_, tickets[id_]) for id_ in missing]
        pages = [found[n : n + PAGE_SIZE] for n in range(0, len(found), PAGE_SIZE)]
        if place.newest:
            # A record each: an order must not stand on one page twice.
            pages += [[raw] for raw in self._swapped_away(event_id, changed, tickets)]
        following = place.after(orders).as_text()
        for page in pages[:-1]:
            yield Page("order", page)
        for page in pages[-1:]:
            yield Page("order", page, bookmark=following)

    def fetch_order(self, order_id: str, occurrence_id: str) -> Raw:
        event_id = occurrence_id.partition("/")[0]
        order = self._order_at(event_id, order_id)
        tickets = _by_order(self._list_of(event_id, "tickets", {}))
        return _whole(order, tickets.get(order_id, []))

    def _refuse_few_tickets(
        self, event_id: str, orders: Sequence[Raw], tickets: Mapping[str, list[Raw]]
    ) -> None:
        """
        Every order has tickets, if only cancelled ones: a list that has none of most
        orders is not whole. Of fewer orders each is set aside by itself.
        """
        without = [row["_id"] for row in orders if row["_id"] not in tickets]
        if _is_collapsed(len(without), len(orders)):
            raise self.api.invalid_response(
                f"lists no tickets of {len(without)} of {len(orders)} orders of the "
                f"event {event_id}",
                "list-incomplete",
            )

    def _list_of(
        self, event_id: str, key: str, query: Mapping[str, str]
    ) -> list[dict[str, Any]]:
        """
        A whole list of an event. For tickets no filter asks for those of one order.
        """
        path = f"/v1/events/{event_id}/{key}"
        asked = {**self._where(event_id), **query}
        return [row for rows in self._pages(path, key, asked) for row in rows]

    def _order_at(self, event_id: str, order_id: str) -> Raw:
        path = f"/v1/events/{event_id}/orders/{order_id}"
        found: Raw = self.api.get(path, self._where(event_id))
        return found

    def _order_of(self, event_id: str, order_id: str, tickets: list[Raw]) -> Raw:
        """
        The record of an order that this event has tickets of and does not list.
        """
        events = [event_id]
        if any(ticket.get("swappedFrom") for ticket in tickets):
            events += [event for event in self._region_of if event != event_id]
        if _IDS.fullmatch(order_id):
            for event in events:
                try:
                    order = self._order_at(event, order_id)
                except InvalidResponse as refused:
                    if refused.word not in ("endpoint-gone", "rejected"):
                        raise
                else:
                    return {**_whole(order, tickets), "id": order_id, "part": event_id}
        return {**_whole({}, tickets), "id": order_id, "order": None, "part": event_id}

    def _swapped_away(
        self,
        event_id: str,
        orders: Sequence[Raw],
        tickets: Mapping[str, list[Raw]],
    ) -> Iterator[Raw]:
        """
        What other events have of these orders, whose guests swapped to them: no change
        of theirs would lead us there before the next sweep.
        """
        here = {ticket["_id"] for some in tickets.values() for ticket in some}
        wanted = {
            order["_id"]: order
            for order in orders
            for ticket in tickets.get(order["_id"], ())
            if _swapped_to(ticket) and _swapped_to(ticket) not in here
        }
        others = [event for event in self._region_of if event != event_id]
        for event in others if wanted else ():
            there = _by_order(self._list_of(event, "tickets", {}))
            for order_id in wanted.keys() & there.keys():
                part = _whole(wanted[order_id], there[order_id])
                yield {**part, "part": event}

    def _where(self, event_id: str) -> dict[str, str]:
        return _region(self._region_of.get(event_id, self._regions[0]))

    def _pages(
        self, path: str, key: str, query: Mapping[str, str]
    ) -> Iterator[list[dict[str, Any]]]:
        """
        The pages of a list. New rows shift pages, so what is short at the end is
        read once more (F03).

        Raises `ProviderNonsense` if it is shorter than its `total` even then.
        """
        seen: set[str] = set()
        total = 0
        for _ in range(2):
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
        raise self.api.incomplete(path, len(seen), total)

    def push_check_in(self, ticket_id: str, occurrence_id: str, *, is_in: bool) -> None:
        event = occurrence_id.partition("/")[0]
        verb = "check-in" if is_in else "check-out"
        self.api.post(f"/v1/events/{event}/tickets/{ticket_id}/{verb}")

    # The half that understands

    def provider_occurrence_id_of(self, raw: Raw) -> str:
        return _date_of(raw["order"] or {}, raw["tickets"])

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
        The record with the tickets that other events list, and with the price that each
        ticket had before it was cancelled; one that was swapped has taken its price
        along.
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
                held = first.setdefault(ticket["_id"], ticket)
                if not held.get("total") and ticket.get("total"):
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
        if raw["order"] is None:
            raise UnreadableRecord(
                f"Humanitix lists tickets of it at the event {raw.get('part')} and "
                "answers no such order",
                word="order-missing",
            )
        _refuse_contradiction(raw)
        order = reading.mapping(raw, "order")
        currency = reading.text(order, "currency").upper()
        money.exponent(currency)
        now = reading.mapping(order, "totals")
        then = order.get("purchaseTotals") or now

        def of(totals: Raw, name: str) -> int:
            return reading.amount_or_none(totals, name, currency) or 0

        charged = reading.amount(then, "total", currency)
        faces = of(then, "subtotal") - of(then, "discounts")
        if not raw.get("part"):
            _refuse_missing_tickets(raw["tickets"], currency, faces)
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
            tickets=_read_tickets(
                raw["tickets"], currency, faces, raw.get("moved") or ()
            ),
            buyer_fees=of(then, "amexFee") + of(then, "zipFee"),
            tax=reading.amount_or_none(then, "taxes", currency),
            donations=of(then, "clientDonation"),
            vouchers=of(then, "giftCardCredit") + of(then, "credit"),
            discounts=of(then, "discounts"),
            fees=tuple(
                records.Fee(name, amount)
                for name, amount in (
                    (
                        "Humanitix booking fee",
                        reading.amount_or_none(now, "bookingFee", currency),
                    ),
                    ("Rebate", -of(now, "rebates")),
                )
                if amount != 0
            ),
            refunds=(records.Refund(str(order["_id"]), refunded),) if refunded else (),
            channel=str(order.get("salesChannel") or ""),
            doubt=_doubt(lambda name: of(now, name), charged, currency),
            changed_at=reading.moment_or_none(order, "updatedAt"),
        )


def _whole(order: Raw, tickets: list[Raw]) -> Raw:
    """
    Our record of an order. `swappedTo` is emptied with what holds people, so what it
    says is written down here.
    """
    tickets = sorted(tickets, key=lambda ticket: str(ticket["_id"]))
    found = {"id": order.get("_id"), "order": order, "tickets": tickets}
    moved = [t["_id"] for t in tickets if _swapped_to(t) and _is_cancelled(t)]
    return {**found, "moved": moved} if moved else found


def _swapped_to(ticket: Raw) -> str:
    """
    The ticket that this one was swapped for, `""` if it was not.
    """
    told = ticket.get("swappedTo")
    return str(told.get("id") or "") if isinstance(told, dict) else ""


def _is_cancelled(ticket: Raw) -> bool:
    return str(ticket.get("status")).lower() == "cancelled"


def _by_order(tickets: Iterable[Raw]) -> dict[str, list[Raw]]:
    """
    Tickets by their order's id; one that names none stands by itself.
    """
    found: dict[str, list[Raw]] = {}
    for ticket in tickets:
        order_id = str(ticket.get("orderId") or f"ticket:{ticket['_id']}")
        found.setdefault(order_id, []).append(ticket)
    return found


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
        if not self.newest:
            return {}
        return {"since": _seconds_before(self.newest).replace("Z", ".000Z")}

    def has_seen(self, row: Raw) -> bool:
        """
        By its contents: it may have changed twice within one tick of its time.
        """
        return self.seen.get(row["_id"]) == _print_of(row)

    def is_new(self, row: Raw) -> bool:
        return _changed_at(row) >= _seconds_before(self.newest)

    def after(self, rows: list[dict[str, Any]]) -> _Place:
        newest = max([self.newest, *map(_changed_at, rows)])
        edge = _seconds_before(newest) if newest else ""
        recent = (row for row in rows if _changed_at(row) >= edge)
        return _Place(newest, {row["_id"]: _print_of(row) for row in recent})


def _changed_at(row: Raw) -> str:
    return reading.sortable(str(row.get("updatedAt") or ""))


def _print_of(row: Raw) -> str:
    return digest.content(exact_json.encode(row)).hex()


def _seconds_before(moment: str) -> str:
    return f"{clock.from_iso(moment) - OVERLAP:%Y-%m-%dT%H:%M:%SZ}"


def _date_of(order: Raw, tickets: Sequence[Raw]) -> str:
    for told in (order, *tickets):
        if told.get("eventDateId"):
            return f"{told.get('eventId') or order['eventId']}/{told['eventDateId']}"
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
    raws: list[Raw], currency: str, faces: int, moved: Collection[str]
) -> tuple[records.Ticket, ...]:
    """
    The tickets with their prices; where cancelled ones have lost theirs, they share
    what the order's price leaves. Those that `moved` cost nothing any more: the tickets
    they were swapped for do.
    """

    def of(raw: Raw, name: str) -> int:
        return 0 if raw["_id"] in moved else reading.amount(raw, name, currency)

    prices = [of(raw, "netPrice") for raw in raws]
    paid = [of(raw, "total") for raw in raws]
    lost = [
        n
        for n, raw in enumerate(raws)
        if _is_cancelled(raw) and not paid[n] and raw["_id"] not in moved
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
            voided_at=reading.moment_or_none(raw, "cancelledAt"),
            code=code,
            second_code=second,
        )
        for raw, price, total, (code, second) in zip(
            raws, prices, paid, map(_codes, raws), strict=True
        )
    )


def _is_collapsed(missing: int, expected: int) -> bool:
    return missing >= MANY_WITHOUT and is_mostly_missing(missing, expected)


def _refuse_contradiction(raw: Raw) -> None:
    """
    Every order has tickets, and none that it had before goes away by itself.
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
    Raises `UnreadableRecord` if the order cost at least one ticket more than those
    that are listed; a smaller difference comes from packages, whose price is rounded
    for each ticket. One that was cancelled, or swapped, has taken its price along.
    """
    if any(map(_is_cancelled, tickets)):
        return
    prices = [reading.amount(ticket, "netPrice", currency) for ticket in tickets]
    paid = [price for price in prices if price > 0]
    if faces - sum(prices) >= (min(paid) if paid else 1):
        cost, found = (money.decimal_text(n, currency) for n in (faces, sum(prices)))
        raise UnreadableRecord(
            f"its tickets cost {cost} {currency}, those that Humanitix lists "
            f"{found} {currency}",
            word=CONTRADICTION,
        )


def _codes(ticket: Raw) -> tuple[str | None, str | None]:
    """
    First what the QR code is made of, then the venue's own code.
    """
    printed = ticket.get("qrCodeData")
    if isinstance(printed, dict):
        printed = printed.get("_id")
    return reading.codes(printed, ticket.get("customScanningCode"))


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
