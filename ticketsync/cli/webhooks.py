"""
`ticketsync webhooks …`.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ticketsync.cli import context
from ticketsync.cli.context import Format, Json

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What platforms tell by themselves: addresses, secrets, deliveries.",
)
Account = Annotated[str, typer.Argument(help="Name of the account.")]


@app.command("url")
def show_url(ctx: typer.Context, account: Account, json: Json = False) -> None:
    """
    Show the address for a platform to call, and how to set it up there.

    The address is a secret itself; it is made the first time.
    """
    from ticketsync.cli import render
    from ticketsync.cli.serve import address
    from ticketsync.core import clock
    from ticketsync.webhooks import inbox

    app_context = context.get_context(ctx)
    database = app_context.database()
    found, card = _account(database, account)
    with database.write() as session:
        path = inbox.endpoint(session, found.id, clock.now(), is_signed=card.is_signed)
    url = address(app_context.settings(), path)
    steps = [step.format(url=url) for step in card.steps]
    if json:
        render.print_json({"account": account, "url": url, "steps": steps})
        return
    typer.echo(url)
    for number, step in enumerate(steps, start=1):
        app_context.say(f"{number}. {step}")
    if card.is_signed:
        app_context.say(f"Then: ticketsync webhooks secret {account}")


@app.command("secret")
def set_secret(
    ctx: typer.Context,
    account: Account,
    secret_env: Annotated[
        str, typer.Option("--secret-env", help="Variable that holds it.")
    ] = "",
    secret_command: Annotated[
        str, typer.Option("--secret-command", help="Command that prints it.")
    ] = "",
    secret_stdin: Annotated[
        bool, typer.Option("--secret-stdin", help="Read it from standard input.")
    ] = False,
    insecure_storage: Annotated[
        bool, typer.Option("--insecure-storage", help="Keep it in a 0600 file.")
    ] = False,
) -> None:
    """
    Tell what proves that a delivery is the platform's; the one before stays good for
    two days.
    """
    import secrets
    import sys

    from ticketsync.accounts import credentials
    from ticketsync.core import clock, errors
    from ticketsync.core.redact import Secret
    from ticketsync.webhooks import inbox

    app_context = context.get_context(ctx)
    database = app_context.database()
    found, card = _account(database, account)
    if not card.is_signed:
        raise errors.UsageError(
            f"The platform of {account!r} signs nothing: its address is the secret.",
            hint=f"Run `ticketsync webhooks url {account}`.",
        )
    entry = f"{account}/webhook"
    if secret_env or secret_command:
        source = "env" if secret_env else "command"
        reference = secret_env or secret_command
        credentials.read_secret(entry, source, reference)
    else:
        if secret_stdin:
            text = sys.stdin.read().strip()
        else:
            text = context.ask(card.key_help, "--secret-env", hidden=True)
        # A name of its own, so that the one before is still there.
        name = f"{entry}-{secrets.token_hex(4)}"
        source = "file" if insecure_storage else "keyring"
        reference = credentials.store_secret(name, source, Secret(text))
    with database.write() as session:
        inbox.set_secret(session, found.id, source, reference, clock.now())
    app_context.say(f"Account {account!r} has a webhook secret.")


@app.command("list")
def list_deliveries(
    ctx: typer.Context,
    account: Annotated[str, typer.Option(help="Only of this account.")] = "",
    platform: Annotated[str, typer.Option(help="Only of this platform.")] = "",
    state: Annotated[
        str, typer.Option(help="received, done, failed, ignored, test, rejected, stale")
    ] = "",
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=10000)] = 50,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Show the latest deliveries and what became of them.
    """
    from dataclasses import asdict

    from ticketsync.cli import render
    from ticketsync.core import clock
    from ticketsync.reporting import deliveries

    wanted = context.chosen_format(format, json)
    with context.get_context(ctx).database().read() as session:
        found = deliveries.list_deliveries(
            session,
            limit=limit,
            account=account or None,
            platform=platform or None,
            state=state or None,
        )
        health = deliveries.read_delivery_health(session)
        gaps = deliveries.find_unannounced_orders(session, clock.now())
    columns = [
        render.Column("id", "ID", numeric=True),
        render.Column("account", "ACCOUNT", most=12),
        render.Column("event", "EVENT", most=22),
        render.Column("order_id", "ORDER", most=16),
        render.Column("state", "STATE"),
        render.Column("reason", "WHY", most=40),
    ]
    rows = [asdict(item) for item in found]
    render.show(rows, columns, wanted, empty="No delivery yet.")
    if wanted == "table":
        for item in health:
            counts = ", ".join(f"{n} {state}" for state, n in item.states.items())
            effect = (
                f", {item.seconds_to_effect} s to their effect"
                if item.seconds_to_effect is not None
                else ""
            )
            last = clock.ago(item.last_at)
            typer.echo(
                f"{item.account}: {counts}; {item.percent_done} % took effect, the "
                f"last came {last}{effect}"
            )
        for gap in gaps:
            typer.echo(
                f"{gap.account}: {gap.orders} of {gap.of} orders of the last day were "
                "found by reading only; no delivery announced them."
            )


