"""
The command tree. Imports typer and nothing else that is slow: a group's module is
imported when the group is used, and the overview is printed from `COMMANDS`.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ticketsync import __version__
from ticketsync.cli.context import AppContext
from ticketsync.core import errors, paths

# name → (module in ticketsync.cli, description in one line)
COMMANDS = {
    "demo": (
        "demo",
        "Run the whole workflow on sample platforms, without credentials.",
    ),
    "init": ("init", "Create the settings file and the database."),
    "config": ("config", "Print an example of the settings file."),
    "accounts": ("accounts", "Connect platforms and manage their credentials."),
    "events": ("events", "Fetch and list what platforms have on sale."),
    "venues": ("venues", "Your venues: name, time zone, currency."),
    "productions": ("productions", "Your productions."),
    "shows": ("shows", "Your performances: add, import, adopt, edit, exclude."),
    "match": ("match", "Match the platforms' occurrences with your shows."),
    "link": ("link", "Link one occurrence to one show by hand."),
    "unlink": ("unlink", "Remove such a link."),
    "sync": ("sync", "Read new sales and update the figures."),
    "schedule": ("schedule", "Run the sync regularly with your system's scheduler."),
    "runs": ("runs", "What each sync did."),
    "status": ("status", "How up to date each account is, and what needs attention."),
    "financials": ("financials", "What each show earned, down to the ticket."),
    "sales": ("sales", "The orders behind the figures."),
    "refunds": ("refunds", "What went back to buyers, and when."),
    "report": ("report", "Sales over time, platforms, promo codes; the daily summary."),
    "export": ("export", "Files for accountants, and a calendar."),
    "sandbox": (
        "sandbox",
        "Simulated platforms on this machine, for trying things out.",
    ),
    "attendees": ("attendees", "Ticket holders; the door list."),
    "checkin": ("checkin", "Check guests in at the door, and count them."),
    "privacy": ("privacy", "Export and erase personal data; figures are kept."),
    "notify": ("notify", "Test the notifications."),
    "serve": ("serve", "The web pages, the door, and the webhook receiver."),
    "visitors": ("visitors", "Who may open the pages: invite, list, revoke."),
    "webhooks": ("webhooks", "Webhook URLs, secrets and deliveries."),
    "audit": ("audit", "Who decided what, and when."),
    "doctor": ("doctor", "Check everything that could be wrong."),
    "db": ("db", "Maintain the database."),
    "waiting": ("waiting", "What needs attention: list it, dismiss it."),
}


class LazyGroup(TyperGroup):
    """
    A group that imports its commands when they are used.
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
            raise errors.Interrupted(
                "Interrupted by the user.", signal_number=2
            ) from None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            similar = difflib.get_close_matches(args[0], COMMANDS, n=1)
            suggestion = f" Did you mean {similar[0]!r}?" if similar else ""
            ctx.fail(f"There is no command {args[0]!r}.{suggestion}")
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
        bool, typer.Option("--quiet", "-q", help="Print only errors.")
    ] = False,
    verbose: Annotated[
        int, typer.Option("-v", count=True, help="Print more.", show_default=False)
    ] = 0,
    debug: Annotated[
        bool, typer.Option(help="Show the traceback of an error.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    """
    Find out what every show earned, to the cent, on every platform that sold it.

    Start with `ticketsync demo`.
    """
    paths.choose_config_file(Path(config) if config else None)
    ctx.call_on_close(lambda: paths.choose_config_file(None))
    ctx.obj = AppContext(
        config=config, database_url=database, quiet=quiet, verbose=verbose
    )
    if verbose:
        ctx.obj.log()
