"""
`ticketsync audit …`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ticketsync.cli import context, render
from ticketsync.cli.context import Format, Json

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Who decided what, and when."
)


@app.callback()
def audit() -> None:
    """
    Who decided what, and when.
    """


_COLUMNS = (
    render.Column("who", "WHO", most=20),
    render.Column("action", "DID", most=14),
    render.Column("topic", "WHAT", most=60, in_full=True),
    render.Column("change", "CHANGE", below=True),
)


@app.command("list")
def list_entries(
    ctx: typer.Context,
    account: Annotated[str, typer.Option(help="Only about this account.")] = "",
    show: Annotated[str, typer.Option(help="Only about this show.")] = "",
    who: Annotated[
        str, typer.Option(help="Only by people with this in their name.")
    ] = "",
    what: Annotated[
        str,
        typer.Option(
            help="Only this action or kind of subject, such as `link` or `venue`, or "
            "subjects with this in their name."
        ),
    ] = "",
    since: Annotated[str, typer.Option(help="Only since this day: 2026-11-01.")] = "",
    until: Annotated[str, typer.Option(help="Only until the end of this day.")] = "",
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=100_000)] = 50,
    everything: Annotated[
        bool, typer.Option("--all", help="List all of them.")
    ] = False,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List what people changed: venues, productions, shows and links, accounts, webhooks,
    visitors, dismissals, erasures, schedule and database. Who did it, when, the values
    before and after.

    Example: ticketsync audit list --show gala --who ana --since 2026-11-01
    """
    from dataclasses import asdict

    from ticketsync.accounts import state
    from ticketsync.catalogue import selection
    from ticketsync.core import moments
    from ticketsync.core.plurals import number_of
    from ticketsync.reporting import audit_trail
    from ticketsync.store.business_zone import get_business_zone

    wanted = context.chosen_format(format, json)
    account_id, show_id = None, None
    app_context = context.get_context(ctx)
    with app_context.database().read() as connection:
        if account:
            account_id = state.get_account(connection, account).id
        if show:
            show_id = selection.find_show(connection, show).id
        chosen = audit_trail.AuditFilter(
            account_id=account_id,
            show_id=show_id,
            who=who,
            what=what,
            since=context.start_of(connection, since) if since else None,
            until=context.start_of(connection, until, days_later=1) if until else None,
        )
        found = audit_trail.list_entries(
            connection, chosen, limit=None if everything else limit
        )
        older = audit_trail.count_entries(connection, chosen) - len(found)
        zone = get_business_zone(connection)
    if older > 0:
        entries = number_of(older, "older entry", "older entries")
        app_context.say(
            f"{entries} not listed; --all shows {'it' if older == 1 else 'them'}."
        )
    rows = []
    for entry in found:
        values = asdict(entry)
        account_of = values.pop("account")
        rows.append({**values, "change": entry.change, "account": account_of})
    shown = [
        {**row, "topic": entry.topic, "when": moments.written(entry.at, zone)}
        for entry, row in zip(found, rows, strict=True)
    ]
    is_filtered = account or show or who or what or since or until
    render.show(
        shown,
        [render.Column("when", moments.heading("WHEN", zone), rigid=True), *_COLUMNS],
        wanted,
        machine=rows,
        empty="No entries found." if is_filtered else "No entries yet.",
    )
