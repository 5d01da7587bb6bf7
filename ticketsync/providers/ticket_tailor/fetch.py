"""
Ticket Tailor's lists. No filter finds orders that changed, only those placed since.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ticketsync.core import clock, records
from ticketsync.core.completeness import is_mostly_missing
from ticketsync.net.paging import FilterIgnored, Window, by_last_id, in_windows
from ticketsync.providers.base import (
    Extent,
    Options,
    Page,
    Raw,
)

if TYPE_CHECKING:
    from ticketsync.net.client import ApiClient


OVERLAP = 3600  # seconds of orders read again, in case some became visible late


def _placed(raw: Raw) -> int:
    placed = raw.get("created_at")
    return placed if type(placed) is int else 0


def _windows(bookmark: str | None, cuts: Sequence[int]) -> list[Window]:
    if bookmark:
        return [Window(*state) for state in json.loads(bookmark)]
    edges: list[int | None] = [None, *cuts[1:], None]
    return [Window(a, b) for a, b in itertools.pairwise(edges)]


class TicketTailorFetcher:
    """
    Reads lists by the id of the last record; the whole list of orders in time windows.
    """

    def __init__(self, api: ApiClient, options: Options) -> None:
        self.api = api

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

    def push_check_in(self, ticket_id: str, occurrence_id: str, *, is_in: bool) -> None:
        """
        One entry, or one taken back.
        """
        number = "1" if is_in else "-1"
        told = {"issued_ticket_id": ticket_id, "quantity": number}
        self.api.post("/check_ins", form=told)

    def owner_of(self, raw: Raw) -> str | None:
        """
        The box office's name in the public address of a series or event.
        """
        parts = urlsplit(str(raw.get("url") or ""))
        steps = [step for step in parts.path.split("/") if step]
        if steps and steps[0] == "events":
            steps = steps[1:]
        return steps[0] if len(steps) >= 2 else None

    def watermark_of(self, raw: Raw) -> str:
        return f"{_placed(raw):012d}"
