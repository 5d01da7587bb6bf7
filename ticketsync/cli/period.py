"""
`ticketsync period …`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, period_output, terminal
from ticketsync.cli.context import Force, Format, Json, Yes
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from ticketsync.financials.frozen_lines import FrozenLine
    from ticketsync.financials.period_order import PeriodEvent
    from ticketsync.workflows.month_end.period_export import Month

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Close months, so that their figures stay as they are.",
)


@app.callback()
def period() -> None:
    """
    Close months, so that their figures stay as they are.
    """


Name = Annotated[
    str, typer.Argument(help="The period: 2026-10, 2026-Q4, FROM..TO, last-month.")
]
ClosedName = Annotated[str, typer.Argument(help="A closed period: 2026-10.")]
Version = Annotated[
    int | None,
    typer.Option(help="An earlier version, of a period that was reopened.", min=1),
]


@app.command("close")
def close_period(
    ctx: typer.Context,
    name: Name,
    by: Annotated[
        str,
        typer.Option(
            help="Which day decides: of the sale or of the show. The first period "
            "settles it; by default sale.",
            metavar="sale|show",
        ),
    ] = "",
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 4 where something is open.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show the checklist and the sums.")
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Close a period: from then on its figures are what they are now.

    Periods are closed in order, each when it is over. What changes later is booked as
    an adjustment in the next one, with its cause. What is still open is listed first;
    on a terminal it is asked whether to close anyway.
    """
    from ticketsync.cli import report_options
    from ticketsync.financials import period_order
    from ticketsync.workflows.month_end import close

    if by:
        report_options.chosen("--by", by, period_order.BASES)
    app_context = context.get_context(ctx)
    database, settings = app_context.database(), app_context.settings()
    with database.read() as connection:
        app_context.say_unfinished(connection)
    if dry_run or (context.is_terminal() and not yes):
        draft = close.review(database, settings, name, basis=by)
        period_output.print_checklist(draft)
        if dry_run:
            period_output.print_sums(draft, "would be closed")
            app_context.say_dry_run()
            return
        if strict:
            close.refuse_open(draft)
        is_sound = not draft.open_items
        if not is_sound and not context.confirm(f"Close {draft.name} anyway?", yes):
            return
    closed = close.close(database, settings, name, basis=by, strict=strict)
    if json:
        _print_json(closed.event)
        return
    if yes or not context.is_terminal():
        period_output.print_checklist(closed.draft)
    period_output.print_sums(closed.draft, "closed")
    terminal.echo(
        f"Fingerprint {period_output.fingerprint(closed.event)}. Later changes are "
        "booked as adjustments in the next period."
    )


def _print_json(value: PeriodEvent) -> None:
    from ticketsync.cli import render
    from ticketsync.workflows.month_end import period_export

    render.print_json(period_export.about(value))


@app.command("reopen")
def reopen_period(
    ctx: typer.Context,
    name: ClosedName,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")] = "",
    yes: Yes = False,
) -> None:
    """
    Reopen the newest closed period, and only that one; what was closed is kept as a
    version of it.
    """
    from ticketsync.workflows.month_end import close

    app_context = context.get_context(ctx)
    if context.is_terminal() and not context.confirm(f"Reopen {name}?", yes):
        return
    event = close.reopen(app_context.database(), name, reason)
    terminal.echo(
        f"{event.name} is open again. Version {event.version} of it is kept; close it "
        f"with `ticketsync period close {event.name}`."
    )


@app.command("list")
def list_periods(
    ctx: typer.Context, format: Format = "table", json: Json = False
) -> None:
    """
    List closed periods and their versions, the oldest first.
    """
    from ticketsync.cli import render
    from ticketsync.core.tables import Table
    from ticketsync.financials import closed_periods, period_order
    from ticketsync.store.business_zone import get_business_zone

    wanted = context.chosen_format(format, json)
    with context.get_context(ctx).database().read() as connection:
        events = closed_periods.list_events(connection)
        zone = get_business_zone(connection)
    closed = {event.id for event in period_order.closed_now(events)}
    rows = [
        (
            *(event.name, period_output.state(event, closed), event.version),
            *(event.first, event.last, event.basis, event.line_count),
            *(event.closed_at, event.closed_by, period_output.fingerprint(event)),
            *(event.reason, event.zone),
        )
        for event in events
    ]
    table = Table(period_output.PERIODS, rows)
    if wanted != "table":
        render.machine(table, wanted)
    elif not rows:
        terminal.echo("No period has been closed yet.")
    else:
        shown = ("name", "state", "version", "lines", "closed_at", "fingerprint")
        columns = [column for column in period_output.PERIODS if column.name in shown]
        render.report(
            table.shown(*columns),
            optional=("lines", "version"),
            uncut=("name",),
            zone=zone,
        )
        first = period_order.next_first(period_order.closed_now(events))
        if first is not None:
            terminal.echo(f"The next period begins on {first}.")


