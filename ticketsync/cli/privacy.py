"""
`ticketsync privacy …`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ticketsync.cli import context, erasure
from ticketsync.cli.context import DryRun, Json, Yes
from ticketsync.core.plurals import number_of

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Personal data: export it, erase it.",
)
Who = Annotated[
    str,
    typer.Argument(help="E-mail address, full name, or number of an order or member."),
]


@app.command("export")
def export_person(ctx: typer.Context, who: Who) -> None:
    """
    Print all data kept about a person as JSON, to hand over to them.

    Example: ticketsync privacy export sam@example.org > sam.json
    """
    from ticketsync.cli import render
    from ticketsync.workflows import retention

    found = retention.find_person(context.get_context(ctx).database(), who)
    render.print_json([retention.place_as_json(place) for place in found])


@app.command("erase")
def erase_person(
    ctx: typer.Context,
    who: Who,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Erase a person everywhere; orders, tickets and amounts are kept.

    Later syncs do not restore them.

    Example: ticketsync privacy erase sam@example.org
    """
    erasure.erase(context.get_context(ctx), who, dry_run=dry_run, yes=yes, json=json)


@app.command("retain")
def apply_retention(
    ctx: typer.Context, dry_run: DryRun = False, json: Json = False
) -> None:
    """
    Erase the personal data of past shows and past members, as every sync does.

    Kept for `people: retention_days` of the settings after the show, or after the last
    day of a membership, by default 90.
    """
    from ticketsync.cli import render
    from ticketsync.workflows import retention

    app_context = context.get_context(ctx)
    settings = app_context.settings()
    count = retention.retain(app_context.database(), settings, dry_run=dry_run)
    days = settings.retention.days
    if json:
        render.print_json({"forgotten": 0 if dry_run else count, "found": count})
        return
    verb = "would be erased" if dry_run else "erased"
    people = number_of(count, "person", "people")
    app_context.say(
        f"{people} {verb}, of shows and memberships that ended more than "
        f"{number_of(days, 'day')} ago."
    )
    if dry_run:
        app_context.say_dry_run()
