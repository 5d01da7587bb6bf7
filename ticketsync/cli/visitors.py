"""
`ticketsync visitors …`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ticketsync.cli import context, render, terminal
from ticketsync.cli.context import Format, Json
from ticketsync.core.plurals import number_of

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Who may open the pages that `ticketsync serve` shows.",
)


@app.command("invite")
def invite(
    ctx: typer.Context,
    role: Annotated[str, typer.Option(help="viewer, door or manager.")] = "viewer",
    name: Annotated[
        str, typer.Option(help="Who it is for, for example 'Door A'.")
    ] = "",
    json: Json = False,
) -> None:
    """
    Create a link that opens the pages once, within two days.

    A viewer can read; a door sees the door page only; a manager can also sync, match
    and check guests in.

    Example: ticketsync visitors invite --role door --name "Door A"
    """
    from ticketsync.core import clock
    from ticketsync.visitors import passes
    from ticketsync.web import entry

    app_context = context.get_context(ctx)
    settings = app_context.settings()
    with app_context.database().write() as connection:
        token = passes.issue(connection, "link", role, name, clock.now())
    url = entry.link_url(settings.serve.public_url, token)
    if json:
        render.print_json({"role": role, "name": name, "url": url})
    else:
        terminal.echo(url)


_COLUMNS = (
    render.Column("id", "ID", numeric=True),
    render.Column("kind", "WHAT"),
    render.Column("role", "ROLE"),
    render.Column("name", "WHO", most=20),
    render.Column("expires_at", "UNTIL", rigid=True),
)


@app.command("list")
def list_visitors(
    ctx: typer.Context, format: Format = "table", json: Json = False
) -> None:
    """
    List who has a link, a session or a calendar feed.
    """
    from dataclasses import asdict

    from ticketsync.core import clock
    from ticketsync.visitors import passes

    wanted = context.chosen_format(format, json)
    with context.get_context(ctx).database().read() as connection:
        rows = [
            asdict(found) for found in passes.list_visitors(connection, clock.now())
        ]
    render.show(rows, _COLUMNS, wanted, empty="No one has been invited.")


@app.command("revoke")
def revoke(
    ctx: typer.Context,
    ids: Annotated[
        list[int] | None, typer.Argument(help="Their ids in the list.")
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """
    Revoke passes. Their holders are signed out with their next click.
    """
    from ticketsync.core import clock, errors
    from ticketsync.visitors import passes

    if not ids and not everybody:
        raise errors.UsageError(
            "No visitor was given.", hint="Give ids from `ticketsync visitors list`."
        )
    app_context = context.get_context(ctx)
    with app_context.database().write() as connection:
        wanted = None if everybody else ids
        count = passes.revoke(connection, wanted, clock.now())
    app_context.say(f"{number_of(count, 'pass', 'passes')} revoked.")


@app.command("password")
def hash_password(
    ctx: typer.Context,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read it from standard input.")
    ] = False,
) -> None:
    """
    Print the value of `serve: password_hash` for a password.
    """
    import sys

    from ticketsync.core import errors
    from ticketsync.visitors import passes

    if stdin:
        chosen = sys.stdin.readline().rstrip("\n")
    else:
        chosen = context.ask("Password for the pages", "--stdin", hidden=True)
    if len(chosen) < 12:
        raise errors.UsageError(
            "That password is shorter than 12 characters.", hint="Choose a longer one."
        )
    terminal.echo(passes.hash_password(chosen))
