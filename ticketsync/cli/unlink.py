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
    date: Annotated[str, typer.Argument(help="Our number or their id of the date.")],
) -> None:
    """
    Take a date and its show apart; the show loses those sales at once.
    """
    from ticketsync.catalogue import offers
    from ticketsync.core import errors
    from ticketsync.workflows import match

    here = context.of(ctx)
    database = here.database()
    with database.read() as session:
        offer = offers.find(session, date)
    if match.unlink(database, here.settings(), offer.id) is None:
        raise errors.NotFound(
            f"{offer.called} feeds no show.",
            hint="See `ticketsync events list`.",
        )
    here.say(f"{offer.called} feeds no show any more.")
    here.say("Matching will not propose that pair again; `ticketsync link` still can.")
