"""
Wix's list of ticket definitions: what events have on sale.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ticketsync.core.errors import InvalidResponse
from ticketsync.net.client import ApiClient
from ticketsync.net.paging import Row, RowPage, by_cursor, rows_of
from ticketsync.providers.base import Raw

PATHS = (
    "/events/v3/ticket-definitions/query",
    "/events-ticket-definitions/v3/ticket-definitions/query",
)
EVENTS_AT_ONCE = 100
DEFINITIONS_AT_ONCE = 100


class DefinitionList:
    """
    The ticket definitions of a site. It is undocumented which of two addresses a key
    may use: the first one that exists is kept.
    """

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self._paths: Sequence[str] = PATHS

    def read(self, event_ids: Sequence[str]) -> Iterator[list[Raw]]:
        """
        Our raw records of these events, some at a time: `{"id", "definitions": […]}`.
        Raises the client's errors, and `InvalidResponse` for an incomplete page.
        """
        for begin in range(0, len(event_ids), EVENTS_AT_ONCE):
            batch = event_ids[begin : begin + EVENTS_AT_ONCE]
            by_event: dict[str, list[Row]] = {id_: [] for id_ in batch}
            for rows in self._pages_of(batch):
                for row in rows:
                    by_event.setdefault(str(row.get("eventId")), []).append(row)
            yield [{"id": id_, "definitions": by_event[id_]} for id_ in batch]

    def _pages_of(self, event_ids: Sequence[str]) -> Iterator[Sequence[Row]]:
        paging: dict[str, Any] = {"limit": DEFINITIONS_AT_ONCE}
        first = {
            "filter": {"eventId": {"$in": list(event_ids)}},
            "cursorPaging": paging,
        }

        def request_page(cursor: str | None) -> RowPage[str]:
            following = {"cursorPaging": {**paging, "cursor": cursor}}
            envelope = self._query(following if cursor else first)
            rows = rows_of(self._api, envelope, "ticketDefinitions")
            metadata = envelope.get("metadata") or {}
            count = metadata.get("count")
            if type(count) is int and count != len(rows):
                raise self._api.invalid_response(
                    f"promised {count:,} ticket definitions and sent {len(rows):,}",
                    "list-incomplete",
                )
            next_cursor = str((metadata.get("cursors") or {}).get("next") or "")
            return RowPage(rows, next=next_cursor or None)

        for page in by_cursor(self._api, "ticket definitions", request_page):
            yield page.rows

    def _query(self, query: Mapping[str, Any]) -> Any:
        body = {"query": query, "fields": ["SALES_DETAILS"]}
        try:
            return self._api.query(self._paths[0], body)
        except InvalidResponse as error:
            if error.word != "endpoint-gone" or len(self._paths) == 1:
                raise
        self._paths = self._paths[1:]
        return self._api.query(self._paths[0], body)
