"""
Registering our webhook address with a platform, through its API.
"""

from __future__ import annotations

import secrets

from ticketsync.accounts import credentials, state
from ticketsync.core.settings.config import Settings
from ticketsync.providers import registry
from ticketsync.providers.base import Registered, RegistersWebhooks
from ticketsync.store.engine import Database
from ticketsync.webhooks import inbox
from ticketsync.workflows.accounts import account_client, account_run
from ticketsync.workflows.accounts.connect import secret_of
from ticketsync.workflows.webhooks import webhook_endpoints


def register(
    database: Database, settings: Settings, name: str, url: str, source: str
) -> Registered:
    """
    Register our webhook address with an account's platform, and keep what it signs
    with in `source`; whether that can be kept is tried first.

    Raises `UsageError` if webhooks cannot be registered through its API,
    `ConfigurationError` for an address that no platform can reach.
    """
    with database.read() as reading:
        account = state.get_usable_account(reading, name)
    registry.refuse_unregistrable(account.provider, name)
    webhook_endpoints.refuse_unreachable(url)
    spec = registry.provider(account.provider).spec
    secret = secret_of(database, spec, account)
    run_id = account_run.new_run_id()
    provider, api = account_client.connect(database, account, settings, secret, run_id)
    entry = f"{name}/webhook-{secrets.token_hex(4)}"
    try:
        assert isinstance(provider, RegistersWebhooks)
        if provider.webhooks.is_signed:
            credentials.check_storage(entry, source)
        registered = provider.register_webhook(url)
    finally:
        api.close()
    reference = ""
    if registered.secret is not None:
        reference = credentials.store_secret(entry, source, registered.secret)
    with database.write() as writing:
        inbox.save_registration(writing, account.id, registered.id)
    if reference:
        webhook_endpoints.keep_secret(database, account, source, reference)
    return registered
