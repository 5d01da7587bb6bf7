"""
The one HTTP client.

It sends GET, or a query by POST, to one fixed origin and gives back decoded JSON, or
one of our errors.
Redirects are refused, the environment's proxies and netrc are not read, an answer
has a size and a total deadline. A secret is only ever in a header.
"""

from __future__ import annotations

import ipaddress
import ssl
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlsplit

import httpcore
import httpx

from ticketsync import __version__
from ticketsync.core import errors, log
from ticketsync.core.redact import Secret, safe
from ticketsync.net import exact_json, retry
from ticketsync.net.budget import CallBudget
from ticketsync.net.exact_json import Shape

Params = Mapping[str, str | int | Sequence[str]]
Headers = Mapping[str, Secret]

T = TypeVar("T")

LARGEST_ANSWER: Final = 32 * 1024 * 1024
REQUEST_SECONDS: Final = 60.0
CONNECT_SECONDS: Final = 10.0
MOST_CONNECTIONS: Final = 32
SHOWN_OF_INVALID: Final = 80
AHEAD: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ErrorExplanation:
    """
    What a platform means by an error answer, in words.

    A person is needed unless `code` is set: then the request was rejected for a
    reason that the provider knows how to go on from.
    """

    message: str
    hint: str = ""
    code: str = ""


Explain = Callable[[int, Mapping[str, Any]], ErrorExplanation | None]


@dataclass(frozen=True, slots=True)
class PartialResponse(Generic[T]):
    """
    What was looked at of an answer, with its `body` and how to decode the whole, unless
    that was necessary at once.
    """

    value: T
    body: bytes | None = None
    whole: Callable[[], Any] | None = None


class Rejected(errors.InvalidResponse):
    """
    The platform rejected a request and said why: `status` and its own `code`.
    """

    def __init__(self, message: str, *, status: int, code: str = "") -> None:
        super().__init__(
            message,
            hint="Nothing of this answer was saved; try again later.",
            word="rejected",
        )
        self.status = status
        self.code = code


