"""
An account's provider with its HTTP client, within the call budget that its key has.
"""

from __future__ import annotations

from collections.abc import Callable

from ticketsync.accounts import credentials, pins
from ticketsync.accounts.state import AccountState
from ticketsync.core.redact import Secret
from ticketsync.core.settings.config import Settings
from ticketsync.core.stopping import Stop
from ticketsync.net.budget import CallBudget
from ticketsync.net.client import ApiClient, Headers
from ticketsync.net.retry import WaitBudget
from ticketsync.providers import registry
from ticketsync.providers.base import Options, Provider, ProviderSpec
from ticketsync.providers.options import refuse_relative_files
from ticketsync.store.engine import Database
from ticketsync.workflows.accounts import tokens

NOWHERE = "http://127.0.0.1:9"  # for providers that read no network


def connect(
    database: Database,
    account: AccountState,
    settings: Settings,
    secret: Secret,
    run_id: str,
    longest: float | None = None,
    wait_budget: WaitBudget | None = None,
    stop: Stop | None = None,
) -> tuple[Provider, ApiClient]:
    """
    The account's provider with its client, which gives up after `longest` seconds or
    what the settings allow an account, and soon after `stop` was requested; the secret
    goes no further.

    Raises: `Unconfirmed` for an account whose address nobody confirmed.
    """
    pins.refuse_unconfirmed(account)
    kind = registry.provider(account.provider)
    spec = kind.spec
    refuse_relative_files(spec.options, account.options)

    def renew() -> Headers:
        return spec.authenticate(tokens.renew(database, spec, account), account.options)

    api = client(
        spec,
        account.name,
        account.base_url,
        secret,
        account.options,
        settings,
        run_id,
        renew=renew if tokens.can_renew(account) else None,
        longest=longest,
        wait_budget=wait_budget,
        stop=stop,
    )
    return kind(api, account.options), api


def client(
    spec: ProviderSpec,
    account: str,
    base_url: str | None,
    secret: Secret,
    options: Options,
    settings: Settings,
    run_id: str,
    renew: Callable[[], Headers] | None = None,
    longest: float | None = None,
    wait_budget: WaitBudget | None = None,
    stop: Stop | None = None,
) -> ApiClient:
    """
    The HTTP client of one account, within its shared call budget; of a provider that
    reads no network, without one.
    """
    address = base_url or spec.base_url
    longest = float("inf") if longest is None else longest
    return ApiClient(
        address or NOWHERE,
        account=account,
        platform=spec.title,
        headers=spec.authenticate(secret, options),
        explain=spec.explain,
        renew=renew,
        budget=_budget(spec, secret) if address else None,
        run_id=run_id,
        wait_budget=wait_budget or WaitBudget(settings.sync.wait_seconds),
        deadline_seconds=min(settings.sync.deadline_minutes * 60, longest),
        longest_seconds=longest,
        use_system_proxy=settings.use_system_proxy,
        stop=stop,
    )


def _budget(spec: ProviderSpec, secret: Secret) -> CallBudget:
    """
    The same key has the same limit, whatever the account is called here.
    """
    return CallBudget(
        f"{spec.name}-{credentials.fingerprint(secret, spec.name)}",
        requests=spec.budget.requests,
        minutes=spec.budget.minutes,
    )
