"""
Accounts as they stand: their rows and their states.

Refused credentials park an account until a person fixes them. A retired account is
never read again; its orders stay and count. `edits` changes accounts, `breaker` stops
requests to a platform that keeps failing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, select

from ticketsync.core import errors, file_options, pasted_keys
from ticketsync.core.settings.config import AccountSettings
from ticketsync.store.tables.accounts import accounts

LONGEST_PAUSE_HOURS = 24  # of the breaker
ACTIVE = "active"
PARKED = "parked"
RETIRED = "retired"
CLIENT_ID = f"{file_options.OF_OAUTH}client_id"  # of the venue's own app
PEOPLE = "people"  # option of an account: keep buyers and attendees


@dataclass(frozen=True, slots=True)
class AccountState:
    """
    One account as it stood when it was read.
    """

    id: int
    name: str
    provider: str
    base_url: str | None
    secret_source: str
    secret_reference: str
    secret_fingerprint: str
    options: Mapping[str, str]
    identity: str | None
    state: str
    state_reason: str
    failures: int
    breaker_opened: int
    breaker_until: datetime | None
    created_at: datetime
    stale_seconds: int = 45 * 60
    identity_name: str = ""
    pin: str = ""
    needs_reading: bool = True

    @property
    def is_retired(self) -> bool:
        return self.state == RETIRED

    def breaker_is_open(self, now: datetime) -> bool:
        """
        Whether the platform must not be asked yet. A pause longer than the longest one
        was set before the clock was set back, and is ignored (F36).
        """
        if self.breaker_until is None:
            return False
        left = self.breaker_until - now
        return timedelta(0) < left <= timedelta(hours=LONGEST_PAUSE_HOURS)


@dataclass(frozen=True, slots=True)
class NewAccount:
    name: str
    provider: str
    base_url: str | None
    secret_source: str
    secret_reference: str
    secret_fingerprint: str
    identity: str | None
    options: Mapping[str, str] = field(default_factory=dict)
    identity_name: str = ""
    needs_reading: bool = True


def uses_oauth(account: AccountState) -> bool:
    """
    Whether an account was authorised by OAuth instead of being given a key.
    """
    return CLIENT_ID in account.options


def list_accounts(connection: Connection) -> list[AccountState]:
    return _read_accounts(connection)


def _read_accounts(
    connection: Connection, *conditions: ColumnElement[bool]
) -> list[AccountState]:
    query = select(accounts).where(*conditions).order_by(accounts.c.name)
    return [
        AccountState(**{**row._mapping, "options": json.loads(row.options)})
        for row in connection.execute(query)
    ]


def get_account_names(connection: Connection) -> dict[int, str]:
    """
    The name of each account, by id.
    """
    rows = connection.execute(select(accounts.c.id, accounts.c.name))
    return {int(id_): str(name) for id_, name in rows}


def get_account(connection: Connection, name: str) -> AccountState:
    """
    The account of that name.

    Raises: `NotFound`, with the names there are.
    """
    for account in _read_accounts(connection, accounts.c.name == name):
        return account
    known = ", ".join(sorted(get_account_names(connection).values()))
    hint = f"The accounts are: {known}." if known else "Run `ticketsync accounts add`."
    raise errors.NotFound(f"There is no account {pasted_keys.quoted(name)}.", hint=hint)


def get_account_by_id(connection: Connection, account_id: int) -> AccountState:
    """
    The account with that id as it is now.

    Raises: `NotFound` where it was removed.
    """
    for account in _read_accounts(connection, accounts.c.id == account_id):
        return account
    raise errors.NotFound(
        "The account no longer exists.", hint="See `ticketsync accounts list`."
    )


def has_siblings(connection: Connection, account: AccountState) -> bool:
    """
    Whether there are other accounts of the same platform, retired ones included.
    """
    query = select(accounts.c.id).where(
        accounts.c.provider == account.provider, accounts.c.id != account.id
    )
    return connection.execute(query).first() is not None


def get_usable_account(connection: Connection, name: str) -> AccountState:
    """
    The account of that name.

    Raises: `NotFound` where there is none, `GuardRefused` (`retired`) where it is
    retired.
    """
    account = get_account(connection, name)
    if account.is_retired:
        raise retired_error(account)
    return account


def retired_error(account: AccountState) -> errors.GuardRefused:
    """
    The error for a retired account that would have to be read.
    """
    return errors.GuardRefused(
        f"Account {account.name!r} is retired: it is never read again; its orders and "
        "figures are kept.",
        hint=f"Run `ticketsync accounts add {account.provider} {account.name} "
        "--revive` to connect it again.",
        word="retired",
    )


def choose_accounts(connection: Connection, names: list[str]) -> list[AccountState]:
    """
    The named accounts, or all that are not retired if none is named.

    Raises: `NotFound` for an unknown name or without any account, `GuardRefused`
    (`retired`) for a retired one.
    """
    if names:
        return [get_usable_account(connection, name) for name in dict.fromkeys(names)]
    accounts = [a for a in list_accounts(connection) if not a.is_retired]
    if not accounts:
        raise errors.NotFound(
            "No account is connected yet.", hint="Run `ticketsync accounts add`."
        )
    return accounts


def keeps_people(account: AccountState, settings: AccountSettings) -> bool:
    """
    Whether an account keeps buyers and attendees: as the settings say, else as set by
    `accounts set`.
    """
    if settings.keep_people is not None:
        return settings.keep_people
    return account.options.get(PEOPLE) == "true"


def without_tokens(options: Mapping[str, str]) -> dict[str, str]:
    """
    The options that a person chose, without those of the tokens.
    """
    return {
        n: value
        for n, value in options.items()
        if not n.startswith(file_options.OF_OAUTH)
    }
