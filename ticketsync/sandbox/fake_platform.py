"""
What the server and every played platform agree on.
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
    One request below a platform's prefix. Query names may come several times.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    @property
    def segments(self) -> list[str]:
        return [step for step in self.path.split("/") if step]

    def get(self, name: str, default: str = "") -> str:
        """
        The last value of a query name.
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
    A platform played over one world. `forget` is called after the world changed.
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


DIGITS = {"JPY": 0, "KWD": 3}  # every other currency played has two


def major_text(minor: int, currency: str) -> str:
    """
    An amount of minor units as the text of its major ones: 3900 is 39.00 AUD.
    """
    digits = DIGITS.get(currency, 2)
    whole = f"{minor:0{digits + 1}d}"
    return whole if not digits else f"{whole[:-digits]}.{whole[-digits:]}"


def json_response(value: Any, status: int = 200, **headers: str) -> ApiResponse:
    """
    A JSON answer.
    """
    return ApiResponse(
        status, json.dumps(value, separators=(",", ":")).encode(), headers
    )


def iso_utc(seconds: float, *, millis: bool = False) -> str:
    """
    Unix seconds as `2026-09-01T00:00:00Z`, with milliseconds where wanted.
    """
    text = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
    return f"{text}.000Z" if millis else f"{text}Z"


def unix_seconds(text: str) -> float:
    """
    The unix seconds of an ISO 8601 text.
    """
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
