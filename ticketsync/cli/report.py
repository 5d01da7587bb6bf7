"""
`ticketsync report …`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import (
    context,
    report_options,
    selling_report,
    terminal,
    unearned_report,
    weekly,
)
from ticketsync.cli.context import Format, Json
from ticketsync.cli.report_options import AsOf, BySale, PeriodText, Send

if TYPE_CHECKING:
    from ticketsync.core.money import Money
    from ticketsync.core.tables import Table
    from ticketsync.reporting.daily import OnSale, Sums
    from ticketsync.workflows.money_view import Played

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Summaries for people."
)


@app.callback()
def report() -> None:
    """
    Summaries for people.
    """


@app.command("daily")
def daily(
    ctx: typer.Context,
    send: Send = False,
    as_of: AsOf = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Every show on sale: sold since yesterday, sold in total, gross, and where the screen
    has room seats and comps; and what last night's shows earned.

    Yesterday begins at midnight in your venue's time zone; last night ended at five in
    the morning. JSON and CSV list the shows on sale with all of these; for last
    night's use `financials list --period last-night`. For a mail every morning let cron
    run: ticketsync report daily --send
    """
    from datetime import timedelta

    from ticketsync.catalogue import shows
    from ticketsync.cli import money_tables, render
    from ticketsync.core import clock
    from ticketsync.reporting import daily as reporting
    from ticketsync.workflows import account_alerts, money_view

    wanted = context.chosen_format(format, json)
    app_context = context.get_context(ctx)
    with app_context.reading(as_of) as connection:
        venue = shows.get_venue(connection)
        now = report_options.present(connection, as_of)
        yesterday = clock.day_of(now, venue.timezone) - timedelta(days=1)
        since = clock.start_of(yesterday, venue.timezone)
        found = reporting.list_on_sale(connection, now=now, since=since)
        last_night = money_view.parse_period(connection, "last-night", now)
        played = money_view.read_played(connection, last_night)
        unfinished = report_options.unfinished(connection, as_of)
    if send:
        title = f"{venue.name}: {_recently(found):,} tickets since {yesterday:%A}"
        text = "\n".join(
            [*_last_night(played), _as_text(found, f"{yesterday:%A}"), *unfinished]
        )
        account_alerts.send(app_context.settings(), title, text)
        app_context.say(f"Sent: {title}")
        return
    if wanted == "json":
        render.print_json([_as_json(item) for item in found])
    elif wanted == "csv":
        render.machine(reporting.table_by_currency(found), "csv")
    else:
        for line in _last_night(played):
            money_tables.echo_wrapped(line)
        if found:
            _print(found, f"{yesterday:%a}")
        else:
            terminal.echo("No upcoming show is on sale.")


def _last_night(played: Played) -> list[str]:
    """
    What last night's shows earned, with an empty line below; nothing where there was
    none.
    """
    from ticketsync.cli import played_shows

    lines = [*played_shows.lines(played)]
    return ["Last night:", *lines, ""] if lines else []


app.command("weekly")(weekly.weekly)
app.command("unearned")(unearned_report.unearned)


