"""
`ticketsync waiting …`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ticketsync.cli import context
from ticketsync.cli.context import Format, Json, Reason

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What needs attention: list it, dismiss it, restore it.",
)


@app.command("list")
def list_waiting(
    ctx: typer.Context,
    dismissed: Annotated[
        bool, typer.Option("--dismissed", help="What was dismissed, by whom and why.")
    ] = False,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List everything that needs attention, with the id to dismiss it by.
    """
    from ticketsync.cli import render
    from ticketsync.core import clock
    from ticketsync.reporting import waiting_records
    from ticketsync.workflows import waiting

    app_context = context.get_context(ctx)
    wanted = context.chosen_format(format, json)
    if dismissed:
        _list_dismissed(app_context, wanted)
        return
    with app_context.database().read() as connection:
        found = waiting.everything(connection, app_context.settings(), clock.now())
        unread = waiting_records.list_quarantined(connection)
    details = waiting.details(found, unread)
    render.show(
        [
            {"id": id_, "text": text}
            for item in found
            for id_, text in [
                (item.id, item.text),
                *(("", line) for line in details.get(item.id, ())),
            ]
        ],
        [
            render.Column("id", "ID", rigid=True),
            render.Column("text", "WHAT", below=True),
        ],
        wanted,
        machine=[item.as_json() for item in found],
        empty="Nothing needs your attention.",
    )


@app.command("dismiss")
def dismiss(
    ctx: typer.Context,
    ids: Annotated[
        list[str],
        typer.Argument(help="Ids from `waiting list`, or a kind for all of it."),
    ],
    reason: Reason = "",
) -> None:
    """
    Dismiss something until it changes.

    Example: ticketsync waiting dismiss not-on-sale:12 --reason "private hire"
    """
    from ticketsync.workflows import waiting

    app_context = context.get_context(ctx)
    found = waiting.dismiss(
        app_context.database(), app_context.settings(), ids, reason=reason
    )
    for item in found:
        app_context.say(f"Dismissed: {item.id}")


@app.command("restore")
def restore(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(help="Ids that were dismissed.")],
) -> None:
    """
    Restore something that was dismissed.
    """
    from ticketsync.core import errors
    from ticketsync.workflows import waiting

    app_context = context.get_context(ctx)
    number = waiting.restore(app_context.database(), ids)
    if number < len(set(ids)):
        raise errors.NotFound(
            f"Only {number:,} of {len(set(ids)):,} ids had been dismissed.",
            hint="See `ticketsync waiting list --dismissed`.",
        )
    app_context.say("Restored.")


def _list_dismissed(app_context: context.AppContext, format: str) -> None:
    from dataclasses import asdict

    from ticketsync.accounts import dismissals
    from ticketsync.cli import render
    from ticketsync.core import moments
    from ticketsync.store.business_zone import get_business_zone

    with app_context.database().read() as connection:
        found = dismissals.list_dismissals(connection)
        zone = get_business_zone(connection)
    render.show(
        [
            {
                "id": f"{item.kind}:{item.key}",
                "at": moments.written(item.dismissed_at, zone),
                "by": item.dismissed_by,
                "reason": item.reason,
            }
            for item in found
        ],
        [
            render.Column("id", "ID", rigid=True),
            render.Column("at", moments.heading("WHEN", zone), rigid=True),
            render.Column("by", "BY"),
            render.Column("reason", "WHY", below=True),
        ],
        format,
        machine=[asdict(item) for item in found],
        empty="Nothing was dismissed.",
    )
