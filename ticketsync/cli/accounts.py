"""
`ticketsync accounts …`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context
from ticketsync.cli.context import Format, Json, Yes

if TYPE_CHECKING:
    from ticketsync.providers.base import Option
    from ticketsync.workflows.account_options import Plan
    from ticketsync.workflows.connect import SecretSource
    from ticketsync.workflows.retire import Removal

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Connect platforms and look after their credentials.",
)

Env = Annotated[
    str,
    typer.Option(
        "--secret-env", metavar="VAR", help="Environment variable that holds the key."
    ),
]
Command = Annotated[
    str,
    typer.Option(
        "--secret-command", metavar="CMD", help="Command that prints the key."
    ),
]
Credential = Annotated[
    str,
    typer.Option(
        "--secret-credential", metavar="NAME", help="systemd credential with the key."
    ),
]
Stdin = Annotated[
    bool, typer.Option("--secret-stdin", help="Read the key from standard input.")
]
Insecure = Annotated[
    bool, typer.Option("--insecure-storage", help="Keep it in a 0600 file, no keyring.")
]
OAuthFlag = Annotated[
    bool, typer.Option("--oauth", help="Allow it in the browser instead of a key.")
]
ClientId = Annotated[
    str, typer.Option("--client-id", help="For --oauth: the id of your own app.")
]
ClientEnv = Annotated[
    str,
    typer.Option(
        "--client-secret-env", metavar="VAR", help="Variable with the app's secret."
    ),
]
ClientCommand = Annotated[
    str,
    typer.Option(
        "--client-secret-command",
        metavar="CMD",
        help="Command that prints the app's secret.",
    ),
]
RedirectUrl = Annotated[
    str,
    typer.Option(
        "--redirect-url", help="The redirect your app has, if it is not this machine."
    ),
]
Browser = Annotated[
    bool, typer.Option(help="Open a browser; without one, paste the address.")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="An option; see `providers`."),
]


@app.command("providers")
def list_providers(format: Format = "table", json: Json = False) -> None:
    """
    Show the platforms that can be connected, and what each can do.
    """
    from dataclasses import asdict

    from ticketsync.cli import render
    from ticketsync.providers import registry

    rows: list[dict[str, Any]] = []
    for item in registry.list_providers():
        if item.provider is None:
            rows.append(
                {
                    **dict.fromkeys(rows[0]),
                    "provider": item.name,
                    "title": "",
                    "origin": item.origin,
                    "trouble": item.trouble,
                }
            )
            continue
        spec = item.provider.spec
        rows.append(
            {
                "provider": spec.name,
                "title": spec.title,
                "origin": item.origin,
                "trouble": "",
                "tells_fees": spec.reports_fees,
                "key": spec.key_help,
                "options": "; ".join(_told_of(option) for option in spec.options),
                "limits": spec.limits,
                **asdict(spec.capabilities),
            }
        )
    rows += [
        {
            **dict.fromkeys(rows[0]),
            "provider": item.name,
            "title": item.title,
            "origin": "by file",
            "trouble": "",
            **asdict(item.capabilities),
            "key": f"{item.why}: accounts add file --recipe {item.name}",
        }
        for item in registry.BY_FILE
    ]
    columns = [
        render.Column("provider", "PROVIDER"),
        render.Column("title", "TITLE"),
        render.Column("origin", "ORIGIN"),
        render.Column("fees", "TELLS FEES"),
    ]
    chosen = context.chosen_format(format, json)
    told = {True: "yes", False: "no", None: "–"}
    shown = [{**row, "fees": told[row["tells_fees"]]} for row in rows]
    render.show(shown, columns, chosen, machine=rows)
    if chosen == "table":
        _print_keys(rows)


def _print_keys(rows: list[dict[str, Any]]) -> None:
    """
    Where each key comes from, what else is asked, and what cannot be had: in whole.
    """
    import textwrap

    from ticketsync.cli import render

    for row in rows:
        parts = [row["key"] or row["trouble"]]
        if row.get("options"):
            parts.append(f"--set {row['options']}")
        if row.get("limits"):
            parts.append(str(row["limits"]))
        text = f"{row['provider']}: {'. '.join(str(part) for part in parts)}."
        for line in textwrap.wrap(text, render.width(), subsequent_indent="  "):
            typer.echo(line)


def _told_of(option: Option) -> str:
    known = f", of {', '.join(option.values)}" if option.values else ""
    return f"{option.name}: {option.help}{known}"


@app.command("add")
def add_account(
    ctx: typer.Context,
    provider: Annotated[str, typer.Argument(help="See `accounts providers`.")],
    name: Annotated[str, typer.Argument(help="What you call this account.")],
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
    set_: Set = None,
    oauth: OAuthFlag = False,
    client_id: ClientId = "",
    client_secret_env: ClientEnv = "",
    client_secret_command: ClientCommand = "",
    redirect_url: RedirectUrl = "",
    browser: Browser = True,
    check: Annotated[bool, typer.Option(help="Try the key before saving.")] = True,
    revive: Annotated[
        bool, typer.Option("--revive", help="Connect a retired account again.")
    ] = False,
    json: Json = False,
) -> None:
    """
    Connect a platform. The key itself is never an argument.

    Example: ticketsync accounts add ticket_tailor tt --secret-env TT_KEY
    """
    from ticketsync.cli import render
    from ticketsync.providers import registry
    from ticketsync.workflows import connect

    app_context = context.get_context(ctx)
    kind = registry.provider(provider)  # before anybody pastes a key for it
    options = _options(set_ or [], recipe=recipe, watch=watch)
    if oauth:
        options |= _app_options(client_id, client_secret_env, client_secret_command)
        source = _allowed(
            kind.spec.name,
            name,
            base_url or None,
            options,
            insecure_storage,
            redirect_url=redirect_url,
            browser=browser,
        )
    else:
        source = _source(
            name,
            secret_env,
            secret_command,
            secret_credential,
            secret_stdin,
            insecure_storage,
            is_needed=not kind.spec.is_local,
        )
    added = connect.add(
        app_context.database(),
        app_context.settings(),
        provider=provider,
        name=name,
        base_url=base_url or None,
        source=source,
        options=options,
        check=check,
        revive=revive,
    )
    if json:
        render.print_json(added.as_json())
        return
    app_context.say(f"Account {name!r} is connected: {added.summary}.")
    if not kind.spec.is_local:
        app_context.say(f"Its key comes from {added.secret_place}.")
    app_context.say("Next: ticketsync events fetch")


recipes = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Which column of a report is what.",
)
app.add_typer(recipes, name="recipe")


@recipes.command("list")
def list_recipes(format: Format = "table", json: Json = False) -> None:
    """
    Show the recipes that come with ticketsync, and where each is known from.
    """
    from ticketsync.cli import render
    from ticketsync.workflows import recipe_preview

    rows = recipe_preview.recipes()
    columns = [
        render.Column("recipe", "RECIPE"),
        render.Column("platform", "PLATFORM"),
        render.Column("established", "ESTABLISHED BY", most=60),
    ]
    render.show(rows, columns, context.chosen_format(format, json))


@recipes.command("check")
def check_recipe(
    recipe: Annotated[str, typer.Argument(help="A recipe's name or its .yaml file.")],
    report: Annotated[str, typer.Argument(help="A report of that platform.")],
    set_: Set = None,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Show what a recipe reads in a report. Saves nothing.

    Example: ticketsync accounts recipe check ticketek june.xlsx --set currency=AUD
    """
    from ticketsync.cli import render
    from ticketsync.workflows import recipe_preview

    options = {**_options(set_ or []), "recipe": recipe}
    rows, troubles, unmapped = recipe_preview.preview(options, report)
    columns = [
        render.Column("order", "ORDER", most=14),
        render.Column("event", "EVENT", most=20),
        render.Column("starts_at", "STARTS (UTC)"),
        render.Column("tickets", "TICKETS", numeric=True),
        render.Column("charged", "CHARGED", numeric=True),
        render.Column("refunded", "REFUNDED", numeric=True),
        render.Column("currency", ""),
    ]
    chosen = context.chosen_format(format, json)
    machine = [*rows, *({"trouble": text} for text in troubles)]
    render.show(rows, columns, chosen, machine=machine, empty="No order was read.")
    if chosen == "table":
        for text in troubles:
            typer.echo(f"Not read: {text}")
        if unmapped:
            typer.echo(f"Columns that the recipe does not use: {', '.join(unmapped)}")
    if troubles:
        raise typer.Exit(3)