@app.command("sales")
def sales(
    ctx: typer.Context,
    per: Annotated[
        str,
        typer.Option(
            help="One line for each: day, week, month, platform, production, show.",
            metavar="GROUP",
        ),
    ] = "day",
    by: BySale = "sale",
    period: PeriodText = "",
    as_of: AsOf = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Tickets and money per day, week, month, platform, production or show.

    Days are those of your first venue; with `--by show` those on which shows play.
    """
    from ticketsync.reporting import sales_report

    per = report_options.chosen("--per", per, sales_report.PER)
    _report(
        ctx, partial(sales_report.sales_table, per=per), by, period, as_of, format, json
    )


@app.command("platforms")
def platforms(
    ctx: typer.Context,
    by: BySale = "sale",
    period: PeriodText = "",
    as_of: AsOf = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    What each platform sold, kept and returned; rates are per cent of the gross.
    """
    from ticketsync.reporting import sales_report

    _report(ctx, sales_report.platforms_table, by, period, as_of, format, json)


@app.command("promo")
def promo(
    ctx: typer.Context,
    by: BySale = "sale",
    period: PeriodText = "",
    as_of: AsOf = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Orders, tickets, discounts and gross per promo code.
    """
    from ticketsync.reporting import sales_report
    from ticketsync.store.business_zone import get_business_zone

    wanted = context.chosen_format(format, json)
    by = report_options.chosen("--by", by, sales_report.BY)
    with context.get_context(ctx).reading(as_of) as connection:
        days = report_options.chosen_period(connection, period)
        zone = get_business_zone(connection)
        table = sales_report.promo_codes_table(
            connection, zone=zone, by=by, period=days
        )
        _render(table.loaded(), wanted, "No order with a promo code found.")


app.command("selling")(selling_report.selling)


def _report(
    ctx: typer.Context,
    make: Callable[..., Table],
    by: str,
    period: str,
    as_of: str,
    format: str,
    json: bool,
) -> None:
    """
    Print a report on sales, with the venue's own fee rates.
    """
    from ticketsync.reporting import sales_report
    from ticketsync.store.business_zone import get_business_zone
    from ticketsync.workflows import own_fee_rates

    wanted = context.chosen_format(format, json)
    by = report_options.chosen("--by", by, sales_report.BY)
    app_context = context.get_context(ctx)
    with app_context.reading(as_of) as connection:
        days = report_options.chosen_period(connection, period)
        table = make(
            connection,
            rates=own_fee_rates.own_rates(connection, app_context.settings()),
            zone=get_business_zone(connection),
            by=by,
            period=days,
        )
    _render(table, wanted, "No sales found.", by=by)


_HEADINGS = {
    "week": "WEEK FROM",
    "starts_local": "SHOW",
    "currency": "",
    "tickets": "SOLD",
    "promo_code": "CODE",
    "fee_rate": "",
    "refund_rate": "",
}
_NOT_SHOWN = {"show_id", "tax_remitted"}
_SPANS = ("day", "week", "month")
NO_DAY = "no day known"  # in place of the day of a sale, of tickets without an order


def _render(table: Table, format: str, empty: str, *, by: str = "") -> None:
    """
    Print a loaded report on sales, with a total for each currency. Days, weeks and
    months are those `by` which it is made.
    """
    from dataclasses import replace

    from ticketsync.cli import render
    from ticketsync.core import tables
    from ticketsync.reporting import sales_report

    if format != "table":
        render.machine(table, format)
        return
    if not table.rows:
        terminal.echo(empty)
        return
    shown = [c for c in table.columns if c.name not in _NOT_SHOWN]
    shown.sort(key=lambda column: column.name == "currency")  # the last one
    table = table.shown(*(replace(c, heading=_heading(c.name, by)) for c in shown))
    render.report(
        _with_named_days(table),
        most={"production": 20},
        totals=sales_report.with_rates(tables.totals(table)),
        label=lambda _: "all",
    )


def _heading(name: str, by: str) -> str | None:
    """
    The heading of a column; that of days says which are meant, as `MONTH OF SALE`.
    """
    title = _HEADINGS.get(name)
    if name not in _SPANS or not by:
        return title
    return f"{name.upper()} OF {by.upper()}{' FROM' if name == 'week' else ''}"


def _with_named_days(table: Table) -> Table:
    """
    The table with a name for the line of what was sold on no known day.
    """
    from ticketsync.core.tables import Table

    if table.names[0] not in _SPANS:
        return table
    rows = [(NO_DAY if row[0] is None else row[0], *row[1:]) for row in table.rows]
    return Table(table.columns, rows)


def _print(found: Sequence[OnSale], yesterday: str) -> None:
    from ticketsync.cli import render
    from ticketsync.reporting import daily as reporting

    rows = [line for item in found for line in _lines_of(item)]
    render.table(
        rows if render.is_drawn() else [_row(item) for item in found],
        _columns(yesterday),
        totals=[
            {"show": _shows(found, sums.currency), **_sold(sums, [sums.gross])}
            for sums in reporting.totals(found)
        ],
    )


def _row(item: OnSale) -> dict[str, Any]:
    from ticketsync.cli import render

    return {
        "show": render.day(item.starts_local),
        "production": item.production,
        "allocation": render.UNKNOWN if item.allocation is None else item.allocation,
        **_sold(item, item.gross),
    }


def _lines_of(item: OnSale) -> list[dict[str, Any]]:
    """
    A show on the screen: further currencies stand below its first one, because side by
    side they would leave no room for its name.
    """
    from ticketsync.cli import render

    row = _row(item)
    return [
        {**(dict.fromkeys(row, "") if number else row), "gross": render.sums([gross])}
        for number, gross in enumerate(item.gross)
    ] or [row]


def _sold(item: OnSale | Sums, gross: Sequence[Money]) -> dict[str, Any]:
    from ticketsync.cli import render

    return {
        "recently": f"{item.recently:+,}" if item.recently else "–",
        "sold": item.sold,
        "comps": item.comps,
        "gross": render.sums(gross),
    }


def _shows(found: Sequence[OnSale], currency: str) -> str:
    from ticketsync.cli import render

    sells = [any(sums.currency == currency for sums in item.sums) for item in found]
    return render.shows(sum(sells), currency)


def _columns(yesterday: str) -> list[Any]:
    from ticketsync.cli import render

    return [
        render.Column("show", "SHOW", rigid=True),
        render.Column("production", "PRODUCTION", most=24),
        render.Column("allocation", "SEATS", numeric=True, spare=1),
        render.Column("recently", f"SINCE {yesterday.upper()}", numeric=True),
        render.Column("sold", "SOLD", numeric=True),
        render.Column("comps", "COMPS", numeric=True, spare=2),
        render.Column("gross", "GROSS", numeric=True),
    ]


def _as_json(item: OnSale) -> dict[str, Any]:
    from ticketsync.core import clock

    return {
        "show_id": item.show_id,
        "production": item.production,
        "starts_at": clock.iso(item.starts_at),
        "allocation": item.allocation,
        "sold_since_yesterday": item.recently,
        "tickets_sold": item.sold,
        "tickets_comp": item.comps,
        "gross": {amount.currency: amount.text for amount in item.gross},
    }


def _as_text(found: list[OnSale], yesterday: str) -> str:
    """
    The report for mail and phones, where a table would lose its layout.
    """
    from ticketsync.core.redact import safe
    from ticketsync.reporting import daily as reporting

    lines = []
    for item in found:
        seats = "" if item.allocation is None else f" of {item.allocation:,}"
        row = _row(item)
        lines.append(f"{row['show']}  {safe(item.production)}")
        lines.append(f"   {_as_sentence(row, yesterday, seats)}")
    for sums in reporting.totals(found):
        row = _sold(sums, [sums.gross])
        lines.append(_shows(found, sums.currency))
        lines.append(f"   {_as_sentence(row, yesterday, '')}")
    return "\n".join(lines) or "No upcoming show is on sale."


def _as_sentence(row: Mapping[str, Any], yesterday: str, seats: str) -> str:
    comps = f", {row['comps']:,} of them comps" if row["comps"] else ""
    return (
        f"{row['recently']} since {yesterday}, {row['sold']:,}{seats} sold{comps}, "
        f"{row['gross']}"
    )


def _recently(found: list[OnSale]) -> int:
    return sum(item.recently for item in found)
