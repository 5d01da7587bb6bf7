"""
Eventbrite's lists. They are paged by continuation token and may shift while they are
read; orders that changed are found by the order list and by the attendee list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ticketsync.core import clock, records
from ticketsync.core.errors import (
    AuthenticationFailed,
    ConfigurationError,
    Forbidden,
    TicketsyncError,
    UnknownResource,
)
from ticketsync.core.shrunken_lists import is_mostly_missing
from ticketsync.net.api_errors import Rejected
from ticketsync.net.client import ApiClient
from ticketsync.net.paging import Row, RowPage, by_cursor, rows_of
from ticketsync.providers import reading
from ticketsync.providers.account_parts import AccountParts
from ticketsync.providers.base import (
    CrossCheck,
    Options,
    OrderEstimate,
    Page,
    Raw,
    Registered,
)
from ticketsync.providers.eventbrite.attendance import (
    changed_at,
    count_attending,
)
from ticketsync.providers.eventbrite.recent_orders import RecentOrders
from ticketsync.providers.eventbrite.spec import EVERY_STATUS, HOOK_ACTIONS, SKIPPED

OVERLAP = timedelta(minutes=5)
# Orders of which only an attendee changed are fetched one by one: a shorter overlap.
CHECK_IN_OVERLAP = timedelta(minutes=1)


class EventbriteFetcher:
    """
    Reads lists and single records; what they mean is for `parse`. Every method raises
    the client's errors, and `AuthenticationFailed` for a user without organisation.
    """

    def __init__(self, api: ApiClient, options: Options) -> None:
        self.api = api
        self._cached_organisations: list[Raw] | None = None
        skipped = options.get(SKIPPED, "").split(",")
        self._skipped = frozenset(part.strip() for part in skipped if part.strip())
        self._parts = AccountParts("Eventbrite", "organisation", self._advice)

    def _advice(self, organisation_id: str) -> str:
        skipped = ",".join([*sorted(self._skipped), organisation_id])
        return (
            "Let one of its members who may see orders connect it, ask to be given "
            "that right, or leave it out: `ticketsync accounts set "
            f"{self.api.account} {SKIPPED}={skipped}`."
        )

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

    def refused_parts(self) -> Mapping[str, str]:
        return self._parts.refused

    def left_out_parts(self) -> frozenset[str]:
        return self._skipped

    def _read_ids(self) -> Sequence[str]:
        """
        Raises `ConfigurationError` where every organisation is left out.
        """
        ids = [id_ for id_ in self.owners() if id_ not in self._skipped]
        if not ids:
            raise ConfigurationError(
                f"Account {self.api.account!r}: {SKIPPED} leaves out every "
                "organisation of this Eventbrite user; there are no sales to read.",
                hint=f"Run `ticketsync accounts set {self.api.account} {SKIPPED}=`, or "
                f"`ticketsync accounts pause {self.api.account}`.",
            )
        return ids

    def fetch_events(self) -> Iterator[Page]:
        query = {"status": EVERY_STATUS}
        expansions = ("venue,ticket_classes", "venue")

        def pages_of(organisation_id: str) -> Iterator[Page]:
            path = f"/organizations/{organisation_id}/events/"
            for rows in self._expanded(path, "events", query, *expansions):
                yield Page("event", rows)

        return self._parts.read(self._read_ids(), pages_of)

    def fetch_orders(
        self, provider_occurrence_id: str, bookmark: str | None
    ) -> Iterator[Page]:
        return self._orders(f"/events/{provider_occurrence_id}/orders/", {})

    def fetch_all_orders(
        self, bookmark: str | None, estimate: OrderEstimate, *, workers: int
    ) -> Iterator[Page]:
        return self._parts.read(self._read_ids(), self._all_orders_of)

    def _all_orders_of(self, organisation_id: str) -> Iterator[Page]:
        path = f"/organizations/{organisation_id}"
        attendees, attending = 0, 0
        for page in self._orders(f"{path}/orders/", {}):
            for raw in page.records:
                attendees += len(raw.get("attendees") or ())
                attending += count_attending(raw)
            yield page
        checks = self._compare_attendees(f"{path}/attendees/", attendees, attending)
        yield Page("order", [], cross_checks=checks)

    def _compare_attendees(
        self, path: str, attendees: int, attending: int
    ) -> Sequence[CrossCheck]:
        """
        An organisation's orders must hold about as many attendees as the list of them
        counts, of which one page is read.

        Half of them will do, since it is undocumented which attendees that list holds
        without a `status`: those of orders that are `attending` at least.
        """
        envelope = self.api.get(path)
        rows = rows_of(self.api, envelope, "attendees")
        count = (envelope.get("pagination") or {}).get("object_count")
        listed = count if type(count) is int else len(rows)
        in_list = CrossCheck(
            f"counted {path}",
            listed,
            listed - attendees,
            f"attendees that {path} counts",
        )
        in_orders = CrossCheck(
            f"held {path}", attending, attending - listed, "attendees of orders", path
        )
        return in_list, in_orders

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]:
        """
        Raises `InvalidResponse` if it lists not even the order of the watermark,
        although every organisation can be read.
        """
        since = clock.from_iso(watermark)
        if self.api.is_ahead(since):
            yield from self.fetch_all_orders(None, OrderEstimate(0), workers=1)
            return
        changed_since = f"{since - OVERLAP:%Y-%m-%dT%H:%M:%SZ}"
        found: list[RecentOrders] = []

        def pages_of(organisation_id: str) -> Iterator[Page]:
            path = f"/organizations/{organisation_id}"
            recent = RecentOrders(watermark, changed_since)
            found.append(recent)
            query = {"changed_since": changed_since}
            for page in self._orders(f"{path}/orders/", query):
                recent.add_listed(page.records)
                yield page
            yield from self._orders_of_changed_attendees(path, recent)

        yield from self._parts.read(self._read_ids(), pages_of)
        if not self._parts.refused and not any(recent.order_ids for recent in found):
            raise self.api.lists_no_change(changed_since, watermark)

    def fetch_order(self, provider_order_id: str, provider_occurrence_id: str) -> Raw:
        order: dict[str, Any] = self.api.get(
            f"/orders/{provider_order_id}/", {"expand": "attendees"}
        )
        if not isinstance(order.get("attendees"), list):
            _add_attendees(
                order, self._attendees_or_refusal(str(order.get("event_id") or ""))
            )
        return order

    def watermark_of(self, raw: Raw) -> str:
        attendees = raw.get("attendees") or ()
        values = [raw.get("changed"), *(a.get("changed") for a in attendees)]
        times = (reading.sortable(value) for value in values if isinstance(value, str))
        return max(times, default="")

    def register_webhook(self, url: str) -> Registered:
        """
        One for each organisation of the account that is read.
        """
        ids = []
        for organisation_id in self._read_ids():
            response = self.api.post(
                f"/organizations/{organisation_id}/webhooks/",
                form={"endpoint_url": url, "actions": ",".join(HOOK_ACTIONS)},
            )
            ids.append(reading.text(response or {}, "id"))
        return Registered(",".join(ids))

    def _organisations(self) -> list[Raw]:
        """
        The organisations this token belongs to, in the order of their ids.

        Raises `AuthenticationFailed` if there is none.
        """
        if self._cached_organisations is not None:
            return self._cached_organisations
        organisations = [
            row
            for rows in self._pages("/users/me/organizations/", "organizations", {})
            for row in rows
        ]
        if not organisations:
            error = AuthenticationFailed(
                f"Account {self.api.account!r}: this Eventbrite user belongs to no "
                "organisation, so there are no sales to read.",
                hint="Use the private token of a user who is a member of the venue's "
                "organisation.",
                word="no-organisation",
            )
            error.parks = False  # the list may be complete again at the next run
            raise error
        self._cached_organisations = sorted(
            organisations, key=lambda row: str(row["id"])
        )
        return self._cached_organisations

    def _orders(self, path: str, query: Mapping[str, str]) -> Iterator[Page]:
        """
        Orders with their attendees, which are read per event where the platform did
        not expand them. Where it refuses those of one event, its orders say so.

        Raises the refusal if it refuses those of every event.
        """
        attendees: dict[str, dict[str, list[Raw]] | TicketsyncError] = {}
        query = {"status": "both", **query}
        for rows in self._expanded(path, "orders", query, "attendees"):
            for row in rows:
                if isinstance(row.get("attendees"), list):
                    continue
                event_id = str(row.get("event_id") or "")
                if event_id not in attendees:
                    attendees[event_id] = self._attendees_or_refusal(event_id)
                _add_attendees(row, attendees[event_id])
            yield Page("order", rows)
        refusals = [it for it in attendees.values() if isinstance(it, TicketsyncError)]
        if len(refusals) > 1 and len(refusals) == len(attendees):
            raise refusals[0]

    def _attendees_or_refusal(
        self, provider_occurrence_id: str
    ) -> dict[str, list[Raw]] | TicketsyncError:
        try:
            return self._attendees_by_order(provider_occurrence_id)
        except (Forbidden, UnknownResource) as refusal:
            return refusal

    def _attendees_by_order(self, provider_occurrence_id: str) -> dict[str, list[Raw]]:
        path = f"/events/{provider_occurrence_id}/attendees/"
        by_order: dict[str, list[Raw]] = {}
        for rows in self._pages(path, "attendees", {}):
            for row in rows:
                by_order.setdefault(str(row.get("order_id")), []).append(row)
        return by_order

    def _orders_of_changed_attendees(
        self, path: str, recent: RecentOrders
    ) -> Iterator[Page]:
        """
        Orders of which only an attendee changed, by a check-in for instance.

        Raises `InvalidResponse` if one list lacks most of what the other one has.
        """
        changed_since = reading.seconds_before(recent.watermark, CHECK_IN_OVERLAP)
        order_ids: dict[str, None] = {}
        listed: set[str] = set()
        query = {"changed_since": changed_since}
        for rows in self._pages(f"{path}/attendees/", "attendees", query):
            for row in rows:
                listed.add(row["id"])
                if changed_at(row) >= changed_since:
                    order_ids[str(row.get("order_id"))] = None
        expected = {
            id_ for id_, time in recent.attending.items() if time >= changed_since
        }
        if is_mostly_missing(len(expected - listed), len(expected)):
            raise self.api.incomplete(f"{path}/attendees/", len(listed), len(expected))
        for order_id in [id_ for id_ in order_ids if id_ not in recent.order_ids]:
            try:
                order = self.fetch_order(order_id, "")
            except UnknownResource:
                yield Page("order", [], unknown_ids=[order_id])
                continue
            recent.add_unlisted(order)
            yield Page("order", [order])
        self._refuse_lacking(path, recent)

    def _refuse_lacking(self, path: str, recent: RecentOrders) -> None:
        if recent.lacking > recent.listed:
            raise self.api.invalid_response(
                f"lacks {recent.lacking:,} orders in {path}/orders/ that changed since "
                f"{recent.changed_since}",
                "list-incomplete",
            )

    def _expanded(
        self, path: str, key: str, query: Mapping[str, str], *expansions: str
    ) -> Iterator[list[Row]]:
        """
        A list with the first of these expansions at which the platform does not fail,
        or without any.
        """
        for expand in expansions:
            has_begun = False
            try:
                for rows in self._pages(path, key, {**query, "expand": expand}):
                    has_begun = True
                    yield rows
                return
            except Rejected as error:
                if error.code != "EXPANSION_FAILED" or has_begun:
                    raise
        yield from self._pages(path, key, query)

    def _pages(
        self, path: str, key: str, query: Mapping[str, str]
    ) -> Iterator[list[Row]]:
        """
        The pages of a list. Records move between pages while they are read, so a list
        with fewer than its `object_count` is read once more (F03).

        Raises `InvalidResponse` if it is shorter than that even then.
        """
        seen: set[str] = set()
        for _ in range(2):
            # Records added meanwhile raise the count: the lowest one is expected.
            counts: list[int] = []
            for page in by_cursor(self.api, path, self._page_request(path, key, query)):
                rows = [row for row in page.rows if row["id"] not in seen]
                seen |= {row["id"] for row in rows}
                if rows or not counts:
                    yield rows
                counts.append(page.total or 0)
            if len(seen) >= min(counts):
                return
        raise self.api.incomplete(path, len(seen), min(counts))

    def _page_request(self, path: str, key: str, query: Mapping[str, str]) -> Any:
        """
        How to request one page of a list. It ends where the envelope says so, never
        early (F02); a token that is refused ends it, unless more was promised.
        """

        def request_page(position: _Position | None) -> RowPage[_Position] | None:
            params = {position.param: position.value} if position else {}
            try:
                envelope = self.api.get(path, {**query, **params})
            except Rejected as error:
                is_end = error.code in ("BAD_PAGE", "BAD_CONTINUATION_TOKEN")
                if is_end and position and not position.is_promised:
                    return None
                raise
            rows = rows_of(self.api, envelope, key)
            pagination = envelope.get("pagination") or {}
            count = pagination.get("object_count")
            return RowPage(
                rows,
                next=_next_position(pagination) if rows else None,
                total=count if type(count) is int else None,
            )

        return request_page


def _add_attendees(
    order: dict[str, Any], by_order: Mapping[str, list[Raw]] | TicketsyncError
) -> None:
    """
    Add to an order its attendees, or that the platform refuses those of its event.
    """
    if isinstance(by_order, TicketsyncError):
        order["refused"] = by_order.word
    else:
        order["attendees"] = by_order.get(order["id"], [])


@dataclass(frozen=True, slots=True)
class _Position:
    """
    Where a list goes on, as a query parameter. `is_promised`: the platform said that
    there is more.
    """

    param: str
    value: str | int
    is_promised: bool


def _next_position(pagination: Mapping[str, Any]) -> _Position | None:
    """
    `None` if the envelope says that this page is the last one.
    """
    token, number = pagination.get("continuation"), pagination.get("page_number")
    page_count = pagination.get("page_count")
    is_promised = pagination.get("has_more_items") is True
    if "has_more_items" in pagination:
        has_next = is_promised
    elif isinstance(number, int) and isinstance(page_count, int):
        has_next = number < page_count
    else:
        has_next = bool(token)
    if not has_next:
        return None
    if token:
        return _Position("continuation", str(token), is_promised)
    if isinstance(number, int):
        return _Position("page", number + 1, is_promised)
    return None