@app.command("list")
def list_accounts(
    ctx: typer.Context, format: Format = "table", json: Json = False
) -> None:
    """
    Show connected accounts and how fresh each one is.
    """
    from dataclasses import asdict

    from ticketsync.accounts import health
    from ticketsync.cli import render
    from ticketsync.core import clock
    from ticketsync.reporting import runs

    app_context = context.get_context(ctx)
    with app_context.database().read() as session:
        found = runs.list_freshness(session)
        assessed = health.assess_all(session, app_context.settings(), clock.now())
    words = {item.account: item.word for item in assessed}
    rows = [
        {
            "account": item.account,
            "provider": item.provider,
            "state": words[item.account],
            "options": " ".join(f"{n}={value}" for n, value in item.options.items()),
            "last_good": clock.ago(item.last_success_at),
            "failures": item.failures,
            "secret": f"{item.secret_source} {item.secret_reference}".strip(),
        }
        for item in found
    ]
    columns = [
        render.Column("account", "ACCOUNT"),
        render.Column("provider", "PROVIDER"),
        render.Column("state", "STATE"),
        render.Column("last_good", "LAST GOOD"),
        render.Column("failures", "FAILS", numeric=True),
        render.Column("secret", "KEY FROM", most=30),
        render.Column("options", "OPTIONS", most=30),
    ]
    chosen = context.chosen_format(format, json)
    machine = [asdict(item) for item in found]
    if chosen == "csv":
        machine = [
            {**complete, "options": row["options"]}
            for complete, row in zip(machine, rows, strict=True)
        ]
    render.show(
        rows,
        columns,
        chosen,
        machine=[
            {**complete, "health": words[complete["account"]]} for complete in machine
        ],
        empty="No account yet. Run `ticketsync accounts add`.",
    )


