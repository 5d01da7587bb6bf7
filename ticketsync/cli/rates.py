"""
`ticketsync rates …`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ticketsync.cli import context, terminal
from ticketsync.cli.context import Format, Json
from ticketsync.core.plurals import number_of

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Exchange rates, to see totals of several currencies in one.",
)


@app.callback()
def rates() -> None:
    """
    Exchange rates, to see totals of several currencies in one.
    """


@app.command("import")
def import_rates(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The bank's file, .csv or .zip.")],
) -> None:
    """
    Import the rates that a central bank offers for download.

    Known are eurofxref-hist.csv of the European Central Bank, table F11.1 of the
    Reserve Bank of Australia and FX_RATES_DAILY.csv of the Bank of Canada.
    """
    from ticketsync.workflows import exchange_rates

    app_context = context.get_context(ctx)
    found = exchange_rates.import_rates(app_context.database(), file)
    changed = found.saved.changed
    more = f", {number_of(changed, 'corrected one')}" if changed else ""
    app_context.say(
        f"{found.source}, {found.first} to {found.last}: "
        f"{number_of(found.saved.new, 'new rate')}{more}."
    )


@app.command("list")
def list_rates(
    ctx: typer.Context, format: Format = "table", json: Json = False
) -> None:
    """
    List whose rates there are, and of which days.
    """
    from ticketsync.cli import render
    from ticketsync.financials import stored_exchange_rates
    from ticketsync.store.business_zone import get_business_zone

    wanted = context.chosen_format(format, json)
    with context.get_context(ctx).database().read() as connection:
        table = stored_exchange_rates.sources_table(connection)
        zone = get_business_zone(connection)
    if wanted != "table":
        render.machine(table, wanted)
    elif table.rows:
        render.report(table, zone=zone)
    else:
        terminal.echo("No exchange rates yet. Run `ticketsync rates import FILE`.")
