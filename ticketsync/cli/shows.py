"""
`ticketsync shows …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import (
    adoption,
    catalogue_edits,
    context,
    name_questions,
    season_list,
    show_tables,
    terminal,
)
from ticketsync.cli.context import Format, Json, Reason, Show
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from ticketsync.catalogue.listed_dates import ListedDate
    from ticketsync.catalogue.occurrences import LinkedOccurrence
    from ticketsync.catalogue.shows import ShowInfo
    from ticketsync.cli.context import AppContext
    from ticketsync.reporting.figures_of_shows import Figures
    from ticketsync.store.capacity import Seats
    from ticketsync.store.engine import Database

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Your performances: add, import, adopt, edit, exclude.",
)


@app.command("list")
def list_shows(
    ctx: typer.Context,
    production: Annotated[str, typer.Option(help="Only this production.")] = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List your performances by date.
    """
    from ticketsync.catalogue import shows
    from ticketsync.reporting import fullness

    with context.get_context(ctx).reading() as connection:
        found = shows.list_shows(connection, production or None)
        seats = fullness.read_seats(connection)
    show_tables.print_shows(found, seats, context.chosen_format(format, json))


@app.command("add")
def add_show(
    ctx: typer.Context,
    production: str,
    starts_at: Annotated[str, typer.Argument(help='Local: "2026-11-27 19:30".')],
    venue: Annotated[str, typer.Option(help="The venue, if it is not the first.")] = "",
    capacity: Annotated[int | None, typer.Option(help="Seats.")] = None,
    reference: Annotated[str, typer.Option(help="Your own reference number.")] = "",
    new: Annotated[
        bool, typer.Option("--new", help="Names nearly like yours are new.")
    ] = False,
) -> None:
    """
    Add one performance. It asks whether a title or a venue that is nearly one of yours
    is that one; without a terminal write your own name, or add --new.

    Example: ticketsync shows add "Late Laughs" "2026-11-27 19:30" --capacity 180
    """
    from datetime import datetime

    from ticketsync.boxoffice import fewer_seats
    from ticketsync.catalogue import entered_values, new_shows, shows
    from ticketsync.core import clock, errors

    app_context = context.get_context(ctx)
    try:
        local = datetime.fromisoformat(starts_at)
    except ValueError:
        raise errors.UsageError(
            f"{starts_at!r} is not a date and time.", hint="Use 2026-11-27 19:30."
        ) from None
    entered_values.check_seats(capacity)
    database = app_context.database()
    production, venue = _known_names(
        app_context, database, production, venue, are_new=new
    )
    with database.write() as connection:
        known_venue = next(
            (v for v in shows.list_venues(connection) if v.name == venue),
            shows.get_venue(connection),
        )
        try:
            instant = (
                clock.local_to_utc(local, known_venue.timezone)
                if local.tzinfo is None
                else clock.from_iso(starts_at)
            )
        except ValueError as error:
            raise errors.UsageError(
                f"{error}.", hint=clock.advice_about(error)
            ) from None
        wanted = new_shows.NewShow(
            production=production,
            starts_at=instant,
            venue=venue,
            timezone=known_venue.timezone,
            currency=known_venue.currency,
            capacity=capacity,
            reference=reference or None,
        )
        with fewer_seats.refusing(connection):
            show = new_shows.add_show(connection, wanted)
    app_context.say(f"Show {show.id} {'added' if show.is_new else 'already exists'}.")


def _confirm_venue(name: str) -> None:
    """
    Raises: `NeedsTerminal` where nobody can be asked, `Abort` for a no.
    """
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    question = f'There is no venue "{safe(name)}" yet. Add it?'
    if not context.is_terminal():
        raise errors.NeedsTerminal(
            f'There is no venue "{safe(name)}" yet. Nothing was added.',
            hint="Write the name as you have it, or add --new to add the venue.",
        )
    if not terminal.confirm(question):
        raise typer.Abort


