"""
`ticketsync shows import`.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import (
    context,
    name_questions,
    season_list_options,
    season_list_tables,
    terminal,
)
from ticketsync.cli.context import AppContext, Format, Json, Yes
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ticketsync.catalogue.season_list.import_file import ListOptions
    from ticketsync.catalogue.season_list.missing_shows import (
        MissingAnswer,
        MissingShow,
    )
    from ticketsync.core.errors import NeedsTerminal
    from ticketsync.core.written.written_dates import Order
    from ticketsync.store.engine import Database
    from ticketsync.workflows.season_list import ListPreview


def import_shows(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help=".csv .xlsx .xls .ods .ics .yaml")],
    skip_bad: Annotated[bool, typer.Option(help="Skip invalid rows.")] = False,
    dry_run: Annotated[
        bool, typer.Option(help="Only show what would be imported.")
    ] = False,
    json: Json = False,
    format: Format = "table",
    dates: Annotated[
        str,
        typer.Option(metavar="dmy|mdy", help="Which comes first in 05/12/2026."),
    ] = "",
    since: Annotated[str, typer.Option(help="Only from this day: 2026-01-31.")] = "",
    until: Annotated[str, typer.Option(help="Only up to this day.")] = "",
    sheet: Annotated[str, typer.Option(help="The sheet of a workbook.")] = "",
    same_names: Annotated[
        bool,
        typer.Option("--same-names", help="Names nearly like yours are yours."),
    ] = False,
    new_names: Annotated[
        bool, typer.Option("--new-names", help="Names nearly like yours are new.")
    ] = False,
    room: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VENUE|new",
            help="Which venue a room of the list is in, or that it is a venue.",
        ),
    ] = None,
    missing: Annotated[
        str,
        typer.Option(
            metavar="moved|both|cancelled",
            help="What shows are that the list lacks.",
        ),
    ] = "",
    status: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD=plays|cancelled|open",
            help="What a status of the list means.",
        ),
    ] = None,
    remember: Annotated[
        bool,
        typer.Option("--remember", help="Keep the answers on names for later lists."),
    ] = False,
    yes: Yes = False,
) -> None:
    """
    Import your own list of shows from a file.

    Columns: production, starts_at (local) or date and time, venue, timezone, capacity,
    currency, reference; or as you call them: Show, Date, Time, Room, Cap. Title lines,
    totals and other columns are left out and named. Nothing is imported if any row is
    invalid. A show whose reference has a new time is moved, one that the list cancels
    is excluded, after a question. --dry-run ends as the import would: with 2 where it
    needs a flag, with 3 where rows would wait.

    Example: ticketsync shows import season.xlsx --dry-run
    """
    from ticketsync.catalogue.known_names import NameAnswers
    from ticketsync.catalogue.season_list import import_file
    from ticketsync.catalogue.season_list.missing_shows import MissingAnswers
    from ticketsync.core import errors
    from ticketsync.workflows import season_list

    if same_names and new_names:
        raise errors.UsageError(
            "--same-names and --new-names contradict each other.", hint="Use one."
        )
    app_context = context.get_context(ctx)
    database = app_context.database()
    chosen = context.chosen_format(format, json)
    options = import_file.ListOptions(
        order=season_list_options.parse_order(dates),
        since=season_list_options.parse_day(since),
        until=season_list_options.parse_day(until),
        sheet=sheet,
        names=NameAnswers(
            rooms=dict(map(season_list_options.parse_room, room or ())),
            all_same=same_names,
            all_new=new_names,
        ),
        missing=MissingAnswers(season_list_options.parse_missing(missing)),
        statuses=dict(map(season_list_options.parse_status, status or ())),
    )
    seen = _preview(database, file, options, is_asking=not dry_run)
    if dry_run:
        _print_preview(app_context, file, seen, chosen)
        _end_if_asking(app_context, seen)
    if not skip_bad:
        import_file.refuse_problems(seen, file)
    if dry_run:
        _end_if_changing(app_context, seen, yes=yes)
        _exit_if_open(seen)
        return
    if not _confirm(app_context, seen, yes=yes):
        app_context.say("Nothing was imported.")
        return
    is_kept = _is_kept(seen, remember=remember, yes=yes)
    created = season_list.apply(
        database, app_context.settings(), seen, remember=is_kept
    )
    _say_kept(app_context, seen, is_kept=is_kept)
    if chosen == "json":
        season_list_tables.print_json(seen, created, is_dry_run=False)
        _exit_if_open(seen)
        return
    _say_remarks(app_context, seen, "skipped")
    app_context.say(
        f"{file.name}: {number_of(len(seen.playing), 'show')} read, "
        f"{created:,} new{_others(seen)}."
    )
    app_context.say("Next: ticketsync match")
    _exit_if_open(seen)


def _end_if_asking(app_context: AppContext, seen: ListPreview) -> None:
    """
    End a dry run as the import would that has to ask what the list means.

    Raises: `NeedsTerminal` where nobody could be asked.
    """
    if seen.parsed.questions:
        hint = season_list_options.hint_on_names(seen.parsed.questions)
        error = name_questions.unanswered(seen.parsed.questions, hint)
        _end(app_context, error)
    if seen.moves:
        _end(app_context, _undecided(seen.moves))


def _end_if_changing(app_context: AppContext, seen: ListPreview, *, yes: bool) -> None:
    """
    The same where the import has to ask whether shows may be changed.
    """
    from ticketsync.core import errors

    changes = seen.plan.needs_consent
    if changes and not yes:
        number = number_of(len(changes), "show")
        error = errors.NeedsTerminal(
            f"{number} of yours would change as shown above; the import asks first.",
            hint="Use --yes to import without that question.",
        )
        _end(app_context, error)


def _end(app_context: AppContext, error: NeedsTerminal) -> None:
    """
    Without a terminal, as the import would: by this error. On one the import asks, and
    something waits for that.
    """
    if not context.is_terminal():
        raise error
    app_context.say(f"The import asks about this. Without a terminal: {error.hint}")
    raise typer.Exit(3)


def _is_kept(seen: ListPreview, *, remember: bool, yes: bool) -> bool:
    """
    Whether what was answered about names is kept for later lists.
    """
    if not seen.parsed.answered_names or remember:
        return remember
    if yes or not context.is_terminal():
        return False
    names = number_of(len(seen.parsed.answered_names), "name")
    question = f"Read {names} of this list the same way in later lists, too?"
    return terminal.confirm(question)


def _say_kept(app_context: AppContext, seen: ListPreview, *, is_kept: bool) -> None:
    from ticketsync.core.redact import safe

    if not seen.parsed.answered_names:
        return
    if not is_kept:
        app_context.say(
            "  The answers on names hold for this list; --remember keeps them."
        )
        return
    for kind, other in seen.parsed.answered_names:
        app_context.say(
            f"  Kept for later lists: {safe(other)}; "
            f"`ticketsync {kind}s forget {shlex.quote(safe(other.name))}` takes it back"
        )


def _exit_if_open(seen: ListPreview) -> None:
    """
    End with exit code 3 while rows wait because nobody knows their status.
    """
    if seen.parsed.unknown_statuses:
        raise typer.Exit(3)


def _preview(
    database: Database, file: Path, options: ListOptions, *, is_asking: bool
) -> ListPreview:
    """
    The preview of a list, with all questions asked that it raises.
    """
    from dataclasses import replace

    from ticketsync.catalogue.season_list.start_times import DateOrderNeeded
    from ticketsync.workflows import season_list

    def read() -> ListPreview:
        with database.read() as connection:
            return season_list.preview(connection, file, options)

    try:
        seen = read()
    except DateOrderNeeded as error:
        if not context.is_terminal():
            raise
        options = replace(options, order=_ask_order(error.example))
        seen = read()
    while seen.parsed.questions and is_asking:
        answers = name_questions.ask(
            seen.parsed.questions,
            options.names,
            hint=season_list_options.hint_on_names(seen.parsed.questions),
        )
        options = replace(options, names=answers)
        seen = read()
    if seen.moves and is_asking:
        said = _ask_missing(seen.moves)
        options = replace(options, missing=replace(options.missing, by_show=said))
        seen = read()
    return seen


def _undecided(missing: Sequence[MissingShow]) -> NeedsTerminal:
    """
    The error for shows that the list does not have, where nobody can be asked.
    """
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    return errors.NeedsTerminal(
        f"{number_of(len(missing), 'show')} of yours may have moved, and would be "
        "there twice. Nothing was imported.",
        hint="Use --missing moved if they have, --missing both if both play, "
        "--missing cancelled if the earlier dates are cancelled.",
        details=errors.first_of([safe(item) for item in missing]),
    )


def _ask_missing(missing: Sequence[MissingShow]) -> dict[int, MissingAnswer]:
    """
    What a person says about shows that the list does not have, by our id.

    Raises: `NeedsTerminal` where nobody can be asked.
    """
    from ticketsync.core.redact import safe

    if not context.is_terminal():
        raise _undecided(missing)
    said: dict[int, MissingAnswer] = {}
    for item in missing:
        terminal.echo(safe(item), err=True)
        if terminal.confirm("Has it moved there?"):
            said[item.show.id] = "moved"
        else:
            both = terminal.confirm("Do both play (no: the earlier one is cancelled)?")
            said[item.show.id] = "both" if both else "cancelled"
    return said


def _ask_order(example: str) -> Order:
    from ticketsync.core.redact import safe
    from ticketsync.core.written import written_dates, written_times

    day, month = (
        written_dates.read_day(written_times.split(example)[0], order)
        for order in written_dates.ORDERS
    )
    question = f'Is "{safe(example)}" {day.day} {day:%B} (not {month.day} {month:%B})?'
    is_day_first = terminal.confirm(question)
    return "dmy" if is_day_first else "mdy"


def _confirm(app_context: AppContext, seen: ListPreview, *, yes: bool) -> bool:
    """
    Show what the list changes about existing shows, and ask; true where it may.
    """
    from ticketsync.cli import render

    changes = seen.plan.needs_consent
    if not changes:
        return True
    if not app_context.quiet:
        render.table(
            season_list_tables.rows(changes),
            season_list_tables.columns(),
            stream=sys.stderr,
        )
    for warning in seen.warnings:
        app_context.say(f"  {warning}")
    number = len(changes)
    shows = "this show" if number == 1 else f"these {number:,} shows"
    return context.confirm(f"Apply these changes to {shows}?", yes)


def _others(seen: ListPreview) -> str:
    from ticketsync.catalogue.season_list.planned_changes import Change

    words = {
        Change.UPDATED: "updated",
        Change.MOVED: "moved",
        Change.EXCLUDED: "excluded",
        Change.INCLUDED: "included again",
        Change.CANCELLED: "cancelled",
    }
    counts = [(seen.number(change), word) for change, word in words.items()]
    unconfirmed = (len(seen.parsed.unconfirmed), "not confirmed")
    return "".join(f", {n} {word}" for n, word in (*counts, unconfirmed) if n)


def _say_remarks(app_context: AppContext, seen: ListPreview, word: str) -> None:
    from ticketsync.core.redact import safe

    for problem in seen.problems:
        app_context.say(f"  {word} {safe(problem)}")
    for item in seen.plan.shows:
        if item.listed.is_cancelled:
            name = (
                f"{item.listed.new.production} {season_list_tables.local_start(item)}"
            )
            what = f"show {item.show.id} is excluded" if item.show else "no show"
            app_context.say(f"  {item.listed.position}: {safe(name)} cancelled, {what}")
    for note in (*seen.parsed.unconfirmed, *seen.notes):
        app_context.say(f"  {safe(note)}")
    for names, kind in ((seen.new_venues, "venue"), (seen.new_productions, "title")):
        if names:
            new = number_of(len(names), f"new {kind}")
            app_context.say(f"  {new}: {safe(', '.join(names))}")


# The preview


def _print_preview(
    app_context: AppContext, file: Path, seen: ListPreview, format: str
) -> None:
    from ticketsync.cli import render
    from ticketsync.core.redact import safe

    if format == "json":
        season_list_tables.print_json(seen, 0, is_dry_run=True)
        return
    rows = season_list_tables.rows(seen.plan.shows, seen.parsed.questions)
    render.show(
        rows,
        season_list_tables.columns(),
        format,
        machine=season_list_tables.records(seen),
    )
    _say_remarks(app_context, seen, "invalid:")
    for question in (*seen.parsed.questions, *seen.moves):
        app_context.say(f"  {safe(question)}")
    new = sum(row["change"] == "new" for row in season_list_tables.records(seen))
    app_context.say(
        f"{file.name}: {number_of(len(seen.playing), 'show')} would be read, {new} new"
        f"{_others(seen)}."
    )
    app_context.say_dry_run()
