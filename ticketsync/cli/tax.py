"""
`ticketsync tax …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context, money_options, report_options, terminal
from ticketsync.cli import output as output_option
from ticketsync.cli.context import Force, Json
from ticketsync.cli.output import Output
from ticketsync.cli.report_options import AsOf, PeriodText
from ticketsync.core.tables import Column, Kind

if TYPE_CHECKING:
    from datetime import datetime

    from ticketsync.core.periods import Period
    from ticketsync.core.settings.config import Settings
    from ticketsync.core.tables import Table
    from ticketsync.financials.tax_returns import Box
    from ticketsync.reporting.export_formats import Report
    from ticketsync.workflows.month_end.tax_worksheets import TaxPeriod

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="How your sales are taxed, by your own rules.",
)

_FORMATS = ("table", "csv", "json", "xlsx", "pdf")
Format = Annotated[
    str,
    typer.Option(
        "--format",
        help="table, csv, json, xlsx or pdf; by default by the file's ending.",
        metavar="FORMAT",
    ),
]
Layout = Annotated[
    str,
    typer.Option(
        help="The return to fill; by default that of `business.country`.",
        metavar="bas|uk-vat|nz-gst|plain",
    ),
]
Orders = Annotated[
    bool, typer.Option("--orders", help="Each order instead of the sums.")
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Exit code 4 where the rules do not say everything."),
]
RULES = (
    Column("account"),
    Column("from", Kind.DAY),
    Column("rule"),
)


HOW_TO_RULE = (
    "There are no rules yet: write them under `tax` in the settings file, as "
    "`ticketsync config example` shows."
)


@app.command("rules")
def list_rules(
    ctx: typer.Context, format: context.Format = "table", json: Json = False
) -> None:
    """
    List the tax codes and rules of your settings, and the accounts without one.
    """
    from ticketsync.cli import render
    from ticketsync.core.tables import Table
    from ticketsync.workflows.month_end import tax_worksheets

    wanted = context.chosen_format(format, json)
    app_context = context.get_context(ctx)
    settings = app_context.settings()
    with app_context.database().read() as connection:
        rules = tax_worksheets.list_rules(connection, settings)
    table = Table(RULES, rules)
    if wanted != "table":
        render.machine(table, wanted)
        return
    codes = settings.tax.code_words()
    terminal.echo(f"Tax codes: {', '.join(codes)}." if codes else "No tax codes.")
    if not settings.tax.default and not settings.tax.accounts:
        terminal.echo(HOW_TO_RULE)
    terminal.echo(_who(settings))
    render.report(table, below=("rule",))


def _who(settings: Settings) -> str:
    """
    Who sells, and how it accounts, as a sentence.
    """
    from ticketsync.core.redact import safe

    business = settings.business
    named = [business.legal_name, business.tax_number]
    parts = [safe(name) for name in named if name]
    if business.registered_from is not None:
        parts.append(f"registered from {business.registered_from}")
    basis = f"{business.attribution} basis"
    return f"{', '.join([*parts, basis])}." if parts else f"{basis.capitalize()}."


@app.command("worksheet")
def worksheet(
    ctx: typer.Context,
    period: PeriodText = "",
    account: money_options.Account = "",
    as_of: AsOf = "",
    layout: Layout = "",
    orders: Orders = False,
    strict: Strict = False,
    format: Format = "",
    json: Json = False,
    output: Output = None,
    force: Force = False,
) -> None:
    """
    What the sales of a period come to for your tax return, by your own rules.

    A sale belongs to the day on which it was placed, a refund to its own day, by the
    calendar of your first venue. Without a rule an account is listed and not summed.
    """
    from ticketsync.core import errors
    from ticketsync.financials import tax_returns, tax_tables
    from ticketsync.workflows import money_view
    from ticketsync.workflows.month_end import tax_worksheets

    wanted = _chosen_format(format, json, output)
    app_context = context.get_context(ctx)
    settings = app_context.settings()
    if not period:
        raise errors.UsageError(
            "A worksheet is of one period.", hint="Add --period 2026-10, for example."
        )
    layout = layout or tax_returns.layout_of(settings.business.country)
    report_options.chosen("--layout", layout, tax_returns.LAYOUTS)
    with app_context.reading(as_of) as connection:
        choice = money_view.Wanted(period=period, account=account)
        chosen = money_view.read_filter(connection, choice)
        accounts = [chosen.account] if chosen.account else []
        now = report_options.present(connection, as_of)
        found = tax_worksheets.read_tax_period(
            connection, settings, chosen.period, accounts, now=now
        )
    moment = now if as_of else None
    shown = _Shown(found, settings, chosen.period, layout, orders, moment)
    shown.write(app_context, wanted, output, force=force)
    if strict and (found.sheet.open_lines or found.left_out):
        raise errors.PersonNeeded(
            f"The worksheet is not complete: {shown.first_problem()}",
            hint=tax_tables.HOW_TO_ANSWER,
            word="no-tax-rule",
        )


def _chosen_format(format: str, json: bool, output: Any) -> str:
    from ticketsync.core import errors

    ending = "" if output is None else output.suffix.lower().removeprefix(".")
    wanted = format or ("json" if json else ending if ending in _FORMATS else "table")
    report_options.chosen("--format", wanted, _FORMATS)
    if wanted == "table" and output is not None:
        raise errors.UsageError(
            "A table is for the terminal.", hint="Add --format csv, xlsx, pdf or json."
        )
    return wanted


class _Shown:
    """
    A worksheet with what is chosen of it.
    """

    def __init__(
        self,
        found: TaxPeriod,
        settings: Settings,
        period: Period,
        layout: str,
        orders: bool,
        moment: datetime | None,
    ) -> None:
        self.found = found
        self.settings = settings
        self.period = period
        self.layout = layout
        self.orders = orders
        self.moment = moment  # as of which it is

    def write(
        self, app_context: context.AppContext, format: str, output: Any, *, force: bool
    ) -> None:
        from ticketsync.reporting import export_formats, output_files, printing

        if format == "table":
            self.print()
        elif format == "json":
            output_option.write_text(
                app_context,
                output,
                self._write_json,
                is_ours=output_files.is_json_lines("period"),
                force=force,
            )
        elif format == "csv":
            report = self.report()
            output_option.write_text(
                app_context,
                output,
                lambda file: export_formats.write_text(
                    report, format, file, export_formats.CsvStyle()
                ),
                is_ours=export_formats.recognised(report, format),
                force=force,
            )
        elif format == "xlsx":
            report = self.report()
            output_option.write_path(
                app_context,
                output,
                lambda path: export_formats.write_path(report, format, path),
                is_ours=export_formats.recognised(report, format),
                force=force,
            )
        else:
            from pathlib import Path

            output_option.write_bytes(
                app_context,
                output or Path("-"),
                printing.tax_worksheet(self._heading(), self.table(), self._below()),
                is_ours=output_files.is_pdf,
                force=force,
            )

    def table(self) -> Table:
        from ticketsync.financials import tax_tables

        if self.orders:
            return tax_tables.orders_table(self.found.orders)
        return tax_tables.lines_table(self.found.sheet)

    def report(self) -> Report:
        from ticketsync.core import tables
        from ticketsync.core.tables import Table
        from ticketsync.reporting.export_formats import Report

        table = self.table()
        about = [("worksheet", self._heading())]
        about += [("", line) for line in self._below()]
        nothing = Table(table.columns, [])
        return Report(
            name="tax worksheet",
            table=table,
            zone=self.found.zone,
            about=about,
            totals=tables.totals(nothing),  # sales, refunds and fees are not one sum
        )

    def boxes(self) -> dict[str, list[Box]]:
        from ticketsync.financials import tax_returns

        sheet = self.found.sheet
        return {
            currency: tax_returns.fill_boxes(self.layout, sheet, currency)
            for currency in sheet.currencies
        }

    def first_problem(self) -> str:
        return (self._open() + self._left_out())[0]

    def print(self) -> None:
        from ticketsync.cli import money_tables, render

        money_tables.echo_wrapped(self._heading())
        terminal.echo()
        table = self.table()
        if not table.rows:
            terminal.echo("Nothing was sold, returned or kept in this period.")
        else:
            render.report(
                _for_people(table, self.orders),
                uncut=("account", "order_id"),
                in_full=("what",),
                below=("treatment",),
            )
            terminal.echo()
        for line in self._below():
            money_tables.echo_wrapped(line)

    def _heading(self) -> str:
        from ticketsync.core import clock, periods

        words = periods.in_words(self.period)
        days = f"Days are those of {self.found.zone}."
        parts = [f"Tax worksheet, {words}.", days, _who(self.settings)]
        if self.moment is not None:
            parts.append(f"As of {clock.iso(self.moment)}.")
        return " ".join(parts)

    def _below(self) -> list[str]:
        """
        What stands below the lines: totals, boxes, rules, and what is in no sum.
        """
        from ticketsync.financials import tax_tables

        sheet = self.found.sheet
        lines = [tax_tables.total_words(total) for total in sheet.totals]
        closed = self.found.closed
        what_to_do = tax_tables.how_to_fill(None if closed is None else closed.name)
        lines += [
            tax_tables.boxes_words(self.layout, boxes, currency, what_to_do)
            for currency, boxes in self.boxes().items()
            if boxes
        ]
        lines += self._open() + self._left_out()
        lines += tax_tables.rule_words(self.found.rules)
        codes = self.found.codes
        lines += [f"Tax codes: {', '.join(codes)}."] if codes else []
        lines.append("The rules are your own statement.")
        if not self.settings.tax.default and not self.settings.tax.accounts:
            lines.append(HOW_TO_RULE)
        if closed is not None:
            lines.append(
                f"{closed.name} is closed: this is what was closed, and what changed "
                "since is in `ticketsync period adjustments`."
            )
        return lines

    def _open(self) -> list[str]:
        from ticketsync.financials import tax_tables

        return tax_tables.open_words(self.found.sheet)

    def _left_out(self) -> list[str]:
        from ticketsync.core import money
        from ticketsync.core.plurals import number_of

        why = {
            "unlinked": "linked to no show: see `ticketsync match`",
            "switched-off": "switched off, or of shows that are left out",
        }
        return [
            f"Not in the worksheet: {item.account}, {number_of(item.orders, 'order')}, "
            f"{money.grouped_text(item.charged, item.currency)} {item.currency}, "
            f"{why[item.why]}."
            for item in self.found.left_out
        ]

    def _write_json(self, stream: Any) -> int:
        from ticketsync.cli import render
        from ticketsync.core import clock, tables
        from ticketsync.financials import tax_tables

        sheet = self.found.sheet
        first, last = self.period.first, self.period.last
        rows = list(tables.records(self.table()))
        value = {
            "period": {
                "first": None if first is None else first.isoformat(),
                "last": None if last is None else last.isoformat(),
                "zone": self.found.zone,
            },
            "as_of": None if self.moment is None else clock.iso(self.moment),
            "attribution": self.settings.business.attribution,
            "orders" if self.orders else "lines": rows,
            "totals": list(tables.records(tax_tables.totals_table(sheet))),
            "layout": self.layout,
            "boxes": {
                currency: tax_tables.box_records(boxes, currency)
                for currency, boxes in self.boxes().items()
            },
            "rules": dict(self.found.rules),
            "problems": self._open() + self._left_out(),
            "is_closed": self.found.closed is not None,
        }
        render.print_json(value, stream)
        return len(rows)


def _for_people(table: Table, orders: bool) -> Table:
    """
    The columns for a terminal.
    """
    from ticketsync.core.tables import Table
    from ticketsync.financials import tax_tables

    flow, what = table.position("flow"), table.position("what")
    rows = []
    for row in table.rows:
        cells = list(row)
        cells[what] = tax_tables.movement_words(row[flow], row[what])
        rows.append(tuple(cells))
    first = (
        (
            Column("day", Kind.DAY),
            Column("account"),
            Column("order_id", heading="ORDER"),
        )
        if orders
        else (Column("account"),)
    )
    number = () if orders else (Column("orders", Kind.NUMBER),)
    return Table(table.columns, rows).shown(
        *first,
        Column("what"),
        Column("treatment"),
        *number,
        Column("amount", Kind.MONEY, "WITH TAX"),
        Column("tax", Kind.MONEY),
        Column("currency", heading=""),
    )
