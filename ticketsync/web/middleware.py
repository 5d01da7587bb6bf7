"""
What every request passes first: whose it is, whether it may open the pages, and the
headers of every answer.

Webhooks are answered by the receiver, which has its own rules for who may send them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticketsync.core.settings.config import ServeSettings
from ticketsync.web import client_addresses, own_address

HOOKS = "/hooks/"
MAX_PATH_LENGTH = 2048  # also limits the digits of a number in a path
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # without one, browsers hide a POST's origin
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
WRONG_HOST = (
    "<!doctype html><title>Another address</title>"
    "<p>The pages do not open under this host name. If it is the right one, set "
    "<code>serve: public_url</code> in the settings to the address that your browser "
    "shows, with its <code>https:</code>, and restart <code>ticketsync serve</code>. "
    "The proxy must pass on <code>Host</code>."
)
AS_WRITTEN = "<pre>serve:\n  public_url: https://{host}</pre>"
_HOST = re.compile(r"[a-z0-9.-]{1,253}(:[0-9]{1,5})?", re.IGNORECASE | re.ASCII)


class AccessMiddleware:
    """
    Wraps the application. Replaces the address of a trusted proxy by that of its client
    and refuses pages to networks that are not allowed and at names that are not ours.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app = app
        self._settings = settings
        self._proxies = client_addresses.networks(settings.proxies)
        self._allowed = client_addresses.networks(settings.allow_pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # there is nothing else here
            return
        headers = Headers(scope=scope)
        client = self._client(scope, headers)
        scope["client"] = (client, 0) if client else None
        if scope["path"].startswith(HOOKS):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope, headers, client)
        await (refusal or self._app)(scope, receive, _with_headers(send))

    def _client(self, scope: Scope, headers: Headers) -> str:
        peer = (scope.get("client") or ("", 0))[0]
        forwarded_for = headers.getlist("x-forwarded-for")
        return client_addresses.client_address(peer, forwarded_for, self._proxies)

    def _refusal(self, scope: Scope, headers: Headers, client: str) -> Response | None:
        if self._allowed and not client_addresses.is_in(client, self._allowed):
            return Response(status_code=404)
        if len(scope["path"]) > MAX_PATH_LENGTH:
            return Response(status_code=404)
        host = headers.get("host", "")
        if not own_address.is_our_host(host, self._settings.public_url):
            return HTMLResponse(_wrong_host(host), 421)
        return None


def _wrong_host(host: str) -> str:
    """
    What to set, with the name that was asked for where it is one.
    """
    if not _HOST.fullmatch(host):
        return WRONG_HOST
    return WRONG_HOST + AS_WRITTEN.format(host=host)


def _with_headers(send: Send) -> Send:
    """
    Adds our headers to an answer that does not set them itself.
    """

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
