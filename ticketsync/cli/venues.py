"""
`ticketsync venues …`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ticketsync.cli import catalogue_edits, context, other_names, render
from ticketsync.cli.context import Format, Json

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Your venues: name, time zone, currency.",
)
app.command("edit")(catalogue_edits.edit_venue)
app.command("merge")(catalogue_edits.merge_venues)
app.command("remove")(catalogue_edits.remove_venue)
app.command("forget")(other_names.forget_venue_name)


@app.command("add")
def add_venue(
    ctx: typer.Context,
    name: str,
    timezone: Annotated[str, typer.Option(help="Its time zone, or a city in it.")],
    currency: Annotated[str, typer.Option(help="ISO 4217: AUD.")],
) -> None:
    """
    Add a venue. The first one gives the defaults for shows.
    """
    from ticketsync.catalogue import venue_defaults, venue_edits

    app_context = context.get_context(ctx)
    zone = venue_defaults.one_zone(timezone)
    with app_context.database().write() as connection:
        venue = venue_edits.add_venue(connection, name, zone, currency)
    app_context.say(
        f"Venue {venue.id}: {venue.name}, {venue.timezone}, {venue.currency}"
    )


_COLUMNS = (
    render.Column("id", "ID", numeric=True, is_id=True),
    render.Column("name", "NAME"),
    render.Column("timezone", "ZONE"),
    render.Column("currency", "CURRENCY"),
)


@app.command("list")
def list_venues(
    ctx: typer.Context, format: Format = "table", json: Json = False
) -> None:
    """
    List your venues, with what lists may call them as well.
    """
    from dataclasses import asdict

    from ticketsync.catalogue import shows

    with context.get_context(ctx).database().read() as connection:
        rows = [asdict(venue) for venue in shows.list_venues(connection)]
        wanted = context.chosen_format(format, json)
        other_names.show(connection, "venue", rows, _COLUMNS, wanted)
