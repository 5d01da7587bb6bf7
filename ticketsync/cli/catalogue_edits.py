"""
`ticketsync shows edit|remove`, `productions rename|merge|remove` and `venues
edit|merge|remove`: each says first what hangs on its subject.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context
from ticketsync.cli.context import AppContext, Json, Show, Yes

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ticketsync.store.engine import Database
    from ticketsync.workflows.catalogue_edits import EditPreview

Into = Annotated[str, typer.Argument(help="The one that stays.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")]


def edit_show(
    ctx: typer.Context,
    show: Show,
    starts_at: Annotated[str, typer.Option(help='Local: "2026-11-27 20:00".')] = "",
    venue: Annotated[str, typer.Option(help="Another venue of yours.")] = "",
    production: Annotated[str, typer.Option(help="Another production of yours.")] = "",
    capacity: Annotated[int | None, typer.Option(help="Seats.", min=0)] = None,
    no_capacity: Annotated[
        bool, typer.Option("--no-capacity", help="The seats are not known.")
    ] = False,
    reference: Annotated[
        str | None, typer.Option(help='Your reference; "" removes it.')
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Change a performance: its start, venue, production, seats or reference.

    Example: ticketsync shows edit G-101 --starts-at "2026-11-27 20:00"
    """
    from ticketsync.catalogue import selection, show_edits
    from ticketsync.catalogue.show_edits import ShowEdit
    from ticketsync.core import errors
    from ticketsync.workflows import catalogue_edits

    app_context = context.get_context(ctx)
    database = app_context.database()
    if no_capacity and capacity is not None:
        raise errors.UsageError(
            "--capacity and --no-capacity contradict each other.", hint="Use one."
        )
    with database.read() as connection:
        found = selection.find_show(connection, show)
    given = (starts_at, venue, production, no_capacity)
    if not any(given) and capacity is None and reference is None:
        raise errors.UsageError(
            "Nothing to change was given.",
            hint="Use --starts-at, --venue, --production, --capacity, --no-capacity or "
            "--reference.",
        )
    edit = ShowEdit(
        production=production or None,
        venue=venue or None,
        starts_local=show_edits.parse_start(starts_at, found.timezone)
        if starts_at
        else None,
        capacity=capacity,
        has_no_capacity=no_capacity,
        reference=reference,
    )
    _carry_out(
        app_context,
        database,
        lambda connection: catalogue_edits.preview_show(connection, found.id, edit),
        lambda: catalogue_edits.edit_show(
            database, app_context.settings(), found.id, edit
        ),
        _Asked(dry_run, yes, json),
    )


