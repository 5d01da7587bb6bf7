"""
OAuth: the consent in a browser or pasted, renewal in time and in mid-run, rotation.
"""

import gzip
import json
import threading
import urllib.request
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from support.dates import NOW, TODAY

from ticketsync.accounts import credentials, state
from ticketsync.catalogue import shows
from ticketsync.core import clock, errors
from ticketsync.core.redact import Secret
from ticketsync.core.settings.config import Settings
from ticketsync.net import oauth
from ticketsync.providers.eventbrite import Eventbrite
from ticketsync.providers.square import Square
from ticketsync.sandbox import platforms, server, world
from ticketsync.sandbox.fake_platform import json_response
from ticketsync.sandbox.faults import HttpResponse
from ticketsync.workflows.accounts import account_renaming, connect, tokens
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request


@pytest.fixture
def square(frozen, monkeypatch):
    platform = platforms.build_others(today=TODAY, orders=30, names=["square"])[0]
    sandbox = server.Sandbox(world.build(today=TODAY, orders=10), others=(platform,))
    sandbox.clock = lambda: clock.now().timestamp()
    monkeypatch.setenv("SQ_SECRET", platform.client_secret)
    with server.serving(sandbox) as address:
        platform.url = sandbox.url(address, "square")
        yield platform


OPTIONS = {
    tokens.CLIENT_ID: "sq0idp-lantern",
    tokens.CLIENT_SOURCE: "env",
    tokens.CLIENT_REFERENCE: "SQ_SECRET",
}


def allow(square, **more):
    app = tokens.app_of(Square.spec, "sq", square.url, OPTIONS)
    return tokens.allow(app, **more)


@pytest.fixture
def account(square, sqlite, settings):
    """
    An account connected by consent, its tokens in files.
    """
    found = allow(
        square, show=lambda _: None, paste=lambda: "sandbox-code", has_browser=False
    )
    with sqlite.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    connect.add(
        sqlite,
        settings,
        provider="square",
        name="sq",
        base_url=square.url,
        source=SecretSource("file", "", found.access, found),
        options=OPTIONS,
        check=True,
    )
    with sqlite.read() as connection:
        return state.get_account(connection, "sq")


def test_f127_the_address_has_state_and_challenge_but_no_secret(square):
    shown = []
    allow(square, show=shown.append, paste=lambda: "sandbox-code", has_browser=False)
    asked = parse_qs(urlsplit(shown[0]).query)
    assert asked["response_type"] == ["code"]
    assert len(asked["state"][0]) >= 32
    assert asked["code_challenge_method"] == ["S256"]
    assert square.client_secret not in shown[0]


def test_the_browser_comes_back_to_this_machine(square, monkeypatch):
    def person(url):
        asked = parse_qs(urlsplit(url).query)
        back = f"{asked['redirect_uri'][0]}?code=sandbox-code&state={asked['state'][0]}"
        threading.Thread(target=lambda: urllib.request.urlopen(back).read()).start()

    monkeypatch.setattr(tokens.webbrowser, "open", person)
    found = allow(square, show=lambda _: None, paste=lambda: "", has_browser=True)
    assert found.access == Secret(square.key)


@pytest.mark.parametrize(
    ("pasted", "word"),
    [
        ("http://127.0.0.1/callback?error=access_denied", "consent-refused"),
        ("http://127.0.0.1/callback?code=x&state=another", "wrong-state"),
        ("", "credentials"),
        ("wrong-code", "tokens-refused"),
    ],
)
def test_f127_what_is_no_consent_is_refused(square, pasted, word):
    with pytest.raises(errors.CredentialError) as caught:
        allow(square, show=lambda _: None, paste=lambda: pasted, has_browser=False)
    assert caught.value.word == word


def test_eventbrite_sends_a_form_without_a_challenge():
    app = oauth.App(Eventbrite.spec.oauth(), "id", Secret("s"), "eb", "Eventbrite")
    asked = oauth.ask_consent(app, "http://127.0.0.1/callback")
    assert asked.url.startswith("https://www.eventbrite.com/oauth/authorize?")
    assert "code_challenge" not in asked.url
    assert asked.verifier == ""


def run(database, settings):
    return sync.sync(database, settings, Request(names=("sq",))).results[0]


def test_a_token_is_renewed_five_minutes_before_its_end(
    account, square, sqlite, settings, frozen
):
    ends = clock.from_iso(account.options[tokens.EXPIRES])
    frozen(ends - timedelta(minutes=6))
    assert run(sqlite, settings).outcome == "success"
    assert square.tokens_given == 1
    frozen(ends - timedelta(minutes=4))
    assert run(sqlite, settings).outcome == "success"
    assert square.tokens_given == 2
    # the next run uses what was stored
    frozen(ends - timedelta(minutes=3))
    square.world.now = int((ends + timedelta(days=30)).timestamp())
    assert run(sqlite, settings).exit_code == 0


