"""
`ticketsync link`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ticketsync.cli import context

app = typer.Typer(rich_markup_mode=None)


@app.command()
def link(
    ctx: typer.Context,
    date: Annotated[str, typer.Argument(help="Our number or their id of the date.")],
    show: Annotated[str, typer.Argument(help="Number, reference or part of its name.")],
) -> None:
    """
    Say that a platform's date is this show; also confirms a date that moved far.

    Example: ticketsync link ev_40980 12
    """
    from ticketsync.catalogue import offers, shows
    from ticketsync.workflows import match

    here = context.of(ctx)
    database = here.database()
    with database.read() as session:
        offer = offers.find(session, date)
        found = shows.find(session, show)
    match.link(database, here.settings(), offer.id, found.id)
    here.say(
        f"{offer.name} {offer.starts_local} ({offer.account}) feeds "
        f"{found.production} {found.starts_local}."
    )
