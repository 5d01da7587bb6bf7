"""
`ticketsync shows import`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import (
    context,
    name_questions,
    season_list_tables,
    terminal,
)
from ticketsync.cli.context import AppContext, Format, Json, Yes
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from ticketsync.catalogue.import_file import ListOptions
    from ticketsync.catalogue.known_names import NameQuestion
    from ticketsync.catalogue.missing_shows import MissingAnswer, MissingShow
    from ticketsync.catalogue.show_states import StatusAnswer
    from ticketsync.core.written_dates import Order
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
    yes: Yes = False,
) -> None:
    """
    Import your own list of shows from a file.

    Columns: production, starts_at (local) or date and time, venue, timezone, capacity,
    currency, reference; or as you call them: Show, Date, Time, Room, Cap. Title lines,
    totals and other columns are left out and named. Nothing is imported if any row is
    invalid. A show whose reference has a new time is moved, one that the list cancels
    is excluded, after a question.

    Example: ticketsync shows import season.xlsx --dry-run
    """
    from ticketsync.catalogue import import_file
    from ticketsync.catalogue.known_names import NameAnswers
    from ticketsync.catalogue.missing_shows import MissingAnswers
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
        order=_order(dates),
        since=_day(since),
        until=_day(until),
        sheet=sheet,
        names=NameAnswers(
            rooms=dict(map(_room, room or ())), all_same=same_names, all_new=new_names
        ),
        missing=MissingAnswers(_missing(missing)),
        statuses=dict(map(_status, status or ())),
    )
    seen = _preview(database, file, options, is_asking=not dry_run)
    if dry_run:
        _print_preview(app_context, file, seen, chosen)
    if not skip_bad:
        import_file.refuse_problems(seen, file)
    if dry_run:
        _exit_if_open(seen)
        return
    if not _confirm(app_context, seen, yes=yes):
        app_context.say("Nothing was imported.")
        return
    created = season_list.apply(database, app_context.settings(), seen)
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


def _exit_if_open(seen: ListPreview) -> None:
    """
    End with exit code 3 while rows wait because nobody knows their status.
    """
    if seen.parsed.unknown_statuses:
        raise typer.Exit(3)


def _order(text: str) -> Order | None:
    from ticketsync.core import errors
    from ticketsync.core.written_dates import ORDERS

    if not text:
        return None
    for order in ORDERS:
        if text.lower() == order:
            return order
    raise errors.UsageError(
        f"{text!r} is not an order of dates.", hint="Use --dates dmy or --dates mdy."
    )


def _missing(text: str) -> MissingAnswer | None:
    from ticketsync.catalogue.missing_shows import ANSWERS
    from ticketsync.core import errors

    if not text:
        return None
    for known in ANSWERS:
        if text.lower() == known:
            return known
    raise errors.UsageError(
        f"--missing {text}: this is no answer.",
        hint="Use --missing moved, --missing both or --missing cancelled.",
    )


def _status(text: str) -> tuple[str, StatusAnswer]:
    """
    A status in lower case and what it means.
    """
    from ticketsync.catalogue.show_states import STATUS_ANSWERS
    from ticketsync.core import errors

    word, _, said = text.rpartition("=")
    for known in STATUS_ANSWERS:
        if word.strip() and said.strip().lower() == known:
            return " ".join(word.split()).casefold(), known
    raise errors.UsageError(
        f"--status {text}: this does not say what a status means.",
        hint='Use --status "WORD=plays", "WORD=cancelled" or "WORD=open".',
    )


def _room(text: str) -> tuple[str, str]:
    """
    The name of a room and its venue.
    """
    from ticketsync.core import errors

    room, _, venue = text.rpartition("=")
    if not room.strip() or not venue.strip():
        raise errors.UsageError(
            f"--room {text}: this does not say where a room is.",
            hint='Use --room "ROOM=VENUE", or --room "ROOM=new" for a venue.',
        )
    return room.strip(), venue.strip()


def _hint(questions: Sequence[NameQuestion]) -> str:
    """
    How to answer questions about names without a terminal.
    """
    from ticketsync.core.redact import safe

    said = []
    if any(not question.rooms_of for question in questions):
        said.append("--same-names if nearly equal names are yours")
    if rooms := [question for question in questions if question.rooms_of]:
        name, known = safe(rooms[0].written), safe(rooms[0].known)
        said.append(f'--room "{name}={known}" for a room, --room "{name}=new" if not')
    said.append("--new-names if all are new")
    return f"Use {', '.join(said)}, or correct the list. Nothing was imported."


def _day(text: str) -> date | None:
    from datetime import date

    from ticketsync.core import errors

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise errors.UsageError(
            f"{text!r} is not a date.", hint="Use YYYY-MM-DD, for example 2026-01-31."
        ) from None


def _preview(
    database: Database, file: Path, options: ListOptions, *, is_asking: bool
) -> ListPreview:
    """
    The preview of a list, with all questions asked that it raises.
    """
    from dataclasses import replace

    from ticketsync.catalogue.list_times import DateOrderNeeded
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
            hint=_hint(seen.parsed.questions),
        )
        options = replace(options, names=answers)
        seen = read()
    if seen.moves and is_asking:
        said = _ask_missing(seen.moves)
        options = replace(options, missing=replace(options.missing, by_show=said))
        seen = read()
    return seen


def _ask_missing(missing: Sequence[MissingShow]) -> dict[int, MissingAnswer]:
    """
    What a person says about shows that the list does not have, by our id.

    Raises: `NeedsTerminal` where nobody can be asked.
    """
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    if not context.is_terminal():
        raise errors.NeedsTerminal(
            f"{number_of(len(missing), 'show')} of yours may have moved, and would be "
            "there twice. Nothing was imported.",
            hint="Use --missing moved if they have, --missing both if both play, "
            "--missing cancelled if the earlier dates are cancelled.",
            details=errors.first_of([safe(item) for item in missing]),
        )
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
    from ticketsync.core import written_dates
    from ticketsync.core.redact import safe

    day, month = (
        written_dates.read_day(written_dates.split(example)[0], order)
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
    return context.confirm(f"Change {shows} like that?", yes)


def _others(seen: ListPreview) -> str:
    from ticketsync.catalogue.list_plan import Change

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
