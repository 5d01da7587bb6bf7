"""
From a new database to its first figures, in a conversation: connect, fetch, get the
shows, sync.

Each step is the command that a person would type, said before it runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ticketsync.cli import context, questions, terminal

if TYPE_CHECKING:
    from ticketsync.store.engine import Database

_SHOWS = (
    ("adopt", "on the platforms: take them from there"),
    ("import", "in a calendar or spreadsheet of mine (.ics .xlsx .ods .csv)"),
    ("later", "I will add them later"),
)


def go_on(ctx: typer.Context, database: Database) -> None:
    """
    Offer the steps that are still to be done, and do those that a person wants.
    """
    if not _connect_platforms(ctx, database):
        terminal.echo("Next: ticketsync accounts add", err=True)
        return
    if not _run(ctx, "events", "fetch"):
        terminal.echo("Next: ticketsync events fetch", err=True)
        return
    if not _is_linked(database) and not _link_shows(ctx, database):
        terminal.echo("Next: ticketsync shows import FILE, then match", err=True)
        return
    if _run(ctx, "sync"):
        _run(ctx, "financials", "list")
        terminal.echo(
            "To keep the figures fresh: ticketsync schedule install. To look at them "
            "in a browser: ticketsync serve",
            err=True,
        )


def _connect_platforms(ctx: typer.Context, database: Database) -> bool:
    """
    Whether there is an account in the end.
    """
    names = _accounts(database)
    if names:
        terminal.echo(f"Connected: {', '.join(names)}.", err=True)
        if terminal.confirm("Connect another platform?", default=False):
            _run(ctx, "accounts", "add")
    elif terminal.confirm("Connect a ticket platform now?", default=True):
        _run(ctx, "accounts", "add")
    return bool(_accounts(database))


def _accounts(database: Database) -> list[str]:
    from ticketsync.accounts import state

    with database.read() as connection:
        return [a.name for a in state.list_accounts(connection) if not a.is_retired]


def _is_linked(database: Database) -> bool:
    from ticketsync.reporting import first_steps

    with database.read() as connection:
        return first_steps.read_first_steps(connection).has_links


def _link_shows(ctx: typer.Context, database: Database) -> bool:
    """
    Whether shows are linked in the end: those of a list that was imported before, too.
    """
    from ticketsync.catalogue import shows

    with database.read() as connection:
        has_shows = bool(shows.list_shows(connection))
    return _run(ctx, "match") if has_shows else _get_shows(ctx)


def _get_shows(ctx: typer.Context) -> bool:
    """
    Whether there are shows that are linked in the end.
    """
    chosen = questions.choose("Where are your shows", "shows import", _SHOWS)
    if chosen == "adopt":
        return _run(ctx, "shows", "adopt", "--all")
    if chosen == "later":
        return False
    file = questions.ask_until_valid("The file", "shows import FILE", _existing_file)
    return _run(ctx, "shows", "import", file) and _run(ctx, "match")


def _existing_file(text: str) -> str:
    """
    Raises: UsageError if there is no such file.
    """
    from ticketsync.core import errors

    file = Path(text).expanduser()
    if not file.is_file():
        raise errors.UsageError(f"There is no file {text!r}.")
    return str(file)


def _run(ctx: typer.Context, *words: str) -> bool:
    """
    Run a command after saying it; whether it succeeded. What went wrong is said, and
    the same command can be run again later.
    """
    from ticketsync.core import errors

    terminal.echo("", err=True)
    terminal.echo(f"$ ticketsync {' '.join(words)}", err=True)
    root: Any = ctx.find_root()
    try:
        name, command, rest = root.command.resolve_command(root, list(words))
        with command.make_context(name, rest, parent=root) as inner:
            command.invoke(inner)
    except typer.Exit as ended:
        return not ended.exit_code
    except errors.Interrupted:
        raise
    except errors.TicketsyncError as error:
        context.print_error(error)
        return False
    return True
