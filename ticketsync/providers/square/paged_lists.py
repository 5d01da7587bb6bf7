"""
Square's lists: searched by location, paged by cursor, without the key `errors`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from ticketsync.core import errors
from ticketsync.net.client import ApiClient
from ticketsync.net.paging import Row, RowPage, by_cursor, rows_of
from ticketsync.providers.account_parts import AccountParts
from ticketsync.providers.base import Options, Raw
from ticketsync.providers.square.spec import STATES

ORDERS_AT_ONCE = 500
LOCATIONS_AT_ONCE = 10


class SquareLists:
    """
    Reads lists page by page. Every method raises the client's errors.
    """

    def __init__(self, api: ApiClient, options: Options) -> None:
        self.api = api
        self._cached_locations: list[Raw] | None = None
        self._parts = AccountParts(
            "Square",
            "location",
            lambda _: "Let somebody who may see its orders connect the account again.",
        )

    def parts(self) -> Sequence[str]:
        return [str(location["id"]) for location in self._locations()]

    def refused_parts(self) -> Mapping[str, str]:
        return self._parts.refused

    def _locations(self) -> list[Raw]:
        """
        All locations, closed ones too: they had sales. Raises `InvalidResponse` if
        there is none.
        """
        if self._cached_locations is None:
            response = self.api.get("/v2/locations")
            self._cached_locations = list(response.get("locations") or ())
            if not self._cached_locations:
                raise self.api.invalid_response("lists no locations", "no-location")
        return self._cached_locations

    def _search(
        self, time_field: str, sort: str, since: str, order: str
    ) -> Iterator[Sequence[Row]]:
        """
        The orders of all locations, ten at once; one by one where Square refuses them.
        """

        def pages_of(location_id: str) -> Iterator[Sequence[Row]]:
            return self._search_at([location_id], time_field, sort, since, order)

        refused = self._parts.refused
        location_ids = [id_ for id_ in self.parts() if id_ not in refused]
        for batch in batches(location_ids, LOCATIONS_AT_ONCE):
            try:
                yield from self._search_at(batch, time_field, sort, since, order)
            except (errors.Forbidden, errors.UnknownResource):
                if len(location_ids) == 1:
                    raise
                yield from self._parts.read(batch, pages_of)

    def _search_at(
        self,
        location_ids: Sequence[str],
        time_field: str,
        sort: str,
        since: str,
        order: str,
    ) -> Iterator[Sequence[Row]]:
        body: dict[str, Any] = {
            "location_ids": location_ids,
            "query": {
                "filter": {
                    "date_time_filter": {time_field: {"start_at": since}},
                    "state_filter": {"states": STATES},
                },
                "sort": {"sort_field": sort, "sort_order": order},
            },
            "limit": ORDERS_AT_ONCE,
            "return_entries": False,
        }
        return self._pages("orders", partial(self._search_page, body))

    def _is_refused(self, row: Raw) -> bool:
        """
        Whether a row is of a location whose orders cannot be read.
        """
        return str(row.get("location_id")) in self._parts.refused

    def _search_page(self, body: Mapping[str, Any], cursor: Mapping[str, str]) -> Any:
        return self.api.query("/v2/orders/search", {**body, **cursor})

    def _list(
        self, path: str, key: str, query: Mapping[str, str | int]
    ) -> Iterator[Sequence[Row]]:
        return self._pages(key, lambda cursor: self.api.get(path, {**query, **cursor}))

    def _pages(
        self, key: str, request: Callable[[Mapping[str, str]], Any]
    ) -> Iterator[Sequence[Row]]:
        """
        The pages of a list; a missing cursor is the end. Raises `InvalidResponse` for
        errors inside a response.
        """

        def request_page(cursor: str | None) -> RowPage[str]:
            envelope = request({"cursor": cursor} if cursor else {})
            if envelope.get("errors"):
                raise self.api.invalid_response(
                    "answered with errors inside", "rejected"
                )
            rows = rows_in(self.api, envelope, key)
            return RowPage(rows, next=str(envelope.get("cursor") or "") or None)

        for page in by_cursor(self.api, key, request_page):
            yield page.rows


def rows_in(api: ApiClient, envelope: Any, key: str) -> list[Row]:
    """
    An empty list is omitted from the response.
    """
    return rows_of(api, envelope, key) if key in envelope else []


def batches(items: Sequence[Any], size: int) -> Iterator[Any]:
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]
