"""
Accounts that wait for somebody to confirm what their rows would run, read or send a key
to: after an upgrade, a restore, or because somebody changed the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from ticketsync.accounts import edits, pins, state
from ticketsync.accounts.state import AccountState
from ticketsync.core import clock
from ticketsync.store.engine import Database
from ticketsync.webhooks import inbox
from ticketsync.webhooks.inbox import Endpoint


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """
    What nobody confirmed of an account: of itself, of its webhooks, or both. `places`
    says in words what they would run, read and send the key to.
    """

    account: str
    places: tuple[str, ...]
    of_account: AccountState | None = None
    of_webhooks: Endpoint | None = None

    @property
    def text(self) -> str:
        return f"{self.account} {', '.join(self.places)}"


def list_unconfirmed(
    connection: Connection, names: Sequence[str] = ()
) -> list[Unconfirmed]:
    """
    The accounts that wait to be confirmed: those of the given names, or all that are
    not retired.

    Raises: `NotFound` for a name that no account has.
    """
    for name in names:
        state.get_account(connection, name)
    endpoints = {e.account: e for e in inbox.list_endpoints(connection, clock.now())}
    found = (
        _unconfirmed(account, endpoints.get(account.name))
        for account in state.list_accounts(connection)
        if (account.name in names if names else not account.is_retired)
    )
    return [item for item in found if item.places]


def confirm(database: Database, shown: Sequence[Unconfirmed]) -> None:
    """
    Confirm accounts as they were shown to a person.

    Raises: `Busy` where one was changed meanwhile, `CredentialError` where there is no
    key for pins.
    """
    with database.write() as connection:
        for item in shown:
            if item.of_account is not None:
                edits.confirm_account(connection, item.of_account)
            if item.of_webhooks is not None:
                inbox.confirm_secrets(
                    connection, item.of_webhooks, _webhook_pins(item.of_webhooks)
                )


def _unconfirmed(account: AccountState, endpoint: Endpoint | None) -> Unconfirmed:
    own = [] if pins.is_confirmed(account) else pins.pinned_places(account)
    of_webhooks = [] if endpoint is None else _unconfirmed_webhooks(endpoint)
    return Unconfirmed(
        account.name,
        (*own, *of_webhooks),
        account if own else None,
        endpoint if of_webhooks else None,
    )


def _unconfirmed_webhooks(endpoint: Endpoint) -> list[str]:
    return [
        place
        for (source, reference), pin in zip(
            endpoint.secrets, endpoint.pins, strict=True
        )
        if not pins.is_webhook_confirmed(endpoint.account_id, source, reference, pin)
        for place in pins.pinned_webhook_places(source, reference)
    ]


def _webhook_pins(endpoint: Endpoint) -> list[str]:
    return [
        pins.make_webhook_pin(endpoint.account_id, source, reference)
        for source, reference in endpoint.secrets
    ]
