"""
`ticketsync accounts confirm`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, terminal
from ticketsync.cli.context import Json, Yes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ticketsync.cli.context import AppContext
    from ticketsync.store.engine import Database
    from ticketsync.workflows.accounts.confirm_accounts import Unconfirmed


def confirm_accounts(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(help="All that wait if none is given.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show them, confirm nothing.")
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Confirm the commands, secret files and addresses of accounts.

    Until then nothing is run, read or sent for an account whose row was not written by
    this command line here: after an upgrade, after a restore on another machine, or
    because somebody changed the database. Look at what is listed before you confirm.
    """
    from ticketsync.cli import render
    from ticketsync.workflows.accounts import confirm_accounts

    app_context = context.get_context(ctx)
    database = app_context.database()
    with database.read() as connection:
        waiting = confirm_accounts.list_unconfirmed(connection, names or ())
    if not json:
        print_places(waiting)
    is_confirmed = False
    if waiting and not dry_run and context.confirm(_question(waiting), yes):
        confirm_accounts.confirm(database, waiting)
        is_confirmed = True
    if json:
        places = [{"account": w.account, "places": list(w.places)} for w in waiting]
        render.print_json({"accounts": places, "confirmed": is_confirmed})
    elif is_confirmed:
        app_context.say(f"Confirmed: {', '.join(item.account for item in waiting)}.")
        app_context.say("Next: `ticketsync sync`.")
    elif not waiting:
        app_context.say("No account waits to be confirmed.")
    elif dry_run:
        app_context.say_dry_run()


def confirm_after_change(app_context: AppContext, database: Database) -> None:
    """
    After an upgrade or restore: show what waits to be confirmed and, on a terminal, ask
    for it; else say which command does so.
    """
    from ticketsync.workflows.accounts import confirm_accounts

    with database.read() as connection:
        waiting = confirm_accounts.list_unconfirmed(connection)
    if not waiting:
        return
    app_context.say(
        "Nobody has confirmed what these accounts run, read or send their keys to:"
    )
    print_places(waiting, is_error=True)
    if context.is_terminal() and context.confirm(_question(waiting), yes=False):
        confirm_accounts.confirm(database, waiting)
        return
    app_context.say(
        "They are not read until you run `ticketsync accounts confirm`; nothing else "
        "waits for it."
    )


def print_places(waiting: Sequence[Unconfirmed], *, is_error: bool = False) -> None:
    """
    Print what accounts would run, read and send their keys to, one line each.
    """
    for item in waiting:
        for place in item.places:
            terminal.echo(f"  {item.account} {place}", err=is_error)


def _question(waiting: Sequence[Unconfirmed]) -> str:
    names = ", ".join(item.account for item in waiting)
    return f"Did you set all of this up yourself, for {names}?"
