"""
Lists that come in pages: by cursor, by offset or by page number.

The caller requests one page; the walker decides whether there is another one. A list
that keeps returning records it returned before is stopped with an error (F01).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ticketsync.net import exact_json

if TYPE_CHECKING:
    from ticketsync.net.client import ApiClient

Row = dict[str, Any]
C = TypeVar("C", bound=Hashable)


@dataclass(frozen=True, slots=True)
class RowPage(Generic[C]):
    """
    One page of a list.

    next   where the next page begins; `None` on the last one (lists by cursor only)
    total  how many records the whole list has, as the platform reports it
    """

    rows: Sequence[Row]
    next: C | None = None
    total: int | None = None


def by_cursor(
    api: ApiClient,
    path: str,
    request_page: Callable[[C | None], RowPage[C] | None],
    *,
    after: C | None = None,
) -> Iterator[RowPage[C]]:
    """
    The pages of a list in which each page names the next one.

    `request_page` gets the cursor (`None`: the beginning) and may return `None` where
    the list turns out to have ended already. Raises `InvalidResponse` for a list that
    never ends.
    """
    guard = _LoopGuard(api, path)
    guard.check_cursor(after)
    cursor = after
    while (page := request_page(cursor)) is not None:
        if page.next is not None:
            guard.check_rows(page.rows)
            guard.check_cursor(page.next)
        yield page
        if page.next is None:
            return
        cursor = page.next


def by_offset(
    api: ApiClient,
    path: str,
    request_page: Callable[[int], RowPage[Any]],
    *,
    page_size: int,
    id_field: str = "id",
) -> Iterator[Sequence[Row]]:
    """
    The pages of a list by the number of records before them. It ends at its total, or
    at a page that is not full where there is none.

    Raises `InvalidResponse` for a list that never ends or that ends before its total.
    """
    guard = _LoopGuard(api, path, id_field)
    offset = 0
    while True:
        page = request_page(offset)
        guard.check_rows(page.rows)
        yield page.rows
        offset += len(page.rows)
        if page.total is None:
            if len(page.rows) < page_size:
                return
        elif offset >= page.total:
            return
        elif not page.rows:
            raise api.incomplete(path, offset, page.total)


def by_page(
    api: ApiClient,
    path: str,
    request_page: Callable[[int], RowPage[Any]],
    *,
    page_size: int,
    id_field: str = "id",
) -> Iterator[RowPage[Any]]:
    """
    The pages of a list by their number, from 1 up to its total.

    The last page may hold nothing new: records shift when others are added meanwhile.
    The caller compares what it got with `total`. Raises `InvalidResponse` for a list
    that never ends.
    """
    guard = _LoopGuard(api, path, id_field)
    number = 1
    while True:
        page = request_page(number)
        has_next = bool(page.rows) and number * page_size < (page.total or 0)
        if has_next:
            guard.check_rows(page.rows)
        yield page
        if not has_next:
            return
        number += 1


class _LoopGuard:
    """
    Notices a list that repeats itself.
    """

    def __init__(self, api: ApiClient, path: str, id_field: str = "id") -> None:
        self._api = api
        self._path = path
        self._id_field = id_field
        self._ids: set[str] = set()
        self._cursors: set[Hashable] = set()

    def check_rows(self, rows: Sequence[Row]) -> None:
        ids = {row[self._id_field] for row in heads_of(rows)}
        if ids and ids <= self._ids:
            raise self._loop()
        self._ids |= ids

    def check_cursor(self, cursor: Hashable) -> None:
        if cursor in self._cursors:
            raise self._loop()
        self._cursors.add(cursor)

    def _loop(self) -> Exception:
        return self._api.invalid_response(
            f"keeps returning the same page of {self._path}", "pagination-loop"
        )


def rows_of(api: ApiClient, envelope: Any, key: str, id_field: str = "id") -> list[Row]:
    """
    The records of a response, each an object whose id is a text.

    Raises `InvalidResponse` for anything else.
    """
    rows = envelope.get(key)
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and isinstance(row.get(id_field), str) for row in rows
    ):
        raise api.invalid_response(f"answered without a list of {key}", "not-json")
    return rows


class Undecoded(Sequence[Row]):
    """
    The records of a response of which only the `heads` (id and time) were decoded.

    Accessing a record decodes the whole response; another process can do that instead,
    from its `body` with `records_in`.
    """

    def __init__(
        self, heads: list[Row], body: bytes, decode: Callable[[], list[Row]]
    ) -> None:
        self.heads = heads
        self.body = body
        self._records = functools.cache(decode)

    def __len__(self) -> int:
        return len(self.heads)

    def __getitem__(self, index: Any) -> Any:
        return self._records()[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._records())


def heads_of(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """
    The ids and times of records, without decoding the rest of them.
    """
    return rows.heads if isinstance(rows, Undecoded) else rows


def records_in(body: bytes) -> list[Row]:
    """
    The records of a response body that was not decoded when it was received.
    """
    rows: list[Row] = exact_json.decode(body)["data"]
    return rows
