"""
The interface between the sandbox server and every fake platform.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from ticketsync.sandbox.world import World


@dataclass(frozen=True)
class ApiRequest:
    """
    One request to a platform: its path has no prefix, query parameters may repeat.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    @property
    def segments(self) -> list[str]:
        return [segment for segment in self.path.split("/") if segment]

    def get(self, name: str, default: str = "") -> str:
        """
        The last value of a query parameter.
        """
        return dict(self.query).get(name, default)

    def get_all(self, name: str) -> list[str]:
        return [value for key, value in self.query if key == name]


@dataclass(frozen=True)
class ApiResponse:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class FakePlatform(Protocol):
    """
    A platform that serves one world. Call `invalidate` after the world has changed.
    """

    name: str
    prefix: str
    key: str
    limit: int
    limit_seconds: int
    world: World

    def respond(self, request: ApiRequest) -> ApiResponse: ...

    def rate_limit_response(self, seconds: str) -> ApiResponse: ...

    def invalidate(self) -> None: ...


DIGITS = {"JPY": 0, "KWD": 3}  # every other currency here has two


def major_text(minor: int, currency: str) -> str:
    """
    Format minor units as a decimal text in major units: 3900 cents are `39.00`.
    """
    digits = DIGITS.get(currency, 2)
    whole = f"{minor:0{digits + 1}d}"
    return whole if not digits else f"{whole[:-digits]}.{whole[-digits:]}"


def json_response(value: Any, status: int = 200, **headers: str) -> ApiResponse:
    """
    A response with this value as JSON.
    """
    return ApiResponse(
        status, json.dumps(value, separators=(",", ":")).encode(), headers
    )


def iso_utc(seconds: float, *, millis: bool = False) -> str:
    """
    Format unix seconds as `2026-09-01T00:00:00Z`, optionally with milliseconds.
    """
    text = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
    return f"{text}.000Z" if millis else f"{text}Z"


def unix_seconds(text: str) -> float:
    """
    Parse an ISO 8601 text to unix seconds.
    """
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
