"""
Ticket Tailor's list of all orders, read through several disjoint time windows in
parallel: that divides the waiting by the number of readers.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ticketsync.core.parallel import side_by_side
from ticketsync.net.paging import Row, RowPage, by_cursor, heads_of
from ticketsync.providers.ticket_tailor.lists import PAGE_SIZE, get_undecoded_page

if TYPE_CHECKING:
    from ticketsync.net.client import ApiClient


@dataclass(slots=True)
class Window:
    """
    `since` ≤ time < `until` in unix seconds (`None`: open-ended), read up to the record
    with the id `after`.
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
    time_of: Callable[[Mapping[str, Any]], int],
    expected: int,
    floor: int,
    workers: int,
) -> Iterator[WindowPage]:
    """
    The pages of all windows as they arrive, undecoded where their shape allows. A
    reader that has finished takes over half of the largest window left.

    `expected` is an estimate of how many records there are, `floor` of the time of the
    first one; both only guide the division of the work.
    `still_open` always covers everything that no page yielded so far contains, so a
    reader that was killed can resume from the last state it saved.
    Raises `FilterIgnored`, and `InvalidResponse` for a list that never ends.
    """
    split = _WindowSplit(api, path, windows, time_of, expected, floor)
    jobs = [split.read_windows for _ in range(workers)]
    for part, page, is_at_end in side_by_side(jobs, workers=workers):
        yield WindowPage(page.rows, split.mark_yielded(part, page.next, is_at_end))


class _Part:
    """
    A window being read. `saved` is the id up to which its pages were yielded.
    """

    def __init__(self, window: Window) -> None:
        self.window = window
        self.saved: str | None = window.after
        self.rows = 0
        self.first_time: int | None = None
        self.last_time: int | None = None
        self.is_descending: bool | None = None


class _WindowSplit:
    """
    Who reads which window. Shared by the threads of all readers.
    """

    _MIN_SPAN_SECONDS = 3600  # nothing shorter is worth another request

    def __init__(
        self,
        api: ApiClient,
        path: str,
        windows: Sequence[Window],
        time_of: Callable[[Mapping[str, Any]], int],
        expected: int,
        floor: int,
    ) -> None:
        self._api = api
        self._path = path
        self._time_of = time_of
        self._lock = threading.Lock()
        self._waiting = [_Part(window) for window in windows]
        self._open = list(self._waiting)
        self._in_progress: list[_Part] = []
        self._remaining = expected
        self._floor = floor
        self._splits_left = max(4, expected // PAGE_SIZE // 20)

    def read_windows(self) -> Iterator[tuple[_Part, RowPage[str], bool]]:
        """
        The job of one reader: one window after another until none is left.
        """
        while (part := self._take_part()) is not None:
            for page in self._pages_of(part):
                self._record_progress(part, heads_of(page.rows))
                is_at_end = page.next is None or self._is_past_end(part)
                yield part, page, is_at_end
                if is_at_end:
                    break
            with self._lock:
                self._in_progress.remove(part)

    def mark_yielded(
        self, part: _Part, after: str | None, is_at_end: bool
    ) -> list[list[int | str | None]]:
        """
        The windows still open, as they are kept in a bookmark.
        """
        with self._lock:
            part.saved = after
            if is_at_end:
                self._open.remove(part)
            return [
                [open_.window.since, open_.window.until, open_.saved]
                for open_ in self._open
            ]

    def _pages_of(self, part: _Part) -> Iterator[RowPage[str]]:
        def request_page(last_id: str | None) -> RowPage[str]:
            # The bounds anew each time: another reader may have taken half of it.
            params = self._bounds_of(part)
            return get_undecoded_page(self._api, self._path, params, last_id)

        return by_cursor(self._api, self._path, request_page, after=part.window.after)

    def _bounds_of(self, part: _Part) -> dict[str, str | int]:
        with self._lock:
            since, until = part.window.since, part.window.until
        bounds: dict[str, str | int] = {}
        if since is not None:
            bounds["created_at.gte"] = since
        if until is not None:
            bounds["created_at.lt"] = until
        return bounds

    def _record_progress(self, part: _Part, rows: Sequence[Mapping[str, Any]]) -> None:
        """
        Raises `FilterIgnored` if the rows lie outside the window.
        """
        if not rows:
            return
        times = [self._time_of(row) for row in rows]
        with self._lock:
            since, until = part.window.since, part.window.until
            self._remaining -= len(rows)
            part.rows += len(rows)
            part.first_time = times[0] if part.first_time is None else part.first_time
            part.last_time = times[-1]
            part.is_descending = _is_descending(times)
        # A split may have moved the near end while this page was requested: only
        # records beyond the far end prove that the filter is ignored.
        if until is not None and part.is_descending and times[0] >= until:
            raise FilterIgnored
        if since is not None and part.is_descending is False and times[0] < since:
            raise FilterIgnored

    def _is_past_end(self, part: _Part) -> bool:
        """
        Whether the last page reached into what another reader took over meanwhile.
        """
        with self._lock:
            since, until = part.window.since, part.window.until
            last_time = part.last_time
            if last_time is None:
                return False
            if part.is_descending:
                return since is not None and last_time < since
            return (
                part.is_descending is False and until is not None and last_time >= until
            )

    def _take_part(self) -> _Part | None:
        with self._lock:
            part = self._waiting.pop(0) if self._waiting else self._split_largest()
            if part is not None:
                self._in_progress.append(part)
            return part

    def _split_largest(self) -> _Part | None:
        """
        The far half of the window that seems to have most left, or `None`.
        """
        if self._splits_left <= 0 or self._remaining < 2 * PAGE_SIZE:
            return None
        largest = max(self._in_progress, key=self._estimate_remaining, default=None)
        if largest is None or self._estimate_remaining(largest) < 2 * PAGE_SIZE:
            return None
        self._splits_left -= 1
        window = largest.window
        reached, limit = self._unread_span(largest)
        middle = (reached + limit) // 2
        if largest.is_descending:
            far = Window(window.since, middle)
            window.since = middle
        else:
            far = Window(middle, window.until)
            window.until = middle
        part = _Part(far)
        self._open.append(part)
        return part

    def _estimate_remaining(self, part: _Part) -> float:
        """
        How many records the window may still hold at the density seen so far.
        """
        if (
            part.is_descending is None
            or part.first_time is None
            or part.last_time is None
        ):
            return 0.0
        reached, limit = self._unread_span(part)
        span = reached - limit if part.is_descending else limit - reached
        if span < self._MIN_SPAN_SECONDS:
            return 0.0
        return part.rows * span / max(abs(part.first_time - reached), 1)

    def _unread_span(self, part: _Part) -> tuple[int, int]:
        """
        From which time to which time a window is still unread.

        One that is open-ended on that side is taken to end where the list began, or
        not to go on at all.
        """
        assert part.last_time is not None
        if part.is_descending:
            since = part.window.since
            return part.last_time, min(
                self._floor if since is None else since, part.last_time
            )
        until = part.window.until
        return part.last_time, part.last_time if until is None else until


def _is_descending(times: list[int]) -> bool | None:
    """
    `None` if the times show no order.
    """
    if all(a >= b for a, b in itertools.pairwise(times)):
        return True if times[0] > times[-1] else None
    if all(a <= b for a, b in itertools.pairwise(times)):
        return False
    return None
