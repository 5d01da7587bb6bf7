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
  that whatever moves money moves the order's or an attendee's;
- that an order that nobody has paid yet (pay by cheque, by invoice, at the door) has
  attendees `Unpaid`, and that they become `Attending` once it is paid: the order
  counts nowhere until then;
- that a list of attendees without `status` holds all of them;
- that attendees come with `expand=attendees` in a list: where they are missing, the
  event's attendees are read;
- that fees come back with a refund: the costs as they are now tell what was kept;
- that an order's gross is the sum of its attendees' apart from merchandise and
  donations: what is left counts as an add-on, less than nothing marks the order;
- an order without a status counts as placed;
- the form of the dashboard address.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from ticketsync.core import clock, money, records
from ticketsync.core.completeness import is_mostly_missing
from ticketsync.core.errors import (
    CONTRADICTION,
    AuthenticationFailed,
    UnreadableRecord,
)
from ticketsync.core.records import OccurrenceStatus, OrderStatus, TicketStatus
from ticketsync.core.redact import Secret, safe
from ticketsync.net import hooks
from ticketsync.net.client import ApiClient, ErrorExplanation, Rejected
from ticketsync.net.hooks import Delivery, Hint, HookCard
from ticketsync.net.paging import rows_of
from ticketsync.providers import reading
from ticketsync.providers.base import (
    LISTING,
    ORDER,
    Budget,
    Capabilities,
    CrossCheck,
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


class Standing(Enum):
    """
    Whether an attendee comes: paid (or free), not paid yet, or not coming any more.
    """

    ATTENDING = "attending"
    UNPAID = "unpaid"
    ABSENT = "absent"


ATTENDEE_STATUS = {
    "attending": Standing.ATTENDING,
    "checked in": Standing.ATTENDING,
    "unpaid": Standing.UNPAID,
    "not attending": Standing.ABSENT,
    "deleted": Standing.ABSENT,
}
SURELY_LISTED = ("attending", "checked in")
EVERY_STATUS = "draft,live,started,ended,completed,canceled"
OVERLAP = timedelta(minutes=5)
# Orders of which only an attendee changed are fetched one by one: a shorter overlap.
CHECK_IN_OVERLAP = timedelta(minutes=1)
_THEIR_ADDRESS = re.compile(
    r"https://www\.eventbriteapi\.com/v3/"
    r"(?:events/[0-9]{1,20}/?|(?:events/[0-9]{1,20}/)?orders/(?P<order>[0-9]{1,20})/?"
    r"|events/[0-9]{1,20}/attendees/(?P<attendee>[0-9]{1,20}(?:-[0-9]{1,10})?)/?)"
)


def explain(status: int, body: Mapping[str, Any]) -> ErrorExplanation | None:
    """
    What an error answer means. Paths and codes: section 4 of the platform's docs.
    """
    code = str(body.get("error") or "")
    if code in ("INVALID_AUTH", "INVALID_AUTH_HEADER", "NO_AUTH", "ACCESS_DENIED"):
        return ErrorExplanation(
            "Eventbrite does not take this for a private token",
            "Of the three on the platform page, paste the private token; the API key "
            "and the client secret are for apps.",
        )
    if code == "NOT_AUTHORIZED":
        return ErrorExplanation(
            "this Eventbrite token may not read that",
            "A public token reads public data only: paste the private token, of a "
            "member who may see orders.",
        )
    if code in ("BAD_PAGE", "BAD_CONTINUATION_TOKEN", "EXPANSION_FAILED"):
        return ErrorExplanation(f"answered {code}", code=code)
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
        reports_fees=True,
        explain=explain,
        oauth=_oauth,
        global_ids=frozenset((LISTING, ORDER)),
    )
    reports_changes: ClassVar[bool] = True

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

    def parts(self) -> Sequence[str]:
        return self.owners()

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
            path = f"/organizations/{organisation['id']}"
            held, coming = 0, 0
            for page in self._orders(f"{path}/orders/", {}):
                for raw in page.records:
                    held += len(raw.get("attendees") or ())
                    coming += _number_coming(raw)
                yield page
            checks = self._compare_attendees(f"{path}/attendees/", held, coming)
            yield Page("order", [], cross_checks=checks)

    def _compare_attendees(
        self, path: str, held: int, coming: int
    ) -> Sequence[CrossCheck]:
        """
        An organisation's orders must hold about as many attendees as the list of them
        counts, of which one page is read. Half of them will do, since it is not stated
        which of them that list holds without a `status`: of orders those that are
        `coming` at least.
        """
        envelope = self.api.get(path)
        rows = rows_of(self.api, envelope, "attendees")
        count = (envelope.get("pagination") or {}).get("object_count")
        number = count if type(count) is int else len(rows)
        counted = CrossCheck(
            f"counted {path}", number, number - held, f"attendees that {path} counts"
        )
        named = CrossCheck(
            f"held {path}", coming, coming - number, "attendees of orders", path
        )
        return counted, named

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]:
        since = clock.from_iso(watermark)
        if self.api.is_ahead(since):
            yield from self.fetch_all_orders(None, Extent(0), workers=1)
            return
        edge = f"{since - OVERLAP:%Y-%m-%dT%H:%M:%SZ}"
        shows_anything = False
        for organisation in self._organisations():
            path = f"/organizations/{organisation['id']}"
            recent = _Recent(watermark, edge)
            for page in self._orders(f"{path}/orders/", {"changed_since": edge}):
                recent.note(page.records)
                yield page
            yield from self._orders_of_changed_attendees(path, recent)
            shows_anything = shows_anything or bool(recent.order_ids)
        if not shows_anything:
            raise self.api.invalid_response(
                f"shows no change since {edge}, though its newest was of {watermark}",
                "list-incomplete",
            )

    def fetch_order(self, order_id: str, occurrence_id: str) -> Raw:
        found: dict[str, Any] = self.api.get(
            f"/orders/{order_id}/", {"expand": "attendees"}
        )
        if not isinstance(found.get("attendees"), list):
            event = str(found.get("event_id") or "")
            found["attendees"] = self._attendees_by_order(event).get(order_id, [])
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

    def provider_occurrence_id_of(self, raw: Raw) -> str:
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
            none = AuthenticationFailed(
                f"Account {self.api.account!r}: this Eventbrite user belongs to no "
                "organisation, so there are no sales to read.",
                hint="Use the private token of a user who is a member of the venue's "
                "organisation.",
                word="no-organisation",
            )
            none.parks = False  # the list may be whole again at the next run
            raise none
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
        self, path: str, recent: _Recent
    ) -> Iterator[Page]:
        """
        Orders of which only an attendee changed, by a check-in for instance.

        Raises `ProviderNonsense` if one list lacks most of what the other one shows.
        """
        edge = _seconds_before(recent.watermark, CHECK_IN_OVERLAP)
        query = {"changed_since": edge}
        wanted: dict[str, None] = {}
        listed: set[str] = set()
        for rows in self._pages(f"{path}/attendees/", "attendees", query):
            for row in rows:
                listed.add(row["id"])
                if reading.sortable(str(row.get("changed") or "")) >= edge:
                    wanted[str(row.get("order_id"))] = None
        coming = {id_ for id_, changed in recent.coming.items() if changed >= edge}
        if is_mostly_missing(len(coming - listed), len(coming)):
            raise self.api.incomplete(f"{path}/attendees/", len(listed), len(coming))
        others = [id_ for id_ in wanted if id_ not in recent.order_ids]
        for order_id in others:
            order = self.fetch_order(order_id, "")
            recent.note_alone(order)
            yield Page("order", [order])
        self._refuse_lacking(path, recent)

    def _refuse_lacking(self, path: str, recent: _Recent) -> None:
        if recent.lacking > recent.shown:
            raise self.api.invalid_response(
                f"lacks {recent.lacking} orders in {path}/orders/ that changed since "
                f"{recent.edge}",
                "list-incomplete",
            )

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
        The pages of a list. Objects move between pages while they are read, so a list
        with fewer than its `object_count` is read once more (F03).

        Raises `ProviderNonsense` if it is shorter than promised even then.
        """
        found: set[str] = set()
        for _ in range(2):
            promised: list[int] = []
            for envelope in self._envelopes(path, key, query):
                rows = [row for row in envelope[key] if row["id"] not in found]
                found |= {row["id"] for row in rows}
                if rows or not promised:
                    yield rows
                # What is sold meanwhile adds to it: only what it began with counts.
                count = (envelope.get("pagination") or {}).get("object_count")
                promised.append(count if type(count) is int else 0)
            if len(found) >= min(promised):
                return
        raise self.api.incomplete(path, len(found), min(promised))

    def _envelopes(
        self, path: str, key: str, query: Mapping[str, str]
    ) -> Iterator[dict[str, Any]]:
        """
        The answers of a list, each with rows below `key`; ends where the envelope says
        so (F01), never early (F02).
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
                raise self.api.invalid_response(
                    f"repeats the same page of {path} for ever", "pagination-loop"
                )
            seen |= fresh
            yield envelope
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
            answer = self.api.post(
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
        The record with the highest costs that were ever paid, for the order and each
        attendee, and with what was never paid at all; attendees it no longer has are
        put back as not attending.
        """
        order = _History()
        attendees: dict[str, _History] = {}
        for version in [*earlier, raw]:
            rows = version.get("attendees") or ()
            for row in rows:
                history = attendees.setdefault(str(row.get("id")), _History())
                history.add(row, _past_standing(row, version))
            now = [attendees[str(row.get("id"))] for row in rows]
            order.add(version, _standing_of_order(version, now))
        listed = {str(row.get("id")) for row in raw.get("attendees") or ()}
        return {
            **raw,
            "lost": _unexplained(raw, attendees, listed),
            "first_costs": order.first_costs,
            "is_unpaid": order.is_unpaid,
            "attendees": [
                history.attendee(is_listed=id_ in listed)
                for id_, history in attendees.items()
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
        whole = _Costs.charged(raw)
        first = whole.without(_Costs.charged(row, whole.currency) for row in owed)
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


def _seconds_before(moment: str, span: timedelta) -> str:
    return f"{clock.from_iso(moment) - span:%Y-%m-%dT%H:%M:%SZ}"


class _Recent:
    """
    What an organisation's `shown` orders, changed since `edge`, say: their `order_ids`,
    and as `coming` their attendees that are to come, with when each of them changed;
    `lacking` counts the orders that the list should have shown and that were found
    without it.
    """

    def __init__(self, watermark: str, edge: str) -> None:
        self.watermark = watermark
        self.edge = edge
        self.order_ids: set[str] = set()
        self.coming: dict[str, str] = {}
        self.shown = 0
        self.lacking = 0
        self._newest = watermark

    def note(self, orders: Iterable[Raw]) -> None:
        for order in orders:
            self.shown += 1
            self.order_ids.add(str(order["id"]))
            self._newest = max(self._newest, _changed_at(order))
            for attendee in order.get("attendees") or ():
                if _is_surely_coming(attendee):
                    self.coming[str(attendee.get("id"))] = _changed_at(attendee)

    def note_alone(self, order: Raw) -> None:
        """
        What changed after the list was read cannot have been in it.
        """
        self.order_ids.add(str(order.get("id")))
        if self.edge < _changed_at(order) <= self._newest:
            self.lacking += 1


def _is_surely_coming(attendee: Raw) -> bool:
    """
    Whether every list of attendees has it.
    """
    return str(attendee.get("status")).lower() in SURELY_LISTED


def _number_coming(order: Raw) -> int:
    return sum(map(_is_surely_coming, order.get("attendees") or ()))


def _changed_at(row: Raw) -> str:
    return reading.sortable(str(row.get("changed") or ""))


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


def _standing(attendee: Raw, order: Raw) -> Standing:
    """
    Raises `UnreadableRecord` for a status that we do not know, as `Transferred`.
    """
    said = attendee.get("status") or ""
    standing = ATTENDEE_STATUS.get(str(said).lower()) if said else Standing.ATTENDING
    if standing is None:
        raise UnreadableRecord(
            f"the status of attendee {safe(attendee.get('id'), longest=60)} is "
            f"{safe(said, longest=60)!r}, which we do not know",
            word="unknown-status",
        )
    if standing is Standing.UNPAID or _is_pending(order):
        return Standing.UNPAID
    if attendee.get("cancelled") or attendee.get("refunded"):
        return Standing.ABSENT
    return standing


def _is_pending(order: Raw) -> bool:
    return ORDER_STATUS.get(_status_of(order)) is OrderStatus.PENDING


def _status_of(order: Raw) -> str:
    return str(order.get("status") or "placed").lower()


class _History:
    """
    What the versions of an order, or of one attendee, say in the order they came.

    `first_costs` are the highest costs since it was paid, because costs shrink when
    money goes back; what changes before that was never charged. `is_unpaid`: it was not
    paid when it was last there.
    """

    def __init__(self) -> None:
        self.first_costs: Any = None
        self.is_unpaid = False
        self._latest: Raw = {}
        self._standing = Standing.ABSENT

    def add(self, version: Raw, standing: Standing) -> None:
        self._latest = version
        self._standing = standing
        if standing is not Standing.ABSENT:
            self.is_unpaid = standing is Standing.UNPAID
        if self.is_unpaid:
            self.first_costs = None
        else:
            self.first_costs = _higher_cost(self.first_costs, version.get("costs"))

    @property
    def is_coming(self) -> bool:
        """
        Whether it was to come when it was last there, paid or not.
        """
        return self._standing is not Standing.ABSENT

    @property
    def gross(self) -> int:
        """
        What it cost when it was last there, in minor units; -1 where nobody tells.
        """
        return _gross(self._latest.get("costs"))

    def attendee(self, *, is_listed: bool) -> Raw:
        """
        The attendee as it is now; one that is not listed any more does not attend.
        """
        found = {**self._latest, "first_costs": self.first_costs}
        found["is_unpaid"] = self.is_unpaid
        if not is_listed:
            found["status"] = "Deleted"
        return found


def _unexplained(
    order: Raw, attendees: Mapping[str, _History], listed: Collection[str]
) -> list[str]:
    """
    The attendees that the order no longer lists and that came until then, unless its
    costs are what those of the listed ones come to: then they were taken off it. Of
    a paid order the last one is not: its costs shrink when money goes back, too.
    """
    gone = [
        id_
        for id_, history in attendees.items()
        if id_ not in listed and history.is_coming
    ]
    rows = order.get("attendees") or ()
    left = sum(max(0, _gross(row.get("costs"))) for row in rows)
    lost = sum(max(0, attendees[id_].gross) for id_ in gone)
    is_cheaper = lost > 0 and _gross(order.get("costs")) < left + lost
    was_unpaid = all(attendees[id_].is_unpaid for id_ in gone)
    return [] if is_cheaper and (rows or was_unpaid) else sorted(gone)


def _refuse_missing_attendees(
    order: Raw, status: OrderStatus, attendees: Sequence[Raw]
) -> None:
    """
    An order that is placed has attendees, and none of them goes away by itself.
    """
    if status is not OrderStatus.PAID or _status_of(order) == "refunded":
        return
    for id_ in order.get("lost") or ():
        raise UnreadableRecord(
            f"Eventbrite no longer lists its attendee {safe(id_, longest=60)}",
            word=CONTRADICTION,
        )
    if not attendees:
        raise UnreadableRecord("Eventbrite lists no attendee of it", word=CONTRADICTION)


def _past_standing(attendee: Raw, order: Raw) -> Standing:
    """
    The same of any version: one that could not be read today says nothing new.
    """
    try:
        return _standing(attendee, order)
    except UnreadableRecord:
        return Standing.ABSENT


def _standing_of_order(order: Raw, attendees: Sequence[_History]) -> Standing:
    if _is_pending(order) or (attendees and all(a.is_unpaid for a in attendees)):
        return Standing.UNPAID
    if ORDER_STATUS.get(_status_of(order)) is OrderStatus.CANCELLED:
        return Standing.ABSENT
    return Standing.ATTENDING


def _is_unpaid(attendee: Raw, order: Raw) -> bool:
    """
    Whether nobody has paid for it, as far as its versions, or this one, tell.
    """
    if "is_unpaid" in attendee:
        return bool(attendee["is_unpaid"])
    return _standing(attendee, order) is Standing.UNPAID


def _is_among(attendee: Raw, some: Sequence[Raw]) -> bool:
    return any(attendee is other for other in some)


class _Costs:
    """
    The `costs` of an order or attendee in minor units:
    gross = base_price + eventbrite_fee + payment_fee + tax.
    """

    def __init__(self, raw: Any, currency: str = "") -> None:
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

    @property
    def reported_tax(self) -> int | None:
        return None if self._raw.get("tax") is None else self.tax

    @staticmethod
    def charged(raw: Raw, currency: str = "") -> _Costs:
        """
        What was charged for an order or an attendee before any money went back.
        """
        return _Costs(raw.get("first_costs") or raw.get("costs"), currency)

    def _of(self, name: str) -> int:
        told = self._raw.get(name)
        return 0 if told is None else reading.whole(told, "value")

    def without(self, others: Iterable[_Costs]) -> _Costs:
        """
        What is left when these, which are part of it, are taken out.
        """
        left = copy.copy(self)
        for other in others:
            for name in ("gross", "base", "tax", "service", "processing"):
                setattr(left, name, getattr(left, name) - getattr(other, name))
        return left

    @property
    def adds_up(self) -> bool:
        return self.gross == self.base + self.service + self.processing + self.tax

    @property
    def fees(self) -> tuple[records.Fee, ...]:
        """
        A fee that is left out is none where the rest adds up to the gross, else it is
        unknown.
        """
        found = []
        for name, field, amount in (
            ("Eventbrite fee", "eventbrite_fee", self.service),
            ("Payment fee", "payment_fee", self.processing),
        ):
            is_unknown = self._raw.get(field) is None and not self.adds_up
            if amount or is_unknown:
                found.append(records.Fee(name, None if is_unknown else amount))
        return tuple(found)


def _higher_cost(a: Any, b: Any) -> Any:
    """
    Of two costs the one with the higher gross, the earlier if they are alike.
    """

    return b if _gross(b) > _gross(a) else a


def _gross(costs: Any) -> int:
    """
    The gross of some costs in minor units; -1 where nobody tells.
    """
    gross = (costs or {}).get("gross") or {}
    value = gross.get("value")
    return value if type(value) is int else -1


def _paid_now(raw: Raw, unpaid: Sequence[Raw], paid: _Costs) -> _Costs:
    """
    The present costs of what was `paid` of an order. Those of an unpaid attendee are
    among the order's, until it is taken off; whether they are still there after that
    nobody tells, so no more than what was paid is believed.
    """
    now = _Costs(raw.get("costs"))
    owed = [row for row in unpaid if _standing(row, raw) is Standing.UNPAID]
    left = now.without(_Costs(row.get("costs"), paid.currency) for row in owed)
    if left.gross <= paid.gross:
        return left
    rest = [row for row in unpaid if not _is_among(row, owed)]
    return left.without(_Costs(row.get("costs"), paid.currency) for row in rest)


def _read_tickets(
    attendees: list[Raw], whole: _Costs, unpaid: list[Raw]
) -> Iterator[records.Ticket]:
    """
    The tickets with their parts of the `whole` order; an `unpaid` one beside paid ones
    has none, and admits nobody.
    """
    costs = [_Costs.charged(a, whole.currency) for a in attendees]
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
    is_absent = _standing(attendee, {}) is Standing.ABSENT
    return is_absent or bool(attendee.get("cancelled") or attendee.get("refunded"))


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
        costs = (_Costs.charged(a, first.currency) for a in marked)
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
