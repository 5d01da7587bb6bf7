"""
Eventbrite.

API       https://www.eventbrite.com/platform/api (v3)
Words     their series parent is our Event, a dated child our Occurrence; a one-off
          event is both
Auth      `Authorization: Bearer <private token>`; three secrets look alike, only
          the private token works
Pages     by continuation; `has_more_items` decides where it is there, because a
          token is sent even with the last page
Surprise  every path ends in a slash; a GET with a Content-Type is refused
Surprise  no amount refunded is ever told: costs shrink instead, so the costs seen
          first are kept and the difference is the refund
Surprise  `canceled` (event) has one l, `cancelled` (attendee) two
Surprise  orders and attendees have `changed_since`, the events have not

Unverified, and therefore handled tolerantly:
- that costs shrink when money goes back: where they do not and a ticket is marked
  refunded, its price is taken and the order marked;
- that a check-in moves the attendee's `changed` (else the daily sweep finds it), and
  that whatever moves money moves the order's;
- that attendees come with `expand=attendees` in a list: where they are missing, the
  event's attendees are read;
- that fees come back with a refund: the costs as they are now tell what was kept;
- that an order's gross is the sum of its attendees' apart from merchandise and
  donations: what is left counts as an add-on, less than nothing marks the order;
- an order without a status counts as placed;
- the form of the dashboard address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from ticketsync.core import clock, money, records
from ticketsync.core.errors import AuthenticationFailed, UnreadableRecord
from ticketsync.core.records import OccurrenceStatus, OrderStatus, TicketStatus
from ticketsync.core.redact import Secret
from ticketsync.net import hooks
from ticketsync.net.client import ApiClient, Meaning, Rejected
from ticketsync.net.hooks import Delivery, Hint, HookCard
from ticketsync.net.paging import rows_of
from ticketsync.providers import reading
from ticketsync.providers.base import (
    OCCURRENCE,
    ORDER,
    Budget,
    Capabilities,
    Extent,
    Options,
    Page,
    ProviderSpec,
    Raw,
    Registered,
    key_as_bearer,
)

if TYPE_CHECKING:
    from ticketsync.net.oauth import OAuth

EVENT_STATUS = {
    "draft": OccurrenceStatus.DRAFT,
    "live": OccurrenceStatus.ON_SALE,
    "started": OccurrenceStatus.CLOSED,
    "ended": OccurrenceStatus.CLOSED,
    "completed": OccurrenceStatus.CLOSED,
    "canceled": OccurrenceStatus.CANCELLED,
    "cancelled": OccurrenceStatus.CANCELLED,
}
ORDER_STATUS = {
    "placed": OrderStatus.PAID,
    "refunded": OrderStatus.PAID,
    "started": OrderStatus.PENDING,
    "pending": OrderStatus.PENDING,
    "unpaid": OrderStatus.PENDING,
    "abandoned": OrderStatus.CANCELLED,
    "cancelled": OrderStatus.CANCELLED,
    "canceled": OrderStatus.CANCELLED,
    "deleted": OrderStatus.CANCELLED,
}
NEVER_PAID = ("abandoned",)
ABSENT = ("not attending", "deleted")  # what an attendee's status says, if anything
EVERY_STATUS = "draft,live,started,ended,completed,canceled"
OVERLAP = timedelta(minutes=5)
_THEIR_ADDRESS = re.compile(
    r"https://www\.eventbriteapi\.com/v3/"
    r"(?:events/[0-9]{1,20}/?|(?:events/[0-9]{1,20}/)?orders/(?P<order>[0-9]{1,20})/?"
    r"|events/[0-9]{1,20}/attendees/(?P<attendee>[0-9]{1,20})/?)"
)


def explain(status: int, body: Mapping[str, Any]) -> Meaning | None:
    """
    What an error answer means. Paths and codes: section 4 of the platform's docs.
    """
    code = str(body.get("error") or "")
    if code in ("INVALID_AUTH", "INVALID_AUTH_HEADER", "NO_AUTH", "ACCESS_DENIED"):
        return Meaning(
            "Eventbrite does not take this for a private token",
            "Of the three on the platform page, paste the private token; the API key "
            "and the client secret are for apps.",
        )
    if code == "NOT_AUTHORIZED":
        return Meaning(
            "this Eventbrite token may not read that",
            "A public token reads public data only: paste the private token, of a "
            "member who may see orders.",
        )
    if code in ("BAD_PAGE", "BAD_CONTINUATION_TOKEN", "EXPANSION_FAILED"):
        return Meaning(f"answered {code}", code=code)
    return None


def _oauth() -> OAuth:
    """
    The code flow; no scopes, no PKCE and no refresh token are documented.
    """
    from ticketsync.net.oauth import OAuth

    return OAuth(
        authorize_url="https://www.eventbrite.com/oauth/authorize",
        token_url="https://www.eventbrite.com/oauth/token",  # noqa: S106  # an address
    )


HOOK_ACTIONS = (
    *("order.placed", "order.updated", "order.refunded"),
    *("attendee.updated", "attendee.checked_in", "attendee.checked_out"),
    *("event.created", "event.published", "event.unpublished", "event.updated"),
)


class Eventbrite:
    spec = ProviderSpec(
        name="eventbrite",
        title="Eventbrite",
        base_url="https://www.eventbriteapi.com/v3",
        authenticate=key_as_bearer,
        budget=Budget(requests=2000, minutes=60),
        key_help="eventbrite.com/platform/api-keys → private token (not the API key)",
        capabilities=Capabilities(
            reads_pricing=True,
            reads_attendees=True,
            writes_events=True,
            writes_pricing=True,
            webhooks=True,
            real_time_sales=True,
            recurring=True,
            reserved_seating=True,
            promo_codes=True,
        ),
        personal_fields=frozenset(
            (
                *("email", "emails", "first_name", "last_name", "profile", "answers"),
                *("questions", "survey", "team", "affiliate", "guestlist_id"),
                *("invited_by", "barcode", "addresses"),
            )
        ),
        code_fields=frozenset(("barcode",)),
        personal_beside_email=frozenset(("name",)),
        tells_fees=True,
        explain=explain,
        oauth=_oauth,
        global_ids=frozenset((OCCURRENCE, ORDER)),
    )
    tells_changes: ClassVar[bool] = True

    def __init__(self, api: ApiClient, options: Options) -> None:
        self.api = api
        self._known: list[Raw] | None = None

    # The half that talks

    def identify(self) -> records.Identity:
        me = self.api.get("/users/me/")
        organisations = list(self._organisations())
        names = ", ".join(str(row.get("name") or row["id"]) for row in organisations)
        return records.Identity(
            str(me.get("id") or "") or None, names, owners=tuple(self.owners())
        )

    def owners(self) -> Sequence[str]:
        return [str(row["id"]) for row in self._organisations()]

    def fetch_events(self) -> Iterator[Page]:
        query = {"status": EVERY_STATUS}
        for organisation in self._organisations():
            path = f"/organizations/{organisation['id']}/events/"
            for rows in self._expanded(path, "events", query, "venue"):
                yield Page("event", rows)

    def fetch_orders(self, event_id: str, bookmark: str | None) -> Iterator[Page]:
        return self._orders(f"/events/{event_id}/orders/", {})

    def fetch_all_orders(
        self, bookmark: str | None, extent: Extent, *, workers: int
    ) -> Iterator[Page]:
        for organisation in self._organisations():
            yield from self._orders(f"/organizations/{organisation['id']}/orders/", {})

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]:
        since = clock.from_iso(watermark)
        if self.api.is_ahead(since):
            yield from self.fetch_all_orders(None, Extent(0), workers=1)
            return
        query = {"changed_since": f"{since - OVERLAP:%Y-%m-%dT%H:%M:%SZ}"}
        for organisation in self._organisations():
            path = f"/organizations/{organisation['id']}"
            told: set[str] = set()
            for page in self._orders(f"{path}/orders/", query):
                told.update(str(raw["id"]) for raw in page.records)
                yield page
            yield from self._orders_of_changed_attendees(path, watermark, told)

    def fetch_order(self, order_id: str, occurrence_id: str) -> Raw:
        found: Raw = self.api.get(f"/orders/{order_id}/", {"expand": "attendees"})
        return found

    webhooks: ClassVar[HookCard] = HookCard(
        is_signed=False,
        key_help="",
        steps=(
            "eventbrite.com/account-settings/webhooks",
            "add a webhook with the address {url} for all events",
            "choose order.*, attendee.*, event.*",
            "keep the address to yourself: Eventbrite signs nothing",
        ),
    )

    @staticmethod
    def verify(delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """
        Eventbrite signs nothing: whoever knows the path may hint, and a hint only makes
        us ask Eventbrite itself.
        """

    @staticmethod
    def hint(delivery: Delivery) -> Hint:
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

    def watermark_of(self, raw: Raw) -> str:
        attendees = raw.get("attendees") or ()
        moments = [raw.get("changed"), *(a.get("changed") for a in attendees)]
        told = (reading.sortable(m) for m in moments if isinstance(m, str))
        return max(told, default="")

    def event_of(self, raw: Raw) -> str:
        return str(raw.get("event_id") or "")

    def _organisations(self) -> list[Raw]:
        """
        The organisations this token belongs to, in the order of their ids.
        """
        if self._known is not None:
            return self._known
        found = [
            row
            for rows in self._pages("/users/me/organizations/", "organizations", {})
            for row in rows
        ]
        if not found:
            raise AuthenticationFailed(
                f"Account {self.api.account!r}: this Eventbrite user belongs to no "
                "organisation, so there are no sales to read.",
                hint="Use the private token of a user who is a member of the venue's "
                "organisation.",
                word="no-organisation",
            )
        self._known = sorted(found, key=lambda row: str(row["id"]))
        return self._known

    def _orders(self, path: str, query: Mapping[str, str]) -> Iterator[Page]:
        attendees: dict[str, dict[str, list[Raw]]] = {}
        asked = {"status": "both", **query}
        for rows in self._expanded(path, "orders", asked, "attendees"):
            for row in rows:
                if not isinstance(row.get("attendees"), list):
                    event = str(row.get("event_id") or "")
                    if event not in attendees:
                        attendees[event] = self._attendees_by_order(event)
                    row["attendees"] = attendees[event].get(row["id"], [])
            yield Page("order", rows)

    def _attendees_by_order(self, event_id: str) -> dict[str, list[Raw]]:
        found: dict[str, list[Raw]] = {}
        for rows in self._pages(f"/events/{event_id}/attendees/", "attendees", {}):
            for row in rows:
                found.setdefault(str(row.get("order_id")), []).append(row)
        return found

    def _orders_of_changed_attendees(
        self, path: str, watermark: str, told: set[str]
    ) -> Iterator[Page]:
        """
        Orders of which only an attendee changed, by a check-in for instance.
        """
        query = {"changed_since": watermark}
        wanted: dict[str, None] = {}
        for rows in self._pages(f"{path}/attendees/", "attendees", query):
            for row in rows:
                if str(row.get("changed") or "") > watermark:
                    wanted[str(row.get("order_id"))] = None
        for order_id in wanted:
            if order_id not in told:
                yield Page("order", [self.fetch_order(order_id, "")])

    def _expanded(
        self, path: str, key: str, query: Mapping[str, str], expand: str
    ) -> Iterator[list[dict[str, Any]]]:
        """
        A list with an expansion, or without it where the platform fails at that.
        """
        begun = False
        try:
            for rows in self._pages(path, key, {**query, "expand": expand}):
                begun = True
                yield rows
        except Rejected as refused:
            if refused.code != "EXPANSION_FAILED" or begun:
                raise
            yield from self._pages(path, key, query)

    def _pages(
        self, path: str, key: str, query: Mapping[str, str]
    ) -> Iterator[list[dict[str, Any]]]:
        """
        The pages of a list; ends where the envelope says so (F01), never early (F02).
        """
        place: dict[str, str | int] = {}
        is_promised = False
        seen: set[str] = set()
        while True:
            try:
                envelope = self.api.get(path, {**query, **place})
            except Rejected as refused:
                ends = refused.code in ("BAD_PAGE", "BAD_CONTINUATION_TOKEN")
                if ends and place and not is_promised:
                    return
                raise
            rows = rows_of(self.api, envelope, key)
            fresh = {row["id"] for row in rows} - seen
            if rows and not fresh:
                raise self.api.nonsense(
                    f"repeats the same page of {path} for ever", "pagination-loop"
                )
            seen |= fresh
            yield rows
            told = envelope.get("pagination") or {}
            following = _following(told)
            if following is None or not rows:
                return
            is_promised = told.get("has_more_items") is True
            place = following

    def register_webhook(self, url: str) -> Registered:
        """
        One for each organisation of the account.
        """
        found = []
        for organisation in self._organisations():
            answer = self.api.tell(
                f"/organizations/{organisation['id']}/webhooks/",
                form={"endpoint_url": url, "actions": ",".join(HOOK_ACTIONS)},
            )
            found.append(reading.text(answer or {}, "id"))
        return Registered(",".join(found))

    # The half that understands

    def read_event(self, raw: Raw) -> records.Event:
        name = reading.text(reading.mapping(raw, "name"), "text")
        url = reading.text_or_none(raw, "url")
        event_id = reading.text(raw, "id")
        if raw.get("is_series_parent"):
            return records.Event(event_id, name, url)
        series = reading.text_or_none(raw, "series_id")
        occurrence = _read_occurrence(raw, event_id, series or event_id, name, url)
        return records.Event(
            series or event_id, name, url, (occurrence,), is_listing=series is None
        )

    def with_earlier(self, raw: Raw, earlier: Sequence[Raw]) -> Raw:
        """
        The record with the highest costs ever told, for the order and each attendee;
        attendees it no longer has are put back as not attending.
        """
        versions = [*earlier, raw]
        held: dict[str, dict[str, Any]] = {}
        for version in versions:
            for attendee in version.get("attendees") or ():
                found = held.setdefault(str(attendee.get("id")), {})
                first = _dearer(found.get("first_costs"), attendee.get("costs"))
                found.clear()
                found.update(attendee, first_costs=first)
        now = {str(a.get("id")) for a in raw.get("attendees") or ()}
        costs = None
        for version in versions:
            costs = _dearer(costs, version.get("costs"))
        return {
            **raw,
            "first_costs": costs,
            "attendees": [
                attendee if id_ in now else {**attendee, "status": "Deleted"}
                for id_, attendee in held.items()
            ],
        }

    def read_people(self, raw: Raw) -> records.People:
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

    def read_order(self, raw: Raw) -> records.Order:
        told = reading.text_or_none(raw, "status") or "placed"
        status = reading.word({"status": told}, "status", ORDER_STATUS)
        now = _Costs(raw.get("costs"), raw)
        first = _Costs(raw.get("first_costs") or raw.get("costs"), raw)
        attendees = reading.rows(raw, "attendees")
        tickets = tuple(_read_tickets(attendees, first))
        is_paid = status is not OrderStatus.PENDING and told not in NEVER_PAID
        charged = first.gross if is_paid else 0
        known = sum(t.face + t.fee for t in tickets) + first.tax
        refunded, is_guessed = _refunded(told, attendees, first, now, is_paid)
        return records.Order(
            id=reading.text(raw, "id"),
            occurrence_id=reading.text(raw, "event_id"),
            status=status,
            placed_at=clock.from_iso(reading.text(raw, "created")),
            currency=first.currency,
            total=first.gross,
            charged=charged,
            tickets=tickets,
            tax=first.tax,
            tax_on_top=True,
            addons=max(0, first.gross - known),
            discounts=first.discount,
            fees=now.fees if is_paid else (),
            refunds=(records.Refund(str(raw["id"]), refunded),) if refunded else (),
            doubt=_doubt(first, known, refunded, attendees, is_guessed=is_guessed),
        )


def _following(told: Mapping[str, Any]) -> dict[str, str | int] | None:
    """
    How to ask for the next page, or `None` if the envelope says that this is the last.
    """
    token, number = told.get("continuation"), told.get("page_number")
    count = told.get("page_count")
    if "has_more_items" in told:
        goes_on = told["has_more_items"] is True
    elif isinstance(number, int) and isinstance(count, int):
        goes_on = number < count
    else:
        goes_on = bool(token)
    if not goes_on:
        return None
    if token:
        return {"continuation": str(token)}
    return {"page": number + 1} if isinstance(number, int) else None


def _read_occurrence(
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


class _Costs:
    """
    The `costs` of an order or attendee in minor units:
    gross = base_price + eventbrite_fee + payment_fee + tax.
    """

    def __init__(self, raw: Any, order: Raw, currency: str = "") -> None:
        if raw is None:
            # Free tickets may come without costs; the order must have some.
            raw = {"gross": {"value": 0, "currency": currency}} if currency else {}
        gross = reading.mapping(raw, "gross")
        self.currency = reading.text(gross, "currency").upper()
        money.exponent(self.currency)
        if currency and self.currency != currency:
            raise UnreadableRecord(f"it is in {self.currency} and {currency}")
        self._raw = raw
        self.gross = self._of("gross")
        self.base = self._of("base_price")
        self.tax = self._of("tax")
        self.service = self._of("eventbrite_fee")
        self.processing = self._of("payment_fee")
        self.discount = self._of("discount_amount")
        self.shown = self._of("display_price") if "display_price" in raw else None

    def _of(self, name: str) -> int:
        told = self._raw.get(name)
        return 0 if told is None else reading.whole(told, "value")

    @property
    def adds_up(self) -> bool:
        return self.gross == self.base + self.service + self.processing + self.tax

    @property
    def fees(self) -> tuple[records.Fee, ...]:
        named = ("Eventbrite fee", self.service), ("Payment fee", self.processing)
        return tuple(records.Fee(name, amount) for name, amount in named if amount)


def _dearer(a: Any, b: Any) -> Any:
    """
    Of two costs the one with the higher gross, the earlier if they are alike.
    """

    def gross(costs: Any) -> int:
        told = (costs or {}).get("gross") or {}
        value = told.get("value")
        return value if type(value) is int else -1

    return b if gross(b) > gross(a) else a


def _read_tickets(attendees: list[Raw], first: _Costs) -> Iterator[records.Ticket]:
    costs = [
        _Costs(a.get("first_costs") or a.get("costs"), a, first.currency)
        for a in attendees
    ]
    # Fees that the venue bears are inside the price that the buyer saw.
    inside = max(0, first.shown - first.base) if first.shown is not None else 0
    fees = [c.service + c.processing for c in costs]
    borne = money.split(min(inside, sum(fees)), fees) if costs else []
    for raw, cost, fee, part in zip(attendees, costs, fees, borne, strict=True):
        said = str(raw.get("status") or "").lower()
        is_void = bool(raw.get("cancelled") or raw.get("refunded")) or said in ABSENT
        yield records.Ticket(
            id=reading.text(raw, "id"),
            occurrence_id=reading.text(raw, "event_id"),
            type_id=str(raw.get("ticket_class_id") or ""),
            type_name=reading.text_or_none(raw, "ticket_class_name") or "Ticket",
            status=TicketStatus.VOID if is_void else TicketStatus.VALID,
            checked_in=bool(raw.get("checked_in")),
            face=cost.base + part,
            fee=fee - part,
            code=reading.code(*(b.get("barcode") for b in raw.get("barcodes") or ())),
        )


def _refunded(
    told: str, attendees: list[Raw], first: _Costs, now: _Costs, is_paid: bool
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
        costs = (
            _Costs(a.get("first_costs") or a.get("costs"), a, first.currency)
            for a in marked
        )
        return sum(cost.gross for cost in costs), True
    return (first.gross, True) if told == "refunded" else (0, False)


def _doubt(
    first: _Costs,
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
