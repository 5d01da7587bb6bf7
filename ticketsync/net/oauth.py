"""
OAuth 2: a person authorises us in the browser, and we get tokens.

The authorisation code flow with a redirect to 127.0.0.1 on a free port, a `state`, and
PKCE where the platform supports it. Without a browser on this machine, the person
pastes the URL they were redirected to.
"""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
from authlib.common.security import generate_token
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from ticketsync.core import clock, errors
from ticketsync.core.redact import Secret, safe
from ticketsync.net.base_url import checked_base_url

TIMEOUT_SECONDS: Final = 30.0
CALLBACK: Final = "/callback"
NO_LISTENER: Final = f"http://127.0.0.1{CALLBACK}"  # the person pastes the URL
PAGE: Final = b"<!doctype html><title>ticketsync</title><p>You can close this page."


@dataclass(frozen=True, slots=True)
class OAuth:
    """
    A platform's OAuth as data.

    sends_json   whether the token request is JSON, else a form
    """

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...] = ()
    uses_pkce: bool = False
    sends_json: bool = False


@dataclass(frozen=True, slots=True)
class App:
    """
    The venue's own app at the platform. `base_url` selects a sandbox instead.
    """

    oauth: OAuth
    client_id: str
    client_secret: Secret
    account: str
    platform: str
    base_url: str | None = None

    def url(self, url: str) -> str:
        """
        One of the platform's URLs, or the sandbox's in its place.
        """
        if not self.base_url:
            return url
        return checked_base_url(self.base_url) + urlsplit(url).path


@dataclass(frozen=True, slots=True)
class Tokens:
    """
    What the platform issued; `expires_at` is `None` if it does not say.
    """

    access: Secret
    refresh: Secret | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Consent:
    """
    A pending authorisation: the URL for the person, and what the redirect must contain.
    """

    url: str
    redirect_uri: str
    state: str
    verifier: str

    def code_in(self, answer: str) -> str:
        """
        The code in the redirect URL, or in what the person pasted.

        Raises `CredentialError` if there is none, `AuthenticationFailed` if it was
        refused or belongs to another request.
        """
        text = answer.strip()
        if "?" not in text and "=" not in text:
            if not text:
                raise errors.CredentialError(
                    "No code was given.", hint="Run the command again."
                )
            return text
        query = parse_qs(urlsplit(text).query or text)
        if "error" in query:
            raise errors.AuthenticationFailed(
                f"The platform did not authorise it ({safe(query['error'][0])}).",
                hint="Run the command again and press Allow.",
                word="consent-refused",
            )
        if "state" in query and query["state"][0] != self.state:
            raise errors.AuthenticationFailed(
                "The redirect belongs to another request.",
                hint="Run the command again and use the new URL.",
                word="wrong-state",
            )
        if not query.get("code"):
            raise errors.AuthenticationFailed(
                "The URL contains no code.", hint="Paste all of it."
            )
        return query["code"][0]


def ask_consent(app: App, redirect_uri: str) -> Consent:
    """
    A new authorisation, with the URL at which the person can grant it.
    """
    state, verifier = generate_token(32), generate_token(64)
    extra: dict[str, str] = {}
    if app.oauth.uses_pkce:
        extra = {
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
    url = prepare_grant_uri(
        app.url(app.oauth.authorize_url),
        client_id=app.client_id,
        response_type="code",
        redirect_uri=redirect_uri,
        scope=" ".join(app.oauth.scopes) or None,
        state=state,
        **extra,
    )
    return Consent(url, redirect_uri, state, verifier if app.oauth.uses_pkce else "")


def exchange(app: App, consent: Consent, code: str) -> Tokens:
    """
    Tokens for a code. Raises `ProviderUnavailable` or `AuthenticationFailed`.
    """
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": consent.redirect_uri,
    }
    if consent.verifier:
        fields["code_verifier"] = consent.verifier
    return _request_tokens(app, fields, None)


def refresh(app: App, token: Secret) -> Tokens:
    """
    New tokens for a refresh token, which stays valid if no new one is returned. Raises
    `ProviderUnavailable` or `AuthenticationFailed`.
    """
    fields = {"grant_type": "refresh_token", "refresh_token": token.reveal()}
    return _request_tokens(app, fields, token)


def _request_tokens(
    app: App, fields: Mapping[str, str], old_refresh: Secret | None
) -> Tokens:
    payload = {
        **fields,
        "client_id": app.client_id,
        "client_secret": app.client_secret.reveal(),
    }
    try:
        with httpx.Client(
            follow_redirects=False, trust_env=False, timeout=TIMEOUT_SECONDS
        ) as client:
            url = app.url(app.oauth.token_url)
            if app.oauth.sends_json:
                response = client.post(url, json=payload)
            else:
                response = client.post(url, data=payload)
    except httpx.HTTPError:
        raise errors.ProviderUnavailable(
            f"{app.platform} cannot be reached for new tokens, account "
            f"{app.account!r}.",
            hint="Run the same command later.",
        ) from None
    if response.status_code >= 500 or response.status_code == 429:
        raise errors.ProviderUnavailable(
            f"{app.platform} issues no tokens now (HTTP {response.status_code}), "
            f"account {app.account!r}.",
            hint="Run the same command later.",
        )
    body = _json_body(response)
    if response.status_code != 200 or not body.get("access_token"):
        reason = body.get("error") or f"HTTP {response.status_code}"
        raise errors.AuthenticationFailed(
            f"{app.platform} refused to issue tokens to account {app.account!r} "
            f"({safe(reason, longest=60)}).",
            hint=f"Run `ticketsync accounts rotate {app.account}` to authorise again.",
            word="tokens-refused",
        )
    new = body.get("refresh_token")
    return Tokens(
        Secret(str(body["access_token"])),
        Secret(str(new)) if new else old_refresh,
        _expiry(body),
    )


def _json_body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _expiry(body: Mapping[str, Any]) -> datetime | None:
    if isinstance(body.get("expires_at"), str):
        return clock.from_iso(body["expires_at"])
    if isinstance(body.get("expires_in"), int):
        return clock.now() + timedelta(seconds=body["expires_in"])
    return None


# The redirect


class _Redirect:
    def __init__(self) -> None:
        self.url = ""
        self.received = threading.Event()


@contextmanager
def listening() -> Iterator[tuple[str, Any]]:
    """
    Wait for the browser on this machine: yields the redirect URL, and a function that
    returns the URL requested, or `""` if none was within the given seconds.
    """
    redirect = _Redirect()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_ours = urlsplit(self.path).path == CALLBACK
            self.send_response(200 if is_ours else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            if is_ours:
                self.wfile.write(PAGE)
                redirect.url = self.path
                redirect.received.set()

        def log_message(self, format: str, *args: Any) -> None:
            """
            The path contains the code, so it is not logged.
            """

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()

    def wait(seconds: float) -> str:
        redirect.received.wait(seconds)
        return redirect.url

    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{CALLBACK}", wait
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
