"""
`ticketsync match`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from ticketsync.cli import context, earlier_steps, terminal
from ticketsync.cli.context import Json
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ticketsync.catalogue.matching_rules.candidates import Match
    from ticketsync.catalogue.matching_rules.matching import MatchPlan
    from ticketsync.core.settings.config import Settings
    from ticketsync.store.engine import Database

MAX_NAMED = 20  # links that an undo names

app = typer.Typer(rich_markup_mode=None)


@app.command()
def match(
    ctx: typer.Context,
    production: Annotated[
        str, typer.Argument(help="Only shows of this production.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Link the certain pairs.")] = False,
    dry_run: Annotated[
        bool, typer.Option(help="Only show what would be done.")
    ] = False,
    strict: Annotated[
        bool, typer.Option(help="Exit 4 if any occurrence stays unmatched.")
    ] = False,
    undo: Annotated[bool, typer.Option(help="Undo the last batch.")] = False,
    only: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help="With --undo: only what was chosen (by hand), certain, linked by an "
            "offset, or adopted.",
        ),
    ] = "",
    to_file: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="FILE", help="Write the unmatched occurrences as CSV."
        ),
    ] = None,
    from_file: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="Apply decisions from such a file."
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            help="With --from: also link what looks like a mistake; with --to: replace "
            "a file that another program wrote."
        ),
    ] = False,
    all_or_nothing: Annotated[
        bool,
        typer.Option(
            "--all-or-nothing",
            help="With --from: change nothing if a row cannot be used.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """
    Match the platforms' occurrences with your shows.

    On a terminal it asks about everything that is not certain, once for all platforms
    of a night, and saves each answer as you give it. What you confirm teaches it: where
    an account lists a production so many minutes before the show, it proposes that for
    the other dates. If you prefer a spreadsheet, write the unmatched occurrences with
    --to, fill in the column `decision` (link, never, new, skip) and apply the file with
    --from; exit code 3 if a row cannot be used: it is named, the others are applied.

    Example: ticketsync match --to open.csv
    """
    from ticketsync.core import errors
    from ticketsync.workflows.matching import match as matching

    app_context = context.get_context(ctx)
    database, settings = app_context.database(), app_context.settings()
    if undo:
        _undo(app_context, only, json=json)
        return
    if from_file is not None:
        _apply_file(
            app_context,
            from_file,
            dry_run=dry_run,
            force=force,
            all_or_nothing=all_or_nothing,
            json=json,
        )
        return
    with database.read() as connection:
        plan = matching.plan(connection, settings, production=production or None)
    if to_file is not None:
        _write_file(app_context, plan, to_file, force=force)
        return
    can_go_on = yes or dry_run or context.is_terminal()
    if (
        can_go_on
        and not json
        and earlier_steps.say_nothing_is_known(app_context, database)
    ):
        return
    if yes or dry_run or json:
        _link_certain(
            app_context, database, settings, plan, yes=yes, dry_run=dry_run, json=json
        )
        left = len(plan.unsure)
    elif context.is_terminal():
        left = _ask(app_context, database, settings, production)
    elif not plan.certain and not plan.unsure:
        if not earlier_steps.say_nothing_is_known(app_context, database):
            app_context.say(_nothing_left(database))
        return
    else:
        raise errors.NeedsTerminal(
            "There is no terminal to ask about the unmatched occurrences on.",
            hint="Use --yes for the certain pairs, --dry-run, or --to FILE.",
        )
    if strict and left:
        raise errors.NeedsMatching(
            f"{number_of(left, 'occurrence')} {'is' if left == 1 else 'are'} "
            "not linked to a show yet.",
            hint="Run `ticketsync match`.",
        )


def _ask(
    app_context: context.AppContext,
    database: Database,
    settings: Settings,
    production: str,
) -> int:
    """
    Match interactively; returns how many dates are left.
    """
    from ticketsync.cli import match_screen
    from ticketsync.workflows.matching import match as matching
    from ticketsync.workflows.matching.match_session import MatchSession

    earlier_steps.say_without_shows(app_context, database)
    batch = matching.new_batch()
    match_session = MatchSession(database, settings, batch)
    left = match_screen.run_interactive(match_session, production or None)
    app_context.say(f"{match_session.linked:,} linked, {left:,} left to decide.")
    _say_next(app_context, match_session.linked, left)
    return left


def _say_next(app_context: context.AppContext, linked: int, left: int) -> None:
    """
    Say what to do after matching: read the sales of what was linked, or decide.
    """
    if linked:
        app_context.say("Next: ticketsync sync")
    elif left:
        app_context.say("Next: ticketsync match, or match --to FILE for a spreadsheet")


def _nothing_left(database: Database) -> str:
    """
    What to say where nothing is left to match: orders may belong to what has no date.
    """
    from ticketsync.reporting import unlinked_orders

    with database.read() as connection:
        unlinked = unlinked_orders.find_unlinked(connection)
    if unlinked is None:
        return "Every date is linked to a show."
    return f"{unlinked.after_matching}. Next: {unlinked.next_step}"


def _link_certain(
    app_context: context.AppContext,
    database: Database,
    settings: Settings,
    plan: MatchPlan,
    *,
    yes: bool,
    dry_run: bool,
    json: bool,
) -> None:
    """
    Link the certain pairs with `yes`, and print the plan.
    """
    from ticketsync.catalogue.matching_rules import questions
    from ticketsync.cli import match_tables, render
    from ticketsync.workflows.matching import match as matching

    accepted = 0
    if yes and not dry_run:
        accepted = matching.accept(
            database,
            settings,
            plan.certain,
            decided_by="machine",
            batch=matching.new_batch(),
        )
    if json:
        render.print_json(_as_json(plan, accepted, len(plan.unsure)))
        return
    left = questions.count_dates(plan.unsure)
    if left and not earlier_steps.has_shows(database):
        match_tables.print_first(plan)
        if dry_run:
            app_context.say_dry_run()
        earlier_steps.say_without_shows(app_context, database)
        return
    match_tables.print_plan(plan)
    verb = "would be linked" if dry_run else "linked"
    number = len(plan.certain) if dry_run else accepted
    app_context.say(f"{number:,} {verb}, {left:,} left to decide.")
    if dry_run:
        app_context.say_dry_run()
    else:
        _say_next(app_context, accepted, left)


def _write_file(
    app_context: context.AppContext, plan: MatchPlan, file: Path, *, force: bool
) -> None:
    from ticketsync.cli import output
    from ticketsync.reporting import file_writers, output_files
    from ticketsync.workflows.matching import match_sheet

    columns = match_sheet.COLUMNS
    count = output.write_text(
        app_context,
        file,
        lambda stream: file_writers.write_csv(match_sheet.rows(plan), columns, stream),
        is_ours=output_files.is_csv(columns),
        force=force,
    )
    if output.is_standard(file):
        return
    app_context.say(
        f"{number_of(count, 'occurrence')} in {file}. Fill in the column decision "
        f"(link, never, new, skip), then: ticketsync match --from {file}"
    )


def _apply_file(
    app_context: context.AppContext,
    file: Path,
    *,
    dry_run: bool,
    force: bool,
    all_or_nothing: bool,
    json: bool,
) -> None:
    from ticketsync.core import errors
    from ticketsync.workflows.matching import match_sheet

    database = app_context.database()
    with database.read() as connection:
        sheet = match_sheet.read_sheet(connection, file)
        if all_or_nothing:
            match_sheet.refuse_bad_rows(sheet, file)
        mistakes = match_sheet.implausible(connection, sheet.decisions)
    if mistakes and not force:
        _refuse(app_context, file, mistakes)
    verbs = [decision.verb for decision in sheet.decisions]
    counts = {verb: verbs.count(verb) for verb in ("link", "new", "never")}
    if not dry_run:
        done = match_sheet.apply(
            database, app_context.settings(), sheet.decisions, insists=force
        )
        counts = {"linked": done.linked, "refused": done.refused}
    _print_applied(app_context, counts, sheet.bad_rows, dry_run=dry_run, json=json)
    if sheet.bad_rows:
        raise typer.Exit(errors.PARTLY)


def _print_applied(
    app_context: context.AppContext,
    counts: dict[str, int],
    bad_rows: Sequence[str],
    *,
    dry_run: bool,
    json: bool,
) -> None:
    """
    What was done, or would be, and the rows that could not be used.
    """
    from ticketsync.cli import render
    from ticketsync.core.redact import safe

    if json:
        render.print_json({**counts, "bad_rows": list(bad_rows)})
        return
    text = ", ".join(f"{count:,} {verb}" for verb, count in counts.items())
    app_context.say(f"{'Would be done: ' if dry_run else ''}{text}.")
    for row in bad_rows:
        terminal.echo(f"Not used: {safe(row, longest=300)}", err=True)
    if dry_run:
        app_context.say_dry_run()


def _refuse(
    app_context: context.AppContext, file: Path, mistakes: list[str]
) -> NoReturn:
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    for mistake in mistakes:
        app_context.say(f"  {safe(mistake, longest=300)}")
    rows = number_of(len(mistakes), "row looks", "rows look")
    raise errors.GuardRefused(
        f"{file.name}: {rows} like a mistake ({safe(mistakes[0], longest=300)}"
        f"{'; …' if len(mistakes) > 1 else ''}). Nothing was changed.",
        hint="Correct them, or add --force if they are right.",
        word="guard-match",
    )


def _undo(app_context: context.AppContext, kind: str, *, json: bool) -> None:
    from dataclasses import asdict

    from ticketsync.catalogue import undoing
    from ticketsync.cli import render
    from ticketsync.core import errors
    from ticketsync.workflows.matching import match as matching
    from ticketsync.workflows.matching import match_words

    if kind and kind not in undoing.KINDS:
        raise errors.UsageError(
            f"There is no kind {kind!r} of links.",
            hint=f"One of {', '.join(undoing.KINDS)}.",
        )
    undone = matching.undo(app_context.database(), app_context.settings(), kind=kind)
    if undone is None:
        raise errors.NotFound("There is nothing to undo.", hint="")
    if json:
        render.print_json(asdict(undone))
        return
    app_context.say(f"Undone: {match_words.describe_undone(undone)} of {undone.batch}.")
    for line in undone.taken_back[:MAX_NAMED]:
        app_context.say(f"  {line}")
    if len(undone.taken_back) > MAX_NAMED:
        app_context.say(f"  and {len(undone.taken_back) - MAX_NAMED:,} more")


def _as_json(plan: MatchPlan, accepted: int, left: int) -> dict[str, Any]:
    return {
        "linked": accepted,
        "certain": [_pair_as_json(match) for match in plan.certain],
        "unsure": [
            {
                "date_id": item.occurrence.occurrence_id,
                "account": item.occurrence.account,
                "event": item.occurrence.event,
                "why": item.why,
                "candidates": [_pair_as_json(match) for match in item.candidates],
            }
            for item in plan.unsure
        ],
        "left": left,
        "remarks": list(plan.remarks),
        "unmatched_shows": [
            {
                "show_id": show.show_id,
                "production": show.production,
                "venue": show.venue,
                "starts_local": show.starts_local,
            }
            for show in plan.unmatched_shows
        ],
        "offsets": [
            {
                "account": proposal.offset.account,
                "production": proposal.offset.production,
                "minutes": proposal.offset.minutes,
                "pairs": proposal.offset.pairs,
                "date_ids": [m.occurrence.occurrence_id for m in proposal.matches],
            }
            for proposal in plan.offsets
        ],
    }


def _pair_as_json(match: Match) -> dict[str, Any]:
    return {
        "show_id": match.show.show_id,
        "date_id": match.occurrence.occurrence_id,
        "account": match.occurrence.account,
        "minutes_apart": match.minutes_apart,
        "likeness": match.likeness,
        "reason": match.reason(),
        "is_by_offset": match.is_by_offset,
    }