def test_f25_a_token_that_dies_in_mid_run_is_renewed_once(
    account, square, sqlite, settings
):
    square.key = "revoked-on-the-other-side"
    result = run(sqlite, settings)
    assert result.outcome == "success"
    assert square.tokens_given == 2


def test_f25_without_a_refresh_token_the_account_is_parked(
    account, square, sqlite, settings
):
    square.key = square.refresh_token = "gone"
    result = run(sqlite, settings)
    assert (result.outcome, result.exit_code) == ("failed", 4)
    with sqlite.read() as connection:
        assert state.get_account(connection, "sq").state == "parked"


def test_a_new_refresh_token_is_stored_before_the_new_token_is_used(
    account, square, sqlite, monkeypatch
):
    """
    Killed right after the answer came: the token we hold is the one they expect.
    """
    kept = credentials.store_secret

    def killed(name, source, secret):
        reference = kept(name, source, secret)
        if name == "sq/refresh":
            raise KeyboardInterrupt
        return reference

    monkeypatch.setattr(credentials, "store_secret", killed)
    with pytest.raises(KeyboardInterrupt):
        tokens.renew(sqlite, Square.spec, account)
    monkeypatch.setattr(credentials, "store_secret", kept)
    assert tokens.renew(sqlite, Square.spec, account) == Secret(square.key)
    assert square.families_killed == 0


def test_f26_two_processes_never_renew_with_the_same_token(
    account, square, sqlite, settings, frozen
):
    from ticketsync.store import lease
    from ticketsync.workflows.accounts import account_run

    frozen(clock.from_iso(account.options[tokens.EXPIRES]))
    with sqlite.write() as writing:
        lease.take(
            writing, account_run.lease_of(account), lease.Holder("another"), clock.now()
        )
    assert run(sqlite, settings).outcome == "skipped-busy"
    with pytest.raises(errors.Busy):
        connect.check(sqlite, settings, "sq")
    assert square.tokens_given == 1


def test_f26_control_without_the_lease_the_family_is_killed(account, square, sqlite):
    stale = credentials.read_secret(
        "sq/refresh", "file", credentials.secret_file_path("sq/refresh")
    )
    tokens.renew(sqlite, Square.spec, account)
    credentials.store_secret(
        "sq/refresh", "file", stale
    )  # what the other one still held
    with pytest.raises(errors.AuthenticationFailed):
        tokens.renew(sqlite, Square.spec, account)
    assert square.families_killed == 1


def test_renaming_takes_the_refresh_token_along(
    account, square, sqlite, settings, frozen
):
    account_renaming.rename_account(sqlite, Settings(), "sq", "bar")
    frozen(NOW + timedelta(days=31))
    result = sync.sync(sqlite, settings, Request(names=("bar",))).results[0]
    assert result.outcome == "success"


# Hostile redirects and token endpoints


@pytest.mark.parametrize(
    "query",
    [
        "code=EVIL",
        "code=EVIL&state=",
        "code=EVIL&state=another",
        "code=EVIL&state={state}&state=another",
        "code=EVIL&state={state}x",
        "code=EVIL&state=%C3%A9",
    ],
)
@pytest.mark.parametrize("prefix", ["http://127.0.0.1/callback?", ""])
def test_a_code_without_our_state_is_never_taken(square, query, prefix):
    app = tokens.app_of(Square.spec, "sq", square.url, OPTIONS)
    consent = oauth.ask_consent(app, oauth.NO_LISTENER)
    with pytest.raises(errors.AuthenticationFailed) as caught:
        consent.code_in(prefix + query.format(state=consent.state))
    assert caught.value.word == "wrong-state"


@pytest.mark.parametrize("code", ["sq0cgp-1_x", "YWJj=="])
def test_a_bare_code_that_a_person_pastes_needs_no_state(square, code):
    app = tokens.app_of(Square.spec, "sq", square.url, OPTIONS)
    assert oauth.ask_consent(app, oauth.NO_LISTENER).code_in(f" {code}\n") == code


def test_a_page_that_guesses_our_port_cannot_answer_for_the_person(square):
    """
    Five hostile requests to the listener, then the person's own.
    """
    app = tokens.app_of(Square.spec, "sq", square.url, OPTIONS)
    with oauth.listening() as (address, wait):
        consent = oauth.ask_consent(app, address)
        evil = ("?code=E", "?code=E&state=x", "", "?error=no", "?code=E&state=//[")
        for query in evil:
            request = urllib.request.Request(
                address + query, headers={"Host": "evil.example"}
            )
            urllib.request.urlopen(request).read()
        assert wait(consent, 0.05) == ""
        own = f"{address}?code=mine&state={consent.state}"
        urllib.request.urlopen(own).read()
        assert consent.code_in(wait(consent, 10)) == "mine"


