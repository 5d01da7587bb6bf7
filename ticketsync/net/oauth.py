"""
OAuth 2: a person authorises us in the browser, and we get tokens.

The authorisation code flow with a redirect to 127.0.0.1 on a free port, a `state`, and
PKCE where the platform supports it. Without a browser on this machine, the person
pastes the URL they were redirected to.
"""

from __future__ import annotations

import contextlib
import hmac
import http.server
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from authlib.common.security import generate_token
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from ticketsync.core import clock, errors, web_address
from ticketsync.core.redact import Secret, safe, without_live_secrets
from ticketsync.net import retry
from ticketsync.net.api_errors import ErrorExplanation, Rejected
from ticketsync.net.base_url import checked_base_url
from ticketsync.net.client import ApiClient

TIMEOUT_SECONDS: Final = 30.0
LONGEST_LIFE: Final = timedelta(days=3660)  # of an access token
CALLBACK: Final = "/callback"
NO_LISTENER: Final = f"http://127.0.0.1{CALLBACK}"  # the person pastes the URL
LISTENER_SECONDS: Final = 10.0  # for a request to our own listener
PAGE: Final = (
    b"<!doctype html><title>ticketsync</title><p>You can close this page, unless the "
    b"terminal is still waiting: then the address of this page contains no "
    b"<code>state</code>. Run the command again with --no-browser and paste only what "
    b"stands after <code>code=</code>."
)


_IN_REDIRECTS: Final = re.compile(r"\?|(?:^|&)(?:code|state|error)=")


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
        The code in the redirect URL, or in what the person pasted: the URL, its query
        or a bare code.

        Raises `CredentialError` if there is none, `AuthenticationFailed` if it was
        refused or belongs to another request.
        """
        text = answer.strip()
        if not _IN_REDIRECTS.search(text):
            if not text:
                raise errors.CredentialError(
                    "No code was given.", hint="Run the command again."
                )
            return text
        query = parse_qs(web_address.split(text).query or text)
        if "error" in query:
            raise errors.AuthenticationFailed(
                f"The platform did not authorise it ({safe(query['error'][0])}).",
                hint="Run the command again and press Allow.",
                word="consent-refused",
            )
        if not self.is_state_in(query):
            raise errors.AuthenticationFailed(
                "The redirect belongs to another request.",
                hint="Run the command again and use the new URL. If the platform "
                "sends no `state`, paste only what comes after `code=`.",
                word="wrong-state",
            )
        if not query.get("code"):
            raise errors.AuthenticationFailed(
                "The URL contains no code.", hint="Paste all of it."
            )
        return query["code"][0]

    def is_state_in(self, query: Mapping[str, Sequence[str]]) -> bool:
        """
        Whether these parameters of a redirect are the answer to this request: any page
        in the person's browser can send a code to this machine.
        """
        states = query.get("state", ())
        return len(states) == 1 and hmac.compare_digest(
            states[0].encode("utf-8", "replace"), self.state.encode()
        )


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
    url = app.url(app.oauth.token_url)
    client = ApiClient(
        url,
        account=app.account,
        platform=app.platform,
        explain=_refused,
        wait_budget=retry.WaitBudget(0.0),
        deadline_seconds=TIMEOUT_SECONDS,
    )
    try:
        body = (
            client.post("", body=payload)
            if app.oauth.sends_json
            else client.post("", form=payload)
        )
    except Rejected as refusal:
        raise _tokens_refused(app, refusal.code or f"HTTP {refusal.status}") from None
    finally:
        client.close()
    if not body or not body.get("access_token"):
        raise _tokens_refused(app, "no token was sent")
    new = body.get("refresh_token")
    return Tokens(
        Secret(str(body["access_token"])),
        Secret(str(new)) if new else old_refresh,
        _expiry(app, body),
    )


def _refused(status: int, body: Mapping[str, Any]) -> ErrorExplanation | None:
    """
    The refusal of a token endpoint; what is temporary is none.
    """
    if status not in (400, 401, 403):
        return None
    reason = without_live_secrets(str(body.get("error") or f"HTTP {status}"))
    return ErrorExplanation("refused", code=safe(reason, longest=60))


def _tokens_refused(app: App, reason: str) -> errors.AuthenticationFailed:
    return errors.AuthenticationFailed(
        f"{app.platform} refused to issue tokens to account {app.account!r} "
        f"({reason}).",
        hint=f"Run `ticketsync accounts rotate {app.account}` to authorise again.",
        word="tokens-refused",
    )


def _expiry(app: App, body: Mapping[str, Any]) -> datetime | None:
    """
    When the access token ends; one in the past is renewed before its first use. Raises
    `InvalidResponse` for an end that no token has.
    """
    at: Any = body.get("expires_at")
    seconds: Any = body.get("expires_in")
    if at is None and seconds is None:
        return None
    now = clock.now()
    try:
        if at is None:
            ends = now + timedelta(seconds=int(seconds))
        else:
            ends = clock.from_iso(at)
    except (TypeError, ValueError, OverflowError):
        raise _invalid_expiry(app) from None
    if abs(ends - now) > LONGEST_LIFE:
        raise _invalid_expiry(app)
    return ends


def _invalid_expiry(app: App) -> errors.InvalidResponse:
    return errors.InvalidResponse(
        f"{app.platform} issued a token with an end that cannot be, account "
        f"{app.account!r}.",
        hint=f"It was not stored. Run `ticketsync accounts rotate {app.account}` "
        "later to authorise again.",
        word="invalid-expiry",
    )


# The redirect


Wait = Callable[[Consent, float], str]


@contextmanager
def listening() -> Iterator[tuple[str, Wait]]:
    """
    Wait for the browser on this machine: yields the redirect URL, and a function that
    returns the URL by which the browser answers a consent, or `""` if none does within
    the given seconds. Requests with another `state` are not that answer.
    """
    requested: queue.SimpleQueue[str] = queue.SimpleQueue()

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = LISTENER_SECONDS

        def do_GET(self) -> None:
            is_ours = web_address.split(self.path).path == CALLBACK
            self.send_response(200 if is_ours else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            if is_ours:
                self.wfile.write(PAGE)
                requested.put(self.path)

        def log_message(self, format: str, *args: Any) -> None:
            """
            The path contains the code, so it is not logged.
            """

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()

    def wait(consent: Consent, seconds: float) -> str:
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                url = requested.get(timeout=left)
                if consent.is_state_in(parse_qs(web_address.split(url).query)):
                    return url
        return ""

    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{CALLBACK}", wait
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
