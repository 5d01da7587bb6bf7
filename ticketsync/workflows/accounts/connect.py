"""
Connecting platforms: try the key, keep it, remember where it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from ticketsync.accounts import credentials, edits, naming, pins, state
from ticketsync.accounts.state import AccountState, NewAccount
from ticketsync.core import clock, errors, records
from ticketsync.core.file_options import OF_OAUTH, named_files
from ticketsync.core.redact import Secret, safe
from ticketsync.core.settings.config import Settings
from ticketsync.providers import options as options_
from ticketsync.providers import registry
from ticketsync.providers.base import (
    Options,
    Provider,
    ProviderSpec,
)
from ticketsync.store import lease
from ticketsync.store.engine import Database
from ticketsync.workflows import one_at_a_time
from ticketsync.workflows.accounts import (
    account_client,
    account_run,
    duplicate_accounts,
    tokens,
)
from ticketsync.workflows.accounts import key_owner as account_identity
from ticketsync.workflows.accounts.duplicate_accounts import ProposedAccount
from ticketsync.workflows.accounts.first_connection import said_of_a_first_connection

if TYPE_CHECKING:
    from ticketsync.net.oauth import Tokens


@dataclass(frozen=True, slots=True)
class SecretSource:
    """
    Where a key comes from; `secret` is set where we are to store it ourselves.
    """

    kind: str
    reference: str
    secret: Secret | None = None
    tokens: Tokens | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """
    What is known of an account after its key was tried.
    """

    account: str
    provider: str
    title: str
    identity: records.Identity | None
    secret_place: str

    @property
    def summary(self) -> str:
        if self.identity is None:
            return f"{self.title}, key not tried"
        currency = f", {self.identity.currency}" if self.identity.currency else ""
        return f"{self.title}, {safe(self.identity.name)}{currency}"

    @property
    def notes(self) -> tuple[str, ...]:
        """
        What a person should know of what the key or the folder lets us read.
        """
        return self.identity.notes if self.identity else ()

    def as_json(self) -> dict[str, Any]:
        identity = self.identity
        return {
            "account": self.account,
            "provider": self.provider,
            "checked": identity is not None,
            "identity": identity.id if identity else None,
            "name": identity.name if identity else None,
            "currency": identity.currency if identity else None,
            "secret": self.secret_place,
            "notes": list(self.notes),
        }


def _revive(
    connection: Connection,
    account: AccountState,
    source: SecretSource,
    reference: str,
    fingerprint: str,
    options: Options,
    base_url: str | None,
) -> None:
    """
    Give a retired account its new key, options and address.
    """
    edits.set_secret(
        connection,
        account.id,
        source=source.kind,
        reference=reference,
        fingerprint=fingerprint,
    )
    edits.set_options(connection, account.id, options)
    edits.set_base_url(connection, account.id, base_url)
    edits.save_pin(connection, account.id)  # all of it was given or confirmed before


def add(
    database: Database,
    settings: Settings,
    *,
    provider: str,
    name: str,
    base_url: str | None,
    source: SecretSource,
    options: Options,
    check: bool,
    revive: bool = False,
) -> Connected:
    """
    Save a new account, its key tried and stored first; with `revive` one that was
    retired is connected again, if the key is of whom it was.

    Raises: `Busy` while an account of that name is being connected already.
    """
    kind = registry.platform(provider)
    naming.refuse_bad_name(name)
    with _one_at_a_time(database, name):
        return _add(
            *(database, settings, kind, name, base_url, source, options),
            check=check,
            revive=revive,
        )


def _add(
    database: Database,
    settings: Settings,
    kind: type[Provider],
    name: str,
    base_url: str | None,
    source: SecretSource,
    options: Options,
    *,
    check: bool,
    revive: bool,
) -> Connected:
    with database.read() as reading:
        old = _retired_before(reading, kind.spec, name, revive=revive)
    if old is not None:
        if not base_url:
            pins.refuse_unconfirmed(old)
        base_url = base_url or old.base_url
        options = {**state.without_tokens(old.options), **options}
    options = cleaned_options(kind.spec, options)
    secret = source.secret or credentials.read_secret(
        name, source.kind, source.reference
    )
    with open_platform(kind, name, base_url, secret, options, settings) as client:
        with said_of_a_first_connection(kind.spec, name, base_url):
            identity = client.identify() if check else None
        with database.read() as reading:
            if old is not None and identity is not None:
                account_identity.refuse_other_owner(reading, old, kind.spec, identity)
            proposed = ProposedAccount(
                name, options, secret, identity, old.id if old else None
            )
            duplicate_accounts.refuse_duplicate(reading, client, proposed, settings)
    reference = _stored(name, source)
    kept = {**options, **(tokens.expiry_of(source.tokens) if source.tokens else {})}
    fingerprint = account_identity.key_fingerprint(kind.spec, secret)
    with (
        _stored_for_nothing(name, source, reference),
        database.write(alone=True) as writing,
    ):
        # Somebody else may have connected the same under another name meanwhile.
        duplicate_accounts.refuse_duplicate(writing, client, proposed, settings)
        if old is None:
            account_id = edits.add_account(
                writing,
                NewAccount(
                    name=name,
                    provider=kind.spec.name,
                    base_url=base_url,
                    secret_source=source.kind,
                    secret_reference=reference,
                    secret_fingerprint=fingerprint,
                    identity=None,
                    options=kept,
                    needs_reading=kind.spec.needs_reading,
                ),
                clock.now(),
            )
        else:
            account_id = old.id
            _revive(writing, old, source, reference, fingerprint, kept, base_url)
        if identity is not None:
            account_identity.learn(writing, account_id, identity)
    return Connected(
        name, kind.spec.name, kind.spec.title, identity, _place(source.kind, reference)
    )


def _one_at_a_time(database: Database, name: str) -> AbstractContextManager[None]:
    """
    Of two who give an account a key at the same moment the second must not store its
    key in place of the first one's.
    """
    return one_at_a_time.refuse_others(
        database, f"connect {name}", f"Account {name!r} is being given a key right now."
    )


@contextlib.contextmanager
def _stored_for_nothing(
    name: str, source: SecretSource, reference: str
) -> Iterator[None]:
    """
    Delete a key that was stored, where its account cannot be saved after all.
    """
    try:
        yield
    except BaseException:
        if source.secret is not None:
            credentials.delete_secret(name, source.kind, reference)
        if source.tokens is not None:
            tokens.forget_refresh(name, source.kind)
        raise


def _retired_before(
    connection: Connection, spec: ProviderSpec, name: str, *, revive: bool
) -> AccountState | None:
    """
    The retired account that is to be connected again, or `None` for a new one.
    """
    found = [a for a in state.list_accounts(connection) if a.name == name]
    old = found[0] if found else None
    if old is None:
        if revive:
            raise errors.NotFound(
                f"There is no retired account {name!r}.", hint="Leave --revive out."
            )
        return None
    if not old.is_retired:
        raise errors.UsageError(
            f"There is an account {name!r} already.",
            hint="Choose another name, or run `ticketsync accounts set "
            f"{name} OPTION=VALUE` or `ticketsync accounts rotate {name}`.",
        )
    if not revive:
        raise state.retired_error(old)
    if old.provider != spec.name:
        raise errors.UsageError(
            f"The retired account {name!r} belongs to {old.provider!r}, not to "
            f"{spec.name!r}.",
            hint="Choose another name.",
        )
    return old


def check(database: Database, settings: Settings, name: str) -> Connected:
    """
    Try an account's key and say whose it is.
    """
    with database.read() as reading:
        account = state.get_usable_account(reading, name)
    kind = registry.provider(account.provider)
    spec = kind.spec
    secret = secret_of(database, spec, account)
    with open_platform(
        kind, name, account.base_url, secret, account.options, settings
    ) as client:
        identity = client.identify()
    with database.read() as reading:
        account_identity.refuse_other_owner(reading, account, spec, identity)
    place = _place(account.secret_source, account.secret_reference)
    return Connected(name, spec.name, spec.title, identity, place)


def secret_of(database: Database, spec: ProviderSpec, account: AccountState) -> Secret:
    """
    The account's secret; a token that must be renewed is, under the lease.
    """
    if not tokens.can_renew(account):
        return tokens.current(database, spec, account)
    held_by, holder = account_run.lease_of(account), lease.this_process("check")
    with database.write() as writing:
        lease.take(writing, held_by, holder, clock.now())
    try:
        return tokens.current(database, spec, account)
    finally:
        with database.write() as writing:
            lease.release(writing, held_by, holder)


def rotate(
    database: Database,
    settings: Settings,
    name: str,
    *,
    source: SecretSource,
    check: bool,
) -> Connected:
    """
    Give an account a new key, tried first, of the same box office as before.

    Raises: `Busy` while it is given another one already.
    """
    with _one_at_a_time(database, name):
        return _rotate(database, settings, name, source=source, check=check)


def _rotate(
    database: Database,
    settings: Settings,
    name: str,
    *,
    source: SecretSource,
    check: bool,
) -> Connected:
    with database.read() as reading:
        account = state.get_usable_account(reading, name)
    if account.base_url is not None or named_files(account.options):
        pins.refuse_unconfirmed(account)
    kind = registry.provider(account.provider)
    spec = kind.spec
    secret = source.secret or credentials.read_secret(
        name, source.kind, source.reference
    )
    with open_platform(
        kind, name, account.base_url, secret, account.options, settings
    ) as client:
        identity = client.identify() if check else None
    if identity is not None:
        with database.read() as reading:
            account_identity.refuse_other_owner(reading, account, spec, identity)
    reference = _stored(name, source)
    with database.write() as writing:
        edits.set_secret(
            writing,
            account.id,
            source=source.kind,
            reference=reference,
            fingerprint=_print_after(account, spec, secret, is_tried=check),
        )
        if identity is not None:
            account_identity.learn(writing, account.id, identity)
        if source.tokens is not None:
            expiry = tokens.expiry_of(source.tokens)
            edits.change_options(writing, account.id, expiry)
    if source.kind != account.secret_source:
        credentials.delete_secret(name, account.secret_source, account.secret_reference)
    place = _place(source.kind, reference)
    return Connected(name, spec.name, spec.title, identity, place)


@contextlib.contextmanager
def open_platform(
    kind: type[Provider],
    name: str,
    base_url: str | None,
    secret: Secret,
    options: Options,
    settings: Settings,
) -> Iterator[Provider]:
    """
    A platform, connected for as long as it takes to ask who somebody is.
    """
    options_.refuse_relative_files(kind.spec.options, options)
    api = account_client.client(
        kind.spec, name, base_url, secret, options, settings, ""
    )
    try:
        yield kind(api, options)
    finally:
        api.close()


def _print_after(
    account: AccountState, spec: ProviderSpec, secret: Secret, *, is_tried: bool
) -> str:
    """
    By what a rotated key is known again. One that was not tried is not known yet: the
    next run asks whose it is.
    """
    if is_tried or not account.secret_fingerprint:
        return account_identity.key_fingerprint(spec, secret)
    return account.secret_fingerprint


def _stored(name: str, source: SecretSource) -> str:
    if source.tokens is not None:
        return tokens.store(name, source.kind, source.tokens)
    if source.secret is None:
        return source.reference
    return credentials.store_secret(name, source.kind, source.secret)


def cleaned_options(spec: ProviderSpec, given: Options) -> dict[str, str]:
    """
    The options of an account as they are stored; refuses those that its platform does
    not have.
    """
    of_tokens = {
        name: value
        for name, value in given.items()
        if spec.oauth is not None and name.startswith(OF_OAUTH)
    }
    own = {name: value for name, value in given.items() if name not in of_tokens}
    return {**options_.cleaned(spec.title, spec.options, own), **of_tokens}


def _place(kind: str, reference: str) -> str:
    places = {
        "keyring": "the system keyring",
        "env": f"the environment variable {reference}",
        "command": "a command",
        "credential": f"the systemd credential {reference}",
        "file": f"the file {reference}",
        "none": "nowhere, none is needed",
    }
    return places[kind]