def issued(monkeypatch, square, **fields):
    """
    What we make of a token response with these fields.
    """
    given = {"access_token": "new", "refresh_token": "next", **fields}
    monkeypatch.setattr(square, "_issue_tokens", lambda _: json_response(given))
    app = tokens.app_of(Square.spec, "sq", square.url, OPTIONS)
    return oauth.refresh(app, Secret("held"))


@pytest.mark.parametrize(
    "fields",
    [
        {"expires_in": 99999999999999},
        {"expires_in": 10**30},
        {"expires_in": -(10**12)},
        {"expires_in": "soon"},
        {"expires_in": "9" * 5000},
        {"expires_in": []},
        {"expires_at": "soon"},
        {"expires_at": "9999-12-31T23:59:59-14:00"},
        {"expires_at": "0001-01-01T00:00:00+14:00"},
        {"expires_at": "2026-09-01T00:00:00"},
        {"expires_at": 5},
        {"expires_at": {}},
    ],
)
def test_an_end_that_cannot_be_is_refused_in_our_words(square, monkeypatch, fields):
    with pytest.raises(errors.InvalidResponse) as caught:
        issued(monkeypatch, square, **fields)
    assert caught.value.word == "invalid-expiry"


@pytest.mark.parametrize("seconds", [3600, "3600"])
def test_an_end_in_seconds_is_parsed(square, monkeypatch, seconds):
    found = issued(monkeypatch, square, expires_in=seconds)
    assert found.expires_at == NOW + timedelta(hours=1)
    assert found.refresh == Secret("next")


def refused(square):
    """
    The error for a refresh that gives no tokens.
    """
    app = tokens.app_of(Square.spec, "sq", square.url, OPTIONS)
    with pytest.raises(errors.TicketsyncError) as caught:
        oauth.refresh(app, Secret("held-token-4711"))
    return caught.value


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (HttpResponse(200, b"<html>", {"Content-Type": "text/html"}), "not-json"),
        (HttpResponse(200, b"[]"), "not-json"),
        (HttpResponse(200, b'{"a":' * 100_000), "not-json"),
        (HttpResponse(200, b'{"access_token": ""}'), "tokens-refused"),
        (HttpResponse(200, b""), "tokens-refused"),
        (HttpResponse(302, b"", {"Location": "/x"}), "unexpected-redirect"),
        (HttpResponse(400, b'{"error": "invalid_grant"}'), "tokens-refused"),
        (HttpResponse(401, b"\xff"), "tokens-refused"),
        (HttpResponse(404, b"{}"), "endpoint-gone"),
        (HttpResponse(429, b"{}", {"Retry-After": "99999999999"}), "throttled"),
        (HttpResponse(503, b"{}"), "unreachable"),
    ],
)
def test_a_token_endpoint_is_read_like_every_other_address(
    frozen, monkeypatch, answer, word
):
    with token_endpoint(monkeypatch, answer) as square:
        assert refused(square).word == word


def test_a_token_endpoint_that_sends_a_bomb_or_drips_is_given_up(frozen, monkeypatch):
    """
    40 MiB of gzip stop at 32; a byte now and then stops at the deadline.
    """
    bomb = gzip.compress(b" " * (40 << 20))
    packed = HttpResponse(200, bomb, {"Content-Encoding": "gzip"})
    with token_endpoint(monkeypatch, packed) as square:
        assert refused(square).word == "too-large"
    monkeypatch.setattr(oauth, "TIMEOUT_SECONDS", 0.3)
    drip = HttpResponse(200, b"x" * 1000, seconds_per_byte=0.05)
    with token_endpoint(monkeypatch, drip) as square:
        assert refused(square).word == "deadline"


def test_a_refusal_that_repeats_our_secrets_does_not_show_them(frozen, monkeypatch):
    for before in range(0, 60, 6):
        text = "x" * before + "held-token-4711"
        answer = HttpResponse(400, json.dumps({"error": text}).encode())
        with token_endpoint(monkeypatch, answer) as square:
            assert "held" not in refused(square).message


@contextmanager
def token_endpoint(monkeypatch, answer):
    """
    A platform whose token endpoint gives this answer.
    """
    platform = platforms.build_others(today=TODAY, orders=1, names=["square"])[0]
    sandbox = server.Sandbox(world.build(today=TODAY, orders=1), others=(platform,))
    monkeypatch.setattr(sandbox, "respond", lambda *_: answer)
    monkeypatch.setenv("SQ_SECRET", platform.client_secret)
    with server.serving(sandbox) as address:
        platform.url = sandbox.url(address, "square")
        yield platform
