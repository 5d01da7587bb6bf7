"""
`ticketsync audit …`.
"""

from __future__ import annotations

from datetime import datetime
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
    render.Column("at", "WHEN (UTC)"),
    render.Column("who", "WHO", most=20),
    render.Column("action", "DID"),
    render.Column("subject", "WHAT", most=30),
    render.Column("change", "CHANGE", most=60),
)


@app.command("list")
def list_entries(
    ctx: typer.Context,
    account: Annotated[str, typer.Option(help="Only about this account.")] = "",
    show: Annotated[str, typer.Option(help="Only about this show.")] = "",
    since: Annotated[
        datetime | None, typer.Option(help="Only since this day (UTC).")
    ] = None,
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=100_000)] = 50,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List links made, refused and removed, switches, exclusions, pauses, changed
    accounts, dismissals and erasures: who did it, when, the values before and after.

    Example: ticketsync audit list --show gala
    """
    from dataclasses import asdict
    from datetime import UTC

    from ticketsync.accounts import state
    from ticketsync.catalogue import shows
    from ticketsync.reporting import audit_trail

    wanted = context.chosen_format(format, json)
    kind, subject_id, show_id = None, None, None
    with context.get_context(ctx).database().read() as connection:
        if account:
            kind, subject_id = "account", state.get_account(connection, account).id
        elif show:
            show_id = shows.find_show(connection, show).id
        found = audit_trail.list_entries(
            connection,
            kind=kind,
            subject_id=subject_id,
            show_id=show_id,
            since=since and since.replace(tzinfo=UTC),
            limit=limit,
        )
    rows = [{**asdict(entry), "change": entry.change} for entry in found]
    is_filtered = account or show or since
    render.show(
        rows,
        _COLUMNS,
        wanted,
        empty="No entries found." if is_filtered else "No entries yet.",
    )
