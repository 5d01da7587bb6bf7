"""
`ticketsync webhooks …`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, render, simulate, terminal
from ticketsync.cli.context import Format, Json, OnlyAccount
from ticketsync.cli.secret_options import (
    Command,
    Env,
    Insecure,
    SecretOptions,
    Stdin,
)
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.store.delivery_states import ACCEPTED, NOT_ACCEPTED, STATES

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ticketsync.reporting.deliveries import DeliveryHealth, UnannouncedOrders

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Webhooks that platforms send us: URLs, secrets, deliveries.",
)
Account = Annotated[str, typer.Argument(help="Name of the account.")]


@app.command("url")
def show_url(
    ctx: typer.Context,
    account: Account,
    new: Annotated[
        bool,
        typer.Option("--new", help="Replace it, because others may know it."),
    ] = False,
    json: Json = False,
) -> None:
    """
    Show the URL for a platform to call, and how to set it up there.

    The URL itself is a secret. It is created the first time. After `--new` the old one
    answers 404: change it at the platform, too.
    """
    from ticketsync.web import webhook_receiver
    from ticketsync.workflows.webhooks import webhook_endpoints

    app_context = context.get_context(ctx)
    database, settings = app_context.database(), app_context.settings()
    sender = webhook_endpoints.get_sender(database, account)
    registration = ""
    if new:
        replaced = webhook_endpoints.replace_url(database, settings, sender)
        url, registration = replaced.url, replaced.registration
    else:
        url = webhook_endpoints.create_url(database, settings, sender)
    steps = [step.format(url=url) for step in sender.webhooks.steps]
    is_reachable = webhook_endpoints.has_public_url(settings)
    if json:
        render.print_json(
            {
                "account": account,
                "url": url,
                "steps": steps,
                "reachable": is_reachable,
            }
        )
        return
    terminal.echo(url)
    if not is_reachable:
        app_context.say(
            "No platform reaches this address, which is this machine's own. Set the "
            "https address of your TLS proxy as `serve: public_url` in "
            f"{safe(app_context.settings_file())}, restart `serve`, and run this again."
        )
    if new:
        app_context.say(
            "The address before this one answers 404 from now on, and a running "
            "`serve` takes this one up within "
            f"{webhook_receiver.REFRESH_SECONDS} seconds. "
            "Until it is changed at the platform, no delivery arrives; the next sync "
            "finds what was missed."
        )
    if registration:
        app_context.say(
            f"The platform's webhook {safe(registration)} still calls the old address: "
            "delete it there, and register the new one with "
            f"`ticketsync webhooks register {account}`."
        )
    for number, step in enumerate(steps, start=1):
        app_context.say(f"{number}. {step}")
    if sender.webhooks.is_signed:
        app_context.say(f"Then: ticketsync webhooks secret {account}")


@app.command("secret")
def set_secret(
    ctx: typer.Context,
    account: Account,
    secret_env: Env = "",
    secret_command: Command = "",
    secret_stdin: Stdin = False,
    insecure_storage: Insecure = False,
) -> None:
    """
    Set the secret that verifies deliveries. The previous one stays valid for two days.
    """
    from ticketsync.core import errors
    from ticketsync.workflows.webhooks import webhook_endpoints

    app_context = context.get_context(ctx)
    database = app_context.database()
    sender = webhook_endpoints.get_sender(database, account)
    if not sender.webhooks.is_signed:
        raise errors.UsageError(
            f"The platform of {account!r} does not sign webhooks: its URL is the "
            "secret.",
            hint=f"Run `ticketsync webhooks url {account}`.",
        )
    options = SecretOptions(
        secret_env,
        secret_command,
        stdin=secret_stdin,
        insecure=insecure_storage,
    )
    source = options.get_source(sender.webhooks.key_help, is_multiline=True)
    webhook_endpoints.set_secret(database, sender, source)
    app_context.say(f"Account {account!r} has a webhook secret.")


_COLUMNS = (
    render.Column("account", "ACCOUNT", most=12),
    render.Column("event", "EVENT", most=25, rigid=True, in_full=True),
    render.Column("order_id", "ORDER", most=16, in_full=True),
    render.Column("state", "STATE", rigid=True),
    render.Column("reason", "WHY", below=True),
)


def _check_filters(
    connection: Connection, account: str, platform: str, state: str
) -> None:
    """
    Raises: `NotFound` or `UsageError` for a name that there is not, with those there
    are: an empty list would look like an answer.
    """
    from ticketsync.accounts.state import get_account
    from ticketsync.core import errors
    from ticketsync.providers import registry
    from ticketsync.reporting.deliveries import UNKNOWN_ADDRESS

    if account:
        get_account(connection, account)
    platforms = [item.name for item in registry.list_providers()]
    for what, given, known in (
        ("platform", platform, [*platforms, UNKNOWN_ADDRESS]),
        ("state of deliveries", state, STATES),
    ):
        if given and given not in known:
            raise errors.UsageError(
                f"There is no {what} {safe(given)!r}.",
                hint=f"Use one of: {', '.join(known)}.",
            )


@app.command("list")
def list_deliveries(
    ctx: typer.Context,
    account: OnlyAccount = "",
    platform: Annotated[
        str,
        typer.Option(
            help="Only this platform; `unknown` for attempts at unknown addresses."
        ),
    ] = "",
    state: Annotated[
        str,
        typer.Option(
            help=f"{', '.join(ACCEPTED)}; {', '.join(NOT_ACCEPTED)}",
        ),
    ] = "",
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=10000)] = 50,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Show the latest deliveries and their outcome, also attempts that were not accepted.
    """
    from dataclasses import asdict

    from ticketsync.core import clock, moments
    from ticketsync.reporting import deliveries
    from ticketsync.store.business_zone import get_business_zone

    wanted = context.chosen_format(format, json)
    app_context = context.get_context(ctx)
    with app_context.database().read() as connection:
        _check_filters(connection, account, platform, state)
        found = deliveries.list_deliveries(
            connection,
            limit=limit + 1,
            account=account or None,
            platform=platform or None,
            state=state or None,
        )
        health = deliveries.read_delivery_health(connection)
        gaps = deliveries.find_unannounced_orders(connection, clock.now())
        refused_attempts = deliveries.count_at_unknown_addresses(connection)
        zone = get_business_zone(connection)
    found = app_context.say_limited(found, limit)
    rows = [asdict(item) for item in found]
    shown = [
        {**row, "received_at": moments.written(row["received_at"], zone)}
        for row in rows
    ]
    is_filtered = bool(account or platform or state)
    empty = "No such deliveries." if is_filtered else "No deliveries yet."
    columns = [
        render.Column("id", "ID", numeric=True, is_id=True),
        render.Column("received_at", moments.heading("WHEN", zone), rigid=True),
        *_COLUMNS,
    ]
    render.show(shown, columns, wanted, machine=rows, empty=empty)
    if wanted == "table":
        _print_health(health, gaps, refused_attempts)


