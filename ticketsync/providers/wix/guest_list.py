"""
Wix's list of guests. Orders have no filter by change: their guests say which changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ticketsync.core.shrunken_lists import FEW
from ticketsync.net.client import ApiClient
from ticketsync.net.paging import Row, RowPage, by_cursor, rows_of
from ticketsync.providers.base import CrossCheck, Raw

GUESTS_AT_ONCE = 1000


class GuestList:
    """
    The guests of a site. Every method raises the client's errors.
    """

    def __init__(self, api: ApiClient) -> None:
        self._api = api

    def compare(
        self, listed: Collection[str], with_guests: Collection[str]
    ) -> Sequence[CrossCheck]:
        """
        The numbers of all orders that are `listed`, and of those `with_guests`, beside
        the first page of all guests: enough to see whether either list has collapsed. A
        list of guests that goes on is not short, and a few orders say nothing of it.
        """
        envelope = self._query({"cursorPaging": {"limit": GUESTS_AT_ONCE}})
        rows = rows_of(self._api, envelope, "guests")
        named = {str(row["orderNumber"]) for row in rows if row.get("orderNumber")}
        of_guests = CrossCheck(
            "guests",
            len(named),
            len(named.difference(listed)),
            "orders that its guests name",
        )
        if _next_cursor(envelope) or len(with_guests) < FEW:
            return [of_guests]
        of_orders = CrossCheck(
            "orders with guests",
            len(with_guests),
            len(set(with_guests) - named),
            "orders that have guests",
            "the list of guests",
        )
        return of_guests, of_orders

    def of_orders(self, numbers: Sequence[str]) -> list[Row]:
        envelope = self._query(
            {
                "filter": {"orderNumber": {"$in": list(numbers)}},
                "cursorPaging": {"limit": GUESTS_AT_ONCE},
            }
        )
        return rows_of(self._api, envelope, "guests")

    def changed(self, since: datetime) -> Iterator[Raw]:
        """
        The guests that changed since. Raises `InvalidResponse` for an incomplete page.
        """
        paging: dict[str, Any] = {"limit": GUESTS_AT_ONCE}
        first = {
            "filter": {"updatedDate": {"$gte": f"{since:%Y-%m-%dT%H:%M:%S}.000Z"}},
            "sort": [{"fieldName": "updatedDate", "order": "ASC"}],
            "cursorPaging": paging,
        }

        def request_page(cursor: str | None) -> RowPage[str]:
            following = {"cursorPaging": {**paging, "cursor": cursor}}
            envelope = self._query(following if cursor else first)
            rows = rows_of(self._api, envelope, "guests")
            count = (envelope.get("pagingMetadata") or {}).get("count")
            if type(count) is int and count != len(rows):
                raise self._api.invalid_response(
                    f"promised {count:,} guests and sent {len(rows):,}",
                    "list-incomplete",
                )
            return RowPage(rows, next=_next_cursor(envelope))

        for page in by_cursor(self._api, "guests", request_page):
            yield from page.rows

    def _query(self, query: Mapping[str, Any]) -> Any:
        return self._api.query(
            "/events/v2/guests/query", {"query": query, "fields": ["GUEST_DETAILS"]}
        )


def events_of_orders(guests: Iterable[Raw]) -> dict[str, str]:
    """
    Order number → event id, for the orders that these guests belong to.
    """
    return {
        str(guest["orderNumber"]): str(guest["eventId"])
        for guest in guests
        if guest.get("orderNumber") and guest.get("eventId")
    }


def _next_cursor(envelope: Mapping[str, Any]) -> str | None:
    cursors = (envelope.get("pagingMetadata") or {}).get("cursors") or {}
    return str(cursors.get("next") or "") or None
