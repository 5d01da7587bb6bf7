"""
`ticketsync export …`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, ledger_file, monthly_exports
from ticketsync.cli import output as output_option
from ticketsync.cli.context import Force
from ticketsync.cli.output import Output
from ticketsync.cli.report_options import AsOf
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ticketsync.core.settings.config import Settings
    from ticketsync.core.tables import Table
    from ticketsync.financials.period_order import PeriodEvent
    from ticketsync.reporting.export_filter import ExportFilter
    from ticketsync.reporting.export_formats import Report
    from ticketsync.reporting.output_files import IsOurs

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Files: sales, financials, fees and refunds for accountants; a calendar.",
)

Format = Annotated[
    str,
    typer.Option(
        "--format",
        help="csv, json, jsonl, xlsx or parquet; by default by the file's ending.",
        metavar="FORMAT",
    ),
]
Raw = Annotated[bool, typer.Option("--raw", help="CSV for machines: texts unchanged.")]
Excel = Annotated[
    bool, typer.Option("--excel", help="CSV that Excel opens as UTF-8 by itself.")
]
Shows = Annotated[
    str,
    typer.Option(
        "--shows",
        help="Only of shows in this time: 2026-11, last-week, FROM..TO.",
        metavar="PERIOD",
    ),
]
Sold = Annotated[
    str,
    typer.Option("--sold", help="Only what was bought in this time.", metavar="PERIOD"),
]
Refunded = Annotated[
    str,
    typer.Option(
        "--refunded", help="Only what went back in this time.", metavar="PERIOD"
    ),
]
Per = Annotated[
    str,
    typer.Option(
        help="What a row is for; days and months are those of the sale.",
        metavar="order|ticket|show|day|month",
    ),
]


@app.command("financials")
def export_financials(
    ctx: typer.Context,
    format: Format = "",
    output: Output = None,
    shows: Shows = "",
    as_of: AsOf = "",
    raw: Raw = False,
    excel: Excel = False,
    every: monthly_exports.Every = "",
    closed: monthly_exports.Closed = False,
    directory: monthly_exports.Directory = None,
    force: Force = False,
) -> None:
    """
    One row per show, account and currency.

    Example: ticketsync export financials --shows last-month -o financials.xlsx
    """
    from ticketsync.reporting import figures_of_shows

    _export(
        *(ctx, "financials", figures_of_shows.exported_figures, format, output),
        *(_Periods(shows=shows), as_of, raw, excel, force),
        monthly_exports.Monthly(every=every, closed=closed, directory=directory),
    )


@app.command("sales")
def export_sales(
    ctx: typer.Context,
    format: Format = "",
    output: Output = None,
    per: Per = "order",
    sold: Sold = "",
    shows: Shows = "",
    as_of: AsOf = "",
    raw: Raw = False,
    excel: Excel = False,
    every: monthly_exports.Every = "",
    closed: monthly_exports.Closed = False,
    directory: monthly_exports.Directory = None,
    force: Force = False,
) -> None:
    """
    One row per order and show, of the tickets that count. What is linked to no show yet
    is listed without a show.

    Example: ticketsync export sales --sold 2026-10 --shows 2026-11 -o unearned.csv
    """
    from functools import partial

    from ticketsync.core import errors
    from ticketsync.reporting import exported_sales

    if per not in exported_sales.PER:
        raise errors.UsageError(
            f"Sales cannot be listed per {per!r}.",
            hint=f"Use {', '.join(exported_sales.PER)}.",
        )
    report = partial(exported_sales.exported_table, per=per)
    name = "sales" if per == "order" else f"sales per {per}"
    _export(
        *(ctx, name, report, format, output),
        *(_Periods(sold=sold, shows=shows), as_of, raw, excel, force),
        monthly_exports.Monthly(
            every=every, closed=closed, directory=directory, options=("--per", per)
        ),
    )


@app.command("refunds")
def export_refunds(
    ctx: typer.Context,
    format: Format = "",
    output: Output = None,
    refunded: Refunded = "",
    shows: Shows = "",
    as_of: AsOf = "",
    raw: Raw = False,
    excel: Excel = False,
    every: monthly_exports.Every = "",
    closed: monthly_exports.Closed = False,
    directory: monthly_exports.Directory = None,
    force: Force = False,
) -> None:
    """
    One row per refund movement and show, of the tickets that count: its day, the basis
    of that day, its amount.

    The basis is `reported` (the platform's date), `void` (when the ticket was voided),
    `seen` (when we first saw it) or `assumed` (it existed before the first read).
    """
    from ticketsync.reporting import exported_sales

    _export(
        *(ctx, "refunds", exported_sales.exported_refunds, format, output),
        *(_Periods(refunded=refunded, shows=shows), as_of, raw, excel, force),
        monthly_exports.Monthly(every=every, closed=closed, directory=directory),
    )


@app.command("fees")
def export_fees(
    ctx: typer.Context,
    format: Format = "",
    output: Output = None,
    shows: Shows = "",
    as_of: AsOf = "",
    raw: Raw = False,
    excel: Excel = False,
    every: monthly_exports.Every = "",
    closed: monthly_exports.Closed = False,
    directory: monthly_exports.Directory = None,
    force: Force = False,
) -> None:
    """
    One row per show and named fee, with the rate where your own rates made it.
    """
    from ticketsync.reporting import named_fees

    _export(
        *(ctx, "fees", named_fees.exported_fees, format, output),
        *(_Periods(shows=shows), as_of, raw, excel, force),
        monthly_exports.Monthly(every=every, closed=closed, directory=directory),
    )


app.command("ledger")(ledger_file.export_ledger)


@app.command("calendar")
def export_calendar(
    ctx: typer.Context,
    format: Annotated[str, typer.Option("--format", help="ics or json.")] = "ics",
    output: Output = None,
    since: Annotated[str, typer.Option(help="Shows from this date: 2026-01-31.")] = "",
    as_of: AsOf = "",
    force: Force = False,
) -> None:
    """
    Every show once, for all platforms, with its sales in the title.

    Example: ticketsync export calendar --format ics -o season.ics
    """
    from ticketsync.catalogue import shows
    from ticketsync.core import clock, errors
    from ticketsync.reporting import calendar, file_writers, output_files

    if format not in ("ics", "json"):
        raise errors.UsageError(
            f"There is no calendar format {format!r}.", hint="Use ics or json."
        )
    app_context = context.get_context(ctx)
    with app_context.reading(as_of) as connection:
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
        _write(
            ctx,
            lambda file: file_writers.write_json(rows, file),
            output,
            is_ours=is_ours,
            force=force,
        )
        return
    text = calendar.as_ics(found, name=venue.name, now=clock.now()).decode()
    is_ours = output_files.is_calendar
    output_option.write_text(
        app_context, output, lambda file: file.write(text), is_ours=is_ours, force=force
    )
    if not output_option.is_standard(output):
        app_context.say(f"{output}: {number_of(len(found), 'show')}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Periods:
    """
    Times as a person typed them; an empty one is all time.
    """

    sold: str = ""
    refunded: str = ""
    shows: str = ""

    @classmethod
    def of_closed(cls, report: str, event: PeriodEvent) -> _Periods:
        """
        The days of a closed period, by what it was closed by; fees and figures are
        those of the shows that played in it.
        """
        days = f"{event.first}..{event.last}"
        if event.basis == "sale" and report.startswith("sales"):
            return cls(sold=days)
        if event.basis == "sale" and report == "refunds":
            return cls(refunded=days)
        return cls(shows=days)

    def read(self, connection: Connection) -> ExportFilter:
        from ticketsync.reporting.export_filter import ExportFilter
        from ticketsync.store.business_zone import get_business_zone
        from ticketsync.workflows import money_view

        return ExportFilter(
            zone=get_business_zone(connection),
            sold=money_view.parse_period(connection, self.sold),
            refunded=money_view.parse_period(connection, self.refunded),
            shows=money_view.parse_period(connection, self.shows),
        )


def _export(
    ctx: typer.Context,
    name: str,
    report: Callable[[Connection, ExportFilter], Table],
    format: str,
    output: Path | None,
    periods: _Periods,
    as_of: str,
    raw: bool,
    excel: bool,
    force: bool,
    of_months: monthly_exports.Monthly,
    settings: Settings | None = None,
) -> None:
    """
    Write a report row by row, streamed from the database; or a file for each closed
    month.
    """
    from ticketsync.core import errors
    from ticketsync.reporting import export_formats

    wanted = export_formats.chosen_format(format, output)
    if excel and wanted != "csv":
        raise errors.UsageError(
            f"--excel is for CSV, and the format is {wanted}.", hint="Leave one out."
        )
    if of_months.is_wanted:
        if output is not None or as_of or periods != _Periods():
            raise errors.UsageError(
                "A file for each closed month has its own name, time and instant.",
                hint="Leave out -o, --as-of and the periods.",
            )
        _export_months(ctx, name, report, wanted, raw, excel, of_months)
        return
    style = export_formats.CsvStyle(raw=raw, for_excel=excel)
    opened = context.get_context(ctx).reading(as_of, settings=settings)
    with opened as connection:
        chosen = periods.read(connection)
        exported = export_formats.Report(
            name=name,
            table=report(connection, chosen),
            zone=chosen.zone,
            about=[*chosen.in_words(), *_as_of_in_words(connection, as_of)],
        )
        is_ours = export_formats.recognised(exported, wanted)
        if wanted in export_formats.TEXT:
            _write(
                ctx,
                lambda file: export_formats.write_text(exported, wanted, file, style),
                output,
                is_ours=is_ours,
                force=force,
            )
        else:
            _write_path(ctx, exported, wanted, output, is_ours=is_ours, force=force)


def _export_months(
    ctx: typer.Context,
    name: str,
    report: Callable[[Connection, ExportFilter], Table],
    format: str,
    raw: bool,
    excel: bool,
    of_months: monthly_exports.Monthly,
) -> None:
    """
    Write the report as it was known when each month was closed, with its fee rates.
    """
    from ticketsync.core import clock
    from ticketsync.financials import closed_periods, frozen_fee_rates, period_order

    app_context = context.get_context(ctx)

    def write(event: PeriodEvent, path: Path) -> None:
        with app_context.database().read() as connection:
            closed = period_order.closed_now(closed_periods.list_events(connection))
        # In the very second in which it was closed, the present is what was known.
        is_past = event.closed_at < clock.now()
        as_of = str(clock.iso(event.closed_at)) if is_past else ""
        _export(
            *(ctx, name, report, format, path, _Periods.of_closed(name, event)),
            *(as_of, raw, excel, False, monthly_exports.Monthly()),
            frozen_fee_rates.settings_then(app_context.settings(), closed, event),
        )

    flags = [f for f, is_set in (("--raw", raw), ("--excel", excel)) if is_set]
    options = ["--format", format, *of_months.options, *flags]
    asked = replace(of_months, options=options)
    monthly_exports.run(ctx, asked, name.replace(" ", "-"), format, write)


def _as_of_in_words(connection: Connection, as_of: str) -> list[tuple[str, str]]:
    from ticketsync.cli import report_options
    from ticketsync.core import clock

    if not as_of:
        return []
    moment = report_options.present(connection, as_of)
    return [("as of", f"{clock.iso(moment)}, as it was known then")]


def _write_path(
    ctx: typer.Context,
    exported: Report,
    format: str,
    output: Path | None,
    *,
    is_ours: IsOurs,
    force: bool,
) -> None:
    """
    Write a format that is not text, and name the parts of a workbook that needs them.
    """
    from ticketsync.reporting import export_formats, workbooks

    app_context = context.get_context(ctx)
    count = output_option.write_path(
        app_context,
        output,
        lambda path: export_formats.write_path(exported, format, path),
        is_ours=is_ours,
        force=force,
    )
    parts = workbooks.parts_of(count)
    if format == "xlsx" and parts > 1:
        app_context.say(
            f"A sheet has at most {workbooks.MOST_ROWS:,} rows: the rest is on "
            f"{number_of(parts - 1, 'further sheet')}."
        )
    _say_count(app_context, output, count)


def _write(
    ctx: typer.Context,
    write: Callable[[IO[str]], int],
    output: Path | None,
    *,
    is_ours: Callable[[bytes], bool],
    force: bool,
) -> None:
    app_context = context.get_context(ctx)
    count = output_option.write_text(
        app_context, output, write, is_ours=is_ours, force=force
    )
    _say_count(app_context, output, count)


def _say_count(
    app_context: context.AppContext, output: Path | None, count: int
) -> None:
    if not output_option.is_standard(output):
        app_context.say(f"{output}: {number_of(count, 'row')}")
