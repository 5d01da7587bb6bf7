"""
`ticketsync members …`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context, render, terminal
from ticketsync.cli.context import DryRun, Format, Json

if TYPE_CHECKING:
    from ticketsync.boxoffice.members import Member
    from ticketsync.workflows.boxoffice.members import SavedMembers

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Who may buy members' tickets at your box office.",
)


@app.command("import")
def import_members(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Your list of members.")],
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """
    Add the members of a list, and change those whose numbers are known; nobody is
    removed. Importing a list again changes nothing. Exit code 3 if a line could not be
    read: it is named, the others are read.

    CSV or a workbook with the columns number, from, until and, where known, name,
    email, level. From and until are the first and last day of the membership.

    Example: ticketsync members import members.csv
    """
    from ticketsync.core import errors
    from ticketsync.core.redact import safe
    from ticketsync.workflows.boxoffice import members

    app_context = context.get_context(ctx)
    saved = members.import_members(
        app_context.database(), app_context.settings(), file, dry_run=dry_run
    )
    if json:
        render.print_json({**_counts(saved), "bad_lines": saved.bad_lines})
    else:
        _say_saved(app_context, saved)
        for line in saved.bad_lines:
            terminal.echo(f"Not read: {safe(line, longest=300)}")
    if saved.note:
        app_context.say(saved.note)
    if dry_run:
        app_context.say_dry_run()
    if saved.bad_lines:
        raise typer.Exit(errors.PARTLY)


@app.command("add")
def add_member(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="As on the card.")],
    until: Annotated[str, typer.Option(help="The last day: 2027-06-30.")],
    first: Annotated[
        str, typer.Option("--from", help="The first day; today without it.")
    ] = "",
    name: Annotated[str, typer.Option(help="The member's name.")] = "",
    email: Annotated[str, typer.Option(help="The member's e-mail address.")] = "",
    level: Annotated[str, typer.Option(help="For example: Friend.")] = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """
    Add a member, or change the one of that number: all of it is as given here.

    Example: ticketsync members add M-1001 --name "Mia Chen" --until 2027-06-30
    """
    from ticketsync.core import clock
    from ticketsync.store.business_zone import get_local_day
    from ticketsync.workflows.boxoffice import members

    app_context = context.get_context(ctx)
    database = app_context.database()
    if not first:
        with database.read() as connection:
            first = get_local_day(connection, clock.now())
    values = {"number": number, "from": first, "until": until}
    values |= {"name": name, "email": email, "level": level}
    saved = members.add_member(
        database, app_context.settings(), values, dry_run=dry_run
    )
    if json:
        render.print_json(_counts(saved))
    else:
        _say_saved(app_context, saved)
    if dry_run:
        app_context.say_dry_run()


@app.command("list")
def list_members(
    ctx: typer.Context,
    search: Annotated[
        str, typer.Option(help="Part of the number, name or e-mail address.")
    ] = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List the members in the order of their numbers.

    Example: ticketsync members list --search chen
    """
    from ticketsync.boxoffice import members

    with context.get_context(ctx).database().read() as connection:
        found = members.list_members(connection, search)
    columns = (
        render.Column("number", "NUMBER", is_id=True),
        render.Column("name", "NAME", most=24),
        render.Column("email", "E-MAIL", most=28),
        render.Column("from", "FROM"),
        render.Column("until", "UNTIL"),
        render.Column("level", "LEVEL", most=14),
    )
    render.show(
        [_as_json(member) for member in found],
        columns,
        context.chosen_format(format, json),
        empty="No members are known.",
    )


def _as_json(member: Member) -> dict[str, Any]:
    """
    The stable JSON shape of a member.
    """
    return {
        "number": member.number,
        "name": member.name,
        "email": member.email,
        "from": member.from_date,
        "until": member.until_date,
        "level": member.level,
    }


def _counts(saved: SavedMembers) -> Mapping[str, int]:
    from ticketsync.boxoffice import members

    words = (members.ADDED, members.CHANGED, members.UNCHANGED, members.ERASED)
    return {word: saved.counts[word] for word in words}


def _say_saved(app_context: context.AppContext, saved: SavedMembers) -> None:
    from ticketsync.core.plurals import number_of

    counts = _counts(saved)
    total = number_of(sum(counts.values()), "member")
    parts = [f"{number:,} {word}" for word, number in counts.items() if number]
    app_context.say(f"{total}: {', '.join(parts) or 'none'}.")
    if counts["erased"]:
        app_context.say("Whoever was erased on request stays so.")
