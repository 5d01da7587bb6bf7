"""
`ticketsync financials …`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import (
    context,
    converted,
    money_options,
    report_options,
    show_tables,
    terminal,
)
from ticketsync.cli.context import Format, Json
from ticketsync.cli.report_options import AsOf, PeriodText
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.core.tables import Column, Kind

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ticketsync.core.money import Money
    from ticketsync.core.periods import Period
    from ticketsync.core.tables import Table
    from ticketsync.financials.explain import TicketContribution
    from ticketsync.financials.gaps import Gap, KnownAmount
    from ticketsync.reporting.figure_filter import FigureFilter
    from ticketsync.reporting.numbers import FeeLine, Figures, TypeFigures

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What each show earned, down to the ticket.",
)
Show = Annotated[str, typer.Argument(help="Number, reference or part of its name.")]


Per = Annotated[
    str,
    typer.Option(
        help="One line for each: show, account, production, venue, platform, or day, "
        "week, month of the show; or show-account, a show on one account.",
        metavar="GROUP",
    ),
]
SHOW_ACCOUNT = "show-account"
By = Annotated[
    str,
    typer.Option(
        help="Which day is in the period: of the show, or of the sale.",
        metavar="show|sale",
    ),
]


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
    by: By = "show",
    as_of: AsOf = "",
    into: converted.In = "",
    rate_day: converted.RateDay = "",
    rate_source: converted.RateSource = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List what every show earned; or the sums of a group with --per.

    A period holds the shows that play in it, by the calendar at their venue; with --by
    sale what was sold in it, for any show, by the calendar of your first venue. JSON
    and CSV have a row for each show and account, unless --per says otherwise.
    """
    from dataclasses import replace

    from ticketsync.core.periods import ALWAYS
    from ticketsync.reporting import grouped_figures
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
    by = report_options.chosen("--by", by, ("show", "sale"))
    convert = converted.wanted(into, rate_day, rate_source)
    app_context = context.get_context(ctx)
    with app_context.database().read() as connection:
        chosen = money_view.read_filter(connection, wanted)
    sold = None
    if by == "sale":
        sold, chosen = chosen.period, replace(chosen, period=ALWAYS)
    with app_context.reading(as_of, sold) as connection:
        if format == "table":
            _print_money(connection, per, chosen, sort, sold, convert)
        else:
            _write_money(connection, per, chosen, sort, sold, convert, format)


def _write_money(
    connection: Connection,
    per: str,
    chosen: FigureFilter,
    sort: str,
    sold: Period | None,
    convert: converted.Wanted | None,
    format: str,
) -> None:
    from ticketsync.cli import render
    from ticketsync.reporting import grouped_figures, numbers

    if per == SHOW_ACCOUNT:
        table = numbers.figures_table(connection, chosen, sort=sort)
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
    convert: converted.Wanted | None,
) -> None:
    from ticketsync.cli import money_tables
    from ticketsync.reporting import numbers, waiting_sales
    from ticketsync.workflows import money_view

    if per == SHOW_ACCOUNT:
        figures = numbers.figures(connection, chosen=chosen, sort=sort)
        money = money_view.read_money(connection, "account", chosen)
    else:
        money = money_view.read_money(connection, per, chosen, sort=sort)
    waits = waiting_sales.sentences(connection, account=chosen.account)
    if not money.lines.rows:
        _print_nothing(connection, chosen)
        _print_waiting(waits)
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
    _print_waiting(waits)


def _print_waiting(sentences: Sequence[str]) -> None:
    """
    Print what waits and is therefore in no figure.
    """
    from ticketsync.cli import money_tables

    for text in sentences:
        money_tables.echo_wrapped(text)


def _print_nothing(connection: Connection, chosen: FigureFilter) -> None:
    from ticketsync.cli import money_tables
    from ticketsync.reporting.figure_filter import EVERYTHING
    from ticketsync.workflows import money_view

    nothing = money_view.describe_nothing(connection, chosen)
    money_tables.echo_wrapped(nothing.words)
    for period in nothing.periods[:1]:
        terminal.echo(f"See: ticketsync financials list --period {period}")
    if chosen == EVERYTHING:
        terminal.echo("Run `ticketsync sync`.")