@app.command("health")
def show_health(ctx: typer.Context, json: Json = False) -> None:
    """
    Show how well each account's deliveries work, and which orders none announced.
    """
    from dataclasses import asdict

    from ticketsync.core import clock
    from ticketsync.reporting import deliveries

    with context.get_context(ctx).database().read() as connection:
        health = deliveries.read_delivery_health(connection)
        gaps = deliveries.find_unannounced_orders(connection, clock.now())
        refused_attempts = deliveries.count_at_unknown_addresses(connection)
    if json:
        render.print_json(
            {
                "accounts": [
                    {**asdict(item), "percent_done": item.percent_done}
                    for item in health
                ],
                "unannounced": [asdict(gap) for gap in gaps],
                "at_unknown_addresses": refused_attempts,
            }
        )
        return
    if not (health or gaps or refused_attempts):
        terminal.echo("No deliveries yet.")
    _print_health(health, gaps, refused_attempts)


def _print_health(
    health: Sequence[DeliveryHealth],
    gaps: Sequence[UnannouncedOrders],
    refused_attempts: int,
) -> None:
    from ticketsync.core import clock
    from ticketsync.reporting import deliveries

    for item in health:
        parts = [f"{n:,} {state}" for state, n in item.states.items()]
        parts += [f"{item.replayed:,} replayed"] if item.replayed else []
        counts = ", ".join(parts)
        effect = (
            f", processed after {item.seconds_to_effect} s on average"
            if item.seconds_to_effect is not None
            else ""
        )
        share = (
            f"{item.percent_done} % processed"
            if item.percent_done is not None
            else "nothing to judge by yet"
        )
        received = f", the last received {clock.ago(item.last_at)}"
        last = received if item.last_at is not None else ""
        terminal.echo(f"{item.account}: {counts}; {share}{last}{effect}")
    for gap in gaps:
        orders = number_of(gap.of, "order")
        were = "was" if gap.orders == 1 else "were"
        terminal.echo(
            f"{gap.account}: {gap.orders:,} of {orders} of the last day {were} found "
            "by a sync only; no webhook announced them."
        )
    if refused_attempts:
        terminal.echo(f"{deliveries.refused_attempts_in_words(refused_attempts)}.")