def _known_names(
    app_context: AppContext,
    database: Database,
    production: str,
    venue: str,
    *,
    are_new: bool,
) -> tuple[str, str]:
    """
    The title and the venue, by the names that we have for them.

    Raises: `NeedsTerminal` for a name that is nearly ours, where nobody can be asked.
    """
    from ticketsync.catalogue import show_names, shows
    from ticketsync.catalogue.known_names import NameAnswers
    from ticketsync.core.redact import safe

    answers = NameAnswers(all_new=are_new)
    with database.read() as connection:
        place = venue or shows.get_venue(connection).name
        found = show_names.resolve(connection, production, place, answers)
    if found.questions:  # asked between two reads: a person may think for long
        hint = "Write the name as you have it, or add --new. Nothing was added."
        answers = name_questions.ask(found.questions, answers, hint=hint)
        with database.read() as connection:
            found = show_names.resolve(connection, production, place, answers)
    for other in found.others:
        app_context.say(f"{safe(other)}.")
    if found.is_new_venue and not answers.is_new("venue", place):
        _confirm_venue(found.venue)
    return found.production, found.venue


app.command("import")(season_list.import_shows)
app.command("adopt")(adoption.adopt_shows)
app.command("edit")(catalogue_edits.edit_show)
app.command("remove")(catalogue_edits.remove_show)


@app.command("exclude")
def exclude_show(
    ctx: typer.Context,
    show: Show,
    reason: Reason = "",
) -> None:
    """
    Exclude a show from the figures. Its links are kept, its guests stay on the door
    list.
    """
    _set_excluded(ctx, show, True, reason)


@app.command("include")
def include_show(ctx: typer.Context, show: str) -> None:
    """
    Include an excluded show again.
    """
    _set_excluded(ctx, show, False, "")


@app.command("show")
def show_show(ctx: typer.Context, show: str, json: Json = False) -> None:
    """
    Show one performance: the platforms that sell it, and what each one sold.
    """
    from ticketsync.catalogue import occurrences, selection
    from ticketsync.cli import render
    from ticketsync.core import moments
    from ticketsync.reporting import figures_of_shows, fullness
    from ticketsync.reporting.exclusion import read_exclusion
    from ticketsync.store.business_zone import get_business_zone

    with context.get_context(ctx).reading() as connection:
        found = selection.find_show(connection, show)
        left_out = read_exclusion(connection, found.id)
        zone = get_business_zone(connection)
        sources = occurrences.list_occurrences(connection, show_id=found.id)
        figures = figures_of_shows.figures(connection, found.id)
        totals = figures_of_shows.totals(connection, found.id)
        seats = fullness.read_seats(connection, found.id)[found.id]
        facts = show_tables.read_link_facts(connection, sources)
    if not json:
        _print_show(found, seats, figures, is_counted=left_out is None)
        if left_out or not figures:
            terminal.echo(show_tables.why_without_figures(found.id, left_out, sources))
        # The heading names the show's zone, which is nearly always the same.
        at = moments.with_zone if zone != found.timezone else moments.written
        _print_links(sources, facts, lambda moment: at(moment, zone))
        return
    render.print_json(
        {
            "show_id": found.id,
            "production": found.production,
            "starts_local": found.starts_local,
            "venue": found.venue,
            "capacity": found.capacity,
            "sources": [_source_as_json(source, facts) for source in sources],
            "figures": [item.as_json() for item in figures],
            "totals": [total.as_json() for total in totals],
            "seats": seats.capacity,
            "tickets_sold": seats.sold,
            "fullness": seats.words,
            "left_out": None
            if left_out is None
            else {
                "since": left_out.since,
                "by": left_out.by,
                "reason": left_out.reason,
            },
        }
    )


def _source_as_json(
    occurrence: LinkedOccurrence, facts: show_tables.LinkFacts
) -> dict[str, Any]:
    return {
        "account": occurrence.account,
        "date_id": occurrence.id,
        "occurrence_id": occurrence.provider_occurrence_id,
        "name": occurrence.name,
        "status": "gone" if occurrence.gone_since else occurrence.status,
        "capacity": occurrence.capacity,
        "sync": occurrence.sync_enabled,
        "sales": occurrence.sync_ticket_sales,
        "url": occurrence.url,
        "dashboard_url": occurrence.dashboard_url,
        **show_tables.link_as_json(occurrence, facts),
    }


