"""
`ticketsync shows adopt`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context
from ticketsync.cli.context import AppContext, Json, Yes
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ticketsync.catalogue.adopting import PlannedAdoption
    from ticketsync.workflows.matching.adoptions import AdoptionPlan


def adopt_shows(
    ctx: typer.Context,
    account: Annotated[
        str, typer.Option(help="Only occurrences of this account.")
    ] = "",
    all_: Annotated[
        bool, typer.Option("--all", help="All unlinked occurrences.")
    ] = False,
    json: Json = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be made.")
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Undo the last adoption.")
    ] = False,
    batch: Annotated[
        str, typer.Option(help="With --undo: this adoption, not the last.")
    ] = "",
    new: Annotated[
        bool,
        typer.Option("--new", help="Dates near a show of yours are other shows."),
    ] = False,
    yes: Yes = False,
) -> None:
    """
    Create shows from your platforms' occurrences, if you have no list of your own.

    A date that may be a show of yours at another minute is left out and named, with
    exit code 3: `match` links it, --new makes a show of it.

    --undo removes the links of an adoption and the shows that it made; orders stay
    stored. Shows whose guests were scanned stay.
    """
    from ticketsync.accounts import state
    from ticketsync.catalogue import occurrences
    from ticketsync.cli import earlier_steps, render
    from ticketsync.core import errors
    from ticketsync.workflows.matching import adoptions, match

    app_context = context.get_context(ctx)
    if undo:
        if all_ or account:
            raise errors.UsageError(
                "--undo undoes a whole adoption.", hint="Use --batch to choose it."
            )
        _undo(app_context, batch, dry_run=dry_run, yes=yes, json=json)
        return
    if batch or not (all_ or account):
        raise errors.UsageError(
            "Say which occurrences to adopt.", hint="Use --all, or --account NAME."
        )
    database = app_context.database()
    account_id = None
    if account:
        with database.read() as connection:
            account_id = state.get_account(connection, account).id
    settings = app_context.settings()
    with database.read() as connection:
        unlinked = occurrences.list_occurrences(
            connection, account_id, only_unlinked=True
        )
        plan = adoptions.plan_adoption(connection, settings, unlinked, near_are_new=new)
    if dry_run:
        _print_plan(app_context, plan, json=json)
        _end(app_context, plan)
        return
    made = match.adopt(database, settings, account_id, near_are_new=new)
    if json:
        render.print_json(
            {
                "shows_created": made.shows,
                "links_created": made.links,
                **_near_as_json(plan),
            }
        )
    else:
        app_context.say(
            f"{number_of(made.shows, 'show')} added, "
            f"{number_of(made.links, 'occurrence')} linked."
        )
        listed_nothing = earlier_steps.say_nothing_is_known(app_context, database)
        if not plan.near and not listed_nothing:
            app_context.say("Next: ticketsync sync")
    _end(app_context, plan)


def _end(app_context: AppContext, plan: AdoptionPlan) -> None:
    """
    Name the dates that are left to a person, and end with exit code 3 if there are any.
    """
    from ticketsync.core import errors

    if not plan.near:
        return
    dates = number_of(len(plan.near), "date")
    app_context.say(f"{dates} left out, near a show that they may be:")
    for text in errors.first_of([str(item) for item in plan.near]):
        app_context.say(f"  {text}")
    app_context.say(
        "Next: ticketsync match links them, ticketsync shows adopt --all --new makes "
        "shows of them"
    )
    raise typer.Exit(3)


def _near_as_json(plan: AdoptionPlan) -> dict[str, Any]:
    """
    The dates that are left to a person, where there are any.
    """
    from ticketsync.core import clock

    found = [
        {
            **_as_json(near.item),
            "show_id": near.show_id,
            "show_starts_at": clock.iso(near.match.show.starts_at),
        }
        for near in plan.near
    ]
    return {"near": found} if found else {}


def _print_plan(app_context: AppContext, plan: AdoptionPlan, *, json: bool) -> None:
    from ticketsync.cli import render

    if json:
        render.print_json(
            {
                "shows_created": plan.new_shows,
                "links_created": len(plan.items),
                "dry_run": True,
                "shows": [_as_json(item) for item in plan.items],
                **_near_as_json(plan),
            }
        )
        return
    columns = (
        render.Column("when", "WHEN", rigid=True),
        render.Column("production", "PRODUCTION", most=28),
        render.Column("venue", "VENUE", most=20),
        render.Column("account", "FROM", most=10),
        render.Column("show", "", rigid=True),
    )
    empty = "Nothing to adopt." if plan.near else "Every date is linked."
    render.show(_rows(plan.items), columns, "table", empty=empty)
    app_context.say(
        f"{number_of(plan.new_shows, 'show')} would be added, "
        f"{number_of(len(plan.items), 'occurrence')} linked."
    )
    app_context.say_dry_run()


def _rows(plan: Sequence[PlannedAdoption]) -> list[dict[str, Any]]:
    from ticketsync.catalogue import adopting
    from ticketsync.cli import render

    return [
        {
            "when": render.day(item.occurrence.starts_local),
            "production": item.new.production,
            "venue": item.new.venue,
            "account": item.occurrence.account,
            "show": "new" if item.show_id is None else f"show {item.show_id}",
        }
        for item in adopting.first_parts(plan)
    ]


def _as_json(item: PlannedAdoption) -> dict[str, Any]:
    from ticketsync.core import clock

    return {
        "production": item.new.production,
        "starts_at": clock.iso(item.new.starts_at),
        "venue": item.new.venue,
        "account": item.occurrence.account,
        "occurrence_id": item.occurrence.provider_occurrence_id,
        "show_id": item.show_id,
    }


def _undo(
    app_context: AppContext, batch: str, *, dry_run: bool, yes: bool, json: bool
) -> None:
    from dataclasses import asdict

    from ticketsync.cli import render
    from ticketsync.workflows.matching import adoptions

    database = app_context.database()
    with database.read() as connection:
        seen = adoptions.preview_undo(connection, batch)
    if not json:
        app_context.say(
            f"{seen.batch}: {number_of(seen.links, 'link')}, "
            f"{number_of(seen.shows, 'show')} that it made"
        )
        if seen.orders:
            amounts = ", ".join(str(amount) for amount in seen.gross)
            app_context.say(
                f"  {number_of(seen.orders, 'order')} leave the figures"
                f"{amounts and f' (gross {amounts})'}; they stay stored"
            )
        if seen.scanned:
            kept = number_of(seen.scanned, "show")
            app_context.say(f"  {kept} kept, because guests were scanned")
    is_done = False
    if not dry_run and context.confirm("Undo this adoption?", yes):
        seen = adoptions.undo(database, app_context.settings(), seen.batch)
        is_done = True
    if json:
        gross = [
            {"gross": amount.text, "currency": amount.currency} for amount in seen.gross
        ]
        render.print_json({**asdict(seen), "done": is_done, "gross": gross})
    elif is_done:
        app_context.say(
            f"{number_of(seen.links, 'link')} and "
            f"{number_of(seen.shows, 'show')} removed."
        )
    elif dry_run:
        app_context.say_dry_run()
