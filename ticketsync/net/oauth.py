"""
OAuth 2: a person allows us to read, in the browser, and we get tokens.

The code flow with a redirect to this machine: 127.0.0.1 on a port that was free, a
`state` that must come back, PKCE where the platform takes it. Without a browser the
person pastes the address they were sent to.
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
from ticketsync.net.client import checked_base_url

SECONDS: Final = 30.0
CALLBACK: Final = "/callback"
NO_LISTENER: Final = f"http://127.0.0.1{CALLBACK}"  # its address is pasted
PAGE: Final = b"<!doctype html><title>ticketsync</title><p>You can close this page."


@dataclass(frozen=True, slots=True)
class OAuth:
    """
    A platform's OAuth as data.

    sends_json   the token request is JSON, else a form
    """

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...] = ()
    uses_pkce: bool = False
    sends_json: bool = False


@dataclass(frozen=True, slots=True)
class App:
    """
    The venue's own app at the platform; `base_url` leads to a sandbox instead.
    """

    oauth: OAuth
    client_id: str
    client_secret: Secret
    account: str
    platform: str
    base_url: str | None = None

    def url(self, told: str) -> str:
        if not self.base_url:
            return told
        return checked_base_url(self.base_url) + urlsplit(told).path


@dataclass(frozen=True, slots=True)
class Tokens:
    """
    What the platform gave: `expires_at` is `None` where it does not say.
    """

    access: Secret
    refresh: Secret | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Consent:
    """
    A consent that was asked for: where the person goes, and what must come back.
    """

    url: str
    redirect_uri: str
    state: str
    verifier: str

    def code_in(self, answer: str) -> str:
        """
        The code in the address that the person was sent to, or in what they pasted.
        """
        text = answer.strip()
        if "?" not in text and "=" not in text:
            if not text:
                raise errors.CredentialError(
                    "No code was given.", hint="Run the command again."
                )
            return text
        told = parse_qs(urlsplit(text).query or text)
        if "error" in told:
            raise errors.AuthenticationFailed(
                f"The platform did not allow it ({safe(told['error'][0])}).",
                hint="Run the command again and press Allow.",
                word="consent-refused",
            )
        if "state" in told and told["state"][0] != self.state:
            raise errors.AuthenticationFailed(
                "The answer belongs to another request.",
                hint="Run the command again and use the new address.",
                word="wrong-state",
            )
        if not told.get("code"):
            raise errors.AuthenticationFailed(
                "The address holds no code.", hint="Paste all of it."
            )
        return told["code"][0]


def ask_consent(app: App, redirect_uri: str) -> Consent:
    """
    The address where a person can allow it.
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
    Tokens for a code.
    """
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": consent.redirect_uri,
    }
    if consent.verifier:
        fields["code_verifier"] = consent.verifier
    return _ask(app, fields, None)


def refresh(app: App, token: Secret) -> Tokens:
    """
    New tokens for a refresh token; where no new one comes, the old one stays good.
    """
    fields = {"grant_type": "refresh_token", "refresh_token": token.reveal()}
    return _ask(app, fields, token)


def _ask(app: App, fields: Mapping[str, str], before: Secret | None) -> Tokens:
    sent = {
        **fields,
        "client_id": app.client_id,
        "client_secret": app.client_secret.reveal(),
    }
    try:
        with httpx.Client(
            follow_redirects=False, trust_env=False, timeout=SECONDS
        ) as client:
            url = app.url(app.oauth.token_url)
            if app.oauth.sends_json:
                answer = client.post(url, json=sent)
            else:
                answer = client.post(url, data=sent)
    except httpx.HTTPError:
        raise errors.ProviderUnavailable(
            f"{app.platform} cannot be reached for new tokens, account "
            f"{app.account!r}.",
            hint="Run the same command later.",
        ) from None
    if answer.status_code >= 500 or answer.status_code == 429:
        raise errors.ProviderUnavailable(
            f"{app.platform} gives no tokens now (HTTP {answer.status_code}), account "
            f"{app.account!r}.",
            hint="Run the same command later.",
        )
    told = _told(answer)
    if answer.status_code != 200 or not told.get("access_token"):
        why = told.get("error") or f"HTTP {answer.status_code}"
        raise errors.AuthenticationFailed(
            f"{app.platform} refused to give tokens to account {app.account!r} "
            f"({safe(why, longest=60)}).",
            hint=f"Run `ticketsync accounts rotate {app.account}` to allow it anew.",
            word="tokens-refused",
        )
    new = told.get("refresh_token")
    return Tokens(
        Secret(str(told["access_token"])),
        Secret(str(new)) if new else before,
        _expiry(told),
    )


def _told(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _expiry(told: Mapping[str, Any]) -> datetime | None:
    if isinstance(told.get("expires_at"), str):
        return clock.from_iso(told["expires_at"])
    if isinstance(told.get("expires_in"), int):
        return clock.now() + timedelta(seconds=told["expires_in"])
    return None


# The redirect


class _Answer:
    def __init__(self) -> None:
        self.address = ""
        self.came = threading.Event()


@contextmanager
def listening() -> Iterator[tuple[str, Any]]:
    """
    Wait for the browser on this machine: yields the redirect's address, and a
    function that gives the answer, or `""` when none came within the given seconds.
    """
    answer = _Answer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_ours = urlsplit(self.path).path == CALLBACK
            self.send_response(200 if is_ours else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            if is_ours:
                self.wfile.write(PAGE)
                answer.address = self.path
                answer.came.set()

        def log_message(self, format: str, *args: Any) -> None:
            """
            The code in the path is nobody's business.
            """

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()

    def wait(seconds: float) -> str:
        answer.came.wait(seconds)
        return answer.address

    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{CALLBACK}", wait
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
