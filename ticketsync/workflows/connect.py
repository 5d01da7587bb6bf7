"""
Connecting platforms: try the key, keep it, remember where it is.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from ticketsync.accounts import credentials, state
from ticketsync.accounts.state import AccountState, NewAccount
from ticketsync.core import clock, errors, records
from ticketsync.core.config import Settings
from ticketsync.core.redact import Secret, safe
from ticketsync.providers import registry
from ticketsync.providers.base import (
    Options,
    ProviderSpec,
    Registered,
    RegistersWebhooks,
)
from ticketsync.store import lease
from ticketsync.store.engine import Database
from ticketsync.webhooks import inbox
from ticketsync.workflows import session, tokens

if TYPE_CHECKING:
    from ticketsync.net.oauth import Tokens

RESERVED = ("replay",)  # `sync replay` is a command


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
        }


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
) -> Connected:
    """
    Save a new account, its key tried and stored first.
    """
    kind = registry.provider(provider)
    _refuse_bad_name(name)
    _refuse_bad_options(kind.spec, options)
    with database.read() as reading:
        others = state.all_accounts(reading)
    if any(other.name == name for other in others):
        raise errors.UsageError(
            f"There is an account {name!r} already.",
            hint=f"Choose another name, or run `ticketsync accounts rotate {name}`.",
        )
    secret = source.secret or credentials.read(name, source.kind, source.reference)
    identity = _identify(
        kind.spec.name, name, base_url, secret, options, settings, check
    )
    _refuse_twin(kind.spec, identity, secret, options, others)
    reference = _stored(name, source)
    with database.write() as writing:
        state.add(
            writing,
            NewAccount(
                name=name,
                provider=kind.spec.name,
                base_url=base_url,
                secret_source=source.kind,
                secret_reference=reference,
                secret_fingerprint=credentials.fingerprint(secret, name),
                identity=identity.id if identity else None,
                options={
                    **options,
                    **(tokens.expiry_of(source.tokens) if source.tokens else {}),
                },
            ),
            clock.now(),
        )
    return Connected(
        name, kind.spec.name, kind.spec.title, identity, _place(source.kind, reference)
    )


def check(database: Database, settings: Settings, name: str) -> Connected:
    """
    Try an account's key and say whose it is.
    """
    with database.read() as reading:
        account = state.named(reading, name)
    spec = registry.provider(account.provider).spec
    secret = _secret_of(database, spec, account)
    identity = _identify(
        account.provider,
        name,
        account.base_url,
        secret,
        account.options,
        settings,
        True,
    )
    assert identity is not None
    _refuse_stranger(name, account.identity, identity)
    place = _place(account.secret_source, account.secret_reference)
    return Connected(name, spec.name, spec.title, identity, place)


def register(
    database: Database, settings: Settings, name: str, url: str, source: str
) -> Registered:
    """
    Tell an account's platform where to send webhooks, and keep what it signs with in
    `source`; whether that can be kept is tried first.
    """
    with database.read() as reading:
        account = state.named(reading, name)
    spec = registry.provider(account.provider).spec
    secret = _secret_of(database, spec, account)
    run_id = session.new_run_id()
    provider, api = session.connect(database, account, settings, secret, run_id)
    entry = f"{name}/webhook-{secrets.token_hex(4)}"
    try:
        if not isinstance(provider, RegistersWebhooks):
            raise errors.UsageError(
                f"{spec.title} takes no webhooks by its interface.",
                hint=f"Set it up there: `ticketsync webhooks url {name}` says how.",
            )
        if provider.webhooks.is_signed:
            credentials.probe(entry, source)
        registered = provider.register_webhook(url)
    finally:
        api.close()
    reference = ""
    if registered.secret is not None:
        reference = credentials.store(entry, source, registered.secret)
    with database.write() as writing:
        inbox.note_registration(writing, account.id, registered.id)
        if reference:
            inbox.set_secret(writing, account.id, source, reference, clock.now())
    return registered


def _secret_of(database: Database, spec: ProviderSpec, account: AccountState) -> Secret:
    """
    The account's secret; a token that must be renewed is, under the lease.
    """
    if not tokens.can_renew(account.options):
        return tokens.current(database, spec, account)
    held_by, holder = session.lease_of(account), lease.me("check")
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
    """
    with database.read() as reading:
        account = state.named(reading, name)
    spec = registry.provider(account.provider).spec
    secret = source.secret or credentials.read(name, source.kind, source.reference)
    identity = _identify(
        account.provider,
        name,
        account.base_url,
        secret,
        account.options,
        settings,
        check,
    )
    if identity is not None:
        _refuse_stranger(name, account.identity, identity)
    reference = _stored(name, source)
    with database.write() as writing:
        state.set_secret(
            writing,
            account.id,
            source=source.kind,
            reference=reference,
            fingerprint=credentials.fingerprint(secret, name),
        )
        if source.tokens is not None:
            expiry = tokens.expiry_of(source.tokens)
            state.change_options(writing, account.id, expiry)
    if source.kind != account.secret_source:
        credentials.forget(name, account.secret_source, account.secret_reference)
    place = _place(source.kind, reference)
    return Connected(name, spec.name, spec.title, identity, place)


