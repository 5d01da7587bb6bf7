"""
`ticketsync financials …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import (
    context,
    converted_totals,
    explained_show,
    money_options,
    report_options,
    show_money,
    show_tables,
    terminal,
)
from ticketsync.cli.context import Format, Json
from ticketsync.cli.report_options import AsOf, ByShow, PeriodText
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ticketsync.core.periods import Period
    from ticketsync.reporting.figure_filter import FigureFilter

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What each show earned, down to the ticket.",
)
Per = Annotated[
    str,
    typer.Option(
        help="One line for each: show, account, production, venue, platform, or day, "
        "week, month of the show; or show-account, a show on one account.",
        metavar="GROUP",
    ),
]
SHOW_ACCOUNT = "show-account"


@app.command("list")
def list_financials(
    ctx: typer.Context,
    per: Per = "",
    period: PeriodText = "",
    first: money_options.First = "",
    last: money_options.Last = "",
    account: money_options.Account = "",
    venue: money_options.Venue = "",
    production: money_options.Production = "",
    currency: money_options.Currency = "",
    past: money_options.Past = False,
    coming: money_options.Coming = False,
    sort: money_options.Sort = "",
    by: ByShow = "show",
    as_of: AsOf = "",
    into: converted_totals.In = "",
    rate_day: converted_totals.RateDay = "",
    rate_source: converted_totals.RateSource = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List what every show earned; or the sums of a group with --per.

    A period holds the shows that play in it, by the calendar at their venue; with --by
    sale what was sold in it, for any show, by the calendar of your first venue. JSON
    and CSV have a row for each show and account, unless --per says otherwise. Orders
    of dates that are linked to no show are in no line, and are named below.
    """
    from dataclasses import replace

    from ticketsync.core.periods import ALWAYS
    from ticketsync.reporting import grouped_figures, unlinked_orders
    from ticketsync.workflows import money_view

    format = context.chosen_format(format, json)
    per = per or ("show" if format == "table" else SHOW_ACCOUNT)
    report_options.chosen("--per", per, (*grouped_figures.GROUPINGS, SHOW_ACCOUNT))
    wanted = money_options.wanted(
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
    by = report_options.chosen("--by", by, report_options.BY)
    convert = converted_totals.wanted(into, rate_day, rate_source)
    app_context = context.get_context(ctx)
    sold = None
    if by == "sale":
        with app_context.database().read() as connection:
            sold = money_view.read_period(connection, wanted)
    with app_context.reading(as_of, sold) as connection:
        chosen = money_view.read_filter(connection, wanted)
        if sold is not None:
            chosen = replace(chosen, period=ALWAYS)
        if format == "table":
            _print_money(connection, per, chosen, sort, sold, convert)
        else:
            _write_money(connection, per, chosen, sort, sold, convert, format)
        unlinked = unlinked_orders.find_unlinked(connection, chosen)
    if unlinked is not None:
        app_context.say(f"{unlinked}. Next: {unlinked.next_step}")


def _write_money(
    connection: Connection,
    per: str,
    chosen: FigureFilter,
    sort: str,
    sold: Period | None,
    convert: converted_totals.Wanted | None,
    format: str,
) -> None:
    from ticketsync.cli import render
    from ticketsync.reporting import figures_of_shows, grouped_figures

    if per == SHOW_ACCOUNT:
        table = figures_of_shows.figures_table(connection, chosen, sort=sort)
    else:
        table = grouped_figures.grouped_table(connection, per, chosen, sort=sort)
    if convert is not None:
        table = convert.added_to(connection, table, sold or chosen.period)
    render.machine(table, format)


def _print_money(
    connection: Connection,
    per: str,
    chosen: FigureFilter,
    sort: str,
    sold: Period | None,
    convert: converted_totals.Wanted | None,
) -> None:
    from ticketsync.cli import money_tables
    from ticketsync.reporting import figures_of_shows, waiting_sales
    from ticketsync.workflows import money_view

    if per == SHOW_ACCOUNT:
        figures = figures_of_shows.figures(connection, chosen=chosen, sort=sort)
        money = money_view.read_money(connection, "account", chosen)
    else:
        money = money_view.read_money(connection, per, chosen, sort=sort)
    waits = waiting_sales.sentences(connection, account=chosen.account)
    if not money.lines.rows:
        _print_nothing(connection, chosen)
        money_tables.echo_all(waits)
        return
    if sold is None:
        basis = money_view.basis(connection, chosen)
        heading = f"{money_view.heading(chosen)}. {basis}"
    else:
        heading = money_view.sold_heading(connection, chosen, sold)
    money_tables.echo_wrapped(heading)
    terminal.echo()
    if per == SHOW_ACCOUNT:
        show_tables.print_figures(figures)
    else:
        money_tables.print_lines(money, per)
    money_tables.print_unknown(money)
    if convert is not None:
        convert.print_totals(connection, money.totals, sold or chosen.period)
    money_tables.echo_all(waits)


def _print_nothing(connection: Connection, chosen: FigureFilter) -> None:
    from ticketsync.cli import earlier_steps, money_tables
    from ticketsync.reporting.figure_filter import EVERYTHING
    from ticketsync.workflows import money_view

    nothing = money_view.describe_no_lines(connection, chosen)
    money_tables.echo_wrapped(nothing.words)
    for period in nothing.periods[:1]:
        terminal.echo(f"See: ticketsync financials list --period {period}")
    if chosen == EVERYTHING:
        terminal.echo(f"Next: {earlier_steps.find_step_to_figures(connection)}")


app.command("show")(show_money.show_financials)
app.command("explain")(explained_show.explain_financials)


@app.command("rebuild")
def rebuild_financials(ctx: typer.Context) -> None:
    """
    Recompute every show from its stored orders, for example after changing fee rates.
    """
    from ticketsync.workflows import recompute_figures

    app_context = context.get_context(ctx)
    total, changed = recompute_figures.rebuild(
        app_context.database(), app_context.settings()
    )
    app_context.say(f"{number_of(total, 'show')} recomputed, {changed:,} changed.")
