"""
The command tree. Imports typer and nothing else that is slow: a group's module is
imported when the group is used, and the overview is printed from `COMMANDS`.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from ticketsync import __version__
from ticketsync.cli import completion, terminal
from ticketsync.cli.context import AppContext
from ticketsync.cli.examples import EXAMPLES
from ticketsync.cli.help_lines import HelpContext
from ticketsync.core import errors, paths

# The groups of the overview, by task: name → (module in ticketsync.cli, description)
GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Start": {
        "demo": ("demo", "Run the whole workflow on sample platforms."),
        "init": ("init", "Create the settings file and the database."),
        "accounts": ("accounts", "Connect platforms and manage their keys."),
        "events": ("events", "Fetch and list what platforms have on sale."),
        "shows": ("shows", "Your performances: import, adopt, edit, exclude."),
        "match": ("match", "Match platforms' dates with your shows."),
    },
    "Every day": {
        "sync": ("sync", "Read new sales and update the figures."),
        "status": ("status", "How up to date you are, and what needs attention."),
        "waiting": ("waiting", "What needs attention: list it, dismiss it."),
        "financials": ("financials", "What each show earned, down to the ticket."),
        "report": ("report", "Sales over time, platforms, promo codes, the day."),
        "sales": ("sales", "The orders behind the figures."),
        "refunds": ("refunds", "What went back to buyers, and when."),
        "tax": ("tax", "The tax worksheet, by your own rules."),
        "rates": ("rates", "Exchange rates, to see several currencies in one."),
        "period": ("period", "Close months, and what changed of them since."),
        "export": ("export", "Files for accountants, and a calendar."),
    },
    "Door and guests": {
        "boxoffice": ("boxoffice", "Sell at your own counter: prices, seats, orders."),
        "members": ("members", "Who may buy members' tickets at your counter."),
        "attendees": ("attendees", "Ticket holders; the door list."),
        "checkin": ("checkin", "Check guests in at the door, and count them."),
        "privacy": ("privacy", "Export and erase personal data."),
    },
    "Venue and links": {
        "venues": ("venues", "Your venues: name, time zone, currency."),
        "productions": ("productions", "Your productions."),
        "link": ("link", "Link one occurrence to one show by hand."),
        "unlink": ("unlink", "Remove such a link."),
    },
    "Pages and notifications": {
        "serve": ("serve", "The web pages, the door, the webhook receiver."),
        "visitors": ("visitors", "Who may open the pages: invite, list, revoke."),
        "webhooks": ("webhooks", "Webhook URLs, secrets and deliveries."),
        "notify": ("notify", "Test the notifications."),
    },
    "Operation": {
        "schedule": ("schedule", "Run the sync with your system's scheduler."),
        "runs": ("runs", "What each sync did."),
        "doctor": ("doctor", "Check everything that could be wrong."),
        "audit": ("audit", "Who decided what, and when."),
        "db": ("db", "Maintain the database."),
        "config": ("config", "Print an example of the settings file."),
        "sandbox": ("sandbox", "Simulated platforms on this machine."),
    },
}
COMMANDS = {name: entry for group in GROUPS.values() for name, entry in group.items()}

# The options of `ticketsync` itself that are accepted after the command, too, and
# whether a value follows.
GLOBAL_OPTIONS = {
    "--config": True,
    "--database": True,
    "--debug": False,
    "--quiet": False,
    "-q": False,
    "-v": False,
    "-vv": False,
}


def with_global_options_first(args: Sequence[str]) -> list[str]:
    """
    The words of a command line with the options of `ticketsync` before the command;
    what follows `--` stays where it is.
    """
    first, others = [], []
    words = iter(args)
    for word in words:
        if word == "--":
            others += [word, *words]
            break
        name, has_value, _ = word.partition("=")
        if name not in GLOBAL_OPTIONS or (has_value and not GLOBAL_OPTIONS[name]):
            others.append(word)
            continue
        first.append(word)
        if GLOBAL_OPTIONS[name] and not has_value:
            first += itertools.islice(words, 1)
    return [*first, *others]


def _prepare(command: Any, path: str) -> None:
    """
    Give a command and those below it their examples, what a shell completes, lines that
    end at spaces, and their first sentence, uncut, as the description in lists.
    """
    for name, below in getattr(command, "commands", {}).items():
        _prepare(below, f"{path} {name}")
    command.context_class = HelpContext
    text = (command.help or "").rstrip()
    command.short_help = " ".join(text.split("\n\n")[0].split()).split(". ")[0]
    if path in EXAMPLES:
        command.help = f"{text}\n\nExample: ticketsync {EXAMPLES[path]}"
    completion.attach(command, path)


_LONGEST_LINE = 80  # of an error


class LazyGroup(TyperGroup):
    """
    A group that imports its commands when they are used.
    """

    context_class = HelpContext

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ticketsync.cli.{COMMANDS[cmd_name][0]}")
        module.app._add_completion = False  # of the whole command line, not of a group
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        _prepare(command, cmd_name)
        return command

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """
        The names of commands, without importing one; options as every command has them.
        """
        from typer._click.shell_completion import CompletionItem

        named = [
            CompletionItem(name, help=text)
            for name, (_, text) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        options = super(TyperGroup, self).shell_complete(ctx, incomplete)
        return [*named, *options]

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        if args and GLOBAL_OPTIONS.get(args[-1]) and "--" not in args:
            ctx.fail(f"Option {args[-1]!r} requires an argument.")
        return super().parse_args(ctx, with_global_options_first(args))

    def make_context(self, *args: Any, **options: Any) -> Any:
        try:
            return super().make_context(*args, **options)
        except BrokenPipeError:  # while the help or the version is printed
            _end_without_reader()

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.Abort:  # Ctrl-C or the end of input at a prompt
            raise errors.Interrupted(
                "Interrupted by the user.", signal_number=2
            ) from None
        except BrokenPipeError:
            _end_without_reader()

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for title, group in GROUPS.items():
            with formatter.section(title):
                rows = [(name, text) for name, (_, text) in group.items()]
                formatter.write_dl(rows)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            meant = _suggested(args[0])
            what = f"There is no command {args[0]!r}."
            question = f"Did you mean {meant!r}?" if meant else ""
            fits = len(f"Error: {what} {question}") <= _LONGEST_LINE
            ctx.fail(f"{what}{' ' if fits else chr(10)}{question}".strip())
        return super().resolve_command(ctx, args)


def _end_without_reader() -> NoReturn:
    """
    End where nobody reads our output: the library would with 1, which means our bug.
    """
    terminal.discard()
    raise typer.Exit(terminal.OUTPUT_CLOSED) from None


def _suggested(word: str) -> str:
    """
    What may be meant by an unknown command, or `""`.
    """
    if word.casefold() in completion.SHOW_WORDS:
        return f"ticketsync shows show {word.casefold()}"
    if word.casefold() == "help":
        return "ticketsync --help"
    from ticketsync.core import near_words

    return near_words.nearest(word.casefold(), COMMANDS)


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