@app.command("show")
def show_account(ctx: typer.Context, name: str, json: Json = False) -> None:
    """
    Show one account: whose it is, how it stands, and what it was told.
    """
    from dataclasses import asdict

    from ticketsync.accounts import state
    from ticketsync.cli import render
    from ticketsync.core import clock
    from ticketsync.core.redact import safe
    from ticketsync.reporting import runs

    with context.get_context(ctx).database().read() as session:
        state.get_account(session, name)
        item = next(f for f in runs.list_freshness(session) if f.account == name)
    if json:
        render.print_json(asdict(item))
        return
    whose = " ".join(part for part in (item.identity_name, item.identity or "") if part)
    rows = {
        "account": item.account,
        "provider": item.provider,
        "state": f"{item.state} {item.state_reason}".strip(),
        "belongs to": whose,
        "address": item.base_url or "",
        "key from": f"{item.secret_source} {item.secret_reference}".strip(),
        "last complete": clock.ago(item.last_success_at),
        **item.options,
    }
    for label, value in rows.items():
        if value:
            typer.echo(f"{label + ':':<16}{safe(value, longest=500)}")


@app.command("check")
def check_account(ctx: typer.Context, name: str, json: Json = False) -> None:
    """
    Prove an account's key and show whose it is.
    """
    from ticketsync.cli import render
    from ticketsync.workflows import connect

    app_context = context.get_context(ctx)
    found = connect.check(app_context.database(), app_context.settings(), name)
    if json:
        render.print_json(found.as_json())
    else:
        typer.echo(f"{name}: {found.summary}. Key from {found.secret_place}.")


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
    Give an account a new key; a parked account becomes active again.

    An account that was connected with --oauth is allowed anew.
    """
    from ticketsync.accounts import state
    from ticketsync.workflows import connect, tokens

    app_context = context.get_context(ctx)
    with app_context.database().read() as session:
        account = state.get_account(session, name)
    if tokens.uses_oauth(account.options):
        source = _allowed(
            account.provider,
            name,
            account.base_url,
            dict(account.options),
            account.secret_source == "file",  # noqa: S105  # the kind of a place
            redirect_url=redirect_url,
            browser=browser,
        )
    else:
        source = _source(
            name,
            secret_env,
            secret_command,
            secret_credential,
            secret_stdin,
            insecure_storage,
        )
    found = connect.rotate(
        app_context.database(), app_context.settings(), name, source=source, check=check
    )
    app_context.say(f"Account {name!r} has a new key ({found.summary}).")


@app.command("rename")
def rename_account(ctx: typer.Context, name: str, new_name: str) -> None:
    """
    Give an account another name; a stored key moves along.
    """
    from ticketsync.workflows import connect

    app_context = context.get_context(ctx)
    connect.rename(app_context.database(), name, new_name)
    app_context.say(f"Account {name!r} is called {new_name!r} now.")


@app.command("pause")
def pause_account(
    ctx: typer.Context,
    name: str,
    reason: Annotated[str, typer.Option(help="Why, for your colleagues.")] = "",
) -> None:
    """
    Leave an account out of every sync until `resume`.
    """
    from ticketsync.workflows import connect

    app_context = context.get_context(ctx)
    connect.pause(app_context.database(), name, reason)
    app_context.say(f"Account {name!r} is paused.")


@app.command("resume")
def resume_account(ctx: typer.Context, name: str) -> None:
    """
    Take a paused or parked account in again, and reset its breaker.
    """
    from ticketsync.workflows import connect

    app_context = context.get_context(ctx)
    connect.resume(app_context.database(), name)
    app_context.say(f"Account {name!r} is active.")


@app.command("set")
def set_options(
    ctx: typer.Context,
    name: str,
    values: Annotated[
        list[str],
        typer.Argument(metavar="OPTION=VALUE…", help="As `providers` lists them."),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would follow, save nothing.")
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Change what an account is told: its platform's options, base_url, people.

    An empty value takes an option away. What would be read from elsewhere is tried
    first. Example: ticketsync accounts set hx regions=AU,NZ
    """
    from ticketsync.cli import render
    from ticketsync.workflows import account_options

    app_context = context.get_context(ctx)
    database, given = app_context.database(), _options(values)
    plan = account_options.plan(database, app_context.settings(), name, given)
    if not json:
        _print_plan(plan)
    is_saved = False
    question = f"Change account {name!r} like that?"
    if plan.changes and not dry_run and context.confirm(question, yes):
        account_options.apply(database, plan)
        is_saved = True
    if json:
        render.print_json(plan.as_json(is_saved=is_saved))
    elif is_saved:
        app_context.say(f"Account {name!r} is changed.")
    else:
        app_context.say("Nothing has been changed.")