@app.command("show")
def show_period(
    ctx: typer.Context,
    name: ClosedName,
    version: Version = None,
    per: Annotated[
        str,
        typer.Option(
            help="What a row is for; a table has accounts or shows.",
            metavar="account|show|order|refund|adjustment|line",
        ),
    ] = "account",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Show what was closed: the sums by account, adjustments of earlier periods by cause,
    the rules. They are read from what was frozen, and from nothing else.
    """
    from ticketsync.cli import render, report_options
    from ticketsync.core import errors

    wanted = context.chosen_format(format, json)
    month = _read_month(ctx, name, version)
    tables = month.tables()
    by_name = {
        "account": "accounts",
        "show": "shows",
        "order": "sales",
        "refund": "refunds",
        "adjustment": "adjustments",
        "line": "lines",
    }
    report_options.chosen("--per", per, by_name)
    table = tables[by_name[per]]
    if wanted == "csv":
        render.machine(table, wanted)
    elif wanted == "json":
        period_output.print_month(month, by_name[per], table)
    elif per in period_output.SHOWN:
        period_output.print_shown(month, table, per)
    else:
        raise errors.UsageError(
            f"A table has no room for --per {per}.",
            hint="Add --format csv or --json, or use `ticketsync period export`.",
        )


def _name_of(ctx: typer.Context, text: str) -> str:
    """
    The name of the period that a person means.

    Raises: `UsageError`.
    """
    from ticketsync.financials import period_order
    from ticketsync.workflows.month_end import close

    with context.get_context(ctx).database().read() as connection:
        return period_order.name_of(close.parse_name(connection, text))


def _read_month(ctx: typer.Context, name: str, version: int | None) -> Month:
    from ticketsync.workflows.month_end import period_export

    found = _name_of(ctx, name)
    with context.get_context(ctx).database().read() as connection:
        return period_export.read_month(connection, found, version)


@app.command("verify")
def verify_periods(ctx: typer.Context, json: Json = False) -> None:
    """
    Compute all digests of closed periods again. Exit code 10 if a row is not as it was
    closed; the row is named.
    """
    from ticketsync.cli import render
    from ticketsync.core.redact import safe
    from ticketsync.financials import frozen_lines, verifying

    with context.get_context(ctx).database().read() as connection:
        found = verifying.verify(connection)
    end = frozen_lines.fingerprint(found.chain) if found.chain else ""
    if json:
        render.print_json(
            {
                "periods": found.periods,
                "lines": found.lines,
                "fingerprint": end,
                "flaws": [
                    {"table": flaw.table, "row": safe(flaw.row), "what": flaw.what}
                    for flaw in found.flaws
                ],
            }
        )
    else:
        closings = number_of(found.periods, "closing")
        lines = number_of(found.lines, "line")
        verdict = "not as they were closed" if found.flaws else "as they were closed"
        terminal.echo(f"{closings}, {lines}: {verdict}.")
        for flaw in found.flaws:
            terminal.echo(safe(f"{flaw.table}: {flaw.row} {flaw.what}", longest=500))
        if end and not found.flaws:
            terminal.echo(f"Fingerprint {end}.")
    if found.flaws:
        raise typer.Exit(10)


@app.command("adjustments")
def list_adjustments(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(help="Those that were booked in this closed period."),
    ] = "",
    origin: Annotated[
        str, typer.Option(help="Only what changes this period.", metavar="PERIOD")
    ] = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List what has changed of closed periods since, order by order, each with its cause.
    It is booked in the next period that is closed.
    """
    from ticketsync.cli import render
    from ticketsync.financials import period_tables
    from ticketsync.store.business_zone import get_business_zone

    wanted = context.chosen_format(format, json)
    with context.get_context(ctx).database().read() as connection:
        zone = get_business_zone(connection)
    lines, names = _adjustments(ctx, name)
    if origin:
        wanted_name = _name_of(ctx, origin)
        lines = [line for line in lines if names.get(line.origin_id) == wanted_name]
    found = period_tables.adjustments_table(lines, names)
    if wanted != "table":
        render.machine(found, wanted)
        return
    if not found.rows:
        terminal.echo("No adjustments.")
        return
    causes = period_tables.causes_table(lines, names)
    period_output.print_adjustments(found, causes, zone)


def _adjustments(
    ctx: typer.Context, name: str
) -> tuple[list[FrozenLine], dict[int, str]]:
    """
    Open adjustments, or those booked in a period, and the names of periods.
    """
    from ticketsync.financials import closed_periods
    from ticketsync.workflows.month_end import close

    if name:
        month = _read_month(ctx, name, None)
        return month.lines, dict(month.names)
    app_context = context.get_context(ctx)
    with app_context.reading() as connection:
        lines = close.open_adjustments(connection, app_context.settings())
        names = {e.id: e.name for e in closed_periods.list_events(connection)}
    return lines, names


@app.command("export")
def export_period(
    ctx: typer.Context,
    name: ClosedName,
    directory: Annotated[
        Path,
        typer.Option("--dir", help="Where to make the folder of the period."),
    ] = Path(),
    version: Version = None,
    force: Force = False,
) -> None:
    """
    Write a folder with everything that was closed: CSV files, a workbook, a statement,
    the tax worksheet, the books for hledger and beancount, and SHA256SUMS. Written
    again next year it is the same, byte for byte.

    Example: ticketsync period export 2026-10 --dir books
    """
    from ticketsync.cli import report_options
    from ticketsync.workflows.month_end import period_export

    app_context = context.get_context(ctx)
    month = _read_month(ctx, name, version)
    folder = report_options.make_folder(directory / month.event.name)
    with app_context.database().read() as connection:
        files = period_export.write_folder(
            connection,
            month,
            folder,
            lambda path, is_ours: app_context.output_file(path, is_ours, force=force),
        )
    app_context.say(f"{folder}: {number_of(len(files), 'file')}")
    if not any(file.endswith(".pdf") for file in files):
        from ticketsync.core import extras

        app_context.say(
            "No statement as a PDF: it needs typst. Run "
            f"`{extras.install_command('pdf')}` and export again."
        )