@app.command("show")
def show_delivery(ctx: typer.Context, id: int) -> None:
    """
    Show one delivery as JSON: what it hinted at, never its content.
    """
    from dataclasses import asdict

    from ticketsync.core import errors
    from ticketsync.reporting import deliveries

    with context.get_context(ctx).database().read() as connection:
        found = deliveries.list_deliveries(connection, id=id)
    if not found:
        raise errors.NotFound(
            f"There is no delivery {id}.", hint="See `ticketsync webhooks list`."
        )
    render.print_json(asdict(found[0]))


@app.command("retry")
def retry(
    ctx: typer.Context,
    ids: Annotated[
        list[int] | None, typer.Argument(help="All failed ones if none is given.")
    ] = None,
) -> None:
    """
    Process deliveries again.
    """
    from ticketsync.core import clock
    from ticketsync.webhooks import inbox

    app_context = context.get_context(ctx)
    with app_context.database().write() as connection:
        count = inbox.retry(connection, ids or None, clock.now())
    _say_requeued(app_context, count)


def _say_requeued(app_context: context.AppContext, count: int) -> None:
    app_context.say(
        f"{number_of(count, 'delivery', 'deliveries')} requeued; `serve` will "
        f"process {'it' if count == 1 else 'them'}."
    )


@app.command("replay")
def replay(
    ctx: typer.Context,
    account: Account,
    since: Annotated[str, typer.Option(help="From this date: 2026-01-31.")],
) -> None:
    """
    Process everything received since a date again; processing a delivery twice changes
    nothing.
    """
    from ticketsync.accounts import state
    from ticketsync.core import clock
    from ticketsync.webhooks import inbox

    app_context = context.get_context(ctx)
    with app_context.database().write() as connection:
        begin = context.start_of(connection, since)
        found = state.get_account(connection, account)
        count = inbox.replay(connection, found.id, begin, clock.now())
    _say_requeued(app_context, count)


@app.command("register")
def register(
    ctx: typer.Context,
    account: Account,
    insecure_storage: Insecure = False,
    json: Json = False,
) -> None:
    """
    Register our URL with the platform through its API (Eventbrite, Square), and store
    the secret it signs with.
    """
    from ticketsync.core import errors
    from ticketsync.providers import registry
    from ticketsync.workflows.webhooks import webhook_endpoints, webhook_registration

    app_context = context.get_context(ctx)
    database, settings = app_context.database(), app_context.settings()
    sender = webhook_endpoints.get_sender(database, account)
    registry.refuse_unregistrable(sender.account.provider, account)
    webhook_endpoints.refuse_unreachable(settings.serve.public_url)
    url = webhook_endpoints.create_url(database, settings, sender)
    storage = SecretOptions(insecure=insecure_storage).storage
    try:
        registered = webhook_registration.register(
            database, settings, account, url, storage
        )
    except errors.KeyringUnavailable as error:
        error.hint = "Unlock the keyring, or add --insecure-storage for a 0600 file."
        raise
    if json:
        render.print_json(
            {
                "account": account,
                "id": registered.id,
                "signed": registered.secret is not None,
            }
        )
    else:
        app_context.say(
            f"Account {account!r} sends its webhooks here (its id for them is "
            f"{registered.id})."
        )


@app.command("work")
def process_deliveries(ctx: typer.Context, json: Json = False) -> None:
    """
    Process the waiting deliveries once; `serve` does so every two seconds.
    """
    from ticketsync.core import errors
    from ticketsync.workflows.webhooks import delivery_expiry, delivery_processing

    app_context = context.get_context(ctx)
    app_context.log()
    database = app_context.database()
    done = delivery_processing.process_deliveries(database, app_context.settings())
    delivery_expiry.delete_old(database)
    if json:
        outcomes = [
            {"account": r.account, "outcome": r.outcome, "word": r.word}
            for r in done.results
        ]
        render.print_json({"deliveries": done.deliveries, "accounts": outcomes})
    else:
        app_context.say(
            f"{number_of(done.deliveries, 'delivery', 'deliveries')} processed."
        )
    for result in done.results:
        if result.exit_code:
            context.print_error(result)
    raise typer.Exit(errors.combined_exit_code([r.exit_code for r in done.results]))


app.command("simulate")(simulate.simulate)
