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
    from ticketsync.store.engine import Database


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
        bool, typer.Option("--undo", help="Take the last adoption back.")
    ] = False,
    batch: Annotated[
        str, typer.Option(help="With --undo: this adoption, not the last.")
    ] = "",
    yes: Yes = False,
) -> None:
    """
    Create shows from your platforms' occurrences, if you have no list of your own.

    --undo removes the links of an adoption and the shows that it made; orders stay
    stored. Shows whose guests were scanned stay.
    """
    from ticketsync.accounts import state
    from ticketsync.cli import render
    from ticketsync.core import errors
    from ticketsync.workflows import match

    app_context = context.get_context(ctx)
    if undo:
        if all_ or account:
            raise errors.UsageError(
                "--undo takes a whole adoption back.", hint="Use --batch to choose it."
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
    if dry_run:
        _print_plan(app_context, database, account_id, json=json)
        return
    made = match.adopt(database, app_context.settings(), account_id)
    if json:
        render.print_json({"shows_created": made.shows, "links_created": made.links})
        return
    app_context.say(
        f"{number_of(made.shows, 'show')} added, "
        f"{number_of(made.links, 'occurrence')} linked."
    )
    app_context.say("Next: ticketsync sync")


def _print_plan(
    app_context: AppContext, database: Database, account_id: int | None, *, json: bool
) -> None:
    from ticketsync.catalogue import adopting, occurrences
    from ticketsync.cli import render

    with database.read() as connection:
        unlinked = occurrences.list_occurrences(
            connection, account_id, only_unlinked=True
        )
        plan = adopting.plan_adoption(connection, unlinked)
    new = {
        (item.new.production, item.new.venue, item.new.starts_at)
        for item in plan
        if item.show_id is None
    }
    if json:
        render.print_json(
            {
                "shows_created": len(new),
                "links_created": len(plan),
                "dry_run": True,
                "shows": [_as_json(item) for item in plan],
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
    render.show(_rows(plan), columns, "table", empty="Every date is linked.")
    app_context.say(
        f"{number_of(len(new), 'show')} would be added, "
        f"{number_of(len(plan), 'occurrence')} linked."
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
    from ticketsync.workflows import adoptions

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
    if not dry_run and context.confirm("Take this adoption back?", yes):
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
