"""
Ticket Tailor's lists. No filter finds orders that changed, only those placed since.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ticketsync.core import clock, records, web_address
from ticketsync.core.shrunken_lists import is_mostly_missing
from ticketsync.providers.base import Options, OrderEstimate, Page, Raw
from ticketsync.providers.ticket_tailor.lists import by_last_id
from ticketsync.providers.ticket_tailor.windows import FilterIgnored, Window, in_windows

if TYPE_CHECKING:
    from ticketsync.net.client import ApiClient


OVERLAP = 3600  # seconds of orders read again, in case some became visible late


def _placed_at(raw: Mapping[str, Any]) -> int:
    """
    Unix time in seconds; 0 if there is none.
    """
    placed_at = raw.get("created_at")
    return placed_at if type(placed_at) is int else 0


def _windows(bookmark: str | None, cuts: Sequence[int]) -> list[Window]:
    if bookmark:
        return [Window(*state) for state in json.loads(bookmark)]
    edges: list[int | None] = [None, *cuts[1:], None]
    return [Window(a, b) for a, b in itertools.pairwise(edges)]


class TicketTailorFetcher:
    """
    Reads lists by the id of the last record; the whole list of orders in time windows.
    Every method raises the client's errors.
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
        """
        Raises `InvalidResponse` if most series that events belong to are not listed.
        """
        listed_series: set[str] = set()
        for rows in by_last_id(self.api, "/event_series"):
            listed_series |= {str(row["id"]) for row in rows}
            yield Page("event", rows)
        series_of_events: set[str] = set()
        for rows in by_last_id(self.api, "/events"):
            series_of_events |= {
                str(row["event_series_id"])
                for row in rows
                if row.get("event_series_id")
            }
            yield Page("event", rows)
        missing = len(series_of_events - listed_series)
        if is_mostly_missing(missing, len(series_of_events)):
            raise self.api.invalid_response(
                f"lists {len(listed_series):,} event series, but its events belong to "
                f"{missing:,} others",
                "list-incomplete",
            )

    def fetch_orders(
        self, provider_occurrence_id: str, bookmark: str | None
    ) -> Iterator[Page]:
        query = {"event_id": provider_occurrence_id}
        for rows in by_last_id(self.api, "/orders", query, after=bookmark):
            yield Page("order", rows)

    def fetch_all_orders(
        self, bookmark: str | None, estimate: OrderEstimate, *, workers: int
    ) -> Iterator[Page]:
        windows = _windows(bookmark, estimate.cuts)
        pages = in_windows(
            self.api,
            "/orders",
            windows,
            time_of=_placed_at,
            expected=estimate.orders,
            floor=estimate.cuts[0] if estimate.cuts else 0,
            workers=workers,
        )
        try:
            for page in pages:
                bookmark = json.dumps(page.still_open) if page.still_open else None
                yield Page("order", page.rows, bookmark=bookmark)
        except FilterIgnored:
            for rows in by_last_id(self.api, "/orders"):
                yield Page("order", rows)

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]:
        """
        Raises `InvalidResponse` if no order is listed, not even the newest known one.
        """
        query = {"created_at.gte": int(watermark) - OVERLAP}
        try:
            is_ahead = self.api.is_ahead(clock.from_epoch(int(watermark)))
        except ValueError:
            is_ahead = True
        if is_ahead:
            query = {}  # read everything
        has_orders = False
        for rows in by_last_id(self.api, "/orders", query):
            has_orders = has_orders or bool(rows)
            yield Page("order", rows)
        if not has_orders:
            raise self.api.invalid_response(
                "lists neither its newest known order nor any of the hour before it",
                "list-incomplete",
            )

    def fetch_order(self, provider_order_id: str, provider_occurrence_id: str) -> Raw:
        order: Raw = self.api.get(f"/orders/{provider_order_id}")
        return order

    def fetch_loose_tickets(self, provider_occurrence_id: str) -> Iterator[Page]:
        query = {"event_id": provider_occurrence_id}
        for rows in by_last_id(self.api, "/issued_tickets", query):
            # Only an explicit null says that there is no order.
            loose = [row for row in rows if row.get("order_id", "absent") is None]
            yield Page("ticket", loose, listed=len(rows))

    def push_check_in(
        self, provider_ticket_id: str, provider_occurrence_id: str, *, is_in: bool
    ) -> None:
        """
        One entry, or the cancellation of one.
        """
        quantity = "1" if is_in else "-1"
        form = {"issued_ticket_id": provider_ticket_id, "quantity": quantity}
        self.api.post("/check_ins", form=form)

    def owner_of(self, raw: Raw) -> str | None:
        """
        The box office's name in the public address of a series or event.
        """
        parts = web_address.split(raw.get("url"))
        segments = [segment for segment in parts.path.split("/") if segment]
        if segments and segments[0] == "events":
            segments = segments[1:]
        return segments[0] if len(segments) >= 2 else None

    def watermark_of(self, raw: Raw) -> str:
        return f"{_placed_at(raw):012d}"
