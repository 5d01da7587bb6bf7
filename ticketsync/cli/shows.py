"""
`ticketsync shows …`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context
from ticketsync.cli.context import Format, Json

if TYPE_CHECKING:
    from ticketsync.catalogue.shows import ShowInfo
    from ticketsync.reporting.numbers import Figures
    from ticketsync.store.capacity import Seats

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Your performances: add, import, adopt, leave out.",
)


@app.command("list")
def list_shows(
    ctx: typer.Context,
    production: Annotated[str, typer.Option(help="Only this work.")] = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Show your performances in the order they play.
    """
    from ticketsync.catalogue import shows
    from ticketsync.reporting import seats as reporting

    with context.get_context(ctx).database().read() as session:
        found = shows.list_shows(session, production or None)
        seats = reporting.seats(session)
    print_shows(found, seats, context.chosen_format(format, json))


@app.command("add")
def add_show(
    ctx: typer.Context,
    production: str,
    starts_at: Annotated[str, typer.Argument(help='Local: "2026-11-27 19:30".')],
    venue: Annotated[str, typer.Option(help="The house, if not the first.")] = "",
    capacity: Annotated[int | None, typer.Option(help="Seats.")] = None,
    reference: Annotated[str, typer.Option(help="Your own number for it.")] = "",
) -> None:
    """
    Add one performance.

    Example: ticketsync shows add "Late Laughs" "2026-11-27 19:30" --capacity 180
    """
    from datetime import datetime

    from ticketsync.catalogue import new_shows, shows
    from ticketsync.core import clock, errors

    app_context = context.get_context(ctx)
    try:
        local = datetime.fromisoformat(starts_at)
    except ValueError:
        raise errors.UsageError(
            f"{starts_at!r} is not a date and time.", hint="Use 2026-11-27 19:30."
        ) from None
    with app_context.database().write() as session:
        house = next(
            (v for v in shows.venues(session) if v.name == venue),
            shows.get_venue(session),
        )
        try:
            moment = clock.local_to_utc(local, house.timezone)
        except ValueError as error:
            raise errors.UsageError(f"{error}.", hint="Choose another time.") from None
        new = new_shows.NewShow(
            production=production,
            starts_at=moment,
            venue=venue or house.name,
            timezone=house.timezone,
            currency=house.currency,
            capacity=capacity,
            reference=reference or None,
        )
        show = new_shows.add_show(session, new)
    app_context.say(f"Show {show.id} {'added' if show.is_new else 'exists already'}.")


@app.command("import")
def recompute_shows(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help=".csv .xlsx .xls .ods .ics .yaml")],
    skip_bad: Annotated[bool, typer.Option(help="Leave bad rows out.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Only say what is in it.")] = False,
    json: Json = False,
) -> None:
    """
    Take your own list of shows from a file.

    Columns: production, starts_at (local) or date and time, venue, timezone, capacity,
    currency, reference. Nothing is imported if anything is wrong.
    """
    from ticketsync.catalogue import import_file, new_shows, shows
    from ticketsync.cli import render

    app_context = context.get_context(ctx)
    database = app_context.database()
    with database.read() as session:
        house, known = shows.get_venue(session), shows.venues(session)
    parsed = import_file.read_shows(file, house, known)
    if not skip_bad:
        import_file.refuse_problems(parsed, file)
    created = 0
    if not dry_run:
        with database.write() as session:
            added = new_shows.add_shows(session, parsed.shows)
        created = sum(show.is_new for show in added)
    bad = [str(complaint) for complaint in parsed.problems]
    if json:
        render.print_json(
            {"read": len(parsed.shows), "created": created, "skipped": bad}
        )
        return
    for complaint in bad:
        app_context.say(f"  skipped {complaint}")
    done = "would be read" if dry_run else f"read, {created} new"
    app_context.say(f"{file.name}: {len(parsed.shows)} shows {done}.")
    app_context.say("Next: ticketsync match")


@app.command("adopt")
def adopt_shows(
    ctx: typer.Context,
    account: Annotated[str, typer.Option(help="Only dates of this account.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Every unlinked date.")] = False,
    json: Json = False,
) -> None:
    """
    Make shows of your platforms' dates, for venues without a list of their own.
    """
    from ticketsync.accounts import state
    from ticketsync.cli import render
    from ticketsync.core import errors
    from ticketsync.workflows import match

    if not all_ and not account:
        raise errors.UsageError(
            "Say which dates to adopt.", hint="Use --all, or --account NAME."
        )
    app_context = context.get_context(ctx)
    database = app_context.database()
    account_id = None
    if account:
        with database.read() as session:
            account_id = state.get_account(session, account).id
    made = match.adopt(database, app_context.settings(), account_id)
    if json:
        render.print_json({"shows_created": made.shows, "links_created": made.links})
        return
    app_context.say(f"{made.shows} shows added, {made.links} dates linked.")
    app_context.say("Next: ticketsync sync")


@app.command("exclude")
def exclude_show(
    ctx: typer.Context,
    show: Annotated[str, typer.Argument(help="Number, reference or part of its name.")],
    reason: Annotated[str, typer.Option(help="Why, for your colleagues.")] = "",
) -> None:
    """
    Leave a show out of the figures; its production stays connected, its guests stay on
    the door list.
    """
    _set_excluded(ctx, show, True, reason)