def remove_show(
    ctx: typer.Context,
    show: Show,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Remove a performance that nothing was sold or scanned for, with its links. One that
    has sales is excluded instead: `shows exclude`.
    """
    from ticketsync.catalogue import selection
    from ticketsync.workflows import catalogue_edits

    app_context = context.get_context(ctx)
    database = app_context.database()
    with database.read() as connection:
        found = selection.find_show(connection, show)
    _carry_out(
        app_context,
        database,
        lambda connection: catalogue_edits.preview_removal(connection, found.id),
        lambda: catalogue_edits.remove_show(database, app_context.settings(), found.id),
        _Asked(dry_run, yes, json),
    )


def rename_production(
    ctx: typer.Context,
    title: str,
    new_title: str,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Give a production another title. Its shows, links and figures stay.
    """
    from ticketsync.workflows import catalogue_edits

    app_context = context.get_context(ctx)
    database = app_context.database()
    _carry_out(
        app_context,
        database,
        lambda connection: catalogue_edits.preview_rename(
            connection, app_context.settings(), title, new_title
        ),
        lambda: catalogue_edits.rename_production(database, title, new_title),
        _Asked(dry_run, yes, json),
    )


def merge_productions(
    ctx: typer.Context,
    title: str,
    into: Into,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Make one production of two. The shows and links of the first become those of the
    second, with their ticket-type names and switches.

    Example: ticketsync productions merge "Late Lauhgs" "Late Laughs"
    """
    from ticketsync.workflows import catalogue_edits

    app_context = context.get_context(ctx)
    database = app_context.database()
    _carry_out(
        app_context,
        database,
        lambda connection: catalogue_edits.preview_merge(
            connection, app_context.settings(), title, into
        ),
        lambda: catalogue_edits.merge_productions(
            database, app_context.settings(), title, into
        ),
        _Asked(dry_run, yes, json),
    )


def remove_production(
    ctx: typer.Context,
    title: str,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Remove a production with its shows, if nothing was sold for any of them.
    """
    from ticketsync.workflows import catalogue_edits

    app_context = context.get_context(ctx)
    database = app_context.database()
    _carry_out(
        app_context,
        database,
        lambda connection: catalogue_edits.preview_production_removal(
            connection, title
        ),
        lambda: catalogue_edits.remove_production(
            database, app_context.settings(), title
        ),
        _Asked(dry_run, yes, json),
    )


def edit_venue(
    ctx: typer.Context,
    venue: str,
    name: Annotated[str, typer.Option(help="Its new name.")] = "",
    timezone: Annotated[str, typer.Option(help="Its time zone, or a city in it.")] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217: AUD.")] = "",
    keep: Annotated[
        str,
        typer.Option(
            metavar="clock|instant",
            help="With --timezone: what its shows keep, 19:30 or the instant.",
        ),
    ] = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Change a venue: its name, time zone or currency.
    """
    from ticketsync.catalogue import venue_defaults
    from ticketsync.catalogue.venue_edits import Keep, VenueEdit
    from ticketsync.core import errors
    from ticketsync.workflows import catalogue_edits

    kept: dict[str, Keep] = {"clock": "clock", "instant": "instant"}
    if keep and keep not in kept:
        raise errors.UsageError(
            f"{keep!r} is not what shows can keep.", hint="Use clock or instant."
        )
    if not (name or timezone or currency):
        raise errors.UsageError(
            "Nothing to change was given.", hint="Use --name, --timezone or --currency."
        )
    zone = venue_defaults.one_zone(timezone) if timezone else None
    edit = VenueEdit(name or None, zone, currency or None, kept.get(keep))
    app_context = context.get_context(ctx)
    database = app_context.database()
    _carry_out(
        app_context,
        database,
        lambda connection: catalogue_edits.preview_venue(connection, venue, edit),
        lambda: catalogue_edits.edit_venue(
            database, app_context.settings(), venue, edit
        ),
        _Asked(dry_run, yes, json),
    )


def merge_venues(
    ctx: typer.Context,
    venue: str,
    into: Into,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Make one venue of two: the shows of the first become those of the second.

    Example: ticketsync venues merge "Lantern Rm" "The Lantern Room"
    """
    from ticketsync.workflows import catalogue_edits

    app_context = context.get_context(ctx)
    database = app_context.database()
    _carry_out(
        app_context,
        database,
        lambda connection: catalogue_edits.preview_venue_merge(connection, venue, into),
        lambda: catalogue_edits.merge_venues(
            database, app_context.settings(), venue, into
        ),
        _Asked(dry_run, yes, json),
    )


def remove_venue(
    ctx: typer.Context,
    venue: str,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Remove a venue that has no shows.
    """
    from ticketsync.workflows import catalogue_edits

    app_context = context.get_context(ctx)
    database = app_context.database()
    _carry_out(
        app_context,
        database,
        lambda connection: catalogue_edits.preview_venue_removal(connection, venue),
        lambda: catalogue_edits.remove_venue(database, venue),
        _Asked(dry_run, yes, json),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """
    How a change was asked for: only as a preview, without a question, for JSON.
    """

    dry_run: bool
    yes: bool
    json: bool


def _carry_out(
    app_context: AppContext,
    database: Database,
    preview: Callable[[Connection], EditPreview],
    change: Callable[[], None],
    asked: _Asked,
) -> None:
    """
    Show a preview, ask, and make the change.
    """
    from ticketsync.cli import render
    from ticketsync.core.redact import safe

    with database.read() as connection:
        seen = preview(connection)
    if not asked.json:
        _say_preview(app_context, seen)
    is_done = False
    question = f"{seen.action.capitalize()} {safe(seen.subject)}?"
    is_wanted = not asked.dry_run and not seen.changes_nothing
    if is_wanted and context.confirm(question, asked.yes):
        change()
        is_done = True
    if asked.json:
        render.print_json(_as_json(seen, is_done=is_done))
    elif is_done:
        app_context.say(f"{seen.subject}: {_DONE[seen.action]}.")
    elif asked.dry_run:
        app_context.say_dry_run()


_DONE = {
    "edit": "changed",
    "remove": "removed",
    "rename": "renamed",
    "merge": "merged",
}


def _say_preview(app_context: AppContext, seen: EditPreview) -> None:
    from ticketsync.core.redact import safe

    found = str(seen.dependents)
    hangs = "nothing hangs on it" if found == "nothing" else found
    app_context.say(f"{safe(seen.subject)}: {hangs}")
    for name, value in seen.after.items():
        before = seen.before.get(name)
        app_context.say(f"  {name}: {_shown(before)} → {_shown(value)}")
    for note in seen.notes:
        app_context.say(f"  {safe(note)}")
    if seen.changes_nothing:
        app_context.say("It already has these values: nothing would change.")


def _shown(value: Any) -> str:
    from ticketsync.core.redact import safe

    if type(value) is int:  # a number of seats
        return f"{value:,}"
    return "–" if value is None else safe(value)


def _as_json(seen: EditPreview, *, is_done: bool) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "action": seen.action,
        "subject": seen.subject,
        **asdict(seen.dependents),
        "before": seen.before,
        "after": seen.after,
        "notes": list(seen.notes),
        "done": is_done,
    }
