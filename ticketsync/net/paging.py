"""
Lists that come in pages, by the id of the last record.

`by_last_id` walks one list. `in_windows` walks one list through several disjoint
time windows side by side, which divides the waiting by the number of readers.
"""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict
from urllib.parse import parse_qs, urlsplit

from ticketsync.core.parallel import side_by_side
from ticketsync.net import exact_json

if TYPE_CHECKING:
    from ticketsync.net.client import ApiClient

Row = dict[str, Any]
PAGE_SIZE = 100


def rows_of(api: ApiClient, envelope: Any, key: str, id_: str = "id") -> list[Row]:
    """
    The records of an answer, each an object with a text as its id.
    """
    rows = envelope.get(key)
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and isinstance(row.get(id_), str) for row in rows
    ):
        raise api.invalid_response(f"answered without a list of {key}", "not-json")
    return rows


def by_last_id(
    api: ApiClient,
    path: str,
    params: Mapping[str, str | int] | None = None,
    *,
    after: str | None = None,
) -> Iterator[Sequence[Row]]:
    """
    The pages of a list that goes on with `starting_after=<last id>`.
    """
    cursor = Cursor(api, path, after)
    while not cursor.is_at_end:
        yield cursor.next_page(params or {})


class Undecoded(Sequence[Row]):
    """
    The records of an answer of which only the `heads` were read. Whoever looks at them
    decodes the answer; another process can do that with its `body`, by `records_in`.
    """

    def __init__(
        self, heads: list[Row], body: bytes, records: Callable[[], list[Row]]
    ) -> None:
        self.heads = heads
        self.body = body
        self._records = functools.cache(records)

    def __len__(self) -> int:
        return len(self.heads)

    def __getitem__(self, index: Any) -> Any:
        return self._records()[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._records())


def records_in(body: bytes) -> list[Row]:
    """
    The records of an answer that its reader did not decode.
    """
    rows: list[Row] = exact_json.decode(body)["data"]
    return rows


class _Head(TypedDict):
    id: str
    created_at: int


class _Links(TypedDict, total=False):
    next: str | None


class _Outline(TypedDict):
    """
    As much of an answer as walking needs.
    """

    data: list[_Head]
    links: NotRequired[_Links]
    error: NotRequired[Any]


_OUTLINE = exact_json.Shape(_Outline)


class Cursor:
    """
    A place in such a list. Stops, with an error, at a list that never ends (F01).

    `links.next` is read for its `starting_after` only; its address is never used. With
    `skims`, answers stay undecoded and rows have no more than id and `created_at`.
    """

    def __init__(
        self,
        api: ApiClient,
        path: str,
        after: str | None = None,
        *,
        skims: bool = False,
    ) -> None:
        self._api = api
        self._path = path
        self._skims = skims
        self._seen: set[str] = set()
        self.after = after
        self.is_at_end = False
        self.heads: list[Row] = []

    def next_page(self, params: Mapping[str, str | int]) -> Sequence[Row]:
        query: dict[str, str | int] = {**params, "limit": PAGE_SIZE}
        if self.after is not None:
            query["starting_after"] = self.after
        if not self._skims:
            return self._turn_to(self._api.get(self._path, query))
        answer = self._api.get_partial(self._path, query, _OUTLINE)
        heads = self._turn_to(answer.value)
        body, whole = answer.body, answer.whole
        if body is None or whole is None:
            return heads
        return Undecoded(heads, body, lambda: rows_of(self._api, whole(), "data"))

    def _turn_to(self, envelope: Any) -> list[Row]:
        rows = self.heads = rows_of(self._api, envelope, "data")
        following = self._following(envelope, rows)
        fresh = {row["id"] for row in rows} - self._seen
        if following is not None and (following == self.after or not fresh):
            raise self._api.invalid_response(
                f"repeats the same page of {self._path} for ever", "pagination-loop"
            )
        self._seen |= fresh
        self.after = following
        self.is_at_end = following is None
        return rows

    def _following(self, envelope: Any, rows: list[Row]) -> str | None:
        if not rows:
            return None
        links = envelope.get("links")
        if not isinstance(links, dict) or "next" not in links:
            return rows[-1]["id"] if len(rows) == PAGE_SIZE else None
        if links["next"] is None or links["next"] == "":
            return None
        told = parse_qs(urlsplit(str(links["next"])).query).get("starting_after")
        return told[0] if told else str(rows[-1]["id"])


@dataclass(slots=True)
class Window:
    """
    `since` ≤ time < `until` in unix seconds (`None`: without end), read up to `after`.
    """

    since: int | None
    until: int | None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class WindowPage:
    """
    One page of one window, and the windows still open once it is saved.
    """

    rows: Sequence[Row]
    still_open: list[list[int | str | None]]


class FilterIgnored(Exception):
    """
    The platform sent records from outside the window: it does not filter by time.
    """


def in_windows(
    api: ApiClient,
    path: str,
    windows: Sequence[Window],
    *,
    time_of: Callable[[Row], int],
    expected: int,
    floor: int,
    workers: int,
) -> Iterator[WindowPage]:
    """
    The pages of all windows as they come, undecoded where their shape allows. An idle
    reader halves the largest window.

    `expected` records are thought to be there, none before `floor`; both only guide
    the division of the work.
    `still_open` always covers everything that no page yielded so far contains, so a
    reader that was killed can go on from the last state it saved.
    """
    walk = _Walk(api, path, windows, time_of, expected, floor)
    jobs = [walk.work for _ in range(workers)]
    for part, rows, after, is_at_end in side_by_side(jobs, workers=workers):
        yield WindowPage(rows, walk.saved(part, after, is_at_end))


