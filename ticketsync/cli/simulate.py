"""
`ticketsync webhooks simulate`: a delivery as the platform would send it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, terminal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from ticketsync.core.settings.config import Settings
    from ticketsync.store.engine import Database
    from ticketsync.web.trial_keys import TrialKeys
    from ticketsync.workflows.webhooks.webhook_endpoints import WebhookEndpoint

KEY_HINT = (
    "Make a pair of keys for the test, `openssl genrsa -out test.pem 2048`; give its "
    "public half to the account, `openssl rsa -in test.pem -pubout | ticketsync "
    "webhooks secret {account} --secret-stdin`; then add `--key-file test.pem`. Your "
    "app's own key stays valid for two days: set it again after the test."
)


def simulate(
    ctx: typer.Context,
    account: Annotated[str, typer.Argument(help="Name of the account.")],
    order: Annotated[
        str,
        typer.Argument(
            help="The platform's id of an order; of an attendee for Eventbrite's "
            "attendee events."
        ),
    ] = "",
    event: Annotated[
        str,
        typer.Option(
            help="The platform's name for the event, or its last part; `list` lists "
            "them."
        ),
    ] = "",
    occurrence: Annotated[
        str,
        typer.Option(help="The platform's id of an occurrence, for events about one."),
    ] = "",
    key_file: Annotated[
        str,
        typer.Option(
            help="Wix: a private key (PEM) whose public key is the account's secret."
        ),
    ] = "",
    to: Annotated[
        str, typer.Option(help="Where `serve` listens.")
    ] = "http://127.0.0.1:8787",
) -> None:
    """
    Send a correctly signed delivery to the running `serve`, as the platform would.

    Example: ticketsync webhooks simulate tt or_500001 --event ORDER.UPDATED
    """
    from ticketsync.core import errors
    from ticketsync.core.redact import safe
    from ticketsync.sandbox import deliveries
    from ticketsync.workflows.webhooks import webhook_endpoints

    app_context = context.get_context(ctx)
    database, settings = app_context.database(), app_context.settings()
    provider = webhook_endpoints.get_sender(database, account).account.provider
    if event == "list":
        for name in deliveries.EVENTS.get(provider, ()):
            about = ", ".join(deliveries.needs(provider, name)) or "nothing"
            terminal.echo(f"{name}  (about: {about})")
        return
    chosen = _chosen_event(provider, event)
    _require_ids(provider, chosen, order, occurrence)
    to_send = _Delivery(account, chosen, order, occurrence, key_file)
    try:
        status = send(database, settings, to_send, to)
    except OSError:
        raise errors.ProviderUnavailable(
            f"Nothing is listening at {safe(to)}.", hint="Run `ticketsync serve`."
        ) from None
    about = safe(order or occurrence or "nothing in particular")
    app_context.say(f"{chosen} for {about}: answered {status}.")
    raise typer.Exit(0 if status == 200 else 6)


@dataclass(frozen=True, slots=True)
class _Delivery:
    """
    A delivery of an account's platform: its event, and what it is about.
    """

    account: str
    event: str
    order: str
    occurrence: str = ""
    key_file: str = ""
    key: RSAPrivateKey | None = None


def send(database: Database, settings: Settings, delivery: _Delivery, to: str) -> int:
    """
    Send a signed delivery to the server at an address; returns the status.

    Raises: `UsageError` while the account cannot receive webhooks.
    """
    from ticketsync.sandbox import deliveries
    from ticketsync.workflows.webhooks import webhook_endpoints

    provider = webhook_endpoints.get_sender(database, delivery.account).account.provider
    endpoint = webhook_endpoints.get_ready_endpoint(
        database, settings, delivery.account
    )
    headers, body = _signed(
        *(provider, delivery.event, delivery.order, delivery.occurrence),
        *(endpoint, delivery.key_file, delivery.key),
    )
    return deliveries.send(f"{to.rstrip('/')}/hooks/{endpoint.path}", headers, body)


def send_first_event(
    database: Database,
    settings: Settings,
    account: str,
    order: str,
    trials: TrialKeys,
    to: str,
) -> int:
    """
    Send a delivery of the platform's first event about an order. Where only the
    platform can sign one, it is signed with a pair of keys made for it, whose public
    half is among the `trials` of the receiver meanwhile.
    """
    from ticketsync.core.redact import Secret
    from ticketsync.sandbox import deliveries
    from ticketsync.workflows.webhooks import webhook_endpoints

    sender = webhook_endpoints.get_sender(database, account).account
    event = _chosen_event(sender.provider, "")
    occurrence = ""
    if deliveries.OCCURRENCE in deliveries.needs(sender.provider, event):
        occurrence = _any_occurrence(database, sender.id)
    _require_ids(sender.provider, event, order, occurrence)
    delivery = _Delivery(account, event, order, occurrence)
    if not deliveries.needs_key_file(sender.provider):
        return send(database, settings, delivery, to)
    key, public = deliveries.make_keys()
    with trials.accepted(account, Secret(public)):
        return send(database, settings, replace(delivery, key=key), to)


def _any_occurrence(database: Database, account_id: int) -> str:
    """
    The platform's id of an occurrence of this account; empty if there is none.
    """
    from ticketsync.catalogue import occurrences

    with database.read() as connection:
        found = occurrences.list_occurrences(connection, account_id)
    return found[0].provider_occurrence_id if found else ""


def _chosen_event(provider: str, event: str) -> str:
    """
    The event by its name or the last part of it; the first one if none is named.
    """
    from ticketsync.core import errors
    from ticketsync.core.redact import safe
    from ticketsync.sandbox import deliveries

    events = deliveries.EVENTS.get(provider, ())
    if not event and events:
        return events[0]
    for name in events:
        if event in (name, name.rpartition(".")[2]) and event:
            return name
    raise errors.UsageError(
        f"Deliveries {safe(event)!r} of {provider} cannot be simulated.",
        hint=f"These can: {', '.join(events) or 'none'}.",
    )


def _require_ids(provider: str, event: str, order: str, occurrence: str) -> None:
    from ticketsync.core import errors
    from ticketsync.sandbox import deliveries

    needed = deliveries.needs(provider, event)
    if deliveries.ORDER in needed and not order:
        raise errors.UsageError(
            f"{event} is about an order.", hint="Add the platform's id of one."
        )
    if deliveries.OCCURRENCE in needed and not occurrence:
        raise errors.UsageError(
            f"{event} names an occurrence.",
            hint="Add `--occurrence` with the platform's id, see "
            "`ticketsync events list`.",
        )


def _signed(
    provider: str,
    event: str,
    order: str,
    occurrence: str,
    endpoint: WebhookEndpoint,
    key_file: str,
    key: RSAPrivateKey | None,
) -> tuple[dict[str, str], bytes]:
    """
    The headers and body of the delivery, signed as this platform signs.
    """
    import secrets

    from ticketsync.core import clock
    from ticketsync.sandbox import deliveries

    if deliveries.needs_key_file(provider):
        key = key or _read_key(endpoint.account, key_file)
    return deliveries.delivery(
        *(provider, event, order),
        number=secrets.randbelow(10**9),
        now=int(clock.now().timestamp()),
        secret=endpoint.secrets[0].reveal() if endpoint.secrets else "",
        key=key,
        url=endpoint.url,
        occurrence=occurrence,
    )


def _read_key(account: str, key_file: str) -> RSAPrivateKey:
    """
    The private key that stands for the platform's own. Raises `UsageError`.
    """
    from pathlib import Path

    from ticketsync.core import errors
    from ticketsync.core.redact import safe
    from ticketsync.sandbox import deliveries

    hint = KEY_HINT.format(account=account)
    if not key_file:
        raise errors.UsageError(
            "Only the platform has the private key that signs its deliveries.",
            hint=hint,
        )
    try:
        return deliveries.read_private_key(Path(key_file).read_bytes())
    except (OSError, ValueError) as error:
        raise errors.UsageError(
            f"{safe(key_file)} is not a private RSA key: {safe(error)}.", hint=hint
        ) from None
