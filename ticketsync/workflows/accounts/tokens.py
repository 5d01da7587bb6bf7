"""
Tokens that expire: renewed in time, stored before they are used.

Only who holds the account's lease renews: a platform that sees a refresh token twice
may withdraw all of them (F26).
"""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from ticketsync.accounts import credentials, edits, pins
from ticketsync.accounts.state import CLIENT_ID, AccountState
from ticketsync.core import clock, errors
from ticketsync.core.file_options import CLIENT_REFERENCE, CLIENT_SOURCE, OF_OAUTH
from ticketsync.core.redact import Secret
from ticketsync.providers.base import Options, ProviderSpec
from ticketsync.store.engine import Database

if TYPE_CHECKING:
    from ticketsync.net.oauth import App, Tokens

CONSENT_SECONDS = 300.0
EARLY = timedelta(minutes=5)
EXPIRES = f"{OF_OAUTH}expires_at"


def can_renew(account: AccountState) -> bool:
    """
    Whether the platform said when the token ends: then it gave one to renew it with.
    """
    return EXPIRES in account.options


def refresh_entry(account: str) -> str:
    return f"{account}/refresh"


def app_of(
    spec: ProviderSpec, account: str, base_url: str | None, options: Options
) -> App:
    """
    The venue's own app, its secret read from where the options say it is: those of an
    account only after `pins.refuse_unconfirmed`.

    Raises `UsageError` for a platform that takes a key.
    """
    from ticketsync.net.oauth import App

    if spec.oauth is None:
        raise errors.UsageError(
            f"{spec.title} uses a key, not OAuth.", hint="Leave --oauth out."
        )
    return App(
        spec.oauth(),
        options[CLIENT_ID],
        credentials.read_secret(
            f"{account}/client", options[CLIENT_SOURCE], options[CLIENT_REFERENCE]
        ),
        account,
        spec.title,
        base_url,
    )


def current(database: Database, spec: ProviderSpec, account: AccountState) -> Secret:
    """
    The account's secret; renewed first if it is a token that ends within 5 minutes.

    The caller holds the account's lease.
    """
    expiry = account.options.get(EXPIRES)
    if expiry and clock.from_iso(expiry) - EARLY <= clock.now():
        return renew(database, spec, account)
    return pins.read_confirmed_secret(account)


def renew(database: Database, spec: ProviderSpec, account: AccountState) -> Secret:
    """
    New tokens, stored (the refresh token first) before anybody uses them.
    """
    from ticketsync.net import oauth

    pins.refuse_unconfirmed(account)
    app = app_of(spec, account.name, account.base_url, account.options)
    entry = refresh_entry(account.name)
    held = credentials.read_secret(
        entry, account.secret_source, _credential_file(account)
    )
    tokens = oauth.refresh(app, held)
    store(account.name, account.secret_source, tokens)
    with database.write() as connection:
        edits.change_options(connection, account.id, expiry_of(tokens))
        # The same consent, so the same owner: no one has to be asked for it again.
        mark = credentials.fingerprint(tokens.access, spec.name)
        edits.set_fingerprint(connection, account.id, mark)
    return tokens.access


def store(account: str, source: str, tokens: Tokens) -> str:
    """
    Keep the tokens, each in an entry of its own; returns the access token's.
    """
    if tokens.refresh is not None:
        credentials.store_secret(refresh_entry(account), source, tokens.refresh)
    return credentials.store_secret(account, source, tokens.access)


def move(account: AccountState, new_name: str) -> None:
    """
    Let the refresh token follow its account's new name.
    """
    entry = refresh_entry(account.name)
    new_entry = refresh_entry(new_name)
    credentials.move_secret(
        entry, new_entry, account.secret_source, _credential_file(account)
    )


def forget(account: AccountState) -> None:
    """
    Delete the refresh token of an account and, if we stored it, the secret of its app.
    """
    if can_renew(account):
        forget_refresh(account.name, account.secret_source)
    credentials.delete_secret(
        f"{account.name}/client",
        account.options.get(CLIENT_SOURCE, ""),
        account.options.get(CLIENT_REFERENCE, ""),
    )


def forget_refresh(name: str, source: str) -> None:
    """
    Delete the refresh token of the account of that name.
    """
    credentials.delete_secret(
        refresh_entry(name), source, _refresh_reference(name, source)
    )


def expiry_of(tokens: Tokens) -> dict[str, str]:
    expiry = clock.iso(tokens.expires_at)
    return {EXPIRES: expiry} if expiry else {}


def _credential_file(account: AccountState) -> str:
    return _refresh_reference(account.name, account.secret_source)


def _refresh_reference(name: str, source: str) -> str:
    entry = refresh_entry(name)
    if source == "file":
        return credentials.secret_file_path(entry)
    return entry


# The consent


def allow(
    app: App,
    *,
    show: Callable[[str], None],
    paste: Callable[[], str],
    has_browser: bool,
    redirect_url: str = "",
) -> Tokens:
    """
    Let a person allow it at the platform, and trade what comes back for tokens.

    The browser comes back to this machine; without one, or where the app's redirect
    must be another address, the person pastes where they were sent.
    """
    from ticketsync.net import oauth

    if not has_browser or redirect_url:
        asked = oauth.ask_consent(app, redirect_url or oauth.NO_LISTENER)
        show(asked.url)
        return oauth.exchange(app, asked, asked.code_in(paste()))
    with oauth.listening() as (address, wait):
        asked = oauth.ask_consent(app, address)
        show(asked.url)
        webbrowser.open(asked.url)
        answer = wait(asked, CONSENT_SECONDS)
    return oauth.exchange(app, asked, asked.code_in(answer or paste()))
