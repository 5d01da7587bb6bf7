"""
The HTTP transport: a total deadline for each request.

The library's own timeout counts for each piece received, so a server that sends one
byte per second would block us forever, also in the headers. The stream below shortens
each wait to what is left of the thread's deadline.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpcore
import httpx

MAX_CONNECTIONS: Final = 32


class _ThreadDeadline(threading.local):
    at: float | None = None


_deadline = _ThreadDeadline()


@contextmanager
def deadline_at(moment: float) -> Iterator[None]:
    """
    Let requests of this thread end at that moment of `time.monotonic()`.
    """
    _deadline.at = moment
    try:
        yield
    finally:
        _deadline.at = None


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _remaining(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
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
    def connect_tcp(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        return _DeadlineStream(super().connect_tcp(*args, **options))


def _remaining(timeout: float | None) -> float | None:
    if _deadline.at is None:
        return timeout
    left = _deadline.at - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return left if timeout is None else min(timeout, left)


def make_transport(base_url: str, use_system_proxy: bool) -> httpx.HTTPTransport | None:
    """
    A transport that keeps the deadline; `None` for the library's own.
    """
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
    # httpx offers no way to pass a network backend, so we replace its pool.
    transport._pool = httpcore.ConnectionPool(
        ssl_context=context,
        max_connections=MAX_CONNECTIONS,
        max_keepalive_connections=MAX_CONNECTIONS,
        keepalive_expiry=5.0,
        http1=True,
        network_backend=_DeadlineBackend(),
    )
    return transport
