"""
When to try again, and how long to wait: the only place that decides it.

At most four tries, only for requests that change nothing, only for faults that
pass: connection errors, 408, 429, 5xx, and once for a truncated answer. Waiting is
paid from one budget per client, so that a platform cannot hold a run for ever.
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
LONGEST_BACKOFF = 8.0


class TryAgain(Exception):
    """
    A fault that may pass. `error` is what to raise if it does not.
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


class WaitBudget:
    """
    The seconds that a client may spend waiting, shared by its threads.
    """

    def __init__(
        self, seconds: float, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._left = seconds
        self._sleep = sleep
        self._lock = threading.Lock()
        self._closed_until = 0.0

    @property
    def left(self) -> float:
        return self._left

    def wait(self, seconds: float) -> bool:
        """
        Wait that long, or return False at once if the budget does not allow it.
        """
        with self._lock:
            if seconds > self._left:
                return False
            self._left -= seconds
        if seconds > 0:
            self._sleep(seconds)
        return True

    def pause_until(self, seconds: float) -> None:
        """
        Let no thread of this client send anything for that long.
        """
        with self._lock:
            self._closed_until = max(self._closed_until, time.monotonic() + seconds)

    def wait_until_open(self) -> bool:
        """
        Wait until the gate is open; False if the budget does not allow it.
        """
        with self._lock:
            seconds = self._closed_until - time.monotonic()
        return seconds <= 0 or self.wait(seconds)


def call(send: Callable[[], T], patience: WaitBudget) -> T:
    """
    Run `send` until it succeeds or there is no sense in going on.
    """

    def should_retry(state: tenacity.RetryCallState) -> bool:
        fault = state.outcome.exception() if state.outcome else None
        return isinstance(fault, TryAgain) and state.attempt_number < fault.tries

    def pause(state: tenacity.RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome else None
        assert isinstance(fault, TryAgain)
        told = fault.wait
        seconds = backoff(state.attempt_number) if told is None else told
        if not patience.wait(seconds):
            raise fault.error
        return 0.0

    retrying = tenacity.Retrying(
        retry=should_retry,
        stop=tenacity.stop_after_attempt(TRIES),
        wait=pause,
        sleep=lambda _: None,  # `pause` has waited, within the budget
        reraise=True,
    )
    try:
        return retrying(send)
    except TryAgain as fault:
        raise fault.error from fault.__cause__


def backoff(attempt: int) -> float:
    """
    Seconds to wait after the given attempt: doubling, capped, with jitter.
    """
    longest = min(LONGEST_BACKOFF, 0.5 * 2**attempt)
    return random.uniform(longest / 2, longest)  # noqa: S311  # not a secret


def retry_after(header: str | None) -> float | None:
    """
    The seconds a `Retry-After` asks for, or `None` if it says nothing sensible.

    Whole seconds or an HTTP date; negative waits are no waits. The caller compares
    the result with what it can afford.
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit() and len(text) <= 12:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - clock.now()).total_seconds())


def provider_time(header: str | None) -> datetime | None:
    """
    The instant in a `Date` header, by the platform's clock.
    """
    try:
        return parsedate_to_datetime(header).astimezone(UTC) if header else None
    except (ValueError, OverflowError):
        return None
