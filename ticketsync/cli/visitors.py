"""
`ticketsync visitors …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, render, terminal
from ticketsync.cli.context import Format, Json
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ticketsync.visitors.limits import Limit

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
    show: Annotated[
        str, typer.Option(help="A door's pass for this show only: number or reference.")
    ] = "",
    evening: Annotated[
        str, typer.Option(help="A door's pass for this day's shows: 2026-11-27.")
    ] = "",
    json: Json = False,
) -> None:
    """
    Create a sign-in link that works once, within two days.

    A viewer can read; a door sees the door page only; a manager can also sync, match
    and check guests in. A door's pass can be for one show or one evening; it and its
    link end at noon of the next day.

    Example: ticketsync visitors invite --role door --name "Door A" --show 12
    """
    from ticketsync.core import clock, moments
    from ticketsync.store.business_zone import get_business_zone
    from ticketsync.visitors import passes
    from ticketsync.web import sign_in
    from ticketsync.workflows.webhooks import public_address

    app_context = context.get_context(ctx)
    settings = app_context.settings()
    with app_context.database().write() as connection:
        limit = _limit(connection, show, evening)
        zone = get_business_zone(connection)
        token = passes.issue(connection, "link", role, name, clock.now(), limit)
    url = sign_in.link_url(public_address.for_links(settings.serve), token)
    if json:
        render.print_json(
            {
                "role": role,
                "name": name,
                "url": url,
                "show_id": limit.show_id,
                "evening": limit.evening,
                "ends_at": limit.ends_at,
            }
        )
        return
    if limit.ends_at is not None:
        ends_at = moments.with_zone(limit.ends_at, zone)
        app_context.say(f"The link and its pass end {ends_at}.")
    terminal.echo(url)


def _limit(connection: Connection, show: str, evening: str) -> Limit:
    """
    What `--show` and `--evening` limit a pass to.
    """
    from ticketsync.catalogue import selection
    from ticketsync.store.business_zone import get_business_zone
    from ticketsync.visitors import limits

    limits.refuse_both(show, evening, hint="Give --show or --evening.")
    if show:
        found = selection.find_show(connection, show)
        return limits.for_show(found.id, found.starts_local, found.timezone)
    if not evening:
        return limits.UNLIMITED
    zone = get_business_zone(connection)
    return limits.parse_evening(evening, zone, hint="Write --evening 2026-11-27.")


_COLUMNS = (
    render.Column("id", "ID", numeric=True, is_id=True),
    render.Column("kind", "WHAT"),
    render.Column("role", "ROLE"),
    render.Column("name", "WHO", most=20),
    render.Column("show_id", "SHOW", numeric=True, is_id=True),
    render.Column("evening", "EVENING", rigid=True),
)


@app.command("list")
def list_visitors(
    ctx: typer.Context, format: Format = "table", json: Json = False
) -> None:
    """
    List who has a link, a session or a calendar feed.
    """
    from dataclasses import asdict

    from ticketsync.core import clock, moments
    from ticketsync.store.business_zone import get_business_zone
    from ticketsync.visitors import passes

    wanted = context.chosen_format(format, json)
    with context.get_context(ctx).database().read() as connection:
        rows = [
            asdict(found) for found in passes.list_visitors(connection, clock.now())
        ]
        zone = get_business_zone(connection)
    shown = [
        {**row, "expires_at": moments.written(row["expires_at"], zone)} for row in rows
    ]
    until = render.Column("expires_at", moments.heading("UNTIL", zone), rigid=True)
    columns = [*_COLUMNS, until]
    render.show(shown, columns, wanted, machine=rows, empty="No one has been invited.")


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
