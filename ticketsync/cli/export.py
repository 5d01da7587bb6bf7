"""
`ticketsync export …`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, terminal
from ticketsync.cli.context import Force
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ticketsync.core.tables import Table

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Files: sales, financials, fees and refunds for accountants; a calendar.",
)

Format = Annotated[str, typer.Option("--format", help="csv or json.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")]
Raw = Annotated[bool, typer.Option("--raw", help="CSV for machines: texts unchanged.")]


@app.command("financials")
def export_financials(
    ctx: typer.Context,
    format: Format = "csv",
    output: Output = None,
    raw: Raw = False,
    force: Force = False,
) -> None:
    """
    One row per show, account and currency.
    """
    from ticketsync.reporting import numbers

    _export(ctx, numbers.figures_table, format, output, raw, force)


@app.command("sales")
def export_sales(
    ctx: typer.Context,
    format: Format = "csv",
    output: Output = None,
    raw: Raw = False,
    force: Force = False,
) -> None:
    """
    One row per order and show, of the tickets that count. What is linked to no show yet
    is listed without a show.
    """
    from ticketsync.reporting import sales

    _export(ctx, sales.sales_table, format, output, raw, force)


@app.command("refunds")
def export_refunds(
    ctx: typer.Context,
    format: Format = "csv",
    output: Output = None,
    raw: Raw = False,
    force: Force = False,
) -> None:
    """
    One row per refund movement and show, of the tickets that count: its day, the basis
    of that day, its amount.

    The basis is `reported` (the platform's date), `void` (when the ticket was voided),
    `seen` (when we first saw it) or `assumed` (it existed before the first read).
    """
    from ticketsync.reporting import sales

    _export(ctx, sales.refunds_table, format, output, raw, force)


@app.command("fees")
def export_fees(
    ctx: typer.Context,
    format: Format = "csv",
    output: Output = None,
    raw: Raw = False,
    force: Force = False,
) -> None:
    """
    One row per show and named fee.
    """
    from ticketsync.reporting import numbers

    _export(ctx, numbers.fees_table, format, output, raw, force)


@app.command("calendar")
def export_calendar(
    ctx: typer.Context,
    format: Annotated[str, typer.Option("--format", help="ics or json.")] = "ics",
    output: Output = None,
    since: Annotated[str, typer.Option(help="Shows from this date: 2026-01-31.")] = "",
    force: Force = False,
) -> None:
    """
    Every show once, for all platforms, with its sales in the title.

    Example: ticketsync export calendar --format ics -o season.ics
    """
    from ticketsync.catalogue import shows
    from ticketsync.core import clock, errors
    from ticketsync.reporting import calendar, exports, output_files

    if format not in ("ics", "json"):
        raise errors.UsageError(
            f"There is no calendar format {format!r}.", hint="Use ics or json."
        )
    app_context = context.get_context(ctx)
    with app_context.database().read() as connection:
        venue = shows.get_venue(connection)
        begin = context.start_of(connection, since) if since else None
        found = calendar.list_performances(connection, since=begin)
    if format == "json":
        rows = [
            {
                **asdict(show),
                "title": show.title,
                "starts_at": clock.iso(show.starts_at),
                "ends_at": clock.iso(show.ends_at),
            }
            for show in found
        ]
        is_ours = output_files.is_json("show_id")
        _write(ctx, lambda s: exports.write_json(rows, s), output, is_ours, force)
        return
    text = calendar.as_ics(found, name=venue.name, now=clock.now()).decode()
    if output is None:
        terminal.data_stream().write(text)
        return
    target = app_context.output_file(output, output_files.is_calendar, force=force)
    with exports.into_file(target) as stream:
        stream.write(text)
    app_context.say(f"{output}: {number_of(len(found), 'show')}")


def _export(
    ctx: typer.Context,
    report: Callable[[Connection], Table],
    format: str,
    output: Path | None,
    raw: bool,
    force: bool,
) -> None:
    """
    Write a report row by row, streamed from the database.
    """
    from ticketsync.core import errors
    from ticketsync.reporting import exports, output_files

    if format not in ("csv", "json"):
        raise errors.UsageError(
            f"There is no export format {format!r}.", hint="Use csv or json."
        )
    with context.get_context(ctx).database().read() as connection:
        table = report(connection)
        names = table.names
        is_csv, is_json = output_files.is_csv(names), output_files.is_json(names[0])
        _write(
            *(ctx, lambda file: exports.write(table, format, file, raw=raw), output),
            *(is_csv if format == "csv" else is_json, force),
        )


def _write(
    ctx: typer.Context,
    write: Callable[[IO[str]], int],
    output: Path | None,
    is_ours: Callable[[bytes], bool],
    force: bool,
) -> None:
    from ticketsync.reporting import exports

    if output is None:
        write(terminal.data_stream())
        return
    app_context = context.get_context(ctx)
    target = app_context.output_file(output, is_ours, force=force)
    with exports.into_file(target) as stream:
        count = write(stream)
    app_context.say(f"{output}: {number_of(count, 'row')}")
