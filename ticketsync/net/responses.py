"""
What a platform sent: its body read within a limit and a deadline.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import httpx

from ticketsync.core.redact import safe
from ticketsync.net.api_errors import ApiErrors

T = TypeVar("T")

MAX_RESPONSE_BYTES: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PartialResponse(Generic[T]):
    """
    The decoded part of a response, with its `body` and a function that decodes all of
    it. Both are `None` if `value` is the whole response already.
    """

    value: T
    body: bytes | None = None
    whole: Callable[[], Any] | None = None


class ReceivedResponse:
    """
    A response whose body was read to its end.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: httpx.Headers, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def is_json(self) -> bool:
        return "json" in self.headers.get("content-type", "").lower()


def read_body(
    response: httpx.Response, deadline: float, api_errors: ApiErrors
) -> bytes:
    """
    The body of a response, unpacked.

    Raises: `InvalidResponse` for one that is too large, damaged or packed in a way that
    we did not ask for; `ProviderUnavailable` for one that arrives too slowly.
    """
    encoding = response.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip", "deflate", ""):
        raise api_errors.invalid_response(
            f"uses the encoding {safe(encoding)!r}", "encoding"
        )
    is_compressed = encoding in ("gzip", "deflate")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32) if is_compressed else None
    chunks: list[bytes] = []
    size = 0
    for raw in response.iter_raw():
        chunk = raw
        if unpack is not None:
            chunk = _unpacked(unpack, raw, MAX_RESPONSE_BYTES + 1 - size, api_errors)
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_RESPONSE_BYTES:
            raise api_errors.invalid_response("sent more than 32 MiB", "too-large")
        if time.monotonic() > deadline:
            raise api_errors.unavailable("responds too slowly", word="deadline")
    return b"".join(chunks)


def _unpacked(unpack: Any, raw: bytes, max_bytes: int, api_errors: ApiErrors) -> bytes:
    try:
        return bytes(unpack.decompress(raw, max_bytes))
    except zlib.error:
        raise api_errors.invalid_response(
            "sent a damaged compressed response", "truncated"
        ) from None
