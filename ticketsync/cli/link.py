"""
`ticketsync link …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ticketsync.cli import context

if TYPE_CHECKING:
    from ticketsync.cli.context import AppContext
    from ticketsync.workflows.match import Configured

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
    date: Annotated[
        str,
        typer.Argument(
            metavar="[DATE]", help="Our number or their id of the occurrence."
        ),
    ] = "",
    event: Annotated[
        str, typer.Option(help="Instead of DATE: an event, with all its dates.")
    ] = "",
    production: Annotated[
        str,
        typer.Option(metavar="TITLE", help="Instead of DATE: one, with all its shows."),
    ] = "",
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
    Map names of theirs to your own, or switch a link off and on.

    Names apply to all occurrences of the platform's event. An empty name removes one.
    --no-sales leaves the occurrence's sales out of all figures, --no-sync its guests
    too; with --event or --production those of all their dates, also of later ones.

    Example: ticketsync link set ev_40980 --map-type "GA=Adult"
    Example: ticketsync link set --production "Gala Night" --no-sales
    """
    _check_one(date, event, production)
    app_context = context.get_context(ctx)
    types = _parse_names("--map-type", map_type or [])
    switches = {"enabled": enabled, "ticket_sales": sales}
    if production:
        _set_production(app_context, production, types, switches)
    elif event:
        _set_event(app_context, event, types, switches)
    else:
        _set_date(app_context, date, types, switches)


def _check_one(*chosen: str) -> None:
    from ticketsync.core import errors

    if sum(map(bool, chosen)) != 1:
        raise errors.UsageError(
            "Say what to set: a date, an event or a production.",
            hint="Use one of DATE, --event EVENT and --production TITLE.",
        )


def _set_date(
    app_context: AppContext,
    date: str,
    types: dict[str, str],
    switches: dict[str, bool | None],
) -> None:
    from ticketsync.catalogue import occurrences
    from ticketsync.workflows import match

    database = app_context.database()
    with database.read() as connection:
        found = occurrences.find_occurrence(connection, date)
    settings = app_context.settings()
    configured = match.configure(database, settings, found, **switches, types=types)
    _report(app_context, f"{found.name_and_start} ({found.account})", configured)


def _set_event(
    app_context: AppContext,
    event: str,
    types: dict[str, str],
    switches: dict[str, bool | None],
) -> None:
    from ticketsync.catalogue import switches as catalogue_switches
    from ticketsync.workflows import match

    database = app_context.database()
    with database.read() as connection:
        found = catalogue_switches.find_event(connection, event)
    settings = app_context.settings()
    configured = match.configure_event(
        database, settings, found, **switches, types=types
    )
    _report(app_context, f"{found.name} ({found.account}), all its dates", configured)


def _set_production(
    app_context: AppContext,
    title: str,
    types: dict[str, str],
    switches: dict[str, bool | None],
) -> None:
    from ticketsync.core import errors
    from ticketsync.workflows import match

    if types:
        raise errors.UsageError(
            "A production has no names of theirs.",
            hint="Use --event EVENT, once for each platform.",
        )
    settings = app_context.settings()
    configured = match.configure_production(
        app_context.database(), settings, title, **switches
    )
    _report(app_context, f"{title}, all its shows", configured)


def _report(app_context: AppContext, subject: str, configured: Configured) -> None:
    from ticketsync.core.redact import safe

    app_context.say(f"{subject}: {configured.note or 'sales on'}.")
    for theirs, ours in configured.types.items():
        app_context.say(f"  {safe(theirs)} is called {safe(ours)}")


def _parse_names(option: str, given: list[str]) -> dict[str, str]:
    """
    Parse `THEIRS=YOURS` arguments.
    """
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    names: dict[str, str] = {}
    for text in given:
        theirs, separator, ours = text.partition("=")
        if not separator or not theirs.strip():
            raise errors.UsageError(
                f"{option} {safe(text)!r} cannot be read.",
                hint=f'Use {option} "THEIRS=YOURS".',
            )
        names[theirs.strip()] = ours.strip()
    return names