def _print_show(
    show: ShowInfo,
    seats: Seats,
    figures: Sequence[Figures],
    *,
    is_counted: bool,
) -> None:
    """
    The show itself, and what each platform sold.
    """
    from ticketsync.cli import render
    from ticketsync.core import moments
    from ticketsync.core.redact import safe

    when = f"{render.day(show.starts_local)} ({moments.zone_in_words(show.timezone)})"
    terminal.echo(f"{safe(show.production)}, {when}")
    terminal.echo(f"{safe(show.venue)}, {_seats_text(seats, is_counted=is_counted)}")
    terminal.echo("")
    if figures:
        show_tables.print_sources(figures)


def _seats_text(seats: Seats, *, is_counted: bool) -> str:
    """
    The seats of all platforms together, and how many of them are sold.
    """
    known = "seats unknown"
    if seats.capacity is not None:
        known = number_of(seats.capacity, "seat")
    if not is_counted:
        return known
    if seats.capacity is None:
        return f"{seats.sold:,} sold, {known}"
    words = show_tables.fullness_text(seats)
    return f"{seats.sold:,} of {known} sold{words and f', {words}'}"


def _print_links(
    sources: Sequence[LinkedOccurrence],
    facts: show_tables.LinkFacts,
    at: Callable[[datetime | None], str],
) -> None:
    """
    The platforms' dates that are linked to a show; `at` writes a moment.
    """
    from ticketsync.catalogue import listed_dates
    from ticketsync.cli import render
    from ticketsync.core.plurals import noun_for
    from ticketsync.core.redact import safe

    for date in listed_dates.list_dates(sources):
        theirs = safe(", ".join(date.provider_occurrence_ids))
        ids = f"{noun_for(len(date.ids), 'date')} {', '.join(map(str, date.ids))}"
        first = date.first
        start = f", {render.day(first.starts_local)}" if first.is_dated else ""
        name = f"{safe(first.name)}{start}"
        terminal.echo(f"{safe(first.account)}: {name} ({ids}, their {theirs})")
        for line in _link_lines(date, facts, at):
            terminal.echo(f"  {line}")
        for url in (*date.urls, *date.dashboard_urls):
            terminal.echo(f"  {safe(url)}")


def _link_lines(
    date: ListedDate,
    facts: show_tables.LinkFacts,
    at: Callable[[datetime | None], str],
) -> Iterator[str]:
    """
    What is switched off, what is left to sell, when it was last read, and its last
    problems.
    """
    from ticketsync.core.redact import safe

    yield from date.switch_notes
    left = date.available(facts.available)
    read_at = date.last_read_at(facts.last_reads)
    of = "" if date.capacity is None else f" of {date.capacity:,}"
    known = [] if left is None else [f"{left:,}{of} left there"]
    if date.needs_reading:
        known.append("not read yet" if read_at is None else f"read {at(read_at)}")
    if known:
        yield ", ".join(known)
    for part in date.problems:
        assert part.problem_at is not None
        assert part.problem
        yield f"problem since {at(part.problem_at)}: {safe(part.problem)}"


def _set_excluded(ctx: typer.Context, show: str, excluded: bool, reason: str) -> None:
    from ticketsync.catalogue import selection
    from ticketsync.core.redact import safe
    from ticketsync.workflows import recompute_figures

    app_context = context.get_context(ctx)
    database = app_context.database()
    with database.read() as connection:
        found = selection.find_show(connection, show)
    settings = app_context.settings()
    replaced = recompute_figures.exclude(database, settings, found.id, excluded, reason)
    done = "excluded" if excluded else "included again"
    before = f' The reason before was "{safe(replaced)}".' if replaced else ""
    app_context.say(f"{found.production} {found.starts_local}: {done}.{before}")
