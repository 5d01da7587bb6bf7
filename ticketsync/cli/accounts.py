"""
`ticketsync accounts …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import (
    account_settings,
    authorise,
    confirm,
    connecting,
    context,
    providers,
    recipes,
    render,
    terminal,
)
from ticketsync.cli.account_settings import SetOption
from ticketsync.cli.authorise import (
    Browser,
    ClientCommand,
    ClientEnv,
    ClientId,
    OAuthFlag,
    RedirectUrl,
)
from ticketsync.cli.context import Format, Json, Reason, Yes
from ticketsync.cli.secret_options import (
    Command,
    Credential,
    Env,
    Insecure,
    SecretOptions,
    Stdin,
)
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ticketsync.cli.context import AppContext
    from ticketsync.store.engine import Database
    from ticketsync.workflows.accounts.account_removal import Removal
    from ticketsync.workflows.accounts.connect import Connected

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Connect platforms and manage their credentials.",
)
app.command("providers")(providers.list_providers)


@app.command("add")
def add_account(
    ctx: typer.Context,
    provider: Annotated[
        str, typer.Argument(help="See `accounts providers`; asked if not given.")
    ] = "",
    name: Annotated[
        str, typer.Argument(help="Your name for this account; asked if not given.")
    ] = "",
    base_url: Annotated[str, typer.Option(help="Another server, e.g. a sandbox.")] = "",
    secret_env: Env = "",
    secret_command: Command = "",
    secret_credential: Credential = "",
    secret_stdin: Stdin = False,
    insecure_storage: Insecure = False,
    recipe: Annotated[
        str, typer.Option(help="For files: a recipe's name or its .yaml file.")
    ] = "",
    watch: Annotated[
        str, typer.Option(help="For files: the folder with the reports.")
    ] = "",
    set_: SetOption = None,
    oauth: OAuthFlag = False,
    client_id: ClientId = "",
    client_secret_env: ClientEnv = "",
    client_secret_command: ClientCommand = "",
    redirect_url: RedirectUrl = "",
    browser: Browser = True,
    check: Annotated[bool, typer.Option(help="Try the key before saving.")] = True,
    revive: Annotated[
        bool, typer.Option("--revive", help="Reconnect a retired account.")
    ] = False,
    json: Json = False,
) -> None:
    """
    Connect a platform. The key itself is never an argument.

    Example: ticketsync accounts add ticket_tailor tt --secret-env TT_KEY
    """
    from ticketsync.accounts import naming
    from ticketsync.providers import registry

    app_context = context.get_context(ctx)
    chosen = provider or connecting.choose_provider()
    spec = registry.platform(chosen).spec  # before anyone pastes a key for it
    name = name or connecting.choose_name(app_context, spec)
    naming.refuse_bad_name(name)  # before it stands in a question
    secret = SecretOptions(
        secret_env, secret_command, secret_credential, secret_stdin, insecure_storage
    )
    given = connecting.NewConnection(
        spec.name,
        name,
        base_url,
        secret,
        account_settings.parse_options(set_ or [], recipe=recipe, watch=watch),
        check,
        revive,
    )
    if oauth:
        given = given.with_options(
            authorise.app_options(client_id, client_secret_env, client_secret_command)
        )
        source = authorise.authorise(
            spec.name,
            name,
            base_url or None,
            given.options,
            secret.storage,
            redirect_url=redirect_url,
            browser=browser,
        )
        added = connecting.add(app_context, given, source)
    else:
        added = connecting.connect_account(app_context, given)
    if json:
        render.print_json(added.as_json())
        return
    app_context.say(f"Account {name!r} is connected: {added.summary}.")
    _say_note(app_context, added)
    if not spec.is_local:
        app_context.say(f"Its key comes from {added.secret_place}.")
    if not provider and terminal.confirm("Connect another one?", default=False):
        add_account(ctx)
        return
    app_context.say("Next: ticketsync events fetch")


def _say_note(app_context: AppContext, found: Connected) -> None:
    """
    Say what a person should know of what the account can read.
    """
    for note in found.notes:
        for line in render.wrapped(note, indent="  "):
            app_context.say(line)


def _key_prompt(account: str) -> str:
    return f"Key for {account!r} (hidden)"


app.add_typer(recipes.app, name="recipe")


_COLUMNS = (
    render.Column("account", "ACCOUNT"),
    render.Column("provider", "PROVIDER"),
    render.Column("state", "STATE"),
    render.Column("last_good", "LAST GOOD"),
    render.Column("failures", "FAILS", numeric=True),
    render.Column("secret", "KEY FROM", most=30),
    render.Column("options", "OPTIONS", most=30, spare=1),
)


@app.command("list")
def list_accounts(
    ctx: typer.Context, format: Format = "table", json: Json = False
) -> None:
    """
    Show connected accounts and how up to date each one is.
    """
    from dataclasses import asdict

    from ticketsync.accounts import health
    from ticketsync.core import clock
    from ticketsync.providers import registry
    from ticketsync.reporting import run_history

    app_context = context.get_context(ctx)
    with app_context.database().read() as connection:
        found = run_history.list_freshness(connection)
        assessed = health.assess_all(connection, app_context.settings(), clock.now())
    words = {item.account: item.word for item in assessed}
    rows = [
        {
            "account": item.account,
            "provider": item.provider,
            "state": words[item.account],
            "options": " ".join(f"{n}={value}" for n, value in item.options.items()),
            "last_good": item.read_ago,
            "failures": item.failures,
            "secret": f"{item.secret_source} {item.secret_reference}".strip(),
        }
        for item in found
    ]
    chosen = context.chosen_format(format, json)
    machine = [
        {
            **asdict(item),
            "health": words[item.account],
            "dashboard_url": registry.dashboard_url(item.provider, item.options),
        }
        for item in found
    ]
    if chosen == "csv":
        for complete, row in zip(machine, rows, strict=True):
            complete["options"] = row["options"]
    render.show(
        rows,
        _COLUMNS,
        chosen,
        machine=machine,
        empty="No accounts yet. Run `ticketsync accounts add`.",
    )


@app.command("show")
def show_account(ctx: typer.Context, name: str, json: Json = False) -> None:
    """
    Show one account: its owner, its state and its options.
    """
    from dataclasses import asdict

    from ticketsync.accounts import state
    from ticketsync.core.redact import safe
    from ticketsync.providers import registry
    from ticketsync.reporting import run_history

    with context.get_context(ctx).database().read() as connection:
        state.get_account(connection, name)
        item = next(
            f for f in run_history.list_freshness(connection) if f.account == name
        )
    dashboard_url = registry.dashboard_url(item.provider, item.options)
    if json:
        render.print_json({**asdict(item), "dashboard_url": dashboard_url})
        return
    names = (item.identity_name, item.identity or "")
    owner = " ".join(dict.fromkeys(name for name in names if name))
    rows = {
        "account": item.account,
        "provider": item.provider,
        "state": ": ".join(filter(None, (item.state, item.state_reason))),
        "belongs to": owner,
        "dashboard": dashboard_url,
        "address": item.base_url or "",
        "key from": f"{item.secret_source} {item.secret_reference}".strip(),
        "last complete": item.read_ago,
        **item.options,
    }
    for label, value in rows.items():
        if value:
            terminal.echo(f"{label + ':':<16}{safe(value, longest=500)}")


@app.command("check")
def check_account(ctx: typer.Context, name: str, json: Json = False) -> None:
    """
    Check an account's key and show who it belongs to.
    """
    from ticketsync.workflows.accounts import connect

    app_context = context.get_context(ctx)
    found = connect.check(app_context.database(), app_context.settings(), name)
    if json:
        render.print_json(found.as_json())
    else:
        terminal.echo(f"{name}: {found.summary}. Key from {found.secret_place}.")
        _say_note(app_context, found)


@app.command("rotate")
def rotate_key(
    ctx: typer.Context,
    name: str,
    secret_env: Env = "",
    secret_command: Command = "",
    secret_credential: Credential = "",
    secret_stdin: Stdin = False,
    insecure_storage: Insecure = False,
    redirect_url: RedirectUrl = "",
    browser: Browser = True,
    check: Annotated[bool, typer.Option(help="Try the key before saving.")] = True,
) -> None:
    """
    Give an account a new key. A parked account becomes active again.

    An account that was connected with --oauth is authorised again.
    """
    from ticketsync.accounts import pins, state
    from ticketsync.workflows.accounts import connect

    app_context = context.get_context(ctx)
    with app_context.database().read() as connection:
        account = state.get_account(connection, name)
    if state.uses_oauth(account):
        pins.refuse_unconfirmed(account)
        was_file = account.secret_source == "file"  # noqa: S105  # not a secret
        source = authorise.authorise(
            account.provider,
            name,
            account.base_url,
            dict(account.options),
            "file" if was_file else "keyring",
            redirect_url=redirect_url,
            browser=browser,
        )
    else:
        secret = SecretOptions(
            *(secret_env, secret_command, secret_credential),
            *(secret_stdin, insecure_storage),
        )
        source = secret.get_source(_key_prompt(name))
    found = connect.rotate(
        app_context.database(), app_context.settings(), name, source=source, check=check
    )
    app_context.say(f"Account {name!r} has a new key ({found.summary}).")


@app.command("rename")
def rename_account(ctx: typer.Context, name: str, new_name: str) -> None:
    """
    Rename an account; a stored key moves with it.
    """
    from ticketsync.workflows.accounts.account_renaming import rename_account as rename

    app_context = context.get_context(ctx)
    rename(app_context.database(), app_context.settings(), name, new_name)
    app_context.say(f"Account {name!r} is now called {new_name!r}.")


@app.command("pause")
def pause_account(
    ctx: typer.Context,
    names: list[str],
    reason: Reason = "",
) -> None:
    """
    Leave accounts out of every sync until `resume`.
    """
    from ticketsync.workflows.accounts import account_states

    app_context = context.get_context(ctx)
    database = app_context.database()
    for name in _known(database, names):
        account_states.pause(database, name, reason)
        app_context.say(f"Account {name!r} is paused.")


def _known(database: Database, names: Sequence[str]) -> list[str]:
    """
    These names, each once.

    Raises: `NotFound` for one that is not an account, before anything is done.
    """
    from ticketsync.accounts import state

    with database.read() as connection:
        return [
            state.get_account(connection, name).name for name in dict.fromkeys(names)
        ]


@app.command("resume")
def resume_account(ctx: typer.Context, names: list[str]) -> None:
    """
    Include paused or parked accounts again, and reset their circuit breakers.
    """
    from ticketsync.workflows.accounts import account_states

    app_context = context.get_context(ctx)
    database = app_context.database()
    for name in _known(database, names):
        account_states.resume(database, name)
        app_context.say(f"Account {name!r} is active.")


app.command("set")(account_settings.set_options)
app.command("confirm")(confirm.confirm_accounts)


@app.command("remove")
def remove_account(ctx: typer.Context, name: str, yes: Yes = False) -> None:
    """
    Remove an account and its key. One that has orders is retired: it is never read
    again, and its orders and figures are kept.
    """
    from ticketsync.workflows.accounts import account_removal

    app_context = context.get_context(ctx)
    database = app_context.database()
    found = account_removal.plan(database, name)
    if not context.confirm(_removal_question(found), yes):
        return
    done = account_removal.remove(database, app_context.settings(), name)
    if not done.retires:
        app_context.say(f"Account {name!r} is removed.")
        return
    kept = "order and its figures are", "orders and their figures are"
    app_context.say(
        f"Account {name!r} is retired: {number_of(done.orders, *kept)} kept and count. "
        "It is never read again."
    )
    if done.shared:
        app_context.say(
            f"{number_of(len(done.shared), 'occurrence')} that another account also "
            "reads now count there only."
        )


def _removal_question(found: Removal) -> str:
    name = found.account.name
    if not found.retires:
        return f"Remove account {name!r}, its listing and its key?"
    shared = (
        f" {number_of(len(found.shared), 'occurrence')} that another account also "
        "reads will no longer count here."
        if found.shared
        else ""
    )
    kept = "order; it and its figures are", "orders; they and their figures are"
    return (
        f"Account {name!r} has {number_of(found.orders, *kept)} kept.{shared} Delete "
        "its key and never read it again?"
    )
