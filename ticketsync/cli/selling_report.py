"""
`ticketsync report selling`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from ticketsync.cli import context, report_options, terminal
from ticketsync.cli.context import Format, Json
from ticketsync.cli.report_options import BySale, PeriodText

if TYPE_CHECKING:
    from ticketsync.core.tables import Table


def selling(
    ctx: typer.Context,
    by: BySale = "sale",
    period: PeriodText = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    How your own box office sells: of the orders begun, how many were paid and how many
    expired, and how many seats are taken, for each show.

    Rates are of the orders that are no longer held. Tickets are those of these orders
    that are valid; seats and taken are of the whole show, now, with what platforms sold
    of it.

    Example: ticketsync report selling --period this-month
    """
    from ticketsync.cli import render
    from ticketsync.core import clock
    from ticketsync.reporting import boxoffice_selling, sales_report
    from ticketsync.store.business_zone import get_business_zone

    wanted = context.chosen_format(format, json)
    by = report_options.chosen("--by", by, sales_report.BY)
    with context.get_context(ctx).reading() as connection:
        table = boxoffice_selling.selling_table(
            connection,
            clock.now(),
            zone=get_business_zone(connection),
            by=by,
            period=report_options.chosen_period(connection, period),
        )
    if wanted != "table":
        render.machine(table, wanted)
    elif table.rows:
        _print(table)
    else:
        terminal.echo("Your box office has no such orders.")


_HEADINGS = {
    "starts_local": "SHOW",
    "cancelled": "GIVEN UP",
    "conversion": "PAID %",
    "expiry_rate": "EXPIRED %",
    "use_of_seats": "TAKEN %",
    "currency": "",
}


def _print(table: Table) -> None:
    from dataclasses import replace

    from ticketsync.cli import render
    from ticketsync.core import tables
    from ticketsync.reporting import boxoffice_selling

    columns = [column for column in table.columns if column.name != "show_id"]
    columns.sort(key=lambda column: column.name == "currency")  # the last one
    shown = [replace(c, heading=_HEADINGS.get(c.name)) for c in columns]
    render.report(
        table.shown(*shown),
        most={"production": 20},
        totals=boxoffice_selling.with_rates(tables.totals(table)).shown(*shown),
        label=lambda _: "all",
        optional=("cancelled", "expired", "held", "seats", "taken", "tickets"),
    )
