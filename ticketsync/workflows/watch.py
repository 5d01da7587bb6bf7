"""
Watching over the accounts after each run: who must hear of it, and whether they did.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from ticketsync.accounts import alerts, state
from ticketsync.accounts.alerts import OK, Standing, Told
from ticketsync.accounts.state import AccountState
from ticketsync.core import clock, errors
from ticketsync.core.config import Settings
from ticketsync.core.redact import safe
from ticketsync.gateways import alerts as gateway
from ticketsync.providers import registry
from ticketsync.reporting import runs
from ticketsync.reporting.runs import Freshness
from ticketsync.store.engine import Database
from ticketsync.webhooks import inbox


def tell_changes(
    database: Database, settings: Settings
) -> list[errors.TicketsyncError]:
    """
    Tell what changed about the accounts since it was last told; returns what could
    not be told. Without anybody to tell nothing is read or written.
    """
    if not settings.notify.is_set:
        return []
    now = clock.now()
    with database.read() as session:
        found = standings(
            state.all_accounts(session),
            runs.freshness(session),
            settings,
            now,
            deaf=without_secret(session),
        )
        is_news = _differs(found, alerts.on_record(session))
    if not is_news:
        return []
    with database.write() as session:
        news = alerts.news(session, found, now)
    failures: list[errors.TicketsyncError] = []
    for standing, before in news:
        wrong = gateway.send(settings.notify, _title(standing), _text(standing, before))
        failures += wrong
        if not wrong:
            with database.write() as session:
                alerts.mark_told(session, standing)
    return failures


def beat(settings: Settings) -> list[errors.TicketsyncError]:
    """
    The heartbeat after a run in which nothing failed.
    """
    if not settings.notify.heartbeat:
        return []
    try:
        gateway.beat(settings.notify)
    except errors.TicketsyncError as error:
        return [error]
    return []


def send(settings: Settings, title: str, text: str) -> None:
    """
    Tell everybody in the settings something; raises what went wrong.
    """
    if not settings.notify.is_set:
        raise errors.ConfigurationError(
            "The settings name nobody to tell.",
            hint="Fill in `notify` (see config.example.yaml).",
        )
    for error in gateway.send(settings.notify, title, text):
        raise error


def standings(
    accounts: list[AccountState],
    freshness: list[Freshness],
    settings: Settings,
    now: datetime,
    *,
    deaf: set[int],
) -> list[Standing]:
    """
    How each account stands; the worst word that is true. `deaf` are the accounts whose
    webhooks cannot be believed.
    """
    fresh = {item.account: item for item in freshness}
    return [
        Standing(
            account.id,
            account.name,
            *_stands(account, item, settings, now, is_deaf=account.id in deaf),
        )
        for account in accounts
        if account.state != "paused" and not account.is_retired
        for item in [fresh[account.name]]
    ]


def without_secret(session: Session) -> set[int]:
    """
    Accounts that have an address for signed webhooks and nothing to prove them with.
    """
    found = set()
    for endpoint in inbox.endpoints(session, clock.now()):
        kind = registry.sends_webhooks(endpoint.provider)
        if kind is not None and kind.webhooks.is_signed and not endpoint.secrets:
            found.add(endpoint.account_id)
    return found


def _stands(
    account: AccountState,
    item: Freshness,
    settings: Settings,
    now: datetime,
    *,
    is_deaf: bool,
) -> tuple[str, str]:
    last = _bare(account.name, f"{item.last_message} {item.last_hint}".strip())
    since = item.last_success_at or account.created_at
    figures = (
        f"Its figures are from {_when(item.last_success_at)}."
        if item.last_success_at
        else "It was never read completely."
    )
    if account.state == "parked":
        mend = f"Run `ticketsync accounts rotate {account.name}`."
        reason = _bare(account.name, account.state_reason)
        return "parked", f"It waits for a person. {reason} {mend}"
    if account.breaker_until is not None:
        return "failing", (
            f"Paused after {account.failures} failures. {last} {figures} "
            f"Next try {_when(account.breaker_until)}."
        )
    if item.last_exit_code == errors.GuardRefused.exit_code:
        return "held", f"{last} {figures}"
    if settings.is_stale(account.name, since, now):
        return "stale", f"It falls behind. {last} {figures}"
    if is_deaf:
        mend = f"Run `ticketsync webhooks secret {account.name}`."
        return "deaf", f"Its webhooks are turned away for lack of a secret. {mend}"
    return OK, figures


def _bare(account: str, message: str) -> str:
    """
    A message without the name in front that the alert says anyway.
    """
    return message.removeprefix(f"Account {account!r}: ")


def _differs(found: list[Standing], held: dict[int, Told]) -> bool:
    return any(
        standing.state != told.state or not told.is_told
        for standing in found
        for told in [held.get(standing.account_id, Told(OK, clock.now(), True))]
    )


def _title(standing: Standing) -> str:
    word = "is well again" if standing.state == OK else f"is {standing.state}"
    return f"ticketsync: {safe(standing.account)} {word}"


def _text(standing: Standing, before: Told | None) -> str:
    if standing.state == OK and before is not None:
        return safe(
            f"Account {standing.account!r} works again. {standing.text} "
            f"It was {before.state} since {_when(before.since)}.",
            longest=2000,
        )
    return safe(f"Account {standing.account!r}: {standing.text}", longest=2000)


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