@app.command("show")
def show_financials(
    ctx: typer.Context,
    show: Show,
    as_of: AsOf = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Show one show's figures: per account, per ticket type, per fee.
    """
    from ticketsync.catalogue import occurrences, selection
    from ticketsync.cli import render, show_tables
    from ticketsync.core import tables
    from ticketsync.reporting import numbers, waiting_sales
    from ticketsync.reporting.left_out import read_left_out

    with context.get_context(ctx).reading(as_of) as connection:
        found = selection.find_show(connection, show)
        figures = numbers.figures(connection, found.id)
        types = numbers.by_type(connection, found.id)
        fees = numbers.fee_lines(connection, found.id)
        sources = occurrences.list_occurrences(connection, show_id=found.id)
        left_out = read_left_out(connection, found.id)
        waits = waiting_sales.sentences(connection, show_id=found.id)
    wanted = context.chosen_format(format, json)
    if wanted == "csv":
        render.machine(tables.of_values(numbers.FIGURES, figures), wanted)
        return
    if wanted == "json":
        of_types = [tables.record(numbers.TYPES, item) for item in types]
        of_fees = [tables.record(numbers.FEES, item) for item in fees]
        own = [item.as_json() for item in figures]
        parts = {"financials": own, "ticket_types": of_types, "fees": of_fees}
        render.print_json(parts)
        return
    terminal.echo(
        f"{found.production}, {render.day(found.starts_local)}, {found.venue}"
    )
    if not figures:
        terminal.echo(show_tables.why_without_figures(found.id, left_out, sources))
    for item in figures:
        _print_card(item)
    if types:
        terminal.echo("")
        _print_types(types)
    if fees:
        _print_fees(fees)
    _print_waiting(waits)


_TYPES_COLUMNS = (
    Column("type_name", heading="TICKET TYPE"),
    Column("account", heading="VIA"),
    Column("tickets_sold", Kind.COUNT, "SOLD"),
    Column("tickets_comp", Kind.COUNT, "COMP"),
    Column("face", Kind.MONEY),
    Column("gross", Kind.MONEY),
    Column("refunded", Kind.MONEY),
    Column("currency", heading=""),
)


def _print_types(types: Sequence[TypeFigures]) -> None:
    from ticketsync.cli import render
    from ticketsync.core import tables

    table = tables.of_values(_TYPES_COLUMNS, types)
    render.report(table, totals=tables.totals(table), label=lambda _: "all types")


def _print_card(item: Figures) -> None:
    from ticketsync.cli import render
    from ticketsync.core import clock

    def line(name: str, amount: Money | None, note: str = "") -> None:
        shown = render.UNKNOWN if amount is None else render.with_code(amount)
        terminal.echo(f"  {name:<18}{shown:>16}  {note}".rstrip())

    terminal.echo()
    # Who was in, and when orders were read, is not kept of the past.
    is_past = item.checked_in is None
    synced = "" if is_past else f", synced {clock.ago(item.last_synced_at)}"
    terminal.echo(f"{item.account} ({item.provider}), {item.currency}{synced}")
    checked_in = "" if is_past else f", {item.checked_in:,} checked in"
    terminal.echo(
        f"  tickets: {item.tickets_sold:,} sold, {item.tickets_comp:,} of them comps, "
        f"{item.tickets_refunded:,} refunded{checked_in}"
    )
    line("face value", item.face, "prices after discounts")
    line("discounts", item.discounts, "taken off by promo codes")
    for name, part, note in (
        ("buyer fees", item.buyer_fees, "paid on top by buyers"),
        ("add-ons", item.addons, "bought beside tickets"),
        ("donations", item.donations, "given on top"),
        ("tax on top", item.tax_added, "added to prices"),
        ("vouchers", item.vouchers, "paid by them, taken off gross"),
        ("unexplained", item.unexplained, "in no other part of gross"),
    ):
        if part is None or part.minor:
            line(name, part, "not known before `sync replay`" if part is None else note)
    line("gross", item.gross, "everything buyers were charged")
    line("refunded", item.refunded)
    line("fees", item.fees, f"({item.fees_source})")
    line("tax in gross", item.tax)
    line(
        "net",
        item.net,
        "" if item.net is not None else "unknown while fees are unknown",
    )
    line("net before fees", item.net_before_fees)


_CONTRIBUTION_COLUMNS = (
    Column("order_id", heading="ORDER"),
    Column("order_status", heading="STATUS"),
    Column("ticket_id", heading="TICKET"),
    Column("ticket_status", heading=""),
    Column("type_name", heading="TYPE"),
    Column("face", Kind.MONEY),
    Column("charged", Kind.MONEY),
    Column("refunded", Kind.MONEY),
    Column("currency", heading=""),
)


LONGEST_UNCUT = 24  # characters of an id: those of Humanitix


def _is_short(parts: Sequence[Any], name: str) -> bool:
    return all(len(getattr(part, name)) <= LONGEST_UNCUT for part in parts)


@app.command("explain")
def explain_financials(
    ctx: typer.Context,
    show: Show,
    as_of: AsOf = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Break a show's figures down to the orders and tickets they consist of.
    """
    from ticketsync.catalogue import selection
    from ticketsync.cli import render
    from ticketsync.core import tables
    from ticketsync.financials import explain, gaps
    from ticketsync.financials.applied_rates import read_applied_rates
    from ticketsync.reporting import numbers, waiting_sales
    from ticketsync.workflows import show_figures

    wanted = context.chosen_format(format, json)
    at = context.get_context(ctx)
    with at.reading(as_of) as connection:
        found = selection.find_show(connection, show)
        rates = show_figures.fee_schedules(connection, at.settings())
        applied = read_applied_rates(connection, found.id, rates)
        missing = gaps.list_gaps(connection, found.id, applied.schedules)
        if wanted != "table":
            report = explain.contributions_table(connection, found.id)
            render.machine(_with_gaps(report, missing), wanted)
            return
        parts = explain.list_contributions(connection, found.id)
        known = gaps.list_known_amounts(connection, found.id, missing)
        fees = numbers.fee_lines(connection, found.id)
        waits = waiting_sales.sentences(connection, show_id=found.id)
    if not parts:
        terminal.echo("No orders count for this show.")
        _print_waiting(waits)
        return
    table = tables.of_values(_CONTRIBUTION_COLUMNS, parts)
    terminal.echo(f"{found.production}, {render.day(found.starts_local)}")
    render.report(
        table,
        most={"type_name": 12},
        optional=("type_name", "face", "order_status"),
        uncut=[name for name in ("order_id", "ticket_id") if _is_short(parts, name)],
        totals=tables.totals(table),
        label=lambda currency: f"{_sold(parts, currency):,} sold",
    )
    _print_parts(parts)
    _print_fees(fees, known)
    _print_gaps(missing, known)
    if applied.have_changed:
        terminal.echo(
            "The fee rates in the settings have changed since: run "
            "`ticketsync financials rebuild`."
        )
    _print_waiting(waits)


def _print_parts(contributions: Sequence[TicketContribution]) -> None:
    """
    Print what the gross of each currency consists of.
    """
    from ticketsync.cli import money_tables, render
    from ticketsync.core import tables
    from ticketsync.financials import explain

    whole = (Column("currency"), Column("charged", Kind.MONEY))
    made_of = (Column("face", Kind.MONEY, "face value"), *explain.CHARGED_PARTS)
    sums = tables.totals(tables.of_values((*whole, *made_of), contributions))
    for row in tables.by_name(sums):
        gross = f"Gross {render.with_code(row['charged'])}"
        if row["unexplained"] is None:
            text = f"{gross}: what it consists of is known after `sync replay`."
        else:
            named = [
                f"{part.title} {render.amount(row[part.name].minor, row['currency'])}"
                for part in made_of
                if row[part.name].minor
            ]
            text = f"{gross}: {', '.join(named) or 'nothing was charged'}."
        money_tables.echo_wrapped(text)


def _print_fees(fees: Sequence[FeeLine], known: Sequence[KnownAmount] = ()) -> None:
    """
    Print what the fees of each account consist of, or what is known of them.
    """
    from ticketsync.cli import money_tables, render
    from ticketsync.core.money import sum_by_currency

    open_ = {(item.account, item.currency) for item in known if item.what == "fees"}
    found: dict[tuple[str, str], list[FeeLine]] = {}
    for line in fees:
        found.setdefault((line.account, line.currency), []).append(line)
    for key, lines in found.items():
        what = "of the fees known" if key in open_ else "fees"
        whole = render.sums(sum_by_currency(line.amount for line in lines))
        text = ", ".join(f"{safe(line.name)} {line.amount.grouped}" for line in lines)
        money_tables.echo_wrapped(f"{key[0]}, {what} {whole}: {text}.")


def _sold(parts: Sequence[TicketContribution], currency: str) -> int:
    return sum(part.is_sold for part in parts if part.currency == currency)


def _with_gaps(report: Table, missing: Sequence[Gap]) -> Table:
    """
    The report with a column, after `doubt`, for what is not reported of the row's
    order.
    """
    from ticketsync.core.tables import Column, Table

    lacks = {(gap.account, gap.order_id): gap.words for gap in missing}
    account, order = report.position("account"), report.position("order_id")
    end = report.position("doubt") + 1
    rows = (
        (*row[:end], lacks.get((row[account], row[order]), ""), *row[end:])
        for row in report.rows
    )
    columns = (*report.columns[:end], Column("lacks"), *report.columns[end:])
    return Table(columns, rows)


_MAX_NAMED = 5  # orders that lack the same


def _print_gaps(missing: Sequence[Gap], known: Sequence[KnownAmount]) -> None:
    """
    Print how much of the fees and of the tax is known, and which orders lack what.
    """
    from ticketsync.core import money

    for item in known:
        amount = money.grouped_text(item.known, item.currency)
        orders = number_of(item.missing, "order")
        terminal.echo(
            f"{item.account}: {item.what} {amount} {item.currency} known, "
            f"{orders} missing."
        )
    by_gap: dict[tuple[str, str], list[str]] = {}
    for gap in missing:
        by_gap.setdefault((gap.account, gap.words), []).append(gap.order_id)
    for (account, words), ids in by_gap.items():
        names = ", ".join(map(safe, ids[:_MAX_NAMED]))
        more = f" and {len(ids) - _MAX_NAMED:,} more" if len(ids) > _MAX_NAMED else ""
        terminal.echo(f"  {account}, not reported: {safe(words)}: {names}{more}")


@app.command("rebuild")
def rebuild_financials(ctx: typer.Context) -> None:
    """
    Recompute every show from its stored orders, for example after changing fee rates.
    """
    from ticketsync.workflows import show_figures

    app_context = context.get_context(ctx)
    total, changed = show_figures.rebuild(
        app_context.database(), app_context.settings()
    )
    app_context.say(f"{number_of(total, 'show')} recomputed, {changed:,} changed.")
