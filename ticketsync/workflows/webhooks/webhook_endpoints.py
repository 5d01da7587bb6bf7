"""
Webhook endpoints: the URL that an account's platform calls, and the secrets that prove
a delivery is the platform's. Talks to no platform.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ticketsync.accounts import credentials, pins, state
from ticketsync.accounts.state import AccountState
from ticketsync.core import clock, errors, log, web_address
from ticketsync.core.redact import Secret
from ticketsync.core.settings.config import Settings
from ticketsync.net.webhook_signatures import WebhookSpec
from ticketsync.providers import registry
from ticketsync.providers.base import SendsWebhooks
from ticketsync.store.engine import Database
from ticketsync.webhooks import inbox
from ticketsync.webhooks.inbox import Endpoint
from ticketsync.workflows import one_at_a_time
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.webhooks import public_address


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """
    Where one account's platform sends its webhooks, and what proves that they are its.
    """

    account_id: int
    account: str
    path: str
    url: str
    provider: type[SendsWebhooks]
    secrets: Sequence[Secret]
    # Why a secret that is set is not used.
    secret_error: errors.TicketsyncError | None = None

    @property
    def is_ready(self) -> bool:
        """
        Whether deliveries can be verified, or need no proof.
        """
        return bool(self.secrets) or not self.provider.webhooks.is_signed


@dataclass(frozen=True, slots=True)
class Sender:
    """
    An account whose platform sends webhooks, and how it does so.
    """

    account: AccountState
    webhooks: WebhookSpec


def get_sender(database: Database, account: str) -> Sender:
    """
    The account of this name, for webhooks.

    Raises: `NotFound`, or `UsageError` if its platform sends no webhooks.
    """
    with database.read() as connection:
        found = state.get_usable_account(connection, account)
    provider = registry.sends_webhooks(found.provider)
    if provider is None:
        raise errors.UsageError(
            f"{registry.provider(found.provider).spec.title} sends no webhooks.",
            hint="It is read by `ticketsync sync`, which finds everything.",
        )
    return Sender(found, provider.webhooks)


def get_ready_endpoint(
    database: Database, settings: Settings, account: str
) -> WebhookEndpoint:
    """
    The account's endpoint. Raises `UsageError` if it cannot receive webhooks yet.
    """
    endpoints = load_endpoints(database, settings)
    found = next((e for e in endpoints if e.account == account), None)
    if found is None or not found.is_ready:
        error = found.secret_error if found else None
        raise errors.UsageError(
            f"Account {account!r} cannot receive webhooks yet."
            + (f" {error.message}" if error else ""),
            hint=error.hint if error else f"Run `ticketsync webhooks url {account}`.",
            word="webhook-secret-missing",
        )
    return found


def create_url(database: Database, settings: Settings, sender: Sender) -> str:
    """
    The URL of an account's endpoint, which is created the first time.
    """
    with database.write() as connection:
        path = inbox.get_or_create_path(
            connection,
            sender.account.id,
            clock.now(),
            is_signed=sender.webhooks.is_signed,
        )
    return public_url(settings, path)


@dataclass(frozen=True, slots=True)
class NewUrl:
    """
    The new URL of an endpoint. `registration` is the platform's id of the webhook that
    still calls the old one, where we registered it.
    """

    url: str
    registration: str


def replace_url(database: Database, settings: Settings, sender: Sender) -> NewUrl:
    """
    Give an account's endpoint another URL, because somebody else may know the present
    one: from now on nothing is received there.
    """
    with database.write() as connection:
        inbox.get_or_create_path(
            connection,
            sender.account.id,
            clock.now(),
            is_signed=sender.webhooks.is_signed,
        )
        path, registration = inbox.replace_path(connection, sender.account.id)
    return NewUrl(public_url(settings, path), registration)


def public_url(settings: Settings, path: str) -> str:
    """
    The URL of a path: what the platform is given, and what Square signs. Where no
    public address is set it is that of the running server, which no platform reaches.
    """
    return f"{public_address.for_links(settings.serve).rstrip('/')}/hooks/{path}"


def has_public_url(settings: Settings) -> bool:
    """
    Whether the settings name an address that a platform can reach.
    """
    return _is_reachable(settings.serve.public_url)


def refuse_unreachable(url: str) -> None:
    """
    Raises: `ConfigurationError` for an address that no platform can reach.
    """
    if not _is_reachable(url):
        raise errors.ConfigurationError(
            "Platforms cannot reach this machine at its own address.",
            hint="Set the https address of your TLS proxy as `serve: public_url` in "
            "the settings.",
        )


def _is_reachable(url: str) -> bool:
    """
    Whether this is not this machine's own address.
    """
    host = web_address.split(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".") not in ("", "localhost")


def set_secret(database: Database, sender: Sender, source: SecretSource) -> None:
    """
    Set the secret that an account's deliveries are verified with, after storing it or
    making sure that it can be read. The one that is in use already changes nothing: it
    would take the place of the previous one, which is still valid.

    Raises: `CredentialError` if it can be neither stored nor read, `Busy` while another
    one is being set.
    """
    name = sender.account.name
    with one_at_a_time.refuse_others(
        database, f"webhook secret {name}", f"Account {name!r} is being given a secret."
    ):
        if not _is_in_use(database, sender, source):
            _set_secret(database, sender, source)


def _set_secret(database: Database, sender: Sender, source: SecretSource) -> None:
    entry = f"{sender.account.name}/webhook"
    reference = source.reference
    if source.secret is None:
        credentials.read_secret(entry, source.kind, reference)
    else:
        # Under a name of its own, so that the previous secret is kept.
        name = f"{entry}-{secrets.token_hex(4)}"
        reference = credentials.store_secret(name, source.kind, source.secret)
    keep_secret(database, sender.account, source.kind, reference)


def keep_secret(
    database: Database, account: AccountState, kind: str, reference: str
) -> None:
    """
    Verify an account's deliveries with what is stored there, and delete the secret that
    is valid no longer because of it.
    """
    with database.write() as connection:
        dropped = inbox.set_secret(
            *(connection, account.id, kind, reference, clock.now()),
            pin=pins.make_webhook_pin(account.id, kind, reference),
        )
    for place in dropped:
        credentials.delete_secret(f"{account.name}/webhook", *place)


def _is_in_use(database: Database, sender: Sender, source: SecretSource) -> bool:
    """
    Whether deliveries are verified with this secret from the same kind of place now.
    """
    with database.read() as connection:
        rows = inbox.list_endpoints(connection, clock.now())
    for row in rows:
        if row.account_id != sender.account.id or not row.secrets:
            continue
        kind, reference = row.secrets[0]
        present = replace(row, secrets=row.secrets[:1], pins=row.pins[:1])
        found = _read_secrets(present).secrets if kind == source.kind else ()
        if source.secret is None:
            return bool(found) and reference == source.reference
        return any(_is_same(secret, source.secret) for secret in found)
    return False


def _is_same(one: Secret, other: Secret) -> bool:
    return hmac.compare_digest(
        one.reveal().strip().encode(), other.reveal().strip().encode()
    )


def load_endpoints(database: Database, settings: Settings) -> list[WebhookEndpoint]:
    """
    All endpoints with their secrets. A secret that cannot be read is logged and treated
    as missing.
    """
    with database.read() as connection:
        rows = inbox.list_endpoints(connection, clock.now())
    endpoints = []
    for row in rows:
        provider = _sender_of(row)
        if provider is None:
            continue
        endpoint = WebhookEndpoint(
            account_id=row.account_id,
            account=row.account,
            path=row.path,
            url=public_url(settings, row.path),
            provider=provider,
            secrets=(found := _read_secrets(row)).secrets,
            secret_error=found.error,
        )
        endpoints.append(endpoint)
    return endpoints


def cached_endpoints(
    database: Database, settings: Settings
) -> Callable[[], Sequence[WebhookEndpoint]]:
    """
    A `load_endpoints` that reads the secrets again only when an endpoint has changed: a
    keyring is slow.
    """
    known_rows: list[Endpoint] = []
    endpoints: list[WebhookEndpoint] = []

    def load() -> Sequence[WebhookEndpoint]:
        nonlocal known_rows, endpoints
        with database.read() as connection:
            rows = inbox.list_endpoints(connection, clock.now())
        if rows != known_rows:
            known_rows, endpoints = rows, load_endpoints(database, settings)
        return endpoints

    return load


def _sender_of(endpoint: Endpoint) -> type[SendsWebhooks] | None:
    """
    The provider of an endpoint; one that cannot be loaded closes its own endpoint only.
    """
    try:
        return registry.sends_webhooks(endpoint.provider)
    except errors.TicketsyncError as error:
        log.warning(
            "webhooks not received", account=endpoint.account, message=error.message
        )
        return None


@dataclass(frozen=True, slots=True)
class _Secrets:
    secrets: Sequence[Secret]
    error: errors.TicketsyncError | None


def _read_secrets(endpoint: Endpoint) -> _Secrets:
    found: list[Secret] = []
    last: errors.TicketsyncError | None = None
    for (source, reference), pin in zip(endpoint.secrets, endpoint.pins, strict=True):
        try:
            pins.refuse_unconfirmed_webhook(
                *(endpoint.account, endpoint.account_id, source, reference, pin)
            )
            secret = credentials.read_secret(
                f"{endpoint.account}/webhook", source, reference
            )
        except errors.TicketsyncError as error:
            log.warning(
                "webhook secret unreadable",
                account=endpoint.account,
                message=error.message,
            )
            last = error
        else:
            found.append(secret)
    return _Secrets(found, last)
