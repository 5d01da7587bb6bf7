"""
Where a page that says what went wrong leads back to: the page of ours that the visitor
came from, with its form or its filters.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from ticketsync.web import kept_forms


@dataclass(frozen=True, slots=True)
class BackLink:
    """
    A path of ours, with its query, and what its link says.
    """

    path: str
    words: str


def find_back_link(request: Request) -> BackLink | None:
    """
    The page that sent a refused request; without one, this page without its filters.
    `None` where only the front page is left.
    """
    path, query = request.url.path, request.url.query
    own = f"{path}?{query}" if query else path
    came_from = _page_before(request)
    if came_from != "/" and (request.method == "POST" or came_from != own):
        return BackLink(came_from, "Back to where you were")
    if request.method == "GET" and query:
        return BackLink(path, "Open this page without its filters")
    return None


def _page_before(request: Request) -> str:
    """
    The page of this host that named itself as the one before. The scheme may be that
    of a proxy.
    """
    before = request.headers.get("referer", "")
    host = request.headers.get("host", "")
    origins = [f"{scheme}://{host}" for scheme in ("http", "https")]
    return next(
        (
            page
            for origin in origins
            if host and (page := kept_forms.page_of(before, origin)) != "/"
        ),
        "/",
    )
