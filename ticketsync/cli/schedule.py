"""
`ticketsync schedule …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context

if TYPE_CHECKING:
    from ticketsync.workflows.schedule import Job

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Let your system run `sync --due` by itself.",
)
Every = Annotated[int, typer.Option(help="Minutes between two runs.")]
Cron = Annotated[
    str, typer.Option(help='A cron expression instead, as in "*/15 9-23 * * *".')
]
Kind = Annotated[
    str, typer.Option(help="cron, systemd, launchd or windows; yours by default.")
]


@app.command("install")
def install(
    ctx: typer.Context, every: Every = 15, cron: Cron = "", kind: Kind = ""
) -> None:
    """
    Put `sync --due --quiet` into your system's scheduler, in place of an earlier one.

    Example: ticketsync schedule install --cron "*/15 9-23 * * *"
    """
    from ticketsync.workflows import schedule

    app_context = context.get_context(ctx)
    what = _job(app_context, every, cron)
    chosen = _kind(kind)
    keys = _keys_it_will_miss(app_context)
    place = schedule.install(what, chosen)
    app_context.say(f"ticketsync runs {what.when.text} from {place}.")
    for line in keys:
        typer.echo(line, err=True)


@app.command("show")
def show(
    ctx: typer.Context, every: Every = 15, cron: Cron = "", kind: Kind = ""
) -> None:
    """
    Show what is installed, or what `install` would write.
    """
    from ticketsync.workflows import schedule

    found = {} if kind else schedule.installed()
    for name, text in found.items():
        typer.echo(f"{name}:\n{text}")
    if not found:
        chosen = _kind(kind)
        typer.echo(
            f"Not installed. `schedule install` would write for {chosen}:", err=True
        )
        typer.echo(schedule.shown(_job(context.get_context(ctx), every, cron), chosen))


@app.command("remove")
def remove(ctx: typer.Context) -> None:
    """
    Take it out of your system's scheduler again; all else there stays as it is.
    """
    from ticketsync.workflows import schedule

    kinds = schedule.remove()
    text = f"Removed from {', '.join(kinds)}." if kinds else "Nothing was installed."
    context.get_context(ctx).say(text)


def _job(app_context: context.AppContext, every: int, cron: str) -> Job:
    from ticketsync.workflows import schedule

    at = schedule.when(cron) if cron else schedule.every(every)
    return schedule.job(
        at, config=app_context.config, database=app_context.database_url
    )


def _kind(kind: str) -> str:
    from ticketsync.core import errors
    from ticketsync.workflows import schedule

    if kind and kind not in schedule.KINDS:
        raise errors.UsageError(
            f"There is no scheduler {kind!r}.", hint=f"Use {', '.join(schedule.KINDS)}."
        )
    return kind or schedule.usual()


def _keys_it_will_miss(app_context: context.AppContext) -> list[str]:
    """
    Accounts whose key is in a variable of this terminal, which no scheduler has.
    """
    from ticketsync.accounts import state

    with app_context.database().read() as session:
        accounts = state.list_accounts(session)
    return [
        f"Account {account.name!r} takes its key from the variable "
        f"{account.secret_reference}, which your scheduler does not have: run "
        f"`ticketsync accounts rotate {account.name}` to keep it in the keyring."
        for account in accounts
        if account.secret_source == "env"  # noqa: S105  # the kind of a place
    ]
