"""
`ticketsync report unearned`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from ticketsync.cli import context, report_options, terminal
from ticketsync.cli.context import Format, Json
from ticketsync.cli.report_options import AsOf, PeriodText

if TYPE_CHECKING:
    from ticketsync.core.tables import Table
    from ticketsync.workflows.month_end.ledger_export import UnearnedMoney


def unearned(
    ctx: typer.Context,
    period: PeriodText = "",
    as_of: AsOf = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    The money of shows that have not played: opening + sold - returned - earned =
    closing, for each show.

    Without the tax of your rules and what you collect for others, as in `export
    ledger`. A show earns on its day; one that every platform lists as cancelled keeps
    its money until it has gone back.

    Example: ticketsync report unearned --period last-month
    """
    from ticketsync.cli import money_tables, render
    from ticketsync.ledger import unearned as statement
    from ticketsync.workflows.month_end import ledger_export

    wanted = context.chosen_format(format, json)
    app_context = context.get_context(ctx)
    with app_context.reading(as_of) as connection:
        days = report_options.chosen_period(connection, period)
        now = report_options.present(connection, as_of)
        found = ledger_export.read_unearned(
            connection, app_context.settings(), days, now
        )
    table = statement.table(found.lines)
    if wanted != "table":
        render.machine(table, wanted)
    elif table.rows:
        _print(table, found)
    else:
        terminal.echo("No money is unearned.")
    if found.future.number:
        app_context.say(money_tables.dated_after_today(found.future))
    if found.without_rule:
        app_context.say(money_tables.without_tax_rule(found.without_rule))


def _print(table: Table, found: UnearnedMoney) -> None:
    """
    Print it without the columns that say nothing, so that titles have room.
    """
    from ticketsync.cli import money_tables, render
    from ticketsync.core import money, tables
    from ticketsync.core.tables import Column, Kind

    codes = sorted({line.currency for line in found.lines})
    is_one = len(codes) == 1
    of_one = f", in {codes[0]}" if is_one else ""
    money_tables.echo_wrapped(
        f"Unearned money by show, up to {found.until:%d %b %Y}{of_one}."
    )
    terminal.echo()
    has_opening = any(line.opening for line in found.lines)
    amounts = [
        column
        for column in table.columns
        if column.kind is Kind.MONEY and (has_opening or column.name != "opening")
    ]
    shown = table.shown(
        Column("day", Kind.DAY, "SHOW"),
        Column("production"),
        Column("status", heading=""),
        *amounts,
        Column("currency", heading=""),
    )
    render.report(
        shown,
        most={"production": 20},
        totals=tables.totals(table).shown(*shown.columns),
        label=lambda _: "all",
        optional=("currency", "status") if is_one else ("status",),
    )
    for currency, amount in sorted(found.after_shows.items()):
        what = "was sold" if amount > 0 else "went back"
        text = money.grouped_text(abs(amount), currency)
        terminal.echo(
            f"{text} {currency} {what} after shows had played: income at once, not "
            "listed here."
        )
