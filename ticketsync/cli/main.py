"""
The command tree. Imports typer and nothing else of weight: a group's module is
imported when the group is used, and the overview is printed from `COMMANDS`.
"""

from __future__ import annotations

import importlib
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ticketsync import __version__
from ticketsync.cli.context import AppContext
from ticketsync.core import errors

# name → (module below ticketsync.cli, what it does in one line)
COMMANDS = {
    "demo": ("demo", "Play the whole job against the sandbox, no credentials needed."),
    "init": ("init", "Make the settings file and the database."),
    "accounts": ("accounts", "Connect platforms and look after their credentials."),
    "events": ("events", "Read and list what platforms have on sale."),
    "venues": ("venues", "Your houses: name, time zone, currency."),
    "productions": ("productions", "Your works."),
    "shows": ("shows", "Your performances: add, import, adopt, leave out."),
    "match": ("match", "Say which platform date is which of your shows."),
    "link": ("link", "Link one platform date to one show by hand."),
    "unlink": ("unlink", "Take such a link apart."),
    "sync": ("sync", "Read new sales and bring the figures up to date."),
    "schedule": ("schedule", "Let your system run the sync by itself."),
    "runs": ("runs", "What the syncs did."),
    "status": ("status", "How fresh each account is, and what waits for a person."),
    "financials": ("financials", "What each show earned, down to the ticket."),
    "sales": ("sales", "The orders behind the figures."),
    "report": ("report", "The morning's summary."),
    "export": ("export", "Files for accountants, and a calendar."),
    "sandbox": ("sandbox", "A pretend platform on this machine, to try things on."),
    "attendees": ("attendees", "Whom the tickets admit; the door list."),
    "checkin": ("checkin", "Let people in at the door, and count them."),
    "privacy": ("privacy", "Export, erase and forget people; the books stay."),
    "notify": ("notify", "Try out who is told when something is wrong."),
    "serve": ("serve", "The pages, the door, and a receiver for webhooks."),
    "visitors": ("visitors", "Who may open the pages: invite, list, take back."),
    "webhooks": ("webhooks", "Addresses, secrets and deliveries of webhooks."),
    "audit": ("audit", "Who decided what, and when."),
    "doctor": ("doctor", "Look at everything that could be wrong."),
    "db": ("db", "Look after the database."),
    "waiting": ("waiting", "What waits for a person: list it, dismiss it."),
}


class LazyGroup(TyperGroup):
    """
    Knows its commands by name and imports them one at a time.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ticketsync.cli.{COMMANDS[cmd_name][0]}")
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.Abort:  # Ctrl-C or the end of input at a prompt
            raise errors.Interrupted("Stopped by hand.", signal_number=2) from None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"There is no command {args[0]!r}.{meant}")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ticketsync {__version__}")
        raise typer.Exit


@app.callback()
def ticketsync(
    ctx: typer.Context,
    config: Annotated[str, typer.Option(help="Settings file to use.")] = "",
    database: Annotated[
        str,
        typer.Option(
            envvar="TICKETSYNC_DATABASE_URL",
            show_envvar=False,
            help="SQLite file or postgresql:// URL.",
        ),
    ] = "",
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing unless it fails.")
    ] = False,
    verbose: Annotated[
        int, typer.Option("-v", count=True, help="Say more.", show_default=False)
    ] = 0,
    debug: Annotated[bool, typer.Option(help="Show where a fault happened.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    """
    Say what every show earned, to the cent, over every platform that sold it.

    Start with `ticketsync demo`.
    """
    ctx.obj = AppContext(
        config=config, database_url=database, quiet=quiet, verbose=verbose
    )
    if verbose:
        ctx.obj.log()
