"""
`ticketsync events …`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ticketsync.cli import context
from ticketsync.cli.context import Format, Json

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Read and list what platforms have on sale.",
)


@app.command("fetch")
def fetch_events(
    ctx: typer.Context,
    accounts: Annotated[list[str] | None, typer.Argument(help="All if none.")] = None,
    json: Json = False,
) -> None:
    """
    Read the listings of your platforms, without orders.
    """
    from dataclasses import asdict

    from ticketsync.cli import render
    from ticketsync.core import errors
    from ticketsync.workflows import sync

    here = context.of(ctx)
    results, notes = sync.fetch_listing(
        here.database(), here.settings(), accounts or []
    )
    if json:
        render.print_json({"accounts": [asdict(r) for r in results], "notes": notes})
    for result in results:
        if result.exit_code:
            context.complain(result)
        elif not json:
            counts = result.counts
            here.say(
                f"{result.account}: {counts.processed} listed, {counts.created} new, "
                f"{counts.updated} changed"
            )
    if not json:
        for note in notes:
            here.say(render.wrapped(note, indent="  "))
        here.say("Next: ticketsync shows adopt --all, or ticketsync match")
    raise typer.Exit(errors.combined_exit_code([r.exit_code for r in results]))


@app.command("list")
def list_events(
    ctx: typer.Context,
    unlinked: Annotated[bool, typer.Option(help="Only dates without a show.")] = False,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Show the dates that your platforms list, and which show each one feeds.
    """
    from ticketsync.catalogue import offers
    from ticketsync.cli import render
    from ticketsync.core import clock

    with context.of(ctx).database().read() as session:
        found = offers.all_offers(session, only_unlinked=unlinked)
    machine = [
        {
            "account": offer.account,
            "event_id": offer.event_id,
            "event": offer.event,
            "occurrence_id": offer.occurrence_id,
            "name": offer.name,
            "starts_at": clock.iso(offer.starts_at) if offer.is_dated else None,
            "timezone": offer.timezone,
            "status": "gone" if offer.gone_since else offer.status,
            "capacity": offer.capacity,
            "sold": offer.issued,
            "url": offer.url,
            "dashboard_url": offer.dashboard_url,
            "show_id": offer.show_id,
            "date_id": offer.id,
        }
        for offer in found
    ]
    rows = [
        {
            "date": offer.id,
            "when": render.day(offer.starts_local) if offer.is_dated else "no date",
            "name": offer.name,
            "account": offer.account,
            "theirs": offer.occurrence_id,
            "status": "gone" if offer.gone_since else offer.status,
            "show": offer.show_id or "–",
        }
        for offer in found
    ]
    columns = [
        render.Column("date", "DATE", numeric=True),
        render.Column("when", "WHEN", rigid=True),
        render.Column("name", "NAME", most=24),
        render.Column("account", "ACCOUNT"),
        render.Column("theirs", "THEIR ID"),
        render.Column("status", "STATUS"),
        render.Column("show", "SHOW", numeric=True),
    ]
    render.show(
        rows,
        columns,
        context.chosen_format(format, json),
        machine=machine,
        empty="Nothing listed. Run `ticketsync events fetch`.",
    )
