"""
Ticket Tailor's lists, which go on with `starting_after=<id of the last record>`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict
from urllib.parse import parse_qs

from ticketsync.core import web_address
from ticketsync.net import exact_json
from ticketsync.net.paging import Row, RowPage, Undecoded, by_cursor, rows_of

if TYPE_CHECKING:
    from ticketsync.net.client import ApiClient

PAGE_SIZE = 100


class _Head(TypedDict):
    id: str
    created_at: int


class _Links(TypedDict, total=False):
    next: str | None


class _Outline(TypedDict):
    """
    As much of a response as paging needs.
    """

    data: list[_Head]
    links: NotRequired[_Links]
    error: NotRequired[Any]


_OUTLINE = exact_json.Shape(_Outline)


def by_last_id(
    api: ApiClient,
    path: str,
    params: Mapping[str, str | int] | None = None,
    *,
    after: str | None = None,
) -> Iterator[Sequence[Row]]:
    """
    The pages of a list, from the record after the id `after`.

    Raises `InvalidResponse` for a list that never ends.
    """

    def request_page(last_id: str | None) -> RowPage[str]:
        envelope = api.get(path, _query(params or {}, last_id))
        rows = rows_of(api, envelope, "data")
        return RowPage(rows, next=_next_id(envelope, rows))

    for page in by_cursor(api, path, request_page, after=after):
        yield page.rows


def get_undecoded_page(
    api: ApiClient, path: str, params: Mapping[str, str | int], last_id: str | None
) -> RowPage[str]:
    """
    One page of which no more than ids and times are decoded, where its shape allows.
    """
    response = api.get_partial(path, _query(params, last_id), _OUTLINE)
    heads = rows_of(api, response.value, "data")
    next_id = _next_id(response.value, heads)
    body, whole = response.body, response.whole
    if body is None or whole is None:
        return RowPage(heads, next_id)
    rows = Undecoded(heads, body, lambda: rows_of(api, whole(), "data"))
    return RowPage(rows, next_id)


def _query(
    params: Mapping[str, str | int], last_id: str | None
) -> dict[str, str | int]:
    query: dict[str, str | int] = {**params, "limit": PAGE_SIZE}
    if last_id is not None:
        query["starting_after"] = last_id
    return query


def _next_id(envelope: Any, rows: list[Row]) -> str | None:
    """
    Of `links.next` only its `starting_after` is read; its address is never used. Where
    there is none, or it cannot be parsed, the list goes on after its last record.
    """
    if not rows:
        return None
    links = envelope.get("links")
    if not isinstance(links, dict) or "next" not in links:
        return rows[-1]["id"] if len(rows) == PAGE_SIZE else None
    if links["next"] is None or links["next"] == "":
        return None
    values = parse_qs(web_address.split(links["next"]).query).get("starting_after")
    return values[0] if values else str(rows[-1]["id"])
