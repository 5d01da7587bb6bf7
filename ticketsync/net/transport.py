"""
The HTTP transport: httpcore's connection pool, with a total deadline for each request.

The library's own timeout counts for each piece received, so a server that sends one
byte per second would block us forever, also in the headers. The stream below shortens
each wait to what is left of the thread's deadline. The library also waits for as many
interim responses (1xx) as a server sends; the stream counts them.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpcore
import httpx

from ticketsync.core.stopping import GLANCE_SECONDS, Stop

MAX_CONNECTIONS: Final = 32
MAX_INTERIM_RESPONSES: Final = 10


class TooManyInterimResponses(httpx.RemoteProtocolError):
    """
    The server answered 1xx more than `MAX_INTERIM_RESPONSES` times.
    """


class _ThreadDeadline(threading.local):
    at: float | None = None
    stop: Stop | None = None


_deadline = _ThreadDeadline()


@contextmanager
def deadline_at(moment: float, stop: Stop | None = None) -> Iterator[None]:
    """
    Let requests of this thread end at that moment of `time.monotonic()`, with
    `Interrupted` soon after a stop was requested.
    """
    _deadline.at, _deadline.stop = moment, stop
    try:
        yield
    finally:
        _deadline.at = _deadline.stop = None


class _InterimFlood(httpcore.RemoteProtocolError):
    pass


_INTERIM = re.compile(rb"HTTP/\d\.\d 1\d\d\b")
_END_OF_HEADERS = re.compile(rb"\n\r?\n")


class _InterimCounter:
    """
    Counts the interim responses before a response, from the bytes as they are read.
    """

    def __init__(self) -> None:
        self._count = 0
        self._held: bytearray | None = bytearray()

    def count(self, data: bytes) -> None:
        if self._held is None:  # the response itself has begun
            return
        self._held += data
        while end := _END_OF_HEADERS.search(self._held):
            if not _INTERIM.match(self._held):
                break
            self._count += 1
            if self._count > MAX_INTERIM_RESPONSES:
                raise _InterimFlood("too many interim responses")
            del self._held[: end.end()]
        if end or bytes(self._held[9:10]) not in (b"", b"1"):
            self._held = None


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner
        self._interim = _InterimCounter()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._read_until_stopped(max_bytes, _remaining(timeout))
        self._interim.count(data)
        return data

    def _read_until_stopped(self, max_bytes: int, timeout: float | None) -> bytes:
        """
        Read in waits so short that a request to stop is noticed.
        """
        stop = _deadline.stop
        if stop is None or timeout is None:
            return self._inner.read(max_bytes, timeout)
        ends = time.monotonic() + timeout
        while True:
            stop.check()
            left = max(0.001, ends - time.monotonic())  # 0 would not wait at all
            try:
                return self._inner.read(max_bytes, min(left, GLANCE_SECONDS))
            except httpcore.ReadTimeout:
                if left <= GLANCE_SECONDS:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._interim = _InterimCounter()  # another request begins
        self._inner.write(buffer, _remaining(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(
            ssl_context, server_hostname, _remaining(timeout)
        )
        return _DeadlineStream(secured)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _DeadlineBackend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """
        Try one address of the host after the other, each with what is left of the
        deadline; the library's own loop gives the whole timeout to each of them.
        """
        refused: httpcore.NetworkError | httpcore.TimeoutException | None = None
        for address in _addresses(host, port, timeout):
            try:
                stream = super().connect_tcp(
                    address, port, _remaining(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                refused = error
            else:
                return _DeadlineStream(stream)
        raise refused or httpcore.ConnectError(f"{host} has no address")


def _addresses(host: str, port: int, timeout: float | None) -> list[str]:
    """
    The system gives a name server as long as it is set up to, often ten seconds; where
    none answers, that is as good as a connection that was waited for.
    """
    began = time.monotonic()
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        if timeout is not None and time.monotonic() - began >= timeout:
            raise httpcore.ConnectTimeout(str(error)) from error
        raise httpcore.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _remaining(timeout: float | None) -> float | None:
    if _deadline.at is None:
        return timeout
    left = _deadline.at - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return left if timeout is None else min(timeout, left)


class DeadlineTransport(httpx.BaseTransport):
    """
    A pool of connections that keep the deadline of the thread that uses them.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_CONNECTIONS,
            keepalive_expiry=5.0,
            http1=True,
            network_backend=_DeadlineBackend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        url = request.url
        with _as_httpx_errors():
            response = self._pool.handle_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(
                        scheme=url.raw_scheme,
                        host=url.raw_host,
                        port=url.port,
                        target=url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        assert isinstance(response.stream, Iterable)
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response.stream),
            extensions=response.extensions,
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx_errors():
            yield from self._stream

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
    ) as error:
        if isinstance(error, _InterimFlood):
            raise TooManyInterimResponses(str(error)) from error
        # The two libraries call them the same.
        raise getattr(httpx, type(error).__name__)(str(error)) from error


def is_tls_error(error: BaseException | None) -> bool:
    """
    Whether a certificate that could not be verified is behind an error.
    """
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def make_transport(base_url: str, use_system_proxy: bool) -> DeadlineTransport | None:
    """
    A transport that keeps the deadline; `None` for the library's own.
    """
    if use_system_proxy:
        return None  # the library's own, which reads the environment
    is_plain = base_url.startswith("http:")  # loopback, see `checked_base_url`
    # Reading the certificate authorities takes longer than a request on loopback.
    return DeadlineTransport(
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if is_plain
        else httpx.create_ssl_context(trust_env=False)
    )
