"""
Humanitix's lists, one event at a time. A ticket that was swapped is listed at the new
event, its order at the old one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ticketsync.core import clock, digest, records
from ticketsync.core.completeness import is_mostly_missing
from ticketsync.core.errors import InvalidResponse
from ticketsync.net import exact_json
from ticketsync.net.client import ApiClient, Params
from ticketsync.net.paging import rows_of
from ticketsync.providers import reading
from ticketsync.providers.base import Options, Page, Raw
from ticketsync.providers.humanitix.raw_orders import (
    assemble_order,
    swapped_to,
    tickets_by_order,
)
from ticketsync.providers.humanitix.spec import PAGE_SIZE

OVERLAP = timedelta(minutes=5)


FEW = 10  # orders that are asked for one by one before all are listed anew


MANY_WITHOUT = 5  # orders without tickets from which on their list is not believed


_IDS = re.compile(r"\w{1,100}")


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


def _is_collapsed(missing: int, expected: int) -> bool:
    return missing >= MANY_WITHOUT and is_mostly_missing(missing, expected)


class HumanitixFetcher:
    """
    Reads orders and tickets of one event at a time.
    """

    def __init__(self, api: ApiClient, options: Options) -> None:
        self.api = api
        told = options.get("regions", "").upper().replace(" ", "")
        self._regions: Sequence[str | None] = told.split(",") if told else (None,)
        self._region_of: dict[str, str | None] = {}

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
        tickets = tickets_by_order(self._list_of(event_id, "tickets", {}))
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
        found = [assemble_order(row, tickets.get(row["_id"], [])) for row in changed]
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
        tickets = tickets_by_order(self._list_of(event_id, "tickets", {}))
        return assemble_order(order, tickets.get(order_id, []))

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
                    return {
                        **assemble_order(order, tickets),
                        "id": order_id,
                        "part": event_id,
                    }
        return {
            **assemble_order({}, tickets),
            "id": order_id,
            "order": None,
            "part": event_id,
        }

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
            if swapped_to(ticket) and swapped_to(ticket) not in here
        }
        others = [event for event in self._region_of if event != event_id]
        for event in others if wanted else ():
            there = tickets_by_order(self._list_of(event, "tickets", {}))
            for order_id in wanted.keys() & there.keys():
                part = assemble_order(wanted[order_id], there[order_id])
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
