"""
`ticketsync productions …`.
"""

from __future__ import annotations

import typer

from ticketsync.cli import (
    catalogue_edits,
    context,
    other_names,
    render,
    show_tables,
)
from ticketsync.cli.context import Format, Json

NEXT_SHOWS = 3  # of a production
app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Your productions.")
app.command("rename")(catalogue_edits.rename_production)
app.command("merge")(catalogue_edits.merge_productions)
app.command("remove")(catalogue_edits.remove_production)
app.command("forget")(other_names.forget_production_name)


@app.command("add")
def add_production(ctx: typer.Context, title: str) -> None:
    """
    Add a production, unless there is one with that title.
    """
    from ticketsync.catalogue import production_edits

    app_context = context.get_context(ctx)
    with app_context.database().write() as connection:
        production_id, title = production_edits.add_production(connection, title)
    app_context.say(f"Production {production_id}: {title}")


_COLUMNS = (
    render.Column("id", "ID", numeric=True, is_id=True),
    render.Column("title", "TITLE"),
    render.Column("shows", "SHOWS", numeric=True),
)


@app.command("list")
def list_productions(
    ctx: typer.Context, format: Format = "table", json: Json = False
) -> None:
    """
    List your productions, how many shows each one has, and what lists may call them as
    well.
    """
    from ticketsync.catalogue import shows

    with context.get_context(ctx).database().read() as connection:
        rows = [
            {"id": number, "title": title, "shows": count}
            for number, title, count in shows.list_productions(connection)
        ]
        wanted = context.chosen_format(format, json)
        other_names.show(connection, "production", rows, _COLUMNS, wanted)


@app.command("show")
def show_production(
    ctx: typer.Context, title: str, format: Format = "table", json: Json = False
) -> None:
    """
    What one production earned in total, its next shows, and all its shows.

    JSON and CSV list the shows; for totals use `financials list --per production`.
    """
    from ticketsync.catalogue import occurrences, shows
    from ticketsync.core import clock, errors
    from ticketsync.reporting import calendar, fullness, grouped_figures

    wanted = context.chosen_format(format, json)
    with context.get_context(ctx).reading() as connection:
        production_id = shows.get_production_id(connection, title)
        title = shows.get_production_title(connection, production_id)
        found = shows.list_shows(connection, title)
        seats = fullness.read_seats(connection)
        if not found:
            raise errors.NotFound(
                f"There is no production {title!r} with shows.",
                hint="See `ticketsync productions list`.",
            )
        totals = grouped_figures.production_totals(connection, production_id)
        upcoming = calendar.list_performances(
            connection, since=clock.now(), production=title, most=NEXT_SHOWS
        )
        sources = occurrences.list_occurrences(connection, production=title)
    if wanted == "table":
        show_tables.print_production(totals, sources)
        show_tables.print_next_shows(upcoming)
    show_tables.print_shows(found, seats, wanted)
    if wanted == "table":
        show_tables.print_switched_off(sources)
