"""
OAuth: the consent in a browser or pasted, renewal in time and in mid-run, rotation.
"""

import threading
import urllib.request
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from support.dates import NOW, TODAY

from ticketsync.accounts import credentials, state
from ticketsync.catalogue import shows
from ticketsync.core import clock, errors
from ticketsync.core.config import Settings
from ticketsync.core.redact import Secret
from ticketsync.net import oauth
from ticketsync.providers.eventbrite import Eventbrite
from ticketsync.providers.square import Square
from ticketsync.sandbox import platforms, server, world
from ticketsync.workflows import connect, tokens
from ticketsync.workflows.connect import SecretSource
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
    from ticketsync.workflows import account_run

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
    connect.rename(sqlite, Settings(), "sq", "bar")
    frozen(NOW + timedelta(days=31))
    result = sync.sync(sqlite, settings, Request(names=("bar",))).results[0]
    assert result.outcome == "success"
