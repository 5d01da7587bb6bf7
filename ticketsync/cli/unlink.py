"""
`ticketsync unlink`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ticketsync.cli import context

app = typer.Typer(rich_markup_mode=None)


@app.command()
def unlink(
    ctx: typer.Context,
    date: Annotated[
        str, typer.Argument(help="Our number or their id of the occurrence.")
    ],
) -> None:
    """
    Remove the link between an occurrence and its show. The show loses those sales at
    once.
    """
    from ticketsync.catalogue import selection
    from ticketsync.core import errors
    from ticketsync.workflows import match

    app_context = context.get_context(ctx)
    database = app_context.database()
    with database.read() as connection:
        occurrence = selection.find_occurrence(connection, date)
    if match.unlink(database, app_context.settings(), occurrence.id) is None:
        raise errors.NotFound(
            f"{occurrence.name_and_start} is not linked to a show.",
            hint="See `ticketsync events list`.",
        )
    app_context.say(f"{occurrence.name_and_start} is no longer linked to a show.")
    app_context.say(
        "Matching will not propose this pair again; `ticketsync link` can restore it."
    )