@app.command("show")
def show_delivery(ctx: typer.Context, number: int) -> None:
    """
    Show one delivery: what it hinted at, never what it said. As JSON.
    """
    from dataclasses import asdict

    from ticketsync.cli import render
    from ticketsync.core import errors
    from ticketsync.reporting import deliveries

    with context.get_context(ctx).database().read() as session:
        found = deliveries.list_deliveries(session, id=number)
    if not found:
        raise errors.NotFound(
            f"There is no delivery {number}.", hint="See `ticketsync webhooks list`."
        )
    render.print_json(asdict(found[0]))


@app.command("retry")
def retry(
    ctx: typer.Context,
    numbers: Annotated[
        list[int] | None, typer.Argument(help="All failed, if none.")
    ] = None,
) -> None:
    """
    Work deliveries off once more.
    """
    from ticketsync.core import clock
    from ticketsync.webhooks import inbox

    app_context = context.get_context(ctx)
    with app_context.database().write() as session:
        count = inbox.retry(session, numbers or None, clock.now())
    app_context.say(f"{count} deliveries are taken up again.")


@app.command("replay")
def replay(
    ctx: typer.Context,
    account: Account,
    since: Annotated[str, typer.Option(help="From this date: 2026-01-31.")],
) -> None:
    """
    Work everything off again that came since a date; whatever it did before, doing it
    twice changes nothing.
    """
    from ticketsync.accounts import state
    from ticketsync.core import clock
    from ticketsync.webhooks import inbox

    app_context = context.get_context(ctx)
    with app_context.database().write() as session:
        begin = context.start_of(session, since)
        found = state.get_account(session, account)
        count = inbox.replay(session, found.id, begin, clock.now())
    app_context.say(f"{count} deliveries are taken up again; `serve` works them off.")


@app.command("register")
def register(
    ctx: typer.Context,
    account: Account,
    insecure_storage: Annotated[
        bool,
        typer.Option("--insecure-storage", help="Keep its secret in a 0600 file."),
    ] = False,
    json: Json = False,
) -> None:
    """
    Tell the platform our address by its own interface (Eventbrite, Square); what it
    signs with is kept at once.
    """
    from ticketsync.cli import render
    from ticketsync.cli.serve import address
    from ticketsync.core import clock, config, errors
    from ticketsync.webhooks import inbox
    from ticketsync.workflows import connect

    app_context = context.get_context(ctx)
    database, settings = app_context.database(), app_context.settings()
    if settings.serve.public_url == config.ServeSettings().public_url:
        raise errors.ConfigurationError(
            "No platform can reach this machine's own address.",
            hint="Write the address of your TLS proxy as `serve: public_url`.",
        )
    found, card = _account(database, account)
    with database.write() as session:
        path = inbox.endpoint(session, found.id, clock.now(), is_signed=card.is_signed)
    source = "file" if insecure_storage else "keyring"
    url = address(settings, path)
    registered = connect.register(database, settings, account, url, source)
    if json:
        told = {"account": account, "id": registered.id}
        render.print_json({**told, "signed": registered.secret is not None})
    else:
        app_context.say(
            f"Account {account!r} sends its webhooks here (number {registered.id})."
        )


