"""
Whose sales are these? A key must go on answering for whom it did when its account was
connected (F27).

Who a key belongs to is asked only when the key itself is another one than last time;
otherwise it is checked where an answer names its owner anyway
(`sync.listing_owner`).
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from ticketsync.accounts import credentials, edits, sources
from ticketsync.accounts.state import AccountState
from ticketsync.core import clock, errors, records
from ticketsync.core.redact import Secret, safe
from ticketsync.providers.base import Provider, ProviderSpec
from ticketsync.store.engine import Database


def key_fingerprint(spec: ProviderSpec, secret: Secret) -> str:
    """
    By what a key is known again, whatever the account is called.
    """
    return credentials.fingerprint(secret, spec.name)


def is_key_of(account: AccountState, spec: ProviderSpec, secret: Secret) -> bool:
    """
    Whether this is the account's key; earlier versions knew it by the account's name.
    """
    if spec.is_local:
        return False  # none has a key
    prints = (
        key_fingerprint(spec, secret),
        credentials.fingerprint(secret, account.name),
    )
    return account.secret_fingerprint in prints


def confirm_key(
    database: Database, account: AccountState, provider: Provider, secret: Secret
) -> None:
    """
    A key that is not the one of last time must belong to whom that one did.
    """
    spec = provider.spec
    known = account.secret_fingerprint
    if spec.is_local or known in ("", key_fingerprint(spec, secret)):
        return
    found = None
    if not is_key_of(account, spec, secret):
        found = provider.identify()
        with database.read() as connection:
            refuse_other_owner(connection, account, spec, found)
    with database.write() as connection:
        if found is not None:
            learn(connection, account.id, found)
        edits.set_fingerprint(connection, account.id, key_fingerprint(spec, secret))


def refuse_other_owner(
    connection: Connection,
    account: AccountState,
    spec: ProviderSpec,
    found: records.Identity,
) -> None:
    """
    `GuardRefused` if a key is not of whom the account was connected for.
    """
    if account.identity and found.id and account.identity != found.id:
        raise changed(account, [account.identity], [found.id])
    known = owners_of(connection, account, spec)
    others = other_owners(known, frozenset(found.owners), spec)
    if others:
        raise changed(account, known, others)


def learn(connection: Connection, account_id: int, found: records.Identity) -> None:
    """
    Remember who an account's key belongs to, and whose events it reads.
    """
    edits.set_identity(connection, account_id, found.id, found.name)
    named = dict.fromkeys(found.owners, "")
    sources.record_sources(connection, account_id, sources.OWNER, named, clock.now())


def owners_of(
    connection: Connection, account: AccountState, spec: ProviderSpec
) -> frozenset[str]:
    """
    Whose events an account was found to read.
    """
    known = sources.get_sources(connection, account.id, sources.OWNER)
    if spec.owner_is_account and account.identity:
        return known | {account.identity}
    return known


def other_owners(
    known: frozenset[str], named: frozenset[str], spec: ProviderSpec
) -> frozenset[str]:
    """
    Owners that an account cannot have. One of several organisations may join or leave;
    a whole account is always the same.
    """
    if not known or not named:
        return frozenset()
    if spec.owner_is_account:
        return named - known
    return frozenset() if named & known else named


def changed(
    account: AccountState, known: Collection[str], found: Collection[str]
) -> errors.GuardRefused:
    return errors.GuardRefused(
        f"Account {account.name!r} belongs to {_listed(known)}, but its key now shows "
        f"{_listed(found)}; nothing was saved.",
        hint=f"Run `ticketsync accounts rotate {account.name}` with the right key, or "
        "connect the other one as an account of its own.",
        word="account-changed",
    )


def _listed(names: Collection[str]) -> str:
    return ", ".join(repr(safe(name)) for name in sorted(names)[:3])
