"""
`ticketsync link …`.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ticketsync.cli import context

Occurrence = Annotated[
    str,
    typer.Argument(metavar="DATE", help="Our number or their id of the occurrence."),
]


class PairOrSet(TyperGroup):
    """
    `link DATE SHOW` is short for `link pair DATE SHOW`.
    """

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands:
            args = ["pair", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=PairOrSet,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Link one occurrence to one show by hand: `ticketsync link DATE SHOW`.",
)


@app.command("pair")
def link(
    ctx: typer.Context,
    date: Occurrence,
    show: Annotated[str, typer.Argument(help="Number, reference or part of its name.")],
) -> None:
    """
    Link a platform's occurrence to a show. This also confirms one that has moved.

    Example: ticketsync link ev_40980 12
    """
    from ticketsync.catalogue import occurrences, shows
    from ticketsync.workflows import match

    app_context = context.get_context(ctx)
    database = app_context.database()
    with database.read() as connection:
        occurrence = occurrences.find_occurrence(connection, date)
        found = shows.find_show(connection, show)
    match.link(database, app_context.settings(), occurrence.id, found.id)
    app_context.say(
        f"{occurrence.name_and_start} ({occurrence.account}) is linked to "
        f"{found.production} {found.starts_local}."
    )


@app.command("set")
def set_link(
    ctx: typer.Context,
    date: Occurrence,
    map_type: Annotated[
        list[str] | None,
        typer.Option(
            "--map-type", metavar="THEIRS=YOURS", help="Your name for a ticket type."
        ),
    ] = None,
    enabled: Annotated[
        bool | None,
        typer.Option("--sync/--no-sync", help="Whether the link is in use at all."),
    ] = None,
    sales: Annotated[
        bool | None,
        typer.Option("--sales/--no-sales", help="Whether its sales count."),
    ] = None,
) -> None:
    """
    Map ticket types to your own names, or switch a link off and on.

    Names apply to all occurrences of the platform's event. An empty name removes one.
    --no-sales leaves the occurrence's sales out of all figures, --no-sync its guests
    too.

    Example: ticketsync link set ev_40980 --map-type "GA=Adult"
    """
    from ticketsync.catalogue import occurrences
    from ticketsync.core.redact import safe
    from ticketsync.workflows import match

    types = _parse_types(map_type or [])
    app_context = context.get_context(ctx)
    database = app_context.database()
    with database.read() as connection:
        occurrence = occurrences.find_occurrence(connection, date)
    names = match.configure(
        database,
        app_context.settings(),
        occurrence,
        enabled=enabled,
        ticket_sales=sales,
        types=types,
    )
    with database.read() as connection:
        occurrence = occurrences.find_occurrence(connection, str(occurrence.id))
    state = occurrence.switch_note or "sales on"
    app_context.say(f"{occurrence.name_and_start} ({occurrence.account}): {state}.")
    for theirs, ours in names.items():
        app_context.say(f"  {safe(theirs)} is called {safe(ours)}")


def _parse_types(given: list[str]) -> dict[str, str]:
    """
    Parse `THEIRS=YOURS` arguments.
    """
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    types: dict[str, str] = {}
    for text in given:
        theirs, separator, ours = text.partition("=")
        if not separator or not theirs.strip():
            raise errors.UsageError(
                f"--map-type {safe(text)!r} cannot be read.",
                hint='Use --map-type "THEIRS=YOURS".',
            )
        types[theirs.strip()] = ours.strip()
    return types
