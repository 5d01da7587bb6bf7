"""
`ticketsync checkin …`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context, terminal
from ticketsync.cli.context import Json, Show
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from ticketsync.workflows.door.checkin import Answer

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Check guests in at the door, and count them.",
)
Who = Annotated[
    str, typer.Argument(help="Code or QR text, ticket, order, e-mail or name.")
]
Door = Annotated[str, typer.Option(help="Which door, as in 'Door A'.")]
Group = Annotated[bool, typer.Option("--group", help="All tickets of the order.")]


@app.command("in")
def check_in(
    ctx: typer.Context,
    show: Show,
    who: Who,
    door: Door = "",
    group: Group = False,
    json: Json = False,
) -> None:
    """
    Check a guest in. A second time it says since when they are in (exit code 7).

    Example: ticketsync checkin in gala bc500012 --door "Door A"
    """
    from ticketsync.workflows.door import checkin

    database = context.get_context(ctx).database()
    at = checkin.find_scan_point(database, show, door)
    _print_answer(checkin.admit(database, at, who, group=group), json)


@app.command("undo")
def undo_check_in(
    ctx: typer.Context,
    show: Show,
    who: Who,
    door: Door = "",
    group: Group = False,
    json: Json = False,
) -> None:
    """
    Undo a check-in.
    """
    from ticketsync.workflows.door import checkin

    database = context.get_context(ctx).database()
    at = checkin.find_scan_point(database, show, door)
    _print_answer(checkin.take_back(database, at, who, group=group), json)


@app.command("count")
def count_guests(ctx: typer.Context, show: Show, json: Json = False) -> None:
    """
    Show how many guests are checked in, and at which doors.
    """
    from ticketsync.catalogue import selection
    from ticketsync.cli import render
    from ticketsync.door import attendees

    with context.get_context(ctx).database().read() as connection:
        found = selection.find_show(connection, show)
        count = attendees.count_guests(connection, found.id)
    if json:
        render.print_json(
            {
                "show_id": found.id,
                "admitted": count.admitted,
                "expected": count.expected,
                "doors": count.doors,
            }
        )
        return
    terminal.echo(
        f"{found.production}, {render.day(found.starts_local)}: "
        f"{count.admitted:,} of {count.expected:,} are in."
    )
    for name, number in sorted(count.doors.items()):
        terminal.echo(f"  {name or 'unnamed door'}: {number:,}")


@app.command("import")
def import_scans(
    ctx: typer.Context,
    show: Show,
    file: Annotated[Path, typer.Argument(help="Scans made while offline.")],
    door: Door = "",
    device: Annotated[str, typer.Option(help="The device that made them.")] = "offline",
    json: Json = False,
) -> None:
    """
    Merge scans that a door made while offline. The earliest scan of a ticket wins.
    Merging a file again changes nothing. Exit code 10 if someone was let in who should
    not have been, 3 if a line could not be read: it is named, the others are merged.

    CSV or a workbook with the columns at, code and, where known, kind (in, out), door,
    device, key.
    """
    from ticketsync.cli import render
    from ticketsync.core import errors, moments
    from ticketsync.core.redact import safe
    from ticketsync.workflows.door import checkin, merge_scans

    app_context = context.get_context(ctx)
    database = app_context.database()
    at = checkin.find_scan_point(database, show, door, device)
    zone = at.show.timezone
    merged = merge_scans.merge_file(database, at, file, skip_bad_lines=True)
    if json:
        conflicts = [
            {"at": moment, "who": who, "outcome": outcome}
            for moment, who, outcome in merged.conflicts
        ]
        render.print_json(
            {
                "outcomes": merged.outcomes,
                "conflicts": conflicts,
                "bad_lines": merged.bad_lines,
            }
        )
    else:
        counts = ", ".join(
            f"{n:,} {word}" for word, n in sorted(merged.outcomes.items())
        )
        scans = number_of(sum(merged.outcomes.values()), "scan")
        terminal.echo(f"{scans}: {counts or 'none'}.")
        for moment, who, outcome in merged.conflicts:
            scanned = moments.written(moment, zone)
            text = merge_scans.describe_conflict(safe(who), outcome, scanned)
            terminal.echo(f"  {text}")
        for line in merged.bad_lines:
            terminal.echo(f"Not read: {safe(line, longest=300)}")
    if merged.conflicts:
        raise typer.Exit(errors.DifferencesFound.exit_code)
    if merged.bad_lines:
        raise typer.Exit(errors.PARTLY)


@app.command("push")
def push(ctx: typer.Context) -> None:
    """
    Send check-ins to the platforms, for accounts with `push_check_ins: true` in the
    settings. `serve` does this automatically.
    """
    from ticketsync.core import errors
    from ticketsync.workflows.door import push_checkins

    app_context = context.get_context(ctx)
    app_context.log()
    results = push_checkins.check_ins(app_context.database(), app_context.settings())
    for result in results:
        if result.exit_code:
            context.print_error(result)
        else:
            app_context.say(f"{result.account}: sent.")
    if not results:
        app_context.say("There are no check-ins to send.")
    raise typer.Exit(errors.combined_exit_code([r.exit_code for r in results]))


def _print_answer(answer: Answer, json: bool) -> None:
    from ticketsync.cli import render
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    if json and answer.is_welcome:
        render.print_json(as_json(answer))
    elif answer.is_welcome:
        terminal.echo(safe(answer.message))
    elif answer.outcome == "several":
        names = "; ".join(
            f"{guest.ticket_id} ({guest.description})" for guest in answer.guests[:5]
        )
        raise errors.UsageError(
            f"{answer.message} {safe(names)}.",
            hint="Give the id of a ticket, or --group for one order.",
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
    The stable JSON shape of an answer.
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
                "seat": guest.seat,
                "answers": guest.answers,
            }
            for guest in answer.guests
        ],
    }
