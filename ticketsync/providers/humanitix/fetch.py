"""
Humanitix's lists, one event at a time. A ticket that was swapped is listed at the new
event, its order at the old one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ticketsync.core import clock, digest, records
from ticketsync.core.errors import Forbidden, InvalidResponse, UnknownResource
from ticketsync.core.shrunken_lists import is_mostly_missing
from ticketsync.net import exact_json
from ticketsync.net.client import ApiClient, Params
from ticketsync.net.paging import Row, RowPage, by_page, rows_of
from ticketsync.providers import reading
from ticketsync.providers.account_parts import AccountParts
from ticketsync.providers.base import Options, Page, Raw
from ticketsync.providers.humanitix.raw_orders import (
    assemble_order,
    new_ticket_id_of,
    questions_of,
    tickets_by_order,
    with_questions,
)
from ticketsync.providers.humanitix.spec import PAGE_SIZE

OVERLAP = timedelta(minutes=5)
FEW = 10  # orders that are requested one by one before all are listed again
MANY_WITHOUT = 5  # orders without tickets from which on their list is not believed
_IDS = re.compile(r"\w{1,100}")


class HumanitixFetcher:
    """
    Reads orders and tickets of one event at a time. Every method raises the client's
    errors.
    """

    def __init__(self, api: ApiClient, options: Options) -> None:
        self.api = api
        regions = options.get("regions", "").upper().replace(" ", "")
        self._regions: Sequence[str] = regions.split(",") if regions else ("",)
        self._parts = AccountParts(
            "Humanitix",
            "region",
            lambda _: (
                "If the account sells nothing there, take it out of its option "
                "`regions`."
            ),
        )
        self._region_of: dict[str, str] = {}  # by event id
        self._questions: dict[str, str] = {}  # texts by their ids

    def identify(self) -> records.Identity:
        """
        There is no account to ask for: the key is tried on the list of events.
        """
        query: Params = {
            **_region_query(self._regions[0]),
            "page": 1,
            "pageSize": PAGE_SIZE,
        }
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
        return self._parts.read(self._regions, self._events_of)

    def _events_of(self, region: str) -> Iterator[Page]:
        for rows in self._pages("/v1/events", "events", _region_query(region)):
            for row in rows:
                self._region_of[row["_id"]] = region
                self._questions |= questions_of(row)
            yield Page("event", [{"id": row["_id"], **row} for row in rows])

    def refused_parts(self) -> Mapping[str, str]:
        return self._parts.refused

    def fetch_orders(
        self, provider_event_id: str, bookmark: str | None
    ) -> Iterator[Page]:
        """
        All orders of an event, or those that changed since the bookmark. Raises
        `InvalidResponse` if the lists of orders and tickets do not match.
        """
        event_id = provider_event_id
        position = _Position.from_bookmark(bookmark)
        if position.newest and self.api.is_ahead(clock.from_iso(position.newest)):
            position = _Position("", {})
        orders = self._fetch_list(event_id, "orders", position.query)
        listed = {row["_id"] for row in orders}
        if not position.seen.keys() <= listed:
            # An order stays in every later list of changes since then.
            yield from self.fetch_orders(event_id, None)
            return
        changed = [row for row in orders if not position.has_seen(row)]
        if not changed and position.newest:
            return
        following = position.after(orders).to_bookmark()  # of the rows as they came
        tickets = tickets_by_order(self._fetch_list(event_id, "tickets", {}))
        missing = self._unlisted_orders(event_id, position, listed, tickets)
        if position.newest and len(missing) > FEW:
            yield from self.fetch_orders(event_id, None)
            return
        self._refuse_few_tickets(event_id, changed, tickets)
        raws = [self._assemble(row, tickets.get(row["_id"], [])) for row in changed]
        raws += [self._fetch_unlisted(event_id, id_, tickets[id_]) for id_ in missing]
        pages = [raws[n : n + PAGE_SIZE] for n in range(0, len(raws), PAGE_SIZE)]
        if position.newest:
            # A page each: a page must not contain an order twice.
            pages += [[raw] for raw in self._swapped_away(event_id, changed, tickets)]
        for page in pages[:-1]:
            yield Page("order", page)
        for page in pages[-1:]:
            yield Page("order", page, bookmark=following)

    def _unlisted_orders(
        self,
        event_id: str,
        position: _Position,
        listed: Collection[str],
        tickets: Mapping[str, list[Raw]],
    ) -> list[str]:
        """
        The orders that have tickets and should be in the list of orders, but are not.
        Raises `InvalidResponse` if they are so many that the list cannot be whole.
        """
        missing = [id_ for id_ in tickets if id_ not in listed]
        if position.newest:
            # Unchanged orders are not listed: only those with new tickets are missing.
            return [id_ for id_ in missing if any(map(position.is_new, tickets[id_]))]
        if _is_collapsed(len(missing), len(tickets)):
            raise self.api.invalid_response(
                f"lists tickets of {len(tickets):,} orders of the event {event_id}, "
                f"but not {len(missing):,} of these orders",
                "list-incomplete",
            )
        return missing

    def fetch_order(self, provider_order_id: str, provider_occurrence_id: str) -> Raw:
        event_id = provider_occurrence_id.partition("/")[0]
        order = self._get_order(event_id, provider_order_id)
        tickets = tickets_by_order(self._fetch_list(event_id, "tickets", {}))
        return self._assemble(order, tickets.get(provider_order_id, []))

    def push_check_in(
        self, provider_ticket_id: str, provider_occurrence_id: str, *, is_in: bool
    ) -> None:
        event_id = provider_occurrence_id.partition("/")[0]
        verb = "check-in" if is_in else "check-out"
        self.api.post(f"/v1/events/{event_id}/tickets/{provider_ticket_id}/{verb}")

    def _refuse_few_tickets(
        self, event_id: str, orders: Sequence[Raw], tickets: Mapping[str, list[Raw]]
    ) -> None:
        """
        Every order has tickets, if only cancelled ones: a list without any for most
        orders is incomplete. If fewer orders lack theirs, each is quarantined instead.
        """
        without = [row["_id"] for row in orders if row["_id"] not in tickets]
        if _is_collapsed(len(without), len(orders)):
            raise self.api.invalid_response(
                f"lists no tickets of {len(without):,} of {len(orders):,} orders of "
                f"the event {event_id}",
                "list-incomplete",
            )

    def _fetch_list(
        self, event_id: str, key: str, query: Mapping[str, str]
    ) -> list[Row]:
        """
        A complete list of an event. No filter selects the tickets of one order.
        """
        path = f"/v1/events/{event_id}/{key}"
        query = {**self._region_query_of(event_id), **query}
        return [row for rows in self._pages(path, key, query) for row in rows]

    def _get_order(self, event_id: str, order_id: str) -> Raw:
        path = f"/v1/events/{event_id}/orders/{order_id}"
        order: Raw = self.api.get(path, self._region_query_of(event_id))
        return order

    def _assemble(self, order: Raw, tickets: Iterable[Raw]) -> Raw:
        order, *tickets = (
            with_questions(r, self._questions) for r in (order, *tickets)
        )
        return assemble_order(order, tickets)

    def _fetch_unlisted(self, event_id: str, order_id: str, tickets: list[Raw]) -> Raw:
        """
        The record of an order that this event has tickets of, but does not list.
        """
        event_ids = [event_id]
        if any(ticket.get("swappedFrom") for ticket in tickets):
            event_ids += [other for other in self._region_of if other != event_id]
        if _IDS.fullmatch(order_id):
            for candidate in event_ids:
                try:
                    order = self._get_order(candidate, order_id)
                except Forbidden:
                    continue
                except InvalidResponse as error:
                    if error.word not in ("endpoint-gone", "rejected"):
                        raise
                else:
                    raw = self._assemble(order, tickets)
                    return {**raw, "id": order_id, "part": event_id}
        raw = self._assemble({}, tickets)
        return {**raw, "id": order_id, "order": None, "part": event_id}

    def _swapped_away(
        self,
        event_id: str,
        orders: Sequence[Raw],
        tickets: Mapping[str, list[Raw]],
    ) -> Iterator[Raw]:
        """
        What other events have of these orders, whose tickets were swapped to them: no
        change of those events would lead us there before the next sweep.
        """
        ticket_ids = {ticket["_id"] for some in tickets.values() for ticket in some}
        swapped = {
            order["_id"]: order
            for order in orders
            for ticket in tickets.get(order["_id"], ())
            if new_ticket_id_of(ticket) and new_ticket_id_of(ticket) not in ticket_ids
        }
        others = [other for other in self._region_of if other != event_id]
        for other in others if swapped else ():
            try:
                theirs = tickets_by_order(self._fetch_list(other, "tickets", {}))
            except (Forbidden, UnknownResource):
                continue  # it is named when its own orders are asked for
            for order_id in swapped.keys() & theirs.keys():
                raw = self._assemble(swapped[order_id], theirs[order_id])
                yield {**raw, "part": other}

    def _region_query_of(self, event_id: str) -> dict[str, str]:
        return _region_query(self._region_of.get(event_id, self._regions[0]))

    def _pages(
        self, path: str, key: str, query: Mapping[str, str]
    ) -> Iterator[list[Row]]:
        """
        The pages of a list. New records shift the others, so a list that is shorter
        than its `total` is read once more (F03).

        Raises `InvalidResponse` if it is shorter than that even then.
        """

        def request_page(number: int) -> RowPage[Any]:
            params: Params = {**query, "page": number, "pageSize": PAGE_SIZE}
            envelope = self.api.get(path, params)
            rows = rows_of(self.api, envelope, key, "_id")
            has_total = "total" in envelope
            return RowPage(
                rows, total=reading.whole(envelope, "total") if has_total else 0
            )

        seen: set[str] = set()
        total = 0
        for _ in range(2):
            pages = by_page(
                self.api, path, request_page, page_size=PAGE_SIZE, id_field="_id"
            )
            for number, page in enumerate(pages):
                total = page.total or 0
                new = [row for row in page.rows if row["_id"] not in seen]
                seen |= {row["_id"] for row in new}
                if new or number == 0:
                    yield new
            if len(seen) >= total:
                return
        raise self.api.incomplete(path, len(seen), total)


def _region_query(region: str) -> dict[str, str]:
    return {"overrideLocation": region} if region else {}


class _Position:
    """
    Where reading an event's orders goes on: the newest change seen, and fingerprints of
    the orders of the minutes before it, so that the overlap is not saved again.
    """

    def __init__(self, newest: str, seen: Mapping[str, str]) -> None:
        self.newest = newest
        self.seen = seen

    @staticmethod
    def from_bookmark(bookmark: str | None) -> _Position:
        return _Position(*json.loads(bookmark)) if bookmark else _Position("", {})

    def to_bookmark(self) -> str:
        return json.dumps([self.newest, self.seen], sort_keys=True)

    @property
    def query(self) -> dict[str, str]:
        if not self.newest:
            return {}
        return {
            "since": reading.seconds_before(self.newest, OVERLAP).replace("Z", ".000Z")
        }

    def has_seen(self, row: Raw) -> bool:
        """
        By content: an order may change twice within the resolution of its time.
        """
        return self.seen.get(row["_id"]) == _fingerprint(row)

    def is_new(self, row: Raw) -> bool:
        return _changed_at(row) >= reading.seconds_before(self.newest, OVERLAP)

    def after(self, rows: list[Row]) -> _Position:
        """
        The position once these orders are saved.
        """
        newest = max([self.newest, *map(_changed_at, rows)])
        edge = reading.seconds_before(newest, OVERLAP) if newest else ""
        recent = (row for row in rows if _changed_at(row) >= edge)
        return _Position(newest, {row["_id"]: _fingerprint(row) for row in recent})


def _changed_at(row: Raw) -> str:
    return reading.sortable(str(row.get("updatedAt") or ""))


def _fingerprint(row: Raw) -> str:
    return digest.content(exact_json.encode(row)).hex()


def _is_collapsed(missing: int, expected: int) -> bool:
    return missing >= MANY_WITHOUT and is_mostly_missing(missing, expected)
