"""
`ticketsync link …`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ticketsync.cli import context
from ticketsync.cli.context import Format, Json, Part, Show

if TYPE_CHECKING:
    from ticketsync.cli.context import AppContext
    from ticketsync.workflows.matching.match import Configured

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
    show: Show,
    part: Part = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Also where it sells in another currency."),
    ] = False,
) -> None:
    """
    Link a platform's date, with all its ticket types, to a show. This also confirms one
    that has moved.

    One that sells in another currency than the show is refused (`currency-changed`)
    without --force; with it, its sales count in their own currency.

    Example: ticketsync link ev_40980 12
    """
    from ticketsync.catalogue import listed_dates, selection
    from ticketsync.workflows.matching import match

    app_context = context.get_context(ctx)
    database = app_context.database()
    with database.read() as connection:
        occurrence = selection.find_occurrence(connection, date)
        linked = listed_dates.get_parts(connection, occurrence, is_alone=part)
        found = selection.find_show(connection, show)
    settings = app_context.settings()
    done = match.link_parts(
        *(database, settings, linked.ids, found.id), is_currency_confirmed=force
    )
    app_context.say(
        f"{linked.name} is linked to {done.show.production} {done.show.starts_local}."
    )
    if done.was_at:
        app_context.say(
            f"Your show was moved there with it, from {done.was_at}, because no "
            "platform lists it at another time."
        )
    elif not done.is_new and linked.first.starts_at != done.show.starts_at:
        app_context.say(
            f"Your show stays at {done.show.starts_local}; the date waits no more. To "
            f"move the show: ticketsync shows edit {done.show.id} "
            f'--starts-at "{linked.first.starts_local}"'
        )


@app.command("offsets")
def list_offsets(
    ctx: typer.Context, format: Format = "table", json: Json = False
) -> None:
    """
    List by how much accounts list productions before or after the show.

    Learnt from the pairs that you confirmed. One that you confirmed, too, lets every
    run link the dates that fit it to the minute; the others are only proposed.

    Example: ticketsync link offsets
    """
    from ticketsync.catalogue import known_offsets
    from ticketsync.cli import render

    with context.get_context(ctx).database().read() as connection:
        found = known_offsets.list_offsets(connection)
    rows = [
        {
            "account": offset.account,
            "production": offset.production,
            "minutes": offset.minutes,
            "pairs": offset.pairs,
            "is_confirmed": offset.is_confirmed,
        }
        for offset in found
    ]
    columns = (
        render.Column("account", "ACCOUNT", most=12),
        render.Column("production", "PRODUCTION"),
        render.Column("minutes", "MINUTES", numeric=True),
        render.Column("pairs", "CONFIRMED PAIRS", numeric=True),
        render.Column("is_confirmed", "LINKS BY ITSELF"),
    )
    render.show(rows, columns, context.chosen_format(format, json))


@app.command("offset")
def set_offset(
    ctx: typer.Context,
    account: Annotated[str, typer.Argument(help="Its name.")],
    production: Annotated[str, typer.Argument(help="Its title.")],
    confirm: Annotated[
        bool,
        typer.Option(
            "--confirm/--forget",
            help="Link such dates without asking, or ask again.",
        ),
    ],
) -> None:
    """
    Confirm a learnt offset, or take that back.

    A confirmed one lets `match --yes` and every sync link the dates of that account and
    production that fit it to the minute. Links that were made by it stay.

    Example: ticketsync link offset tt "Late Laughs" --confirm
    """
    from ticketsync.workflows.matching import match_decisions, match_words

    app_context = context.get_context(ctx)
    change = (
        match_decisions.confirm_offset if confirm else match_decisions.forget_offset
    )
    offset = change(app_context.database(), account, production)
    then = "linked without asking" if confirm else "asked about again"
    app_context.say(f"{match_words.describe_offset(offset)}: such dates are {then}.")


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
        str,
        typer.Option(
            metavar="EVENT", help="Instead of DATE: an event, with all its dates."
        ),
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
    map_field: Annotated[
        list[str] | None,
        typer.Option(
            "--map-field",
            metavar="QUESTION=YOURS",
            help="Keep the answers to a question of their form, under your name.",
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
    part: Part = False,
) -> None:
    """
    Map names of theirs to your own, or switch a link off and on.

    Names apply to all occurrences of the platform's event. An empty name removes one.
    Answers are kept for accounts that keep people; the next sync reads those of shows
    still to come, which takes as long as a first sync of them.

    --no-sales leaves the date's sales out of all figures, --no-sync its guests too, for
    all its ticket types or with --part for that one; with --event or --production those
    of all their dates, also of later ones.

    Example: ticketsync link set ev_40980 --map-type "GA=Adult"

    Example: ticketsync link set --production "Gala Night" --no-sales
    """
    _check_one(date, event, production)
    app_context = context.get_context(ctx)
    wanted = _Wanted(
        _parse_names("--map-type", map_type or []),
        _parse_names("--map-field", map_field or []),
        enabled,
        sales,
    )
    if production:
        _set_production(app_context, production, wanted)
    elif event:
        _set_event(app_context, event, wanted)
    else:
        _set_date(app_context, date, wanted, is_alone=part)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """
    What to set: names by theirs, and the switches that were given.
    """

    types: dict[str, str]
    fields: dict[str, str]
    enabled: bool | None
    sales: bool | None

    def as_options(self) -> dict[str, Any]:
        return {
            "types": self.types,
            "fields": self.fields,
            "enabled": self.enabled,
            "ticket_sales": self.sales,
        }


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
    wanted: _Wanted,
    *,
    is_alone: bool,
) -> None:
    from ticketsync.catalogue import listed_dates, selection
    from ticketsync.workflows.matching import match

    database = app_context.database()
    with database.read() as connection:
        occurrence = selection.find_occurrence(connection, date)
        found = listed_dates.get_parts(connection, occurrence, is_alone=is_alone)
    settings = app_context.settings()
    configured = match.configure_date(database, settings, found, **wanted.as_options())
    _report(app_context, found.name, configured, wanted)


def _set_event(
    app_context: AppContext,
    event: str,
    wanted: _Wanted,
) -> None:
    from ticketsync.catalogue import selection
    from ticketsync.workflows.matching import match

    database = app_context.database()
    with database.read() as connection:
        found = selection.find_event(connection, event)
    settings = app_context.settings()
    configured = match.configure_event(database, settings, found, **wanted.as_options())
    _report(
        app_context,
        f"{found.name} ({found.account}), all its dates",
        configured,
        wanted,
    )


def _set_production(
    app_context: AppContext,
    title: str,
    wanted: _Wanted,
) -> None:
    from ticketsync.catalogue import shows
    from ticketsync.core import errors
    from ticketsync.workflows.matching import match

    if wanted.types or wanted.fields:
        raise errors.UsageError(
            "A production has no names of theirs.",
            hint="Use --event EVENT, once for each platform.",
        )
    settings = app_context.settings()
    database = app_context.database()
    with database.read() as connection:
        production_id = shows.get_production_id(connection, title)
        title = shows.get_production_title(connection, production_id)
    configured = match.configure_production(
        database,
        settings,
        title,
        enabled=wanted.enabled,
        ticket_sales=wanted.sales,
    )
    _report(app_context, f"{title}, all its shows", configured, wanted)


def _report(
    app_context: AppContext,
    subject: str,
    configured: Configured,
    wanted: _Wanted,
) -> None:
    from ticketsync.core.redact import safe

    app_context.say(f"{subject}: {configured.note or 'sales on'}.")
    for theirs, ours in configured.types.items():
        app_context.say(f"  {safe(theirs)} is called {safe(ours)}")
    for question, field in configured.fields.items():
        app_context.say(f"  answers to {safe(question)} are kept as {safe(field)}")
    if wanted.fields:
        app_context.say("The next sync reads the orders of shows still to come again.")


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
