"""
`ticketsync schedule …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, terminal
from ticketsync.cli.context import Yes

if TYPE_CHECKING:
    from ticketsync.workflows.schedule import Job

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Run `sync --due` regularly with your system's scheduler.",
)
Every = Annotated[int, typer.Option(help="Minutes between runs.")]
Cron = Annotated[
    str, typer.Option(help='A cron expression instead, as in "*/15 9-23 * * *".')
]
Kind = Annotated[
    str,
    typer.Option(help="cron, systemd, launchd or windows; by default your system's."),
]


@app.command("install")
def install(
    ctx: typer.Context,
    every: Every = 15,
    cron: Cron = "",
    kind: Kind = "",
    yes: Yes = False,
) -> None:
    """
    Add `sync --due --quiet` to your system's scheduler, replacing an earlier entry. It
    asks first where every account would fail there.

    Example: ticketsync schedule install --cron "*/15 9-23 * * *"
    """
    from ticketsync.accounts import installation_audit
    from ticketsync.workflows import schedule

    app_context = context.get_context(ctx)
    job = _job(app_context, every, cron)
    chosen = _kind(kind)
    warnings, number = _missing_key_warnings(app_context)
    if warnings and len(warnings) == number:
        for line in warnings:
            terminal.echo(line, err=True)
        if not context.confirm("Every account would fail there. Install anyway?", yes):
            return
        warnings = []  # they were printed
    location = schedule.install(job, chosen)
    after = {"scheduler": chosen, "when": job.when.text}
    with app_context.database().write() as connection:
        installation_audit.record(connection, "install", "schedule", after=after)
    app_context.say(f"ticketsync runs {job.when.text} from {location}.")
    for line in warnings:
        terminal.echo(line, err=True)


@app.command("show")
def show(
    ctx: typer.Context, every: Every = 15, cron: Cron = "", kind: Kind = ""
) -> None:
    """
    Show what is installed, or what `install` would write, and the command line.
    """
    from ticketsync.workflows import schedule

    job = _job(context.get_context(ctx), every, cron)
    found = {} if kind else schedule.installed()
    if not found:
        _show_not_installed(job, kind)
    for job_name in [] if kind else schedule.names():
        for name, text in schedule.installed(job_name).items():
            terminal.echo(f"{name}:")
            terminal.echo_block(text)
    terminal.echo(f"The command, {job.when.text}:", err=True)
    terminal.echo_block(schedule.command_line(job))


def _show_not_installed(job: Job, kind: str) -> None:
    """
    What `install` would write, where this machine has a scheduler.
    """
    from ticketsync.core import errors
    from ticketsync.workflows import schedule

    try:
        chosen = _kind(kind)
    except errors.ConfigurationError as error:
        terminal.echo(error.message, err=True)
        return
    terminal.echo(
        f"Not installed. `schedule install` would write for {chosen}:", err=True
    )
    terminal.echo_block(schedule.shown(job, chosen))


@app.command("remove")
def remove(ctx: typer.Context) -> None:
    """
    Remove our entries from your system's scheduler, those of exports (`export sales
    --every month`), too; other entries are left alone.
    """
    import contextlib

    from ticketsync.accounts import installation_audit
    from ticketsync.core import errors
    from ticketsync.workflows import schedule

    app_context = context.get_context(ctx)
    removed = [kind for name in schedule.names() for kind in schedule.remove(name)]
    kinds = [*dict.fromkeys(removed)]
    text = f"Removed from {', '.join(kinds)}." if kinds else "Nothing was installed."
    if kinds:
        before = {"scheduler": ", ".join(kinds)}
        with (
            contextlib.suppress(errors.TicketsyncError),  # the database may be gone
            app_context.database().write() as connection,
        ):
            installation_audit.record(connection, "remove", "schedule", before=before)
    app_context.say(text)


def _job(app_context: context.AppContext, every: int, cron: str) -> Job:
    from ticketsync.workflows import schedule, schedule_times

    at = schedule_times.when(cron) if cron else schedule_times.every(every)
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


def _missing_key_warnings(app_context: context.AppContext) -> tuple[list[str], int]:
    """
    Warnings about accounts whose key is in a variable that only this terminal has, and
    how many accounts are read.
    """
    from ticketsync.accounts import state

    with app_context.database().read() as connection:
        accounts = [a for a in state.list_accounts(connection) if not a.is_retired]
    warnings = [
        f"Account {account.name!r} takes its key from the environment variable "
        f"{account.secret_reference}, which your scheduler does not have: run "
        f"`ticketsync accounts rotate {account.name}` to store it in the keyring."
        for account in accounts
        if account.secret_source == "env"  # noqa: S105  # not a secret
    ]
    return warnings, len(accounts)
