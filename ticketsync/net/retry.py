"""
When to retry, and how long to wait between two tries.

At most four tries, only for requests that change nothing, only for temporary errors:
connection errors, 408, 429, 5xx, and once for a truncated response. Waiting is charged
to one budget per client, so that a platform cannot delay a run without limit.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import tenacity

from ticketsync.core import clock, errors

T = TypeVar("T")

TRIES = 4
FIRST_BACKOFF_SECONDS = 0.7
MAX_BACKOFF_SECONDS = 8.0


class TryAgain(Exception):
    """
    A temporary error. `error` is raised if it persists.
    """

    def __init__(
        self,
        error: errors.ProviderError,
        *,
        wait: float | None = None,
        tries: int = TRIES,
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait
        self.tries = tries


OnWait = Callable[[float], None]


def wait_silently(seconds: float) -> None:
    """
    For clients whose waiting nobody watches.
    """


def always() -> bool:
    """
    For clients that may wait in any case.
    """
    return True


def note_nothing() -> None:
    """
    For clients whose requests and answers nobody else waits for.
    """


class WaitBudget:
    """
    The seconds that a client may spend waiting, shared by its threads. `on_wait` is
    called before it waits. Until the platform has answered once, `may_wait` is asked
    each time whether it is worth waiting for. `on_request` is called at each request,
    `on_response` at each answer.
    """

    def __init__(
        self,
        seconds: float,
        sleep: Callable[[float], None] = time.sleep,
        on_wait: OnWait = wait_silently,
        *,
        may_wait: Callable[[], bool] = always,
        on_request: Callable[[], None] = note_nothing,
        on_response: Callable[[], None] = note_nothing,
    ) -> None:
        self._left = seconds
        self._sleep = sleep
        self._on_wait = on_wait
        self._may_wait = may_wait
        self._on_request = on_request
        self._on_response = on_response
        self._has_answer = False
        self._lock = threading.Lock()
        self._closed_until = 0.0

    @property
    def has_answer(self) -> bool:
        """
        Whether the platform has answered once.
        """
        return self._has_answer

    @property
    def left(self) -> float:
        return self._left

    def take(self, seconds: float) -> bool:
        """
        Charge that many seconds; False if the budget does not allow it.
        """
        if not (self._has_answer or self._may_wait()):
            return False
        with self._lock:
            if seconds > self._left:
                return False
            self._left -= seconds
        return True

    def note_request(self) -> None:
        """
        The platform is asked something.
        """
        self._on_request()

    def note_response(self) -> None:
        """
        The platform has answered: waiting for it makes sense.
        """
        self._has_answer = True
        self._on_response()

    def sleep(self, seconds: float) -> None:
        """
        Wait for seconds that were taken.
        """
        if seconds > 0:
            self._on_wait(seconds)
            self._sleep(seconds)

    def pause_until(self, seconds: float) -> None:
        """
        Let no thread of this client send anything for that many seconds.
        """
        with self._lock:
            self._closed_until = max(self._closed_until, time.monotonic() + seconds)

    def wait_until_open(self) -> bool:
        """
        Wait for the end of a pause; False if the budget does not allow it.
        """
        with self._lock:
            seconds = self._closed_until - time.monotonic()
        if seconds > 0:
            if not self.take(seconds):
                return False
            self.sleep(seconds)
        return True


def call(send: Callable[[], T], wait_budget: WaitBudget) -> T:
    """
    Run `send` until it succeeds, no retry is left or the budget does not allow the next
    wait. Raises the `error` of its last `TryAgain`, and other errors at once.
    """

    def must_stop(state: tenacity.RetryCallState) -> bool:
        return _is_last_try(state) or not wait_budget.take(state.upcoming_sleep)

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TryAgain),
        wait=_seconds_to_wait,
        stop=must_stop,
        sleep=wait_budget.sleep,
        reraise=True,
    )
    try:
        return retrying(send)
    except TryAgain as temporary:
        raise temporary.error from temporary.__cause__


def _seconds_to_wait(state: tenacity.RetryCallState) -> float:
    requested = _temporary_error(state).wait
    return backoff(state.attempt_number) if requested is None else requested


def _is_last_try(state: tenacity.RetryCallState) -> bool:
    return state.attempt_number >= _temporary_error(state).tries


def _temporary_error(state: tenacity.RetryCallState) -> TryAgain:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, TryAgain)
    return error


def backoff(attempt: int) -> float:
    """
    Seconds to wait after the given attempt: doubling, capped, with jitter.
    """
    maximum = min(MAX_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2 ** (attempt - 1))
    return random.uniform(maximum / 2, maximum)  # noqa: S311  # nosec B311  # not a secret


def retry_after(header: str | None) -> float | None:
    """
    The seconds that a `Retry-After` asks for, or `None` if it is malformed.

    Whole seconds or an HTTP date; a date in the past is 0. The caller decides whether
    it can wait that long.
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit() and len(text) <= 12:
        return float(text)
    try:
        time_ = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    if time_.tzinfo is None:
        time_ = time_.replace(tzinfo=UTC)
    return max(0.0, (time_ - clock.now()).total_seconds())


def provider_time(header: str | None) -> datetime | None:
    """
    The instant in a `Date` header, by the platform's clock.
    """
    try:
        return parsedate_to_datetime(header).astimezone(UTC) if header else None
    except (ValueError, OverflowError):
        return None
