"""
`ticketsync unlink`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ticketsync.cli import context
from ticketsync.cli.context import Part

app = typer.Typer(rich_markup_mode=None)


@app.command()
def unlink(
    ctx: typer.Context,
    date: Annotated[
        str, typer.Argument(help="Our number or their id of the occurrence.")
    ],
    part: Part = False,
) -> None:
    """
    Remove the link between a platform's date, with all its ticket types, and its show.
    The show loses those sales at once.
    """
    from ticketsync.catalogue import listed_dates, selection
    from ticketsync.core import errors
    from ticketsync.workflows.matching import match

    app_context = context.get_context(ctx)
    database = app_context.database()
    with database.read() as connection:
        occurrence = selection.find_occurrence(connection, date)
        found = listed_dates.get_parts(connection, occurrence, is_alone=part)
    if match.unlink_parts(database, app_context.settings(), found.ids) is None:
        raise errors.NotFound(
            f"{found.name} is not linked to a show.",
            hint="See `ticketsync events list`.",
        )
    app_context.say(f"{found.name} is no longer linked to a show.")
    app_context.say(
        "Matching will not propose this pair again; `ticketsync link` can restore it."
    )
