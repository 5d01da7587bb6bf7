"""
`ticketsync match`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context
from ticketsync.cli.context import Json

if TYPE_CHECKING:
    from ticketsync.catalogue.matching import Match, MatchPlan, Unsure
    from ticketsync.core.config import Settings
    from ticketsync.store.engine import Database

app = typer.Typer(rich_markup_mode=None)
SHOWN = 6  # candidates offered for one date


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
    json: Json = False,
) -> None:
    """
    Say which platform date is which of your shows.

    On a terminal it asks about everything that is not certain.
    """
    from ticketsync.cli import render
    from ticketsync.core import errors
    from ticketsync.workflows import match as matching

    here = context.of(ctx)
    database, settings = here.database(), here.settings()
    if undo:
        _undo(here, database, settings, json)
        return
    with database.read() as session:
        plan = matching.plan(
            session, settings.match_tolerance, production=production or None
        )
    interactive = context.is_terminal() and not (yes or dry_run or json)
    if not (yes or dry_run or interactive or json):
        raise errors.NeedsTerminal(
            "Nobody is here to answer questions about dates.",
            hint="Use --yes for the certain pairs, or --dry-run.",
        )
    accepted = 0
    left = len(plan.unsure)
    if interactive:
        accepted, left = _converse(here, database, settings, plan)
    elif yes:
        accepted = matching.accept(
            database, settings, plan.certain, decided_by="machine", batch=_batch()
        )
    if json:
        render.print_json(_as_json(plan, accepted, left))
    elif not interactive:
        _print_plan(plan)
    if not json:
        verb = "would be linked" if dry_run else "linked"
        number = len(plan.certain) if dry_run else accepted
        here.say(f"{number} {verb}, {left} left for a person.")
    if strict and left:
        raise errors.NeedsMatching(
            f"{left} dates belong to no show yet.", hint="Run `ticketsync match`."
        )


def _undo(
    here: context.Here, database: Database, settings: Settings, json: bool
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
        here.say(
            f"Taken back: {undone.links} links and {undone.refusals} refusals "
            f"of {undone.batch}."
        )


def _print_plan(plan: MatchPlan) -> None:
    from ticketsync.cli import render

    rows = [
        {
            "mark": "+",
            "theirs": f"{pair.occurrence.event} {_utc(pair.occurrence.starts_at)}",
            "ours": f"{pair.show.show_id} {pair.show.production}",
            "why": pair.reason(),
        }
        for pair in plan.certain
    ] + [
        {
            "mark": "?",
            "theirs": f"{item.occurrence.event} {_utc(item.occurrence.starts_at)}",
            "ours": " / ".join(str(c.show.show_id) for c in item.candidates[:3]),
            "why": item.why,
        }
        for item in plan.unsure
    ]
    columns = [
        render.Column("mark", ""),
        render.Column("theirs", "THEIR DATE (UTC)", most=36),
        render.Column("ours", "YOUR SHOW", most=20),
        render.Column("why", "WHY", most=60),
    ]
    if rows:
        render.table(rows, columns)
    for remark in plan.remarks:
        typer.echo(remark)


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
    }


# With a person


def _converse(
    here: context.Here, database: Database, settings: Settings, plan: MatchPlan
) -> tuple[int, int]:
    """
    Certain pairs at once, then one question for each date that is not certain.

    Each answer is saved as it is given; answers how many were linked and left.
    """
    from ticketsync.workflows import match as matching

    batch = _batch()
    accepted = 0
    _print_plan(plan)
    if plan.certain and typer.confirm(
        f"Link the {len(plan.certain)} certain pairs?", default=True, err=True
    ):
        accepted += matching.accept(
            database, settings, plan.certain, decided_by="person", batch=batch
        )
    left = len(plan.unsure)
    taken: set[int] = set()
    for number, item in enumerate(plan.unsure, start=1):
        candidates = [c for c in item.candidates if c.show.show_id not in taken][:SHOWN]
        _describe(item, candidates, number, len(plan.unsure))
        answer = _answer(len(candidates))
        if answer == "q":
            break
        if answer == "n":
            date = item.occurrence.occurrence_id
            matching.refuse(database, date, None, batch=batch)
            left -= 1
        elif answer == "u":
            matching.undo(database, settings)
            here.say("The answers so far are taken back.")
            return 0, len(plan.unsure)
        elif answer.isdigit():
            chosen = candidates[int(answer) - 1]
            taken.add(chosen.show.show_id)
            accepted += matching.accept(
                database, settings, [chosen], decided_by="person", batch=batch
            )
            left -= 1
    return accepted, left


def _describe(item: Unsure, candidates: Sequence[Match], number: int, of: int) -> None:
    from ticketsync.core.redact import safe

    date = item.occurrence
    typer.echo(
        f"\n{number}/{of}  {safe(date.event)}, {_utc(date.starts_at)} UTC, "
        f"{safe(date.account)}: {item.why}",
        err=True,
    )
    for place, candidate in enumerate(candidates, start=1):
        show = candidate.show
        typer.echo(
            f"   {place}  show {show.show_id}  {safe(show.production)}, "
            f"{_utc(show.starts_at)} UTC  ({candidate.reason()})",
            err=True,
        )


def _answer(candidates: int) -> str:
    numbers = f"1-{candidates} choose, " if candidates else ""
    while True:
        answer = typer.prompt(
            f"   [{numbers}s skip, n never, u undo all, q quit and keep]",
            default="s",
            show_default=False,
            err=True,
        )
        answer = str(answer).strip().lower()
        if answer in ("s", "n", "u", "q"):
            return answer
        if answer.isdigit() and 1 <= int(answer) <= candidates:
            return answer


def _batch() -> str:
    from ticketsync.core import clock

    return f"match-{clock.now():%Y%m%d-%H%M%S}"


def _utc(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
