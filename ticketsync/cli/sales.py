"""
`ticketsync sales …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, report_options, terminal
from ticketsync.cli.context import Format, Json, Limit, OnlyAccount, OnlyShow
from ticketsync.cli.report_options import AsOf, BySale, PeriodText

if TYPE_CHECKING:
    from ticketsync.core.tables import Table

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The orders behind the figures."
)


@app.callback()
def sales() -> None:
    """
    The orders behind the figures.
    """


@app.command("list")
def list_sales(
    ctx: typer.Context,
    show: OnlyShow = "",
    account: OnlyAccount = "",
    period: PeriodText = "",
    by: BySale = "sale",
    limit: Limit = 50,
    as_of: AsOf = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List orders, the newest first.

    A period holds the orders that were placed in it, by the calendar of your first
    venue; with --by show those for shows that play in it, by the calendar there.
    """
    from ticketsync.accounts import state
    from ticketsync.catalogue import selection
    from ticketsync.cli import render
    from ticketsync.core.tables import Table
    from ticketsync.reporting import sales as orders
    from ticketsync.reporting.export_filter import ExportFilter
    from ticketsync.store.business_zone import get_business_zone

    wanted = context.chosen_format(format, json)
    app_context = context.get_context(ctx)
    with app_context.reading(as_of) as connection:
        show_id = selection.find_show(connection, show).id if show else None
        if account:
            state.get_account(connection, account)
        zone = get_business_zone(connection)
        days = report_options.chosen_period(connection, period)
        chosen = (
            ExportFilter(zone=zone, sold=days)
            if report_options.chosen("--by", by, report_options.BY) == "sale"
            else ExportFilter(zone=zone, shows=days)
        )
        found = orders.sales_table(
            connection,
            show_id=show_id,
            account=account or None,
            limit=limit + 1,
            chosen=chosen,
        )
        rows = app_context.say_limited(list(found.rows), limit)
    table = Table(found.columns, rows)
    if wanted != "table":
        render.machine(table, wanted)
    elif table.rows:
        _print(table, zone)
    else:
        terminal.echo("No orders found.")


def _print(orders: Table, zone: str) -> None:
    from ticketsync.cli import render
    from ticketsync.core import tables
    from ticketsync.core.tables import Column, Kind

    table = orders.shown(
        Column("placed_at", Kind.INSTANT, "PLACED"),
        Column("order_id", heading="ORDER"),
        Column("status"),
        Column("production"),
        Column("platform"),
        Column("tickets", Kind.COUNT),
        Column("charged", Kind.MONEY),
        Column("refunded", Kind.MONEY),
        Column("fees", Kind.MONEY),
        Column("net", Kind.MONEY),
        Column("currency", heading=""),
        Column("promo_code", heading="PROMO"),
        Column("purchaser"),
    )
    render.report(
        table,
        most={"production": 18, "order_id": 24, "purchaser": 22, "promo_code": 14},
        in_full=("order_id",),
        optional=("net", "fees", "platform", "promo_code", "purchaser"),
        totals=tables.totals(table),
        label=lambda _: "these orders",
        zone=zone,
    )


@app.command("raw")
def show_raw(
    ctx: typer.Context,
    order: Annotated[str, typer.Argument(help="The platform's id of the order.")],
    account: Annotated[str, typer.Option(help="The account that has it.")] = "",
    json: Annotated[
        bool, typer.Option("--json", help="Accepted; it is always JSON.")
    ] = False,
) -> None:
    """
    Print every stored version of an order's raw record as JSON, the newest last.

    They are what the platform sent, without people.
    """
    from dataclasses import asdict

    from ticketsync.cli import render
    from ticketsync.workflows import raw_versions

    with context.get_context(ctx).database().read() as connection:
        found = raw_versions.list_raw_versions(connection, order, account)
    render.print_json([asdict(version) for version in found])
