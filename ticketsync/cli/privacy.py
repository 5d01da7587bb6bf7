"""
`ticketsync privacy …`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ticketsync.cli import context, erasure
from ticketsync.cli.context import Json, Yes

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What is kept of people, and how it goes.",
)
Who = Annotated[
    str, typer.Argument(help="E-mail address, whole name, or number of an order.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing.")]


@app.command("export")
def export_person(ctx: typer.Context, who: Who) -> None:
    """
    Print everything that is kept of a person, as JSON, for them to have.

    Example: ticketsync privacy export sam@example.org > sam.json
    """
    from dataclasses import asdict

    from ticketsync.cli import render
    from ticketsync.workflows import retention

    found = retention.find_person(context.get_context(ctx).database(), who)
    render.print_json([asdict(trace) for trace in found])


@app.command("erase")
def erase_person(
    ctx: typer.Context,
    who: Who,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Erase a person everywhere; orders, tickets and money stay as they are.

    Later reads do not bring them back.

    Example: ticketsync privacy erase sam@example.org
    """
    erasure.erase(context.get_context(ctx), who, dry_run=dry_run, yes=yes, json=json)


@app.command("retain")
def retain(ctx: typer.Context, dry_run: DryRun = False, json: Json = False) -> None:
    """
    Forget the people of shows that are long past, as every sync does.

    How long is `people: retention_days` of the settings, 90 days if nothing is said.
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
    verb = "would be forgotten" if dry_run else "forgotten"
    app_context.say(f"{count} people of shows more than {days} days ago {verb}.")
