"""
`ticketsync match`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from ticketsync.cli import context
from ticketsync.cli.context import Json

if TYPE_CHECKING:
    from ticketsync.catalogue.candidates import Match
    from ticketsync.catalogue.matching import MatchPlan
    from ticketsync.core.config import Settings
    from ticketsync.store.engine import Database

app = typer.Typer(rich_markup_mode=None)


@app.command()
def match(
    ctx: typer.Context,
    production: Annotated[str, typer.Argument(help="Only shows of this work.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Take the certain pairs.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Only say what would be done.")] = False,
    strict: Annotated[
        bool, typer.Option(help="Exit 4 if any date stays open.")
    ] = False,
    undo: Annotated[bool, typer.Option(help="Take back the last batch.")] = False,
    to_file: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Write the open dates as CSV."),
    ] = None,
    from_file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Take decisions from such a file."),
    ] = None,
    force: Annotated[
        bool, typer.Option(help="With --from: link what looks like a slip, too.")
    ] = False,
    json: Json = False,
) -> None:
    """
    Say which platform date is which of your shows.

    On a terminal it asks about everything that is not certain, and saves each answer
    as you give it. Who prefers a spreadsheet writes the open dates with --to, fills
    the column `decision` (link, never, new, skip) and reads the file with --from.

    Example: ticketsync match --to open.csv
    """
    from ticketsync.cli import match_screen, render
    from ticketsync.core import errors
    from ticketsync.workflows import match as matching

    app_context = context.get_context(ctx)
    database, settings = app_context.database(), app_context.settings()
    if undo:
        _undo(app_context, database, settings, json)
        return
    if from_file is not None:
        _from_file(
            app_context, database, settings, from_file, dry_run, force=force, json=json
        )
        return
    with database.read() as session:
        plan = matching.plan(session, settings, production=production or None)
    if to_file is not None:
        _to_file(app_context, plan, to_file)
        return
    interactive = context.is_terminal() and not (yes or dry_run or json)
    if not (yes or dry_run or interactive or json):
        raise errors.NeedsTerminal(
            "Nobody is here to answer questions about dates.",
            hint="Use --yes for the certain pairs, --dry-run, or --to FILE.",
        )
    accepted = 0
    left = len(plan.unsure)
    if interactive:
        match_session = matching.MatchSession(database, settings, matching.new_batch())
        left = match_screen.run_interactive(match_session, production or None)
        accepted = match_session.linked
    elif yes:
        accepted = matching.accept(
            database,
            settings,
            plan.certain,
            decided_by="machine",
            batch=matching.new_batch(),
        )
    if json:
        render.print_json(_as_json(plan, accepted, left))
    elif not interactive:
        match_screen.print_plan(plan)
    if not json:
        verb = "would be linked" if dry_run else "linked"
        number = len(plan.certain) if dry_run else accepted
        app_context.say(f"{number} {verb}, {left} left for a person.")
    if strict and left:
        raise errors.NeedsMatching(
            f"{left} dates belong to no show yet.", hint="Run `ticketsync match`."
        )


def _to_file(app_context: context.AppContext, plan: MatchPlan, file: Path) -> None:
    from ticketsync.reporting import exports
    from ticketsync.workflows import match_sheet

    with exports.into_file(file) as stream:
        count = exports.write_csv(match_sheet.rows(plan), match_sheet.COLUMNS, stream)
    app_context.say(
        f"{count} dates in {file}. Fill the column decision (link, never, new, skip), "
        f"then: ticketsync match --from {file}"
    )


def _from_file(
    app_context: context.AppContext,
    database: Database,
    settings: Settings,
    file: Path,
    dry_run: bool,
    *,
    force: bool,
    json: bool,
) -> None:
    from ticketsync.cli import render
    from ticketsync.workflows import match_sheet

    with database.read() as session:
        decisions = match_sheet.read(session, file)
        slips = match_sheet.implausible(session, decisions)
    if slips and not force:
        _refuse(app_context, file, slips)
    verbs = [decision.verb for decision in decisions]
    told = {verb: verbs.count(verb) for verb in ("link", "new", "never")}
    if not dry_run:
        done = match_sheet.apply(database, settings, decisions)
        told = {"linked": done.linked, "refused": done.refused}
    if json:
        render.print_json(told)
        return
    said = ", ".join(f"{count} {verb}" for verb, count in told.items())
    app_context.say(f"{'It would be: ' if dry_run else ''}{said}.")


def _refuse(app_context: context.AppContext, file: Path, slips: list[str]) -> NoReturn:
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    for slip in slips:
        app_context.say(f"  {safe(slip, longest=300)}")
    what = "1 row looks" if len(slips) == 1 else f"{len(slips)} rows look"
    raise errors.GuardRefused(
        f"{file.name}: {what} like a slip ({safe(slips[0], longest=300)}"
        f"{'; …' if len(slips) > 1 else ''}). Nothing was changed.",
        hint="Correct them, or add --force if they are right.",
        word="guard-match",
    )


def _undo(
    app_context: context.AppContext, database: Database, settings: Settings, json: bool
) -> None:
    from dataclasses import asdict

    from ticketsync.cli import render
    from ticketsync.core import errors
    from ticketsync.workflows import match as matching

    undone = matching.undo(database, settings)
    if undone is None:
        raise errors.NotFound("There is nothing to take back.", hint="")
    if json:
        render.print_json(asdict(undone))
    else:
        app_context.say(
            f"Taken back: {undone.links} links and {undone.refusals} refusals "
            f"of {undone.batch}."
        )


def _as_json(plan: MatchPlan, accepted: int, left: int) -> dict[str, Any]:
    def pair(match: Match) -> dict[str, Any]:
        return {
            "show_id": match.show.show_id,
            "date_id": match.occurrence.occurrence_id,
            "account": match.occurrence.account,
            "minutes_apart": match.minutes_apart,
            "likeness": match.likeness,
            "reason": match.reason(),
        }

    return {
        "linked": accepted,
        "certain": [pair(match) for match in plan.certain],
        "unsure": [
            {
                "date_id": item.occurrence.occurrence_id,
                "account": item.occurrence.account,
                "event": item.occurrence.event,
                "why": item.why,
                "candidates": [pair(match) for match in item.candidates],
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
    }
