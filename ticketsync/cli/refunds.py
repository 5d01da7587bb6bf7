"""
`ticketsync refunds …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, money_options, report_options, terminal
from ticketsync.cli.context import Format, Json
from ticketsync.cli.report_options import AsOf, PeriodText
from ticketsync.core.tables import Column, Kind

if TYPE_CHECKING:
    from ticketsync.core.tables import Table

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What went back to buyers."
)


@app.callback()
def refunds() -> None:
    """
    What went back to buyers.
    """


By = Annotated[
    str,
    typer.Option(
        help="Which day is in the period: of the refund or of the show.",
        metavar="refund|show",
    ),
]


@app.command("list")
def list_refunds(
    ctx: typer.Context,
    by: By = "refund",
    period: PeriodText = "",
    first: money_options.First = "",
    last: money_options.Last = "",
    account: money_options.Account = "",
    venue: money_options.Venue = "",
    production: money_options.Production = "",
    currency: money_options.Currency = "",
    past: money_options.Past = False,
    coming: money_options.Coming = False,
    as_of: AsOf = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List refunds, the newest day first: day, amount, order, show.

    The basis says where the day is from: reported (the platform's date), void (the day
    of the void), seen (the day we first saw it), or assumed (it was there at the first
    read). Sums are separate for each basis.
    """
    from ticketsync.cli import render
    from ticketsync.reporting import refund_report
    from ticketsync.workflows import money_view

    wanted = context.chosen_format(format, json)
    by = report_options.chosen("--by", by, refund_report.BY)
    asked = money_options.wanted(
        period=period,
        first=first,
        last=last,
        account=account,
        venue=venue,
        production=production,
        currency=currency,
        past=past,
        coming=coming,
    )
    with context.get_context(ctx).reading(as_of) as connection:
        chosen = money_view.read_filter(connection, asked)
        report = refund_report.refunds_table(connection, chosen, by=by)
        words = money_view.refunds_heading(connection, chosen, by)
    if wanted != "table":
        render.machine(report, wanted)
    elif report.rows:
        _print(report, words)
    else:
        terminal.echo("No refunds found.")


_COLUMNS = (
    Column("on_day", Kind.DAY, "DAY"),
    Column("basis"),
    Column("amount", Kind.MONEY),
    Column("currency", heading=""),
    Column("order_id", heading="ORDER"),
    Column("account"),
    Column("starts_local", Kind.LOCAL, "SHOW"),
    Column("production"),
)


def _print(report: Table, words: str) -> None:
    from ticketsync.cli import money_tables, render
    from ticketsync.core import tables
    from ticketsync.core.plurals import number_of
    from ticketsync.reporting import refund_report

    money_tables.echo_wrapped(words)
    terminal.echo()
    render.report(
        report.shown(*_COLUMNS),
        most={"production": 18, "order_id": 24, "account": 12},
        in_full=("order_id",),
        optional=("account", "production"),
    )
    terminal.echo()
    for row in tables.by_name(refund_report.sums_by_basis(report)):
        number = number_of(row["refunds"], "refund")
        basis = refund_report.BASES[row["basis"]]
        terminal.echo(f"{render.with_code(row['amount'])}, {number} by {basis}")
