"""
Accounts: what changes their rows, each with its entry in the audit.

What a pin covers (the name, the options, the place of the key and the base URL) is
changed by `_change_pinned` only: an account that a person confirmed stays confirmed by
it, and one that was not stays unconfirmed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from ticketsync.accounts import pins
from ticketsync.accounts.state import (
    ACTIVE,
    PARKED,
    RETIRED,
    AccountState,
    NewAccount,
    get_account_by_id,
    without_tokens,
)
from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.store import audit, row_locks
from ticketsync.store.audit import Decision
from ticketsync.store.tables.accounts import accounts

_ACTIONS = {ACTIVE: "resume", "paused": "pause", PARKED: "park"}


def _refuse_taken(connection: Connection, name: str, hint: str) -> None:
    query = select(accounts.c.id).where(accounts.c.name == name)
    if connection.execute(query).first() is not None:
        raise errors.UsageError(
            f"There is an account {safe(name)!r} already.", hint=hint
        )


def add_account(connection: Connection, new: NewAccount, now: datetime) -> int:
    """
    Save a new account; returns its id.

    Raises: `UsageError` where the name is taken.
    """
    hint = "Choose another name, or `ticketsync accounts rotate` its key."
    _refuse_taken(connection, new.name, hint)
    options = json.dumps(dict(new.options), sort_keys=True)
    added = insert(accounts).values(
        asdict(new) | {"options": options, "created_at": now}
    )
    account_id = int(connection.scalars(added.returning(accounts.c.id)).one())
    save_pin(connection, account_id)
    _record(connection, account_id, "add", after={"provider": new.provider})
    return account_id


def save_pin(connection: Connection, account_id: int) -> None:
    """
    Pin an account as it stands, because a person chose all of it just now.

    Raises: `CredentialError` where there is no key for pins.
    """
    pin = pins.make_pin(get_account_by_id(connection, account_id))
    write_columns(connection, account_id, pin=pin)


def confirm_account(connection: Connection, shown: AccountState) -> None:
    """
    Pin an account, because a person confirmed it as it was shown.

    Raises: `Busy` where it was changed meanwhile, `CredentialError` where there is no
    key for pins.
    """
    lock_account(connection, shown.id)
    now = get_account_by_id(connection, shown.id)
    if pins.pinned_content(now) != pins.pinned_content(shown):
        raise errors.Busy(
            f"Account {shown.name!r} was changed by somebody else meanwhile; nothing "
            "was confirmed.",
            hint="Run the command again.",
        )
    save_pin(connection, shown.id)
    after = {"source": shown.secret_source, "base_url": shown.base_url}
    _record(connection, shown.id, "confirm", after=after)


def remove_account(connection: Connection, account: AccountState) -> None:
    """
    Delete the row of an account; only for one without orders.
    """
    _record(connection, account.id, "remove", before={"provider": account.provider})
    connection.execute(delete(accounts).where(accounts.c.id == account.id))


def set_state(
    connection: Connection, account_id: int, state: str, reason: str = ""
) -> None:
    """
    Make an account active, paused (by a person), parked (needs a person) or retired.
    """
    lock_account(connection, account_id)
    before = get_account_by_id(connection, account_id)
    write_columns(connection, account_id, state=state, state_reason=reason)
    _record(
        connection,
        account_id,
        _ACTIONS.get(state, state),
        before={"state": before.state, "why": before.state_reason},
        after={"state": state, "why": reason},
    )


def park_account(connection: Connection, account_id: int, reason: str) -> None:
    """
    Park an account, unless a person has paused or retired it meanwhile.
    """
    lock_account(connection, account_id)
    if get_account_by_id(connection, account_id).state in (ACTIVE, PARKED):
        set_state(connection, account_id, PARKED, reason)


def unpark_account(connection: Connection, account_id: int) -> None:
    """
    Make an account active if it is parked, and nobody has decided anything else
    meanwhile. Locks nothing where it is not.
    """
    if get_account_by_id(connection, account_id).state != PARKED:
        return
    lock_account(connection, account_id)
    if get_account_by_id(connection, account_id).state == PARKED:
        set_state(connection, account_id, ACTIVE)


def set_name(connection: Connection, account: AccountState, name: str) -> None:
    """
    Rename an account.

    Raises: `UsageError` where the name is taken.
    """
    _refuse_taken(connection, name, "Choose another name.")
    _change_pinned(connection, account.id, name=name)
    _record(
        connection,
        account.id,
        "rename",
        before={"name": account.name},
        after={"name": name},
    )


def set_secret(
    connection: Connection,
    account_id: int,
    *,
    source: str,
    reference: str,
    fingerprint: str,
) -> None:
    """
    Give an account another secret. It is tried again then, whatever held it back; only
    one that a person paused stays paused.
    """
    lock_account(connection, account_id)
    before = get_account_by_id(connection, account_id)
    is_other = fingerprint != before.secret_fingerprint
    resumed = {"state": "active", "state_reason": ""}
    changed_state = {} if before.state in ("active", "paused") else resumed
    old_place = (before.secret_source, before.secret_reference)
    if is_other or changed_state or old_place != (source, reference):
        _record(
            connection,
            account_id,
            "rotate",
            before={"source": before.secret_source, "state": before.state},
            after={
                "source": source,
                "state": changed_state.get("state", before.state),
                "key": "replaced" if is_other else "the same",
            },
        )
    write_columns(
        connection, account_id, secret_fingerprint=fingerprint, **changed_state
    )
    _change_pinned(
        connection, account_id, secret_source=source, secret_reference=reference
    )


def set_secret_reference(
    connection: Connection, account_id: int, reference: str
) -> None:
    """
    Record where an account's secret is now, after it was moved.
    """
    _change_pinned(connection, account_id, secret_reference=reference)


def set_identity(
    connection: Connection, account_id: int, identity: str | None, name: str
) -> None:
    """
    Record the owner's id at the platform, `None` where it names none, and their name
    there.
    """
    known = {} if identity is None else {"identity": identity}
    write_columns(connection, account_id, identity_name=name, **known)


def set_fingerprint(connection: Connection, account_id: int, fingerprint: str) -> None:
    write_columns(connection, account_id, secret_fingerprint=fingerprint)


def set_options(
    connection: Connection, account_id: int, options: Mapping[str, str]
) -> None:
    """
    Replace an account's options. Those that belong to its tokens are not a person's
    decision and not audited.
    """
    lock_account(connection, account_id)
    before = get_account_by_id(connection, account_id).options
    _record(
        connection,
        account_id,
        "set",
        before=without_tokens(before),
        after=without_tokens(options),
    )
    text = json.dumps(dict(options), sort_keys=True)
    _change_pinned(connection, account_id, options=text)


def change_options(
    connection: Connection, account_id: int, changes: Mapping[str, str]
) -> None:
    """
    Set these options and keep the current values of the others, which may have changed
    since the caller read the account.
    """
    lock_account(connection, account_id)
    stored = connection.scalars(
        select(accounts.c.options).where(accounts.c.id == account_id)
    )
    set_options(connection, account_id, {**json.loads(stored.one()), **changes})


def set_base_url(connection: Connection, account_id: int, base_url: str | None) -> None:
    before = get_account_by_id(connection, account_id).base_url
    _change_pinned(connection, account_id, base_url=base_url)
    _record(
        connection,
        account_id,
        "set",
        before={"base_url": before},
        after={"base_url": base_url},
    )


def retire_account(connection: Connection, account: AccountState, reason: str) -> None:
    """
    Retire an account: it is never read again; its orders and figures stay.
    """
    _record(
        connection,
        account.id,
        "retire",
        before={"state": account.state},
        after={"state": RETIRED},
    )
    write_columns(
        connection,
        account.id,
        state=RETIRED,
        state_reason=reason,
        failures=0,
        breaker_opened=0,
        breaker_until=None,
    )


def forget_secret(connection: Connection, account: AccountState) -> None:
    """
    Record that a retired account's secret was deleted; its fingerprint is kept, so that
    the same key is recognised.
    """
    _change_pinned(connection, account.id, secret_source="none", secret_reference="")  # noqa: S106  # the kind of a source


def lock_account(connection: Connection, account_id: int) -> None:
    """
    Block others who decide about an account by what it is, until the transaction ends.
    """
    row_locks.lock(connection, accounts, [account_id])


def lock_platform(connection: Connection, provider: str) -> None:
    """
    Block other transactions that are about to save a listing of the same platform.
    """
    query = select(accounts.c.id).where(accounts.c.provider == provider)
    row_locks.lock(connection, accounts, query)


def _record(
    connection: Connection,
    account_id: int,
    action: str,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    name = get_account_by_id(connection, account_id).name
    decision = Decision(action, "account", name, account_id, before or {}, after or {})
    audit.record(connection, decision)


def write_columns(connection: Connection, account_id: int, **values: object) -> None:
    """
    Write columns of an account that no pin covers, without an entry in the audit.
    """
    connection.execute(
        update(accounts).where(accounts.c.id == account_id).values(**values)
    )


def _change_pinned(connection: Connection, account_id: int, **values: object) -> None:
    """
    Change fields that the pin covers. An account that was confirmed stays confirmed.
    One that was not stays unconfirmed, unless what is replaced here was the only thing
    to confirm: its other places may still be somebody else's.
    """
    lock_account(connection, account_id)
    before = get_account_by_id(connection, account_id)
    replaced = before
    if "secret_source" in values:
        replaced = replace(before, secret_source="none", secret_reference="")  # noqa: S106  # the kind of a source
    is_confirmed = pins.is_confirmed(before) or not pins.pinned_places(replaced)
    write_columns(connection, account_id, **values)
    if is_confirmed:
        save_pin(connection, account_id)