class ApiClient:
    """
    Talks to one platform for one account. Safe to use from several threads.
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
        patience: retry.WaitBudget | None = None,
        deadline_seconds: float = 600.0,
        use_system_proxy: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = checked_base_url(base_url)
        self.account = account
        self.platform = platform
        self.requests = 0
        self.provider_time: datetime | None = None
        self._headers: Headers = headers or {}
        self._renew = renew
        self._explain = explain
        self._budget = budget
        self._patience = patience or retry.WaitBudget(120.0)
        self._ends = time.monotonic() + deadline_seconds
        self.recent: deque[str] = deque(maxlen=12)
        self._counting = threading.Lock()
        self._renewing = threading.Lock()
        self._client = httpx.Client(
            transport=transport or _transport(self.base_url, use_system_proxy),
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
        return self._ask("GET", path, params or {}, None)

    def get_partial(
        self, path: str, params: Params, shape: Shape[T]
    ) -> PartialResponse[T]:
        """
        Only what `shape` names of the JSON of one GET (let it name `error`, too). An
        answer that is not so is decoded whole at once, so that what is wrong with it
        shows here.
        """
        found: PartialResponse[T] = retry.call(
            lambda: self._skimmed(self._good("GET", path, params, None), shape),
            self._patience,
        )
        return found

    def query(self, path: str, body: Mapping[str, Any]) -> Any:
        """
        The decoded JSON of one query that the platform takes by POST; it changes
        nothing there, so it is repeated like a GET.
        """
        return self._ask("POST", path, {}, body)

    def post(
        self,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """
        A write that the venue asked for: sent once, never repeated by itself, because
        nobody knows whether one that was not answered was done. Returns the decoded
        answer, `None` where there is none.
        """
        try:
            answer = self._answer("POST", path, {}, body, form)
            self._judge_status(answer, path)
            return self._decoded(answer) if answer.body.strip() else None
        except retry.TryAgain as fault:
            raise fault.error from fault.__cause__

    def is_ahead(self, moment: datetime) -> bool:
        """
        Whether a watermark is in the platform's future: it comes from a damaged record
        or from another clock, and reading from there would skip everything (F12).
        """
        now = self.provider_time
        return now is not None and moment > now + AHEAD

    def close(self) -> None:
        self._client.close()
        if self._budget is not None:
            self._budget.close()

    # One attempt

    def _ask(
        self, method: str, path: str, params: Params, body: Mapping[str, Any] | None
    ) -> Any:
        return retry.call(
            lambda: self._decoded(self._good(method, path, params, body)),
            self._patience,
        )

    def _good(
        self, method: str, path: str, params: Params, body: Mapping[str, Any] | None
    ) -> _Answer:
        used = self._headers
        answer = self._answer(method, path, params, body)
        if answer.status == 401 and self._renewed(used):
            answer = self._answer(method, path, params, body)
        self._judge_status(answer, path)
        return answer

    def _answer(
        self,
        method: str,
        path: str,
        params: Params,
        body: Mapping[str, Any] | None,
        form: Mapping[str, str] | None = None,
    ) -> _Answer:
        self._wait_for_turn()
        try:
            return self._send(method, path, params, body, form)
        except httpx.HTTPError as fault:
            raise self._transport_fault(fault) from fault

    def _renewed(self, used: Headers) -> bool:
        """
        Whether there are other credentials now than those that were refused (F25).
        """
        if self._renew is None:
            return False
        with self._renewing:
            if self._headers is used:
                self._headers = self._renew()
        return True

    def _wait_for_turn(self) -> None:
        if time.monotonic() > self._ends:
            raise self._unavailable(
                "did not finish within the time one run may take", word="deadline"
            )
        if not self._patience.wait_until_open():
            raise self._throttled()
        # Our own budget is a plan, not a reproach: it may take the whole run's time.
        left = self._ends - time.monotonic()
        if self._budget is not None and not self._budget.take(left):
            raise self._throttled()

    def _send(
        self,
        method: str,
        path: str,
        params: Params,
        body: Mapping[str, Any] | None,
        form: Mapping[str, str] | None,
    ) -> _Answer:
        with self._counting:
            self.requests += 1
        deadline = min(time.monotonic() + REQUEST_SECONDS, self._ends)
        headers = {name: secret.reveal() for name, secret in self._headers.items()}
        _deadline.at = deadline
        began = time.monotonic()
        status = 0
        try:
            with self._client.stream(
                method,
                self.base_url + path,
                params=dict(params),
                headers=headers,
                json=body,
                data=form,
            ) as response:
                status = response.status_code
                self._notice_limits(response.headers)
                content = self._read(response, deadline)
        finally:
            _deadline.at = None
            self._remember(method, path, status, time.monotonic() - began)
        return _Answer(response.status_code, response.headers, content)

    def _remember(self, method: str, path: str, status: int, seconds: float) -> None:
        """
        The last requests, for whoever must find out why a run failed.
        """
        millis = round(seconds * 1000)
        self.recent.append(f"{method} {path} → {status or 'no answer'}, {millis} ms")
        if log.is_detailed:
            log.debug("request", method=method, path=path, status=status, millis=millis)

    def _read(self, response: httpx.Response, deadline: float) -> bytes:
        encoding = response.headers.get("content-encoding", "identity").lower()
        if encoding not in ("identity", "gzip", "deflate", ""):
            raise self._invalid_response(
                f"uses the encoding {safe(encoding)!r}", "encoding"
            )
        unpack = (
            zlib.decompressobj(zlib.MAX_WBITS | 32)
            if encoding
            in (
                "gzip",
                "deflate",
            )
            else None
        )
        chunks: list[bytes] = []
        size = 0
        for raw in response.iter_raw():
            chunk = raw
            if unpack is not None:
                chunk = self._unpacked(unpack, raw, LARGEST_ANSWER + 1 - size)
            chunks.append(chunk)
            size += len(chunk)
            if size > LARGEST_ANSWER:
                raise self._invalid_response("answered more than 32 MiB", "too-large")
            if time.monotonic() > deadline:
                raise self._unavailable("answers too slowly", word="deadline")
        return b"".join(chunks)

    def _unpacked(self, unpack: Any, raw: bytes, most: int) -> bytes:
        try:
            return bytes(unpack.decompress(raw, most))
        except zlib.error:
            raise self._invalid_response(
                "sent a damaged compressed answer", "truncated"
            ) from None

    # What an answer means

    def _judge_status(self, answer: _Answer, path: str) -> None:
        status = answer.status
        if 200 <= status < 300:
            return
        where = f"HTTP {status} for {path}"
        meaning = self._meaning(answer)
        if meaning is not None and meaning.code:
            raise Rejected(
                f"{self.platform} {meaning.message}, account {self.account!r} "
                f"({where}).",
                status=status,
                code=meaning.code,
            )
        if meaning is not None:
            raise errors.AuthenticationFailed(
                f"Account {self.account!r}: {meaning.message} (HTTP {status}).",
                hint=meaning.hint
                or f"Run `ticketsync accounts rotate {self.account}`.",
            )
        if status in (401, 403):
            raise errors.AuthenticationFailed(
                f"{self.platform} refused the credentials of account "
                f"{self.account!r} (HTTP {status}).",
                hint=f"Run `ticketsync accounts rotate {self.account}`.",
            )
        if status == 429:
            raise self._wait_asked_for(answer.headers.get("retry-after"))
        if status == 408 or status >= 500:
            raise retry.TryAgain(self._unavailable(f"is failing ({where})"))
        if 300 <= status < 400:
            raise self._invalid_response(
                f"redirects to another address ({where}), which is never followed",
                "unexpected-redirect",
            )
        if status in (404, 410):
            raise self._invalid_response(
                f"does not know this ({where}: {_shown(answer.body)})", "endpoint-gone"
            )
        raise Rejected(
            f"{self.platform} rejected a request ({where}: {_shown(answer.body)}), "
            f"account {self.account!r}.",
            status=status,
        )

    def _meaning(self, answer: _Answer) -> ErrorExplanation | None:
        if self._explain is None:
            return None
        try:
            body = exact_json.decode(answer.body)
        except ValueError:
            body = {}
        return self._explain(answer.status, body if isinstance(body, dict) else {})

    def _wait_asked_for(self, header: str | None) -> retry.TryAgain:
        wait = retry.retry_after(header)
        if wait is not None:
            self._patience.pause_until(min(wait, self._patience.left))
        return retry.TryAgain(self._throttled(wait), wait=wait)

    def _notice_limits(self, headers: httpx.Headers) -> None:
        """
        Slow down before the platform has to say so.
        """
        moment = retry.provider_time(headers.get("date"))
        if moment is not None:
            self.provider_time = moment
        remaining = headers.get("x-rate-limit-remaining", "")
        if remaining.isdigit() and int(remaining) == 0:
            reset = retry.retry_after(headers.get("x-rate-limit-reset"))
            if reset:
                self._patience.pause_until(reset)

    def _skimmed(self, answer: _Answer, shape: Shape[T]) -> PartialResponse[T]:
        value = exact_json.get_partial(answer.body, shape) if answer.is_json else None
        if not isinstance(value, dict) or "error" in value:
            return PartialResponse(self._decoded(answer))
        return PartialResponse(value, answer.body, lambda: self._decoded(answer))

    def _decoded(self, answer: _Answer) -> Any:
        if not answer.is_json:
            kind = answer.headers.get("content-type", "")
            raise self._invalid_response(
                f"answered {safe(kind) or 'something'} instead of JSON: "
                f"{_shown(answer.body)}",
                "not-json",
            )
        try:
            value = exact_json.decode(answer.body)
        except exact_json.Truncated:
            fault = self._invalid_response(
                "sent JSON that ends in the middle", "truncated"
            )
            raise retry.TryAgain(fault, tries=2) from None
        except ValueError as error:
            raise self._invalid_response(
                f"sent no valid JSON ({safe(error)}): {_shown(answer.body)}", "not-json"
            ) from None
        if not isinstance(value, dict) or "error" in value:
            raise self._invalid_response(
                f"sent no answer but {_shown(answer.body)}", "not-json"
            )
        return value

    # Our words

    def _transport_fault(self, fault: httpx.HTTPError) -> Exception:
        if isinstance(
            fault.__cause__ or fault, httpcore.ReadTimeout | httpx.ReadTimeout
        ):
            return retry.TryAgain(self._unavailable("does not answer", word="deadline"))
        if isinstance(fault, httpx.RemoteProtocolError | httpx.DecodingError):
            return retry.TryAgain(self._unavailable("broke off its answer"), tries=2)
        if _is_tls_fault(fault):
            return self._unavailable("cannot prove who it is (TLS)", word="tls")
        return retry.TryAgain(self._unavailable("cannot be reached"))

    def _throttled(self, wait: float | None = None) -> errors.ProviderUnavailable:
        told = f" for {wait:.0f} s" if wait else ""
        return self._unavailable(f"asks us to wait{told}", word="throttled")

    def _unavailable(
        self, what: str, *, word: str = "unreachable"
    ) -> errors.ProviderUnavailable:
        return errors.ProviderUnavailable(
            f"{self.platform} {what}, account {self.account!r}, {self.base_url}.",
            hint="What was read is saved; run the same command later to go on.",
            word=word,
        )

    def _invalid_response(self, what: str, word: str) -> errors.InvalidResponse:
        return errors.InvalidResponse(
            f"{self.platform} {what}, account {self.account!r}.",
            hint="Nothing of this answer was saved; try again later.",
            word=word,
        )

    def invalid_response(self, what: str, word: str) -> errors.InvalidResponse:
        """
        The error for an answer that is JSON and still cannot be trusted.
        """
        return self._invalid_response(what, word)

    def incomplete(self, path: str, sent: int, promised: int) -> errors.InvalidResponse:
        """
        The error for a list with fewer rows than its envelope says that it has.
        """
        return self._invalid_response(
            f"promised {promised} rows of {path} and sent {sent}", "list-incomplete"
        )


def checked_base_url(url: str) -> str:
    """
    The base URL without a trailing slash; plain http is accepted on loopback only.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return url.rstrip("/")
    if parts.scheme == "http" and parts.hostname and _is_loopback(parts.hostname):
        return url.rstrip("/")
    raise errors.ConfigurationError(
        f"The address {safe(url)!r} cannot be used: it must begin with https://.",
        hint="Plain http:// is accepted for 127.0.0.1 only.",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_tls_fault(fault: BaseException | None) -> bool:
    while fault is not None:
        if isinstance(fault, ssl.SSLCertVerificationError):
            return True
        fault = fault.__cause__ or fault.__context__
    return False


def _shown(body: bytes) -> str:
    return safe(body[:SHOWN_OF_INVALID].decode("utf-8", "replace")) or "nothing"


class _Answer:
    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: httpx.Headers, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def is_json(self) -> bool:
        return "json" in self.headers.get("content-type", "").lower()


# The total deadline. The library's own timeout counts for each piece received, so
# a server that sends one byte a second would hold us for ever, in the headers too.
# The stream below shortens each wait to what is left of the thread's deadline.


class _ThreadDeadline(threading.local):
    at: float | None = None


_deadline = _ThreadDeadline()


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _what_is_left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _what_is_left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(
            ssl_context, server_hostname, _what_is_left(timeout)
        )
        return _DeadlineStream(secured)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _DeadlineBackend(httpcore.SyncBackend):
    def connect_tcp(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        return _DeadlineStream(super().connect_tcp(*args, **options))


def _what_is_left(timeout: float | None) -> float | None:
    if _deadline.at is None:
        return timeout
    left = _deadline.at - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return left if timeout is None else min(timeout, left)


def _transport(base_url: str, use_system_proxy: bool) -> httpx.HTTPTransport | None:
    if use_system_proxy:
        return None  # the library's own, which reads the environment
    is_plain = base_url.startswith("http:")  # loopback, see `checked_base_url`
    # Reading the certificate authorities takes longer than a request on loopback.
    context = (
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if is_plain
        else httpx.create_ssl_context(trust_env=False)
    )
    transport = httpx.HTTPTransport(verify=context, trust_env=False)
    # httpx offers no way to hand over a network backend, so we set the pool's.
    transport._pool = httpcore.ConnectionPool(
        ssl_context=context,
        max_connections=MOST_CONNECTIONS,
        max_keepalive_connections=MOST_CONNECTIONS,
        keepalive_expiry=5.0,
        http1=True,
        network_backend=_DeadlineBackend(),
    )
    return transport