def _print_plan(plan: Plan) -> None:
    from ticketsync.core.redact import safe

    for change in plan.changes:
        typer.echo(safe(change.text, longest=500))
    for effect in plan.effects:
        typer.echo(f"  {safe(effect, longest=500)}")


@app.command("remove")
def remove_account(ctx: typer.Context, name: str, yes: Yes = False) -> None:
    """
    Remove an account and its key. One that has orders is retired: never read again,
    its orders and figures kept.
    """
    from ticketsync.workflows import retire

    app_context = context.get_context(ctx)
    database = app_context.database()
    found = retire.plan(database, name)
    if not context.confirm(_what_removing_does(found), yes):
        return
    done = retire.remove(database, app_context.settings(), name)
    if not done.retires:
        app_context.say(f"Account {name!r} is removed.")
        return
    app_context.say(
        f"Account {name!r} is retired: {done.orders} orders and their figures are "
        "kept and count; it is never read again."
    )
    if done.shared:
        app_context.say(
            f"{len(done.shared)} of its dates are read by another account, too: they "
            "count there and no longer here."
        )


def _what_removing_does(found: Removal) -> str:
    name = found.account.name
    if not found.retires:
        return f"Remove account {name!r}, its listing and its key?"
    shared = (
        f" {len(found.shared)} dates that another account reads, too, stop counting "
        "here."
        if found.shared
        else ""
    )
    return (
        f"Account {name!r} has {found.orders} orders; they and their figures are kept."
        f"{shared} Delete its key and never read it again?"
    )


