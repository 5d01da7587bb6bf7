"""
A request for a page: what of it the pages get, and what the site asks of it before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from ticketsync.visitors.passes import Visitor
from ticketsync.web import request_bodies
from ticketsync.web.request_bodies import Upload

BODY_SECONDS = 10  # to receive the whole body
MAX_ID = 2**31 - 1  # of a row


@dataclass(frozen=True, slots=True)
class PageRequest:
    """
    A request that passed the access checks. `form` has the last value of each field,
    `choices` all of them, of boxes that were ticked.
    """

    visitor: Visitor | None
    path_params: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    body: Any  # decoded JSON
    token: str
    client: str = ""  # IP address
    files: Mapping[str, Upload] = field(default_factory=dict)
    opened_at: str = ""  # the origin of our pages as this browser knows it
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    path: str = ""
    kept_id: str = ""  # of a form that was sent after its session had ended

    @property
    def signed_in(self) -> Visitor:
        """
        The visitor, on pages that need one.
        """
        assert self.visitor is not None
        return self.visitor


def has_impossible_id(value: Any) -> bool:
    """
    Whether a number in a path cannot be the id of a row.
    """
    return isinstance(value, int) and value > MAX_ID


async def read_in_time(request: Request, most: int) -> bytes | None:
    """
    The body of a request; `None` where it is larger than `most` bytes or breaks off.

    Raises: `TimeoutError` for one that arrives too slowly.
    """
    async with asyncio.timeout(BODY_SECONDS):
        return await request_bodies.read_body(request, most)


def origin_of(request: Request) -> str:
    """
    Where the browser opened our pages. The host was found to be ours, and so was the
    origin of a form.
    """
    if request.method == "POST":
        return request.headers.get("origin", "")
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


def wants_json(request: Request) -> bool:
    """
    Whether a script of a page asks, which gets an error as JSON.
    """
    return "json" in request.headers.get(
        "content-type", ""
    ) or request.url.path.endswith("/guests")


def wants_page(request: Request) -> bool:
    """
    Whether a person's browser asks for a page, and neither a script nor a platform.
    """
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and not wants_json(request)


def route_of(request: Request) -> str:
    """
    The route of a request, for the log: the path itself may contain a token.
    """
    return str(getattr(request.scope.get("route"), "path", ""))