@app.command("include")
def include_show(ctx: typer.Context, show: str) -> None:
    """
    Take an excluded show in again.
    """
    _set_excluded(ctx, show, False, "")


@app.command("show")
def show_show(ctx: typer.Context, show: str, json: Json = False) -> None:
    """
    Show one performance: every platform that sells it, and what each one brought.
    """
    from ticketsync.catalogue import occurrences, shows
    from ticketsync.cli import render
    from ticketsync.core.redact import safe
    from ticketsync.reporting import numbers
    from ticketsync.reporting import seats as reporting

    with context.get_context(ctx).database().read() as session:
        found = shows.find_show(session, show)
        sources = occurrences.list_occurrences(session, show_id=found.id)
        figures = numbers.figures(session, found.id)
        totals = numbers.totals(session, found.id)
        room = reporting.seats(session, found.id)[found.id]
    listed = [
        {
            "account": occurrence.account,
            "date_id": occurrence.id,
            "occurrence_id": occurrence.occurrence_id,
            "name": occurrence.name,
            "status": "gone" if occurrence.gone_since else occurrence.status,
            "capacity": occurrence.capacity,
            "sync": occurrence.sync_enabled,
            "sales": occurrence.sync_ticket_sales,
            "url": occurrence.url,
            "dashboard_url": occurrence.dashboard_url,
        }
        for occurrence in sources
    ]
    if json:
        render.print_json(
            {
                "show_id": found.id,
                "production": found.production,
                "starts_local": found.starts_local,
                "venue": found.venue,
                "capacity": found.capacity,
                "sources": listed,
                "figures": [item.as_json() for item in figures],
                "totals": [total.as_json() for total in totals],
                "seats": room.capacity,
                "tickets_sold": room.sold,
                "fullness": room.words,
            }
        )
        return
    typer.echo(f"{safe(found.production)}, {render.day(found.starts_local)}")
    seats = "" if room.capacity is None else f", {room.capacity} seats"
    full = f", {loud(room)}: {room.sold} sold" if room.words else ""
    typer.echo(f"{safe(found.venue)}{seats}{full}")
    typer.echo("")
    if figures:
        print_sources(figures)
    else:
        typer.echo("It has no figures." if sources else "No platform sells it.")
    for occurrence in sources:
        state = f", {occurrence.switched}" if occurrence.switched else ""
        theirs = f"date {occurrence.id}, their {safe(occurrence.occurrence_id)}{state}"
        typer.echo(f"{occurrence.account}: {safe(occurrence.called)} ({theirs})")
        for url in (occurrence.url, occurrence.dashboard_url):
            if url:
                typer.echo(f"  {safe(url)}")


def loud(seats: Seats) -> str:
    """
    How full a show is, in a word that is seen where it is too full.
    """
    return seats.words.upper() if seats.is_oversold else seats.words


def print_sources(figures: Sequence[Figures]) -> None:
    """
    What each account brought to one show, and their sums by currency.
    """
    from ticketsync.cli import render
    from ticketsync.core import tables
    from ticketsync.core.tables import Column, Kind

    columns = (
        Column("account", heading="SOLD BY"),
        Column("tickets_sold", Kind.COUNT, "SOLD"),
        Column("gross", Kind.MONEY),
        Column("refunded", Kind.MONEY),
        Column("fees", Kind.MONEY),
        Column("net", Kind.MONEY),
        Column("currency", heading=""),
    )
    table = tables.of_values(columns, figures)
    render.report(table, totals=tables.totals(table), label=lambda _: "all")


def _set_excluded(ctx: typer.Context, show: str, excluded: bool, reason: str) -> None:
    from ticketsync.catalogue import shows
    from ticketsync.workflows import show_figures

    app_context = context.get_context(ctx)
    database = app_context.database()
    with database.read() as session:
        found = shows.find_show(session, show)
    show_figures.exclude(database, app_context.settings(), found.id, excluded, reason)
    done = "left out" if excluded else "taken in again"
    app_context.say(f"{found.production} {found.starts_local}: {done}.")


def print_shows(
    found: Sequence[ShowInfo], seats: Mapping[int, Seats], format: str
) -> None:
    """
    A list of shows in any format, with how full each one is.
    """
    from dataclasses import asdict

    from ticketsync.cli import render
    from ticketsync.core import clock

    machine = [
        {
            **asdict(show),
            "starts_at": clock.iso(show.starts_at),
            "tickets_sold": seats[show.id].sold,
            "seats": seats[show.id].capacity,
            "fullness": seats[show.id].words,
        }
        for show in found
    ]
    rows = [
        {
            "id": show.id,
            "when": render.day(show.starts_local),
            "production": show.production,
            "venue": show.venue,
            "capacity": "–"
            if seats[show.id].capacity is None
            else seats[show.id].capacity,
            "sold": seats[show.id].sold,
            "note": "left out" if show.is_excluded else loud(seats[show.id]),
        }
        for show in found
    ]
    columns = [
        render.Column("id", "SHOW", numeric=True),
        render.Column("when", "WHEN", rigid=True),
        render.Column("production", "PRODUCTION", most=28),
        render.Column("venue", "VENUE", most=20),
        render.Column("capacity", "SEATS", numeric=True),
        render.Column("sold", "SOLD", numeric=True),
        render.Column("note", "", rigid=True),
    ]
    render.show(
        rows,
        columns,
        format,
        machine=machine,
        empty="No shows yet. Run `ticketsync shows import` or `shows adopt`.",
    )
