"""
`ticketsync checkin …`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context
from ticketsync.cli.context import Json

if TYPE_CHECKING:
    from ticketsync.workflows.checkin import Answer

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Let people in at the door, and count them.",
)
Show = Annotated[str, typer.Argument(help="Number, reference or part of its name.")]
Who = Annotated[
    str, typer.Argument(help="Code or QR text, ticket, order, e-mail or name.")
]
Door = Annotated[str, typer.Option(help="Which door, as in 'Door A'.")]
Group = Annotated[bool, typer.Option("--group", help="Everybody of the order.")]


@app.command("in")
def let_in(
    ctx: typer.Context,
    show: Show,
    who: Who,
    door: Door = "",
    group: Group = False,
    json: Json = False,
) -> None:
    """
    Let somebody in; the second time it says since when they are in (exit code 7).

    Example: ticketsync checkin in gala bc500012 --door "Door A"
    """
    from ticketsync.workflows import checkin

    database = context.get_context(ctx).database()
    at = checkin.at_show(database, show, door)
    _tell(ctx, checkin.admit(database, at, who, group=group), json)


@app.command("undo")
def let_out(
    ctx: typer.Context,
    show: Show,
    who: Who,
    door: Door = "",
    group: Group = False,
    json: Json = False,
) -> None:
    """
    Take back that somebody was let in.
    """
    from ticketsync.workflows import checkin

    database = context.get_context(ctx).database()
    at = checkin.at_show(database, show, door)
    _tell(ctx, checkin.take_back(database, at, who, group=group), json)


@app.command("count")
def count(ctx: typer.Context, show: Show, json: Json = False) -> None:
    """
    Show how many are in, and through which doors.
    """
    from ticketsync.catalogue import shows
    from ticketsync.cli import render
    from ticketsync.door import attendees

    with context.get_context(ctx).database().read() as session:
        found = shows.find_show(session, show)
        full = attendees.count_guests(session, found.id)
    if json:
        told = {"show_id": found.id, "admitted": full.admitted}
        render.print_json({**told, "expected": full.expected, "doors": full.doors})
        return
    typer.echo(
        f"{found.production}, {render.day(found.starts_local)}: "
        f"{full.admitted} of {full.expected} are in."
    )
    for name, number in sorted(full.doors.items()):
        typer.echo(f"  {name or 'no door named'}: {number}")


@app.command("import")
def import_scans(
    ctx: typer.Context,
    show: Show,
    file: Annotated[Path, typer.Argument(help="What an offline door wrote down.")],
    door: Door = "",
    device: Annotated[str, typer.Option(help="Which device wrote it.")] = "offline",
    json: Json = False,
) -> None:
    """
    Merge the scans of a door that was offline; the first scan wins, whoever comes
    first. Merging a file again changes nothing. Exit code 10 if somebody was let in who
    should not have been.

    CSV with the columns at, code and, where known, kind (in, out), door, device, key.
    """
    from ticketsync.cli import render
    from ticketsync.core import errors
    from ticketsync.core.redact import safe
    from ticketsync.workflows import checkin

    app_context = context.get_context(ctx)
    database = app_context.database()
    at = checkin.at_show(database, show, door, device)
    merged = checkin.merge(database, at, file)
    if json:
        conflicts = [
            {"at": moment, "who": who, "outcome": outcome}
            for moment, who, outcome in merged.conflicts
        ]
        render.print_json({"outcomes": merged.outcomes, "conflicts": conflicts})
    else:
        counts = ", ".join(f"{n} {word}" for word, n in sorted(merged.outcomes.items()))
        typer.echo(f"{sum(merged.outcomes.values())} scans: {counts or 'none'}.")
        for moment, who, outcome in merged.conflicts:
            typer.echo(f"  {render.when(moment)}  {safe(who)}: {outcome}")
    if merged.conflicts:
        raise typer.Exit(errors.DifferencesFound.exit_code)


@app.command("push")
def push(ctx: typer.Context) -> None:
    """
    Tell the platforms who is in, for accounts with `push_check_ins: true` in the
    settings; `serve` does so by itself.
    """
    from ticketsync.core import errors
    from ticketsync.workflows import push_checkins

    app_context = context.get_context(ctx)
    app_context.log()
    results = push_checkins.check_ins(app_context.database(), app_context.settings())
    for result in results:
        if result.exit_code:
            context.print_error(result)
        else:
            app_context.say(f"{result.account}: told.")
    if not results:
        app_context.say("No platform waits for check-ins.")
    raise typer.Exit(errors.combined_exit_code([r.exit_code for r in results]))


def _tell(ctx: typer.Context, answer: Answer, json: bool) -> None:
    from ticketsync.cli import render
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    if json and answer.is_welcome:
        render.print_json(as_json(answer))
    elif answer.is_welcome:
        typer.echo(safe(answer.message))
    elif answer.outcome == "several":
        names = "; ".join(
            f"{g.ticket_id} ({g.shown_name}, {g.type_name})" for g in answer.guests[:5]
        )
        raise errors.UsageError(
            f"{answer.message} {safe(names)}",
            hint="Give a ticket's number, or --group for one order.",
            word="several",
        )
    elif answer.outcome == "unknown":
        raise errors.NotFound(
            answer.message, hint="See `ticketsync attendees search`.", word="unknown"
        )
    else:
        raise errors.GuardRefused(
            answer.message,
            hint="See `ticketsync attendees search`.",
            word=answer.outcome,
        )


def as_json(answer: Answer) -> dict[str, Any]:
    """
    What a door is told, for machines.
    """
    return {
        "outcome": answer.outcome,
        "message": answer.message,
        "tickets": [
            {
                "ticket_id": guest.ticket_id,
                "order_id": guest.order_id,
                "account": guest.account,
                "name": guest.name,
                "type": guest.type_name,
                "in": guest.is_in,
            }
            for guest in answer.guests
        ],
    }
