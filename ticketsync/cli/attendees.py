"""
`ticketsync attendees …`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context, erasure
from ticketsync.cli import output as output_option
from ticketsync.cli.context import (
    DryRun,
    Force,
    Format,
    Json,
    OnlyAccount,
    OnlyShow,
    Show,
    Yes,
)
from ticketsync.cli.output import Output
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe

if TYPE_CHECKING:
    from ticketsync.cli.render import Column
    from ticketsync.door.attendees import Guest

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Ticket holders on all platforms; the door list.",
)


@app.command("list")
def list_attendees(
    ctx: typer.Context,
    show: Annotated[
        str, typer.Argument(help="Of this show; all shows if none is given.")
    ] = "",
    account: OnlyAccount = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also tickets that no longer admit anyone.")
    ] = False,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List all tickets with their holders and whether they are checked in.

    Names are available only for accounts that keep them (`people: true`).
    """
    from ticketsync.catalogue import selection
    from ticketsync.door import attendees

    wanted = context.chosen_format(format, json)
    with context.get_context(ctx).database().read() as connection:
        show_id = selection.find_show(connection, show).id if show else None
        guests = attendees.list_tickets(connection, show_id, account or None)
    _print([g for g in guests if everything or g.admits], wanted, with_show=not show)


@app.command("search")
def search_attendees(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="Code, id, e-mail, part of a name.")],
    show: OnlyShow = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Find tickets by code, id or holder.

    Example: ticketsync attendees search chen
    """
    from ticketsync.catalogue import selection
    from ticketsync.door import attendees

    wanted = context.chosen_format(format, json)
    with context.get_context(ctx).database().read() as connection:
        show_id = selection.find_show(connection, show).id if show else None
        guests = attendees.search_tickets(connection, text, show_id)
    nobody = (
        f"No ticket matches {safe(text)!r}. Try fewer letters, the surname or the "
        "order number; names are found only where they are kept."
    )
    _print(guests, wanted, with_show=not show, empty=nobody)


@app.command("doorlist")
def door_list(
    ctx: typer.Context,
    show: Show,
    format: Annotated[str, typer.Option("--format", help="pdf, csv or json.")] = "pdf",
    output: Output = None,
    force: Force = False,
) -> None:
    """
    Write the guest list for the door: every ticket once, from all platforms.

    Example: ticketsync attendees doorlist gala --format pdf -o gala.pdf
    """
    from ticketsync.catalogue import selection
    from ticketsync.core import clock, errors
    from ticketsync.door import attendees, parties
    from ticketsync.reporting import file_writers, output_files, printing

    if format not in ("pdf", "csv", "json"):
        raise errors.UsageError(
            f"There is no door list format {format!r}.", hint="Use pdf, csv or json."
        )
    app_context = context.get_context(ctx)
    with app_context.database().read() as connection:
        found = selection.find_show(connection, show)
        guests = attendees.list_guests(connection, found.id)
    note = parties.explain_missing_names(guests)
    if note:
        app_context.say(note)
    if format == "pdf":
        made = clock.local(clock.now(), found.timezone)
        document = printing.door_list(
            found,
            parties.group_by_order(guests),
            clock.format_moment(made),
            parties.say_names_missing(guests),  # on paper nobody can run a command
        )
        target = output or Path(f"{file_writers.file_name(found)}.pdf")
        output_option.write_bytes(
            app_context, target, document, is_ours=output_files.is_pdf, force=force
        )
        _say_written(app_context, len(guests), target)
        return
    rows = [_as_row(guest, format) for guest in guests]
    columns = list(rows[0]) if rows else ["ticket_id"]
    write = file_writers.write_csv if format == "csv" else _write_json
    is_csv, is_json = output_files.is_csv(columns), output_files.is_json(columns[0])
    is_ours = is_csv if format == "csv" else is_json
    output_option.write_text(
        app_context,
        output,
        lambda file: write(rows, columns, file),
        is_ours=is_ours,
        force=force,
    )
    _say_written(app_context, len(guests), output)


def _say_written(
    app_context: context.AppContext, guests: int, output: Path | None
) -> None:
    if not output_option.is_standard(output):
        app_context.say(f"{number_of(guests, 'guest')} in {output}.")


@app.command("forget")
def forget(
    ctx: typer.Context,
    who: Annotated[
        str, typer.Argument(help="Id of a ticket or an order, name or e-mail.")
    ],
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Erase the holder of a ticket; the same as `privacy erase`.

    Example: ticketsync attendees forget it_10442
    """
    erasure.erase(context.get_context(ctx), who, dry_run=dry_run, yes=yes, json=json)


def _write_json(rows: Any, columns: Any, stream: Any) -> int:
    from ticketsync.reporting import file_writers

    return file_writers.write_json(rows, stream)


def _as_json(guest: Guest) -> dict[str, Any]:
    """
    The stable JSON shape of one ticket, without its code.
    """
    values = asdict(guest)
    for name in ("id", "code", "shown_type", "is_signed"):
        del values[name]
    return values


def _as_row(guest: Guest, format: str) -> dict[str, Any]:
    """
    One ticket for JSON or CSV, where the answers are in one cell.
    """
    row = _as_json(guest)
    return {**row, "answers": guest.answers_text} if format == "csv" else row


def _print(
    guests: Sequence[Guest],
    wanted: str,
    *,
    with_show: bool,
    empty: str = "No tickets found.",
) -> None:
    from ticketsync.cli import render

    rows = [
        {
            "show": render.day(guest.starts_local),
            "name": guest.name,
            "order_id": guest.order_id,
            "ticket_id": guest.ticket_id,
            "type_name": guest.shown_type,
            "via": guest.account,
            "state": "in" if guest.is_in else guest.because or "expected",
            "seat": guest.seat,
            "answers": guest.answers_text,
        }
        for guest in guests
    ]
    name = _if_any(rows, render.Column("name", "NAME", most=22, in_full=True))
    seat = _if_any(rows, render.Column("seat", "SEAT", most=28, in_full=True))
    answers = _if_any(rows, render.Column("answers", "ANSWERS", most=30, in_full=True))
    # What a person at the door needs first fits 80 columns; JSON has everything.
    order = render.Column("order_id", "ORDER", most=14, in_full=True)
    has_order = not name or not (seat or answers)
    via = render.Column("via", "VIA", most=12, in_full=True)
    columns = [
        *([render.Column("show", "SHOW", rigid=True)] if with_show else []),
        *name,
        *([order] if has_order else []),
        render.Column("ticket_id", "TICKET", most=14, in_full=True),
        render.Column("type_name", "TYPE", most=24, in_full=True),
        *seat,
        *([] if answers and with_show else [via]),
        render.Column("state", "", most=12, in_full=True),
        *answers,
    ]
    machine = [_as_row(guest, wanted) for guest in guests]
    render.show(rows, columns, wanted, machine=machine, empty=empty)


def _if_any(rows: Sequence[dict[str, Any]], column: Column) -> list[Column]:
    """
    The column, unless it is empty in every row.
    """
    return [column] if any(row[column.key] for row in rows) else []