class _Part:
    """
    A window in the hands of one reader. `saved` is how far its pages were yielded.
    """

    def __init__(self, window: Window) -> None:
        self.window = window
        self.saved: str | None = window.after
        self.rows = 0
        self.began: int | None = None
        self.reached: int | None = None
        self.goes_back: bool | None = None


class _Walk:
    _LEAST_SPAN = 3600  # seconds: nothing shorter is worth another request

    def __init__(
        self,
        api: ApiClient,
        path: str,
        windows: Sequence[Window],
        time_of: Callable[[Row], int],
        expected: int,
        floor: int,
    ) -> None:
        self._api = api
        self._path = path
        self._time_of = time_of
        self._lock = threading.Lock()
        self._waiting = [_Part(window) for window in windows]
        self._open = list(self._waiting)
        self._at_work: list[_Part] = []
        self._left = expected
        self._floor = floor
        self._splits_left = max(4, expected // PAGE_SIZE // 20)

    def work(self) -> Iterator[tuple[_Part, Sequence[Row], str | None, bool]]:
        while (part := self._take()) is not None:
            cursor = Cursor(self._api, self._path, part.window.after, skims=True)
            while not cursor.is_at_end:
                rows = cursor.next_page(self._bounds(part))
                self._notice(part, cursor.heads)
                is_at_end = cursor.is_at_end or self._has_left(part)
                yield part, rows, cursor.after, is_at_end
                if is_at_end:
                    break
            with self._lock:
                self._at_work.remove(part)

    def saved(
        self, part: _Part, after: str | None, is_at_end: bool
    ) -> list[list[int | str | None]]:
        with self._lock:
            part.saved = after
            if is_at_end:
                self._open.remove(part)
            return [
                [open_.window.since, open_.window.until, open_.saved]
                for open_ in self._open
            ]

    def _bounds(self, part: _Part) -> dict[str, str | int]:
        with self._lock:
            since, until = part.window.since, part.window.until
        bounds: dict[str, str | int] = {}
        if since is not None:
            bounds["created_at.gte"] = since
        if until is not None:
            bounds["created_at.lt"] = until
        return bounds

    def _notice(self, part: _Part, rows: list[Row]) -> None:
        if not rows:
            return
        times = [self._time_of(row) for row in rows]
        with self._lock:
            since, until = part.window.since, part.window.until
            self._left -= len(rows)
            part.rows += len(rows)
            part.began = times[0] if part.began is None else part.began
            part.reached = times[-1]
            part.goes_back = _direction(times)
        # A split moved the near end while this page was on its way: only records
        # beyond the far end prove that the filter is not honoured.
        if until is not None and part.goes_back and times[0] >= until:
            raise FilterIgnored
        if since is not None and part.goes_back is False and times[0] < since:
            raise FilterIgnored

    def _has_left(self, part: _Part) -> bool:
        """
        Whether the last page reached into what another reader took over meanwhile.
        """
        with self._lock:
            since, until, reached = part.window.since, part.window.until, part.reached
            if reached is None:
                return False
            if part.goes_back:
                return since is not None and reached < since
            return part.goes_back is False and until is not None and reached >= until

    def _take(self) -> _Part | None:
        with self._lock:
            part = self._waiting.pop(0) if self._waiting else self._stolen()
            if part is not None:
                self._at_work.append(part)
            return part

    def _stolen(self) -> _Part | None:
        """
        The far half of the window that seems to have most left, or `None`.
        """
        if self._splits_left <= 0 or self._left < 2 * PAGE_SIZE:
            return None
        best = max(self._at_work, key=self._worth, default=None)
        if best is None or self._worth(best) < 2 * PAGE_SIZE:
            return None
        self._splits_left -= 1
        window = best.window
        reached, limit = self._rest(best)
        middle = (reached + limit) // 2
        if best.goes_back:
            far = Window(window.since, middle)
            window.since = middle
        else:
            far = Window(middle, window.until)
            window.until = middle
        part = _Part(far)
        self._open.append(part)
        return part

    def _worth(self, part: _Part) -> float:
        """
        How many records the window may still hold, if they go on as dense as so far.
        """
        if part.goes_back is None or part.began is None or part.reached is None:
            return 0.0
        reached, limit = self._rest(part)
        left = reached - limit if part.goes_back else limit - reached
        if left < self._LEAST_SPAN:
            return 0.0
        return part.rows * left / max(abs(part.began - reached), 1)

    def _rest(self, part: _Part) -> tuple[int, int]:
        """
        From where to where a window in the hands of a reader is still unread.

        A window without an end on that side is taken to end where the listing began,
        or not to go on at all.
        """
        assert part.reached is not None
        if part.goes_back:
            since = part.window.since
            return part.reached, min(
                self._floor if since is None else since, part.reached
            )
        until = part.window.until
        return part.reached, part.reached if until is None else until


def _direction(times: list[int]) -> bool | None:
    """
    True if the times go back, False if they go forward, `None` if neither is sure.
    """
    if all(a >= b for a, b in itertools.pairwise(times)):
        return True if times[0] > times[-1] else None
    if all(a <= b for a, b in itertools.pairwise(times)):
        return False
    return None
