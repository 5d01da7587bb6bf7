"""
The one HTTP client.

It sends GET, or a query by POST, to one fixed origin and returns decoded JSON, or
raises one of our errors.
Redirects are refused, the environment's proxies and netrc are not read, a response has
a size limit and a total deadline. A secret is only ever in a header.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import httpx

from ticketsync import __version__
from ticketsync.core import errors, log
from ticketsync.core.redact import Secret, safe
from ticketsync.core.stopping import Stop
from ticketsync.net import exact_json, retry
from ticketsync.net.api_errors import ApiErrors, Explain
from ticketsync.net.base_url import checked_base_url
from ticketsync.net.budget import CallBudget
from ticketsync.net.exact_json import Shape
from ticketsync.net.responses import PartialResponse, ReceivedResponse, read_body
from ticketsync.net.transport import (
    MAX_INTERIM_RESPONSES,
    TooManyInterimResponses,
    deadline_at,
    is_tls_error,
    make_transport,
)

Params = Mapping[str, str | int | Sequence[str]]
Headers = Mapping[str, Secret]

T = TypeVar("T")

REQUEST_SECONDS: Final = 60.0
CONNECT_SECONDS: Final = 4.0  # three packets that ask for it, with TCP's own waits
MAX_CLOCK_SKEW: Final = timedelta(minutes=5)
_IN_HEADERS: Final = re.compile(r"[\t\x20-\x7e]*")


class ApiClient:
    """
    Talks to one platform for one account. Safe to use from several threads.

    Requests raise `AuthenticationFailed`; `ProviderUnavailable` if the platform cannot
    be reached, is too slow or limits us; `InvalidResponse` for a response that cannot
    be trusted, and its subclass `Rejected` for a request that was refused;
    `Interrupted` after `stop` was requested.
    """

    def __init__(
        self,
        base_url: str,
        *,
        account: str,
        platform: str,
        headers: Headers | None = None,
        renew: Callable[[], Headers] | None = None,
        explain: Explain | None = None,
        budget: CallBudget | None = None,
        run_id: str = "",
        wait_budget: retry.WaitBudget | None = None,
        deadline_seconds: float = 600.0,
        longest_seconds: float = float("inf"),
        use_system_proxy: bool = False,
        transport: httpx.BaseTransport | None = None,
        stop: Stop | None = None,
    ) -> None:
        self.base_url = checked_base_url(base_url)
        self.account = account
        self.platform = platform
        self.requests = 0
        self.provider_time: datetime | None = None
        self._headers: Headers = headers or {}
        self._renew = renew
        self._errors = ApiErrors(platform, account, self.base_url, explain)
        self._budget = budget
        self._stop = stop or Stop()
        self._wait_budget = wait_budget or retry.WaitBudget(120.0)
        self._run_deadline = time.monotonic() + deadline_seconds
        self._latest = time.monotonic() + longest_seconds
        self.recent: deque[str] = deque(maxlen=12)
        self.response_ms: list[int] = []  # of each complete response, retries included
        self._counter_lock = threading.Lock()
        self._renew_lock = threading.Lock()
        self._client = httpx.Client(
            transport=transport or make_transport(self.base_url, use_system_proxy),
            follow_redirects=False,
            trust_env=use_system_proxy,
            timeout=httpx.Timeout(REQUEST_SECONDS, connect=CONNECT_SECONDS),
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "User-Agent": f"ticketsync/{__version__} run/{run_id or 'none'}",
            },
        )

    def get(self, path: str, params: Params | None = None) -> Any:
        """
        The decoded JSON of one GET below the base URL.
        """
        return self._request_json("GET", path, params or {}, None)

    def get_partial(
        self, path: str, params: Params, shape: Shape[T]
    ) -> PartialResponse[T]:
        """
        Only what `shape` names of the JSON of one GET (it should name `error`, too). A
        response of another shape is decoded in full at once, so that errors in it are
        raised here.
        """
        response: PartialResponse[T] = retry.call(
            lambda: self._decoded_partly(
                self._checked_response("GET", path, params, None), shape
            ),
            self._wait_budget,
        )
        return response

    def query(self, path: str, body: Mapping[str, Any]) -> Any:
        """
        The decoded JSON of one query that the platform accepts by POST. It changes
        nothing there, so it is retried like a GET.
        """
        return self._request_json("POST", path, {}, body)

    def post(
        self,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """
        A write that the venue asked for: sent once and never retried, because it may
        have taken effect even without a response. Returns the decoded response, `None`
        if it is empty.
        """
        try:
            response = self._request("POST", path, {}, body, form, is_write=True)
            self._check_status(response, path)
            return self._decoded(response) if response.body.strip() else None
        except retry.TryAgain as fault:
            raise fault.error from fault.__cause__

    def is_ahead(self, moment: datetime) -> bool:
        """
        Whether a watermark is in the future by the platform's clock: then it comes from
        a damaged record or another clock, and reading from there would skip orders
        (F12).
        """
        now = self.provider_time
        return now is not None and moment > now + MAX_CLOCK_SKEW

    def allow_more(self, seconds: float) -> None:
        """
        Let the run end that much later: it waited for something else. Not later than
        the `longest_seconds` that it was given in any case.
        """
        self._run_deadline = min(self._run_deadline + seconds, self._latest)

    def close(self) -> None:
        self._client.close()
        if self._budget is not None:
            self._budget.close()

    # One attempt

    def _request_json(
        self, method: str, path: str, params: Params, body: Mapping[str, Any] | None
    ) -> Any:
        return retry.call(
            lambda: self._decoded(self._checked_response(method, path, params, body)),
            self._wait_budget,
        )

    def _checked_response(
        self, method: str, path: str, params: Params, body: Mapping[str, Any] | None
    ) -> ReceivedResponse:
        headers = self._headers
        response = self._request(method, path, params, body)
        if response.status == 401 and self._renew_headers(headers):
            response = self._request(method, path, params, body)
        self._check_status(response, path)
        return response

    def _request(
        self,
        method: str,
        path: str,
        params: Params,
        body: Mapping[str, Any] | None,
        form: Mapping[str, str] | None = None,
        *,
        is_write: bool = False,
    ) -> ReceivedResponse:
        self._wait_for_permission()
        # Of a write that was sent, what came of it must be known.
        stop = None if is_write else self._stop
        try:
            return self._send(method, path, params, body, form, stop)
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise self._transport_error(error) from error
        except (httpx.InvalidURL, httpx.CookieConflict, UnicodeError):
            raise self._errors.impossible_request() from None

    def _renew_headers(self, used: Headers) -> bool:
        """
        Whether there are now other credentials than those that were refused (F25).
        """
        if self._renew is None:
            return False
        with self._renew_lock:
            if self._headers is used:
                self._headers = self._renew()
        return True

    def _wait_for_permission(self) -> None:
        self._stop.check()
        if time.monotonic() > self._run_deadline:
            raise self._errors.unavailable(
                "did not finish within the time limit of one run", word="deadline"
            )
        if not self._wait_budget.wait_until_open():
            raise self._errors.throttled()
        # Waiting for our own call budget may take the rest of the run.
        left = self._run_deadline - time.monotonic()
        if self._budget is not None and not self._budget.take(left, self._stop):
            raise self._errors.throttled()

    def _send(
        self,
        method: str,
        path: str,
        params: Params,
        body: Mapping[str, Any] | None,
        form: Mapping[str, str] | None,
        stop: Stop | None,
    ) -> ReceivedResponse:
        with self._counter_lock:
            self.requests += 1
        self._wait_budget.note_request()
        deadline = min(time.monotonic() + REQUEST_SECONDS, self._run_deadline)
        headers = self._secret_headers()
        began = time.monotonic()
        status = 0
        try:
            with (
                deadline_at(deadline, stop),
                self._client.stream(
                    method,
                    self.base_url + path,
                    params=dict(params),
                    headers=headers,
                    json=body,
                    data=form,
                ) as response,
            ):
                status = response.status_code
                self._wait_budget.note_response()
                self._note_limits(response.headers)
                content = read_body(response, deadline, self._errors)
            self.response_ms.append(round((time.monotonic() - began) * 1000))
        finally:
            self._record(method, path, status, time.monotonic() - began)
        return ReceivedResponse(response.status_code, response.headers, content)

    def _secret_headers(self) -> dict[str, str]:
        headers = {name: secret.reveal() for name, secret in self._headers.items()}
        if not all(_IN_HEADERS.fullmatch(text) for text in headers.values()):
            raise self._errors.unusable_secret()
        return headers

    def _record(self, method: str, path: str, status: int, seconds: float) -> None:
        """
        Keep the last requests, to diagnose a failed run.
        """
        millis = round(seconds * 1000)
        self.recent.append(f"{method} {path} → {status or 'no response'}, {millis} ms")
        if log.is_detailed:
            log.debug("request", method=method, path=path, status=status, millis=millis)

    # What a response means

    def _check_status(self, response: ReceivedResponse, path: str) -> None:
        status = response.status
        if 200 <= status < 300:
            return
        error = self._errors.of_status(
            status,
            f"HTTP {status} for {path}",
            response.body,
            wait=retry.retry_after(response.headers.get("retry-after")),
        )
        if isinstance(error, retry.TryAgain) and error.wait is not None:
            self._wait_budget.pause_until(min(error.wait, self._wait_budget.left))
        raise error

    def _note_limits(self, headers: httpx.Headers) -> None:
        """
        Slow down before the platform refuses requests.
        """
        moment = retry.provider_time(headers.get("date"))
        if moment is not None:
            self.provider_time = moment
        remaining = headers.get("x-rate-limit-remaining", "")
        if remaining.isdigit() and int(remaining) == 0:
            reset = retry.retry_after(headers.get("x-rate-limit-reset"))
            if reset:
                self._wait_budget.pause_until(reset)

    def _decoded_partly(
        self, response: ReceivedResponse, shape: Shape[T]
    ) -> PartialResponse[T]:
        body = response.body
        value = exact_json.get_partial(body, shape) if response.is_json else None
        if not isinstance(value, dict) or "error" in value:
            return PartialResponse(self._decoded(response))
        return PartialResponse(value, body, lambda: self._decoded(response))

    def _decoded(self, response: ReceivedResponse) -> Any:
        if not response.is_json:
            kind = response.headers.get("content-type", "")
            raise self._errors.invalid_response(
                f"answered {safe(kind, longest=60) or 'something'} instead of JSON",
                "not-json",
            )
        try:
            value = exact_json.decode(response.body)
        except exact_json.Truncated:
            truncated = self._errors.invalid_response(
                "sent incomplete JSON", "truncated"
            )
            raise retry.TryAgain(truncated, tries=2) from None
        except ValueError as error:
            raise self._errors.invalid_response(
                f"sent invalid JSON ({safe(error)})", "not-json"
            ) from None
        if not isinstance(value, dict) or "error" in value:
            raise self._errors.invalid_response(
                "sent JSON that is not a usable response", "not-json"
            )
        return value

    def _transport_error(self, error: Exception) -> Exception:
        if isinstance(error, httpx.ReadTimeout):
            return retry.TryAgain(
                self._errors.unavailable("does not respond", word="deadline")
            )
        if isinstance(error, httpx.ConnectTimeout) and not self._wait_budget.has_answer:
            # It was waited for already; a network that is down swallows packets.
            return retry.TryAgain(
                self._errors.unavailable("cannot be reached"), tries=1
            )
        if isinstance(error, TooManyInterimResponses):
            return self._errors.invalid_response(
                f"sent more than {MAX_INTERIM_RESPONSES} interim responses",
                "interim-responses",
            )
        if isinstance(error, httpx.LocalProtocolError):
            return self._errors.impossible_request()
        if isinstance(error, httpx.RemoteProtocolError | httpx.DecodingError):
            return retry.TryAgain(
                self._errors.unavailable("broke off its response"), tries=2
            )
        if is_tls_error(error):
            return self._errors.unavailable(
                "cannot be verified by its TLS certificate", word="tls"
            )
        return retry.TryAgain(self._errors.unavailable("cannot be reached"))

    # Errors raised by the paging code

    def invalid_response(self, what: str, word: str) -> errors.InvalidResponse:
        """
        The error for a response that is JSON and still cannot be trusted.
        """
        return self._errors.invalid_response(what, word)

    def unknown_resource(self, what: str) -> errors.UnknownResource:
        """
        The error where a response says that the platform does not have something.
        """
        return self._errors.unknown_resource(what)

    def lists_no_change(self, since: str, watermark: str) -> errors.InvalidResponse:
        """
        The error for a list of changes without the one that was the newest before.
        """
        return self._errors.invalid_response(
            f"lists no change since {since}, although its newest was of {watermark}",
            "list-incomplete",
        )

    def incomplete(self, path: str, sent: int, promised: int) -> errors.InvalidResponse:
        """
        The error for a list with fewer rows than its envelope announced.
        """
        return self._errors.invalid_response(
            f"promised {promised} rows of {path} and sent {sent}", "list-incomplete"
        )