def rename(database: Database, name: str, new_name: str) -> None:
    """
    Give an account another name; its stored key moves along.
    """
    _refuse_bad_name(new_name)
    with database.write() as writing:
        account = state.named(writing, name)
        state.set_name(writing, account, new_name)
        source, reference = account.secret_source, account.secret_reference
        moved = credentials.move(name, new_name, source, reference)
        if tokens.can_renew(account.options):
            tokens.move(account, new_name)
        state.set_secret(
            writing,
            account.id,
            source=source,
            reference=moved,
            fingerprint=account.secret_fingerprint,
        )
        state.set_state(writing, account.id, account.state, account.state_reason)


def pause(database: Database, name: str, reason: str) -> None:
    with database.write() as writing:
        account = state.named(writing, name)
        state.set_state(writing, account.id, "paused", reason)


def resume(database: Database, name: str) -> None:
    """
    Make an account active, whatever held it back.
    """
    with database.write() as writing:
        account = state.named(writing, name)
        state.set_state(writing, account.id, "active")
        state.note_success(writing, account)


def remove(database: Database, name: str) -> None:
    """
    Forget an account that has brought nothing yet, and its key.
    """
    with database.read() as reading:
        account = state.named(reading, name)
    try:
        with database.write() as writing:
            state.remove(writing, account)
    except IntegrityError:
        raise errors.GuardRefused(
            f"Account {name!r} has runs or orders in the books, which are kept.",
            hint=f"Run `ticketsync accounts pause {name}` instead.",
            word="has-history",
        ) from None
    credentials.forget(name, account.secret_source, account.secret_reference)
    if tokens.can_renew(account.options):
        tokens.forget(account)


def _identify(
    provider: str,
    name: str,
    base_url: str | None,
    secret: Secret,
    options: Options,
    settings: Settings,
    wanted: bool,
) -> records.Identity | None:
    kind = registry.provider(provider)
    api = session.client(kind.spec, name, base_url, secret, options, settings, "")
    try:
        return kind(api, options).identify() if wanted else None
    finally:
        api.close()


def _stored(name: str, source: SecretSource) -> str:
    if source.tokens is not None:
        return tokens.store(name, source.kind, source.tokens)
    if source.secret is None:
        return source.reference
    return credentials.store(name, source.kind, source.secret)


def _refuse_bad_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", name) or name in RESERVED:
        raise errors.UsageError(
            f"{safe(name)!r} cannot be the name of an account.",
            hint="Use letters, digits, dots, dashes and underscores, 40 at most.",
        )


def _refuse_bad_options(spec: ProviderSpec, options: Options) -> None:
    known = {option.name: option for option in spec.options}
    for name in options:
        if name.startswith("oauth_") and spec.oauth is not None:
            continue
        if name not in known:
            there = ", ".join(known) or "none"
            raise errors.UsageError(
                f"{spec.title} has no option {safe(name)!r}.",
                hint=f"Its options are: {there}.",
            )
    for option in known.values():
        if option.is_required and not options.get(option.name):
            raise errors.UsageError(
                f"{spec.title} needs to be told its {option.name}: {option.help}.",
                hint=f"Add --set {option.name}=…",
                word="option-missing",
            )


def _refuse_twin(
    spec: ProviderSpec,
    identity: records.Identity | None,
    secret: Secret,
    options: Options,
    others: Sequence[AccountState],
) -> None:
    """
    The same box office under two names would count every sale twice.

    Where a platform does not say whose a key is, the same key (or folder of reports)
    with the same options gives two accounts away.
    """
    known = identity.id if identity else None
    for other in others:
        key = credentials.fingerprint(secret, other.name)
        is_same_key = other.secret_fingerprint == key and other.options == options
        is_same_office = known is not None and other.identity == known
        if other.provider == spec.name and (is_same_key or is_same_office):
            raise errors.GuardRefused(
                f"Account {other.name!r} reads this {spec.title} account already; a "
                "second one would count every sale twice.",
                hint=f"Run `ticketsync accounts rotate {other.name}` to give it "
                "another key.",
                word="connected-already",
            )


def _refuse_stranger(name: str, known: str | None, found: records.Identity) -> None:
    if known and found.id and known != found.id:
        raise errors.GuardRefused(
            f"Account {name!r} belongs to {safe(known)!r}, but this key shows "
            f"{safe(found.id)!r}.",
            hint="Use the key of the same box office, or add another account.",
            word="account-changed",
        )


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