@app.command("work")
def work(ctx: typer.Context, json: Json = False) -> None:
    """
    Work off what waits in the inbox, once; `serve` does so every two seconds.
    """
    from ticketsync.cli import render
    from ticketsync.core import errors
    from ticketsync.workflows import receive

    app_context = context.get_context(ctx)
    app_context.log()
    done = receive.process_deliveries(app_context.database(), app_context.settings())
    if json:
        outcomes = [
            {"account": r.account, "outcome": r.outcome, "word": r.word}
            for r in done.results
        ]
        render.print_json({"deliveries": done.deliveries, "accounts": outcomes})
    else:
        app_context.say(f"{done.deliveries} deliveries worked off.")
    for result in done.results:
        if result.exit_code:
            context.print_error(result)
    raise typer.Exit(errors.combined_exit_code([r.exit_code for r in done.results]))


@app.command("simulate")
def simulate(
    ctx: typer.Context,
    account: Account,
    order: Annotated[str, typer.Argument(help="Number of an order there.")],
    event: Annotated[str, typer.Option(help="As the platform calls it.")] = "",
    to: Annotated[
        str, typer.Option(help="Where `serve` listens.")
    ] = "http://127.0.0.1:8787",
) -> None:
    """
    Send a delivery as the platform would, correctly signed, to the running `serve`.

    Example: ticketsync webhooks simulate tt or_500001 --event ORDER.UPDATED
    """
    import secrets

    from ticketsync.cli.serve import webhook_endpoints
    from ticketsync.core import clock, errors
    from ticketsync.core.redact import safe
    from ticketsync.sandbox import deliveries

    app_context = context.get_context(ctx)
    database, settings = app_context.database(), app_context.settings()
    found, _ = _account(database, account)
    events = deliveries.EVENTS.get(found.provider, ())
    chosen = event or next(iter(events), "")
    if chosen not in events:
        raise errors.UsageError(
            f"Deliveries {safe(event)!r} of {found.provider} cannot be played.",
            hint=f"These can: {', '.join(events) or 'none'}.",
        )
    door = next(
        (d for d in webhook_endpoints(database, settings) if d.account == account), None
    )
    if door is None or not door.is_ready:
        raise errors.UsageError(
            f"Account {account!r} cannot receive webhooks yet.",
            hint=f"Run `ticketsync webhooks url {account}`.",
            word="webhook-secret-missing",
        )
    headers, body = deliveries.delivery(
        *(found.provider, chosen, order),
        number=secrets.randbelow(10**9),
        secret=door.secrets[0].reveal() if door.secrets else "",
        url=door.url,
        now=int(clock.now().timestamp()),
    )
    try:
        status = deliveries.send(f"{to.rstrip('/')}/hooks/{door.path}", headers, body)
    except OSError:
        raise errors.ProviderUnavailable(
            f"Nobody listens at {safe(to)}.", hint="Run `ticketsync serve`."
        ) from None
    app_context.say(f"{chosen} for {safe(order)}: answered {status}.")
    raise typer.Exit(0 if status == 200 else 6)


def _account(database: Any, name: str) -> tuple[Any, Any]:
    """
    An account and how its platform sends webhooks.
    """
    from ticketsync.accounts import state
    from ticketsync.core import errors
    from ticketsync.providers import registry

    with database.read() as session:
        found = state.get_usable_account(session, name)
    kind = registry.sends_webhooks(found.provider)
    if kind is None:
        raise errors.UsageError(
            f"{registry.provider(found.provider).spec.title} sends no webhooks.",
            hint="It is read by `ticketsync sync`, which finds everything.",
        )
    return found, kind.webhooks