def _app_options(client_id: str, env: str, command: str) -> dict[str, str]:
    """
    The venue's own app: its id, and where its secret is.
    """
    from ticketsync.core import errors
    from ticketsync.workflows import tokens

    if not client_id or bool(env) == bool(command):
        raise errors.UsageError(
            "OAuth needs the client id and the secret of your own app.",
            hint="Add --client-id ID and --client-secret-env VAR (or …-command CMD).",
        )
    return {
        tokens.CLIENT_ID: client_id,
        tokens.CLIENT_SOURCE: "env" if env else "command",
        tokens.CLIENT_REFERENCE: env or command,
    }


def _allowed(
    provider: str,
    name: str,
    base_url: str | None,
    options: dict[str, str],
    insecure: bool,
    *,
    redirect_url: str,
    browser: bool,
) -> SecretSource:
    """
    Let the person allow it in the browser, or by pasting where they were sent.
    """
    from ticketsync.accounts import credentials
    from ticketsync.providers import registry
    from ticketsync.workflows import tokens
    from ticketsync.workflows.connect import SecretSource

    def show(url: str) -> None:
        typer.echo("Open this address and allow ticketsync to read:", err=True)
        typer.echo(f"  {url}", err=True)

    def paste() -> str:
        if not context.is_terminal():
            return sys.stdin.readline()
        return context.ask("Paste the address you were sent to, or its code", "--oauth")

    spec = registry.provider(provider).spec
    kind = "file" if insecure else "keyring"
    credentials.check_storage(name, kind)
    found = tokens.allow(
        tokens.app_of(spec, name, base_url, options),
        show=show,
        paste=paste,
        has_browser=browser,
        redirect_url=redirect_url,
    )
    return SecretSource(kind, "", found.access, found)


def _options(given: list[str], *, recipe: str = "", watch: str = "") -> dict[str, str]:
    """
    `NAME=VALUE`, each once.
    """
    from ticketsync.core import errors

    found: dict[str, str] = {}
    if recipe:
        found["recipe"] = recipe
    if watch:
        found["watch"] = watch
    for text in given:
        name, has_value, value = text.partition("=")
        if not has_value or not name or name in found:
            raise errors.UsageError(
                f"{text!r} cannot be read as an option.",
                hint="Use NAME=VALUE, each name once.",
            )
        found[name.strip()] = value.strip()
    return found


def _source(
    name: str,
    env: str,
    command: str,
    credential: str,
    stdin: bool,
    insecure: bool,
    *,
    is_needed: bool = True,
) -> SecretSource:
    """
    Where the key shall come from; asks for it where it must be stored.
    """
    from ticketsync.core import errors
    from ticketsync.core.redact import Secret
    from ticketsync.workflows.connect import SecretSource

    if not is_needed:
        return SecretSource("none", "")
    told = {"env": env, "command": command, "credential": credential}
    given = [kind for kind, reference in told.items() if reference]
    if len(given) + stdin > 1:
        raise errors.UsageError(
            "The key can come from one place only.", hint="Keep one of the --secret-… ."
        )
    if given:
        return SecretSource(given[0], told[given[0]])
    text = (
        sys.stdin.readline().strip()
        if stdin
        else context.ask(f"Key for {name!r} (hidden)", "--secret-env VAR", hidden=True)
    )
    if not text:
        raise errors.SecretMissing("The key is empty.", hint="Paste the whole key.")
    return SecretSource("file" if insecure else "keyring", "", Secret(text))
